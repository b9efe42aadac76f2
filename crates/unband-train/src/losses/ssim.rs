//! 1 − SSIM with windows of 11 samples that are zero outside the image.

use burn::tensor::module::conv2d;
use burn::tensor::ops::ConvOptions;
use burn::tensor::{Tensor, TensorData};

use super::Loss;

const SIDE: usize = 11;
const SIGMA: f64 = 1.5;

/// Result in one element. KAIR's `ssim` minimises the similarity itself, which drives images apart; this is 1
/// minus it.
pub fn loss(out: Tensor<4>, gt: Tensor<4>) -> Tensor<1> {
    similarity(out, gt).neg().add_scalar(1.0)
}

/// Mean SSIM over all samples and channels, values of 0 to 1.
///
/// Source: cszn/KAIR, `models/loss_ssim.py`, `SSIMLoss`, after Po-Hsun-Su/pytorch-ssim.
pub fn similarity(a: Tensor<4>, b: Tensor<4>) -> Tensor<1> {
    let (c1, c2) = (0.01f64.powi(2), 0.03f64.powi(2));
    let (mean_a, mean_b) = (blurred(a.clone()), blurred(b.clone()));
    let (square_a, square_b) = (mean_a.clone().square(), mean_b.clone().square());
    let both = mean_a * mean_b;
    let variance_a = blurred(a.clone().square()) - square_a.clone();
    let variance_b = blurred(b.clone().square()) - square_b.clone();
    let covariance = blurred(a * b) - both.clone();
    let above = both.mul_scalar(2.0).add_scalar(c1) * covariance.mul_scalar(2.0).add_scalar(c2);
    let below = (square_a + square_b).add_scalar(c1) * (variance_a + variance_b).add_scalar(c2);
    (above / below).mean()
}

/// Gaussian mean of each channel, zero outside.
fn blurred(x: Tensor<4>) -> Tensor<4> {
    let [n, c, h, w] = x.dims();
    let tap = |i: usize| (-(i as f64 - (SIDE / 2) as f64).powi(2) / (2.0 * SIGMA * SIGMA)).exp();
    let sum: f64 = (0..SIDE).map(tap).sum();
    let window: Vec<f32> =
        (0..SIDE * SIDE).map(|i| (tap(i / SIDE) * tap(i % SIDE) / (sum * sum)) as f32).collect();
    let window = Tensor::<4>::from_data(TensorData::new(window, [1, 1, SIDE, SIDE]), &x.device());
    let options = ConvOptions::new([1, 1], [SIDE / 2, SIDE / 2], [1, 1], 1);
    conv2d(x.reshape([n * c, 1, h, w]), window, None, options).reshape([n, c, h, w])
}

/// Registry entry.
pub const ENTRY: Loss = Loss {
    name: "ssim",
    title: "1 − SSIM, windows of 11 samples",
    of: |at| Ok(loss(at.out.clone(), at.gt.clone())),
    ..Loss::PLAIN
};
