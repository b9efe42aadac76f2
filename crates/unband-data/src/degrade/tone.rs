//! Codes spread by a tone curve after they had been rounded.

use unband_image::Rng;

use super::{Degradation, DegradeError, Pair, rgb, to_eight_bits};

/// Rounds to 8 bits, then applies exposure (1 to 1.3), gamma (0.65 to 1) and an S-curve (0 to 0.7), all
/// drawn, and rounds to 8 bits again. The clean side gets the same curve without any rounding.
pub struct ToneCurve;

impl Degradation for ToneCurve {
    fn apply(&self, pair: &mut Pair, rng: Rng) -> Result<(), DegradeError> {
        rgb(&pair.lq)?;
        let draw = |i: u32, low: f32, high: f32| low + (high - low) * rng.unit_at(0, 0, i, 0);
        let (exposure, gamma, contrast) = (draw(0, 1.0, 1.3), draw(1, 0.65, 1.0), draw(2, 0.0, 0.7));
        let curve = |v: f32| {
            let v = (v * exposure).clamp(0.0, 1.0).powf(gamma);
            v + contrast * (v * v * (3.0 - 2.0 * v) - v)
        };
        to_eight_bits(&mut pair.lq, |v| v);
        to_eight_bits(&mut pair.lq, curve);
        for plane in &mut pair.gt.planes {
            plane.data.iter_mut().for_each(|v| *v = curve(*v));
        }
        Ok(())
    }
}
