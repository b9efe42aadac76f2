//! L2 loss: mean squared difference.

use burn::tensor::Tensor;

use super::Loss;

/// Mean of (out − gt)², in one element.
pub fn loss(out: Tensor<4>, gt: Tensor<4>) -> Tensor<1> {
    (out - gt).square().mean()
}

/// Registry entry.
pub const ENTRY: Loss = Loss {
    name: "l2",
    title: "squared difference",
    of: |at| Ok(loss(at.out.clone(), at.gt.clone())),
    ..Loss::PLAIN
};
