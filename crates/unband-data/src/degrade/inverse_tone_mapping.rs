//! Inverse tone mapping from standard to high dynamic range.

use unband_image::{Depth, Image, Rng, params, words};

use super::{Degradation, DegradeError, Pair, check_rgb};

words! {
    /// Transfer curve of the result.
    pub enum Curve {
        /// Gamma 2.4; white is the peak.
        Gamma = "gamma",
        /// SMPTE ST 2084 (PQ), which encodes absolute light.
        Pq = "pq",
    }
}

params! {
    /// Settings of `inverse-tone-mapping`.
    pub(crate) struct InverseToneMapping {
        /// Peak light as a multiple of paper white. Higher spreads highlights more.
        peak in "paper white": f32 = 6.0, 1.5..=50.0;
        /// Paper white in cd/m², for `pq`.
        white_nits in "cd/m²": f32 = 203.0, 80.0..=400.0;
        /// Transfer curve of the result.
        curve: Curve = Curve::Gamma;
    }
}

impl InverseToneMapping {
    /// Expands light of 0 to 1 to light of 0 to `peak`.
    fn expanded(&self, light: f32) -> f32 {
        let w2 = self.peak * self.peak;
        let below = 1.0 - light;
        // This form of the root has no cancellation for dark values.
        2.0 * light / (below + (below * below + 4.0 * light / w2).sqrt())
    }

    fn at(&self, v: f32) -> f32 {
        let light = self.expanded(v.clamp(0.0, 1.0).powf(2.4));
        match self.curve {
            Curve::Gamma => (light / self.peak).powf(1.0 / 2.4),
            Curve::Pq => pq(light * self.white_nits),
        }
    }

    fn bend(&self, image: &mut Image) {
        for plane in &mut image.planes {
            plane.data.iter_mut().for_each(|v| *v = self.at(*v));
        }
        image.depth = Depth::F32;
    }
}

/// PQ code value of 0 to 1 for light in cd/m² (SMPTE ST 2084).
fn pq(nits: f32) -> f32 {
    let y = (nits / 10_000.0).clamp(0.0, 1.0).powf(0.159_301_76);
    ((0.835_937_5 + 18.851_563 * y) / (1.0 + 18.6875 * y)).powf(78.84375)
}

/// Solves Reinhard's operator with a white point, `d = x (1 + x/w²) / (1 + x)`, for x on each channel of both
/// sides. The result is not rounded.
impl Degradation for InverseToneMapping {
    fn apply(&self, pair: &mut Pair, _: Rng) -> Result<(), DegradeError> {
        check_rgb(&pair.lq)?;
        self.bend(&mut pair.lq);
        self.bend(&mut pair.gt);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_undoes_the_operator() {
        let map = InverseToneMapping::default();
        for light in [0.0, 1e-4, 0.1, 0.5, 0.9, 1.0] {
            let x = map.expanded(light);
            let back = x * (1.0 + x / 36.0) / (1.0 + x);
            assert!((back - light).abs() < 1e-5, "{light} → {x} → {back}");
        }
        assert!((map.expanded(1.0) - 6.0).abs() < 1e-4);
    }

    #[test]
    fn codes_of_light_are_those_of_the_standard() {
        // BT.2408: 203 cd/m² is 58 %, 1,000 is 75 %, 10,000 is 100 %.
        for (nits, share) in [(203.0, 0.581), (1000.0, 0.752), (10_000.0, 1.0)] {
            assert!((pq(nits) - share).abs() < 1e-3, "{nits}");
        }
    }
}
