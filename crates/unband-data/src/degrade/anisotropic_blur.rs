//! Anisotropic Gaussian blur.

use unband_image::{Depth, Rng, params};

use super::convolve::{Border, convolve, odd};
use super::kernel::{Kernel, radians};
use super::{Degradation, DegradeError, Pair, check_rgb};

params! {
    /// Settings of `anisotropic-blur`.
    pub(crate) struct AnisotropicBlur {
        /// Side of the kernel in samples; even sizes are rounded up to the next odd one. The Gaussian is
        /// truncated there.
        size in "samples": u32 = 21, 3..=51;
        /// Variance along the direction, in samples squared. Higher is softer.
        along_px2 in "samples²": f32 = 4.0, 0.0..=100.0;
        /// Variance across the direction, in samples squared.
        across_px2 in "samples²": f32 = 1.0, 0.0..=100.0;
        /// Direction in degrees, from columns towards rows.
        angle_deg in "degrees": f32 = 30.0, 0.0..=360.0;
        /// Shift of the kernel's centre to the lower right, in samples. −(sf − 1)/2 makes `decimate` by sf
        /// keep the image in place.
        shift_px in "samples": f32 = 0.0, -4.0..=4.0;
        /// Samples beyond the border.
        border: Border = Border::Mirror;
    }
}

/// A Gaussian with two variances. The result is neither rounded nor clamped.
impl Degradation for AnisotropicBlur {
    fn apply(&self, pair: &mut Pair, _: Rng) -> Result<(), DegradeError> {
        check_rgb(&pair.lq)?;
        let variances = [self.along_px2.into(), self.across_px2.into()];
        let kernel =
            Kernel::anisotropic(odd(self.size), radians(self.angle_deg), variances, self.shift_px.into());
        for plane in &mut pair.lq.planes {
            *plane = convolve(plane, &kernel, self.border);
        }
        pair.lq.depth = Depth::F32;
        Ok(())
    }
}
