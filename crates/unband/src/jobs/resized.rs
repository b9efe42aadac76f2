//! Repair of images that lost levels and were resized afterwards.
//!
//! A copy of the image has its samples on the nearest levels again, as before the resize. It is restored, and
//! the change is applied where the neighbourhood spans at most about two steps: elsewhere edges and texture
//! were blended by the resize.

use unband_image::findings::{Findings, Space};
use unband_image::method::Prepare;
use unband_image::{Context, Image, RestoreError};
use unband_simd::jobs::faithful::nearest_level;

use super::earlier::Earlier;

/// Half the side of the neighbourhood whose range is measured, in samples.
const AROUND: usize = 3;
/// Half the side of the mean that softens the shares.
const SOFT: usize = 2;
/// Range of luma, in steps, above which nothing changes, and how far below it everything does.
const STEPS: (f32, f32) = (2.2, 0.8);
/// Luma of BT.709.
const LUMA: [f32; 3] = [0.2126, 0.7152, 0.0722];

/// The restorer of an image that was resized. `prepare` makes the one of the image before.
///
/// # Errors
/// Those of `prepare`.
pub(super) fn restorer(
    image: &Image,
    findings: &Findings,
    prepare: &Prepare,
    ctx: &Context<'_>,
) -> Result<Earlier, RestoreError> {
    let mut before = image.clone();
    put_on_levels(&mut before, findings, ctx);
    let inner = prepare(&before, &Findings { resized: false, ..findings.clone() }, ctx)?;
    Ok(Earlier::new(inner, before, Some(shares(image, findings, ctx))))
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

/// The share of the change at each pixel, from the range of luma around it.
fn shares(image: &Image, findings: &Findings, ctx: &Context<'_>) -> Vec<u8> {
    let (width, height) = (image.width(), image.height());
    let step = findings.grids.iter().filter(|grid| grid.found).map(|grid| grid.step_codes);
    let step = step.fold(0.0, f32::max).max(1e-6) / 255.0;
    let rows: Vec<Vec<f32>> = ctx.map(height, |y| match image.planes.as_slice() {
        [r, g, b] => {
            let pixel = |x: usize| [r, g, b].iter().zip(LUMA).map(|(plane, k)| k * plane.row(y)[x]).sum();
            (0..width).map(pixel).collect()
        }
        planes => planes[0].row(y).to_vec(),
    });
    // Ranges across, then down.
    let ranges: Vec<Vec<(f32, f32)>> = ctx.map(height, |y| {
        let around = |x: usize| &rows[y][x.saturating_sub(AROUND)..(x + AROUND + 1).min(width)];
        (0..width).map(|x| range(around(x).iter().map(|&v| (v, v)))).collect()
    });
    let hard: Vec<Vec<f32>> = ctx.map(height, |y| {
        let near = &ranges[y.saturating_sub(AROUND)..(y + AROUND + 1).min(height)];
        let share = |x: usize| {
            let (low, high) = range(near.iter().map(|row| row[x]));
            ((STEPS.0 - (high - low) / step) / STEPS.1).clamp(0.0, 1.0)
        };
        (0..width).map(share).collect()
    });
    let soft = |y: usize| -> Vec<u8> {
        let near = &hard[y.saturating_sub(SOFT)..(y + SOFT + 1).min(height)];
        let down: Vec<f32> =
            (0..width).map(|x| near.iter().map(|row| row[x]).sum::<f32>() / near.len() as f32).collect();
        let mean = |x: usize| {
            let around = &down[x.saturating_sub(SOFT)..(x + SOFT + 1).min(width)];
            around.iter().sum::<f32>() / around.len() as f32
        };
        (0..width).map(|x| (255.0 * mean(x)).round() as u8).collect()
    };
    ctx.map(height, soft).concat()
}

/// Lowest and highest value of pairs of such.
fn range(values: impl Iterator<Item = (f32, f32)>) -> (f32, f32) {
    values.fold((f32::INFINITY, f32::NEG_INFINITY), |(low, high), (a, b)| (low.min(a), high.max(b)))
}
