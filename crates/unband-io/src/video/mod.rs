//! Frames of video as they travel between this program and `FFmpeg`: samples as they are stored, and when each is shown.

pub mod nut;
pub mod pixel_format;

pub use pixel_format::{Layout, PIXEL_FORMATS, PixelFormat, Samples};
