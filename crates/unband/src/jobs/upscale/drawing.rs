//! Upscaled drawings: a network's sharp edges without its halos.
//!
//! No sample of the result leaves the range of the samples around it in the image, and the result gives the
//! image again when it is made smaller, nearly: its deviation is interpolated and added (Irani and Peleg,
//! "Improving Resolution by Image Registration", 1991). On the drawings of `tools/make_drawings.py` that are
//! recognised after downscaling, the mean gain over cubic interpolation is 1.4 to 2.5 dB at ×2 and 0.7 to
//! 1.1 dB at ×4; that of the network alone is −0.5 to 0.1 and −0.9 to −0.1 dB.

use std::ops::Range;

use unband_image::{Context, Plane, Resampling};

use super::rows;
use crate::repair::neighbours::lowest_and_highest;

/// Steps that add the deviation from the image.
const STEPS: usize = 2;
/// Rows around a part that the steps depend on.
const MARGIN: usize = 3 * STEPS + 1;

/// Improves a network's result for a drawing.
pub(super) fn confine(image: &[Plane], made: &mut [Plane], scale: usize, ctx: &Context<'_>) {
    for (plane, made) in image.iter().zip(made) {
        let parts = rows::parts(plane.height);
        let improved = ctx.map(parts.len(), |part| improved(plane, made, &parts[part], scale, ctx));
        let row = made.width * scale;
        for (part, rows) in parts.iter().zip(improved) {
            made.data[part.start * row..part.end * row].copy_from_slice(&rows);
        }
    }
}

/// Some rows of the result.
fn improved(plane: &Plane, made: &Plane, part: &Range<usize>, scale: usize, ctx: &Context<'_>) -> Vec<f32> {
    let window = rows::around(plane, part, MARGIN);
    let (small, mut large) = (plane.cut(window), made.cut(window.times(scale)));
    let ranges = lowest_and_highest(&small, 1, ctx);
    keep_within(&mut large, &ranges, scale);
    for _ in 0..STEPS {
        let mut missing = large.resized(small.width, small.height, Resampling::Area);
        missing.data.iter_mut().zip(&small.data).for_each(|(made, value)| *made = value - *made);
        let missing = missing.resized(large.width, large.height, Resampling::BicubicAntialiased);
        large.data.iter_mut().zip(missing.data).for_each(|(value, missing)| *value += missing);
        keep_within(&mut large, &ranges, scale);
    }
    let row = large.width * scale;
    large.data.truncate((part.end - window.y0) * row);
    large.data.split_off((part.start - window.y0) * row)
}

fn keep_within(large: &mut Plane, ranges: &[(f32, f32)], scale: usize) {
    let width = large.width / scale;
    for (y, row) in large.data.chunks_exact_mut(large.width).enumerate() {
        let ranges = &ranges[y / scale * width..][..width];
        for (samples, &(low, high)) in row.chunks_exact_mut(scale).zip(ranges) {
            for sample in samples {
                *sample = sample.clamp(low, high);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_stay_within_their_neighbours_and_give_the_image_again() {
        let (width, height) = (12, 2 * rows::ROWS + 9);
        let sample = |i: usize| if (i % width / 3 + i / width / 4).is_multiple_of(2) { 0.2 } else { 0.7 };
        let plane = Plane { width, height, data: (0..width * height).map(sample).collect() };
        let mut made = vec![plane.resized(4 * width, 4 * height, Resampling::Lanczos)];
        for value in &mut made[0].data {
            *value = 1.2 * *value + 0.01;
        }
        let off = |made: &Plane| {
            let again = made.resized(width, height, Resampling::Area);
            again.data.iter().zip(&plane.data).map(|(a, b)| (a - b).abs()).sum::<f32>()
                / again.data.len() as f32
        };
        let before = off(&made[0]);
        confine(std::slice::from_ref(&plane), &mut made, 4, &Context::default());
        assert!(made[0].data.iter().all(|value| (0.2..=0.7).contains(value)));
        assert!(off(&made[0]) < before / 3.0, "{before} → {}", off(&made[0]));
        // Parts meet without a seam: the same as in one part.
        let ctx = Context::default();
        let mut parted = vec![plane.resized(4 * width, 4 * height, Resampling::Lanczos)];
        let whole = improved(&plane, &parted[0], &(0..height), 4, &ctx);
        confine(std::slice::from_ref(&plane), &mut parted, 4, &ctx);
        let apart = parted[0].data.iter().zip(&whole).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
        assert!(apart < 1e-6, "{apart}");
    }
}
