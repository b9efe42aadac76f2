//! Too few bits per channel.

use unband_image::{Rng, params, words};

use super::{Degradation, DegradeError, Pair, rgb, to_eight_bits};

words! {
    /// How a value comes onto a coarser grid.
    pub enum Rounding {
        /// To the nearest level.
        Nearest = "nearest",
        /// To the level below, by dropping the low bits of 8; the levels left are spread from black to white.
        Truncate = "truncate",
        /// As before, but the levels stay where they are: white becomes darker.
        Shift = "shift",
    }
}

params! {
    /// Settings of `rgb-bits`.
    pub struct RgbBits {
        /// Bits of each channel. Fewer give wider and higher steps; from 7 on they show in slow gradients only.
        bits: u32 = 6, 1..=8;
        /// Rounding: `nearest`, `truncate` (levels spread from black to white) or `shift` (low bits set to zero).
        rounding: Rounding = Rounding::Nearest;
    }
}

/// So many bits, rounded to the nearest.
pub const fn to(bits: u32) -> RgbBits {
    RgbBits { bits, rounding: Rounding::Nearest }
}

/// Each channel on so many bits, then on 8: nearest is `rint(v (2^b − 1)) / (2^b − 1)`.
impl Degradation for RgbBits {
    fn apply(&self, pair: &mut Pair, _: Rng) -> Result<(), DegradeError> {
        rgb(&pair.lq)?;
        let bits = self.bits.clamp(1, 8);
        let top = ((1u32 << bits) - 1) as f32;
        let dropped = 8 - bits;
        let kept = |v: f32| ((v.clamp(0.0, 1.0) * 255.0).round() as u32) >> dropped;
        to_eight_bits(&mut pair.lq, |v| match self.rounding {
            Rounding::Nearest => (v.clamp(0.0, 1.0) * top).round() / top,
            Rounding::Truncate => kept(v) as f32 / top,
            Rounding::Shift => (kept(v) << dropped) as f32 / 255.0,
        });
        Ok(())
    }
}
