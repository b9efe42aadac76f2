//! Jobs: deband and upscale images, files and videos.

#[cfg(feature = "files")]
mod aside;
mod centred;
mod ends;
#[cfg(feature = "files")]
pub mod files;
pub mod image;
mod memory;
mod not_finite;
mod pipeline;
mod resized;
#[cfg(feature = "files")]
mod rgb;
mod round;
mod tally;
mod turned;
pub mod upscale;
#[cfg(feature = "files")]
pub mod video;
