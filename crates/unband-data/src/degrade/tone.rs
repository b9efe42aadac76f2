//! Tone curves, which spread quantised codes.

use unband_image::{Depth, Image, Rng, params};

use super::{Degradation, DegradeError, Pair, check_rgb};

params! {
    /// Settings of `tone`.
    pub struct Tone {
        /// Factor on the values. Above 1 spreads the codes and clips highlights.
        gain: f32 = 1.0, 0.05..=8.0;
        /// Exponent. Below 1 lifts the shadows and spreads their codes most.
        gamma: f32 = 1.0, 0.2..=5.0;
        /// Share of an S-curve. Higher spreads the midtones; negative values flatten them.
        contrast: f32 = 0.0, -1.0..=1.0;
    }
}

impl Tone {
    /// The curve.
    fn at(&self, v: f32) -> f32 {
        let v = (v * self.gain).clamp(0.0, 1.0).powf(self.gamma);
        v + self.contrast * (v * v * (3.0 - 2.0 * v) - v)
    }

    fn bend(&self, image: &mut Image) {
        for plane in &mut image.planes {
            plane.data.iter_mut().for_each(|v| *v = self.at(*v));
        }
        image.depth = unband_image::Depth::F32;
    }
}

/// Applies the same curve to all channels of both sides, `v' = s(clamp(gain v)^gamma)`, without rounding.
impl Degradation for Tone {
    fn apply(&self, pair: &mut Pair, _: Rng) -> Result<(), DegradeError> {
        check_rgb(&pair.lq)?;
        self.bend(&mut pair.lq);
        self.bend(&mut pair.gt);
        Ok(())
    }
}

/// Rounds to 8 bits, applies [`Tone`], and rounds to 8 bits again. Gain (1 to 1.3), gamma (0.65 to 1) and
/// contrast (0 to 0.7) are drawn. The clean side gets the same curve without rounding.
pub(crate) struct DrawnTone;

impl Degradation for DrawnTone {
    fn apply(&self, pair: &mut Pair, rng: Rng) -> Result<(), DegradeError> {
        check_rgb(&pair.lq)?;
        let draw = |i: u32, low: f32, high: f32| low + (high - low) * rng.unit_at(0, 0, i, 0);
        let tone = Tone { gain: draw(0, 1.0, 1.3), gamma: draw(1, 0.65, 1.0), contrast: draw(2, 0.0, 0.7) };
        pair.lq.round_to(Depth::EIGHT);
        let depth = pair.gt.depth;
        tone.apply(pair, rng)?;
        pair.gt.depth = depth;
        pair.lq.round_to(Depth::EIGHT);
        Ok(())
    }
}
