//! Interleaved gradient noise: its formula with the place of the image's corner as the unknown.

use super::residue::Steps;
use unband_image::findings::{Dithering, GradientNoise};

/// Samples that are needed, and those of the coarse search and of the fine one. The error of the coarse
/// product is a tenth of the noise's own.
const NEEDED: usize = 1200;
const FEW: usize = 300;
const MANY: usize = 20_000;
/// Places of the corner that the coarse search tries: a dozen for each turn of the outer term.
const TRIED: usize = 640;
/// Places that are tried again with the samples that are needed.
const BEST: usize = 12;
/// Rounds of the fine search, each with half the distance.
const ROUNDS: usize = 12;
/// Least product of residue and noise: 1/12 for the noise itself, less for its 5×5 mean.
const LEAST: f64 = 0.05;

/// The noise behind planes with these steps in 8-bit codes.
pub(super) fn find(planes: &[Steps<'_>], steps: &[f32]) -> Option<Dithering> {
    let plane = &planes[planes.len() / 2];
    let mut samples: Vec<(usize, usize, f32)> = Vec::new();
    for band in plane.bands(MANY) {
        plane.residues(band, |x, y, value, _| samples.push((x, y, value)));
    }
    if samples.len() < NEEDED {
        return None;
    }
    let part = |count: usize| -> Vec<(usize, usize, f32)> {
        samples.iter().copied().step_by(samples.len().div_ceil(count) | 1).collect()
    };
    let (few, more) = (part(FEW), part(NEEDED));
    let product = |samples: &[(usize, usize, f32)], start: f64| {
        let noise = GradientNoise::starting(start, Vec::new());
        let sum: f64 = samples.iter().map(|&(x, y, value)| f64::from(value * noise.at(x, y))).sum();
        sum / samples.len() as f64
    };
    let starts = (0..TRIED).map(|i| (i as f64 + 0.5) / TRIED as f64);
    let mut tried: Vec<(f64, f64)> = starts.map(|start| (product(&few, start), start)).collect();
    tried.sort_by(|a, b| b.0.total_cmp(&a.0));
    let again = tried.iter().take(BEST).map(|&(_, start)| (product(&more, start), start));
    let (most, mut start) = again.max_by(|a, b| a.0.total_cmp(&b.0))?;
    if most < 0.6 * LEAST {
        return None;
    }
    let (mut most, mut reach) = (product(&samples, start), 0.5 / TRIED as f64);
    for _ in 0..ROUNDS {
        for side in [-reach, reach] {
            let next = product(&samples, start + side);
            if next > most {
                (most, start) = (next, start + side);
            }
        }
        reach *= 0.5;
    }
    let noise = GradientNoise::starting(start.rem_euclid(1.0), steps.to_vec());
    (most >= LEAST).then_some(Dithering::GradientNoise(noise))
}
