//! Multi-scale structural similarity (MS-SSIM) loss in GGDBN's form.

use burn::tensor::module::conv2d;
use burn::tensor::ops::ConvOptions;
use burn::tensor::{Tensor, TensorData};

use super::Loss;

use crate::TrainError;

const WEIGHTS: [f64; 5] = [0.0448, 0.2856, 0.3001, 0.2363, 0.1333];
const WINDOW: usize = 11;
const SIGMA: f64 = 1.5;

/// 1 − [`similarity`].
///
/// # Errors
/// As [`similarity`].
pub fn loss(out: Tensor<4>, gt: Tensor<4>) -> Result<Tensor<1>, TrainError> {
    Ok(similarity(out, gt)?.neg().add_scalar(1.0))
}

/// Five scales; means over the whole batch, mapped by (v + 1) / 2. In one element.
///
/// Differs from the usual metric, as its source does. The similarity of the coarsest scale is a factor of
/// each of the four others, so it enters four times. The window shrinks to the image without its sigma. The
/// value range is guessed from the network's image: 255 if it exceeds 128, else 1, and 1 more below −0.5.
///
/// Source: GGDBN, `loss/`.
///
/// # Errors
/// Images under 16×16 samples, which have no fifth scale; a device that fails to return its tensors.
pub fn similarity(out: Tensor<4>, gt: Tensor<4>) -> Result<Tensor<1>, TrainError> {
    let [_, _, height, width] = out.dims();
    if height.min(width) < 16 {
        return Err(TrainError::Patch { term: "ms-ssim", least: 16, height, width });
    }
    let read = |x: Tensor<1>| {
        x.try_into_vec_as::<f32>()
            .map(|v| v[0])
            .map_err(|e| TrainError::Read { name: "a loss".into(), why: e.to_string() })
    };
    let (low, high) = (read(out.clone().min())?, read(out.clone().max())?);
    let range = if high > 128.0 { 255.0 } else { 1.0 } + if low < -0.5 { 1.0 } else { 0.0 };
    let (mut a, mut b) = (out, gt);
    let mut contrasts: Vec<Tensor<1>> = Vec::new();
    let mut last = None;
    for level in 0..WEIGHTS.len() {
        if level > 0 {
            (a, b) = (half(a), half(b));
        }
        let (ssim, contrast) = means(a.clone(), b.clone(), range);
        contrasts.push(contrast);
        last = Some(ssim);
    }
    let unit = |x: Tensor<1>, power: f64| x.add_scalar(1.0).div_scalar(2.0).powf_scalar(power);
    let last = last.map_or_else(|| Tensor::ones([1], &a.device()), |x| unit(x, 4.0 * WEIGHTS[4]));
    let finer = contrasts.into_iter().zip(WEIGHTS).take(4);
    Ok(finer.fold(last, |product, (contrast, weight)| product * unit(contrast, weight)))
}

/// Means of 2×2 samples; an odd last row or column is skipped.
fn half(x: Tensor<4>) -> Tensor<4> {
    let [n, c, h, w] = x.dims();
    let (h, w) = (h / 2, w / 2);
    let even = x.narrow(2, 0, 2 * h).narrow(3, 0, 2 * w);
    even.reshape([n * c, h, 2, w, 2]).mean_dim(4).mean_dim(2).reshape([n, c, h, w])
}

/// Means of structural similarity and of its contrast part.
fn means(a: Tensor<4>, b: Tensor<4>, range: f64) -> (Tensor<1>, Tensor<1>) {
    let [n, c, h, w] = a.dims();
    let (c1, c2) = ((0.01 * range).powi(2), (0.03 * range).powi(2));
    let (a, b) = (a.reshape([n * c, 1, h, w]), b.reshape([n * c, 1, h, w]));
    // Variances are independent of an offset; relative to the middle of the range, fewer digits cancel.
    let middle = 0.5 * range;
    let (a, b) = (a.sub_scalar(middle), b.sub_scalar(middle));
    let (mean_a, mean_b) = (blur(a.clone()), blur(b.clone()));
    let squares = mean_a.clone().square() + mean_b.clone().square();
    let variances = blur(a.clone().square() + b.clone().square()) - squares;
    let covariance = blur(a * b) - mean_a.clone() * mean_b.clone();
    let (mean_a, mean_b) = (mean_a.add_scalar(middle), mean_b.add_scalar(middle));
    let (aa, bb, ab) = (mean_a.clone().square(), mean_b.clone().square(), mean_a * mean_b);
    let contrast = covariance.mul_scalar(2.0).add_scalar(c2) / variances.add_scalar(c2);
    let ssim = ab.mul_scalar(2.0).add_scalar(c1) / (aa + bb).add_scalar(c1) * contrast.clone();
    (ssim.mean(), contrast.mean())
}

/// Gaussian mean without padding, first horizontally, then vertically.
fn blur(x: Tensor<4>) -> Tensor<4> {
    let [_, _, h, w] = x.dims();
    let size = WINDOW.min(h).min(w);
    let bell = |i: usize| (-(i as f64 - (size / 2) as f64).powi(2) / (2.0 * SIGMA * SIGMA)).exp();
    let sum: f64 = (0..size).map(bell).sum();
    let kernel: Vec<f32> = (0..size).map(|i| (bell(i) / sum) as f32).collect();
    let device = x.device();
    let kernel = |shape: [usize; 4]| Tensor::from_data(TensorData::new(kernel.clone(), shape), &device);
    let plain = || ConvOptions::new([1, 1], [0, 0], [1, 1], 1);
    let (row, column) = (kernel([1, 1, 1, size]), kernel([1, 1, size, 1]));
    conv2d(conv2d(x, row, None, plain()), column, None, plain())
}

/// Registry entry.
pub const ENTRY: Loss = Loss {
    name: "ms-ssim",
    title: "1 − MS-SSIM, the form of GGDBN",
    of: |at| loss(at.out.clone(), at.gt.clone()),
    ..Loss::PLAIN
};
