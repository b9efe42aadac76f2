//! Candidate samples of band edges: crests of gradients that are neither flat nor texture.

use unband_image::{Context, RestoreError};
use unband_simd::filters::bband;

use super::bits::{Bits, by_rows, ones};
use super::{Luma, Thresholds};

/// Sliding window of luma rows with a repeated sample on each side, and the gradient between them.
pub(super) struct Gradients<'a> {
    luma: &'a Luma<'a>,
    ctx: &'a Context<'a>,
    rows: [Vec<f32>; 3],
    pub(super) gx: Vec<f32>,
    pub(super) gy: Vec<f32>,
    next: Option<usize>,
}

impl<'a> Gradients<'a> {
    pub(super) fn new(luma: &'a Luma<'a>, ctx: &'a Context<'a>) -> Self {
        let row = vec![0.0; luma.width + 2];
        let gradient = vec![0.0; luma.width];
        Self {
            luma,
            ctx,
            rows: [row.clone(), row.clone(), row],
            gx: gradient.clone(),
            gy: gradient,
            next: None,
        }
    }

    /// Computes row `y`.
    pub(super) fn go_to(&mut self, y: usize) {
        let read = |row: &mut Vec<f32>, y: usize| self.luma.padded_row(y, 1, row);
        let [a, b, c] = &mut self.rows;
        if self.next == Some(y) {
            std::mem::swap(a, b);
            std::mem::swap(b, c);
        } else {
            read(a, y.saturating_sub(1));
            read(b, y);
        }
        read(c, (y + 1).min(self.luma.height - 1));
        self.next = Some(y + 1);
        bband::sobel_row(self.ctx.level, &mut self.gx, &mut self.gy, [&*a, &*b, &*c]);
    }
}

/// Samples whose gradient is neither flat nor texture, with no texture up to four samples away.
pub(super) fn candidates(
    luma: &Luma<'_>,
    thresholds: Thresholds,
    ctx: &Context<'_>,
) -> Result<Bits, RestoreError> {
    let (width, height) = (luma.width, luma.height);
    let words = width.div_ceil(64);
    let limits = [thresholds.flat, thresholds.texture].map(|t| t * t);
    let parts = by_rows(height, ctx, |rows| {
        let (mut calm, mut rough) = (vec![0; rows.len() * words], vec![0; rows.len() * words]);
        let mut gradients = Gradients::new(luma, ctx);
        let pieces = calm.chunks_exact_mut(words).zip(rough.chunks_exact_mut(words));
        for (y, (calm, rough)) in rows.zip(pieces) {
            gradients.go_to(y);
            bband::classes_row(ctx.level, calm, rough, &gradients.gx, &gradients.gy, limits);
        }
        (calm, rough)
    });
    ctx.check()?;
    let (calm, rough): (Vec<_>, Vec<_>) = parts.into_iter().unzip();
    let cleaned = |parts: &[Vec<u64>]| {
        let raw = Bits::from_parts(width, height, parts);
        let mut bits = Bits::new(width, height);
        bits.for_rows(|y, row| bband::majority_row(ctx.level, row, raw.around(y)));
        bits
    };
    let (calm, rough) = (cleaned(&calm), cleaned(&rough));
    let mut wide = Bits::new(width, height);
    wide.for_rows(|y, row| bband::widen_row(ctx.level, row, rough.around(y)[1]));
    let mut found = Bits::new(width, height);
    found.for_rows(|y, row| {
        for near in y.saturating_sub(4)..(y + 5).min(height) {
            row.iter_mut().zip(wide.row(near)).for_each(|(bits, near)| *bits |= near);
        }
        for (i, (bits, other)) in row.iter_mut().zip(calm.row(y)).enumerate() {
            *bits = !(*bits | other) & calm.valid(i);
        }
    });
    Ok(found)
}

/// Distance across a crest at which its slopes are compared.
const RADIUS: f64 = 1.5;

/// Candidates whose gradient exceeds that one step before and after them, across the edge; before thinning.
///
/// Both steps are interpolated with the fractions of the first, as the original does.
pub(super) fn crests(luma: &Luma<'_>, candidates: &Bits, ctx: &Context<'_>) -> Bits {
    let (width, height) = (luma.width, luma.height);
    let steps = Steps::new();
    let parts = by_rows(height, ctx, |rows| {
        let mut words = vec![0; rows.len() * candidates.words];
        let mut gradients = Gradients::new(luma, ctx);
        // Magnitudes of candidates in five rows, 0 elsewhere, and the angle index of the middle row.
        let mut around: [Vec<f64>; 5] = std::array::from_fn(|_| vec![0.0; width]);
        let mut angles: [Vec<u8>; 5] = std::array::from_fn(|_| vec![0; width]);
        for y in rows.start.saturating_sub(2)..(rows.end + 2).min(height) {
            around.rotate_left(1);
            angles.rotate_left(1);
            around[4].fill(0.0);
            gradients.go_to(y);
            for x in ones(candidates.row(y)) {
                let (gx, gy) = (gradients.gx[x], gradients.gy[x]);
                around[4][x] = magnitude(gx, gy);
                angles[4][x] = steps.angle(gx, gy);
            }
            let Some(middle) = y.checked_sub(2).filter(|y| *y >= 2 && rows.contains(y)) else { continue };
            let out = &mut words[(middle - rows.start) * candidates.words..][..candidates.words];
            for x in ones(candidates.row(middle)).filter(|&x| x >= 2 && x + 2 < width) {
                let step = &steps.by_angle[usize::from(angles[2][x])];
                let own = around[2][x];
                if own > step.value(&around, x, 0) && own > step.value(&around, x, 1) {
                    out[x / 64] |= 1 << (x % 64);
                }
            }
        }
        words
    });
    Bits::from_parts(width, height, &parts)
}

pub(super) fn magnitude(gx: f32, gy: f32) -> f64 {
    let (gx, gy) = (f64::from(gx), f64::from(gy));
    (gx * gx + gy * gy).sqrt()
}

/// Interpolation offsets of one direction: columns and rows left and right, above and below, on both sides;
/// fractions.
#[derive(Clone, Copy, Default)]
struct Step {
    columns: [[i8; 2]; 2],
    rows: [[u8; 2]; 2],
    across: f64,
    down: f64,
}

impl Step {
    fn value(&self, around: &[Vec<f64>; 5], x: usize, side: usize) -> f64 {
        let [left, right] = self.columns[side].map(|dx| x.wrapping_add_signed(isize::from(dx)));
        let [above, below] = self.rows[side].map(|y| &around[usize::from(y)]);
        let upper = above[left] + self.across * (above[right] - above[left]);
        let lower = below[left] + self.across * (below[right] - below[left]);
        upper + self.down * (lower - upper)
    }
}

/// Limit of the lookup table for integer gradients.
const SMALL: usize = 16;

/// Steps for every whole angle from 0 to 180 degrees.
struct Steps {
    by_angle: Vec<Step>,
    /// Angle index by `gx + SMALL` and `|gy|`.
    small: Vec<u8>,
}

impl Steps {
    fn new() -> Self {
        let by_angle = (0..=180).map(|degrees| {
            let angle = f64::from(degrees) * std::f64::consts::PI / 180.0;
            let (dx, dy) = (RADIUS * angle.cos(), RADIUS * angle.sin());
            // Sines and cosines that should be 0 vanish when added to a position.
            let between = |d: f64| [(64.0 + d).floor() as i8 - 64, (64.0 + d).ceil() as i8 - 64];
            let row = |d: f64| between(d).map(|y| (y + 2) as u8);
            Step {
                columns: [between(dx), between(-dx)],
                rows: [row(-dy), row(dy)],
                across: dx - dx.floor(),
                down: dy - dy.floor(),
            }
        });
        let mut small = Vec::new();
        for gx in 0..=2 * SMALL {
            for gy in 0..=SMALL {
                small.push(angle_index(gx as f64 - SMALL as f64, gy as f64));
            }
        }
        Self { by_angle: by_angle.collect(), small }
    }

    fn angle(&self, gx: f32, gy: f32) -> u8 {
        let (across, down) = (gx + SMALL as f32, gy.abs());
        let (column, row) = (across as usize, down as usize);
        if across.fract() + down.fract() == 0.0 && across >= 0.0 && column <= 2 * SMALL && row <= SMALL {
            return self.small[column * (SMALL + 1) + row];
        }
        angle_index(f64::from(gx), f64::from(down))
    }
}

/// Angle between a gradient and the right, in whole degrees, 0 to 180.
fn angle_index(gx: f64, down: f64) -> u8 {
    (down.atan2(gx) * 180.0 / std::f64::consts::PI).min(180.0) as u8
}
