//! Sum of squared differences, per image.

use burn::tensor::Tensor;

use super::Loss;

/// Result in one element: the sum over all samples, averaged over the images, so that parts of a batch have
/// the gradients of the whole. The trainer multiplies it by the batch, as KAIR's `MSELoss(reduction="sum")`
/// adds up the images.
pub fn loss(out: Tensor<4>, gt: Tensor<4>) -> Tensor<1> {
    let images = out.dims()[0];
    (out - gt).square().sum().div_scalar(images as f64)
}

/// Registry entry.
pub const ENTRY: Loss = Loss {
    name: "l2sum",
    title: "squared difference, summed over the batch instead of averaged",
    summed: true,
    of: |at| Ok(loss(at.out.clone(), at.gt.clone())),
    ..Loss::PLAIN
};
