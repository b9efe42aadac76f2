//! Search for motion: from the smallest level to the largest, each block by its samples and its neighbours.
//!
//! At the smallest level all motions within a reach are tried. Each further level starts from the motion
//! found before, picks the best of the candidates around a block, and refines it by the gradients (Lucas and
//! Kanade, 1981). A block without structure tells nothing about its motion: it gets that of its neighbours,
//! by the precision of each estimate.

use unband_image::Context;
use unband_simd::jobs::motion::{Residual, SIDE, Template, residual, template};

use super::field::{Field, Motion, STEP, floor};
use super::pyramid::{BORDER, Level, Pyramid};
use super::regularise::regularised;

/// Reach of the full search at the smallest level, in its samples.
const REACH: i32 = 4;
/// A cost by which a motion is refuted, in squared codes.
const ENOUGH: f32 = 4.0;
/// Penalty of a candidate for its distance to the expected motion, in squared codes per squared sample.
const FAR: f32 = 0.05;
/// The same at the smallest level, for the distance to the motion of most blocks.
const SMALL_FAR: f32 = 2.0;
/// Squared codes of noise in a difference, at least.
const NOISE: f32 = 0.3;
/// Squared codes per squared sample of gradients that noise alone has.
const NOISY_GRADIENT: f32 = 0.02;
/// Precision of the motion found at the level before.
const EXPECTED: f32 = 4.0;
/// Steps along the gradients, at most.
const STEPS: usize = 4;
/// Samples in a block.
const SAMPLES: f32 = (SIDE * SIDE) as f32;

/// An estimate of a block's motion from its own samples.
#[derive(Clone, Copy, Default)]
pub(super) struct Estimate {
    pub(super) motion: Motion,
    /// Its precision, per squared sample: across², across·down, down².
    pub(super) precision: [f32; 3],
}

/// Two frames at one size.
struct Pair<'a> {
    from: &'a Level,
    to: &'a Level,
    ctx: &'a Context<'a>,
}

/// The motion from a frame to another; empty for small frames.
pub(in crate::frames) fn found(from: &Pyramid, to: &Pyramid, ctx: &Context<'_>) -> Field {
    let mut levels = from.levels.iter().zip(&to.levels).rev();
    let Some((smallest, other)) = levels.next() else { return Field::default() };
    let mut field = Pair { from: smallest, to: other, ctx }.searched();
    for (from, to) in levels {
        let (columns, rows) = Field::size(from.width, from.height);
        let start = field.doubled(columns, rows);
        field = Pair { from, to, ctx }.matched(&start, true);
    }
    field
}

/// Motion that is nearly known, refined.
pub(super) fn refined(from: &Pyramid, to: &Pyramid, start: Field, ctx: &Context<'_>) -> Field {
    match (from.levels.first(), to.levels.first()) {
        (Some(from), Some(to)) if !start.is_empty() => Pair { from, to, ctx }.matched(&start, false),
        _ => start,
    }
}

impl Pair<'_> {
    /// The first sample of a block.
    fn place(column: usize, row: usize) -> (i32, i32) {
        let at = |i: usize| (i * STEP) as i32 - ((SIDE - STEP) / 2) as i32;
        (at(column), at(row))
    }

    fn template(&self, (x, y): (i32, i32)) -> Template {
        template(self.ctx.level, self.from.from(x - 1, y - 1), self.from.stride)
    }

    /// The difference of a block to where it moved; a motion out of the frame ends in its border.
    fn residual(&self, block: &Template, (x, y): (i32, i32), motion: Motion) -> Residual {
        let inside = |at: i32, by: f32, size: usize| {
            let (low, high) = (-(BORDER as i32), (size + BORDER - SIDE - 2) as i32);
            floor((at as f32 + by).clamp(low as f32, high as f32))
        };
        let (x, fx) = inside(x, motion.0, self.to.width);
        let (y, fy) = inside(y, motion.1, self.to.height);
        residual(self.ctx.level, block, self.to.from(x, y), self.to.stride, (fx, fy))
    }

    /// The motion at the smallest level.
    fn searched(&self) -> Field {
        let (columns, rows) = Field::size(self.from.width, self.from.height);
        let tried: Vec<Motion> = (-REACH..=REACH)
            .flat_map(|dy| (-REACH..=REACH).map(move |dx| Motion(dx as f32, dy as f32)))
            .collect();
        let cost = |i: usize| -> Vec<f32> {
            let place = Self::place(i % columns, i / columns);
            let template = self.template(place);
            let tried = tried.iter();
            tried.map(|&motion| self.residual(&template, place, motion).squares / SAMPLES).collect()
        };
        let costs = self.ctx.map(columns * rows, cost);
        // The motion that suits most blocks.
        let mut all = vec![0.0f32; tried.len()];
        for costs in &costs {
            let least = costs.iter().copied().fold(f32::INFINITY, f32::min);
            all.iter_mut().zip(costs).for_each(|(all, cost)| *all += (cost - least).min(ENOUGH));
        }
        let best = |costs: &[f32], from: Motion, by: f32| {
            let cost = |i: usize| costs[i] + by * (tried[i] - from).squared();
            let i = (0..tried.len()).min_by(|&a, &b| cost(a).total_cmp(&cost(b))).unwrap_or(0);
            tried[i]
        };
        let most = best(&all, Motion::default(), 1e-3);
        let estimate = |i: usize| {
            let place = Self::place(i % columns, i / columns);
            let (start, template) = (best(&costs[i], most, SMALL_FAR), self.template(place));
            let first = self.residual(&template, place, start);
            self.estimate(&template, place, start, start, first)
        };
        let start = Field { columns, rows, motion: vec![most; columns * rows] };
        regularised(&start, &self.ctx.map(columns * rows, estimate), 40, self.ctx)
    }

    /// The motion at a level, given what is expected there. `widely`: blocks may move as their neighbours do,
    /// or not at all.
    fn matched(&self, start: &Field, widely: bool) -> Field {
        let lines = self.ctx.map(start.rows, |row| {
            let block = |column| {
                let (place, expected) = (Self::place(column, row), start.at(column, row));
                let template = self.template(place);
                let (start, first) = if widely {
                    self.best(start, column, row, &template)
                } else {
                    (expected, self.residual(&template, place, expected))
                };
                self.estimate(&template, place, expected, start, first)
            };
            (0..start.columns).map(block).collect::<Vec<_>>()
        });
        regularised(start, &lines.concat(), 6, self.ctx)
    }

    /// The best start for a block, with its residual: what is expected there or around it, or no motion.
    fn best(&self, start: &Field, column: usize, row: usize, template: &Template) -> (Motion, Residual) {
        let (place, expected) = (Self::place(column, row), start.at(column, row));
        let cost = |motion: Motion| {
            let residual = self.residual(template, place, motion);
            (residual.squares / SAMPLES + FAR * (motion - expected).squared().min(4.0), residual)
        };
        let around = [
            start.at(column.saturating_sub(2), row),
            start.at(column + 2, row),
            start.at(column, row.saturating_sub(2)),
            start.at(column, row + 2),
            Motion::default(),
        ];
        let mut best = (cost(expected), expected);
        for other in around {
            // Those nearly as expected cost time and change nothing.
            if (other - expected).squared() > 0.04 {
                let cost = cost(other);
                if cost.0 < best.0.0 {
                    best = (cost, other);
                }
            }
        }
        (best.1, best.0.1)
    }

    /// Refines a block's motion by its gradients, near what is expected.
    fn estimate(
        &self,
        block: &Template,
        place: (i32, i32),
        expected: Motion,
        start: Motion,
        first: Residual,
    ) -> Estimate {
        let [xx, xy, yy] = block.tensor;
        // Gradients of noise look like structure.
        let trace = (xx + yy).max(1e-6);
        let real = ((trace - 2.0 * SAMPLES * NOISY_GRADIENT) / trace).max(0.0);
        let noise = NOISE + first.squares / SAMPLES;
        let bound = EXPECTED * noise;
        let cost = |found: &Residual, motion: Motion| found.squares + bound * (motion - expected).squared();
        let (mut motion, mut found, mut best) = (start, first, cost(&first, start));
        let (a, c) = (xx + bound, yy + bound);
        let determinant = a * c - xy * xy;
        for _ in 0..STEPS {
            let back = (motion - expected) * bound;
            let (across, down) = (found.across + back.0, found.down + back.1);
            let step = Motion((c * across - xy * down) / determinant, (a * down - xy * across) / determinant);
            let length = step.squared();
            if length < 1e-4 {
                break;
            }
            let step = if length > 1.0 { step * (1.0 / length.sqrt()) } else { step };
            let next = motion - step;
            let other = self.residual(block, place, next);
            let cost = cost(&other, next);
            if cost >= best {
                break;
            }
            (motion, found, best) = (next, other, cost);
        }
        let scale = real / (NOISE + found.squares / SAMPLES);
        Estimate { motion, precision: [xx * scale, xy * scale, yy * scale] }
    }
}
