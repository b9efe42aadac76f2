//! Camera pipeline: unprocessing to raw, sensor noise, and development.

use unband_image::{Depth, Rng, params};

use super::noise::normals;
use super::{Degradation, DegradeError, Pair, check_rgb};

mod develop;

use develop::{Camera, LinearRgb};

params! {
    /// Settings of `camera`.
    pub(crate) struct CameraNoise {
        /// Shot noise: variance at full light, as a share of it. Higher means a smaller sensor or a higher
        /// ISO speed.
        shot: f32 = 0.002, 0.0001..=0.012;
        /// Read noise: variance without light. At 0 it is drawn to match `shot`, as measured on phones.
        read: f32 = 0.0, 0.0..=0.1;
    }
}

/// Converts to raw sensor values by the inverse of a tone curve, gamma, colour matrix and white balance, all
/// drawn. Keeps one colour of three per position, adds noise, and develops with the same steps. Without noise
/// only the mosaic and clipped highlights lose anything, so the clean side stays unchanged.
///
/// Source: Brooks et al. 2019, "Unprocessing Images for Learned Raw Denoising", with the constants of its
/// `unprocess.py` and `process.py`.
///
/// Differs: development ends with the tone curve that unprocessing inverted (`process.py` has none).
impl Degradation for CameraNoise {
    fn apply(&self, pair: &mut Pair, rng: Rng) -> Result<(), DegradeError> {
        check_rgb(&pair.lq)?;
        let (width, height) = (pair.lq.width(), pair.lq.height());
        let camera = Camera::drawn(rng);
        let read = if self.read > 0.0 { self.read } else { camera.read(self.shot) };
        let [r, g, b] = [0, 1, 2].map(|p| &pair.lq.planes[p].data);
        let noise = normals(rng, 0, width, height);
        // Red and blue each occupy every other position of every other row, green the rest.
        let mosaic: Vec<f32> = (0..width * height)
            .map(|i| {
                let raw = camera.raw(LinearRgb([r[i], g[i], b[i]]));
                let light = raw.0[develop::color_at(i % width, i / width)];
                light + (light * self.shot + read).sqrt() * noise[i]
            })
            .collect();
        let mosaic = camera.balanced(mosaic, width);
        for y in 0..height {
            for x in 0..width {
                let light = develop::demosaiced(&mosaic, width, height, x, y);
                for (plane, v) in pair.lq.planes.iter_mut().zip(camera.developed(light).0) {
                    plane.data[y * width + x] = v;
                }
            }
        }
        pair.lq.depth = Depth::F32;
        Ok(())
    }
}
