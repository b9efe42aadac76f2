//! Jobs: deband and upscale images, files and videos.

mod alpha;
#[cfg(feature = "files")]
mod aside;
mod centred;
mod distances;
mod ends;
#[cfg(feature = "files")]
pub mod files;
pub mod image;
mod memory;
mod neutral;
mod not_finite;
mod pipeline;
mod resized;
#[cfg(feature = "files")]
mod rgb;
pub(crate) mod round;
mod tally;
mod turned;
pub mod upscale;
#[cfg(feature = "files")]
pub mod video;
