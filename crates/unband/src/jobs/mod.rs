//! Jobs: deband and upscale images, files and videos.

mod alpha;
mod centred;
pub(crate) mod check;
mod distances;
mod earlier;
mod ends;
#[cfg(feature = "files")]
mod extra_output;
#[cfg(feature = "files")]
pub mod files;
mod hidden;
pub(crate) mod image;
pub(crate) mod memory;
mod neutral;
mod not_finite;
mod pipeline;
mod resized;
mod rgb;
mod ringing;
pub(crate) mod round;
mod stages;
mod tally;
mod turned;
pub(crate) mod upscale;
#[cfg(feature = "video")]
pub mod video;
