//! Integration tests of the library in one program, to link once.
#![allow(missing_docs, clippy::unwrap_used)]

mod causes;
mod directions;
mod drawn;
#[cfg(feature = "evaluate")]
mod evaluate;
mod faithful;
#[cfg(feature = "files")]
mod files;
#[cfg(feature = "video")]
mod frames_in_order;
mod jpeg;
mod levels;
mod linear_light;
mod memory;
#[cfg(feature = "files")]
mod metrics;
mod networks;
mod odd_crops;
mod transparent;
mod upscaled;
mod whole_steps;
