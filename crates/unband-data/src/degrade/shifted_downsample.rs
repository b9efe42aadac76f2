//! Blur and decimation without a shift.

use unband_image::{Depth, Rng, params};

use super::convolve::{Border, odd, separable};
use super::kernel::{gaussian_row, shifted};
use super::{Degradation, DegradeError, Pair, check_rgb, clamp};

params! {
    /// Settings of `shifted-downsample`.
    pub(crate) struct ShiftedDownsample {
        /// Side of the kernel in samples; even sizes are rounded up to the next odd one.
        size in "samples": u32 = 25, 3..=51;
        /// Standard deviation of the blur in samples. Lower leaves jagged edges, higher is softer.
        sigma_px in "samples": f32 = 1.0, 0.0..=16.0;
        /// Decimation factor n: of every n samples in each direction one is kept. 1 keeps all.
        every in "samples": u32 = 1, 1..=8;
    }
}

/// A Gaussian shifted by half of the skipped samples, so that the image stays in place when the first of
/// `every` samples is kept. The border is mirrored; the result is clamped to black and white.
///
/// Source: Zhang et al. 2021 (BSRGAN), section 3.2, and their `degradation_bsrgan`.
impl Degradation for ShiftedDownsample {
    fn apply(&self, pair: &mut Pair, _: Rng) -> Result<(), DegradeError> {
        check_rgb(&pair.lq)?;
        let row = gaussian_row(odd(self.size), self.sigma_px.into());
        let mut row = shifted(&row, self.every.into(), true);
        let sum: f64 = row.iter().sum();
        for weight in &mut row {
            *weight /= sum;
        }
        separable(&mut pair.lq, &row, Border::Mirror, self.every.max(1) as usize);
        clamp(&mut pair.lq);
        pair.lq.depth = Depth::F32;
        Ok(())
    }
}
