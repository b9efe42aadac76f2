//! Up- and downsampling.

use crate::shape::Shape;

pub(crate) fn like(inputs: &[Shape]) -> Result<Shape, String> {
    let [x, like] = inputs else { return Err("takes two values".into()) };
    Ok(like.with_channels(x.channels))
}

/// Interpolation of one sample in bilinear resizing, along one axis: `(1 − share) · first + share · second`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Tap {
    /// Index of the nearest sample before it.
    pub first: usize,
    /// Index of the next sample; at the end of the axis the same one.
    pub second: usize,
    /// Weight of the second, 0 to 1.
    pub share: f32,
}

impl Tap {
    /// Interpolation of sample `i` of `to`, from `from` input samples, at least 1: half-pixel centres,
    /// borders clamped, as PyTorch without `align_corners`.
    pub fn of(i: usize, from: usize, to: usize) -> Self {
        let at = ((i as f32 + 0.5) * (from as f32 / to as f32) - 0.5).max(0.0);
        let first = (at as usize).min(from - 1);
        Self { first, second: (first + 1).min(from - 1), share: at - first as f32 }
    }
}
