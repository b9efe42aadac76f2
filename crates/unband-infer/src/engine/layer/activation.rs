//! Activation functions.

use unband_nets::layer::activation::Activation;
use unband_simd::{infer::math, infer::net};

use super::InPlaceOp;
use crate::engine::in_place::RowPlace;

impl InPlaceOp for Activation {
    fn apply(&self, at: &RowPlace<'_>, row: &mut [f32]) {
        let level = at.level();
        match self {
            Self::Relu => net::leaky(level, row, 0.0),
            Self::LeakyRelu(slope) => net::leaky(level, row, *slope as f32),
            Self::PRelu { weight, .. } => match at.param(*weight) {
                [slope] => net::leaky(level, row, *slope),
                slopes => net::leaky_each(level, row, slopes),
            },
            Self::Tanh => math::tanh(level, row),
            Self::Sigmoid => math::sigmoid(level, row),
            Self::Silu => math::silu(level, row),
            Self::Mish => math::mish(level, row),
            Self::Gelu => math::gelu(level, row),
            Self::Sin => math::sin(level, row),
            Self::Exp => math::exp(level, row),
        }
    }
}
