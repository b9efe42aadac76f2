//! Averaging by strips of columns, as the original draws its random numbers column by column.

use std::ops::Range;

use unband_image::Context;
use unband_simd::filters::bband::{self, TIE};

use super::plan::{AveragingPlan, Planes};
use super::twister::Twister;
use super::{MOST_HALF, Tally};
use crate::bband::ones;

/// Maximum accepted change, in codes.
const ACCEPTED: f64 = 2.0;

const REACH: usize = MOST_HALF as usize;

/// Results of some columns, row by row.
pub(super) struct Strip<T> {
    pub(super) columns: Range<usize>,
    pub(super) values: Vec<T>,
    pub(super) tally: Tally,
}

/// The previous frame: its luma, and its result before rounding.
#[derive(Clone, Copy)]
pub(super) struct Before<'a> {
    pub(super) codes: &'a [u8],
    pub(super) out: &'a [f64],
}

/// The work on one image.
#[derive(Clone, Copy)]
pub(super) struct StripJob<'a> {
    pub(super) planes: &'a Planes<'a>,
    pub(super) plan: &'a AveragingPlan,
    /// Noise amplitude in codes.
    pub(super) noise: f64,
    /// For videos, from the second frame on.
    pub(super) before: Option<Before<'a>>,
}

/// Columns of a strip: tables of narrow strips fit the cache, which gains more than their overlap costs.
const COLUMNS: usize = 64;

/// Column ranges of all strips.
pub(super) fn strips(width: usize) -> impl Iterator<Item = Range<usize>> {
    (0..width.div_ceil(COLUMNS)).map(move |i| i * COLUMNS..((i + 1) * COLUMNS).min(width))
}

/// Averages the samples of the plan. Advances the generator as the original does.
///
/// `finish` makes a result from a sample's index and its new luma in 8-bit codes, `keep` from the index of an
/// unchanged sample.
pub(super) fn average<T: Send>(
    job: &StripJob<'_>,
    random: &mut Twister,
    ctx: &Context<'_>,
    finish: impl Fn(usize, f64) -> T + Sync,
    keep: impl Fn(usize) -> T + Sync,
) -> Vec<Strip<T>> {
    let StripJob { planes, plan, .. } = job;
    let strips: Vec<_> = strips(planes.width).collect();
    // The noise of all samples is drawn first, then one number for each averaged one.
    let draws = |columns: &Range<usize>| {
        let words = columns.start / 64..columns.end.div_ceil(64);
        let in_row =
            |y: usize| plan.mask.row(y)[words.clone()].iter().map(|w| w.count_ones() as usize).sum::<usize>();
        let (start, count) = (random.clone(), (0..planes.height).map(in_row).sum());
        random.skip(ctx.level, count);
        (start, count)
    };
    let starts: Vec<_> = strips.iter().map(draws).collect();
    let work = |i: usize| {
        let mut strip = Working::new(job, strips[i].clone());
        let (draws, count) = &starts[i];
        strip.draw(plan.noises[i].clone(), draws.clone(), *count, ctx);
        strip.run(ctx, &finish, &keep)
    };
    ctx.map(strips.len(), work)
}

/// A summed-area table of a strip with its margins, modulo 2³².
struct Table {
    sums: Vec<u32>,
    stride: usize,
}

impl Table {
    fn new(planes: &Planes<'_>, columns: &Range<usize>, value: impl Fn(usize) -> u32) -> Self {
        let (width, height) = (planes.width, planes.height);
        let stride = columns.len() + 2 * REACH + 1;
        let mut sums = vec![0u32; stride * (height + 2 * REACH + 1)];
        let (mut row, mut of) = (vec![0u32; stride], None);
        for r in 0..height + 2 * REACH {
            let y = r.saturating_sub(REACH).min(height - 1);
            if of != Some(y) {
                of = Some(y);
                let mut sum = 0u32;
                for (c, prefix) in row.iter_mut().enumerate() {
                    *prefix = sum;
                    let x = (columns.start + c).saturating_sub(REACH).min(width - 1);
                    sum = sum.wrapping_add(value(y * width + x));
                }
            }
            let (above, here) = sums.split_at_mut((r + 1) * stride);
            let above = &above[r * stride..];
            for ((sum, above), prefix) in here.iter_mut().zip(above).zip(&row) {
                *sum = above.wrapping_add(*prefix);
            }
        }
        Self { sums, stride }
    }

    /// The table rows at the top and bottom of windows around row `y`, starting left of the window of strip
    /// column `x`, for `count` windows.
    fn rows(&self, y: usize, half: usize, x: usize, count: usize) -> [&[u32]; 2] {
        [y + REACH - half, y + REACH + half + 1]
            .map(|r| &self.sums[r * self.stride + x + REACH - half..][..=count + 2 * half])
    }

    /// Sum over the window around a sample.
    fn window(&self, x: usize, y: usize, half: usize) -> u32 {
        let [above, last] = self.rows(y, half, x, 1);
        let side = 2 * half + 1;
        last[side].wrapping_sub(last[0]).wrapping_sub(above[side]).wrapping_add(above[0])
    }
}

struct Working<'a> {
    job: &'a StripJob<'a>,
    columns: Range<usize>,
    /// Tables of integer codes, their squares, and fine samples.
    sums: Table,
    squares: Table,
    fine: Option<Table>,
    /// Draws for all samples, then for those in the mask, column by column; and the start of each column's
    /// draws of the latter.
    noises: Vec<f64>,
    draws: Vec<f64>,
    next: Vec<usize>,
}

impl<'a> Working<'a> {
    fn new(job: &'a StripJob<'a>, columns: Range<usize>) -> Self {
        let planes = job.planes;
        let codes = planes.codes;
        Self {
            sums: Table::new(planes, &columns, |i| u32::from(codes[i])),
            squares: Table::new(planes, &columns, |i| u32::from(codes[i]) * u32::from(codes[i])),
            fine: planes.fine.map(|fine| Table::new(planes, &columns, |i| u32::from(fine[i]))),
            job,
            columns,
            noises: Vec::new(),
            draws: Vec::new(),
            next: Vec::new(),
        }
    }

    fn words(&self, y: usize) -> &'a [u64] {
        &self.job.plan.mask.row(y)[self.columns.start / 64..self.columns.end.div_ceil(64)]
    }

    fn draw(&mut self, mut noises: Twister, mut draws: Twister, count: usize, ctx: &Context<'_>) {
        let height = self.job.planes.height;
        self.noises = vec![0.0; self.columns.len() * height];
        noises.draw(ctx.level, &mut self.noises);
        self.draws = vec![0.0; count];
        draws.draw(ctx.level, &mut self.draws);
        let mut counts = vec![0; self.columns.len()];
        for y in 0..height {
            ones(self.words(y)).for_each(|x| counts[x] += 1);
        }
        let mut sum = 0;
        self.next = counts
            .iter()
            .map(|count| {
                sum += count;
                sum - count
            })
            .collect();
    }

    /// Unbiased variance of a window with the original's rounding: first the mean, then sums by column.
    fn variance(&self, x: usize, y: usize, half: usize) -> f64 {
        let Planes { codes, width, height, .. } = *self.job.planes;
        let near = |at: usize, k: usize, below: usize| (at + k).saturating_sub(half).min(below - 1);
        let side = 2 * half + 1;
        let count = (side * side) as f64;
        let codes = (0..side * side)
            .map(|i| f64::from(codes[near(y, i % side, height) * width + near(x, i / side, width)]));
        let mean = codes.clone().sum::<f64>() / count;
        codes.map(|code| (code - mean) * (code - mean)).sum::<f64>() / (count - 1.0)
    }

    /// Largest allowed half-windows with a variance of at most 4.
    fn halves(&self, y: usize, from: usize, halves: u64, out: &mut [u8], ctx: &Context<'_>) {
        out.fill(0);
        let mut open = 0..out.len();
        let mut rest = halves & !1;
        while rest != 0 && !open.is_empty() {
            let half = 64 - rest.leading_zeros() as usize;
            rest &= !(1 << (half - 1));
            let count = open.len();
            let ties = bband::even_row(
                ctx.level,
                &mut out[open.clone()],
                half as u8,
                self.sums.rows(y, half, from + open.start, count),
                self.squares.rows(y, half, from + open.start, count),
            );
            if ties {
                for (x, out) in out.iter_mut().enumerate().filter(|(_, out)| **out == TIE) {
                    let even = self.variance(self.columns.start + from + x, y, half) <= 4.0;
                    *out = if even { half as u8 } else { 0 };
                }
            }
            let left = |out: &[u8]| out.iter().position(|&half| half == 0);
            let first = left(&out[open.clone()]).unwrap_or(count);
            let last = out[open.clone()].iter().rposition(|&half| half == 0).map_or(first, |last| last + 1);
            open = open.start + first..open.start + last;
        }
        out.iter_mut().filter(|half| **half == 0).for_each(|half| *half = 1);
    }

    fn run<T>(
        mut self,
        ctx: &Context<'_>,
        finish: &impl Fn(usize, f64) -> T,
        keep: &impl Fn(usize) -> T,
    ) -> Strip<T> {
        let StripJob { planes, plan, noise, before } = *self.job;
        let (width, height) = (planes.width, planes.height);
        let mut values = Vec::with_capacity(self.columns.len() * height);
        let mut halves = vec![0; self.columns.len()];
        let mut tally = Tally::default();
        for y in 0..height {
            let words = self.words(y);
            if words.iter().any(|&word| word != 0) {
                plan.segments.runs(y, self.columns.clone(), |number, from, to| {
                    let own = plan.halves[number];
                    if own != 0 {
                        let (from, to) = (from - self.columns.start, to - self.columns.start);
                        self.halves(y, from, own, &mut halves[from..to], ctx);
                    }
                });
            }
            let first = y * width + self.columns.start;
            let mut done = 0;
            for x in ones(words) {
                values.extend((done..x).map(|x| keep(first + x)));
                done = x + 1;
                let half = usize::from(halves[x]);
                tally.add(half);
                let drawn = self.draws[self.next[x]];
                self.next[x] += 1;
                let k = ((drawn * half as f64) as usize + 1).min(half);
                let count = ((2 * k + 1) * (2 * k + 1)) as f64;
                let i = first + x;
                let (mean, own) = match (&self.fine, planes.fine) {
                    (Some(table), Some(fine)) => {
                        let sum = f64::from(table.window(x, y, k));
                        (sum / count / 256.0, f64::from(fine[i]) / 256.0)
                    }
                    _ => (f64::from(self.sums.window(x, y, k)) / count, f64::from(planes.codes[i])),
                };
                let new = mean + 2.0 * (self.noises[x * height + y] - 0.5) * noise;
                values.push(if (new - own).abs() <= ACCEPTED {
                    finish(i, before.map_or(new, |before| held(new, own, before, i)))
                } else {
                    keep(i)
                });
            }
            values.extend((done..self.columns.len()).map(|x| keep(first + x)));
        }
        Strip { columns: self.columns, values, tally }
    }
}

/// Limits the frame-to-frame change of a result to one code more than that of the input.
fn held(new: f64, own: f64, before: Before<'_>, i: usize) -> f64 {
    let most = (own - f64::from(before.codes[i])).abs() + 1.0;
    let change = new - before.out[i];
    if change.abs() <= most { new } else { before.out[i] + most * change.signum() }
}
