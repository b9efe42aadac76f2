//! Loops of images: resizing, orientation, rounding.

pub mod quantize;
pub mod resize;
pub mod transpose;
