//! Square blur kernels with unit sum.

use std::f64::consts::PI;

use unband_image::resize::gaussian;

/// Smallest variance in samples squared: below it only the centre has a weight.
const LEAST_VARIANCE: f64 = 1e-6;

/// A square kernel, row by row.
#[derive(Clone, Debug, PartialEq)]
pub struct Kernel {
    /// Taps on a side.
    pub size: usize,
    /// `size²` taps.
    pub weights: Vec<f64>,
}

impl Kernel {
    /// Builds a kernel from a function of column and row, both relative to the centre, and normalises its
    /// sum.
    pub fn new(size: usize, weight: impl Fn(f64, f64) -> f64) -> Self {
        let middle = (size as f64 - 1.0) / 2.0;
        let at = |i: usize| weight((i % size) as f64 - middle, (i / size) as f64 - middle);
        Self { size, weights: (0..size * size).map(at).collect() }.normalised()
    }

    /// Only the centre tap, which leaves images unchanged.
    pub fn delta(size: usize) -> Self {
        Self::new(size, |x, y| f64::from(x == 0.0 && y == 0.0))
    }

    /// A Gaussian with one standard deviation. Taps below 2⁻⁵² of the largest are set to zero.
    ///
    /// Source: MATLAB's `fspecial('gaussian')`, as in `utils_blindsr.py` of cszn/BSRGAN.
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

    /// A Gaussian with two variances, in samples squared, along and across a direction (radians, from columns
    /// towards rows). Its centre is shifted by `shift` samples in both directions.
    ///
    /// Source: `anisotropic_Gaussian` of cszn/BSRGAN; with a shift of −(sf − 1)/2 its `gen_kernel`, after
    /// Bell-Kligler et al. 2019, "Blind Super-Resolution Kernel Estimation using an Internal-GAN".
    pub fn anisotropic(size: usize, theta: f64, variances: [f64; 2], shift: f64) -> Self {
        let [along, across] = variances.map(|v| v.max(LEAST_VARIANCE));
        let (sin, cos) = theta.sin_cos();
        Self::new(size, |x, y| {
            let (x, y) = (x - shift, y - shift);
            let (u, v) = (x * cos + y * sin, y * cos - x * sin);
            (-0.5 * (u * u / along + v * v / across)).exp()
        })
    }

    /// The ×4 kernel for this ×2 kernel: the blur applied twice, the second time on every other sample.
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
            // A narrow kernel centred between samples: all taps underflow to zero.
            Self::delta(self.size)
        }
    }
}

/// A Gaussian along one axis; its outer product with itself is the isotropic kernel.
pub(crate) fn gaussian_row(size: usize, sigma_px: f64) -> Vec<f64> {
    gaussian(size, (sigma_px * sigma_px).max(LEAST_VARIANCE))
}

/// Shifts a row of taps by `(sf − 1)/2` samples to the upper left, with linear interpolation and the last tap
/// repeated. The centre of `sf` samples then falls on the first. `upper_left` false shifts the other way.
///
/// Source: one axis of `shift_pixel` of cszn/BSRGAN.
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

/// Degrees to radians.
pub(super) fn radians(degrees: f32) -> f64 {
    f64::from(degrees) * PI / 180.0
}
