//! Ring buffers for the rows of results that are still needed.

use std::ops::Range;

use unband_nets::Shape;

/// Size of a ring buffer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Spec {
    /// Rows held at a time.
    pub rows: usize,
    /// Zero padding before each row, in samples, so that a convolution can read over the border.
    pub left: usize,
    /// Zero padding after each row.
    pub right: usize,
}

impl Spec {
    /// Floats from row to row.
    fn stride(self, shape: Shape) -> usize {
        (self.left + shape.width + self.right) * shape.channels
    }

    /// Floats of all rows.
    pub(super) fn floats(self, shape: Shape) -> usize {
        self.rows * self.stride(shape)
    }
}

/// Rows of a result: in a row sample by sample, in a sample channel by channel.
#[derive(Debug)]
pub(super) struct Ring {
    shape: Shape,
    spec: Spec,
    data: Vec<f32>,
    /// Index of the first row not yet computed.
    end: usize,
}

impl Ring {
    /// An empty ring buffer in this memory, which must be large enough.
    pub(super) fn new(shape: Shape, spec: Spec, mut data: Vec<f32>) -> Self {
        let (stride, margin) = (spec.stride(shape).max(1), spec.left * shape.channels);
        for row in data[..spec.floats(shape)].chunks_exact_mut(stride) {
            row[..margin].fill(0.0);
            row[margin + shape.width * shape.channels..].fill(0.0);
        }
        Self { shape, spec, data, end: 0 }
    }

    /// Returns its memory.
    pub(super) fn into_memory(self) -> Vec<f32> {
        self.data
    }

    /// Row `y` with its padding on both sides.
    fn whole(&self, y: usize) -> &[f32] {
        debug_assert!(
            y < self.end && y + self.spec.rows >= self.end,
            "row {y} of {}, {:?}",
            self.end,
            self.spec
        );
        let stride = self.spec.stride(self.shape);
        &self.data[y % self.spec.rows * stride..][..stride]
    }

    /// Row `y`, which was computed and not yet overwritten.
    pub(super) fn row(&self, y: usize) -> &[f32] {
        &self.whole(y)[self.spec.left * self.shape.channels..][..self.shape.width * self.shape.channels]
    }

    /// Row `y` preceded by `left` zero samples, `floats` in all; `None` if it is stored with less padding.
    pub(super) fn padded(&self, y: usize, left: usize, floats: usize) -> Option<&[f32]> {
        let skipped = self.spec.left.checked_sub(left)? * self.shape.channels;
        self.whole(y).get(skipped..skipped + floats)
    }

    /// Rows to write, in order; at most as many as the buffer holds.
    pub(super) fn rows_mut(&mut self, rows: Range<usize>) -> Vec<&mut [f32]> {
        debug_assert!(rows.start == self.end && rows.len() <= self.spec.rows, "{rows:?} after {}", self.end);
        self.end = rows.end;
        let stride = self.spec.stride(self.shape);
        let inside = self.spec.left * self.shape.channels;
        let inside = inside..inside + self.shape.width * self.shape.channels;
        let data = &mut self.data[..self.spec.rows * stride];
        let (end, begin) = data.split_at_mut(rows.start % self.spec.rows * stride);
        let all = begin.chunks_exact_mut(stride).chain(end.chunks_exact_mut(stride));
        all.take(rows.len()).map(|row| &mut row[inside.clone()]).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_come_back_with_zeroes_around_them_until_they_are_written_over() {
        let shape = Shape::new(2, 9, 3);
        let spec = Spec { rows: 4, left: 1, right: 2 };
        let mut ring = Ring::new(shape, spec, vec![7.0; 2 * spec.floats(shape)]);
        for rows in [0..3, 3..5, 5..9] {
            for (y, row) in rows.clone().zip(ring.rows_mut(rows)) {
                row.fill(1.0 + y as f32);
            }
        }
        for y in 5..9 {
            assert!(ring.row(y) == [1.0 + y as f32; 6]);
            let padded = ring.padded(y, 1, 12).unwrap();
            assert!(padded[..2] == [0.0; 2] && padded[8..] == [0.0; 4]);
            assert!(ring.padded(y, 0, 10).unwrap()[..6] == [1.0 + y as f32; 6]);
            assert!(ring.padded(y, 2, 6).is_none() && ring.padded(y, 1, 13).is_none());
        }
    }
}
