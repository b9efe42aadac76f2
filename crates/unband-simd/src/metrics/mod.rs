//! Kernels of metrics.

pub mod cambi;
