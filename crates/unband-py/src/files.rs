//! Debanding from file to file: images and videos.

use std::path::PathBuf;

use pyo3::prelude::*;
use pyo3::types::PyDict;
use unband::files::{FileOptions, FileReport, Input, Output, output_stem};
use unband::video::{FilmOptions, FilmReport, deband_film};
use unband_io::FormatEntry;
use unband_io::video::{Purpose, StreamChoice};

use crate::fault::Fault;
use crate::findings;
use crate::options::Given;
use crate::wait::{self, Stop};

fn format_named(given: &Given<'_, '_>) -> Result<Option<&'static FormatEntry>, Fault> {
    let Some(name) = given.value::<String>("format", "the name of a format")? else { return Ok(None) };
    let known: Vec<&str> = unband_io::FORMATS.iter().filter(|f| f.writes.is_some()).map(|f| f.name).collect();
    let found = unband_io::by_name(&name).filter(|format| format.writes.is_some());
    let wrong = || Fault::option("format", &format!("one of {}", known.join(", ")), format!("`{name}`"));
    found.map(Some).ok_or_else(wrong)
}

/// Debands an image file; without an output its name gets `_unband`.
#[pyfunction]
pub fn deband_file<'py>(
    py: Python<'py>,
    input: PathBuf,
    output: Option<PathBuf>,
    options: &Bound<'py, PyDict>,
) -> PyResult<Bound<'py, PyDict>> {
    let given = Given(options);
    let how = FileOptions {
        options: given.options()?,
        format: format_named(&given)?,
        quality: given.value("quality", "1 to 100")?,
        effort: given.value("effort", "0 to 9")?,
        overwrite: given.switch("overwrite")?,
        only_banded: given.switch("only_banded")?,
        preserve_times: given.switch("preserve_times")?,
        prove: given.switch("prove")?,
        ..FileOptions::default()
    };
    let job = given.job(Stop::WithWork)?;
    let done = wait::run(py, &job, move |ctx| {
        let stem = output_stem(&input);
        let output = output.as_deref().map_or(Output::Stem(&stem), Output::File);
        Ok(unband::files::deband_file(Input::File(&input), output, &how, ctx)?)
    })?;
    image_report(py, &done)
}

fn image_report<'py>(py: Python<'py>, done: &FileReport) -> PyResult<Bound<'py, PyDict>> {
    let row = PyDict::new(py);
    row.set_item("report", findings::report(py, &done.report)?)?;
    row.set_item("output", &done.plan.output)?;
    row.set_item("format", done.plan.format.name)?;
    row.set_item("copied", done.plan.copies)?;
    row.set_item("dropped", done.dropped.iter().map(ToString::to_string).collect::<Vec<_>>())?;
    row.set_item("proof", done.proof.as_ref().map(|proof| findings::proof(py, proof)).transpose()?)?;
    row.set_item("seconds", done.seconds)?;
    Ok(row)
}

fn purpose(given: &Given<'_, '_>) -> Result<Purpose, Fault> {
    let Some(word) = given.value::<String>("purpose", "a word")? else { return Ok(Purpose::default()) };
    let known = Purpose::ALL.into_iter().find(|purpose| purpose.word() == word);
    known.ok_or_else(|| Fault::option("purpose", "one of player, web, archive", format!("`{word}`")))
}

/// Debands a video file.
#[pyfunction]
pub fn deband_video<'py>(
    py: Python<'py>,
    input: PathBuf,
    output: PathBuf,
    options: &Bound<'py, PyDict>,
) -> PyResult<Bound<'py, PyDict>> {
    let given = Given(options);
    let (mut own, purpose) = (given.options()?, purpose(&given)?);
    if given.value::<String>("dither", "a word")?.is_none() {
        own.dither = FilmOptions::dither_for(purpose, own.depth);
    }
    let how = FilmOptions {
        options: own,
        purpose,
        ffmpeg_args: given.value("ffmpeg_args", "a list of texts")?.unwrap_or_default(),
        streams: StreamChoice::default(),
        progressive: given.switch("progressive")?,
        keep_going: given.switch("keep_going")?,
        resume: given.switch("resume")?,
        overwrite: given.switch("overwrite")?,
        only_banded: given.switch("only_banded")?,
        start_at_zero: given.switch("start_at_zero")?,
        from: given.value("start", "a number of seconds")?,
        to: given.value("end", "a number of seconds")?,
        ..FilmOptions::default()
    };
    let job = given.job(Stop::WithWork)?;
    let done = wait::run(py, &job, move |ctx| Ok(deband_film(&input, &output, &how, ctx)?))?;
    video_report(py, &done)
}

fn video_report<'py>(py: Python<'py>, done: &FilmReport) -> PyResult<Bound<'py, PyDict>> {
    let row = PyDict::new(py);
    row.set_item("output", (!done.left).then_some(&done.plan.output))?;
    row.set_item("encoder", &done.plan.encoder)?;
    row.set_item("depth", done.plan.bits)?;
    row.set_item("copied", done.copied)?;
    row.set_item("frames", done.frames)?;
    row.set_item("changed", done.changed)?;
    row.set_item("shots", done.shots)?;
    row.set_item("methods", &done.methods)?;
    row.set_item("notes", &done.plan.notes)?;
    row.set_item("bytes", done.bytes)?;
    row.set_item("seconds", done.seconds)?;
    Ok(row)
}
