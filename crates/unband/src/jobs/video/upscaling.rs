//! The upscaling of a video's frames: sizes, depths and settings.

use unband_image::dither::Dither;
use unband_video::{FrameFormat, PixelFormat, VideoFile};

use super::VideoOptions;
use crate::frames::{Finished, FrameOptions, PackedFrame};
use crate::jobs::upscale::{FrameRounding, FrameUpscaler, LargeFrame, Upscale, UpscaledBy};
use crate::{Context, Error, Options, OutputDepth};

/// Depths of the frames between debanding and upscaling, finest first.
const FINE: [u8; 4] = [16, 14, 12, 10];

/// Options for debanding. `bits`: of the results. Frames that are upscaled afterwards get the finest depth of
/// their format, without dither: `has` tells whether it has a depth.
pub(super) fn frame_options(options: &VideoOptions, bits: u8, has: impl Fn(u8) -> bool) -> FrameOptions {
    let mut own = Options { depth: OutputDepth::Bits(bits), ..options.options.clone() };
    if options.task.upscaler().is_some() {
        let fine = FINE.into_iter().find(|&fine| fine > bits && has(fine)).unwrap_or(bits);
        (own.depth, own.dither) = (OutputDepth::Bits(fine), Dither::None);
    }
    FrameOptions { options: own, temporal: options.temporal }
}

/// As [`frame_options`], for frames in a format.
pub(super) fn options_for(options: &VideoOptions, bits: u8, format: &FrameFormat) -> FrameOptions {
    let PixelFormat { samples, alpha, .. } = *format.pixels;
    frame_options(options, bits, |bits| PixelFormat::planar(samples, bits, alpha).is_some())
}

/// Does debanding depend on findings?
pub(super) fn inspects(options: &VideoOptions, how: &FrameOptions) -> bool {
    options.task.debands() && how.follows_findings()
}

/// The upscaling of a video, if its frames are upscaled.
pub(super) fn of_video(file: &VideoFile, options: &VideoOptions) -> Option<Upscale> {
    let turned = file.video.rotation.rem_euclid(180) == 90;
    of_frames((file.video.width, file.video.height), turned, options)
}

/// The upscaling of frames of a size, if there is one. `turned`: they are shown turned by a quarter.
pub(super) fn of_frames(size: (usize, usize), turned: bool, options: &VideoOptions) -> Option<Upscale> {
    Some(options.task.upscaler()?.planned_frames(size, turned))
}

/// The format of frames after upscaling, if there is one.
pub(super) fn in_size(format: FrameFormat, work: Option<Upscale>) -> FrameFormat {
    work.map_or(format, |work| format.with_size((work.width, work.height)))
}

/// The last step of a job on frames: upscaling, if it is asked for.
pub(super) struct LastStep<'a>(Option<FrameUpscaler<'a>>);

impl<'a> LastStep<'a> {
    /// For frames in a format, whose results have the format `to`.
    pub(super) fn new(options: &'a VideoOptions, from: &FrameFormat, to: FrameFormat) -> Self {
        let Options { dither, locked, seed, max_memory, .. } = options.options;
        let rounding = FrameRounding { dither, locked, seed };
        let size = (from.width, from.height);
        let upscaler = options.task.upscaler();
        Self(upscaler.map(|upscaler| FrameUpscaler::new(upscaler, size, to, rounding, max_memory)))
    }

    /// Replaces a debanded frame by its result. `begins`: it begins a segment. `free` takes the memory of
    /// earlier frames.
    ///
    /// # Errors
    /// As [`crate::Upscaler::upscale`].
    pub(super) fn run<T>(
        &mut self,
        done: &mut Finished<PackedFrame, T>,
        begins: bool,
        free: &mut dyn FnMut(PackedFrame),
        ctx: &Context<'_>,
    ) -> Result<Option<UpscaledBy>, Error> {
        let Some(upscaler) = &mut self.0 else { return Ok(None) };
        let format = done.frame.format;
        let small = PackedFrame { format, bytes: std::mem::take(&mut done.frame.bytes) };
        let begins = begins || done.done.begins_shot;
        let LargeFrame { frame, by, freed } = upscaler.next(small, begins, ctx)?;
        freed.into_iter().for_each(free);
        done.frame = frame;
        Ok(Some(by))
    }

    /// Takes back the memory of a result; `free` takes that of frames without upscaling.
    pub(super) fn recycle(&mut self, frame: PackedFrame, free: &mut dyn FnMut(PackedFrame)) {
        match &mut self.0 {
            Some(upscaler) => upscaler.recycle(frame.bytes),
            None => free(frame),
        }
    }
}
