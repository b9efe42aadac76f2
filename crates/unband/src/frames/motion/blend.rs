//! Mean of a frame's result and those of its neighbours, moved along their motion.

use unband_image::{Context, Plane};
use unband_simd::jobs::change::{Both, corrected, divided};
use unband_simd::jobs::motion::{
    Brightness, PATCH, PATCH_COLUMNS, SIDE, TAPS, add_moved, differing_block, moved_block, taps,
};

use super::super::kept::{FixedPointPlane, KeptFrame};
use super::super::squares::Squares;
use super::super::temporal::falling;
use super::field::{Between, Field, Motion, STEP, floor};

/// Units in an 8-bit code.
const CODE: f32 = 65535.0 / 255.0;
/// A larger fall in contrast, or the rise back, is not averaged over.
const MOST_GAIN: f32 = 0.4;
/// Rounds of weights at most for the change of brightness, and a difference in codes that ends them.
const ROUNDS: usize = 5;
const SETTLED: f32 = 1e-3;
/// A motion nearer than this to whole samples is one of whole samples: interpolation costs time.
const NEAR: f32 = 1.0 / 64.0;
/// Samples in a block.
const SAMPLES: f32 = (SIDE * SIDE) as f32;

/// Limits of the differences between a moved frame and a frame's own result.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::frames) struct Limits {
    /// Mean square of a block, in squared 8-bit codes: full weight up to the first, none from the second on.
    pub(in crate::frames) block: (f32, f32),
    /// A sample that differs by this many 8-bit codes gets no weight.
    pub(in crate::frames) sample: f32,
    /// A smaller change of brightness is the codec's: it is averaged, not followed. In 8-bit codes.
    pub(in crate::frames) flicker: f32,
    /// Mean square that a quarter of the blocks does not exceed, in squared 8-bit codes: from the first on it
    /// is grain, which a mean would remove; no frame is averaged from the second on.
    pub(in crate::frames) grain: Option<(f32, f32)>,
    /// Weight of lost detail among the differences, and its increase for a frame that lost detail everywhere:
    /// codecs store some frames finer than their neighbours, which must not blur them.
    pub(in crate::frames) lost: (f32, f32),
}

impl Limits {
    /// For frames of a lossy codec, or others.
    pub(in crate::frames) fn from_lossy(lossy: bool) -> Self {
        if lossy {
            Self { block: (1.5, 4.0), sample: 8.0, flicker: 0.3, grain: None, lost: (1.0, 2.0) }
        } else {
            let grain = Some((0.06, 0.12));
            Self { block: (0.15, 0.4), sample: 2.5, flicker: 0.0, grain, lost: (0.0, 0.0) }
        }
    }
}

/// The moved differences of all samples of a plane, for each neighbour.
pub(in crate::frames) type Moved = Vec<Vec<i16>>;

/// The moved differences of a block.
#[derive(Clone, Copy, Default)]
struct BlockMatch {
    /// Mean difference and mean square, in units.
    mean: f32,
    square: f32,
    /// Mean of the frame's own samples.
    own: f32,
    /// Variance of the frame's own samples that those of the other one lack.
    lost: f32,
}

/// The result of a frame: a mean of its own and those of its neighbours, at the places of its samples.
///
/// `source`: its samples; `out`: the result. `others`: frames near it, with the motion from this one to each.
/// `moved`: memory for reuse.
pub(super) fn mean(
    middle: &KeptFrame,
    others: &[(&KeptFrame, Field)],
    limits: Limits,
    source: &[Plane],
    out: &mut [Plane],
    moved: &mut Moved,
    ctx: &Context<'_>,
) {
    let (width, height) = source.first().map_or((0, 0), |plane| (plane.width, plane.height));
    // Shares of the blocks of the first plane, and moved differences, for each neighbour.
    let mut first: Vec<Vec<f32>> = Vec::new();
    if moved.len() < others.len() {
        moved.resize_with(others.len(), Vec::new);
    }
    for (p, (plane, source)) in out.iter_mut().zip(source).enumerate() {
        let own = &middle.result[p];
        if own.width == 0 || plane.data.is_empty() {
            continue;
        }
        let place = Places {
            scale: (width.div_ceil(plane.width), height.div_ceil(plane.height)),
            blocks: (plane.width.div_ceil(SIDE), plane.height.div_ceil(SIDE)),
            luma: middle.luma.scale as f32,
        };
        let mut neighbours = Vec::new();
        for (k, ((other, field), moved)) in others.iter().zip(&mut *moved).enumerate() {
            if moved.len() < plane.data.len() {
                moved.resize(plane.data.len(), 0);
            }
            let moved = &mut moved[..plane.data.len()];
            let found = place.differences(own, &other.result[p], field, moved, ctx);
            let change = brightness(&found, limits.flicker);
            let mut shares = place.shares(&found, change, limits);
            match first.get(k) {
                Some(of_luma) if p > 0 => place.limit(&mut shares, of_luma, width),
                _ => first.push(shares.clone()),
            }
            neighbours.push(Neighbour { shares, moved, change });
        }
        let middle = Both { came: &middle.source[p].data, own: &own.data };
        place.finish(plane, source, middle, &neighbours, 1.0 / (limits.sample * CODE), ctx);
    }
}

/// A frame's differences to another one.
struct Neighbour<'a> {
    /// Share of each block.
    shares: Vec<f32>,
    /// Difference of each sample, after its motion.
    moved: &'a [i16],
    change: Brightness,
}

/// The blocks of a plane.
struct Places {
    /// Samples of luma for each of its samples.
    scale: (usize, usize),
    /// Blocks across and down.
    blocks: (usize, usize),
    /// Samples of luma for each of the motion's level.
    luma: f32,
}

impl Places {
    /// The places of all blocks along one side in a field with that number of blocks, given the scale there.
    fn along(&self, blocks: usize, scale: usize, of: usize) -> Vec<Between> {
        let at =
            |i: usize| (((i * SIDE + SIDE / 2) * scale) as f32 / self.luma - STEP as f32 / 2.0) / STEP as f32;
        (0..blocks).map(|i| Between::new(at(i), of)).collect()
    }

    /// The differences of a moved frame to a frame's own result, of all samples and by block.
    fn differences(
        &self,
        own: &FixedPointPlane,
        other: &FixedPointPlane,
        field: &Field,
        moved: &mut [i16],
        ctx: &Context<'_>,
    ) -> Vec<BlockMatch> {
        let lines = moved.chunks_mut(SIDE * own.width).collect();
        let across = self.along(self.blocks.0, self.scale.0, field.columns);
        let down = self.along(self.blocks.1, self.scale.1, field.rows);
        let scale = (self.scale.0 as f32, self.scale.1 as f32);
        let found = ctx.map_parts(lines, |row, line: &mut [i16]| {
            // For blocks at the border.
            let (mut patch, mut here) = ([0; PATCH * PATCH_COLUMNS], [0; SIDE * SIDE]);
            let mut block = |column: usize, line: &mut [i16]| {
                let motion = field.at_place(across[column], down[row]);
                let motion = Motion(motion.0 * self.luma / scale.0, motion.1 * self.luma / scale.1);
                let (x, y) = (column * SIDE, row * SIDE);
                let ((left, fx), (top, fy)) = (split(x, motion.0), split(y, motion.1));
                let before = TAPS as i32 / 2 - 1;
                let place = (left.saturating_sub(before), top.saturating_sub(before));
                let patch = other.part::<PATCH_COLUMNS>(place, PATCH, &mut patch);
                let here = own.part::<SIDE>((x as i32, y as i32), SIDE, &mut here);
                let moved = |out: (&mut [i16], usize)| match (fx, fy) {
                    (0.0, 0.0) => {
                        let (samples, stride) = patch;
                        let whole = &samples[before as usize * (stride + 1)..];
                        differing_block(ctx.level, out, (whole, stride), here)
                    }
                    _ => moved_block(ctx.level, out, patch, here, &taps(fx), &taps(fy)),
                };
                let (high, wide) = (line.len() / own.width, SIDE.min(own.width - x));
                let [sum, squares, own_sum, together] = if high == SIDE && wide == SIDE {
                    moved((&mut line[x..], own.width))
                } else {
                    let mut out = [0; SIDE * SIDE];
                    let sums = moved((&mut out, SIDE));
                    for (out, line) in out.chunks_exact(SIDE).zip(line.chunks_exact_mut(own.width)) {
                        line[x..x + wide].copy_from_slice(&out[..wide]);
                    }
                    sums
                };
                let (mean, square, own) = (sum / SAMPLES, squares / SAMPLES, own_sum / SAMPLES);
                let shared = 2.0 * (together / SAMPLES - own * mean);
                BlockMatch { mean, square, own, lost: -shared - (square - mean * mean) }
            };
            (0..self.blocks.0).map(|column| block(column, line)).collect::<Vec<_>>()
        });
        found.concat()
    }

    /// The share of each block.
    fn shares(&self, found: &[BlockMatch], change: Brightness, limits: Limits) -> Vec<f32> {
        let gain = (1.0 - spread(found).abs() / MOST_GAIN).max(0.0);
        let penalty = limits.lost.0 + limits.lost.1 * excess(found);
        let error = |found: &BlockMatch| {
            let shift = change.gain * found.own + change.offset;
            let square = found.square - 2.0 * found.mean * shift + shift * shift;
            (square + penalty * found.lost.max(0.0)) / (CODE * CODE)
        };
        let errors: Vec<f32> = found.iter().map(error).collect();
        let gain = gain * limits.grain.map_or(1.0, |limits| falling(quarter(&errors), limits));
        let (columns, rows) = self.blocks;
        let mean = |a: f32, b: f32, c: f32| 0.25 * (a + c) + 0.5 * b;
        let mut along = Vec::with_capacity(errors.len());
        for line in errors.chunks_exact(columns) {
            let (first, last) = (line[0], line[columns - 1]);
            let left = [first].into_iter().chain(line.iter().copied());
            let right = line[1..].iter().copied().chain([last]);
            along.extend(left.zip(line).zip(right).map(|((a, &b), c)| mean(a, b, c)));
        }
        let mut shares = errors;
        for (row, line) in shares.chunks_exact_mut(columns).enumerate() {
            let of = |row: usize| &along[row * columns..][..columns];
            let (above, here, below) = (of(row.saturating_sub(1)), of(row), of((row + 1).min(rows - 1)));
            for (((error, a), b), c) in line.iter_mut().zip(above).zip(here).zip(below) {
                *error = gain * falling(error.max(mean(*a, *b, *c)), limits.block);
            }
        }
        shares
    }

    /// Limits the shares of a smaller plane to those of luma at the same place.
    fn limit(&self, shares: &mut [f32], of_luma: &[f32], width: usize) {
        let across = width.div_ceil(SIDE);
        let down = of_luma.len() / across;
        for (i, share) in shares.iter_mut().enumerate() {
            let (x, y) = (i % self.blocks.0 * self.scale.0, i / self.blocks.0 * self.scale.1);
            let (right, below) = ((x + self.scale.0).min(across), (y + self.scale.1).min(down));
            for y in y.min(down - 1)..below {
                for of_luma in &of_luma[y * across..][x.min(across - 1)..right] {
                    *share = share.min(*of_luma);
                }
            }
        }
    }

    /// Writes the result: the frame's own samples and the weighted mean of the differences. `scale`: 1 / the
    /// difference from which a sample has no weight.
    fn finish(
        &self,
        plane: &mut Plane,
        source: &Plane,
        middle: Both<'_>,
        neighbours: &[Neighbour<'_>],
        scale: f32,
        ctx: &Context<'_>,
    ) {
        let width = plane.width;
        let squares = Squares { columns: self.blocks.0, rows: self.blocks.1 };
        let lines = plane.data.chunks_mut(SIDE * width).collect();
        ctx.map_parts(lines, |line, rows: &mut [f32]| {
            let (mut mixed, mut each) = (Vec::new(), Vec::new());
            let (mut sum, mut weight, nothing) = (vec![0.0; width], vec![1.0; width], vec![0.0; width]);
            let mut columns = nothing.clone();
            for (y, row) in (line * SIDE..).zip(rows.chunks_exact_mut(width)) {
                sum.fill(0.0);
                weight.fill(1.0);
                let at = y * width..(y + 1) * width;
                let middle = Both { came: &middle.came[at.clone()], own: &middle.own[at.clone()] };
                for Neighbour { shares, moved, change } in neighbours {
                    if squares.row(shares, y, &mut mixed, &mut each) {
                        let (each, moved) = (&each[..width], &moved[at.clone()]);
                        add_moved(ctx.level, &mut sum, &mut weight, each, middle.own, moved, *change, scale);
                    }
                }
                divided(ctx.level, row, &mut columns, &sum, &weight);
                corrected(ctx.level, row, source.row(y), middle, &nothing);
            }
        });
    }
}

/// The value that a quarter of them does not exceed; 0 without any.
fn quarter(values: &[f32]) -> f32 {
    let mut sorted = values.to_vec();
    let at = sorted.len() / 4;
    if sorted.is_empty() { 0.0 } else { *sorted.select_nth_unstable_by(at, f32::total_cmp).1 }
}

/// The sample before a moved place, and the fraction from there: none near a sample.
fn split(at: usize, by: f32) -> (i32, f32) {
    let (whole, fraction) = floor(by);
    let nearest = if fraction > 0.5 { whole + 1 } else { whole };
    let near = (by - nearest as f32).abs() < NEAR;
    if near { (at as i32 + nearest, 0.0) } else { (at as i32 + whole, fraction) }
}

impl FixedPointPlane {
    /// `rows` rows of `WIDTH` samples at a place, and the distance between them: of the plane itself, or at
    /// its border a copy in `copy`, where samples outside repeat the border.
    fn part<'a, const WIDTH: usize>(
        &'a self,
        (x, y): (i32, i32),
        rows: usize,
        copy: &'a mut [u16],
    ) -> (&'a [u16], usize) {
        let (width, height) = (self.width as i32, (self.data.len() / self.width) as i32);
        if x >= 0 && y >= 0 && x + WIDTH as i32 <= width && y + rows as i32 <= height {
            return (&self.data[y as usize * self.width + x as usize..], self.width);
        }
        for (row, to) in copy.chunks_exact_mut(WIDTH).enumerate() {
            let line = self.row(y.saturating_add(row as i32).clamp(0, height - 1) as usize);
            for (i, to) in to.iter_mut().enumerate() {
                *to = line[x.saturating_add(i as i32).clamp(0, width - 1) as usize];
            }
        }
        (copy, WIDTH)
    }
}

/// By how much more detail another frame lost than it has more: 0 to 1.
fn excess(found: &[BlockMatch]) -> f32 {
    let sum = |sign: f32| found.iter().map(|found| (sign * found.lost).max(0.0)).sum::<f32>();
    let (lost, more) = (sum(1.0), sum(-1.0));
    ((lost - more) / (lost + more).max(1.0)).max(0.0)
}

/// By how much the deviation of the blocks' means differs, relative to that of a frame's own ones.
fn spread(found: &[BlockMatch]) -> f32 {
    let n = found.len() as f64;
    let deviation = |value: fn(&BlockMatch) -> f32| {
        let (sum, squares) = found.iter().fold((0.0, 0.0), |(sum, squares), found| {
            let value = f64::from(value(found));
            (sum + value, squares + value * value)
        });
        (squares / n - (sum / n).powi(2)).max(0.0).sqrt() + f64::from(0.1 * CODE)
    };
    (deviation(|found| found.own + found.mean) / deviation(|found| found.own) - 1.0) as f32
}

/// The change of brightness that explains most blocks: none for a steady light, and the same one for all
/// blocks of a fade or flash. `flicker`: none for smaller ones.
fn brightness(found: &[BlockMatch], flicker: f32) -> Brightness {
    let mut change = Brightness::default();
    for _ in 0..ROUNDS {
        let mut sums = [0.0f64; 5];
        for found in found {
            let apart = (found.mean - change.gain * found.own - change.offset) / CODE;
            let weight = f64::from(1.0 / (1.0 + 4.0 * apart * apart));
            let (x, y) = (f64::from(found.own / CODE), f64::from(found.mean / CODE));
            sums[0] += weight;
            sums[1] += weight * x;
            sums[2] += weight * y;
            sums[3] += weight * x * x;
            sums[4] += weight * x * y;
        }
        let [n, x, y, xx, xy] = sums;
        let (x, y) = (x / n, y / n);
        let (variance, together) = (xx / n - x * x, xy / n - x * y);
        let gain = together / (variance + 0.05);
        let next = Brightness { gain: gain as f32, offset: ((y - gain * x) * f64::from(CODE)) as f32 };
        let apart = (next.gain - change.gain).abs() * 255.0 * CODE + (next.offset - change.offset).abs();
        change = next;
        if apart < SETTLED * CODE {
            break;
        }
    }
    let shift = |found: &BlockMatch| ((change.gain * found.own + change.offset) / CODE).powi(2);
    let square = found.iter().map(shift).sum::<f32>() / found.len() as f32;
    if square < flicker * flicker { Brightness::default() } else { change }
}
