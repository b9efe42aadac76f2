//! Resize by a factor.

use unband_image::{Depth, Resampling, Rng, params};

use super::{Degradation, DegradeError, Pair, check_rgb, clamp};

params! {
    /// Settings of `resize`.
    pub struct Resize {
        /// Factor on both sides, truncated to whole samples. Below 1 detail is lost.
        factor: f32 = 1.0, 0.02..=8.0;
        /// Divisor of both sides, in addition: for shrinking by uniformly drawn divisors.
        divisor: f32 = 1.0, 1.0..=16.0;
        /// `bilinear`, `bicubic` and `area` as in `OpenCV`; the others widen their kernel when shrinking.
        /// `bicubic-antialiased` rounds fractional sizes up, as MATLAB does.
        method: Resampling = Resampling::Bicubic;
    }
}

/// Resizes the degraded side; values are clamped to black and white.
impl Degradation for Resize {
    fn apply(&self, pair: &mut Pair, _: Rng) -> Result<(), DegradeError> {
        check_rgb(&pair.lq)?;
        let scale = f64::from(self.factor) / f64::from(self.divisor);
        for plane in &mut pair.lq.planes {
            *plane = if self.method == Resampling::BicubicAntialiased {
                plane.scaled(scale)
            } else {
                let side = |n: usize| ((n as f64 * scale) as usize).max(1);
                plane.resized(side(plane.width), side(plane.height), self.method)
            };
        }
        clamp(&mut pair.lq);
        pair.lq.depth = Depth::F32;
        Ok(())
    }
}
