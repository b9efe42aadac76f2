//! Global frequency features: statistics of the normalised bands of a steerable pyramid.

use unband_image::Context;

use super::pyramid::{DIRECTIONS, Pyramid};
use super::shape::Shapes;
use crate::MetricError;
use crate::eigen::{Square, eigen};
use crate::field::Field;
use crate::ssim_window::Window;

/// Number of features of an image: shapes of 12 bands, of 6 pairs of them, 12 similarities with the highest
/// band, 15 among the directions of the first level.
pub(super) const COUNT: usize =
    2 * DIRECTIONS + DIRECTIONS + 2 * DIRECTIONS + DIRECTIONS * (DIRECTIONS - 1) / 2;

/// Samples cropped around the first level; half as many around the second.
const GUARD: usize = 16;

/// Minimum side of an image: the cropped first level must hold a window of 11 samples.
pub(super) const LEAST_SIDE: usize = 2 * (GUARD + 1) + 11;

/// Rows per work item.
const BAND: usize = 16;

/// The features of a field in 8-bit codes.
pub(super) fn features(
    field: &Field,
    shapes: &Shapes,
    ctx: &Context<'_>,
) -> Result<[f64; COUNT], MetricError> {
    let pyramid = Pyramid::new(field, ctx);
    let [first, second] = &pyramid.levels;
    let mut levels = [Vec::new(), Vec::new()];
    for direction in 0..DIRECTIONS {
        // The authors' code treats the last direction as one without a parent.
        let parent = (direction + 1 < DIRECTIONS).then(|| {
            let parent = &second[direction];
            let twice = parent.resized(2 * parent.width, 2 * parent.height);
            twice.cropped(0, 0, first[direction].width, first[direction].height)
        });
        levels[0].push(expected::<15>(first, direction, parent.as_ref(), GUARD, ctx));
    }
    levels[1]
        .extend((0..DIRECTIONS).map(|direction| expected::<14>(second, direction, None, GUARD / 2, ctx)));
    let [ours, theirs] = &levels;
    let mut out = Vec::with_capacity(COUNT);
    out.extend(levels.iter().flatten().map(|band| shapes.of(band.data.iter())));
    out.extend(ours.iter().zip(theirs).map(|(a, b)| shapes.of(a.data.iter().chain(&b.data))));
    let window = Window::gaussian();
    let (width, height) = (field.width, field.height);
    for band in first {
        out.push(window.means(band, &pyramid.high, ctx)?.contrast);
    }
    for band in second {
        out.push(window.means(&band.resized(width, height), &pyramid.high, ctx)?.contrast);
    }
    for (i, a) in ours.iter().enumerate() {
        for b in &ours[i + 1..] {
            out.push(window.means(a, b, ctx)?.contrast);
        }
    }
    Ok(std::array::from_fn(|i| out[i]))
}

/// Divisive normalisation of a band. Each sample is divided by the square root of the squared length of its
/// 3×3 neighbours, its parent and the other directions, in units of their covariance. The result is cropped
/// by `guard` samples and one more on each side, and its mean is subtracted.
///
/// `N` is 9 and 5, and one more with a parent. Differs: if all neighbours are zero the result is 0; the
/// authors' code fails there.
fn expected<const N: usize>(
    bands: &[Field; DIRECTIONS],
    direction: usize,
    parent: Option<&Field>,
    guard: usize,
    ctx: &Context<'_>,
) -> Field {
    let own = &bands[direction];
    let (wide, high) = (own.width - 2, own.height - 2);
    let other_bands: Vec<&Field> = bands
        .iter()
        .enumerate()
        .filter(|&(d, _)| d != direction)
        .map(|(_, band)| band)
        .chain(parent)
        .collect();
    let around = |x: usize, y: usize| -> [f64; N] {
        let mut out = [0.0; N];
        for (row, out) in (y - 1..).zip(out[..9].chunks_exact_mut(3)) {
            out.copy_from_slice(&own.row(row)[x - 1..x + 2]);
        }
        for (out, band) in out[9..].iter_mut().zip(&other_bands) {
            *out = band.row(y)[x];
        }
        out
    };
    let parts = ctx.map(high.div_ceil(BAND), |part| {
        let (mut sums, mut total) = ([[0.0; N]; N], 0.0);
        for y in part * BAND..((part + 1) * BAND).min(high) {
            for x in 1..=wide {
                let values = around(x, y + 1);
                for (i, sums) in sums.iter_mut().enumerate() {
                    // The lower half; the matrix is symmetric.
                    sums[..=i].iter_mut().zip(&values).for_each(|(sum, v)| *sum += values[i] * v);
                }
                total += values[4];
            }
        }
        (sums, total)
    });
    let count = (wide * high) as f64;
    let mut covariance = [[0.0; N]; N];
    let mut mean = 0.0;
    for (sums, total) in parts {
        for (i, row) in sums.iter().enumerate() {
            for (j, v) in row[..=i].iter().enumerate() {
                covariance[i][j] += v / count;
            }
        }
        mean += total / count;
    }
    covariance = std::array::from_fn(|i| std::array::from_fn(|j| covariance[i.max(j)][i.min(j)]));
    // As in the authors' code: 9 without a parent, although the other directions are included.
    let neighbours = 9 + usize::from(parent.is_some());
    let axes = inverse_roots(covariance, neighbours as f64);
    let (width, height) = (wide - 2 * guard, high - 2 * guard);
    let rows = ctx.map(height, |row| {
        let y = guard + 1 + row;
        let ratio = |x: usize| {
            let values = around(x, y);
            let length = |axis: &[f64; N]| axis.iter().zip(&values).map(|(a, v)| a * v).sum::<f64>().powi(2);
            let z = axes.iter().map(length).sum::<f64>().sqrt();
            if z == 0.0 { 0.0 } else { (values[4] - mean) / z }
        };
        (guard + 1..=guard + width).map(ratio).collect::<Vec<f64>>()
    });
    let mut data = rows.concat();
    let centre = data.iter().sum::<f64>() / data.len() as f64;
    for v in &mut data {
        *v -= centre;
    }
    Field { width, height, data }
}

/// Axes along which vectors have the mean length 1, divided by the square root of `share`. Negative
/// eigenvalues (rounding errors) become 0, and the others are scaled to the old sum; axes of almost zero
/// variance are skipped.
fn inverse_roots<const N: usize>(covariance: Square<N>, share: f64) -> Vec<[f64; N]> {
    let (mut values, vectors) = eigen(covariance);
    let (all, positive) = (values.iter().sum::<f64>(), values.iter().filter(|&&v| v > 0.0).sum::<f64>());
    let stretch = if positive == 0.0 { 0.0 } else { all / positive };
    for v in &mut values {
        *v = v.max(0.0) * stretch;
    }
    let largest = values.iter().fold(0.0, |most: f64, &v| most.max(v));
    // MATLAB's limit for its pseudo-inverse: N units in the last place of the largest.
    let least = N as f64 * (largest.next_up() - largest);
    let axis = |k: usize| {
        let scale = 1.0 / (values[k] * share).sqrt();
        std::array::from_fn(|i| vectors[i][k] * scale)
    };
    (0..N).filter(|&k| values[k] > least).map(axis).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn axes_measure_lengths_in_units_of_the_covariance() {
        // Two numbers that always agree, and one of variance 4: two axes.
        let covariance = [[9.0, 9.0, 0.0], [9.0, 9.0, 0.0], [0.0, 0.0, 4.0]];
        let axes = inverse_roots(covariance, 1.0);
        assert_eq!(axes.len(), 2);
        let squared = |v: [f64; 3]| -> f64 {
            axes.iter().map(|a| a.iter().zip(v).map(|(a, v)| a * v).sum::<f64>().powi(2)).sum()
        };
        assert!((squared([3.0, 3.0, 0.0]) - 1.0).abs() < 1e-12);
        assert!((squared([0.0, 0.0, 4.0]) - 4.0).abs() < 1e-12);
        assert!(inverse_roots([[0.0; 4]; 4], 9.0).is_empty());
    }
}
