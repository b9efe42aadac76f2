//! Smoothest surface inside the quantisation intervals, coarse to fine. All values in interval units.

use std::ops::Range;

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

/// Buffers of one solve.
#[derive(Default)]
pub(super) struct Scratch {
    next: Grid,
    inverse: Grid,
    across: Vec<f32>,
    down: Vec<f32>,
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

/// Bilinear ×2 of a window of `coarse`: `u` gets fine columns `x0..`, rows `y0..` (both even). `coarse` must
/// be padded.
pub(super) fn double(level: Level, u: &mut Grid, coarse: &Grid, x0: usize, y0: usize) {
    let first = x0 / 2;
    for y in 0..u.height {
        let line = y0 + y;
        let at = line / 2;
        let other = if line % 2 == 1 { (at + 1).min(coarse.height - 1) } else { at.saturating_sub(1) };
        let (near, far) = (&coarse.padded(at)[first..], &coarse.padded(other)[first..]);
        rows::double_row(level, u.row_mut(y), near, far);
    }
}

/// Sweeps `u` (the coarser surface upsampled to this size) into the smoothest surface around `v`; `m` is the
/// preferred value inside the interval where that is not its centre.
pub(super) fn solve(
    level: Level,
    u: &mut Grid,
    v: &Grid,
    m: Option<&Grid>,
    pull: f32,
    scratch: &mut Scratch,
) {
    let (w, h) = (v.width, v.height);
    for y in 0..h {
        match m {
            None => rows::start_row(level, u.row_mut(y), v.row(y)),
            Some(m) => rows::start_row_towards(level, u.row_mut(y), v.row(y), m.row(y)),
        }
    }
    links(level, v, scratch);
    let Scratch { next, inverse, across, down } = scratch;
    next.reshape(w, h);
    let keep = 1.0 - pull;
    for _ in 0..SWEEPS {
        for y in 0..h {
            let (above, below) = (u.padded(y.saturating_sub(1)), u.padded((y + 1).min(h - 1)));
            let (wx, wa, wb) = (&across[y * (w + 1)..][..=w], &down[y * w..][..w], &down[(y + 1) * w..][..w]);
            let (inverse, v, here) = (inverse.row(y), v.row(y), u.padded(y));
            let out = next.row_mut(y);
            match m {
                None => rows::sweep_row(level, out, v, here, above, below, wx, wa, wb, inverse, keep),
                Some(m) => {
                    rows::sweep_row_towards(
                        level,
                        out,
                        v,
                        m.row(y),
                        here,
                        above,
                        below,
                        wx,
                        wa,
                        wb,
                        inverse,
                        keep,
                    );
                }
            }
        }
        std::mem::swap(u, next);
    }
}

/// Link weights of a level: between neighbours one level apart, not across edges.
fn links(level: Level, v: &Grid, scratch: &mut Scratch) {
    let (w, h) = (v.width, v.height);
    let Scratch { inverse, across, down, .. } = scratch;
    grow(across, (w + 1) * h);
    grow(down, w * (h + 1));
    inverse.reshape(w, h);
    for y in 0..h {
        let row = &mut across[y * (w + 1)..][..=w];
        row[0] = 0.0;
        row[w] = 0.0;
        rows::links_row(level, &mut row[1..w], v.row(y));
    }
    down[..w].fill(0.0);
    down[w * h..w * (h + 1)].fill(0.0);
    for y in 1..h {
        rows::links_between(level, &mut down[y * w..][..w], v.row(y - 1), v.row(y));
    }
    for y in 0..h {
        let wx = &across[y * (w + 1)..][..=w];
        rows::inverse_norm(level, inverse.row_mut(y), wx, &down[y * w..][..w], &down[(y + 1) * w..][..w]);
    }
}
