//! Fields of `f64` samples in 8-bit codes, and the filters of the metrics.

use std::ops::RangeInclusive;

use unband_image::resize::Beyond;
use unband_image::{Depth, Image, Resampling};

/// One value per sample, row by row; for images in 8-bit codes (0 black, 255 white).
#[derive(Clone, Debug, PartialEq)]
pub struct Field {
    /// Width in samples.
    pub width: usize,
    /// Height in samples.
    pub height: usize,
    /// `width * height` values.
    pub data: Vec<f64>,
}

impl Field {
    /// A field of zeros.
    pub fn zeros(width: usize, height: usize) -> Self {
        Self { width, height, data: vec![0.0; width * height] }
    }

    /// One row.
    pub fn row(&self, y: usize) -> &[f64] {
        &self.data[y * self.width..][..self.width]
    }

    /// One row, mutable.
    pub fn row_mut(&mut self, y: usize) -> &mut [f64] {
        &mut self.data[y * self.width..][..self.width]
    }

    /// A plane of an image in 8-bit codes.
    pub fn plane(image: &Image, plane: usize) -> Self {
        let p = &image.planes[plane];
        Self { width: p.width, height: p.height, data: p.data.iter().map(exact(image.depth)).collect() }
    }

    /// `offset + weights · RGB` in 8-bit codes. A grey image is treated as three equal channels.
    pub fn weighted(image: &Image, weights: [f64; 3], offset: f64) -> Self {
        let mut out = Self::plane(image, 0);
        if image.planes.len() < 3 {
            let sum: f64 = weights.iter().sum();
            for v in &mut out.data {
                *v = *v * sum + offset;
            }
            return out;
        }
        for v in &mut out.data {
            *v = *v * weights[0] + offset;
        }
        for (plane, weight) in image.planes[1..3].iter().zip(&weights[1..]) {
            let codes = plane.data.iter().map(exact(image.depth));
            out.data.iter_mut().zip(codes).for_each(|(out, v)| *out += weight * v);
        }
        out
    }

    /// BT.709 luma of the stored samples (no linearisation), 0..255.
    pub fn luma(image: &Image) -> Self {
        Self::weighted(image, [0.2126, 0.7152, 0.0722], 0.0)
    }

    /// The transposed field.
    #[must_use]
    pub(crate) fn transposed(&self) -> Self {
        let mut out = Self::zeros(self.height, self.width);
        // Squares of 16 keep both sides in cache.
        for y0 in (0..self.height).step_by(16) {
            for x0 in (0..self.width).step_by(16) {
                for y in y0..(y0 + 16).min(self.height) {
                    for x in x0..(x0 + 16).min(self.width) {
                        out.data[x * self.height + y] = self.data[y * self.width + x];
                    }
                }
            }
        }
        out
    }

    /// A crop of `width`×`height` samples with its first sample at column `x` of row `y`.
    #[must_use]
    pub fn cropped(&self, x: usize, y: usize, width: usize, height: usize) -> Self {
        let data = (y..y + height).flat_map(|y| &self.row(y)[x..x + width]).copied().collect();
        Self { width, height, data }
    }

    /// Resizes like MATLAB's `imresize`: cubic with a = −0.5, widened when shrinking.
    ///
    /// # Panics
    /// When a side is 0, here or in the result.
    #[must_use]
    pub fn resized(&self, width: usize, height: usize) -> Self {
        let [across, down] = Resampling::BicubicAntialiased.axes((self.width, self.height), (width, height));
        let rows = Self { width: self.width, height, data: down.apply_f64(&self.data, self.width) };
        let columns = rows.transposed();
        Self { width: height, height: width, data: across.apply_f64(&columns.data, height) }.transposed()
    }

    /// At each sample, the mean over columns `x + dx` and rows `y + dy` for two ranges of offsets.
    #[must_use]
    pub fn box_mean(&self, dx: RangeInclusive<isize>, dy: RangeInclusive<isize>, border: Beyond) -> Self {
        let (w, h) = (self.width, self.height);
        let mut out = Self::zeros(w, h);
        let (first, n) = (*dx.start(), dx.count());
        let scale = 1.0 / ((n * dy.clone().count()) as f64);
        let columns: Vec<usize> = (0..w + n - 1).map(|i| border.index(i.cast_signed() + first, w)).collect();
        let (mut sums, mut padded) = (vec![0.0; w], vec![0.0; w + n - 1]);
        for y in 0..h {
            // Each row is summed from scratch: running sums would carry rounding errors from far away into
            // flat areas.
            sums.fill(0.0);
            for d in dy.clone() {
                let row = self.row(border.index(y.cast_signed() + d, h));
                sums.iter_mut().zip(row).for_each(|(s, v)| *s += v);
            }
            padded.iter_mut().zip(&columns).for_each(|(p, &x)| *p = sums[x]);
            let target = out.row_mut(y);
            for k in 0..n {
                target.iter_mut().zip(&padded[k..]).for_each(|(o, v)| *o += v);
            }
            for o in target {
                *o *= scale;
            }
        }
        out
    }

    /// Convolves across and down with a kernel of odd length and unit sum; the size stays the same.
    #[must_use]
    pub(crate) fn convolved(&self, kernel: &[f64], border: Beyond) -> Self {
        let (w, h, r) = (self.width, self.height, kernel.len() / 2);
        let mut across = Self::zeros(w, h);
        let columns: Vec<usize> =
            (0..w + 2 * r).map(|i| border.index(i.cast_signed() - r.cast_signed(), w)).collect();
        for y in 0..h {
            let row = self.row(y);
            let padded: Vec<f64> = columns.iter().map(|&x| row[x]).collect();
            let out = across.row_mut(y);
            for (k, &weight) in kernel.iter().enumerate() {
                out.iter_mut().zip(&padded[k..]).for_each(|(o, v)| *o += weight * v);
            }
        }
        let mut out = Self::zeros(w, h);
        for y in 0..h {
            let target = &mut out.data[y * w..][..w];
            for (k, &weight) in kernel.iter().enumerate() {
                let row = across.row(border.index(y.cast_signed() + k.cast_signed() - r.cast_signed(), h));
                target.iter_mut().zip(row).for_each(|(o, v)| *o += weight * v);
            }
        }
        out
    }

    /// Sum of squared differences.
    pub(crate) fn squared_error(&self, other: &Self) -> f64 {
        self.data.iter().zip(&other.data).map(|(a, b)| (a - b) * (a - b)).sum()
    }
}

/// Converts samples to 8-bit codes without `f32` rounding errors: a sample within that error of a code at the
/// image's depth becomes exactly that code.
pub(crate) fn exact(depth: Depth) -> impl Fn(&f32) -> f64 {
    let max = f64::from(depth.max_code());
    move |&sample| {
        let value = f64::from(sample);
        let code = (value * max).round();
        let on_grid = (value * max - code).abs() <= code.abs() * f64::from(f32::EPSILON);
        if on_grid && max > 0.0 { code * 255.0 / max } else { value * 255.0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use unband_image::resize::gaussian;

    fn field(w: usize, h: usize) -> Field {
        Field { width: w, height: h, data: (0..w * h).map(|i| ((i * 7919) % 251) as f64).collect() }
    }

    #[test]
    fn a_box_mean_is_the_mean_of_its_box() {
        let f = field(17, 11);
        let mean = f.box_mean(-3..=0, -2..=2, Beyond::Symmetric);
        let mut sum = 0.0;
        for y in 3..=7 {
            for x in 5..=8 {
                sum += f.row(y)[x];
            }
        }
        assert!((mean.row(5)[8] - sum / 20.0).abs() < 1e-12);
    }

    #[test]
    fn a_convolution_weighs_what_lies_around() {
        let (f, k) = (field(23, 19), gaussian(11, 1.5 * 1.5));
        assert!((k.iter().sum::<f64>() - 1.0).abs() < 1e-15);
        let full = f.convolved(&k, Beyond::Mirror);
        let mut sum = 0.0;
        for (j, down) in k.iter().enumerate() {
            for (i, across) in k.iter().enumerate() {
                sum += down * across * f.row(4 + j)[6 + i];
            }
        }
        assert!((full.row(9)[11] - sum).abs() < 1e-12);
        let flat = Field { width: 4, height: 3, data: vec![7.0; 12] };
        assert!(flat.convolved(&k, Beyond::Mirror).data.iter().all(|v| (v - 7.0).abs() < 1e-12));
    }

    #[test]
    fn transposing_twice_changes_nothing() {
        let f = field(37, 18);
        assert_eq!(f.transposed().row(36)[17].to_bits(), f.row(17)[36].to_bits());
        assert_eq!(f.transposed().transposed(), f);
    }
}
