//! Reduced bit depth per channel.

use unband_image::{Depth, Rng, params, words};

use super::{Degradation, DegradeError, Pair, check_rgb};

words! {
    /// Rounding to a coarser grid.
    pub enum BitRounding {
        /// To the nearest level.
        Nearest = "nearest",
        /// To the level below, by dropping low bits of 8; the remaining levels span black to white.
        Truncate = "truncate",
        /// As `truncate`, but the levels keep their values: white becomes darker.
        Shift = "shift",
    }
}

params! {
    /// Settings of `rgb-bits`: each channel is quantised to `bits`, then to 8 bits. Nearest is
    /// `rint(v (2^b − 1)) / (2^b − 1)`.
    pub struct RgbBits {
        /// Bits per channel. Fewer give wider and higher steps; 7 and more show only in slow gradients.
        bits in "bits": u32 = 6, 1..=8;
        /// Rounding: `nearest`, `truncate` (levels span black to white) or `shift` (low bits set to zero).
        rounding: BitRounding = BitRounding::Nearest;
    }
}

impl RgbBits {
    /// Rounding to the nearest of the levels of 1 to 8 bits.
    pub const fn nearest(bits: u32) -> Self {
        Self { bits, rounding: BitRounding::Nearest }
    }
}

impl Degradation for RgbBits {
    fn apply(&self, pair: &mut Pair, _: Rng) -> Result<(), DegradeError> {
        check_rgb(&pair.lq)?;
        let bits = self.bits.clamp(1, 8);
        let top = ((1u32 << bits) - 1) as f32;
        let dropped = 8 - bits;
        let kept = |v: f32| ((v.clamp(0.0, 1.0) * 255.0).round() as u32) >> dropped;
        for v in pair.lq.planes.iter_mut().flat_map(|plane| &mut plane.data) {
            *v = match self.rounding {
                BitRounding::Nearest => (v.clamp(0.0, 1.0) * top).round() / top,
                BitRounding::Truncate => kept(*v) as f32 / top,
                BitRounding::Shift => (kept(*v) << dropped) as f32 / 255.0,
            };
        }
        pair.lq.round_to(Depth::EIGHT);
        Ok(())
    }
}
