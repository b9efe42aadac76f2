//! Single frames of a video, for previews.

use unband_image::Image;
use unband_video::{FrameFormat, VideoFile};

use super::VideoOptions;
use super::plan::{bits_of_video, with_bits};
use super::upscaling::options_for;
use crate::frames::{Frame, FrameProcessor, PackedFrame};
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
/// As [`deband_video`](super::deband_video), for one frame.
pub fn deband_single(
    file: &VideoFile,
    format: &FrameFormat,
    bytes: &[u8],
    options: &VideoOptions,
    ctx: &Context<'_>,
) -> Result<SingleFrame, Error> {
    let bits = bits_of_video(file, options)?;
    let bits = with_bits(format, bits)?.pixels.bits;
    let mut frames = FrameProcessor::new(options_for(options, bits, format), ctx);
    frames.push_known((), PackedFrame { format: *format, bytes: bytes.to_vec() }, true, None, true)?;
    frames.finish();
    let Some(finished) = frames.next()? else { return Err(Error::Image("no frame came out".to_owned())) };
    let read = |frame: &PackedFrame| frame.read(Vec::new());
    let (before, after) = (read(&finished.source)?, read(&finished.frame)?);
    Ok(SingleFrame { before, after, changed: finished.done.changed })
}
