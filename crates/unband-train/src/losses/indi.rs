//! Input of INDI in training: interpolation between clean and banded images.

use burn::tensor::Tensor;

/// (1 − t) · clean + t · banded. Images are `[N, C, H, W]`, `t` is `[N, 1, 1, 1]` in 0..=1.
///
/// Source: Delbracio & Milanfar 2023 (arXiv 2303.11435), §3; indi-debanding, `utils/indi.py`.
pub fn mix(clean: Tensor<4>, banded: Tensor<4>, t: Tensor<4>) -> Tensor<4> {
    clean.clone() + (banded - clean) * t
}
