//! Kernels of the engine's layers.

pub mod attention;
pub mod cells;
pub mod conv;
pub mod deform;
pub mod deform_grad;
pub mod math;
pub mod net;
pub mod norm;
pub mod pool;
pub mod winograd;
