//! Isotropic Gaussian blur.

use unband_image::{Depth, Rng, params};

use super::convolve::{Border, odd, separable};
use super::kernel::gaussian_row;
use super::{Degradation, DegradeError, Pair, check_rgb};

params! {
    /// Settings of `gaussian-blur`.
    pub(crate) struct GaussianBlur {
        /// Side of the kernel in samples; even sizes are rounded up to the next odd one. The Gaussian is
        /// truncated there.
        size in "samples": u32 = 21, 3..=51;
        /// Standard deviation in samples. Higher is softer; 0 changes nothing.
        sigma_px in "samples": f32 = 1.6, 0.0..=16.0;
        /// Samples beyond the border.
        border: Border = Border::Mirror;
    }
}

/// A Gaussian with one standard deviation. The result is neither rounded nor clamped.
impl Degradation for GaussianBlur {
    fn apply(&self, pair: &mut Pair, _: Rng) -> Result<(), DegradeError> {
        check_rgb(&pair.lq)?;
        let row = gaussian_row(odd(self.size), self.sigma_px.into());
        separable(&mut pair.lq, &row, self.border, 1);
        pair.lq.depth = Depth::F32;
        Ok(())
    }
}
