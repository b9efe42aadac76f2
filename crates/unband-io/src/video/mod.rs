//! Video: what a film is, and frames as they travel between this program and `FFmpeg`: samples as they are stored, and when
//! each is shown.

mod error;
pub mod nut;
pub mod pixel_format;
pub mod probe;

pub use error::VideoError;
pub use pixel_format::{Layout, PIXEL_FORMATS, PixelFormat, Samples};
pub use probe::{Film, probe};
