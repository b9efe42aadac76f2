//! Means of diffused dither, and the texture that they would remove.
//!
//! Diffused noise has no low frequencies: low frequencies that a mean removes are texture.

use unband_simd::Level;
use unband_simd::filters::undither as rows;

use super::noise::diffused_energy;
use crate::area::Area;
use crate::gaussian::{filter, gaussian};

/// Spread of the window in which energy is compared, in samples.
pub(super) const AROUND: f64 = 3.0;
/// Spreads of the means, in samples.
const SPREADS: [f64; 3] = [1.2, 2.2, 4.0];
/// Spread of the filter that separates texture from diffused noise.
const LOW: f64 = 1.2;

/// Areas and a row for filters.
#[derive(Default)]
pub(super) struct FilterAreas {
    pub target: Area,
    pub energy: Area,
    pub smoothed: Area,
    pub across: Area,
    pub padded: Vec<f32>,
}

/// Symmetric filters: half of each, the middle first.
pub(super) struct DiffusedMeans {
    low: Vec<f32>,
    around: Vec<f32>,
    /// The means, and the squares of their spreads.
    means: Vec<(Vec<f32>, f32)>,
    /// Energy of diffused noise that passes `low`, for white noise of 1.
    pub passed: f64,
}

impl DiffusedMeans {
    pub(super) fn new() -> Self {
        let low = gaussian(LOW);
        let line = |i: usize| f64::from(low[i.abs_diff(low.len() - 1)]);
        let side = 2 * low.len() - 1;
        let kernel: Vec<Vec<f64>> =
            (0..side).map(|y| (0..side).map(|x| line(x) * line(y)).collect()).collect();
        let mean = |spread: f64| (gaussian(spread), (spread * spread) as f32);
        let passed = diffused_energy(&kernel);
        Self { low, around: gaussian(AROUND), means: SPREADS.map(mean).to_vec(), passed }
    }

    /// Energy of what a target removes from samples at low frequencies, around each sample: to `f.energy`.
    pub(super) fn removed(&self, level: Level, samples: &Area, target: &Area, f: &mut FilterAreas) {
        let FilterAreas { energy, smoothed, across, padded, .. } = f;
        energy.clone_from(samples);
        energy.data.iter_mut().zip(&target.data).for_each(|(energy, target)| *energy -= target);
        filter(level, energy, smoothed, across, padded, &self.low);
        rows::square(level, &mut smoothed.data);
        filter(level, smoothed, energy, across, padded, &self.around);
    }

    /// Calls `blend(mean, energy, square)` for each mean of the samples, the narrowest first, with the energy
    /// that it removes and the square of its spread.
    pub(super) fn each(
        &self,
        level: Level,
        samples: &Area,
        f: &mut FilterAreas,
        mut blend: impl FnMut(&Area, &Area, f32),
    ) {
        let mut target = std::mem::take(&mut f.target);
        for (mean, square) in &self.means {
            filter(level, samples, &mut target, &mut f.across, &mut f.padded, mean);
            self.removed(level, samples, &target, f);
            blend(&target, &f.energy, *square);
        }
        f.target = target;
    }
}
