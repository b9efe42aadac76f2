//! Relative step loss: steps absent from the clean image, as a share of the banded image's.
//!
//! The eye sees banding as steps, which hardly affect differences of samples.

use burn::tensor::Tensor;

use super::{Loss, patch_means};
use crate::TrainError;

/// Side of the squares whose means are compared.
const SQUARE: usize = 4;
/// With a clean step of this height, a false one has half the weight: changes of the image itself mask it.
const CODE: f64 = 1.0 / 255.0;
/// Added to a patch's steps so that nearly clean patches do not dominate.
const LEAST: f64 = 0.05 / 255.0;

/// Mean over patches of the mean difference between the steps of `out` and of `gt` over that between `lq` and
/// `gt`, in one
/// element: below 1 when better than doing nothing. `[N, C, H, W]`.
///
/// A step is the difference between the means of two neighbouring squares of 4×4 samples. Its weight is 1 /
/// (1 + s²), where s is the clean step in codes. Rows and columns beyond the last whole square are skipped.
///
/// # Errors
/// Images under 8×8 samples, which have no two adjacent squares.
pub fn loss(out: Tensor<4>, gt: Tensor<4>, lq: Tensor<4>) -> Result<Tensor<1>, TrainError> {
    let [_, _, height, width] = gt.dims();
    if height.min(width) < 2 * SQUARE {
        return Err(TrainError::Patch { term: "relative-steps", least: 2 * SQUARE, height, width });
    }
    let (after, before) = (steps(out - gt.clone()), steps(lq - gt.clone()));
    let weights = steps(gt).map(|clean| clean.div_scalar(CODE).square().add_scalar(1.0).recip());
    let mean = |of: [Tensor<4>; 2]| {
        let [across, down] = [0, 1].map(|i| patch_means(of[i].clone().abs() * weights[i].clone()));
        across + down
    };
    let before = mean(before).detach().add_scalar(LEAST);
    Ok((mean(after) / before).mean())
}

/// Differences of neighbouring means, horizontal and vertical.
fn steps(x: Tensor<4>) -> [Tensor<4>; 2] {
    let [n, c, h, w] = x.dims();
    let (h, w) = (h / SQUARE, w / SQUARE);
    let whole = x.narrow(2, 0, h * SQUARE).narrow(3, 0, w * SQUARE);
    let means = whole.reshape([n * c, h, SQUARE, w, SQUARE]).mean_dim(4).mean_dim(2).reshape([n, c, h, w]);
    let apart = |dim: usize, size: usize| {
        means.clone().narrow(dim, 1, size - 1) - means.clone().narrow(dim, 0, size - 1)
    };
    [apart(3, w), apart(2, h)]
}

/// Registry entry.
pub const ENTRY: Loss = Loss {
    name: "relative-steps",
    title: "steps between neighbouring squares of 4×4 samples that are absent from the clean image, relative to \
            the degraded patch's",
    relative: true,
    of: |at| loss(at.out.clone(), at.gt.clone(), at.lq.clone()),
    ..Loss::PLAIN
};
