//! Smoothest surface inside the quantisation intervals, coarse to fine. All values in interval units.

use std::ops::Range;

use unband_image::Window;
use unband_simd::{Level, filters::smooth as rows};

use super::grid::{Grid, grow};

/// Sweeps per level.
pub(super) const SWEEPS: usize = 4;

/// Maximum number of pyramid levels: a sample of the coarsest covers 32 samples.
pub(super) const LEVELS: usize = 6;

/// Pull to the interval's centre per level. Without it wide plateaus drift to the border of their intervals,
/// which is wrong for hills and basins.
pub(super) const PULL: [f32; LEVELS] = [0.05, 0.05, 0.1, 0.1, 0.2, 0.2];

/// The same for colour differences, which have fewer hills: their wide plateaus are mostly parts of one
/// slope, of which only the contours between them are visible.
pub(super) const PULL_OF_COLOUR: [f32; LEVELS] = [0.025, 0.025, 0.05, 0.05, 0.1, 0.1];

/// Rows of a ring: more than are in use at once.
const RING: usize = 8;

/// The last rows of one solve, in rings.
#[derive(Default)]
pub(super) struct Scratch {
    /// Results of all sweeps but the last.
    swept: [Grid; SWEEPS - 1],
    across: Vec<f32>,
    down: Grid,
    inverse: Grid,
}

/// What a surface is solved for.
pub(super) struct Goal<'a> {
    /// Middles of the intervals.
    pub v: &'a Grid,
    /// The preferred value inside the interval where that is not its middle.
    pub m: Option<&'a Grid>,
    /// The part of these grids that is solved.
    pub window: Window,
    pub pull: f32,
}

/// Number of levels for a plane of this size.
pub(super) fn level_count(width: usize, height: usize) -> usize {
    let (mut w, mut h, mut n) = (width, height, 1);
    while n < LEVELS && w.min(h) >= 15 {
        (w, h, n) = (w.div_ceil(2), h.div_ceil(2), n + 1);
    }
    n
}

/// 2×2 means; an odd last row or column repeats.
pub(super) fn halve(level: Level, out: &mut Grid, source: &Grid) {
    halve_rows(level, out, source, 0..source.height);
}

/// As [`halve`], of some rows.
pub(super) fn halve_rows(level: Level, out: &mut Grid, source: &Grid, from: Range<usize>) {
    out.reshape(source.width.div_ceil(2), from.len().div_ceil(2));
    for y in 0..out.height {
        let top = from.start + 2 * y;
        let bottom = (top + 1).min(from.end - 1);
        rows::halve_row(level, out.row_mut(y), source.row(top), source.row(bottom));
    }
}

/// Bilinear ×2 of a row of a window of `coarse`: fine columns `x0..` (even) of fine row `line`. `coarse` must
/// be padded.
pub(super) fn double(level: Level, row: &mut [f32], coarse: &Grid, x0: usize, line: usize) {
    let (first, at) = (x0 / 2, line / 2);
    let other = if line % 2 == 1 { (at + 1).min(coarse.height - 1) } else { at.saturating_sub(1) };
    let (near, far) = (&coarse.padded(at)[first..], &coarse.padded(other)[first..]);
    rows::double_row(level, row, near, far);
}

/// Sweeps the coarser surface into the smoothest one around the middles of the intervals. `begin` writes a
/// row of the coarser surface, upscaled to the size of the window; `u` gets the result, of the same size.
///
/// All sweeps follow each other row by row, so that their rows stay in the cache. The border of the window is
/// that of an image: inside one, results are those of the whole image only [`SWEEPS`] samples away from it.
pub(super) fn solve(
    level: Level,
    u: &mut Grid,
    goal: &Goal<'_>,
    begin: &dyn Fn(usize, &mut [f32]),
    scratch: &mut Scratch,
) {
    let Window { x0, x1, y0, .. } = goal.window;
    let (w, h) = (goal.window.width(), goal.window.height());
    let v = |y: usize| &goal.v.row(y0 + y)[x0..x1];
    let m = |y: usize| goal.m.map(|m| &m.row(y0 + y)[x0..x1]);
    u.reshape(w, h);
    scratch.reshape(w);
    for front in 0..h + SWEEPS {
        if front < h {
            let row = u.row_mut(front);
            begin(front, row);
            match m(front) {
                None => rows::start_row(level, row, v(front)),
                Some(m) => rows::start_row_towards(level, row, v(front), m),
            }
            let links = &mut scratch.across[front % RING * (w + 1)..][..=w];
            rows::links_row(level, &mut links[1..w], v(front));
        }
        let down = scratch.down.row_mut(front % RING);
        if (1..h).contains(&front) {
            rows::links_between(level, down, v(front - 1), v(front));
        } else {
            down.fill(0.0);
        }
        for sweep in 0..SWEEPS {
            let Some(y) = front.checked_sub(sweep + 1).filter(|&y| y < h) else { continue };
            let at = |y: usize| y % RING;
            let Scratch { swept, across, down, inverse } = &mut *scratch;
            let wx = &across[at(y) * (w + 1)..][..=w];
            let (wa, wb) = (down.row(at(y)), down.row(at(y + 1)));
            if sweep == 0 {
                rows::inverse_norm(level, inverse.row_mut(at(y)), wx, wa, wb);
            }
            let lines = [y.saturating_sub(1), y, (y + 1).min(h - 1)];
            let (before, after) = swept.split_at_mut(sweep);
            let links = Links { wx, wa, wb, inverse: inverse.row(at(y)) };
            let (v, m, pull) = (v(y), m(y), goal.pull);
            // The last sweep writes where no other one reads any more.
            match (before.last(), after.first_mut()) {
                (None, Some(out)) => {
                    links.sweep(level, out.row_mut(at(y)), lines.map(|y| u.padded(y)), v, m, pull);
                }
                (Some(from), Some(out)) => {
                    links.sweep(level, out.row_mut(at(y)), lines.map(|y| from.padded(at(y))), v, m, pull);
                }
                (Some(from), None) => {
                    links.sweep(level, u.row_mut(y), lines.map(|y| from.padded(at(y))), v, m, pull);
                }
                (None, None) => {}
            }
        }
    }
}

/// Link weights of a row: to both sides, up and down, and 1 / (1 + their sum).
struct Links<'a> {
    wx: &'a [f32],
    wa: &'a [f32],
    wb: &'a [f32],
    inverse: &'a [f32],
}

impl Links<'_> {
    /// Sweeps a row, given that above it, itself and that below.
    fn sweep(
        &self,
        level: Level,
        out: &mut [f32],
        [above, here, below]: [&[f32]; 3],
        v: &[f32],
        m: Option<&[f32]>,
        pull: f32,
    ) {
        let (&Self { wx, wa, wb, inverse }, keep) = (self, 1.0 - pull);
        match m {
            None => rows::sweep_row(level, out, v, here, above, below, wx, wa, wb, inverse, keep),
            Some(m) => {
                rows::sweep_row_towards(level, out, v, m, here, above, below, wx, wa, wb, inverse, keep);
            }
        }
    }
}

impl Scratch {
    /// Rings for rows of this width, without links beyond their ends.
    fn reshape(&mut self, w: usize) {
        for ring in self.swept.iter_mut().chain([&mut self.down, &mut self.inverse]) {
            ring.reshape(w, RING);
        }
        grow(&mut self.across, (w + 1) * RING);
        for row in self.across[..(w + 1) * RING].chunks_exact_mut(w + 1) {
            (row[0], row[w]) = (0.0, 0.0);
        }
    }
}
