//! Additive Gaussian noise.

use unband_image::{Depth, Rng, params};

use super::channels::{self, Channels};
use super::{Degradation, DegradeError, Pair, rgb};

params! {
    /// Settings of `gaussian-noise`.
    pub struct GaussianNoise {
        /// Standard deviation in 8-bit codes; for correlated noise, the square root of its largest possible
        /// variance.
        level_codes in "8-bit codes": f32 = 10.0, 0.0..=128.0;
        /// Relation between channels: independent, identical, or correlated by a covariance that is drawn.
        channels: Channels = Channels::Independent;
    }
}

/// Adds Gaussian noise of constant strength to the stored values, clamped to black and white.
///
/// Source: Zhang et al. 2021 (BSRGAN), section 3.3, and their `add_Gaussian_noise`.
impl Degradation for GaussianNoise {
    fn apply(&self, pair: &mut Pair, rng: Rng) -> Result<(), DegradeError> {
        rgb(&pair.lq)?;
        let (width, height) = (pair.lq.width(), pair.lq.height());
        let noise = channels::noise(self.channels, rng, width, height, self.level_codes / 255.0);
        for (plane, noise) in pair.lq.planes.iter_mut().zip(noise) {
            for (v, n) in plane.data.iter_mut().zip(noise) {
                *v = (*v + n).clamp(0.0, 1.0);
            }
        }
        pair.lq.depth = Depth::F32;
        Ok(())
    }
}
