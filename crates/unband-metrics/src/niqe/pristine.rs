//! Statistics of good photographs, and the distance of others from them.

use super::FEATURES;

type Matrix = [[f64; FEATURES]; FEATURES];

/// Mean of the features of good photographs, their covariance, and the window, `f64` little endian. See `NOTICE.txt`.
static PRISTINE: &[u8] = include_bytes!("pristine.bin");

/// Side of the window, in samples.
pub(super) const SIDE: usize = 7;

/// Eigenvalues below this share of the largest count as zero.
const LEAST_SHARE: f64 = 1e-15;

fn pristine() -> ([f64; FEATURES], Matrix) {
    let mut numbers = PRISTINE.as_chunks::<8>().0.iter().map(|&bytes| f64::from_le_bytes(bytes));
    let mean = std::array::from_fn(|_| numbers.next().unwrap_or_default());
    let covariance = [(); FEATURES].map(|()| std::array::from_fn(|_| numbers.next().unwrap_or_default()));
    (mean, covariance)
}

/// The Gaussian window of standard deviation 7/6. It comes with the rest: what rounding makes of flat places hangs on the
/// last bits of its weights.
pub(super) fn window() -> [[f64; SIDE]; SIDE] {
    let mut numbers = PRISTINE.as_chunks::<8>().0[FEATURES * (FEATURES + 1)..].iter();
    let mut next = || numbers.next().map_or(0.0, |&bytes| f64::from_le_bytes(bytes));
    [(); SIDE].map(|()| [(); SIDE].map(|()| next()))
}

/// `sqrt(dᵀ C⁺ d)`: `d` is the difference of the means, `C` the mean of the covariances. `all` blocks have their finite
/// features in the mean, `whole` ones (two at least) are in the covariance.
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

/// Eigenvalues of a symmetric matrix and, in columns, its eigenvectors, by Jacobi's rotations.
fn eigen(mut a: Matrix) -> ([f64; FEATURES], Matrix) {
    let mut vectors = [[0.0; FEATURES]; FEATURES];
    (0..FEATURES).for_each(|i| vectors[i][i] = 1.0);
    // Converges quadratically; ten sweeps are plenty.
    for _ in 0..50 {
        let off: f64 =
            (0..FEATURES).flat_map(|i| (0..i).map(move |j| (i, j))).map(|(i, j)| a[i][j].powi(2)).sum();
        if off == 0.0 || !off.is_finite() {
            break;
        }
        for p in 0..FEATURES {
            for q in p + 1..FEATURES {
                rotate(&mut a, &mut vectors, p, q);
            }
        }
    }
    (std::array::from_fn(|i| a[i][i]), vectors)
}

/// Turns two axes so that their common element vanishes.
fn rotate(a: &mut Matrix, vectors: &mut Matrix, p: usize, q: usize) {
    let common = a[p][q];
    if common.abs() <= f64::EPSILON * 1e-3 * (a[p][p] * a[q][q]).abs().sqrt() {
        (a[p][q], a[q][p]) = (0.0, 0.0);
        return;
    }
    let angle = (a[q][q] - a[p][p]) / (2.0 * common);
    let t = angle.signum() / (angle.abs() + (angle * angle + 1.0).sqrt());
    let c = 1.0 / (t * t + 1.0).sqrt();
    let s = t * c;
    for row in a.iter_mut().chain(vectors) {
        (row[p], row[q]) = (c * row[p] - s * row[q], s * row[p] + c * row[q]);
    }
    let (upper, lower) = (a[p], a[q]);
    a[p] = std::array::from_fn(|k| c * upper[k] - s * lower[k]);
    a[q] = std::array::from_fn(|k| s * upper[k] + c * lower[k]);
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
