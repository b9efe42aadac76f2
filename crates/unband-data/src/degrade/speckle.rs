//! Speckle noise, proportional to the value.

use unband_image::{Depth, Rng, params};

use super::channels::{self, Channels};
use super::{Degradation, DegradeError, Pair, rgb};

params! {
    /// Settings of `speckle`.
    pub struct Speckle {
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
        rgb(&pair.lq)?;
        let (width, height) = (pair.lq.width(), pair.lq.height());
        let noise = channels::noise(self.channels, rng, width, height, self.level_codes / 255.0);
        for (plane, noise) in pair.lq.planes.iter_mut().zip(noise) {
            for (v, n) in plane.data.iter_mut().zip(noise) {
                let clean = v.clamp(0.0, 1.0);
                *v = (clean + clean * n).clamp(0.0, 1.0);
            }
        }
        pair.lq.depth = Depth::F32;
        Ok(())
    }
}
