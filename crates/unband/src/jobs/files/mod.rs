//! Debanding and upscaling from file to file.

use std::borrow::Cow;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use unband_image::context::ExtraOutput;
use unband_image::findings::Findings;
use unband_image::{Context, Depth, Image, With};
use unband_io::{Access, Animation, Dropped, FormatEntry, Limits, Saving, WriteOptions};

mod animation;
mod names;
mod plan;
mod source;
mod still_areas;

use super::check::check;
use super::clock::Clock;
use super::extra_output::Gathered;
use super::memory;
use super::rgb::{Colours, deband_as};
use crate::choose::{Act, Choices, choose};
use crate::jobs::upscale::{UpscaleOptions, UpscaledBy};
use crate::{Error, Options, OutputDepth, Proof, Report, prove};

pub use super::extra_output::ExtraOutputFile;
pub use super::memory::{PROGRAM, at_hand};
pub use super::task::Task;
pub use animation::AnimationCounts;
pub use names::{Naming, check_agreement, output_name, output_stem, possible_outputs, upscaled_stem};
pub use plan::{Plan, Repair};
pub use source::Input;

use animation::AnimationJob;
use names::{asked_format, default_format};
use plan::{holds_planes_of, plan, target};
use source::{decode, is_file, named, read_bytes};

/// Destination of the result.
#[non_exhaustive]
pub enum Output<'a> {
    /// A file of exactly this name; its extension selects the format, or agrees with [`FileOptions::format`].
    File(&'a Path),
    /// A file whose extension is added later: that of the format, or the input's own for an image that needs
    /// no repair.
    Stem(&'a Path),
    /// A stream of bytes; written only when the result is complete.
    Sink(&'a mut dyn Write),
}

/// Options for one file.
#[derive(Clone, Debug, Default)]
#[allow(clippy::struct_excessive_bools)] // independent switches
#[non_exhaustive]
pub struct FileOptions {
    /// The work.
    pub task: Task,
    /// Options for its image.
    pub options: Options,
    /// Format of the result; without it the input's if that is lossless, else PNG.
    pub format: Option<&'static FormatEntry>,
    /// Quality of lossy formats, 1..=100.
    pub quality: Option<u8>,
    /// Compression effort, 0..=9; [`WriteOptions::effort`].
    pub effort: Option<u8>,
    /// Replace an existing file?
    pub overwrite: bool,
    /// Write nothing for images that need no repair? Upscaled ones are always written.
    pub only_banded: bool,
    /// Give the result the input's times?
    pub preserve_times: bool,
    /// Read the result again and check every sample against its quantisation interval? Not of upscaled ones.
    pub prove: bool,
    /// An extra output of the network to write.
    pub extra_output: Option<ExtraOutputFile>,
    /// Repair the part of a truncated JPEG file that can be read?
    pub keep_going: bool,
    /// Size limits for reading.
    pub limits: Limits,
}

impl FileOptions {
    /// The options that names of results depend on.
    pub fn naming(&self) -> Naming {
        Naming { format: self.format, depth: self.options.depth }
    }
}

/// File sizes in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct FileBytes {
    /// Bytes read.
    pub input: u64,
    /// Bytes written, if any.
    pub output: Option<u64>,
}

impl FileBytes {
    /// Size of the result relative to the input, where it is more than twice as large.
    pub fn growth(self) -> Option<f64> {
        let times = self.output? as f64 / self.input.max(1) as f64;
        (times > 2.0).then_some(times)
    }

    /// Adds the size that a file has now.
    fn with_file(self, path: Option<&Path>) -> Self {
        let output = path.and_then(|path| fs::metadata(path).ok()).map(|file| file.len());
        Self { output: self.output.or(output), ..self }
    }
}

/// Report on one file.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct FileReport {
    /// The plan as executed: `output`, `format` and `copies` describe the file actually written.
    pub plan: Plan,
    /// Report on the removal of banding; `None` where the image was only upscaled.
    pub report: Option<Report>,
    /// The method of upscaling, where the image was upscaled.
    pub upscaled: Option<UpscaledBy>,
    /// Properties that the written format could not hold.
    pub dropped: Vec<Dropped>,
    /// The counts of [`FileOptions::prove`], when something was written.
    pub proof: Option<Proof>,
    /// The file of [`FileOptions::extra_output`].
    pub extra_output: Option<PathBuf>,
    /// Counts of frames, of an animation.
    pub animation: Option<AnimationCounts>,
    /// Sizes of input and result.
    pub bytes: FileBytes,
    /// Wall-clock time from reading to the last byte.
    pub seconds: f64,
}

/// Reads and inspects a file and returns the plan. Writes nothing.
///
/// # Errors
/// Files that cannot be read, wrong options, a format that cannot hold the result.
pub fn plan_file(
    input: Input<'_>,
    output: &Output<'_>,
    options: &FileOptions,
    ctx: &Context<'_>,
) -> Result<Plan, Error> {
    let bytes = read_bytes(input, &options.limits, ctx)?;
    if let Some(mut job) = animation(input, &bytes, options)? {
        return Ok(job.plan(output, ctx)?.0);
    }
    let (image, format) = decode_for(input, &bytes, output, options, ctx)?;
    Ok(plan(input, &image, format, output, options, ctx)?.0)
}

/// Processes a file. The result is written completely or not at all.
///
/// An image that needs no repair is copied byte for byte under its own extension, unless another format or
/// depth was requested; with [`FileOptions::only_banded`] nothing is written for it. An upscaled image has
/// colours and metadata of the input.
///
/// # Errors
/// As [`plan_file`], an output that exists and may not be replaced, errors of the method or network, and
/// errors of writing.
pub fn run_file(
    input: Input<'_>,
    mut output: Output<'_>,
    options: &FileOptions,
    ctx: &Context<'_>,
) -> Result<FileReport, Error> {
    let start = Clock::start();
    let mut bytes = read_bytes(input, &options.limits, ctx)?;
    if let Some(job) = animation(input, &bytes, options)? {
        return job.run(&mut output, ctx);
    }
    let file_bytes = bytes.len() as u64;
    let (image, input_format) = decode_for(input, &bytes, &output, options, ctx)?;
    let (mut plan, choices) = plan(input, &image, input_format, &output, options, ctx)?;
    if let Some(path) = &plan.taken {
        return Err(unband_io::Error::Exists.in_file(path).into());
    }
    // A repaired image is rarely copied, and the file can be read once more.
    let again = choices.as_ref().is_some_and(|choices| choices.act == Act::Restore)
        && !options.prove
        && is_file(input);
    if again || plan.upscale.is_some() {
        bytes = Cow::Borrowed(&[]);
    }
    let gathered = options.extra_output.as_ref().map(|file| Gathered::new(file, (plan.width, plan.height)));
    let with_extra_output =
        (*ctx).but(|new| new.extra_output = gathered.as_ref().map(|gathered| gathered as &dyn ExtraOutput));
    let (image, report, upscaled) =
        work(image, &plan, choices.as_ref(), options, bytes.len() as u64, &with_extra_output)?;
    let changed =
        plan.partial || plan.upscale.is_some() || report.as_ref().is_none_or(|report| report.changed);
    if !changed {
        // Some methods find only while running that there is nothing to repair.
        target(&mut plan, input, &output, options, true);
    }
    let mut done = FileReport {
        plan,
        report,
        upscaled,
        dropped: Vec::new(),
        proof: None,
        extra_output: None,
        animation: None,
        bytes: FileBytes { input: file_bytes, output: None },
        seconds: 0.0,
    };
    let (how, saving) = how_to_write(input, options, ctx);
    if changed || !options.only_banded {
        ctx.check()?;
        if again && done.plan.copies {
            bytes = read_bytes(input, &options.limits, ctx)?;
        }
        let written = write(&mut done, image, &bytes, &mut output, &how, &saving);
        // A cancelled encoder has no result.
        let written = written.or_else(|error| ctx.check().map_err(Error::from).and(Err(error)))?;
        done.bytes.output = written.as_ref().map(|written| written.len() as u64);
        done.bytes = done.bytes.with_file(done.plan.output.as_deref());
        if let (true, Input::File(from), Some(to)) = (options.preserve_times, input, &done.plan.output) {
            copy_times(from, to)?;
        }
        if let (true, Some(repair)) = (options.prove, &done.plan.repair) {
            done.proof = Some(proof(&done.plan, repair, &bytes, written.as_deref(), options)?);
        }
    }
    done.extra_output = gathered.map(|gathered| gathered.write(&saving)).transpose()?.flatten();
    done.seconds = start.seconds();
    Ok(done)
}

/// The job on an animation, if the file is one.
fn animation<'a, 'b>(
    input: Input<'a>,
    bytes: &'a [u8],
    options: &'b FileOptions,
) -> Result<Option<AnimationJob<'a, 'b>>, Error> {
    let opened = Animation::open(bytes, &options.limits);
    let opened = opened.map_err(|error| named(error, input))?;
    Ok(opened.map(|animation| AnimationJob { animation, input, bytes, options }))
}

/// Decodes the image within the memory that the task leaves.
fn decode_for(
    input: Input<'_>,
    bytes: &[u8],
    output: &Output<'_>,
    options: &FileOptions,
    ctx: &Context<'_>,
) -> Result<(Image, &'static FormatEntry), Error> {
    let asked = asked_format(options.format, output)?;
    let least = |size, planes| {
        if let Some(upscaler) = options.task.upscaler() {
            return Ok((upscaler.least(size, planes, ctx), false));
        }
        let (job, whole) = memory::least(size, planes, &options.options, ctx)?;
        Ok((asked.map_or(job, |format| job.max(memory::writing(planes, format))), whole))
    };
    decode(input, bytes, &options.limits, options.keep_going, options.options.max_memory, &least)
}

/// Runs the planned work; `held`: bytes of the input that stay in memory.
fn work(
    mut image: Image,
    plan: &Plan,
    choices: Option<&Choices>,
    options: &FileOptions,
    held: u64,
    ctx: &Context<'_>,
) -> Result<(Image, Option<Report>, Option<UpscaledBy>), Error> {
    let within = |max_memory| Options { max_memory, ..options.options.clone() };
    let (mut report, mut upscaled) = (None, None);
    if let (Some(repair), Some(choices)) = (&plan.repair, choices) {
        if plan.upscale.is_none() && !plan.copies {
            check_memory(&image, plan.format, options, held)?;
        }
        let own = plan.upscale.is_none() && holds_planes_of(plan.format, &image);
        let colours = if own { Colours::Own } else { Colours::Rgb };
        let within = within(options.options.max_memory.map(|allowed| allowed.saturating_sub(held)));
        let done = deband_as(image, repair.findings.clone(), choices, &within, colours, ctx);
        let (better, about) = done.map_err(|error| error.with_more_memory(held))?;
        (image, report) = (better, Some(about));
    }
    if let Some(upscaler) = options.task.upscaler() {
        let Options { locked, seed, wrap, max_memory, .. } = options.options;
        let depth = match plan.depth {
            Depth::F32 => OutputDepth::Float,
            Depth::Int(bits) => OutputDepth::Bits(bits),
        };
        let how = UpscaleOptions { depth, locked, seed, wrap, max_memory, ..UpscaleOptions::default() };
        let small = (image.width(), image.height());
        let (mut larger, about) = upscaler.upscale(image, &how, ctx)?;
        let large = (larger.width(), larger.height());
        unband_io::resize_metadata(&mut larger.metadata, small, large);
        (image, upscaled) = (larger, Some(about.by));
    }
    Ok((image, report, upscaled))
}

/// Is there memory for writing the result?
///
/// # Errors
/// Less is allowed or available than that.
fn check_memory(image: &Image, format: &FormatEntry, options: &FileOptions, held: u64) -> Result<(), Error> {
    let writing = memory::writing(memory::planes(image), format);
    at_most(held + writing, options.options.max_memory.unwrap_or(u64::MAX), false)?;
    if memory::at_hand(writing - memory::PROGRAM) { Ok(()) } else { Err(no_memory(held + writing)) }
}

/// Does the system give that much memory, the program's own included?
fn given(needed: u64) -> Result<(), Error> {
    if memory::at_hand(needed.saturating_sub(memory::PROGRAM)) { Ok(()) } else { Err(no_memory(needed)) }
}

fn no_memory(needed: u64) -> Error {
    Error::NoMemory { needed_mib: needed.div_ceil(1 << 20) }
}

/// Is no more memory needed than allowed?
fn at_most(needed: u64, allowed: u64, whole: bool) -> Result<(), Error> {
    if needed > allowed { Err(memory::error(needed, allowed, whole)) } else { Ok(()) }
}

/// As [`deband_found`](crate::deband_found), but returns the image that [`run_file`] would write without a
/// format option.
///
/// YUV planes of lossy formats become RGB, and an image that needs no repair is copied.
///
/// # Errors
/// As [`deband_found`](crate::deband_found).
pub fn deband_as_written(
    image: &Image,
    findings: Findings,
    options: &Options,
    ctx: &Context<'_>,
) -> Result<(Image, Report), Error> {
    check(image)?;
    let choices = choose(image, &findings, options)?;
    let format = unband_io::by_name(image.origin.format).or_else(|| unband_io::by_name("PNG"));
    let holds = |own| holds_planes_of(default_format(image, own, choices.depth), image);
    let colours = if format.is_none_or(holds) { Colours::Own } else { Colours::Rgb };
    let (result, report) = deband_as(image.clone(), findings, &choices, options, colours, ctx)?;
    Ok((if report.changed { result } else { image.clone() }, report))
}

/// Writes the result of debanding; returns its bytes if they went to a sink.
fn write(
    done: &mut FileReport,
    image: Image,
    bytes: &[u8],
    output: &mut Output<'_>,
    how: &WriteOptions,
    saving: &Saving<'_>,
) -> Result<Option<Vec<u8>>, Error> {
    let path = done.plan.output.as_deref();
    if !done.plan.copies {
        let (dropped, written) = put(image, done.plan.format, path, output, how, saving)?;
        done.dropped = dropped;
        return Ok(written);
    }
    if let Output::Sink(sink) = output {
        send(*sink, bytes)?;
        return Ok(Some(bytes.to_vec()));
    }
    path.map(|path| unband_io::write_bytes(bytes, path, *saving)).transpose()?;
    Ok(None)
}

/// Writes an image to a file or a sink; returns what the format could not hold, and the bytes of a sink.
fn put(
    image: Image,
    format: &'static FormatEntry,
    path: Option<&Path>,
    output: &mut Output<'_>,
    how: &WriteOptions,
    saving: &Saving<'_>,
) -> Result<(Vec<Dropped>, Option<Vec<u8>>), Error> {
    match (output, path) {
        (Output::Sink(sink), _) => {
            let mut buffer = Vec::new();
            let dropped = unband_io::write(&image, format, how, &mut buffer)?;
            drop(image);
            send(*sink, &buffer)?;
            Ok((dropped, Some(buffer)))
        }
        (_, Some(path)) => Ok((unband_io::write_file(&image, path, format, how, *saving)?, None)),
        (_, None) => Ok((Vec::new(), None)),
    }
}

fn send(sink: &mut dyn Write, bytes: &[u8]) -> Result<(), Error> {
    let sent = sink.write_all(bytes).and_then(|()| sink.flush());
    sent.map_err(|source| unband_io::Error::Io { action: "write", source }.into())
}

/// Reads both images again and compares them.
fn proof(
    plan: &Plan,
    repair: &Repair,
    bytes: &[u8],
    written: Option<&[u8]>,
    options: &FileOptions,
) -> Result<Proof, Error> {
    let read = if options.keep_going { unband_io::read_partly } else { unband_io::read };
    let original = read(bytes, &options.limits)?;
    let mut written = match (written, &plan.output) {
        (Some(bytes), _) => unband_io::read(bytes, &options.limits)?,
        (None, Some(path)) => unband_io::read_file(path, &options.limits)?.0,
        (None, None) => original.clone(),
    };
    let depth = plan.depth;
    if depth.bits() < written.depth.bits() && !plan.copies {
        // Ten and twelve bits are widened to sixteen in files; the check uses the original codes.
        written.round_to(depth);
    }
    Ok(prove(&original, &written, &repair.findings, repair.faithful))
}

fn path_of(input: Input<'_>) -> Option<&Path> {
    match input {
        Input::File(path) => Some(path),
        Input::Bytes(_) => None,
    }
}

fn copy_times(from: &Path, to: &Path) -> Result<(), Error> {
    let set = || -> io::Result<()> {
        let source = fs::metadata(from)?;
        let mut times = fs::FileTimes::new().set_modified(source.modified()?);
        if let Ok(accessed) = source.accessed() {
            times = times.set_accessed(accessed);
        }
        fs::OpenOptions::new().write(true).open(to)?.set_times(times)
    };
    set().map_err(|source| unband_io::Error::Io { action: "set the times of", source }.in_file(to).into())
}

/// Write options for the result of an input: quality, effort, and permission to replace a file.
fn how_to_write<'a>(
    input: Input<'a>,
    options: &FileOptions,
    ctx: &Context<'a>,
) -> (WriteOptions, Saving<'a>) {
    let FileOptions { quality, effort, overwrite, .. } = *options;
    let how = WriteOptions::with(|new| {
        new.quality = quality;
        new.effort = effort;
        new.threads = ctx.threads;
    });
    (
        how,
        Saving::from(overwrite).but(|new| {
            new.access = Access::from_paths(path_of(input));
            new.cancel = Some(ctx.cancel);
        }),
    )
}
