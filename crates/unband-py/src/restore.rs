//! Debanding, inspection, upscaling, dithering and proofs of images in memory.

use std::sync::Arc;

use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};
use unband::ParamKind;
use unband::files::deband_as_written;
use unband::{Dither, Options, OutputDepth, Upscaler, With};

use crate::fault::Fault;
use crate::findings;
use crate::image_input::{Held, ImageInput, ImageOutput, hold};
use crate::options::Given;
use crate::wait::{self, Stop};

/// Debands; returns the result and, if `report` is set, the report.
#[pyfunction]
pub(crate) fn deband<'py>(
    py: Python<'py>,
    source: ImageInput<'py>,
    options: &Bound<'py, PyDict>,
) -> PyResult<Bound<'py, PyTuple>> {
    let given = Given(options);
    let (options, held, wanted) = (given.options()?, hold(source), given.switch("report")?);
    let job = given.job(Stop::AtOnce)?.quick_if(is_quick(&options) && held.is_small());
    let (made, report) = wait::run(py, &job, move |ctx| {
        let (image, report) = match &held {
            Held::Samples(samples) => {
                let image = samples.get().image(ctx);
                unband::deband_with(image, &options, ctx)?
            }
            Held::Image(image) => {
                deband_as_written(image, unband::find(image, &options, ctx), &options, ctx)?
            }
        };
        Ok((held.result(image, ctx), report))
    })?;
    let report = wanted.then(|| findings::report(py, &report)).transpose()?;
    (made, report).into_pyobject(py)
}

/// Does the method take microseconds for a pixel? Networks of others may take as long as they like.
fn is_quick(options: &Options) -> bool {
    let network =
        |method: &unband::Method| method.entry().params.iter().any(|param| param.kind == ParamKind::File);
    options.method.is_ours() || !options.method.named().is_some_and(network)
}

/// Findings on an image.
#[pyfunction]
pub(crate) fn inspect<'py>(
    py: Python<'py>,
    source: ImageInput<'py>,
    options: &Bound<'py, PyDict>,
) -> PyResult<Bound<'py, PyDict>> {
    let held = hold(source);
    let job = Given(options).job(Stop::AtOnce)?.quick_if(held.is_small());
    let found = wait::run(py, &job, move |ctx| Ok(unband::inspect(&held.image(ctx), ctx)))?;
    findings::findings(py, &found)
}

/// Upscales; returns the result, the network's name and the scale.
#[pyfunction]
pub(crate) fn upscale<'py>(
    py: Python<'py>,
    source: ImageInput<'py>,
    options: &Bound<'py, PyDict>,
) -> PyResult<(ImageOutput, &'static str, usize)> {
    let given = Given(options);
    let (job, options, held) = (given.job(Stop::AtOnce)?, given.upscaling()?, hold(source));
    wait::run(py, &job, move |ctx| {
        let upscaler = Upscaler::new(&options)?;
        let image = Arc::unwrap_or_clone(held.image(ctx));
        let (made, report) = upscaler.upscale(image, &options, ctx)?;
        Ok((held.result(made, ctx), report.work.network, report.work.scale))
    })
}

/// Rounds to another depth, dithered; nothing is repaired.
#[pyfunction]
pub(crate) fn dither<'py>(
    py: Python<'py>,
    source: ImageInput<'py>,
    options: &Bound<'py, PyDict>,
) -> PyResult<ImageOutput> {
    let given = Given(options);
    let (job, held) = (given.job(Stop::AtOnce)?, hold(source));
    let depth = given.depth()?;
    let OutputDepth::Bits(bits) = depth else {
        let got = if depth == OutputDepth::Float { "\"float\"" } else { "None" };
        return Err(Fault::option("depth", "1 to 16", got).into());
    };
    let (dither, locked) = (given.word::<Dither>("dither")?.unwrap_or_default(), given.switch("locked")?);
    let seed = given.value("seed", "a whole number from 0")?.unwrap_or(0);
    wait::run(py, &job, move |ctx| {
        let image = Arc::unwrap_or_clone(held.image(ctx));
        let made = unband::dithered(image, unband::Depth::Int(bits), dither, locked, seed, ctx)?;
        Ok(held.result(made, ctx))
    })
}

/// Counts the samples of a result that left the quantisation intervals of the original.
#[pyfunction]
pub(crate) fn prove<'py>(
    py: Python<'py>,
    original: ImageInput<'py>,
    result: ImageInput<'py>,
    options: &Bound<'py, PyDict>,
) -> PyResult<Bound<'py, PyDict>> {
    let given = Given(options);
    let (job, truncated, bands) = (given.job(Stop::AtOnce)?, given.switch("truncated")?, given.bands()?);
    let (original, result) = (hold(original), hold(result));
    let proof = wait::run(py, &job, move |ctx| {
        let (original, result) = (original.image(ctx), result.image(ctx));
        let options = Options::with(|new| (new.truncated, new.bands) = (truncated, bands));
        let found = unband::find(&original, &options, ctx);
        let faithful = unband::choose(&original, &found, &options)?.faithful;
        Ok(unband::prove(&original, &result, &found, faithful))
    })?;
    findings::proof(py, &proof)
}
