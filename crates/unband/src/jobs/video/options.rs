//! What people say of a video, and what they are told of its result.

use unband_image::dither::Dither;
use unband_io::video::{Images, Purpose, StreamChoice};

use super::FilmPlan;
use crate::{Options, OutputDepth};

/// How a video is to be treated.
#[derive(Clone, Debug, Default)]
#[allow(clippy::struct_excessive_bools)] // switches that people set one by one
pub struct FilmOptions {
    /// As for images. [`crate::OutputDepth::Keep`] is ten bits here, or as many as the video has if these are more.
    pub options: Options,
    /// What the video is for: decides on codec and quality.
    pub purpose: Purpose,
    /// Arguments for `ffmpeg`'s encoder.
    pub ffmpeg_args: Vec<String>,
    /// Drop Dolby Vision and HDR10+ metadata, which fit the frames as they were.
    pub drop_dynamic_hdr: bool,
    /// The input is these numbered images.
    pub images: Option<Images>,
    /// Frames are whole images, even if the video says that they are interlaced.
    pub progressive: bool,
    /// Which streams beside the images go along.
    pub streams: StreamChoice,
    /// Take of a damaged video what can be decoded.
    pub keep_going: bool,
    /// Go on with unfinished work.
    pub resume: bool,
    /// Replace a file that exists.
    pub overwrite: bool,
    /// Write nothing of videos in which nothing has to be repaired.
    pub only_banded: bool,
    /// Only from this time on, in seconds.
    pub from: Option<f64>,
    /// Only up to this time, in seconds.
    pub to: Option<f64>,
}

impl FilmOptions {
    /// The dither for a video that people have named none for. Lossy encoders wipe blue noise out of 8 bits, and bands come back; an ordered
    /// pattern they keep (`docs/films.md`). With more bits either stays.
    pub fn dither_for(purpose: Purpose, depth: OutputDepth) -> Dither {
        let eight = matches!(depth, OutputDepth::Bits(..=8));
        if eight && purpose != Purpose::Archive { Dither::Ordered } else { Dither::default() }
    }
}

/// What was done with a video.
#[derive(Clone, Debug, PartialEq)]
pub struct FilmReport {
    /// What it is, and how its result is encoded.
    pub plan: FilmPlan,
    /// Was nothing written, as there is nothing to repair? Only with [`FilmOptions::only_banded`].
    pub left: bool,
    /// Were its images copied as they are coded, as there is nothing to repair?
    pub copied: bool,
    /// Frames in the result.
    pub frames: u64,
    /// Frames of which something was changed, those of finished segments of earlier runs among them.
    pub changed: u64,
    /// Frames that this run has worked on.
    pub worked: u64,
    /// Shots, those of earlier runs among them.
    pub shots: u64,
    /// Methods that changed something, in the order in which they first did.
    pub methods: Vec<String>,
    /// Bytes of the video's file.
    pub source_bytes: u64,
    /// Bytes of the result.
    pub bytes: u64,
    /// As long as the result is shown, in seconds.
    pub shown: f64,
    /// Time taken.
    pub seconds: f64,
}

impl FilmReport {
    /// Bits a second of the result, all that is in it counted.
    pub fn bit_rate(&self) -> f64 {
        8.0 * self.bytes as f64 / self.shown.max(1e-3)
    }

    /// The result's bytes to those of the same seconds of the video's file; nothing where nobody knows how long that is.
    pub fn ratio(&self) -> Option<f64> {
        let part = match (self.plan.seconds, self.plan.film.duration) {
            (Some(part), Some(whole)) if whole > 0.0 => part / whole,
            _ => return None,
        };
        let source = self.source_bytes as f64 * part;
        (source > 0.0).then(|| self.bytes as f64 / source)
    }
}
