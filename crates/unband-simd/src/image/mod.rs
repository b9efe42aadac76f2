//! Loops of images: resizing, orientation, rounding, codes of pixels.

pub mod quantize;
pub mod resize;
pub mod samples;
pub mod transpose;
