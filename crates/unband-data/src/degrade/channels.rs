//! Gaussian noise for three channels: independent, identical or correlated.

use unband_image::{Depth, Image, Rng, words};

use super::noise::normals;
use super::{DegradeError, check_rgb};

words! {
    /// Relation between the noise of the three channels.
    pub enum Channels {
        /// Independent noise in each channel.
        Independent = "independent",
        /// The same noise in all channels, which is grey.
        Same = "same",
        /// Correlated by a covariance that is drawn for the image.
        Correlated = "correlated",
    }
}

impl Channels {
    /// Changes the samples of an RGB image by `add`, which gets a value and its noise, clamped to black and
    /// white. `level_codes`: standard deviation of the noise in 8-bit codes.
    pub(super) fn add(
        self,
        image: &mut Image,
        rng: Rng,
        level_codes: f32,
        add: impl Fn(f32, f32) -> f32,
    ) -> Result<(), DegradeError> {
        check_rgb(image)?;
        let noise = noise(self, rng, image.width(), image.height(), level_codes / 255.0);
        for (plane, noise) in image.planes.iter_mut().zip(noise) {
            plane.data.iter_mut().zip(noise).for_each(|(v, n)| *v = add(*v, n).clamp(0.0, 1.0));
        }
        image.depth = Depth::F32;
        Ok(())
    }
}

type Matrix = [[f64; 3]; 3];

/// Three planes of noise with standard deviation `sigma`, `width` × `height` samples each.
fn noise(channels: Channels, rng: Rng, width: usize, height: usize, sigma: f32) -> [Vec<f32>; 3] {
    let plane = |number: u32| normals(rng, number, width, height);
    let times = |mut plane: Vec<f32>| {
        for n in &mut plane {
            *n *= sigma;
        }
        plane
    };
    match channels {
        Channels::Independent => [0, 1, 2].map(|number| times(plane(number))),
        Channels::Same => {
            let same = times(plane(0));
            [same.clone(), same.clone(), same]
        }
        Channels::Correlated => {
            let root = root(&covariance(rng)).map(|row| row.map(|v| v as f32));
            let mut planes = [0, 1, 2].map(plane);
            let [a, b, c] = &mut planes;
            for ((a, b), c) in a.iter_mut().zip(b).zip(c) {
                let n = [*a, *b, *c];
                let sum = |row: [f32; 3]| sigma * (row[0] * n[0] + row[1] * n[1] + row[2] * n[2]);
                (*a, *b, *c) = (sum(root[0]), sum(root[1]), sum(root[2]));
            }
            planes
        }
    }
}

/// Covariance of a generator's correlated noise at standard deviation 1: `|Uᵀ D U|` element by element. D
/// holds three uniform numbers, U the left singular vectors of a matrix of uniform numbers.
///
/// Source: `add_Gaussian_noise` of cszn/BSRGAN.
pub(super) fn covariance(rng: Rng) -> Matrix {
    let unit = |x: u32| f64::from(rng.at(0, 0x636f, x, 0)) / 4_294_967_296.0;
    let d: [f64; 3] = std::array::from_fn(|i| unit(i as u32));
    let a: Matrix = std::array::from_fn(|y| std::array::from_fn(|x| unit((3 + 3 * y + x) as u32)));
    let square: Matrix =
        std::array::from_fn(|y| std::array::from_fn(|x| (0..3).map(|k| a[y][k] * a[x][k]).sum()));
    // The vectors of the largest singular value come first; their signs do not matter below.
    let (values, vectors) = eigen(square);
    let mut order = [0, 1, 2];
    order.sort_by(|i, j| values[*j].total_cmp(&values[*i]));
    let u: Matrix = std::array::from_fn(|y| std::array::from_fn(|x| vectors[y][order[x]]));
    std::array::from_fn(|y| {
        std::array::from_fn(|x| (0..3).map(|k| u[k][y] * d[k] * u[k][x]).sum::<f64>().abs())
    })
}

/// A matrix that gives independent normal numbers the covariance. The absolute values may leave the
/// covariance with a negative eigenvalue; its magnitude is used then, as in `NumPy`'s sampling by singular
/// values.
pub(super) fn root(covariance: &Matrix) -> Matrix {
    let (values, vectors) = eigen(*covariance);
    std::array::from_fn(|y| std::array::from_fn(|x| vectors[y][x] * values[x].abs().sqrt()))
}

/// Eigenvalues of a symmetric matrix and its eigenvectors in columns (Jacobi rotations).
fn eigen(mut a: Matrix) -> ([f64; 3], Matrix) {
    let mut v: Matrix = std::array::from_fn(|y| std::array::from_fn(|x| f64::from(x == y)));
    for _ in 0..24 {
        for (p, q) in [(0, 1), (0, 2), (1, 2)] {
            if a[p][q] == 0.0 {
                continue;
            }
            let half = (a[q][q] - a[p][p]) / (2.0 * a[p][q]);
            let t = half.signum() / (half.abs() + half.hypot(1.0));
            let cos = 1.0 / t.hypot(1.0);
            let sin = t * cos;
            for row in &mut a {
                (row[p], row[q]) = (cos * row[p] - sin * row[q], sin * row[p] + cos * row[q]);
            }
            let (upper, lower) = (a[p], a[q]);
            for (k, (up, low)) in upper.into_iter().zip(lower).enumerate() {
                (a[p][k], a[q][k]) = (cos * up - sin * low, sin * up + cos * low);
            }
            for row in &mut v {
                (row[p], row[q]) = (cos * row[p] - sin * row[q], sin * row[p] + cos * row[q]);
            }
        }
    }
    ([a[0][0], a[1][1], a[2][2]], v)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn vectors_and_values_make_the_matrix_again() {
        let a = [[2.0, 0.3, -1.1], [0.3, -0.7, 0.4], [-1.1, 0.4, 1.5]];
        let (values, v) = eigen(a);
        for y in 0..3 {
            for x in 0..3 {
                let again: f64 = (0..3).map(|k| v[y][k] * values[k] * v[x][k]).sum();
                let one: f64 = (0..3).map(|k| v[k][y] * v[k][x]).sum();
                assert!((again - a[y][x]).abs() < 1e-12 && (one - f64::from(x == y)).abs() < 1e-12);
            }
        }
    }

    #[test]
    fn correlated_noise_has_its_covariance() {
        let rng = Rng::new(9);
        let made = noise(Channels::Correlated, rng, 1000, 1000, 0.1);
        let root = root(&covariance(rng));
        for y in 0..3 {
            for x in 0..3 {
                let want: f64 = (0..3).map(|k| root[y][k] * root[x][k]).sum::<f64>() * 0.01;
                let sum: f64 = made[y].iter().zip(&made[x]).map(|(a, b)| f64::from(a * b)).sum();
                assert!((sum / 1e6 - want).abs() < 0.05 * want, "{x} {y}: {} {want}", sum / 1e6);
            }
        }
        // Where the absolute values keep a valid covariance, the root reproduces it.
        let c = covariance(rng);
        assert!(c.iter().flatten().all(|v| *v >= 0.0) && (c[0][1] - c[1][0]).abs() < 1e-12);
    }

    #[test]
    fn grey_noise_is_the_same_in_all_channels() {
        let [r, g, b] = noise(Channels::Same, Rng::new(1), 64, 64, 0.1);
        assert!(r == g && g == b);
    }
}
