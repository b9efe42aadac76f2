//! Clean quantisation grids of planes: a phasor over the root-weighted histogram of flat samples.

use super::PlaneGrid;
use super::noisy::period;
use super::phasor::{BINS, control, phasor};
use super::planes::{LazyPlane, UNIT, Windows};
use unband_image::With;
use unband_image::color::Range;

/// The grid of one plane, in codes of the plane's range.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Grid {
    pub period: f64,
    pub offset: f64,
    pub bits: u8,
    /// Real part of the phasor: 1 for a perfect grid.
    pub strength: f64,
}

impl Grid {
    /// Converts to the grid of plane `index` (luma first) of this range, in full-scale codes: luma from
    /// black, chroma from neutral.
    pub(crate) fn named(self, range: Range, index: usize) -> PlaneGrid {
        let unit = f64::from(range.unit_codes(index > 0));
        let zero = match (index, range) {
            (0, Range::Limited) => 16.0,
            (0, Range::Full) => 0.0,
            _ => 128.0,
        };
        let confidence = self.strength.clamp(0.0, 1.0) as f32;
        PlaneGrid::found((self.period * unit) as f32, self.bits, confidence).but(|new| {
            new.offset_codes = ((self.offset - zero).rem_euclid(self.period) * unit) as f32;
        })
    }
}

/// Levels of `b` bits: spread over the codes, or truncated, or truncated and centred.
fn candidates() -> impl Iterator<Item = (bool, u8, f64, f64)> {
    let spread = [4u8, 5, 6, 7].into_iter().map(|b| (true, b, period(b), 0.0));
    let cut = [4u8, 5, 6].into_iter().map(|b| (false, b, f64::from(1u32 << (8 - b)), 0.0));
    let centred =
        [4u8, 5, 6].into_iter().map(|b| (false, b, f64::from(1u32 << (8 - b)), f64::from(1u32 << (7 - b))));
    spread.chain(cut).chain(centred)
}

/// Histogram of the samples whose 3×3 window is flat, in 1/8 codes.
pub(super) fn flat_histogram(source: &LazyPlane<'_>, limit: f64, enough: usize) -> Vec<f64> {
    let mut hist = vec![0u32; 257 * BINS];
    let mut windows = Windows::default();
    let limit = (limit * f64::from(UNIT)).ceil() as i16;
    for square in source.squares(enough) {
        source.windows(square, &mut windows);
        for (&mean, &range) in windows.mean.iter().zip(&windows.range) {
            if range < limit {
                let bin = ((i32::from(mean).max(0) + 4) >> 3) as usize;
                hist[bin.min(257 * BINS - 1)] += 1;
            }
        }
    }
    hist.into_iter().map(f64::from).collect()
}

/// The best grid of a histogram in 1/8 codes that passes the limits; `strict` when there is no other evidence
/// for it. `shift` is the common displacement of all levels by a conversion, in codes.
pub(super) fn plane_grid(hist: &[f64], shift: f64, strict: bool) -> Option<Grid> {
    let total: f64 = hist.iter().sum();
    if total < 500.0 {
        return None;
    }
    let w = weights(hist);
    let mut best: Option<Grid> = None;
    for (spread, bits, period, offset) in candidates() {
        let offset = offset + shift;
        let (real, _) = phasor(&w, period, offset, BINS as f64);
        // Grids spread over all codes come first; a truncated one must be clearly better.
        let least = if spread { 0.0 } else { 0.03 };
        if real < best.map_or(0.3, |b| b.strength + least) {
            continue;
        }
        let other = control(&w, period, offset, BINS as f64);
        let levels = masses(hist, period, offset);
        let least = (0.002 * total).max(20.0);
        // Levels next to each other are bands; flat colours, such as a black bar and a title, are apart.
        let neighbours = levels.windows(2).filter(|pair| pair.iter().all(|&mass| mass > least)).count();
        let margin = if strict { 0.3 } else { 0.2 };
        let clear = real - other >= margin || (!strict && real >= 0.85 && spread && bits <= 6);
        let good = neighbours >= 2 && real >= 0.55 && clear;
        if good {
            best = Some(Grid { period, offset, bits, strength: real });
        }
    }
    best
}

/// Strength of the best grid of a histogram in 1/8 codes, whether or not it passes the limits.
pub(super) fn strongest(hist: &[f64]) -> f64 {
    let w = weights(hist);
    let strength = |(_, _, period, offset)| phasor(&w, period, offset, BINS as f64).0;
    candidates().map(strength).fold(0.0, f64::max)
}

/// Root weights of a histogram, with a sum of one.
fn weights(hist: &[f64]) -> Vec<f64> {
    let sum: f64 = hist.iter().map(|h| h.sqrt()).sum();
    hist.iter().map(|h| h.sqrt() / sum.max(1.0)).collect()
}

/// Real part of the phasor of a histogram for levels at the multiples of `period`.
pub(super) fn fit(hist: &[f64], period: f64) -> f64 {
    phasor(&weights(hist), period, 0.0, BINS as f64).0
}

/// Number of levels of a grid that a histogram occupies.
pub(super) fn occupied(hist: &[f64], grid: Grid) -> usize {
    let least = (0.002 * hist.iter().sum::<f64>()).max(20.0);
    masses(hist, grid.period, grid.offset).iter().filter(|&&mass| mass > least).count()
}

/// Histogram mass around each level.
fn masses(hist: &[f64], period: f64, offset: f64) -> Vec<f64> {
    let count = (hist.len() as f64 / BINS as f64 / period) as usize + 3;
    let mut levels = vec![0.0; count];
    for (i, &h) in hist.iter().enumerate().filter(|(_, h)| **h > 0.0) {
        let k = ((i as f64 / BINS as f64 - offset) / period + 1.5).max(0.0) as usize;
        levels[k.min(count - 1)] += h;
    }
    levels
}
