//! Loops of training.

pub mod conv_grad;
