//! Detection of periods in a histogram by phasors: the histogram wrapped round a circle, one turn per period.

use std::f64::consts::TAU;

/// Histogram bins per code.
pub(super) const BINS: usize = 8;

/// Control periods, as factors of the tested one.
pub(super) const CONTROL: [f64; 4] = [0.80, 0.88, 1.14, 1.25];

/// `Σ w·exp(2πi(x − offset)/period)`, `x` the bin's code.
pub(super) fn phasor(weights: &[f64], period: f64, offset: f64, bins: f64) -> (f64, f64) {
    let turn = TAU / (period * bins);
    let (step_s, step_c) = turn.sin_cos();
    let (mut s, mut c) = (-TAU * offset / period).sin_cos();
    let (mut re, mut im) = (0.0, 0.0);
    for &w in weights {
        re += w * c;
        im += w * s;
        (c, s) = (c * step_c - s * step_s, s * step_c + c * step_s);
    }
    (re, im)
}

/// The largest modulus over the control periods.
pub(super) fn control(weights: &[f64], period: f64, offset: f64, bins: f64) -> f64 {
    CONTROL
        .iter()
        .map(|f| {
            let (re, im) = phasor(weights, period * f, offset, bins);
            re.hypot(im)
        })
        .fold(0.0, f64::max)
}

/// Box sums of `n` (odd) bins; the histogram is empty outside.
fn box_sum(hist: &[f64], n: usize) -> Vec<f64> {
    let prefix = prefix(hist);
    let reach = n / 2;
    (0..hist.len())
        .map(|i| prefix[(i + reach + 1).min(hist.len())] - prefix[i.saturating_sub(reach)])
        .collect()
}

fn prefix(hist: &[f64]) -> Vec<f64> {
    let mut total = 0.0;
    std::iter::once(0.0)
        .chain(hist.iter().map(|&h| {
            total += h;
            total
        }))
        .collect()
}

/// Means under a triangle of width `2n` bins: a box of a box.
fn triangle(hist: &[f64], n: usize) -> Vec<f64> {
    let len = hist.len();
    let first = prefix(hist);
    // Sums of the n bins that start at i + 1 - n, for i in 0..len + n - 1.
    let forward: Vec<f64> = (0..len + n - 1)
        .map(|i| first[(i + 1).min(len)] - first[(i + 1).saturating_sub(n).min(len)])
        .collect();
    let second = prefix(&forward);
    let scale = 1.0 / (n * n) as f64;
    (0..len).map(|i| (second[i + n] - second[i]) * scale).collect()
}

/// Phasor of a histogram with every level weighted by the root of its mass.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct LevelPhasor {
    /// Real part: evidence for a grid with the expected offset.
    pub real: f64,
    /// Modulus: evidence for a grid with any offset.
    pub modulus: f64,
    /// Largest modulus over the control periods.
    pub control: f64,
}

pub(super) fn level_phasor(hist: &[f64], period: f64) -> LevelPhasor {
    let n = ((period * BINS as f64).round() as usize) | 1;
    let mut w: Vec<f64> =
        hist.iter().zip(box_sum(hist, n)).map(|(&h, local)| h / local.max(1.0).sqrt()).collect();
    let total: f64 = w.iter().sum::<f64>().max(1e-9);
    for w in &mut w {
        *w /= total;
    }
    let (re, im) = phasor(&w, period, 0.0, BINS as f64);
    LevelPhasor { real: re, modulus: re.hypot(im), control: control(&w, period, 0.0, BINS as f64) }
}

/// Agreement among the levels of a grid, after the trend across them is removed.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Agreement {
    /// 1 by chance, the root of the number of levels when all have the same shape.
    pub t: f64,
    /// Common shift of the levels, in codes.
    pub shift: f64,
    /// Effective number of levels.
    pub levels: f64,
}

pub(super) fn level_agreement(hist: &[f64], period: f64) -> Agreement {
    let n = ((period * BINS as f64).round() as usize).max(3);
    let trend = triangle(hist, n);
    let count = (hist.len() as f64 / BINS as f64 / period + 0.5) as usize + 2;
    let mut levels = vec![(0.0f64, 0.0f64, 0.0f64); count];
    let turn = TAU / (period * BINS as f64);
    let (step_s, step_c) = turn.sin_cos();
    let (mut s, mut c) = (0.0f64, 1.0f64);
    for (i, (&h, &t)) in hist.iter().zip(&trend).enumerate() {
        let k = (i as f64 / (BINS as f64 * period) + 0.5) as usize;
        let level = &mut levels[k.min(count - 1)];
        level.0 += h;
        level.1 += (h - t) * c;
        level.2 += (h - t) * s;
        (c, s) = (c * step_c - s * step_s, s * step_c + c * step_s);
    }
    let total: f64 = levels.iter().map(|l| l.0).sum();
    let least = (0.001 * total).max(40.0);
    levels.retain(|l| l.0 > least);
    if levels.len() < 2 {
        return Agreement::default();
    }
    let (mut re, mut im, mut spread, mut roots, mut mass) = (0.0, 0.0, 0.0, 0.0, 0.0);
    for &(n, zr, zi) in &levels {
        let w = n.sqrt();
        let (zr, zi) = (zr / n, zi / n);
        re += w * zr;
        im += w * zi;
        spread += n * (zr * zr + zi * zi);
        roots += w;
        mass += n;
    }
    Agreement {
        t: re.hypot(im) / spread.sqrt().max(1e-12),
        shift: im.atan2(re) / TAU * period,
        levels: roots * roots / mass,
    }
}
