//! Strips of rows that kernels compute.

use unband_nets::Shape;

use super::fetch::Fetch;

/// A strip of rows to compute.
pub(super) struct Strip<'a> {
    /// Source of input rows.
    pub fetch: &'a Fetch<'a>,
    /// The value to read; the first one if there are several.
    pub input: usize,
    /// Shape of the whole result.
    pub shape: Shape,
    /// Index of the first row.
    pub first: usize,
}

impl Strip<'_> {
    /// Shape of the value to read.
    pub(super) fn from(&self) -> Shape {
        self.fetch.shapes[self.input]
    }
}

/// Computes and finishes one row after the other.
pub(super) fn each(
    first: usize,
    lines: &mut [&mut [f32]],
    mut make: impl FnMut(usize, &mut [f32]),
    done: impl Fn(usize, &mut [f32]),
) {
    for (y, line) in (first..).zip(lines) {
        make(y, line);
        done(y, line);
    }
}
