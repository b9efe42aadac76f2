//! Parts of an image that are worked on one by one.

use std::ops::Range;

use unband_image::{Plane, Window};

/// Rows of a part.
pub(super) const ROWS: usize = 64;

/// The rows of each part.
pub(super) fn parts(height: usize) -> Vec<Range<usize>> {
    (0..height.div_ceil(ROWS)).map(|part| part * ROWS..((part + 1) * ROWS).min(height)).collect()
}

/// The rows of a part and those around them.
pub(super) fn around(plane: &Plane, rows: &Range<usize>, margin: usize) -> Window {
    Window { x0: 0, y0: rows.start, x1: plane.width, y1: rows.end }.grown(margin, plane.width, plane.height)
}
