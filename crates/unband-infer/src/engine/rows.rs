//! Ranges of input rows that are read for given rows of a result.

use std::ops::Range;

/// From `first` to `end`, cut off at the last row.
pub(super) fn clipped(first: usize, end: usize, height: usize) -> Range<usize> {
    let end = end.min(height);
    first.min(end)..end
}

/// Extends a range by `reach` rows on both sides.
pub(super) fn around(rows: Range<usize>, reach: usize, height: usize) -> Range<usize> {
    clipped(rows.start.saturating_sub(reach), rows.end.saturating_add(reach), height)
}

/// The rows under taps of this span.
pub(super) fn under(
    rows: Range<usize>,
    span: usize,
    stride: usize,
    padding: usize,
    height: usize,
) -> Range<usize> {
    let first = (rows.start * stride).saturating_sub(padding);
    clipped(first, ((rows.end - 1) * stride + span).saturating_sub(padding), height)
}

#[cfg(test)]
mod tests;
