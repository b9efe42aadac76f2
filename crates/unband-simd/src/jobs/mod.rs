//! Kernels of the jobs.

pub mod change;
pub mod faithful;
pub mod motion;
pub mod ringing;
