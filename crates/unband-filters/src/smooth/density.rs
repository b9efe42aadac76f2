//! Density of level changes in boxes of several sizes, and lookup tables over two densities.

use unband_image::Window;
use unband_simd::{Level, filters::smooth as rows};

use super::grid::{Grid, grow};

/// Counts level changes of a grid and averages them over boxes.
#[derive(Default)]
pub(super) struct Density {
    changes: Vec<u16>,
    width: usize,
    height: usize,
    spare: [Vec<u32>; 3],
}

impl Density {
    /// Counts the changes of all samples; `per_cell`: number of intervals per unit of `v`, whose rows are
    /// padded.
    pub(super) fn count(&mut self, level: Level, v: &Grid, per_cell: f32) {
        (self.width, self.height) = (v.width, v.height);
        grow(&mut self.changes, v.width * v.height);
        for y in 0..v.height {
            let near = [v.row(y.saturating_sub(1)), v.row((y + 1).min(v.height - 1))];
            let sides = [v.padded(y), &v.padded(y)[2..]];
            let out = &mut self.changes[y * v.width..][..v.width];
            rows::changes_row(level, out, v.row(y), sides, near, per_cell);
        }
    }

    /// Uses changes that were counted elsewhere: up to 4 intervals per sample.
    pub(super) fn fill(&mut self, width: usize, height: usize, changes: impl Fn(usize) -> f32) {
        (self.width, self.height) = (width, height);
        self.changes.clear();
        self.changes.extend((0..width * height).map(|i| (changes(i) * 64.0).round() as u16));
    }

    /// Means over `(2r + 1)²` samples around each sample of `core`, in the grid's own coordinates, times
    /// `factor`, into `out` (or added to it).
    ///
    /// Boxes are clipped at the grid's border, so the grid needs a margin of `r` + 1 around the core unless
    /// the image ends there. `r` is at most 24.
    pub(super) fn means(&mut self, level: Level, out: &mut Grid, core: Window, r: usize, factor: f32) {
        let (w, h) = (self.width, self.height);
        let n = core.width();
        out.reshape(n, core.height());
        // Column sums with `r` zeros at each end; the core's boxes start at core.x0.
        let mut sums = vec![0u16; w + 2 * r];
        let scale: Vec<f32> =
            (core.x0..core.x1).map(|x| 1.0 / ((x + r + 1).min(w) - x.saturating_sub(r)) as f32).collect();
        let (mut first, mut end) = (0, 0);
        for y in core.y0..core.y1 {
            let (top, bottom) = (y.saturating_sub(r), (y + r + 1).min(h));
            if end == 0 {
                (first, end) = (top, top);
            }
            while end < bottom {
                rows::add_columns(level, &mut sums[r..r + w], &self.changes[end * w..][..w]);
                end += 1;
            }
            while first < top {
                rows::drop_columns(level, &mut sums[r..r + w], &self.changes[first * w..][..w]);
                first += 1;
            }
            let factor = factor / ((bottom - top) as f32 * 64.0);
            let columns = &sums[core.x0..core.x0 + n + 2 * r];
            rows::box_row(
                level,
                out.row_mut(y - core.y0),
                columns,
                2 * r + 1,
                &scale,
                factor,
                &mut self.spare,
            );
        }
    }
}

/// A function of two densities, sampled at 64 × 64 points.
pub(super) struct Raster {
    values: Box<[f32; 4096]>,
    /// Raster steps per unit of the first and the second density.
    pub scale: (f32, f32),
}

impl Raster {
    /// From values at the nodes of two axes, with bilinear interpolation.
    pub(super) fn new<const A: usize, const B: usize>(
        first: &[f32; A],
        second: &[f32; B],
        table: &[[f32; B]; A],
        shape: impl Fn(f32) -> f32,
    ) -> Self {
        let (end_a, end_b) = (first[A - 1], second[B - 1]);
        let mut values = Box::new([0.0; 4096]);
        for (i, value) in values.iter_mut().enumerate() {
            let (i0, fa) = position(first, (i / 64) as f32 / 63.0 * end_a);
            let (j0, fb) = position(second, (i % 64) as f32 / 63.0 * end_b);
            let along = |row: &[f32; B]| row[j0] * (1.0 - fb) + row[j0 + 1] * fb;
            *value = shape(along(&table[i0]) * (1.0 - fa) + along(&table[i0 + 1]) * fa);
        }
        Self { values, scale: (63.0 / end_a, 63.0 / end_b) }
    }

    /// The points, the second density along a row.
    pub(super) fn values(&self) -> &[f32] {
        self.values.as_slice()
    }

    /// Looks a row up; the densities are already multiplied by [`Raster::scale`].
    pub(super) fn look_up(&self, level: Level, out: &mut [f32], first: &[f32], second: &[f32]) {
        rows::look_up_row(level, out, first, second, &self.values);
    }
}

/// The segment of an axis that contains a value, and the relative position in it; clamped to the axis.
fn position(axis: &[f32], value: f32) -> (usize, f32) {
    let i = axis.partition_point(|&a| a <= value).clamp(1, axis.len() - 1) - 1;
    (i, ((value - axis[i]) / (axis[i + 1] - axis[i])).clamp(0.0, 1.0))
}
