//! L2 loss: mean squared difference.

use burn::tensor::Tensor;

/// Mean of (out − gt)², in one element.
pub fn loss(out: Tensor<4>, gt: Tensor<4>) -> Tensor<1> {
    (out - gt).square().mean()
}
