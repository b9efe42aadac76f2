//! Feature statistics of pristine photographs, and the distance from them.

use super::FEATURES;
use crate::eigen::{Square, eigen};

type Matrix = Square<FEATURES>;

/// Mean of the features of pristine photographs, their covariance, and the window, `f64` little endian. See
/// `NOTICE.txt`.
static PRISTINE: &[u8] = include_bytes!("pristine.bin");

/// Side of the window, in samples.
pub(super) const SIDE: usize = 7;

/// Eigenvalues below this share of the largest are treated as zero.
const LEAST_SHARE: f64 = 1e-15;

fn pristine() -> ([f64; FEATURES], Matrix) {
    let mut numbers = PRISTINE.as_chunks::<8>().0.iter().map(|&bytes| f64::from_le_bytes(bytes));
    let mean = std::array::from_fn(|_| numbers.next().unwrap_or_default());
    let covariance = [(); FEATURES].map(|()| std::array::from_fn(|_| numbers.next().unwrap_or_default()));
    (mean, covariance)
}

/// The Gaussian window of standard deviation 7/6. It is stored with the statistics, because the result in
/// flat areas depends on the last bits of its weights.
pub(super) fn window() -> [[f64; SIDE]; SIDE] {
    let mut numbers = PRISTINE.as_chunks::<8>().0[FEATURES * (FEATURES + 1)..].iter();
    let mut next = || numbers.next().map_or(0.0, |&bytes| f64::from_le_bytes(bytes));
    [(); SIDE].map(|()| [(); SIDE].map(|()| next()))
}

/// `sqrt(dᵀ C⁺ d)`, where `d` is the difference of the means and `C` the mean of the covariances. The mean
/// uses the features of `all` blocks that are not NaN; the covariance uses the `whole` blocks, two at least.
pub(super) fn distance(all: &[[f64; FEATURES]], whole: &[&[f64; FEATURES]]) -> f64 {
    let (mean, covariance) = pristine();
    let difference: [f64; FEATURES] = std::array::from_fn(|i| {
        let values = all.iter().map(|block| block[i]).filter(|v| !v.is_nan());
        let (sum, count) = values.fold((0.0, 0.0), |(sum, count), v| (sum + v, count + 1.0));
        mean[i] - sum / count
    });
    let count = whole.len() as f64;
    let centre: [f64; FEATURES] =
        std::array::from_fn(|i| whole.iter().map(|block| block[i]).sum::<f64>() / count);
    let mut joint = covariance;
    for (i, row) in joint.iter_mut().enumerate() {
        for (j, value) in row.iter_mut().enumerate() {
            let sum: f64 = whole.iter().map(|b| (b[i] - centre[i]) * (b[j] - centre[j])).sum();
            *value = f64::midpoint(*value, sum / (count - 1.0));
        }
    }
    let (values, vectors) = eigen(joint);
    let largest = values.iter().fold(0.0, |most: f64, v| most.max(v.abs()));
    let mut sum = 0.0;
    for (k, value) in values.iter().enumerate().filter(|(_, v)| v.abs() > LEAST_SHARE * largest) {
        let along: f64 = (0..FEATURES).map(|i| vectors[i][k] * difference[i]).sum();
        sum += along * along / value;
    }
    sum.max(0.0).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn eigenvectors_give_the_matrix_back() {
        let (_, matrix) = pristine();
        let (values, vectors) = eigen(matrix);
        assert!(values.iter().all(|&v| v > 0.0), "{values:?}");
        for i in 0..FEATURES {
            for j in 0..FEATURES {
                let back: f64 = (0..FEATURES).map(|k| vectors[i][k] * values[k] * vectors[j][k]).sum();
                assert!((back - matrix[i][j]).abs() < 1e-14, "{i} {j}: {back} {}", matrix[i][j]);
            }
        }
    }

    #[test]
    fn all_parameters_are_there() {
        assert_eq!(PRISTINE.len(), 8 * (FEATURES * (FEATURES + 1) + SIDE * SIDE));
        assert!((window().iter().flatten().sum::<f64>() - 1.0).abs() < 1e-15);
        let (mean, covariance) = pristine();
        assert!(mean.iter().chain(covariance.iter().flatten()).all(|v| v.is_finite() && *v != 0.0));
    }
}
