//! Rearrangement of samples: concat, slice, crop, pixel shuffle, flatten.

use crate::net::Net;
use crate::shape::Shape;
use crate::{Op, Value};

/// A number of channels from `start`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Slice {
    /// First channel.
    pub start: usize,
    /// Number of channels.
    pub len: usize,
}

impl Slice {
    pub(crate) fn shape(self, x: Shape) -> Result<Shape, String> {
        if self.start + self.len <= x.channels {
            Ok(x.with_channels(self.len))
        } else {
            Err(format!("channels {}..{} of {}", self.start, self.start + self.len, x.channels))
        }
    }
}

/// The upper left part of the first input, as large as the second.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Crop;

pub(crate) fn concat(inputs: &[Shape]) -> Result<Shape, String> {
    let first = inputs.first().ok_or("nothing to join")?;
    if let Some(other) = inputs.iter().find(|s| (s.height, s.width) != (first.height, first.width)) {
        return Err(format!("{first} and {other} do not match"));
    }
    Ok(first.with_channels(inputs.iter().map(|s| s.channels).sum()))
}

pub(crate) fn cropped(inputs: &[Shape]) -> Result<Shape, String> {
    let [x, like] = inputs else { return Err("takes two values".into()) };
    if like.height > x.height || like.width > x.width {
        return Err(format!("{x} cannot be cropped to the size of {like}"));
    }
    Ok(like.with_channels(x.channels))
}

pub(crate) fn unshuffled(x: Shape, f: usize) -> Result<Shape, String> {
    if f == 0 || !x.height.is_multiple_of(f) || !x.width.is_multiple_of(f) {
        return Err(format!("{}×{} are not multiples of {f}", x.height, x.width));
    }
    Ok(Shape::new(x.channels * f * f, x.height / f, x.width / f))
}

pub(crate) fn shuffled(x: Shape, f: usize) -> Result<Shape, String> {
    if f == 0 || !x.channels.is_multiple_of(f * f) {
        return Err(format!("{} channels do not divide by {}", x.channels, f * f));
    }
    Ok(Shape::new(x.channels / (f * f), x.height * f, x.width * f))
}

impl Net {
    /// Concatenation of channels.
    pub fn concat(&mut self, values: &[Value]) -> Value {
        let channels = values.iter().map(|&v| self.channels(v)).sum();
        self.push(Op::Concat, values, channels)
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
        self.push(Op::PixelUnshuffle(f), &[x], channels)
    }

    /// The inverse of [`Net::pixel_unshuffle`].
    pub fn pixel_shuffle(&mut self, x: Value, f: usize) -> Value {
        let channels = self.channels(x);
        if f == 0 || !channels.is_multiple_of(f * f) {
            self.fault(format!("{channels} channels do not divide by {}", f * f));
        }
        self.push(Op::PixelShuffle(f), &[x], channels / (f * f).max(1))
    }

    /// The upper left part of `x`, as large as `like`.
    pub fn crop_like(&mut self, x: Value, like: Value) -> Value {
        let channels = self.channels(x);
        self.push(Op::Crop(Crop), &[x, like], channels)
    }

    /// Flattens everything into channels, row by row within a channel. `size` is the required side of the
    /// input.
    pub fn flatten(&mut self, x: Value, (height, width): (usize, usize)) -> Value {
        let channels = self.channels(x) * height * width;
        self.push(Op::Flatten, &[x], channels)
    }
}
