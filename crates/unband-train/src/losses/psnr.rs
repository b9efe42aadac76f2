//! PSNR loss: logarithm of each patch's mean squared difference.
//!
//! A plain mean is dominated by noisy and textured patches, whose differences are hundreds of times those of
//! smooth and undamaged ones.

use burn::tensor::Tensor;

use super::{Loss, patch_means};

/// Mean squared error of rounding to 8 bits: nearer patches have less weight.
const ROUNDING_MSE: f64 = 1.0 / (12.0 * 255.0 * 255.0);

/// Mean over patches of 10 · log₁₀ (1 + mean (out − gt)² / `ROUNDING_MSE`), in one element.
///
/// Source: Chen et al., ECCV 2022 (`NAFNet`), `PSNRLoss`, with another offset.
pub fn loss(out: Tensor<4>, gt: Tensor<4>) -> Tensor<1> {
    let squares = patch_means((out - gt).square());
    squares.div_scalar(ROUNDING_MSE).add_scalar(1.0).log().mean().mul_scalar(10.0 / std::f64::consts::LN_10)
}

/// Registry entry.
pub const ENTRY: Loss = Loss {
    name: "psnr",
    title: "PSNR of each patch, so that smooth and undamaged patches have the same weight as noisy ones",
    of: |at| Ok(loss(at.out.clone(), at.gt.clone())),
    ..Loss::PLAIN
};
