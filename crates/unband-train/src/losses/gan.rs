//! pix2pix's game of two networks: binary cross-entropy of logits.

use burn::tensor::Tensor;

/// Mean cross-entropy of logits that should all say real, or all made. In one element.
///
/// Source: pix2pix, `models/networks.py`, `GANLoss` in its mode "vanilla".
pub fn loss(logits: Tensor<4>, real: bool) -> Tensor<1> {
    let towards = if real { logits.clone().neg() } else { logits.clone() };
    // log(1 + eˣ) without overflow.
    let tail = logits.abs().neg().exp().log1p();
    (towards.clamp_min(0.0) + tail).mean()
}
