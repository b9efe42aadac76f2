//! Up- and downsampling.

use serde::{Deserialize, Serialize};

use super::{OpRole, Operation};
use crate::onnx::{Attribute, Builder};
use crate::shape::{Reach, Shape};
use crate::{Net, Op, Value};

/// Each sample repeated, down and across.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UpsampleNearest {
    /// Number of repeats.
    pub factor: usize,
}

impl Operation for UpsampleNearest {
    fn label(&self) -> String {
        format!("nearest × {}", self.factor)
    }

    fn shape(&self, x: Shape, _: &[Shape]) -> Result<Shape, String> {
        Ok(Shape::new(x.channels, x.height * self.factor, x.width * self.factor))
    }

    fn reach(&self) -> Reach {
        Reach::repeated(self.factor)
    }

    fn role(&self) -> OpRole {
        OpRole::Arrange
    }

    fn onnx(&self, b: &mut Builder<'_>, x: &[&str]) -> String {
        let factor = self.factor as f32;
        let scales = b.floats(&format!("scales/{factor}"), &[4], &[1.0, 1.0, factor, factor]);
        let words = [("mode", "nearest"), ("nearest_mode", "floor")];
        resized(b, &[x[0], "", &scales], &words, "asymmetric")
    }
}

/// Resizing to the size of the second input: bilinear, half-pixel centres.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BilinearLike;

impl Operation for BilinearLike {
    fn label(&self) -> String {
        "bilinear".into()
    }

    fn shape(&self, x: Shape, inputs: &[Shape]) -> Result<Shape, String> {
        let [_, like] = inputs else { return Err("takes two values".into()) };
        Ok(like.with_channels(x.channels))
    }

    /// Two neighbours on each side.
    fn reach(&self) -> Reach {
        Reach { radius: 1.0, ..Reach::POINT }
    }

    fn size_input(&self) -> usize {
        1
    }

    fn onnx(&self, b: &mut Builder<'_>, x: &[&str]) -> String {
        let channels = b.dimensions(x[0], 0, 2);
        let size = b.dimensions(x[1], 2, 4);
        let size = b.concat(&[&channels, &size], 0);
        resized(b, &[x[0], "", "", &size], &[("mode", "linear")], "half_pixel")
    }
}

fn resized(b: &mut Builder<'_>, inputs: &[&str], words: &[(&str, &str)], coordinates: &str) -> String {
    let mut settings = vec![Attribute::word("coordinate_transformation_mode", coordinates)];
    settings.extend(words.iter().map(|(name, word)| Attribute::word(name, word)));
    b.with("Resize", inputs, settings)
}

impl Net {
    /// Each sample repeated `f` times down and across.
    pub fn upsample_nearest(&mut self, x: Value, f: usize) -> Value {
        let channels = self.channels(x);
        self.push(Op::UpsampleNearest(UpsampleNearest { factor: f }), &[x], channels)
    }

    /// Resizes to the size of `like`: bilinear with half-pixel centres and clamped borders, as PyTorch's
    /// `interpolate` with `align_corners=False`.
    pub fn bilinear_like(&mut self, x: Value, like: Value) -> Value {
        let channels = self.channels(x);
        self.push(Op::BilinearLike(BilinearLike), &[x, like], channels)
    }
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
    pub fn new(i: usize, from: usize, to: usize) -> Self {
        let at = ((i as f32 + 0.5) * (from as f32 / to as f32) - 0.5).max(0.0);
        let first = (at as usize).min(from - 1);
        Self { first, second: (first + 1).min(from - 1), share: at - first as f32 }
    }
}
