//! Additive Gaussian noise.

use unband_image::{Rng, params};

use super::channels::Channels;
use super::{Degradation, DegradeError, Pair};

params! {
    /// Settings of `gaussian-noise`.
    pub(crate) struct GaussianNoise {
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
        self.channels.add(&mut pair.lq, rng, self.level_codes, |v, n| v + n)
    }
}
