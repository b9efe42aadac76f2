//! Binary cross-entropy loss.

use burn::tensor::Tensor;

use super::Loss;

/// Probabilities are clamped by this much from 0 and 1, as in Keras.
const LEAST: f32 = 1e-7;

/// Mean of −t·ln p − (1 − t)·ln(1 − p) over patches, in one element, for probabilities p and labels t of 0 or
/// 1.
pub fn loss(out: Tensor<4>, labels: Tensor<4>) -> Tensor<1> {
    let p = out.clamp(LEAST, 1.0 - LEAST);
    let other = |x: Tensor<4>| x.mul_scalar(-1.0).add_scalar(1.0);
    let right = labels.clone() * p.clone().log() + other(labels) * other(p).log();
    right.mean().mul_scalar(-1.0)
}

/// Registry entry.
pub const ENTRY: Loss = Loss {
    name: "cross-entropy",
    title: "cross-entropy of the probability of no banding and each patch's label, for classifiers",
    labels: true,
    of: |at| Ok(loss(at.out.clone(), at.gt.clone())),
    ..Loss::PLAIN
};
