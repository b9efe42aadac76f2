//! Debanding from file to file.

use std::path::PathBuf;

use pyo3::prelude::*;
use pyo3::types::PyDict;
use unband::files::{FileOptions, FileReport, Input, Output, output_stem};
use unband::io::FormatEntry;
use unband::{Context, With, batch, inputs};

use crate::fault::Fault;
use crate::findings;
use crate::options::Given;
use crate::wait::{self, Stop};

fn format_named(given: &Given<'_, '_>) -> Result<Option<&'static FormatEntry>, Fault> {
    let Some(name) = given.value::<String>("format", "the name of a format")? else { return Ok(None) };
    let known: Vec<&str> =
        unband::io::FORMATS.iter().filter(|f| f.writes.is_some()).map(|f| f.name).collect();
    let found = unband::io::by_name(&name).filter(|format| format.writes.is_some());
    let wrong = || Fault::option("format", &format!("one of {}", known.join(", ")), format!("`{name}`"));
    found.map(Some).ok_or_else(wrong)
}

/// Does the name have the extension of an image format that is read?
#[pyfunction]
#[allow(clippy::needless_pass_by_value)] // Python has no paths to borrow
pub(crate) fn readable(name: PathBuf) -> bool {
    inputs::readable(&name)
}

/// Debands an image file; without an output its name gets `_unband`.
#[pyfunction]
pub(crate) fn deband_file<'py>(
    py: Python<'py>,
    input: PathBuf,
    output: Option<PathBuf>,
    options: &Bound<'py, PyDict>,
) -> PyResult<Bound<'py, PyDict>> {
    let given = Given(options);
    let mut how = FileOptions::default();
    how.options = given.options()?;
    how.format = format_named(&given)?;
    how.quality = given.value("quality", "1 to 100")?;
    how.effort = given.value("effort", "0 to 9")?;
    how.overwrite = given.switch("overwrite")?;
    how.only_banded = given.switch("only_banded")?;
    how.preserve_times = given.switch("preserve_times")?;
    how.prove = given.switch("prove")?;
    let job = given.job(Stop::WithWork)?;
    let done = wait::run(py, &job, move |ctx| {
        let stem = output_stem(&input);
        let output = output.as_deref().map_or(Output::Stem(&stem), Output::File);
        Ok(unband::files::run_file(Input::File(&input), output, &how, ctx)?)
    })?;
    image_report(py, &done)
}

/// Expected peak memory of debanding image files, in bytes: the largest among those whose headers say a size.
/// 0 if none does.
#[pyfunction]
#[allow(clippy::needless_pass_by_value)] // Python has no slices
pub(crate) fn peak_memory(py: Python<'_>, paths: Vec<PathBuf>, options: &Bound<'_, PyDict>) -> PyResult<u64> {
    let given = Given(options);
    let mut options = FileOptions::default();
    options.options = given.options()?;
    let ctx = Context::with(|new| new.threads = 1);
    let cost = |path: &PathBuf| match batch::deband_cost(path, &options, &ctx).memory {
        u64::MAX => 0,
        bytes => bytes,
    };
    let needed = py.detach(|| paths.iter().map(cost).max().unwrap_or(0));
    // Where it is not known, a limit says the most.
    let limit = options.options.max_memory;
    Ok(match (needed, limit) {
        (0, Some(limit)) => limit,
        (needed, limit) => needed.min(limit.unwrap_or(u64::MAX)),
    })
}

fn image_report<'py>(py: Python<'py>, done: &FileReport) -> PyResult<Bound<'py, PyDict>> {
    let row = PyDict::new(py);
    row.set_item("report", done.report.as_ref().map(|report| findings::report(py, report)).transpose()?)?;
    row.set_item("output", &done.plan.output)?;
    row.set_item("format", done.plan.format.name)?;
    row.set_item("copied", done.plan.copies)?;
    row.set_item("dropped", done.dropped.iter().map(ToString::to_string).collect::<Vec<_>>())?;
    row.set_item("proof", done.proof.as_ref().map(|proof| findings::proof(py, proof)).transpose()?)?;
    row.set_item("seconds", done.seconds)?;
    row.set_item("frames", done.animation.map(|counts| counts.frames))?;
    row.set_item("changed_frames", done.animation.map(|counts| counts.changed))?;
    Ok(row)
}
