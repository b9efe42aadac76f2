//! Video files: probing, decoding and encoding through `FFmpeg`.
//!
//! Frames have samples as stored, and the time at which they are shown.

mod boxes;
mod check;
mod codec;
mod complaint;
mod container;
mod copied;
mod covers;
mod decode;
mod encode;
mod encoding;
mod error;
mod ffmpeg;
mod fragments;
mod frame;
mod frame_codes;
mod hdr_boxes;
mod hidden;
mod images;
mod join;
mod matroska;
mod matroska_parts;
mod notes;
pub mod nut;
mod other_streams;
mod packets;
mod parts;
pub mod pixel_format;
pub mod probe;
mod release;
mod select;
mod sniff;
mod stills;
mod timeline;
mod trial;
mod watched;

/// Number of frames in a fragmented file, and after it was copied with another start time: alone, and as the
/// first of several.
#[cfg(any(test, feature = "fuzzing"))]
pub(crate) fn fragmented(bytes: &[u8], first: i64) -> Result<[usize; 3], crate::Error> {
    use std::io::Cursor;

    let mut file = Cursor::new(bytes);
    let shown = fragments::shown(&mut file)?;
    let count = shown.len();
    let times = fragments::timeline(&[(first, shown)], 1, 1 << 20).concat();
    let colorimetry = unband_image::Colorimetry::default();
    let mut copied = |said| {
        let mut out = Vec::new();
        fragments::copy(&mut file, &times, said, &mut out)?;
        Ok(fragments::shown(&mut Cursor::new(out))?.len())
    };
    Ok([count, copied(None)?, copied(Some((&colorimetry, Some(([1, 1, 1], true)))))?])
}

pub use codec::{Codec, Purpose};
pub use container::container_of;
pub use decode::{DecodeOptions, Decoder};
pub use encode::{Encoder, Segment};
pub use encoding::Encoding;
pub use error::VideoError;
pub use ffmpeg::Ffmpeg;
pub use frame::{FrameFormat, working_format};
pub use images::Images;
pub use join::{TickRange, copy, join};
pub use notes::notes;
pub use other_streams::OtherStreams;
pub use pixel_format::{Layout, PIXEL_FORMATS, PixelFormat, Samples};
pub use probe::{Video, VideoFile, probe, probe_images};
pub use select::{StreamChoice, StreamSpec};
pub use sniff::{begins_video, is_video, not_opened, promises_video, text_kind};
pub use stills::{is_taken, put_in_place};
pub use timeline::{Timeline, Times};

pub use crate::Programs;
