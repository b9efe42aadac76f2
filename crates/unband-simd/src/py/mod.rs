//! Kernels of the Python package: codes of pixels.

pub mod samples;
