//! A blur that is the same in all directions.

use unband_image::{Depth, Rng, params};

use super::convolve::{Border, odd, separable};
use super::kernel::gaussian_row;
use super::{Degradation, DegradeError, Pair, rgb};

params! {
    /// Settings of `gaussian-blur`.
    pub struct GaussianBlur {
        /// Side of the kernel in samples; even ones count as the next odd one. The Gaussian is cut off at it.
        size: u32 = 21, 3..=51;
        /// Standard deviation in samples. Higher is softer; 0 leaves the image as it is.
        sigma_px: f32 = 1.6, 0.0..=16.0;
        /// What lies beyond the border.
        border: Border = Border::Mirror;
    }
}

/// A Gaussian of one standard deviation. Nothing is rounded or clamped.
impl Degradation for GaussianBlur {
    fn apply(&self, pair: &mut Pair, _: Rng) -> Result<(), DegradeError> {
        rgb(&pair.lq)?;
        let row = gaussian_row(odd(self.size), self.sigma_px.into());
        separable(&mut pair.lq, &row, self.border, 1);
        pair.lq.depth = Depth::F32;
        Ok(())
    }
}
