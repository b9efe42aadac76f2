//! Relative L1 loss: absolute difference as a share of the banded image's.
//!
//! Degradations differ in strength by a factor of 20, and a plain mean would be dominated by the strongest.

use burn::tensor::Tensor;

use super::patch_means;

/// Added to a patch's error so that nearly clean patches do not dominate: the error of rounding to 8 bits.
const LEAST: f64 = 0.25 / 255.0;

/// Mean over patches of (mean |out − gt|) / (mean |lq − gt|), in one element: below 1 when better than doing
/// nothing.
pub fn loss(out: Tensor<4>, gt: Tensor<4>, lq: Tensor<4>) -> Tensor<1> {
    let before = patch_means((lq - gt.clone()).abs()).detach().add_scalar(LEAST);
    (patch_means((out - gt).abs()) / before).mean()
}
