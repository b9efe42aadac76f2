//! Rearrangement of samples: concat, slice, crop, pixel shuffle, flatten.

use crate::shape::Shape;

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
