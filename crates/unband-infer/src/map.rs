//! Input and output values of networks.

use num_traits::Zero;
use unband_nets::Shape;

/// A value: channel by channel, row by row.
#[derive(Clone, Debug, PartialEq)]
pub struct Map<T> {
    /// Shape.
    pub shape: Shape,
    /// Samples.
    pub data: Vec<T>,
}

impl<T: Zero + Copy> Map<T> {
    /// A map of zeroes.
    pub fn zeros(shape: Shape) -> Self {
        Self { shape, data: vec![T::zero(); shape.len()] }
    }

    /// A map of these samples; `None` if their number does not match the shape.
    pub fn new(shape: Shape, data: Vec<T>) -> Option<Self> {
        (shape.len() == data.len()).then_some(Self { shape, data })
    }

    /// The samples of a channel.
    pub fn plane(&self, channel: usize) -> &[T] {
        let area = self.shape.height * self.shape.width;
        &self.data[channel * area..][..area]
    }

    /// The samples of all channels, in order.
    pub fn planes(&self) -> std::slice::ChunksExact<'_, T> {
        self.data.chunks_exact((self.shape.height * self.shape.width).max(1))
    }

    /// A sample.
    pub fn at(&self, channel: usize, y: usize, x: usize) -> T {
        self.data[(channel * self.shape.height + y) * self.shape.width + x]
    }
}
