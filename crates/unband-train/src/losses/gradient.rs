//! Loss of GGDBN's gradient branch against the clean image's gradient.

use burn::tensor::module::conv2d;
use burn::tensor::ops::ConvOptions;
use burn::tensor::{Tensor, TensorData};

use super::Loss;
use crate::TrainError;

/// Mean of |gradient − sobel(gray(gt))|, in one element. `gradient` is `[N, 1, H, W]`, `gt` `[N, 3, H, W]`.
///
/// Source: GGDBN, `loss/`.
pub fn loss(gradient: Tensor<4>, gt: Tensor<4>) -> Tensor<1> {
    (gradient - sobel(gt)).abs().mean()
}

/// Magnitude of the Sobel gradient of 0.2989 R + 0.587 G + 0.114 B, zero padding: `[N, 3, H, W]` to `[N, 1,
/// H, W]`.
pub fn sobel(x: Tensor<4>) -> Tensor<4> {
    let device = x.device();
    let weights = TensorData::new(vec![0.2989f32, 0.587, 0.114], [1, 3, 1, 1]);
    let gray = (x * Tensor::from_data(weights, &device)).sum_dim(1);
    let kernels: Vec<f32> = [
        [1, 0, -1, 2, 0, -2, 1, 0, -1], // across
        [1, 2, 1, 0, 0, 0, -1, -2, -1], // down
    ]
    .concat()
    .into_iter()
    .map(|v: i8| f32::from(v))
    .collect();
    let kernels = Tensor::<4>::from_data(TensorData::new(kernels, [2, 1, 3, 3]), &device);
    let both = conv2d(gray, kernels, None, ConvOptions::new([1, 1], [1, 1], [1, 1], 1));
    both.square().sum_dim(1).sqrt()
}

/// Registry entry.
pub const ENTRY: Loss = Loss {
    name: "gradient",
    title: "the second output against the gradient of the clean image",
    of: |at| {
        let gradient = at.outputs.get(1).ok_or(TrainError::NoOutput { term: "gradient", output: 1 })?;
        Ok(loss(gradient.clone(), at.gt.clone()))
    },
    ..Loss::PLAIN
};
