//! Exposure and colour grading.

use unband_image::{Depth, Image, Matrix, Rng, params};

use super::{Degradation, DegradeError, Pair, check_rgb};

/// Display gamma in which exposure is computed.
const GAMMA: f32 = 2.2;

params! {
    /// Settings of `grade`.
    pub struct Grade {
        /// Exposure in stops; −3 leaves an eighth of the light. Lower values give night scenes, where one
        /// code is a visible step.
        stops in "stops": f32 = 0.0, -6.0..=4.0;
        /// Factor on the distance from grey: 0 is black and white, 1 changes nothing.
        saturation: f32 = 1.0, 0.0..=2.0;
        /// Relative gain of red and loss of blue; negative is cooler.
        warmth: f32 = 0.0, -0.3..=0.3;
        /// Relative gain of green; negative is magenta.
        tint: f32 = 0.0, -0.3..=0.3;
        /// Level that black is lifted to, as a share of white.
        lift: f32 = 0.0, 0.0..=0.3;
    }
}

impl Grade {
    fn bend(&self, image: &mut Image) {
        let gain = (self.stops / GAMMA).exp2();
        let gains = [1.0 + self.warmth, 1.0 + self.tint, 1.0 - self.warmth].map(|g| g * gain);
        let [red, green, blue] = &mut image.planes[..] else { return };
        for ((r, g), b) in red.data.iter_mut().zip(&mut green.data).zip(&mut blue.data) {
            let lit = [*r * gains[0], *g * gains[1], *b * gains[2]];
            let gray = Matrix::Bt709.to_yuv(lit)[0];
            let [nr, ng, nb] = lit.map(|v| {
                let v = gray + self.saturation * (v - gray);
                (self.lift + (1.0 - self.lift) * v).clamp(0.0, 1.0)
            });
            (*r, *g, *b) = (nr, ng, nb);
        }
        image.depth = Depth::F32;
    }
}

/// Changes both sides alike, without rounding. Values are taken as light to the power 1/2.2.
impl Degradation for Grade {
    fn apply(&self, pair: &mut Pair, _: Rng) -> Result<(), DegradeError> {
        check_rgb(&pair.lq)?;
        self.bend(&mut pair.lq);
        self.bend(&mut pair.gt);
        Ok(())
    }
}
