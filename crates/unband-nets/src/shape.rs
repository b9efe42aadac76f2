//! Shapes of values in a graph, and receptive fields.

use std::fmt;

/// Channels, rows and columns of a value; every batch item has the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Shape {
    /// Channels.
    pub channels: usize,
    /// Rows.
    pub height: usize,
    /// Columns.
    pub width: usize,
}

impl Shape {
    /// A shape of these channels, rows and columns.
    pub fn new(channels: usize, height: usize, width: usize) -> Self {
        Self { channels, height, width }
    }

    /// Number of samples.
    pub fn len(self) -> usize {
        self.channels * self.height * self.width
    }

    /// Whether it has no samples.
    pub fn is_empty(self) -> bool {
        self.len() == 0
    }

    /// The same area with another number of channels.
    #[must_use]
    pub fn with_channels(self, channels: usize) -> Self {
        Self { channels, ..self }
    }

    /// Number of positions.
    pub(crate) fn area(self) -> u64 {
        (self.height * self.width) as u64
    }

    /// The same shape if it has that number of channels; otherwise the mismatch, as text.
    pub(crate) fn check_channels(self, channels: usize) -> Result<Self, String> {
        if self.channels == channels {
            Ok(self)
        } else {
            Err(format!("takes {channels} channels, got {}", self.channels))
        }
    }

    /// Whether it has one sample per channel.
    pub fn is_point(self) -> bool {
        self.height == 1 && self.width == 1
    }
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}×{}×{}", self.channels, self.height, self.width)
    }
}

/// An image's size does not fit a network.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{at}: {what}")]
pub struct ShapeError {
    /// The operation.
    pub at: String,
    /// The mismatch.
    pub what: String,
}

/// Receptive field of an operation, in samples of its input.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Reach {
    /// Samples to each side.
    pub radius: f64,
    /// Size of an output sample over that of an input sample: 2 for a stride of 2, 0.5 for upsampling by 2.
    pub step: f64,
    /// Reads the whole image, or at data-dependent offsets without bound.
    pub global: bool,
}

impl Reach {
    /// One sample to one sample.
    pub(crate) const POINT: Self = Self { radius: 0.0, step: 1.0, global: false };
    /// The whole image.
    pub(crate) const GLOBAL: Self = Self { global: true, ..Self::POINT };

    /// One sample to squares of this many rows and columns.
    pub(crate) fn repeated(factor: usize) -> Self {
        Self { step: 1.0 / factor as f64, ..Self::POINT }
    }
}
