//! Kernels of the detector.

pub mod inspect;
