//! Registries of the library as lists of Python.

use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList};
use unband::ParamInfo;
use unband::{ParamKind, spoken};

fn parameter<'py>(py: Python<'py>, info: &ParamInfo) -> PyResult<Bound<'py, PyDict>> {
    let row = PyDict::new(py);
    let (kind, words): (&str, &[&str]) = match info.kind {
        ParamKind::Number => ("number", &[]),
        ParamKind::Whole => ("whole number", &[]),
        ParamKind::Switch => ("switch", &[]),
        ParamKind::Word(words) => ("word", words),
        ParamKind::File => ("file", &[]),
    };
    row.set_item("name", info.name)?;
    row.set_item("keyword", info.identifier())?;
    row.set_item("doc", info.doc)?;
    row.set_item("kind", kind)?;
    row.set_item("words", words)?;
    row.set_item("default", info.default)?;
    row.set_item("range", spoken(info.range))?;
    row.set_item("unit", info.unit)?;
    Ok(row)
}

/// All methods with their parameters, as dicts.
#[pyfunction]
pub(crate) fn methods(py: Python<'_>) -> PyResult<Bound<'_, PyList>> {
    let list = PyList::empty(py);
    for entry in unband::methods() {
        let row = PyDict::new(py);
        row.set_item("name", entry.name)?;
        row.set_item("title", entry.title)?;
        row.set_item("source", entry.source)?;
        row.set_item("own", entry.ours)?;
        let params = entry.params.iter().map(|info| parameter(py, info)).collect::<PyResult<Vec<_>>>()?;
        row.set_item("params", params)?;
        list.append(row)?;
    }
    Ok(list)
}

/// Version of the library.
#[pyfunction]
pub(crate) fn version() -> &'static str {
    env!("CARGO_PKG_VERSION")
}
