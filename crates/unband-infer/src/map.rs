//! What goes into a network and comes out.

use num_traits::Zero;
use unband_nets::Shape;

/// A value: channel by channel, row by row.
#[derive(Clone, Debug, PartialEq)]
pub struct Map<T> {
    /// Its shape.
    pub shape: Shape,
    /// Its samples.
    pub data: Vec<T>,
}

impl<T: Zero + Copy> Map<T> {
    /// Zeroes.
    pub fn zeros(shape: Shape) -> Self {
        Self { shape, data: vec![T::zero(); shape.len()] }
    }

    /// Samples of a shape; `None` when their number is another.
    pub fn new(shape: Shape, data: Vec<T>) -> Option<Self> {
        (shape.len() == data.len()).then_some(Self { shape, data })
    }

    pub(crate) fn plane(&self, channel: usize) -> &[T] {
        let area = self.shape.height * self.shape.width;
        &self.data[channel * area..][..area]
    }

    pub(crate) fn planes(&self) -> std::slice::ChunksExact<'_, T> {
        self.data.chunks_exact((self.shape.height * self.shape.width).max(1))
    }

    pub(crate) fn at(&self, channel: usize, y: usize, x: usize) -> T {
        self.data[(channel * self.shape.height + y) * self.shape.width + x]
    }
}
