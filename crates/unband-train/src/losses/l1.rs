//! L1 loss: mean absolute difference.

use burn::tensor::Tensor;

/// Mean of |out − gt|, in one element.
pub fn loss(out: Tensor<4>, gt: Tensor<4>) -> Tensor<1> {
    (out - gt).abs().mean()
}
