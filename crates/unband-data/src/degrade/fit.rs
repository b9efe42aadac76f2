//! Final resize of the degraded side.

use unband_image::{Depth, Resampling, Rng, params};

use super::{Degradation, DegradeError, Pair, check_rgb, clamp};

params! {
    /// Settings of `fit`.
    pub struct Fit {
        /// Ratio of the clean side's size to the degraded side's, whatever its size was.
        scale: u32 = 1, 1..=8;
        /// `bilinear`, `bicubic` and `area` as in `OpenCV`; the others widen their kernel when shrinking.
        method: Resampling = Resampling::Bicubic;
    }
}

/// Resizes the degraded side to the clean side's size divided by `scale`, truncated. Values are clamped to
/// black and white.
impl Degradation for Fit {
    fn apply(&self, pair: &mut Pair, _: Rng) -> Result<(), DegradeError> {
        check_rgb(&pair.lq)?;
        let side = |n: usize| (n / self.scale.max(1) as usize).max(1);
        let (width, height) = (side(pair.gt.width()), side(pair.gt.height()));
        for plane in &mut pair.lq.planes {
            *plane = plane.resized(width, height, self.method);
        }
        clamp(&mut pair.lq);
        pair.lq.depth = Depth::F32;
        Ok(())
    }
}
