//! Plan of a video job: encoding, output, copied streams, disk space.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use unband_image::{Depth, Method};
use unband_io::free_bytes;
use unband_video::probe::Stream;
use unband_video::{
    Codec, Encoding, Ffmpeg, FrameFormat, OtherStreams, PixelFormat, Programs, Purpose, TickRange, Times,
    Video, VideoError, VideoFile,
};

use super::VideoOptions;
use super::estimate::Estimate;
use super::folder::folder_of;
use super::source::{cut, part};
use super::stop::with_programs;
use super::unfinished::{self, Waiting};
use super::upscaling;
use super::zones::{TimeRange, Zones};
use crate::frames::FrameOptions;
use crate::jobs::upscale::Upscale;
use crate::verdict::Grade;
use crate::{Context, Error, OutputDepth};

/// Everything that is fixed before the first frame.
pub(super) struct Plan<'a> {
    pub(super) file: VideoFile,
    /// The same, with the size of the result.
    pub(super) result: VideoFile,
    /// The upscaling, if there is one.
    pub(super) upscale: Option<Upscale>,
    pub(super) encoding: Encoding,
    /// Pixel format of the encoder.
    pub(super) stored: &'static PixelFormat,
    pub(super) ffmpeg: Ffmpeg,
    pub(super) other_streams: OtherStreams,
    pub(super) notes: Vec<String>,
    pub(super) output: &'a Path,
    pub(super) options: &'a VideoOptions,
    pub(super) cut: Option<TickRange>,
    /// The frames to repair.
    pub(super) zones: Zones,
    pub(super) programs: &'a Programs,
    /// Settings that finished segments depend on, besides the video.
    pub(super) key: String,
}

/// Properties of a video and its planned result, before encoding.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct VideoPlan {
    /// Properties of the video.
    pub file: VideoFile,
    /// Path of the result.
    pub output: PathBuf,
    /// `FFmpeg`'s name of its container.
    pub container: &'static str,
    /// A short name of the encoder: "x265 10 bits CRF 16".
    pub encoder: String,
    /// All encoder settings.
    pub encoding: String,
    /// Bits per sample of the result.
    pub bits: u8,
    /// The network and the size of upscaled frames.
    pub upscale: Option<Upscale>,
    /// Is banding removed?
    pub debands: bool,
    /// The requested method; `None` where it depends on the findings.
    pub method: Option<String>,
    /// Frames to process; an estimate where the container has no count.
    pub frames: u64,
    /// Duration in seconds, where known.
    pub seconds: Option<f64>,
    /// Ranges of time whose frames are repaired; empty: all frames.
    pub only: Vec<TimeRange>,
    /// Copied non-video streams.
    pub streams: Vec<Stream>,
    /// Losses and differences of the result compared with the video; one line each.
    pub notes: Vec<String>,
    /// Space on the disk of the result.
    pub disk: Disk,
    /// Does a result exist that would have to be replaced?
    pub taken: bool,
    /// Findings by shot; empty before the inspection, and where the method does not use them.
    pub found: Vec<ShotFound>,
    /// Expected size and time, where samples were encoded: by [`plan_video`].
    pub expected: Option<Estimate>,
    /// Finished segments of an earlier run with the same video and settings, and their seconds.
    pub waiting: Option<(usize, f64)>,
}

impl VideoPlan {
    /// Width and height of the result's frames.
    pub fn size(&self) -> (usize, usize) {
        let own = (self.file.video.width, self.file.video.height);
        self.upscale.map_or(own, |work| (work.width, work.height))
    }
}

/// A shot and its findings.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct ShotFound {
    /// Start time, in seconds.
    pub begins: f64,
    /// Number of frames.
    pub frames: u64,
    /// Grade of its worst inspected frame.
    pub grade: Grade,
    /// The finding, as a sentence without a full stop.
    pub finding: String,
    /// The method that repairs it; `None` where it stays unchanged.
    pub method: Option<&'static str>,
    /// Is it outside the ranges of time to repair? The finding is then that of its first frames.
    pub outside: bool,
}

/// Disk space for a result, in bytes. Finished segments and the joined video are on the disk at the same
/// time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Disk {
    /// Estimated need for both; `None` where it depends on a lossy encoder.
    pub needed: Option<u64>,
    /// Lower bound for real videos.
    pub least: Option<u64>,
    /// Free space, where the system reports it.
    pub free: Option<u64>,
}

/// FFV1's compressed size relative to the raw frames: 0.14 to 0.33 for restored live action and animation.
/// Black frames compress best.
const FFV1: f64 = 0.25;
const FFV1_BLACK: f64 = 0.008;
/// As [`FFV1`], by Apple's target rates: 176 Mbit/s for 24 frames of 1920×1080 in 4:2:2, and in proportion
/// for 4:4:4.
const PRORES: f64 = 0.18;

impl Disk {
    /// Is the space certainly insufficient?
    fn check(&self, output: &Path) -> Result<(), VideoError> {
        match (self.least, self.free) {
            (Some(needed), Some(free)) if needed > free => {
                Err(VideoError::Disk { path: output.to_owned(), needed, free })
            }
            _ => Ok(()),
        }
    }

    /// Is the space possibly insufficient?
    pub fn is_scarce(&self) -> bool {
        matches!((self.needed, self.free), (Some(needed), Some(free)) if needed > free)
    }
}

impl<'a> Plan<'a> {
    /// Makes the plan; reads no frame.
    pub(super) fn settle(
        input: &Path,
        output: &'a Path,
        options: &'a VideoOptions,
        programs: &'a Programs,
    ) -> Result<Self, Error> {
        // Programs start slowly: all of them are queried in parallel.
        let (file, ffmpeg) = std::thread::scope(|scope| {
            let ffmpeg = scope.spawn(|| Ffmpeg::find(programs));
            let file = opened(input, options, programs);
            (file, ffmpeg.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
        });
        let file = file?;
        check_video(&file, options)?;
        unband_io::check_name(output)?;
        let ffmpeg = ffmpeg.map_err(|error| error.in_file(input))?;
        let upscale = upscaling::of_video(&file, options);
        let in_size = |file: &VideoFile| match upscale {
            Some(Upscale { width, height, .. }) => file.with_size((width, height)),
            None => Ok(file.clone()),
        };
        let (encoding, stored) = encoding(&in_size(&file)?, output, options, &ffmpeg, programs)?;
        let part = part(options)?;
        let times = Times { keep_start: options.keep_start, part };
        let file = file.with_timeline(&encoding, times, programs);
        if file.timeline.jumps() && part.is_some() {
            return Err(VideoError::Jumps { path: file.path }.into());
        }
        let other_streams = OtherStreams::check(
            &file,
            &encoding,
            &options.streams,
            output,
            options.keep_going,
            &ffmpeg,
            programs,
        )?;
        let notes = unband_video::notes(&file, &encoding, &other_streams, &ffmpeg, programs)
            .map_err(|error| error.in_file(input))?;
        let (cut, zones) = (cut(&file, options)?, Zones::of_video(&file, options)?);
        let start = if options.keep_start { " own start" } else { "" };
        let upscaled = upscale.map_or(String::new(), |work| format!(" {:?} {work:?}", options.task));
        let key = format!(
            "{} {cut:?} {} {:?} {:?}{start}{}{upscaled}",
            encoding.describe(),
            encoding.bits,
            options.options,
            options.temporal,
            zones.key()
        );
        let result = in_size(&file)?;
        let plan = Self {
            file,
            result,
            upscale,
            encoding,
            stored,
            ffmpeg,
            other_streams,
            notes,
            output,
            options,
            cut,
            zones,
            programs,
            key,
        };
        // A video that may be copied needs no encoder.
        if !plan.may_stay() {
            plan.check_encoder()?;
        }
        Ok(plan)
    }

    /// Checks that the encoder takes the video, by its trial.
    pub(super) fn check_encoder(&self) -> Result<(), VideoError> {
        self.encoding.refusal().map_or(Ok(()), Err)
    }

    /// The public part of the plan, for reports.
    pub(super) fn announcement(&self) -> Result<VideoPlan, Error> {
        let waiting = unfinished::waiting(self.output, &self.file, &self.key)?;
        let of_this = |waiting: Waiting| (waiting.segments, self.file.seconds(waiting.ticks));
        Ok(VideoPlan {
            file: self.file.clone(),
            output: self.output.to_owned(),
            container: self.encoding.muxer(),
            encoder: self.encoding.words(self.stored),
            encoding: self.encoding.describe(),
            bits: self.stored.bits,
            upscale: self.upscale,
            debands: self.options.task.debands(),
            method: self.named_method().map(str::to_owned),
            frames: self.expected_frames() as u64,
            seconds: self.seconds(),
            only: self.options.only.clone(),
            streams: self.other_streams.streams(&self.file).cloned().collect(),
            notes: self.notes.clone(),
            disk: self.disk(),
            taken: self.is_taken(),
            found: Vec::new(),
            expected: None,
            waiting: waiting.filter(|waiting| waiting.same).map(of_this),
        })
    }

    /// Is there a result that must not be replaced?
    fn is_taken(&self) -> bool {
        unband_video::is_taken(self.output) && !self.options.overwrite
    }

    /// Refuses to replace a result.
    pub(super) fn check_free(&self) -> Result<(), Error> {
        if self.is_taken() { Err(unband_io::Error::Exists.in_file(self.output).into()) } else { Ok(()) }
    }

    /// Refuses to start if that would replace a result, if it would discard finished segments of an earlier
    /// run, or if the disk is certainly too small.
    pub(super) fn check(&self) -> Result<(), Error> {
        // Another run may have written it in the meantime.
        self.check_free()?;
        if self.options.resume {
            // Finished segments are on the disk already.
            return Ok(());
        }
        if let Some(waiting) = unfinished::waiting(self.output, &self.file, &self.key)?
            && !self.options.overwrite
        {
            let (path, seconds) = (folder_of(self.output), self.file.seconds(waiting.ticks));
            return Err(VideoError::Waiting {
                path,
                segments: waiting.segments,
                seconds,
                same: waiting.same,
            }
            .into());
        }
        Ok(self.disk().check(self.output)?)
    }

    /// Options for its frames, whose results have the depth of the encoding.
    pub(super) fn frame_options(&self) -> Arc<FrameOptions> {
        let has = |bits| frames(&self.file, bits).is_ok();
        Arc::new(upscaling::frame_options(self.options, self.encoding.bits, has))
    }

    /// May the coded frames be copied where nothing needs repair? Not if they are upscaled, or if the options
    /// request another coding, depth or part.
    pub(super) fn may_stay(&self) -> bool {
        let options = self.options;
        if self.upscale.is_some() {
            return false;
        }
        let asked = options.purpose != Purpose::default() || !options.ffmpeg_args.is_empty();
        let other = options.options.depth != OutputDepth::Keep
            || options.images.is_some()
            || options.drop_dynamic_hdr;
        let stills = self.encoding.muxer() == "image2";
        options.only_banded || !(asked || other || stills || self.cut.is_some() || options.keep_going)
    }

    /// The requested method.
    pub(super) fn named_method(&self) -> Option<&'static str> {
        self.options.options.method.named().map(Method::name)
    }

    fn disk(&self) -> Disk {
        let free = free_bytes(self.output);
        let video = &self.file.video;
        // The sizes of image sequences were not measured.
        let share = match self.encoding.codec {
            Codec::Ffv1 if self.encoding.muxer() != "image2" => FFV1,
            Codec::ProRes422 | Codec::ProRes4444(_) => PRORES,
            _ => return Disk { free, ..Disk::default() },
        };
        let Video { width, height, .. } = self.result.video;
        let samples: usize = self.stored.planes(width, height).map(|(w, h)| w * h).sum();
        let bits = samples as f64 * f64::from(self.stored.bits) * self.expected_frames() as f64;
        let source = self.file.state().map_or(0, |(bytes, _)| bytes) as f64;
        let part = match (self.seconds(), self.file.duration) {
            (Some(part), Some(whole)) if whole > 0.0 => (part / whole).min(1.0),
            _ => 1.0,
        };
        // Decoded frames of a lossy codec hold more data than the file.
        let coded = if video.is_lossy() { 0.5 * source * part } else { 0.0 };
        let least = (FFV1_BLACK * bits / 8.0).max(coded);
        let bytes = |each: f64| Some((2.0 * each) as u64);
        match self.encoding.codec {
            Codec::Ffv1 => Disk { needed: bytes(share * bits / 8.0 + coded), least: bytes(least), free },
            _ => Disk { needed: bytes(share * bits / 8.0), least: None, free },
        }
    }

    /// Duration of the processed part, in seconds.
    pub(super) fn seconds(&self) -> Option<f64> {
        let whole = self.file.duration;
        let Some(cut) = self.cut else { return whole };
        let begin = self.file.shown(cut.from);
        let end = match (cut.to.map(|to| self.file.shown(to)), whole) {
            (Some(to), Some(whole)) => Some(to.min(whole)),
            (to, whole) => to.or(whole),
        };
        end.map(|end| (end - begin).max(0.0))
    }

    /// An estimate where the container has no count.
    pub(super) fn expected_frames(&self) -> usize {
        let video = &self.file.video;
        let rate = video.average_rate.map_or(25.0, |(n, d)| f64::from(n) / f64::from(d));
        let guess = || (self.seconds().unwrap_or(0.0) * rate).round() as usize;
        match (self.cut, video.frames) {
            (None, Some(frames)) => frames as usize,
            _ => guess(),
        }
    }
}

/// Checks that the video can be processed, as [`deband_video`](super::deband_video) does first.
///
/// # Errors
/// Interlaced videos, and those that would lose dynamic HDR.
pub fn check_video(file: &VideoFile, options: &VideoOptions) -> Result<(), Error> {
    if !options.progressive {
        file.check_progressive()?;
    }
    file.check_dynamic_hdr(options.drop_dynamic_hdr)?;
    Ok(())
}

/// Opens a video, or numbered images as one.
pub(super) fn opened(
    input: &Path,
    options: &VideoOptions,
    programs: &Programs,
) -> Result<VideoFile, VideoError> {
    match &options.images {
        Some(images) => unband_video::probe_images(input, images.clone(), programs),
        None => unband_video::probe(input, programs),
    }
}

/// Inspects a video and plans its encoding. Short samples are encoded in a temporary folder, for the expected
/// size and time; nothing stays.
///
/// # Errors
/// Errors of [`deband_video`](super::deband_video) before the first frame. A result that exists is not one.
pub fn plan_video(
    input: &Path,
    output: &Path,
    options: &VideoOptions,
    ctx: &Context<'_>,
) -> Result<VideoPlan, Error> {
    with_programs(ctx, |programs| {
        let plan = Plan::settle(input, output, options, programs)?;
        let start = Instant::now();
        let shots = plan.found(ctx)?;
        let found = shots.found(&plan.file);
        let mut announced = plan.announcement()?;
        let expected = match plan.estimate(&shots, start.elapsed().as_secs_f64(), ctx) {
            Err(Error::Cancelled) => return Err(Error::Cancelled),
            Err(error) => {
                // The samples need a disk and a decoder that finds their places: the job does not.
                announced.notes.push(format!("size and time are not known, samples failed: {error}"));
                None
            }
            Ok(expected) => expected,
        };
        Ok(VideoPlan { found, expected, ..announced })
    })
}

/// Bits per sample of the result: corrections of 8-bit video need ten bits to show, where its pixel format
/// has a 10-bit version.
pub(super) fn bits_of(depth: Depth, asked: OutputDepth, has: impl Fn(u8) -> bool) -> Result<u8, Error> {
    match asked {
        OutputDepth::Keep => {
            Ok([depth.bits().clamp(10, 16)].into_iter().find(|&b| has(b)).unwrap_or(depth.bits()))
        }
        OutputDepth::Bits(bits @ 8..=16) if has(bits) => Ok(bits),
        OutputDepth::Bits(8..=16) => Err(no_depth("8 where chroma is 4:1:1, 4:1:0 or 4:4:0", &asked)),
        _ => Err(no_depth("8..=16", &asked)),
    }
}

pub(super) fn no_depth(range: &'static str, got: &impl ToString) -> Error {
    Error::Option { name: "depth of a video", range, got: got.to_string() }
}

const OF_FORMAT: &str = "a depth of its pixel format";

/// The same frame format with another depth.
pub(super) fn with_bits(from: &FrameFormat, bits: u8) -> Result<FrameFormat, Error> {
    from.with_bits(bits).ok_or_else(|| no_depth(OF_FORMAT, &bits))
}

pub(super) fn bits_of_video(file: &VideoFile, options: &VideoOptions) -> Result<u8, Error> {
    let (format, _) = unband_video::working_format(file)?;
    let has = |bits| PixelFormat::planar(format.samples, bits, format.alpha).is_some();
    bits_of(file.video.depth, options.options.depth, has)
}

/// Encoding to a file, and the pixel format there.
pub(super) fn encoding(
    file: &VideoFile,
    output: &Path,
    options: &VideoOptions,
    ffmpeg: &Ffmpeg,
    programs: &Programs,
) -> Result<(Encoding, &'static PixelFormat), Error> {
    let bits = bits_of_video(file, options)?;
    let mut encoding =
        Encoding::choose(&file.video, output, options.purpose, &options.ffmpeg_args, bits, ffmpeg)?;
    let asked = options.options.depth != OutputDepth::Keep;
    let stored = encoding.fit(frames(file, bits)?, asked, file, programs)?;
    Ok((encoding, stored))
}

/// The pixel format with that depth.
fn frames(file: &VideoFile, bits: u8) -> Result<&'static PixelFormat, Error> {
    let (format, _) = unband_video::working_format(file)?;
    PixelFormat::planar(format.samples, bits, format.alpha).ok_or_else(|| no_depth(OF_FORMAT, &bits))
}
