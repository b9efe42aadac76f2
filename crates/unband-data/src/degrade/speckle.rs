//! Speckle noise, proportional to the value.

use unband_image::{Rng, params};

use super::channels::Channels;
use super::{Degradation, DegradeError, Pair};

params! {
    /// Settings of `speckle`.
    pub(crate) struct Speckle {
        /// Standard deviation at white, in 8-bit codes; for correlated noise, the square root of its largest
        /// possible variance.
        level_codes in "8-bit codes": f32 = 10.0, 0.0..=128.0;
        /// Relation between channels: independent, identical, or correlated by a covariance that is drawn.
        channels: Channels = Channels::Independent;
    }
}

/// Gaussian noise multiplied by the value; clamped to black and white before and after.
///
/// Source: `add_speckle_noise` of cszn/BSRGAN.
impl Degradation for Speckle {
    fn apply(&self, pair: &mut Pair, rng: Rng) -> Result<(), DegradeError> {
        self.channels.add(&mut pair.lq, rng, self.level_codes, |v, n| {
            let clean = v.clamp(0.0, 1.0);
            clean + clean * n
        })
    }
}
