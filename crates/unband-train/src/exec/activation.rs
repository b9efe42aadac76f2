use std::f64::consts::FRAC_1_SQRT_2;

use burn::tensor::{Tensor, activation};
use unband_nets::layer::activation::Activation;

use super::Execution;

impl Execution<'_> {
    pub(super) fn activation(&self, kind: &Activation, x: Tensor<4>) -> Tensor<4> {
        match kind {
            Activation::Relu => activation::relu(x),
            Activation::LeakyRelu(slope) => activation::leaky_relu(x, *slope),
            // At 0 the slope is that of the negative side, as in PyTorch: layers that start at 0 learn.
            Activation::PRelu { weight, .. } => {
                let positive = activation::relu(x.clone());
                positive.clone() + (x - positive) * self.channels(*weight)
            }
            Activation::Tanh => x.tanh(),
            Activation::Sigmoid => activation::sigmoid(x),
            Activation::Silu => activation::silu(x),
            Activation::Mish => activation::mish(x),
            // On graphics cards, Burn's own uses the slope of an approximation, which is off by 1e-3.
            Activation::Gelu => {
                x.clone() * (x.mul_scalar(FRAC_1_SQRT_2).erf().add_scalar(1.0)).mul_scalar(0.5)
            }
            Activation::Sin => x.sin(),
            Activation::Exp => x.exp(),
        }
    }
}
