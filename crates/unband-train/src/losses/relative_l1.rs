//! Relative L1 loss: absolute difference as a share of the banded image's.
//!
//! Degradations differ in strength by a factor of 20, and a plain mean would be dominated by the strongest.

use burn::tensor::Tensor;

use super::{Loss, patch_means};

/// Mean absolute error of rounding to 8 bits, added to a patch's error so that nearly clean patches do not
/// dominate.
const ROUNDING_ERROR: f64 = 0.25 / 255.0;

/// Mean over patches of (mean |out − gt|) / (mean |lq − gt|), in one element: below 1 when better than doing
/// nothing.
pub fn loss(out: Tensor<4>, gt: Tensor<4>, lq: Tensor<4>) -> Tensor<1> {
    let before = patch_means((lq - gt.clone()).abs()).detach().add_scalar(ROUNDING_ERROR);
    (patch_means((out - gt).abs()) / before).mean()
}

/// Registry entry.
pub const ENTRY: Loss = Loss {
    name: "relative-l1",
    title: "absolute difference of each patch relative to the degraded patch's, so that weak degradation has the \
            same weight as strong",
    relative: true,
    of: |at| Ok(loss(at.out.clone(), at.gt.clone(), at.lq.clone())),
    ..Loss::PLAIN
};
