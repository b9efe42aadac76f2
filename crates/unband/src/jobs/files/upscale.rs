//! Upscaling from file to file.

use std::path::PathBuf;
use std::time::Instant;

use unband_detect::inspect;
use unband_image::{Context, Depth, Image, Model};
use unband_io::{Dropped, FormatEntry, Limits};

use super::names::{asked_format, check_free, default_format, extension, fitting_depth, with_extension};
use super::source::{decode, read_bytes};
use super::{FileBytes, Input, Naming, Output, check_holds, copy_times, how_to_write, path_of, put};
use crate::choose::choose;
use crate::jobs::image::{Colours, deband_as};
use crate::jobs::upscale::{UpscaleOptions, UpscaleReport, Upscaler};
use crate::{Error, Options, OutputDepth, Reason};

/// Options for upscaling one file.
#[derive(Clone, Debug, Default)]
pub struct UpscaleFileOptions {
    /// Options for its image.
    pub options: UpscaleOptions,
    /// Deband first, with these options.
    pub deband: Option<Options>,
    /// Format of the result; without it the input's if that is lossless, else PNG.
    pub format: Option<&'static FormatEntry>,
    /// Quality of lossy formats, 1..=100.
    pub quality: Option<u8>,
    /// Compression effort, 0..=9; [`WriteOptions::effort`](unband_io::WriteOptions::effort).
    pub effort: Option<u8>,
    /// Replace an existing file?
    pub overwrite: bool,
    /// Give the result the input's times?
    pub preserve_times: bool,
    /// Size limits for reading.
    pub limits: Limits,
}

impl UpscaleFileOptions {
    /// The options that names of results depend on.
    pub fn naming(&self) -> Naming {
        Naming { format: self.format, depth: self.options.depth }
    }
}

/// Properties of a file, and the planned work.
#[derive(Clone, Debug)]
pub struct UpscalePlan {
    /// Format of the input, by its content.
    pub input_format: &'static FormatEntry,
    /// Width, after orientation.
    pub width: usize,
    /// Height, after orientation.
    pub height: usize,
    /// Bits per sample of the input.
    pub input_depth: Depth,
    /// The network.
    pub network: &'static str,
    /// Width of the result over that of the input.
    pub scale: usize,
    /// Bits per sample of the result.
    pub depth: Depth,
    /// Format of the result.
    pub format: &'static FormatEntry,
    /// File of the result; `None` for bytes.
    pub output: Option<PathBuf>,
}

/// Report on one upscaled file.
#[derive(Clone, Debug)]
pub struct UpscaleFileReport {
    /// The plan as executed.
    pub plan: UpscalePlan,
    /// Report on the samples.
    pub report: UpscaleReport,
    /// Result of debanding first, where that was requested.
    pub debanded: Option<Reason>,
    /// Properties that the written format could not hold.
    pub dropped: Vec<Dropped>,
    /// Sizes of input and result.
    pub bytes: FileBytes,
    /// Wall-clock time from reading to the last byte.
    pub seconds: f64,
}

/// Reads a file and returns the plan. Writes nothing.
///
/// # Errors
/// Files that cannot be read, a format that cannot hold the result, an output that exists and must not be
/// replaced.
pub fn plan_upscale(
    upscaler: &Upscaler,
    input: Input<'_>,
    output: &Output<'_>,
    options: &UpscaleFileOptions,
) -> Result<UpscalePlan, Error> {
    let bytes = read_bytes(input, &options.limits, &Context::default())?;
    let least = |size, planes| Ok((upscaler.least(size, planes, &Context::default()), false));
    let (image, format) = decode(input, &bytes, &options.limits, options.options.max_memory, &least)?;
    plan(upscaler, (input, &image, format), output, options)
}

/// Upscales the image of a file, with colours and metadata of the input. The result is written completely or
/// not at all.
///
/// # Errors
/// As [`plan_upscale`], too little memory allowed, and errors of writing.
pub fn upscale_file(
    upscaler: &Upscaler,
    input: Input<'_>,
    mut output: Output<'_>,
    options: &UpscaleFileOptions,
    ctx: &Context<'_>,
) -> Result<UpscaleFileReport, Error> {
    let start = Instant::now();
    let bytes = read_bytes(input, &options.limits, ctx)?;
    let least = |size, planes| Ok((upscaler.least(size, planes, ctx), false));
    let (mut image, input_format) =
        decode(input, &bytes, &options.limits, options.options.max_memory, &least)?;
    let mut sizes = FileBytes { input: bytes.len() as u64, output: None };
    drop(bytes);
    let plan = plan(upscaler, (input, &image, input_format), &output, options)?;
    let mut debanded = None;
    if let Some(how) = &options.deband {
        // The result is rounded once, at the end; rounding here is unnecessary.
        let how = Options { depth: OutputDepth::Float, ..how.clone() };
        let findings = inspect(&image, ctx);
        let choices = choose(&image, &findings, &how)?;
        let (better, report) = deband_as(image, findings, &choices, &how, Colours::Rgb, ctx)?;
        (image, debanded) = (better, Some(report.reason));
    }
    let how = UpscaleOptions { depth: exactly(plan.depth), ..options.options.clone() };
    let (image, report) = upscaler.upscale(image, &how, ctx)?;
    ctx.check()?;
    let (how, saving) = how_to_write(input, (options.quality, options.effort), options.overwrite, ctx);
    let written = put(image, plan.format, plan.output.as_deref(), &mut output, (&how, &saving));
    // A cancelled encoder has no result.
    let (dropped, written) = written.or_else(|error| ctx.check().map_err(Error::from).and(Err(error)))?;
    sizes.output = written.map(|written| written.len() as u64);
    if let (true, Input::File(from), Some(to)) = (options.preserve_times, input, &plan.output) {
        copy_times(from, to)?;
    }
    let bytes = sizes.with_file(plan.output.as_deref());
    Ok(UpscaleFileReport { plan, report, debanded, dropped, bytes, seconds: start.elapsed().as_secs_f64() })
}

/// A known depth as an option.
fn exactly(depth: Depth) -> OutputDepth {
    match depth {
        Depth::F32 => OutputDepth::Float,
        Depth::Int(bits) => OutputDepth::Bits(bits),
    }
}

fn plan(
    upscaler: &Upscaler,
    (input, image, input_format): (Input<'_>, &Image, &'static FormatEntry),
    output: &Output<'_>,
    options: &UpscaleFileOptions,
) -> Result<UpscalePlan, Error> {
    let asked = asked_format(options.format, output)?;
    let depth = fitting_depth(options.options.depth, asked).resolve(image.depth);
    let model = if image.is_yuv() { Model::Rgb } else { image.color.model };
    let format = asked.unwrap_or_else(|| default_format(image, input_format, depth));
    let path = path_of(input);
    let to = match output {
        Output::Sink(_) => None,
        Output::File(path) => Some(path.to_path_buf()),
        Output::Stem(stem) => Some(with_extension(stem, &extension(path, format))),
    };
    check_holds(model, depth, image.alpha.is_some(), format, to.as_deref())?;
    check_free(to.as_deref(), options.overwrite)?;
    Ok(UpscalePlan {
        input_format,
        width: image.width(),
        height: image.height(),
        input_depth: image.depth,
        network: upscaler.network(),
        scale: upscaler.scale(),
        depth,
        format,
        output: to,
    })
}
