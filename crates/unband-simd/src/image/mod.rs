//! Kernels of image operations: resizing, orientation, rounding, interleaved codes.

pub mod codes;
pub mod quantize;
pub mod resize;
pub mod samples;
pub mod transpose;
