//! Files in memory: the same job as the program's.

use super::error::CallError;
use super::{CallOptions, json};
use crate::files::{FileOptions, Input, Output, run_file};
use crate::io::{FormatEntry, Limits, WriteOptions};
use crate::records::{FileRecord, Schema};
use crate::{Context, Depth, Image, OutputDepth};

/// Debands the bytes of a file. The result has those that the program would write, and the record of
/// `unband --json`.
///
/// # Errors
/// No image, a damaged one, or one above the limits; unknown options; cancelled.
pub fn deband_file(
    bytes: &[u8],
    options: &CallOptions,
    limits: &Limits,
    ctx: &Context<'_>,
) -> Result<(Vec<u8>, String), CallError> {
    run(bytes, &options.file_in_format(limits)?, Schema::default(), ctx)
}

/// Upscales the bytes of a file, by default debanded before. As [`deband_file`].
///
/// # Errors
/// As [`deband_file`], and a network that was not provided.
pub fn upscale_file(
    bytes: &[u8],
    options: &CallOptions,
    limits: &Limits,
    ctx: &Context<'_>,
) -> Result<(Vec<u8>, String), CallError> {
    run(bytes, &options.upscaled_file(limits)?, Schema("unband-upscale/1"), ctx)
}

fn run(
    bytes: &[u8],
    options: &FileOptions,
    schema: Schema,
    ctx: &Context<'_>,
) -> Result<(Vec<u8>, String), CallError> {
    let mut made = Vec::new();
    let report = run_file(Input::Bytes(bytes), Output::Sink(&mut made), options, ctx)?;
    let mut record = FileRecord { schema, ..FileRecord::done(String::new(), &report, true) };
    record.output = None;
    Ok((made, json(&record)))
}

/// Rounds the bytes of a file to another depth, dithered; nothing is repaired.
///
/// # Errors
/// As [`deband_file`]; a depth that is not one of bits; a format that cannot hold the result.
pub fn dither_file(
    bytes: &[u8],
    options: &CallOptions,
    limits: &Limits,
    ctx: &Context<'_>,
) -> Result<Vec<u8>, CallError> {
    let image = crate::io::read(bytes, limits)?;
    // A lossy coding would undo the dither.
    let lossless = !image.origin.is_lossy();
    let own = crate::io::detect(bytes).filter(|format| lossless && format.writes.is_some());
    let format = options.format()?.or(own).or_else(|| crate::io::by_name("PNG"));
    let image = match format {
        Some(format) => rgb_for(image, format, ctx)?,
        None => image,
    };
    encoded(&dithered(image, options, ctx)?, format)
}

/// The bytes of a file with the image: in this format, else PNG.
///
/// # Errors
/// A format that cannot hold it.
pub fn encoded(image: &Image, format: Option<&'static FormatEntry>) -> Result<Vec<u8>, CallError> {
    let format = format.or_else(|| crate::io::by_name("PNG"));
    let format = format.ok_or_else(|| CallError::input("no PNG here".to_owned()))?;
    let mut out = Vec::new();
    crate::io::write(image, format, &WriteOptions::default(), &mut out)?;
    Ok(out)
}

/// Rounds an image to another depth, dithered.
///
/// # Errors
/// A depth that is not one of bits; cancelled.
pub fn dithered(image: Image, options: &CallOptions, ctx: &Context<'_>) -> Result<Image, CallError> {
    let (depth, dither, locked, seed) = options.rounding()?;
    let OutputDepth::Bits(bits) = depth else {
        return Err(CallError::option("depth", "1 to 16", "another"));
    };
    Ok(crate::dithered(image, Depth::Int(bits), dither, locked, seed, ctx)?)
}

/// The image in RGB where the format has no planes for luma and chroma.
fn rgb_for(image: Image, format: &'static FormatEntry, ctx: &Context<'_>) -> Result<Image, CallError> {
    if image.is_yuv() && crate::io::check_model(image.color.model, format).is_err() {
        return Ok(image.into_rgb(ctx)?);
    }
    Ok(image)
}
