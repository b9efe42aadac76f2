//! Samples without a value, filled by a smooth extension of the others.
//!
//! Source: M. Kraus, "The Pull-Push Algorithm Revisited", GRAPP 2009.

use crate::image::Plane;

/// Fills the samples of weight 0 from ever larger means of the others; some weight is above 0.
pub fn extend(planes: &mut [Plane], weights: &Plane) {
    if weights.data.iter().all(|&weight| weight > 0.0) {
        return;
    }
    let (mut coarse, sums) = halved(planes, weights);
    extend(&mut coarse, &sums);
    for (plane, coarse) in planes.iter_mut().zip(&coarse) {
        for y in 0..plane.height {
            let row = plane.row_mut(y).iter_mut().zip(weights.row(y)).enumerate();
            row.filter(|(_, (_, weight))| **weight == 0.0)
                .for_each(|(x, (to, _))| *to = between(coarse, x, y));
        }
    }
}

/// Means of 2×2 samples by their weights, and the sums of those.
fn halved(planes: &[Plane], weights: &Plane) -> (Vec<Plane>, Plane) {
    let (width, height) = (weights.width.div_ceil(2), weights.height.div_ceil(2));
    let mut sums = Plane::filled(width, height, 0.0);
    let mut means: Vec<Plane> = planes.iter().map(|_| Plane::filled(width, height, 0.0)).collect();
    for y in 0..weights.height {
        for (x, &weight) in weights.row(y).iter().enumerate().filter(|(_, weight)| **weight > 0.0) {
            let at = y / 2 * width + x / 2;
            sums.data[at] += weight;
            for (mean, plane) in means.iter_mut().zip(planes) {
                mean.data[at] += weight * plane.row(y)[x];
            }
        }
    }
    for mean in &mut means {
        let sums = mean.data.iter_mut().zip(&sums.data).filter(|(_, sum)| **sum > 0.0);
        sums.for_each(|(mean, &sum)| *mean /= sum);
    }
    sums.data.iter_mut().for_each(|sum| *sum = sum.min(1.0));
    (means, sums)
}

/// A plane of half the size at a position of the whole one, interpolated.
fn between(coarse: &Plane, x: usize, y: usize) -> f32 {
    // The nearer sample has three quarters, the one on the other side the rest.
    let pair = |at: usize, side: usize| {
        let far = if at.is_multiple_of(2) { (at / 2).saturating_sub(1) } else { at / 2 + 1 };
        (at / 2, far.min(side - 1))
    };
    let ((x0, x1), (y0, y1)) = (pair(x, coarse.width), pair(y, coarse.height));
    let across = |y: usize| 0.75 * coarse.row(y)[x0] + 0.25 * coarse.row(y)[x1];
    0.75 * across(y0) + 0.25 * across(y1)
}
