//! Video files: probing, decoding and encoding through `FFmpeg`.
//!
//! Frames have samples as stored, and the time at which they are shown.

#![forbid(unsafe_code)]

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
#[cfg(any(test, feature = "fuzzing"))]
#[doc(hidden)]
pub mod fuzzing;
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
pub mod probe;
mod release;
mod select;
mod sniff;
mod stills;
mod time_code;
mod timeline;
mod trial;
mod watched;
mod working_format;

pub use codec::{Codec, Purpose};
pub use container::container_of;
pub use decode::{DecodeOptions, Decoder};
pub use encode::{Encoder, Segment};
pub use encoding::Encoding;
pub use error::VideoError;
pub use ffmpeg::Ffmpeg;
pub use images::Images;
pub use join::{TickRange, copy, join};
pub use notes::notes;
pub use other_streams::OtherStreams;
pub use probe::{Video, VideoFile, probe, probe_images};
pub use select::{StreamChoice, StreamSpec};
pub use sniff::{is_animation, is_video, not_opened, text_kind};
pub use stills::{is_taken, put_in_place};
pub use timeline::{Timeline, Times};
pub use working_format::{frame_format, working_format};

pub use unband_image::frame::{FrameFormat, Layout, PIXEL_FORMATS, PixelFormat, Samples};
pub use unband_io::{Programs, begins_video, promises_video};
