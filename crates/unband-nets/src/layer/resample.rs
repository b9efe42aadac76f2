//! Up- and downsampling.

use crate::net::Net;
use crate::shape::Shape;
use crate::{Op, Value};

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

impl Net {
    /// Each sample repeated `f` times down and across.
    pub fn upsample_nearest(&mut self, x: Value, f: usize) -> Value {
        let channels = self.channels(x);
        self.push(Op::UpsampleNearest(f), &[x], channels)
    }

    /// Resizes to the size of `like`: bilinear with half-pixel centres and clamped borders, as PyTorch's
    /// `interpolate` with `align_corners=False`.
    pub fn bilinear_like(&mut self, x: Value, like: Value) -> Value {
        let channels = self.channels(x);
        self.push(Op::BilinearLike, &[x, like], channels)
    }
}
