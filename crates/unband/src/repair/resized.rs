//! Repair of images that lost levels and were resized afterwards.
//!
//! A copy of the image has its samples on the nearest levels again, as before the resize. It is restored, and
//! the change is applied where the neighbourhood spans at most about two steps: elsewhere edges and texture
//! were blended by the resize. Where hardly any neighbours are equal, noise crossed the levels, and the means
//! that the resize made of it say more than the levels: the difference is added again.

use unband_image::findings::{Findings, Space};
use unband_image::{Context, Image, Plane, With};
use unband_simd::filters::smooth::mix_row;
use unband_simd::jobs::faithful::nearest_level;

use super::earlier::{ChangeShares, EarlierCompressionImage};
use super::neighbours::{around, lowest_and_highest};
use super::{Repair, Work};

/// Half the side of the neighbourhood whose range is measured, in samples.
const AROUND: usize = 2;
/// Half the side of the mean that softens the shares.
const SOFT: usize = 2;
/// Range, in steps, above which nothing changes, and how far below it everything does.
const STEPS: (f32, f32) = (2.2, 0.8);
/// Range of a flat 3×3 window, in 8-bit codes: of a channel, and of luma behind channels that were rounded.
const FLAT: (f32, f32) = (0.5, 1.2);
/// Half the side of the neighbourhood whose flat windows are counted.
const AMONG: usize = 5;
/// Share of samples in flat windows from which there is no noise.
const QUIET: f32 = 0.8;

pub(crate) struct Resized;

impl Repair for Resized {
    fn applies(&self, findings: &Findings) -> bool {
        findings.resized
    }

    fn before(&self, work: &mut Work<'_>) {
        if work.image.is_yuv() {
            return;
        }
        let mut image = work.image.clone();
        put_on_levels(&mut image, work.findings, work.ctx);
        let shares = Some(applied(work.image, &image, work.findings, work.ctx));
        let findings = work.findings.clone().but(|new| new.resized = false);
        work.earlier = Some(EarlierCompressionImage { image, findings, shares });
    }
}

/// Puts all samples of the found planes on their nearest level.
fn put_on_levels(image: &mut Image, findings: &Findings, ctx: &Context<'_>) {
    let width = image.width().max(1);
    let level = |p: usize, value: f32| {
        let grid = findings.grids.get(p).filter(|grid| grid.found)?;
        let (step, offset) = (grid.step_codes / 255.0, grid.offset_codes / 255.0);
        Some(nearest_level(value, step, offset) * step + offset)
    };
    match (findings.space, image.planes.as_mut_slice()) {
        (Space::Yuv { matrix, .. }, [r, g, b]) => {
            let weights = matrix.weights_of(0);
            let rows = r.data.chunks_exact_mut(width).zip(g.data.chunks_exact_mut(width));
            let rows: Vec<_> = rows.zip(b.data.chunks_exact_mut(width)).collect();
            ctx.map_parts(rows, |_, ((r, g), b)| {
                for ((r, g), b) in r.iter_mut().zip(g).zip(b) {
                    let luma = weights[0] * *r + weights[1] * *g + weights[2] * *b;
                    let Some(level) = level(0, luma) else { continue };
                    // Luma alone: each channel moves by the same amount.
                    for value in [r, g, b] {
                        *value += level - luma;
                    }
                }
            });
        }
        (_, planes) => {
            for (p, plane) in planes.iter_mut().enumerate() {
                let rows: Vec<&mut [f32]> = plane.data.chunks_exact_mut(width).collect();
                ctx.map_parts(rows, |_, row| {
                    for value in row.iter_mut() {
                        *value = level(p, *value).unwrap_or(*value);
                    }
                });
            }
        }
    }
}

/// What is applied, from the samples around: the share is that of the plane with the widest range.
fn applied(image: &Image, before: &Image, findings: &Findings, ctx: &Context<'_>) -> ChangeShares {
    let found = findings.grids.iter().filter(|grid| grid.found).map(|grid| grid.step_codes);
    let step = found.fold(0.0, f32::max).max(1e-6) / 255.0;
    if let (Space::Yuv { matrix, .. }, [r, g, b]) = (findings.space, image.planes.as_slice()) {
        let weights = matrix.weights_of(0);
        let rows = ctx.map(r.height, |y| {
            let mut row = vec![0.0; r.width];
            mix_row(ctx.level, &mut row, r.row(y), g.row(y), b.row(y), weights);
            row
        });
        let luma = Plane { width: r.width, height: r.height, data: rows.concat() };
        let shares = shares(ranges(&luma, AROUND, ctx), &luma, step, ctx);
        // Each channel moved by the same amount.
        return ChangeShares { shares, added: vec![added(r, &before.planes[0], &luma, FLAT.1 / 255.0, ctx)] };
    }
    let mut widest = vec![0.0; image.planes[0].data.len()];
    for plane in &image.planes {
        let ranges = ranges(plane, AROUND, ctx);
        widest.iter_mut().zip(ranges).for_each(|(widest, range)| *widest = range.max(*widest));
    }
    let shares = shares(widest, &image.planes[0], step, ctx);
    let pairs = image.planes.iter().zip(&before.planes);
    ChangeShares { shares, added: pairs.map(|(a, b)| added(a, b, a, FLAT.0 / 255.0, ctx)).collect() }
}

/// Shares of the change, from the ranges around the samples of a plane.
fn shares(ranges: Vec<f32>, of: &Plane, step: f32, ctx: &Context<'_>) -> Vec<u8> {
    let share = |range: f32| ((STEPS.0 - range / step) / STEPS.1).clamp(0.0, 1.0);
    let hard = Plane { width: of.width, height: of.height, data: ranges.into_iter().map(share).collect() };
    means(&hard, SOFT, ctx).into_iter().map(|share| (255.0 * share).round() as u8).collect()
}

/// The difference of two planes, mean of 3×3 samples with weights 1, 2, 1: all of it where no sample of
/// `levels` is in a flat window.
fn added(a: &Plane, b: &Plane, levels: &Plane, flat: f32, ctx: &Context<'_>) -> Vec<f32> {
    let (width, height) = (a.width, a.height);
    let of = |data: Vec<f32>| Plane { width, height, data };
    // A sample is in a flat window if the lowest range around it is that of one.
    let lowest = around(&of(ranges(levels, 1, ctx)), 1, |v| v, f32::min, ctx);
    let inside = lowest.into_iter().map(|range| if range < flat { 1.0 } else { 0.0 }).collect();
    let inside = means(&of(inside), AMONG, ctx);
    let near = |at: usize, end: usize| [at.saturating_sub(1), at, (at + 1).min(end - 1)];
    let rows = ctx.map(height, |y| {
        let rows = near(y, height).map(|y| (a.row(y), b.row(y)));
        let difference = |x: usize| {
            let [above, here, below] = rows.map(|(a, b)| {
                let [left, here, right] = near(x, width).map(|x| a[x] - b[x]);
                left + right + 2.0 * here
            });
            (above + below + 2.0 * here) / 16.0
        };
        let kept = |x: usize| (1.0 - inside[y * width + x] / QUIET).clamp(0.0, 1.0);
        (0..width).map(|x| kept(x) * difference(x)).collect::<Vec<f32>>()
    });
    rows.concat()
}

/// Highest minus lowest sample around each one.
fn ranges(plane: &Plane, radius: usize, ctx: &Context<'_>) -> Vec<f32> {
    lowest_and_highest(plane, radius, ctx).into_iter().map(|(low, high)| high - low).collect()
}

/// Mean of the samples around each one.
fn means(plane: &Plane, radius: usize, ctx: &Context<'_>) -> Vec<f32> {
    let add = |a: (f32, f32), b: (f32, f32)| (a.0 + b.0, a.1 + b.1);
    around(plane, radius, |v| (v, 1.0), add, ctx).into_iter().map(|(sum, count)| sum / count).collect()
}
