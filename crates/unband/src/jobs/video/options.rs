//! Options and report of a video job.

use unband_image::dither::Dither;
use unband_video::{Images, Purpose, StreamChoice};

use super::{TimeRange, VideoPlan};
use crate::files::Task;
use crate::frames::Temporal;
use crate::{Options, OutputDepth};

/// Options for one video.
#[derive(Clone, Debug, Default)]
#[allow(clippy::struct_excessive_bools)] // independent switches
#[non_exhaustive]
pub struct VideoOptions {
    /// As for images. [`crate::OutputDepth::Keep`] means 10 bits here, or the video's depth where it is
    /// higher.
    pub options: Options,
    /// The work on the frames.
    pub task: Task,
    /// Purpose of the result: selects codec and quality.
    pub purpose: Purpose,
    /// Arguments for `ffmpeg`'s encoder.
    pub ffmpeg_args: Vec<String>,
    /// Drop Dolby Vision and HDR10+ metadata, which describe the original frames.
    pub drop_dynamic_hdr: bool,
    /// The input is these numbered images.
    pub images: Option<Images>,
    /// Treat frames as progressive, even if the video says that they are interlaced.
    pub progressive: bool,
    /// Non-video streams to copy.
    pub streams: StreamChoice,
    /// Keep what can be decoded from a damaged video.
    pub keep_going: bool,
    /// Resume unfinished work.
    pub resume: bool,
    /// Replace a file that exists.
    pub overwrite: bool,
    /// Write nothing for videos that need no repair. Upscaled ones are always written.
    pub only_banded: bool,
    /// The use of neighbouring frames by unband's own methods.
    pub temporal: Temporal,
    /// Keep the first time of the video, where results begin at 0 by default: MP4, `QuickTime`, Matroska,
    /// `WebM`.
    pub keep_start: bool,
    /// Start time, in seconds from the first moment of the video, as players show it.
    pub from: Option<f64>,
    /// End time, in the same seconds.
    pub to: Option<f64>,
    /// Repair the frames in these ranges of time only; the others keep their samples. Empty: all frames.
    pub only: Vec<TimeRange>,
}

impl VideoOptions {
    /// The default dither for videos. At 8 bits, lossy encoders remove blue noise and bands return; they keep
    /// an ordered pattern (`docs/guide/video.md`). At more bits both survive.
    pub fn dither_for(purpose: Purpose, depth: OutputDepth) -> Dither {
        let eight = matches!(depth, OutputDepth::Bits(..=8));
        if eight && purpose != Purpose::Archive { Dither::Ordered } else { Dither::default() }
    }
}

/// Report on one video.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct VideoReport {
    /// Properties of the video and of its encoding.
    pub plan: VideoPlan,
    /// Was nothing written because nothing needed repair? Only with [`VideoOptions::only_banded`].
    pub left: bool,
    /// Were its coded frames copied because nothing needed repair?
    pub copied: bool,
    /// Frames in the result.
    pub frames: u64,
    /// Changed frames, including those of segments from earlier runs.
    pub changed: u64,
    /// Frames processed by this run.
    pub worked: u64,
    /// Shots, including those of earlier runs.
    pub shots: u64,
    /// Methods that changed something, in order of first use.
    pub methods: Vec<String>,
    /// Mean share of the network in upscaled frames, 0 to 1.
    pub network_share: Option<f32>,
    /// Size of the input in bytes.
    pub source_bytes: u64,
    /// Size of the result in bytes.
    pub bytes: u64,
    /// Duration of the result, in seconds.
    pub shown: f64,
    /// Time taken.
    pub seconds: f64,
}

impl VideoReport {
    /// Bits per second of the result, all streams included.
    pub fn bit_rate(&self) -> f64 {
        8.0 * self.bytes as f64 / self.shown.max(1e-3)
    }

    /// Size of the result relative to the same seconds of the input; `None` where the duration is unknown.
    pub fn ratio(&self) -> Option<f64> {
        let part = match (self.plan.seconds, self.plan.file.duration) {
            (Some(part), Some(whole)) if whole > 0.0 => part / whole,
            _ => return None,
        };
        let source = self.source_bytes as f64 * part;
        (source > 0.0).then(|| self.bytes as f64 / source)
    }
}
