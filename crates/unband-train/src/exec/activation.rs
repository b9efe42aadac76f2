use burn::tensor::{Tensor, activation};
use unband_nets::layer::activation::Activation;

use super::Run;

impl Run<'_> {
    pub(super) fn activation(&self, kind: &Activation, x: Tensor<4>) -> Tensor<4> {
        match kind {
            Activation::Relu => activation::relu(x),
            Activation::LeakyRelu(slope) => activation::leaky_relu(x, *slope),
            Activation::PRelu { weight, .. } => {
                activation::relu(x.clone()) - activation::relu(x.neg()) * self.channels(*weight)
            }
            Activation::Tanh => x.tanh(),
            Activation::Sigmoid => activation::sigmoid(x),
            Activation::Silu => activation::silu(x),
            Activation::Gelu => activation::gelu(x),
            Activation::Sin => x.sin(),
            Activation::Exp => x.exp(),
        }
    }
}
