//! Blur kernels: squares of weights that sum to 1.

use std::f64::consts::PI;

/// Smallest variance that is told from none, in samples squared: below it only the middle weighs anything.
const LEAST_VARIANCE: f64 = 1e-6;

/// A square of weights, row by row.
#[derive(Clone, Debug, PartialEq)]
pub struct Kernel {
    /// Weights on a side.
    pub size: usize,
    /// `size²` of them.
    pub weights: Vec<f64>,
}

impl Kernel {
    /// Weights by column and row, counted from the middle; then divided by their sum.
    pub fn new(size: usize, weight: impl Fn(f64, f64) -> f64) -> Self {
        let middle = (size as f64 - 1.0) / 2.0;
        let at = |i: usize| weight((i % size) as f64 - middle, (i / size) as f64 - middle);
        Self { size, weights: (0..size * size).map(at).collect() }.normalised()
    }

    /// Only the middle, which leaves images as they are.
    pub fn delta(size: usize) -> Self {
        Self::new(size, |x, y| f64::from(x == 0.0 && y == 0.0))
    }

    /// A Gaussian of one standard deviation, its faintest weights (2⁻⁵² of the greatest) set to zero.
    ///
    /// Source: MATLAB's `fspecial('gaussian')`, as `utils_blindsr.py` of cszn/BSRGAN has it.
    pub fn isotropic(size: usize, sigma_px: f64) -> Self {
        let row = gaussian_row(size, sigma_px);
        let weights = row.iter().flat_map(|y| row.iter().map(move |x| x * y)).collect();
        let mut kernel = Self { size, weights };
        let most = kernel.weights.iter().copied().fold(0.0, f64::max);
        for weight in kernel.weights.iter_mut().filter(|w| **w < f64::EPSILON * most) {
            *weight = 0.0;
        }
        kernel.normalised()
    }

    /// A Gaussian with two variances, in samples squared, along and across a direction (radians, from columns towards rows), its
    /// middle moved by `shift` samples both ways.
    ///
    /// Source: `anisotropic_Gaussian` of cszn/BSRGAN; with a shift of −(sf − 1)/2 its `gen_kernel`, after Bell-Kligler et
    /// al. 2019, "Blind Super-Resolution Kernel Estimation using an Internal-GAN".
    pub fn anisotropic(size: usize, theta: f64, variances: [f64; 2], shift: f64) -> Self {
        let [along, across] = variances.map(|v| v.max(LEAST_VARIANCE));
        let (sin, cos) = theta.sin_cos();
        Self::new(size, |x, y| {
            let (x, y) = (x - shift, y - shift);
            let (u, v) = (x * cos + y * sin, y * cos - x * sin);
            (-0.5 * (u * u / along + v * v / across)).exp()
        })
    }

    /// The same for ×4 that this one is for ×2: twice the blur, the second time on every other sample.
    ///
    /// Source: `analytic_kernel` of cszn/BSRGAN, after Bell-Kligler et al. 2019.
    #[must_use]
    pub fn squared(&self) -> Self {
        let (n, cut) = (self.size, self.size / 2);
        let size = 3 * n - 2 - 2 * cut;
        let mut weights = vec![0.0; size * size];
        for (i, outer) in self.weights.iter().enumerate() {
            for (j, inner) in self.weights.iter().enumerate() {
                let (x, y) = (2 * (i % n) + j % n, 2 * (i / n) + j / n);
                let inside = |at: usize| at.checked_sub(cut).filter(|at| *at < size);
                if let Some((x, y)) = inside(x).zip(inside(y)) {
                    weights[y * size + x] += outer * inner;
                }
            }
        }
        Self { size, weights }.normalised()
    }

    fn normalised(mut self) -> Self {
        let sum: f64 = self.weights.iter().sum();
        if sum > 0.0 {
            for weight in &mut self.weights {
                *weight /= sum;
            }
            self
        } else {
            // A narrow one whose middle lies between samples: all weights are too small to be numbers.
            Self::delta(self.size)
        }
    }
}

/// A Gaussian along one axis; its outer product with itself is the isotropic kernel.
pub fn gaussian_row(size: usize, sigma_px: f64) -> Vec<f64> {
    let (middle, variance) = ((size as f64 - 1.0) / 2.0, (sigma_px * sigma_px).max(LEAST_VARIANCE));
    let row: Vec<f64> = (0..size).map(|i| (-(i as f64 - middle).powi(2) / (2.0 * variance)).exp()).collect();
    let sum: f64 = row.iter().sum();
    row.iter().map(|w| w / sum).collect()
}

/// A row of a kernel `(sf − 1)/2` samples to the upper left, linear between weights, the last one repeated: what lies in the middle
/// of `sf` samples comes to lie on the first. `upper_left` false moves the other way.
///
/// Source: `shift_pixel` of cszn/BSRGAN, one axis of it.
pub fn shifted(row: &[f64], sf: f64, upper_left: bool) -> Vec<f64> {
    let by = (sf - 1.0) / 2.0 * if upper_left { 1.0 } else { -1.0 };
    let last = row.len().saturating_sub(1);
    let at = |i: usize| {
        let x = (i as f64 + by).clamp(0.0, last as f64);
        let (left, f) = (x as usize, x.fract());
        row[left] * (1.0 - f) + row[(left + 1).min(last)] * f
    };
    (0..row.len()).map(at).collect()
}

/// Degrees as radians.
pub(super) fn radians(degrees: f32) -> f64 {
    f64::from(degrees) * PI / 180.0
}
