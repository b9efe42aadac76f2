//! Files in memory: the same job as the program's.

use js_sys::Function;
use unband::files::{FileOptions, Input, Output, run_file};
use unband::records::{FileRecord, Schema};
use unband::{Depth, Image, OutputDepth};
use wasm_bindgen::prelude::*;

use crate::call_result::CallResult;
use crate::fault::Fault;
use crate::job;
use crate::options::{Given, limits};

/// Debands the bytes of a file; the result has those that the program would write. Its record is that of
/// `unband --json`.
///
/// # Errors
/// No image, a damaged or too large one; unknown options; cancelled.
#[wasm_bindgen(js_name = debandFile)]
pub fn deband_file(bytes: &[u8], options: &str, progress: Option<Function>) -> Result<CallResult, JsValue> {
    Ok(run(bytes, &Given::parse(options)?.file_in_format()?, Schema::default(), progress)?)
}

/// Upscales the bytes of a file, by default debanded before; the result has those that the program would
/// write.
///
/// # Errors
/// As [`deband_file`], and a network that was not provided.
#[wasm_bindgen(js_name = upscaleFile)]
pub fn upscale_file(bytes: &[u8], options: &str, progress: Option<Function>) -> Result<CallResult, JsValue> {
    Ok(run(bytes, &Given::parse(options)?.upscaled_file()?, Schema("unband-upscale/1"), progress)?)
}

fn run(
    bytes: &[u8],
    options: &FileOptions,
    schema: Schema,
    progress: Option<Function>,
) -> Result<CallResult, Fault> {
    let mut made = Vec::new();
    let report =
        job::run(progress, |ctx| run_file(Input::Bytes(bytes), Output::Sink(&mut made), options, ctx))?;
    let mut record = FileRecord { schema, ..FileRecord::done(String::new(), &report, true) };
    record.output = None;
    Ok(CallResult::file(made, &record))
}

/// Rounds the bytes of a file to another depth, dithered; nothing is repaired.
///
/// # Errors
/// As [`deband_file`]; a depth that is not one of bits; a format that cannot hold the result.
#[wasm_bindgen(js_name = ditherFile)]
pub fn dither_file(bytes: &[u8], options: &str) -> Result<CallResult, JsValue> {
    let given = Given::parse(options)?;
    let image = unband::io::read(bytes, &limits()).map_err(Fault::from)?;
    // A lossy coding would undo the dither.
    let lossless = !image.origin.is_lossy();
    let own = unband::io::detect(bytes).filter(|format| lossless && format.writes.is_some());
    let format = given.format()?.or(own).or_else(|| unband::io::by_name("PNG"));
    let (depth, dither, locked, seed) = given.rounding()?;
    let (OutputDepth::Bits(bits), Some(format)) = (depth, format) else {
        return Err(Fault::option("depth", "1 to 16", "another").into());
    };
    let made = job::run(None, |ctx| {
        let image = rgb_for(image, format, ctx)?;
        Ok(unband::dithered(image, Depth::Int(bits), dither, locked, seed, ctx)?)
    });
    let made = made.map_err(|error: Fault| error)?;
    let mut out = Vec::new();
    unband::io::write(&made, format, &unband::io::WriteOptions::default(), &mut out).map_err(Fault::from)?;
    Ok(CallResult::file(out, &()))
}

/// The image in RGB where the format has no planes for luma and chroma.
fn rgb_for(
    image: Image,
    format: &'static unband::io::FormatEntry,
    ctx: &unband::Context<'_>,
) -> Result<Image, Fault> {
    if image.is_yuv() && unband::io::check_model(image.color.model, format).is_err() {
        return Ok(image.into_rgb(ctx)?);
    }
    Ok(image)
}
