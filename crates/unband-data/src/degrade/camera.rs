//! An image developed once more from what a sensor makes of it.

use unband_image::{Depth, Rng, params};

use super::noise::normals;
use super::{Degradation, DegradeError, Pair, rgb};

mod develop;

use develop::{Camera, Light};

params! {
    /// Settings of `camera`.
    pub struct CameraNoise {
        /// Variance that full light brings, as a share of it. Higher is a smaller sensor or a higher speed.
        shot: f32 = 0.002, 0.0001..=0.012;
        /// Variance without light. Left at 0 it follows from `shot`, as measured on phones, with chance.
        read: f32 = 0.0, 0.0..=0.1;
    }
}

/// Back to the raw values of a sensor by the inverse of a tone curve, gamma, colour matrix and white balance, which are drawn;
/// one colour of three at each place; noise; and developed again by the same steps, so that without noise only what the
/// mosaic and clipped lights lose is lost and the clean side need not follow.
///
/// Source: Brooks et al. 2019, "Unprocessing Images for Learned Raw Denoising", with the numbers of its `unprocess.py` and
/// `process.py`.
///
/// Differs: developing ends with the tone curve that going back began with (`process.py` has none).
impl Degradation for CameraNoise {
    fn apply(&self, pair: &mut Pair, rng: Rng) -> Result<(), DegradeError> {
        rgb(&pair.lq)?;
        let (width, height) = (pair.lq.width(), pair.lq.height());
        let camera = Camera::drawn(rng);
        let read = if self.read > 0.0 { self.read } else { camera.read(self.shot) };
        let [r, g, b] = [0, 1, 2].map(|p| &pair.lq.planes[p].data);
        let noise = normals(rng, 0, width, height);
        // Red and blue lie on every other place of every other row, green on the rest.
        let mosaic: Vec<f32> = (0..width * height)
            .map(|i| {
                let raw = camera.raw(Light([r[i], g[i], b[i]]));
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
