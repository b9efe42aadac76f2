//! Too few bits per channel.

use unband_image::Rng;

use super::{Degradation, DegradeError, Pair, rgb, to_eight_bits};

/// Rounds each channel to so many bits (1..=8), `rint(v (2^b − 1)) / (2^b − 1)`, then to 8.
pub struct RgbBits(pub u8);

impl Degradation for RgbBits {
    fn apply(&self, pair: &mut Pair, _: Rng) -> Result<(), DegradeError> {
        rgb(&pair.lq)?;
        let top = ((1u32 << self.0.clamp(1, 8)) - 1) as f32;
        to_eight_bits(&mut pair.lq, |v| (v.clamp(0.0, 1.0) * top).round() / top);
        Ok(())
    }
}
