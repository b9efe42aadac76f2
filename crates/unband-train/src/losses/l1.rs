//! L1 loss: mean absolute difference.

use burn::tensor::Tensor;

use super::Loss;

/// Mean of |out − gt|, in one element.
pub fn loss(out: Tensor<4>, gt: Tensor<4>) -> Tensor<1> {
    (out - gt).abs().mean()
}

/// Registry entry.
pub const ENTRY: Loss = Loss {
    name: "l1",
    title: "absolute difference",
    of: |at| Ok(loss(at.out.clone(), at.gt.clone())),
    ..Loss::PLAIN
};
