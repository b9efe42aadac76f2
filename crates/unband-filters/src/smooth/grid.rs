//! Sample block whose rows have one spare element at each end.

/// Rows of `width + 2` values; column `x` of a row is at `x + 1`.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Grid {
    /// Number of columns.
    pub width: usize,
    /// Number of rows.
    pub height: usize,
    data: Vec<f32>,
}

impl Grid {
    /// Resizes the block; the values are then unspecified. Memory only grows: to set it to 0 again and again
    /// would cost more than some steps.
    pub(super) fn reshape(&mut self, width: usize, height: usize) {
        self.width = width;
        self.height = height;
        grow(&mut self.data, (width + 2) * height);
    }

    fn used(&mut self) -> &mut [f32] {
        &mut self.data[..(self.width + 2) * self.height]
    }

    /// A block of this size, all 0.
    pub(super) fn new(width: usize, height: usize) -> Self {
        Self { width, height, data: vec![0.0; (width + 2) * height] }
    }

    /// A row with its spare ends.
    pub(super) fn padded(&self, y: usize) -> &[f32] {
        &self.data[y * (self.width + 2)..][..self.width + 2]
    }

    /// A row without them.
    pub(super) fn row(&self, y: usize) -> &[f32] {
        &self.data[y * (self.width + 2) + 1..][..self.width]
    }

    /// A mutable row.
    pub(super) fn row_mut(&mut self, y: usize) -> &mut [f32] {
        &mut self.data[y * (self.width + 2) + 1..][..self.width]
    }

    /// Repeats the first and last value of each row in its spare elements.
    pub(super) fn pad(&mut self) {
        let (width, stride) = (self.width, self.width + 2);
        for row in self.used().chunks_exact_mut(stride) {
            row[0] = row[1];
            row[stride - 1] = row[width];
        }
    }

    /// Is every value 0?
    pub(super) fn is_zero(&self) -> bool {
        (0..self.height).all(|y| self.row(y).iter().all(|&value| value == 0.0))
    }

    /// Sets every value to 0.
    pub(super) fn clear(&mut self) {
        self.used().fill(0.0);
    }

    /// Copies another block.
    pub(super) fn copy_from(&mut self, other: &Self) {
        self.reshape(other.width, other.height);
        let used = self.used();
        used.copy_from_slice(&other.data[..used.len()]);
    }
}

/// Makes a buffer at least `length` long, without giving memory back; the values are then unspecified.
pub(super) fn grow<T: Copy + Default>(buffer: &mut Vec<T>, length: usize) {
    if buffer.len() < length {
        buffer.resize(length, T::default());
    }
}
