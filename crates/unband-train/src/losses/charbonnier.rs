//! Charbonnier loss, a smooth form of the absolute difference.

use burn::tensor::Tensor;

use super::Loss;

/// Mean of √((out − gt)² + eps²), in one element.
///
/// Source: Uformer, `losses.py`, with an eps of 1e-3.
pub fn loss(out: Tensor<4>, gt: Tensor<4>, eps: f64) -> Tensor<1> {
    (out - gt).square().add_scalar(eps * eps).sqrt().mean()
}

/// Registry entry.
pub const ENTRY: Loss = Loss {
    name: "charbonnier",
    title: "√(difference² + eps²)",
    option: Some("eps"),
    of: |at| Ok(loss(at.out.clone(), at.gt.clone(), at.term.eps.unwrap_or(1e-3))),
    ..Loss::PLAIN
};
