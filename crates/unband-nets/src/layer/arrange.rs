//! Rearrangement of samples: concat, slice, crop, pixel shuffle, flatten.

use serde::{Deserialize, Serialize};

use super::{OpRole, Operation};
use crate::onnx::{Attribute, Builder};
use crate::shape::{Reach, Shape};
use crate::{Net, Op, Value};

/// Concatenation of channels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Concat;

impl Operation for Concat {
    fn label(&self) -> String {
        "concat".into()
    }

    fn shape(&self, first: Shape, inputs: &[Shape]) -> Result<Shape, String> {
        if let Some(other) = inputs.iter().find(|s| (s.height, s.width) != (first.height, first.width)) {
            return Err(format!("{first} and {other} do not match"));
        }
        Ok(first.with_channels(inputs.iter().map(|s| s.channels).sum()))
    }

    fn role(&self) -> OpRole {
        OpRole::Arrange
    }

    fn onnx(&self, b: &mut Builder<'_>, x: &[&str]) -> String {
        b.concat(x, 1)
    }
}

/// A number of channels from `start`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Slice {
    /// First channel.
    pub start: usize,
    /// Number of channels.
    pub len: usize,
}

impl Operation for Slice {
    fn label(&self) -> String {
        format!("channels {}..{}", self.start, self.start + self.len)
    }

    fn shape(&self, x: Shape, _: &[Shape]) -> Result<Shape, String> {
        if self.start + self.len <= x.channels {
            Ok(x.with_channels(self.len))
        } else {
            Err(format!("channels {}..{} of {}", self.start, self.start + self.len, x.channels))
        }
    }

    fn role(&self) -> OpRole {
        OpRole::Arrange
    }

    fn onnx(&self, b: &mut Builder<'_>, x: &[&str]) -> String {
        b.slice(x[0], 1, self.start as i64, (self.start + self.len) as i64)
    }
}

/// The upper left part of the first input, as large as the second.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Crop;

impl Operation for Crop {
    fn label(&self) -> String {
        "crop".into()
    }

    fn shape(&self, _: Shape, inputs: &[Shape]) -> Result<Shape, String> {
        let [x, like] = inputs else { return Err("takes two values".into()) };
        if like.height > x.height || like.width > x.width {
            return Err(format!("{x} cannot be cropped to the size of {like}"));
        }
        Ok(like.with_channels(x.channels))
    }

    fn role(&self) -> OpRole {
        OpRole::Arrange
    }

    fn onnx(&self, b: &mut Builder<'_>, x: &[&str]) -> String {
        let size = b.dimensions(x[1], 2, 4);
        let [from, axes] = [[0, 0], [2, 3]].map(|numbers| b.ints(&numbers));
        b.op("Slice", &[x[0], &from, &size, &axes])
    }
}

/// Pixel-unshuffle: squares of samples into channels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PixelUnshuffle {
    /// Side of a square.
    pub factor: usize,
}

impl Operation for PixelUnshuffle {
    fn label(&self) -> String {
        format!("pixel unshuffle {}", self.factor)
    }

    fn shape(&self, x: Shape, _: &[Shape]) -> Result<Shape, String> {
        let f = self.factor;
        if f == 0 || !x.height.is_multiple_of(f) || !x.width.is_multiple_of(f) {
            return Err(format!("{}×{} are not multiples of {f}", x.height, x.width));
        }
        Ok(Shape::new(x.channels * f * f, x.height / f, x.width / f))
    }

    fn reach(&self) -> Reach {
        let f = self.factor as f64;
        Reach { radius: f - 1.0, step: f, global: false }
    }

    fn role(&self) -> OpRole {
        OpRole::Arrange
    }

    fn onnx(&self, b: &mut Builder<'_>, x: &[&str]) -> String {
        // `SpaceToDepth` orders channels within positions. Pixel-unshuffle here, as in PyTorch, orders
        // positions within channels, so each channel is processed alone. (Reordering its result by `Gather`
        // is folded wrongly into the next operation by `OpenVINO` 2026.4.)
        let single_channel = b.reshape(x[0], &[-1, 1, 0, 0]);
        let places =
            b.with("SpaceToDepth", &[&single_channel], vec![Attribute::int("blocksize", self.factor)]);
        b.reshape(&places, &[-1, b.channels as i64, 0, 0])
    }
}

/// Pixel-shuffle: channels into squares of samples.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PixelShuffle {
    /// Side of a square.
    pub factor: usize,
}

impl Operation for PixelShuffle {
    fn label(&self) -> String {
        format!("pixel shuffle {}", self.factor)
    }

    fn shape(&self, x: Shape, _: &[Shape]) -> Result<Shape, String> {
        let f = self.factor;
        if f == 0 || !x.channels.is_multiple_of(f * f) {
            return Err(format!("{} channels do not divide by {}", x.channels, f * f));
        }
        Ok(Shape::new(x.channels / (f * f), x.height * f, x.width * f))
    }

    fn reach(&self) -> Reach {
        Reach::repeated(self.factor)
    }

    fn role(&self) -> OpRole {
        OpRole::Arrange
    }

    fn onnx(&self, b: &mut Builder<'_>, x: &[&str]) -> String {
        let settings = vec![Attribute::int("blocksize", self.factor), Attribute::word("mode", "CRD")];
        b.with("DepthToSpace", x, settings)
    }
}

/// All samples as channels: row by row within a channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Flatten;

impl Operation for Flatten {
    fn label(&self) -> String {
        "flatten".into()
    }

    fn shape(&self, x: Shape, _: &[Shape]) -> Result<Shape, String> {
        Ok(Shape::new(x.len(), 1, 1))
    }

    fn reach(&self) -> Reach {
        Reach::GLOBAL
    }

    fn role(&self) -> OpRole {
        OpRole::Arrange
    }

    fn onnx(&self, b: &mut Builder<'_>, x: &[&str]) -> String {
        b.reshape(x[0], &[0, -1, 1, 1])
    }
}

impl Net {
    /// Concatenation of channels.
    pub fn concat(&mut self, values: &[Value]) -> Value {
        let channels = values.iter().map(|&v| self.channels(v)).sum();
        self.push(Op::Concat(Concat), values, channels)
    }

    /// A slice of the channels.
    pub fn slice(&mut self, x: Value, start: usize, len: usize) -> Value {
        if start + len > self.channels(x) {
            self.fault(format!("channels {start}..{} of {}", start + len, self.channels(x)));
        }
        self.push(Op::Slice(Slice { start, len }), &[x], len)
    }

    /// The two halves of the channels.
    pub fn halves(&mut self, x: Value) -> (Value, Value) {
        let half = self.channels(x) / 2;
        let rest = self.channels(x) - half;
        (self.slice(x, 0, half), self.slice(x, half, rest))
    }

    /// out[c·f² + dy·f + dx, y, x] = in[c, y·f + dy, x·f + dx].
    pub fn pixel_unshuffle(&mut self, x: Value, f: usize) -> Value {
        let channels = self.channels(x) * f * f;
        self.push(Op::PixelUnshuffle(PixelUnshuffle { factor: f }), &[x], channels)
    }

    /// The inverse of [`Net::pixel_unshuffle`].
    pub fn pixel_shuffle(&mut self, x: Value, f: usize) -> Value {
        let channels = self.channels(x);
        if f == 0 || !channels.is_multiple_of(f * f) {
            self.fault(format!("{channels} channels do not divide by {}", f * f));
        }
        self.push(Op::PixelShuffle(PixelShuffle { factor: f }), &[x], channels / (f * f).max(1))
    }

    /// The upper left part of `x`, as large as `like`.
    pub fn crop_like(&mut self, x: Value, like: Value) -> Value {
        let channels = self.channels(x);
        self.push(Op::Crop(Crop), &[x, like], channels)
    }

    /// Flattens everything into channels, row by row within a channel. `size` is the required side of the
    /// input.
    pub fn flatten(&mut self, x: Value, height: usize, width: usize) -> Value {
        let channels = self.channels(x) * height * width;
        self.push(Op::Flatten(Flatten), &[x], channels)
    }
}
