//! Sensor noise: shot noise and read noise.

use unband_image::{Depth, Rng, params};

use super::{Degradation, DegradeError, Pair, check_rgb};

/// Gamma between light and stored values.
const GAMMA: f32 = 2.2;

params! {
    /// Settings of `noise`.
    pub struct Noise {
        /// Shot noise: variance at full light, as a share of it; equals 1 over the electrons at white. Higher
        /// means a smaller sensor or a higher ISO speed.
        shot: f32 = 0.0003, 0.0..=0.02;
        /// Read noise: standard deviation without light, as a share of white. Higher shows in the shadows.
        read: f32 = 0.001, 0.0..=0.03;
    }
}

/// Shot and read noise, `σ² = shot · light + read²`, added to each channel's light. The result is not
/// rounded.
///
/// Source: Foi et al. 2008, "Practical Poissonian-Gaussian noise modeling and fitting", equation 2.
impl Degradation for Noise {
    fn apply(&self, pair: &mut Pair, rng: Rng) -> Result<(), DegradeError> {
        check_rgb(&pair.lq)?;
        let (width, height) = (pair.lq.width(), pair.lq.height());
        for (plane, number) in pair.lq.planes.iter_mut().zip(0..) {
            for (v, n) in plane.data.iter_mut().zip(normals(rng, number, width, height)) {
                let light = v.clamp(0.0, 1.0).powf(GAMMA);
                let sigma = (self.shot * light + self.read * self.read).sqrt();
                *v = (light + sigma * n).clamp(0.0, 1.0).powf(1.0 / GAMMA);
            }
        }
        pair.lq.depth = Depth::F32;
        Ok(())
    }
}

/// Standard normal numbers for the samples of a plane, row by row (Box and Muller).
pub(super) fn normals(rng: Rng, plane: u32, width: usize, height: usize) -> Vec<f32> {
    let mut out = Vec::with_capacity(width * height);
    for y in 0..height as u32 {
        for x in (0..width as u32).step_by(2) {
            let (a, b) = (rng.unit_at(0, 8 + 2 * plane, x, y), rng.unit_at(0, 9 + 2 * plane, x, y));
            let radius = (-2.0 * (1.0 - a).ln()).sqrt();
            let (sin, cos) = (std::f32::consts::TAU * b).sin_cos();
            out.push(radius * cos);
            if (x as usize) + 1 < width {
                out.push(radius * sin);
            }
        }
    }
    out
}
