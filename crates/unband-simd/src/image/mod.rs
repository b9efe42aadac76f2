//! Kernels of image operations: resizing, orientation, rounding.

pub mod quantize;
pub mod resize;
pub mod transpose;
