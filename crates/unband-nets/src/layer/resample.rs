//! Larger and smaller pictures.

use crate::net::Net;
use crate::shape::Shape;
use crate::{Op, Value};

pub(crate) fn like(inputs: &[Shape]) -> Result<Shape, String> {
    let [x, like] = inputs else { return Err("takes two values".into()) };
    Ok(like.with_channels(x.channels))
}

impl Net {
    /// Each sample repeated `f` times down and across.
    pub fn upsample_nearest(&mut self, x: Value, f: usize) -> Value {
        let channels = self.channels(x);
        self.push(Op::UpsampleNearest(f), &[x], channels)
    }

    /// To the size of `like`, bilinear with half-pixel centres and clamped borders, as PyTorch's `interpolate` with
    /// `align_corners=False`.
    pub fn bilinear_like(&mut self, x: Value, like: Value) -> Value {
        let channels = self.channels(x);
        self.push(Op::BilinearLike, &[x, like], channels)
    }
}
