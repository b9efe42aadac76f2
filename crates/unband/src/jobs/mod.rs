//! Jobs: deband and upscale images, files and videos.

pub(crate) mod check;
#[cfg(feature = "files")]
mod clock;
pub(crate) mod confine;
#[cfg(feature = "files")]
mod extra_output;
#[cfg(feature = "files")]
pub mod files;
mod finishing;
pub(crate) mod image;
pub(crate) mod memory;
mod not_finite;
mod pipeline;
#[cfg(feature = "files")]
mod rgb;
pub(crate) mod rgb_of_yuv;
pub(crate) mod round;
mod stages;
pub(crate) mod still;
mod tally;
#[cfg(feature = "files")]
mod task;
mod turned;
pub(crate) mod upscale;
#[cfg(feature = "video")]
pub mod video;
mod whole_blocks;
pub(crate) mod window;
pub(crate) mod wrapping;
