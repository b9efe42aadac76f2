//! Perceptual loss: difference of VGG-19 features.

use burn::tensor::Tensor;

use super::{Loss, l1};
use crate::{Model, TrainError};

/// Weights of VGG-19's five layers: `conv1_2`, `conv2_2`, `conv3_4`, `conv4_4`, `conv5_4`, before their
/// rectifiers.
pub const WEIGHTS: [f64; 5] = [0.1, 0.1, 1.0, 1.0, 1.0];

/// The weighted sum of mean absolute differences of features, in one element. Images are `[N, 3, H, W]` of 0
/// to 1;
/// `features` is VGG-19, see [`Model::frozen`].
///
/// Source: cszn/KAIR, `models/loss.py`, `PerceptualLoss` with the layers 2, 7, 16, 25, 34.
///
/// # Errors
/// A network with other inputs or outputs.
pub fn loss(features: &Model, out: Tensor<4>, gt: Tensor<4>) -> Result<Tensor<1>, TrainError> {
    let (seen, wanted) = (features.run(&[out])?, features.run(&[gt.detach()])?);
    let total = Tensor::zeros([1], &seen[0].device());
    let parts = seen.into_iter().zip(wanted).zip(WEIGHTS);
    Ok(parts.fold(total, |sum, ((a, b), weight)| sum + l1::loss(a, b).mul_scalar(weight)))
}

/// Registry entry.
pub const ENTRY: Loss = Loss {
    name: "perceptual",
    title: "absolute difference of VGG-19 features, whose weights the user supplies; skipped if its weight is 0",
    option: Some("features"),
    of: |at| loss(at.features.ok_or(TrainError::NoFeatures { file: None })?, at.out.clone(), at.gt.clone()),
    ..Loss::PLAIN
};
