//! Kernels of image files.

pub mod jpeg_chroma;
pub mod jpeg_dct;
