//! Shape of a fitted generalised Gaussian distribution.

use libm::tgamma;

/// Ratio `Γ(1/γ) Γ(3/γ) / Γ(2/γ)²` of shapes `γ` from 0.03 to 10 in steps of 0.001: variance divided by the
/// squared mean deviation. It falls as `γ` grows.
pub(super) struct Shapes(Vec<f64>);

/// Constant that keeps the ratio of equal numbers at 0.
const LEAST: f64 = 1e-7;

fn shape(index: usize) -> f64 {
    0.03 + index as f64 * 0.001
}

impl Shapes {
    pub(super) fn new() -> Self {
        let ratio = |i| {
            let inverse = 1.0 / shape(i);
            tgamma(inverse) * tgamma(3.0 * inverse) / tgamma(2.0 * inverse).powi(2)
        };
        Self((0..=9970).map(ratio).collect())
    }

    /// The shape with the nearest ratio, the smaller one in a tie.
    fn nearest(&self, ratio: f64) -> f64 {
        let below = self.0.partition_point(|&r| r > ratio);
        let off = |i: usize| self.0.get(i).map_or(f64::INFINITY, |r| (r - ratio).abs());
        let above = below.saturating_sub(1);
        shape(if off(above) <= off(below) { above } else { below })
    }

    /// Fits a shape by variance and mean deviation: 2 is a Gaussian, 1 a Laplacian, lower values have heavier
    /// tails. Equal numbers give 10. Needs two numbers at least.
    pub(super) fn of<'n>(&self, numbers: impl Iterator<Item = &'n f64> + Clone) -> f64 {
        let (sum, count) = numbers.clone().fold((0.0, 0.0), |(sum, count), v| (sum + v, count + 1.0));
        let mean = sum / count;
        let (squares, deviations) = numbers.fold((0.0, 0.0), |(squares, deviations), v| {
            let off = v - mean;
            (squares + off * off, deviations + off.abs())
        });
        self.nearest(squares / (count - 1.0) / ((deviations / count).powi(2) + LEAST))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_ratio_is_found_and_known_distributions_have_their_shapes() {
        let shapes = Shapes::new();
        assert!(shapes.0.windows(2).all(|two| two[0] > two[1]) && shapes.0[0].is_finite());
        for ratio in [-1.0, 0.0, 1.2, 1.36, 1.57, 2.0, 3.3, 1e3, 1e30, f64::MAX] {
            let off = |i: usize| (shapes.0[i] - ratio).abs();
            let best = (0..shapes.0.len()).rev().min_by(|&a, &b| off(a).total_cmp(&off(b)));
            let first = (0..shapes.0.len()).find(|&i| best.is_some_and(|best| off(i) <= off(best)));
            assert_eq!(first.map(|i| shape(i).to_bits()), Some(shapes.nearest(ratio).to_bits()), "{ratio}");
        }
        // Variance divided by the squared mean deviation is π/2 for a Gaussian and 2 for a Laplacian.
        assert!((shapes.nearest(std::f64::consts::FRAC_PI_2) - 2.0).abs() < 1.1e-3);
        assert!((shapes.nearest(2.0) - 1.0).abs() < 1.1e-3);
        assert!((shapes.of([3.0; 5].iter()) - 10.0).abs() < 1e-12);
        let uniform: Vec<f64> = (0..1000).map(f64::from).collect();
        // A uniform distribution is the limit of large shapes: 4/3.
        assert!(shapes.of(uniform.iter()) > 9.0);
    }
}
