//! Video: what a film is, and frames as they travel between this program and `FFmpeg`: samples as they are stored, and when
//! each is shown.

mod boxes;
mod codec;
mod decode;
mod encode;
mod error;
mod ffmpeg;
mod fragments;
mod frame;
mod frame_codes;
mod join;
mod light;
pub mod nut;
mod others;
pub mod pixel_format;
pub mod probe;
mod running;
mod sniff;

pub use codec::{Codec, Encoding, Purpose, container_of};
pub use decode::{DecodeOptions, Decoder};
pub use encode::{Encoder, Segment};
pub use error::VideoError;
pub use ffmpeg::Ffmpeg;
pub use frame::{FrameFormat, working_format};
pub use join::{Cut, join};
pub use others::Others;
pub use pixel_format::{Layout, PIXEL_FORMATS, PixelFormat, Samples};
pub use probe::{Film, probe};
pub use sniff::{is_film, promises_film, text_kind};

pub use crate::Programs;
