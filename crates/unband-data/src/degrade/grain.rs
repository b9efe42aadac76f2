//! Video grain.

use unband_image::{Depth, Matrix, Rng, params};

use super::{Degradation, DegradeError, Pair, blur, check_rgb};

params! {
    /// Settings of `grain`.
    pub struct Grain {
        /// Largest standard deviation, in 8-bit codes.
        strength_codes in "8-bit codes": f32 = 1.0, 0.0..=16.0;
        /// Width of a grain in samples; 1 is white noise.
        size_px in "samples": f32 = 1.0, 1.0..=6.0;
        /// Reduction in black and white compared with midtones: 0 none, 1 no grain there.
        midtones: f32 = 0.5, 0.0..=1.0;
        /// Share of independent noise per channel; the rest is grey.
        chroma: f32 = 0.3, 0.0..=1.0;
    }
}

/// Gaussian noise with a grain size, weighted by the luma: `1 − midtones (2 Y − 1)²`. The result is not
/// rounded.
impl Degradation for Grain {
    fn apply(&self, pair: &mut Pair, rng: Rng) -> Result<(), DegradeError> {
        check_rgb(&pair.lq)?;
        let (width, height) = (pair.lq.width(), pair.lq.height());
        let sigma_px = 0.5 * (self.size_px * self.size_px - 1.0).max(0.0).sqrt();
        let field = |plane: u32| {
            let mut noise = super::noise::normals(rng, plane, width, height);
            // Compensates for the variance that the blur removes from white noise.
            let left = blur::gaussian(&mut noise, width, sigma_px);
            let gain = self.strength_codes / 255.0 / left.sqrt();
            for n in &mut noise {
                *n *= gain;
            }
            noise
        };
        let (gray, own) = ((1.0 - self.chroma).sqrt(), self.chroma.sqrt());
        let common = field(0);
        let amount: Vec<f32> = (0..width * height)
            .map(|i| {
                let away = 2.0 * Matrix::Bt709.to_yuv([0, 1, 2].map(|p| pair.lq.planes[p].data[i]))[0] - 1.0;
                1.0 - self.midtones * (away * away).min(1.0)
            })
            .collect();
        for (plane, number) in pair.lq.planes.iter_mut().zip(1..) {
            let mine = if own > 0.0 { field(number) } else { Vec::new() };
            for (i, v) in plane.data.iter_mut().enumerate() {
                let n = gray * common[i] + mine.get(i).map_or(0.0, |n| own * n);
                *v = (*v + amount[i] * n).clamp(0.0, 1.0);
            }
        }
        pair.lq.depth = Depth::F32;
        Ok(())
    }
}
