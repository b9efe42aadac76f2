//! How far the surface can be trusted: a factor on the correction from how often the plane changes level
//! nearby and farther around.

use unband_simd::{Level, smooth_rows as rows};

use super::grid::Grid;

/// Radius of the wide box.
pub const WIDE: usize = 12;
const NEAR: usize = 2;

const NEAR_AXIS: [f32; 9] = [0.0, 0.15, 0.3, 0.5, 0.7, 0.9, 1.15, 1.5, 2.2];
const WIDE_AXIS: [f32; 12] = [0.0, 0.035, 0.075, 0.15, 0.25, 0.38, 0.52, 0.7, 0.9, 1.15, 1.5, 2.0];

/// Least-squares factor between the surface's correction and the true error, per density of level changes
/// near (rows) and wide (columns); the same in cell units for steps of 1, 4 and 8 codes.
const TABLE: [[f32; 12]; 9] = [
    [1.5, 1.5, 1.35, 1.0, 0.7, 0.45, 0.28, 0.15, 0.0, 0.0, 0.0, 0.0],
    [1.5, 1.45, 1.35, 1.15, 0.95, 0.75, 0.5, 0.4, 0.35, 0.3, 0.2, 0.15],
    [1.3, 1.3, 1.2, 1.12, 1.03, 0.93, 0.8, 0.69, 0.68, 0.65, 0.55, 0.5],
    [1.2, 1.2, 1.15, 1.06, 0.98, 0.9, 0.8, 0.65, 0.65, 0.65, 0.58, 0.52],
    [1.1, 1.1, 1.1, 1.02, 0.94, 0.87, 0.77, 0.64, 0.6, 0.6, 0.55, 0.5],
    [1.0, 1.0, 1.0, 1.0, 0.88, 0.82, 0.74, 0.63, 0.55, 0.52, 0.5, 0.47],
    [0.8, 0.8, 0.8, 0.8, 0.7, 0.68, 0.65, 0.58, 0.5, 0.45, 0.4, 0.4],
    [0.4, 0.4, 0.4, 0.4, 0.4, 0.36, 0.36, 0.4, 0.42, 0.37, 0.32, 0.28],
    [0.0; 12],
];

const NEAR_STEPS: usize = 64;
const WIDE_STEPS: usize = 64;

/// The table on a fine regular raster, with the strength built in.
pub struct Gate {
    raster: Vec<f32>,
}

impl Gate {
    /// `strength` 1 is the measured table; less multiplies it, more lifts it towards 1.
    pub fn new(strength: f32) -> Self {
        let mut raster = Vec::with_capacity(NEAR_STEPS * WIDE_STEPS);
        for i in 0..NEAR_STEPS {
            for j in 0..WIDE_STEPS {
                let near = i as f32 / (NEAR_STEPS - 1) as f32 * NEAR_AXIS[8];
                let wide = j as f32 / (WIDE_STEPS - 1) as f32 * WIDE_AXIS[11];
                let (a, b) = (position(&NEAR_AXIS, near), position(&WIDE_AXIS, wide));
                let (i0, j0) = ((a as usize).min(7), (b as usize).min(10));
                let (fa, fb) = (a - i0 as f32, b - j0 as f32);
                let along = |row: &[f32; 12]| row[j0] * (1.0 - fb) + row[j0 + 1] * fb;
                let g = along(&TABLE[i0]) * (1.0 - fa) + along(&TABLE[i0 + 1]) * fa;
                raster.push(if strength <= 1.0 { g * strength } else { g.powf(1.0 / (strength * strength)) });
            }
        }
        Self { raster }
    }

    /// Writes the factors of the rows and columns of `core` within the grid `v`, which reaches [`WIDE`] + 1
    /// samples farther on each side unless the picture ends there.
    pub fn factors(&self, level: Level, out: &mut Grid, v: &Grid, core: Core, scratch: &mut Boxes) {
        let (y0, y1) = (core.y0, core.y1);
        out.reshape(core.x1 - core.x0, y1 - y0);
        scratch.prepare(level, v);
        let near_scale = (NEAR_STEPS - 1) as f32 / NEAR_AXIS[8];
        let wide_scale = (WIDE_STEPS - 1) as f32 / WIDE_AXIS[11];
        for y in y0..y1 {
            scratch.mean_row(level, NEAR, y, 0, core);
            scratch.mean_row(level, WIDE, y, 1, core);
            let (near, wide) = (&scratch.means[0], &scratch.means[1]);
            for ((o, &a), &b) in out.row_mut(y - y0).iter_mut().zip(near).zip(wide) {
                let i = ((a * near_scale + 0.5) as usize).min(NEAR_STEPS - 1);
                let j = ((b * wide_scale + 0.5) as usize).min(WIDE_STEPS - 1);
                *o = self.raster[i * WIDE_STEPS + j];
            }
        }
    }
}

/// The wanted part of a grid, half open, in the grid's own coordinates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Core {
    /// First column.
    pub x0: usize,
    /// First row.
    pub y0: usize,
    /// One past the last column.
    pub x1: usize,
    /// One past the last row.
    pub y1: usize,
}

/// Running box sums of level changes.
#[derive(Default)]
pub struct Boxes {
    changes: Vec<u16>,
    width: usize,
    sums: [Vec<u32>; 2],
    /// Rows now in `sums`, half open.
    held: [(usize, usize); 2],
    prefix: Vec<u32>,
    /// Level changes per sample for the row asked last, per box.
    pub means: [Vec<f32>; 2],
}

impl Boxes {
    /// Counts the level changes of a grid.
    pub fn prepare(&mut self, level: Level, v: &Grid) {
        let (w, h) = (v.width, v.height);
        self.width = w;
        self.changes.resize(w * h, 0);
        for y in 0..h {
            // The spare element after the last column repeats it at the plane's border; elsewhere it lies
            // outside what the core's boxes reach.
            let below = if y + 1 < h { v.row(y + 1) } else { v.row(y) };
            let padded = v.padded(y);
            let out = &mut self.changes[y * w..][..w];
            rows::changes_row(level, out, &padded[1..=w], &padded[2..], below);
        }
        for (sums, held) in self.sums.iter_mut().zip(&mut self.held) {
            sums.clear();
            sums.resize(w, 0);
            *held = (0, 0);
        }
    }

    /// Means over the box of radius `r` for the core's columns of row `y`, into `means[slot]`. Rows must be
    /// asked from the top.
    pub fn mean_row(&mut self, level: Level, r: usize, y: usize, slot: usize, core: Core) {
        let w = self.width;
        let height = self.changes.len() / w;
        let (top, bottom) = (y.saturating_sub(r), (y + r + 1).min(height));
        let (sums, held) = (&mut self.sums[slot], &mut self.held[slot]);
        while held.1 < bottom {
            rows::add_columns(level, sums, &self.changes[held.1 * w..][..w]);
            held.1 += 1;
        }
        while held.0 < top {
            rows::drop_columns(level, sums, &self.changes[held.0 * w..][..w]);
            held.0 += 1;
        }
        self.prefix.clear();
        self.prefix.push(0);
        let mut total = 0u32;
        self.prefix.extend(sums.iter().map(|&s| {
            total = total.wrapping_add(s);
            total
        }));
        let rows_in = (bottom - top) as f32 * 64.0;
        let (x0, x1) = (core.x0, core.x1);
        let means = &mut self.means[slot];
        means.clear();
        means.extend((x0..x1).map(|x| {
            let (a, b) = (x.saturating_sub(r), (x + r + 1).min(w));
            (self.prefix[b].wrapping_sub(self.prefix[a])) as f32 / ((b - a) as f32 * rows_in)
        }));
    }
}

fn position(axis: &[f32], value: f32) -> f32 {
    let i = axis.partition_point(|&a| a <= value);
    if i == 0 {
        0.0
    } else if i == axis.len() {
        (axis.len() - 1) as f32
    } else {
        (i - 1) as f32 + (value - axis[i - 1]) / (axis[i] - axis[i - 1])
    }
}
