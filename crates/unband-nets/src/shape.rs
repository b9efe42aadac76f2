//! Shapes of values in a graph.

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
