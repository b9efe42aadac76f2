//! Networks as text, and checkpoints as named tensors.

use std::path::{Path, PathBuf};

use pyo3::prelude::*;
use unband::ErrorKind;
use unband::nets::state::Weights;
use unband::nets::{Graph, arch, checkpoint};

use crate::fault::Fault;
use crate::wait::{self, Job, Stop};

/// A tensor: name, shape, and its values as `float32` in bytes.
pub(crate) type Values = (String, Vec<usize>, Vec<u8>);

/// Name, settings and graph of a network, and its tensors.
pub(crate) type Read = (String, Vec<(&'static str, String)>, String, Vec<Values>);

/// The graph of a network in JSON, by its name with a variant or settings; `None` for an unknown name.
#[pyfunction]
pub(crate) fn network(name: &str) -> PyResult<Option<String>> {
    let Some(graph) = arch::build(name) else { return Ok(None) };
    let graph = graph.map_err(|error| Fault::new(ErrorKind::Option, error.to_string()))?;
    Ok(Some(as_json(&graph)?))
}

/// The network of a checkpoint in any format: its name, its settings, its graph, and its tensors by the
/// authors' names. `settings`, as text, are those that no tensor reveals; may be empty.
#[pyfunction]
pub(crate) fn read_checkpoint(py: Python<'_>, path: PathBuf, settings: String) -> PyResult<Read> {
    let job = Job { threads: None, progress: None, stop: Stop::AtOnce, quick: false };
    wait::run(py, &job, move |_| read(&path, &settings).map_err(|fault| fault.in_file(&path).about("file")))
}

fn read(path: &Path, settings: &str) -> Result<Read, Fault> {
    let read = checkpoint::open(path).map_err(|error| {
        let kind = if path.is_file() { ErrorKind::Input } else { ErrorKind::File };
        Fault::from_error(kind, &error)
    })?;
    let found = read.network().map_err(|error| Fault::from_error(ErrorKind::Input, &error))?;
    let (architecture, mut graph) = (found.architecture, found.graph);
    let facts = (architecture.settings)(&read.state);
    let state = architecture.own_tensors(read.state);
    if !settings.is_empty() {
        let wrong = |what: String| Fault::new(ErrorKind::Option, what);
        let built = arch::build(&format!("{}:{settings}", architecture.name));
        graph = built.unwrap_or(Ok(graph)).map_err(|error| wrong(error.to_string()))?;
        Weights::bind(&graph, &state).map_err(|error| wrong(error.to_string()))?;
    }
    // No operation reads the other integers, and files may hold any.
    let stored = graph.stored().into_iter().filter(|s| !s.integer || s.name.ends_with("num_batches_tracked"));
    let values = |values: Vec<f32>| values.iter().flat_map(|value| value.to_ne_bytes()).collect();
    let tensors = stored.filter_map(|stored| {
        let tensor = state.get(&stored.name)?;
        Some((stored.name, stored.shape, values(tensor.to_f32())))
    });
    Ok((architecture.name.to_owned(), facts, as_json(&graph)?, tensors.collect()))
}

fn as_json(graph: &Graph) -> Result<String, Fault> {
    serde_json::to_string(graph).map_err(|error| Fault::new(ErrorKind::Other, error.to_string()))
}
