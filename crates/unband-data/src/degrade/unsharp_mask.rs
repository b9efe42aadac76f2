//! Unsharp mask with a threshold, which leaves smooth areas unchanged.

use unband_image::{Depth, Rng, params};

use super::convolve::{Border, odd, separable};
use super::kernel::gaussian_row;
use super::{Degradation, DegradeError, Pair, check_rgb};

params! {
    /// Settings of `unsharp-mask`.
    pub(crate) struct UnsharpMask {
        /// Share of the difference from the blurred image that is added. Higher gives halos along edges.
        amount: f32 = 0.5, 0.0..=3.0;
        /// Side of the blur kernel in samples; even sizes are rounded up to the next odd one. Its standard
        /// deviation is 0.15 size + 0.35. Larger kernels give broader halos.
        size in "samples": u32 = 51, 3..=101;
        /// Differences up to this, in 8-bit codes, are not sharpened.
        threshold_codes in "8-bit codes": f32 = 10.0, 0.0..=255.0;
    }
}

/// Unsharp mask on each channel where the difference is above a threshold, with a soft transition.
///
/// Source: `add_sharpening` of cszn/BSRGAN, after `USMSharp` of Real-ESRGAN (Wang et al. 2021).
impl Degradation for UnsharpMask {
    fn apply(&self, pair: &mut Pair, _: Rng) -> Result<(), DegradeError> {
        check_rgb(&pair.lq)?;
        let size = odd(self.size);
        // OpenCV's standard deviation for a kernel size alone.
        let row = gaussian_row(size, 0.3 * ((size as f64 - 1.0) * 0.5 - 1.0) + 0.8);
        let mut difference = pair.lq.clone();
        separable(&mut difference, &row, Border::Mirror, 1);
        let mut mask = difference.clone();
        for ((plane, difference), mask) in
            pair.lq.planes.iter().zip(&mut difference.planes).zip(&mut mask.planes)
        {
            for ((v, difference), mask) in plane.data.iter().zip(&mut difference.data).zip(&mut mask.data) {
                *difference = v - *difference;
                *mask = f32::from(u8::from(difference.abs() * 255.0 > self.threshold_codes));
            }
        }
        separable(&mut mask, &row, Border::Mirror, 1);
        for ((plane, difference), mask) in pair.lq.planes.iter_mut().zip(&difference.planes).zip(&mask.planes)
        {
            for ((v, difference), soft) in plane.data.iter_mut().zip(&difference.data).zip(&mask.data) {
                let sharp = (*v + self.amount * difference).clamp(0.0, 1.0);
                *v = (soft * sharp + (1.0 - soft) * *v).clamp(0.0, 1.0);
            }
        }
        pair.lq.depth = Depth::F32;
        Ok(())
    }
}
