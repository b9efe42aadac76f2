//! Adversarial losses: distance of the discriminator's values from those of real or generated images.

use burn::tensor::Tensor;

use crate::recipe::Rules;

/// Result in one element. `values` are the discriminator's, for images that should all be classified as real,
/// or as generated.
///
/// Source: pix2pix, `models/networks.py`, `GANLoss` in its mode "vanilla" (binary cross-entropy of logits);
/// cszn/KAIR,
/// `models/loss.py`, `GANLoss` in its mode "lsgan" (squared distance from 1 or 0).
pub fn loss(rules: Rules, values: Tensor<4>, real: bool) -> Tensor<1> {
    match rules {
        Rules::Pix2pix => {
            let towards = if real { values.clone().neg() } else { values.clone() };
            // log(1 + eˣ) without overflow.
            let tail = values.abs().neg().exp().log1p();
            (towards.clamp_min(0.0) + tail).mean()
        }
        Rules::Lsgan => values.sub_scalar(if real { 1.0 } else { 0.0 }).square().mean(),
    }
}
