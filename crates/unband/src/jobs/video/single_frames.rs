//! Single frames of a video, for previews.

use unband_image::Image;
use unband_image::frame::FrameError;
use unband_video::{FrameFormat, VideoFile};

use super::VideoOptions;
use super::frames::Frames;
use super::plan::{bits_of_video, with_bits};
use crate::{Context, Error};

/// A frame, before and after.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct SingleFrame {
    /// The decoded frame.
    pub before: Image,
    /// The frame for the encoder.
    pub after: Image,
    /// Does any sample differ?
    pub changed: bool,
}

/// Debands one frame of a video as if it were a shot.
///
/// In the video, the whole shot is inspected and the result in static areas is a mean over time: there it is
/// smoother still.
///
/// # Errors
/// As [`deband_film`](super::deband_video), for one frame.
pub fn deband_single(
    file: &VideoFile,
    format: &FrameFormat,
    bytes: &[u8],
    options: &VideoOptions,
    ctx: &Context<'_>,
) -> Result<SingleFrame, Error> {
    let bits = bits_of_video(file, options)?;
    let to = with_bits(format, bits)?;
    let mut out = Vec::new();
    let mut frames = Frames::new((&options.options, options.temporal), *format, to, ctx);
    frames.push((), bytes.to_vec(), true, None)?;
    let finished = frames.pop(true, &mut out)?;
    let wrong = |error: FrameError| Error::Image(error.to_string());
    let (before, after) = (format.read(bytes).map_err(wrong)?, to.read(&out).map_err(wrong)?);
    Ok(SingleFrame { before, after, changed: finished.is_some_and(|one| one.done.changed) })
}
