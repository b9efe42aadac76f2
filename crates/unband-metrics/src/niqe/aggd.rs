//! Asymmetric generalised Gaussian distributions, fitted to the contrasts of a block.

use libm::tgamma;

/// Number of features of a block at one scale.
pub(super) const COUNT: usize = 18;

/// A square block of contrasts.
pub(super) struct Block {
    pub side: usize,
    pub data: Vec<f64>,
}

/// Ratio `Γ(2/α)² / (Γ(1/α) Γ(3/α))` of shapes `α` from 0.2 to 10 in steps of 0.001; it grows with `α`.
pub(super) struct Shapes(Vec<f64>);

fn shape(index: usize) -> f64 {
    0.2 + index as f64 * 0.001
}

impl Shapes {
    pub(super) fn new() -> Self {
        let ratio = |i| {
            let inverse = 1.0 / shape(i);
            tgamma(2.0 * inverse).powi(2) / (tgamma(inverse) * tgamma(3.0 * inverse))
        };
        Self((0..=9800).map(ratio).collect())
    }

    /// The shape with the nearest ratio; the first shape for NaN.
    fn nearest(&self, ratio: f64) -> f64 {
        let above = self.0.partition_point(|&r| r < ratio);
        let off = |i: usize| self.0.get(i).map_or(f64::INFINITY, |r| (r - ratio).powi(2));
        let below = above.saturating_sub(1);
        shape(if off(below) <= off(above) || ratio.is_nan() { below } else { above })
    }
}

/// A fitted distribution: its shape and its left and right spread.
struct Fit {
    shape: f64,
    left: f64,
    right: f64,
}

impl Fit {
    /// A spread is NaN if no value has its sign.
    fn new(values: &[f64], shapes: &Shapes) -> Self {
        // Independent lanes, added in a fixed order.
        let mut sums = [[0.0f64; 5]; 8];
        for values in values.chunks(8) {
            for (sum, &v) in sums.iter_mut().zip(values) {
                let (below, above) = (f64::from(u8::from(v < 0.0)), f64::from(u8::from(v > 0.0)));
                let square = v * v;
                sum[0] += below;
                sum[1] += above;
                sum[2] += below * square;
                sum[3] += above * square;
                sum[4] += v.abs();
            }
        }
        let total = |k: usize| sums.iter().map(|sum| sum[k]).sum::<f64>();
        let count = values.len() as f64;
        let (left, right) = ((total(2) / total(0)).sqrt(), (total(3) / total(1)).sqrt());
        let skew = left / right;
        let ratio = (total(4) / count).powi(2) / ((total(2) + total(3)) / count);
        let ratio = ratio * (skew.powi(3) + 1.0) * (skew + 1.0) / (skew * skew + 1.0).powi(2);
        let shape = shapes.nearest(ratio);
        let spread = (tgamma(1.0 / shape) / tgamma(3.0 / shape)).sqrt();
        Self { shape, left: left * spread, right: right * spread }
    }
}

/// Shape and mean spread of the contrasts; then shape, mean and both spreads of their products with the
/// neighbours above, left and on both diagonals. The block is periodic.
pub(super) fn features(block: &Block, shapes: &Shapes) -> [f64; COUNT] {
    let mut out = [0.0; COUNT];
    let fit = Fit::new(&block.data, shapes);
    (out[0], out[1]) = (fit.shape, f64::midpoint(fit.left, fit.right));
    let side = block.side;
    let mut products = vec![0.0; block.data.len()];
    for (i, (down, across)) in [(0, 1), (1, 0), (1, 1), (1, side - 1)].into_iter().enumerate() {
        for (y, out) in products.chunks_exact_mut(side).enumerate() {
            let row = &block.data[y * side..][..side];
            let other = &block.data[(y + side - down) % side * side..][..side];
            let (first, rest) = out.split_at_mut(across);
            first.iter_mut().zip(row.iter().zip(&other[side - across..])).for_each(|(o, (a, b))| *o = a * b);
            rest.iter_mut().zip(row[across..].iter().zip(other)).for_each(|(o, (a, b))| *o = a * b);
        }
        let fit = Fit::new(&products, shapes);
        let mean = (fit.right - fit.left) * (tgamma(2.0 / fit.shape) / tgamma(1.0 / fit.shape));
        out[2 + 4 * i..][..4].copy_from_slice(&[fit.shape, mean, fit.left, fit.right]);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ratios_grow_and_the_nearest_is_found() {
        let shapes = Shapes::new();
        assert!(shapes.0.windows(2).all(|two| two[0] < two[1]));
        for ratio in [-1.0, 0.0, 0.1, 0.5, 0.63, 0.74, 0.9, f64::NAN, f64::INFINITY] {
            let (mut best, mut at) = (f64::INFINITY, 0);
            for (i, r) in shapes.0.iter().enumerate() {
                if (r - ratio).powi(2) < best {
                    (best, at) = ((r - ratio).powi(2), i);
                }
            }
            if ratio.is_finite() || ratio.is_nan() {
                assert!((shapes.nearest(ratio) - shape(at)).abs() < 1e-12, "{ratio}");
            }
        }
        // A Gaussian has shape 2, a Laplacian 1.
        assert!((shapes.nearest(std::f64::consts::FRAC_2_PI) - 2.0).abs() < 1.1e-3);
        assert!((shapes.nearest(0.5) - 1.0).abs() < 1.1e-3);
    }

    #[test]
    fn products_are_with_neighbours_that_wrap_around() {
        let shapes = Shapes::new();
        let side = 4;
        let data: Vec<f64> = (0..16).map(|i| f64::from((i * 7) % 11) - 5.0).collect();
        let got = features(&Block { side, data: data.clone() }, &shapes);
        for (i, (down, across)) in [(0, 1), (1, 0), (1, 1), (1, 3)].into_iter().enumerate() {
            let at = |y: usize, x: usize| data[y % side * side + x % side];
            let products: Vec<f64> = (0..16)
                .map(|k| at(k / side, k % side) * at(k / side + side - down, k % side + side - across))
                .collect();
            let fit = Fit::new(&products, &shapes);
            assert_eq!(
                [got[2 + 4 * i], got[4 + 4 * i], got[5 + 4 * i]].map(f64::to_bits),
                [fit.shape.to_bits(), fit.left.to_bits(), fit.right.to_bits()]
            );
        }
    }
}
