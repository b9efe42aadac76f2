//! Kernels of image operations: resizing, orientation, rounding.

pub mod codes;
pub mod quantize;
pub mod resize;
pub mod transpose;
