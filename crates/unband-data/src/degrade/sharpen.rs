//! Unsharp mask on luma.

use unband_image::{Depth, Matrix, Rng, params};

use super::{Degradation, DegradeError, Pair, blur, check_rgb};

params! {
    /// Settings of `sharpen`.
    pub(crate) struct Sharpen {
        /// Share of the difference from the blurred luma that is added. Higher gives halos along edges.
        amount: f32 = 0.5, 0.0..=3.0;
        /// Standard deviation of the blur in samples. Higher gives broader halos.
        radius_px in "samples": f32 = 1.0, 0.3..=6.0;
    }
}

/// Unsharp mask on luma: all channels gain `amount (Y − blur(Y))`. The result is not rounded.
impl Degradation for Sharpen {
    fn apply(&self, pair: &mut Pair, _: Rng) -> Result<(), DegradeError> {
        check_rgb(&pair.lq)?;
        let width = pair.lq.width();
        let sharp: Vec<f32> = (0..width * pair.lq.height())
            .map(|i| Matrix::Bt709.to_yuv([0, 1, 2].map(|p| pair.lq.planes[p].data[i]))[0])
            .collect();
        let mut soft = sharp.clone();
        blur::gaussian(&mut soft, width, self.radius_px);
        for plane in &mut pair.lq.planes {
            for (v, (sharp, soft)) in plane.data.iter_mut().zip(sharp.iter().zip(&soft)) {
                *v = (*v + self.amount * (sharp - soft)).clamp(0.0, 1.0);
            }
        }
        pair.lq.depth = Depth::F32;
        Ok(())
    }
}
