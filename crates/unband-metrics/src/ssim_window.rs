//! Moving window shared by all structural similarities.

use unband_image::Context;
use unband_image::resize::gaussian;

use crate::field::Field;
use crate::{Fault, MetricError};

const C1: f64 = (0.01 * 255.0) * (0.01 * 255.0);
const C2: f64 = (0.03 * 255.0) * (0.03 * 255.0);

/// Columns per strip: the window's data of a strip stays in the cache.
const STRIP: usize = 256;

/// A square window: symmetric weights, equal across and down.
pub(crate) struct Window<const N: usize> {
    weights: [f64; N],
    /// Factor of variances and covariance.
    sample: f64,
}

/// Means over all positions at which the window is inside the image.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Means {
    /// Luminance × contrast × structure: SSIM itself.
    pub similarity: f64,
    /// Contrast × structure alone.
    pub contrast: f64,
}

impl Window<11> {
    /// Gaussian of σ 1.5, biased covariance.
    pub(crate) fn gaussian() -> Self {
        let weights = gaussian(11, 1.5 * 1.5);
        Self { weights: std::array::from_fn(|i| weights[i]), sample: 1.0 }
    }

    /// The same in single precision, as in programs on `f32` tensors: its sum is 1 to only seven digits,
    /// which changes the similarity of flat areas in the sixth.
    pub(crate) fn gaussian_f32() -> Self {
        let raw: [f32; 11] = std::array::from_fn(|i| (-(i as f64 - 5.0).powi(2) / 4.5).exp() as f32);
        let sum = raw.iter().map(|&v| f64::from(v)).sum::<f64>() as f32;
        Self { weights: raw.map(|v| (v / sum).into()), sample: 1.0 }
    }
}

impl<const N: usize> Window<N> {
    /// Equal weights, sample covariance (divided by one less than the count).
    pub(crate) fn uniform() -> Self {
        let count = (N * N) as f64;
        Self { weights: [1.0 / N as f64; N], sample: count / (count - 1.0) }
    }

    /// Moves over two fields of one size in 8-bit codes with sides of at least `N`, strip by strip on the
    /// threads of the context. Sums of strips are added from left to right, whichever finishes first.
    ///
    /// Sums are clamped to the range of exact arithmetic, so that samples of any size give −1..=1.
    ///
    /// # Errors
    /// When cancelled.
    pub(crate) fn means(&self, a: &Field, b: &Field, ctx: &Context<'_>) -> Result<Means, MetricError> {
        let (wide, high) = (a.width + 1 - N, a.height + 1 - N);
        let strips = ctx.map(wide.div_ceil(STRIP), |i| {
            if ctx.check().is_err() {
                return Err(MetricError::from(Fault::Cancelled));
            }
            let left = i * STRIP;
            Ok(self.strip(a, b, left, STRIP.min(wide - left)))
        });
        let count = (wide * high) as f64;
        let mut means = Means { similarity: 0.0, contrast: 0.0 };
        for strip in strips {
            let (similarity, contrast) = strip?;
            means.similarity += similarity;
            means.contrast += contrast;
        }
        means.similarity /= count;
        means.contrast /= count;
        Ok(means)
    }

    /// Sums of similarity and contrast over `valid` columns of windows.
    fn strip(&self, a: &Field, b: &Field, left: usize, valid: usize) -> (f64, f64) {
        let (mut similarity, mut contrast) = (0.0, 0.0);
        let mut strip = FilteredRows::new();
        for y in 0..a.height {
            let columns = left..left + valid + N - 1;
            strip.put(y, &a.row(y)[columns.clone()], &b.row(y)[columns], &self.weights);
            if y + 1 >= N {
                let sums = strip.sums(y, valid, self);
                similarity += sums.0;
                contrast += sums.1;
            }
        }
        (similarity, contrast)
    }
}

/// The last `N` rows of a strip, filtered across: of `a`, `b`, `a² + b²` and `ab`. The formula needs only the
/// sum of the two variances.
struct FilteredRows<const N: usize> {
    rows: [[Vec<f64>; 4]; N],
    products: [Vec<f64>; 2],
    down: [Vec<f64>; 4],
    similarity: Vec<f64>,
    contrast: Vec<f64>,
}

impl<const N: usize> FilteredRows<N> {
    fn new() -> Self {
        let row = |_| vec![0.0; STRIP];
        Self {
            rows: std::array::from_fn(|_| std::array::from_fn(row)),
            products: std::array::from_fn(|_| vec![0.0; STRIP + N - 1]),
            down: std::array::from_fn(row),
            similarity: row(0),
            contrast: row(0),
        }
    }

    /// Adds row `y`.
    fn put(&mut self, y: usize, a: &[f64], b: &[f64], weights: &[f64; N]) {
        let n = a.len();
        let [squares, product] = &mut self.products;
        let (squares, product, b) = (&mut squares[..n], &mut product[..n], &b[..n]);
        for i in 0..n {
            squares[i] = a[i] * a[i] + b[i] * b[i];
            product[i] = a[i] * b[i];
        }
        let valid = n + 1 - N;
        for (out, row) in self.rows[y % N].iter_mut().zip([a, b, squares, product]) {
            weigh(std::array::from_fn(|k| &row[k..][..valid]), weights, &mut out[..valid]);
        }
    }

    /// Sums of similarity and contrast over the windows that end in row `y`.
    fn sums(&mut self, y: usize, valid: usize, window: &Window<N>) -> (f64, f64) {
        for (map, out) in self.down.iter_mut().enumerate() {
            let taps = std::array::from_fn(|k| &self.rows[(y + 1 + k) % N][map][..valid]);
            weigh(taps, &window.weights, &mut out[..valid]);
        }
        let [ma, mb, squares, product] = &self.down;
        let (ma, mb, squares, product) = (&ma[..valid], &mb[..valid], &squares[..valid], &product[..valid]);
        let (similarity, contrast) = (&mut self.similarity[..valid], &mut self.contrast[..valid]);
        for i in 0..valid {
            let (both, level) = (ma[i] * mb[i], ma[i] * ma[i] + mb[i] * mb[i]);
            let variances = (window.sample * (squares[i] - level)).max(0.0);
            let covariance = (window.sample * (product[i] - both)).min(variances / 2.0).max(-variances / 2.0);
            let structure = (2.0 * covariance + C2) / (variances + C2);
            contrast[i] = structure;
            similarity[i] = structure * ((2.0 * both + C1) / (level + C1));
        }
        (similarity.iter().sum(), contrast.iter().sum())
    }
}

/// Weighted sum of `N` rows; the weights are symmetric.
fn weigh<const N: usize>(taps: [&[f64]; N], weights: &[f64; N], out: &mut [f64]) {
    let n = out.len();
    let taps = taps.map(|row| &row[..n]);
    for i in 0..n {
        let mut sum = weights[N / 2] * taps[N / 2][i];
        for k in 0..N / 2 {
            sum += weights[k] * (taps[k][i] + taps[N - 1 - k][i]);
        }
        out[i] = sum;
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;
