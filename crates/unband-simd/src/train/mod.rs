//! Kernels of training.

pub mod conv_grad;
