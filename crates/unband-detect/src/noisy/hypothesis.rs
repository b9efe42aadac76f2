//! Grid hypothesis for one plane: its features, and their log-odds from a logistic fit on labelled frames.
//!
//! `tools/fit_detector.py` fits the weights on photos kept for training, and lists the images.

use std::f64::consts::TAU;

use super::flats::{Flats, Middles};
use super::{FIVE, SIX};
use crate::phasor::{Agreement, LevelPhasor, level_agreement, level_phasor};

/// Shift of luma levels after one conversion to RGB by a converter that rounds down, in codes.
pub(super) const ONCE: f64 = -1.1;
/// After two such conversions.
pub(super) const TWICE: f64 = -2.05;

/// Conversion of an image to RGB, as far as its colours reveal it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Conversion {
    /// By libswscale's truncating path, once or twice.
    Truncated,
    /// Otherwise, or unknown.
    Other,
}

impl Conversion {
    /// Possible offsets of luma levels from the grid, in codes: one truncating conversion moves them by −1.1.
    /// Measured on frames made with known grids, and the same in published banded frames.
    fn luma_shifts(self) -> &'static [f64] {
        match self {
            Self::Truncated => &[ONCE, TWICE],
            Self::Other => &[0.0, ONCE, TWICE],
        }
    }
}

/// The hypothesis that a plane is on a grid of 5 or 6 bits.
#[derive(Clone, Copy, Debug)]
pub(super) struct Hypothesis {
    phasor: LevelPhasor,
    loose: Agreement,
    pub strict: Agreement,
    steps: f64,
    pub middles: Middles,
    period: f64,
}

impl Hypothesis {
    pub(super) fn new(flats: &Flats, bits: u8) -> Option<Self> {
        if flats.strict.iter().sum::<f64>() < 200.0 {
            return None;
        }
        let (period, steps) = if bits == 5 { (FIVE, &flats.five) } else { (SIX, &flats.six) };
        Some(Self {
            phasor: level_phasor(&flats.strict, period),
            loose: level_agreement(&flats.loose, period),
            strict: level_agreement(&flats.strict, period),
            steps: steps.score(),
            middles: steps.middles(),
            period,
        })
    }

    fn near(&self, shift: f64, wanted: f64) -> f64 {
        (TAU * (shift - wanted) / self.period).cos()
    }

    /// Midpoint phasor along the direction predicted for a shift of the grid.
    fn middles_near(&self, wanted: f64) -> f64 {
        let (s, c) = (TAU * wanted / self.period).sin_cos();
        self.middles.re * c + self.middles.im * s
    }

    /// Offset of the levels from the grid, in codes.
    pub(super) fn shift(&self) -> f64 {
        if self.middles.levels >= 3.0 && self.middles.re.hypot(self.middles.im) > 0.2 {
            self.middles.im.atan2(self.middles.re) / TAU * self.period
        } else {
            self.strict.shift
        }
    }

    /// Whether luma is testable: it has enough levels, and every other period fits worse.
    pub(super) fn luma_is_reliable(&self) -> bool {
        self.loose.levels >= 5.0 && self.strict.levels >= 4.0 && self.phasor.control <= 0.36
    }

    /// The same for a channel, which has fewer steps on 5 bits.
    pub(super) fn channel_is_reliable(&self, bits: u8) -> bool {
        let least = if bits == 5 { (3.5, 3.0, 0.5) } else { (5.0, 4.0, 0.36) };
        self.loose.levels >= least.0 && self.strict.levels >= least.1 && self.phasor.control <= least.2
    }

    /// Features for the weights of luma.
    pub(super) fn luma_features(&self, conversion: Conversion) -> [f64; 6] {
        let best = |f: &dyn Fn(f64) -> f64| {
            conversion.luma_shifts().iter().map(|&s| f(s)).fold(f64::NEG_INFINITY, f64::max)
        };
        [
            self.loose.t * best(&|s| self.near(self.loose.shift, s)),
            self.phasor.modulus
                * best(&|s| self.near(self.strict.shift, s))
                * (2.0 * self.strict.levels.min(18.0)).sqrt(),
            self.steps,
            best(&|s| self.middles_near(s)) * self.middles.levels.min(12.0).sqrt(),
            if conversion == Conversion::Truncated { 1.0 } else { 0.0 },
            1.0,
        ]
    }

    /// Log-odds that luma is on this grid.
    pub(super) fn luma(&self, conversion: Conversion) -> f64 {
        weighed(&self.luma_features(conversion), &LUMA)
    }

    /// Are there steps between the levels of luma? An 8-bit gradient has none of that size.
    pub(super) fn luma_has_steps(&self) -> bool {
        self.middles.levels >= 0.3 * self.strict.levels
    }

    /// Features for the weights of a colour plane.
    pub(super) fn chroma_features(&self) -> [f64; 12] {
        let (levels, steps) = (self.strict.levels.min(8.0).sqrt(), self.middles.levels.min(8.0).sqrt());
        [
            self.loose.t * self.near(self.loose.shift, 0.0),
            self.phasor.real,
            self.phasor.real * levels,
            self.steps,
            self.middles.re,
            self.middles.re * steps,
            self.phasor.control,
            levels,
            steps,
            // Few levels fit many grids, but hardly by chance all in place and with the steps half-way.
            sharpness(self.phasor.real.min(self.middles.re)),
            sharpness(self.phasor.real),
            1.0,
        ]
    }

    /// Does the plane stay on one level? It then fits many grids.
    pub(super) fn one_level(&self) -> bool {
        self.strict.levels < 1.2 && self.middles.levels == 0.0
    }

    /// Log-odds that a colour plane is on the grid of these weights.
    pub(super) fn chroma(&self, weights: &[f64; 12]) -> f64 {
        let score = weighed(&self.chroma_features(), weights);
        if self.one_level() { score.min(1.0) } else { score }
    }
}

/// Closeness of a mean cosine to one, as the negative logarithm of the difference.
fn sharpness(cosine: f64) -> f64 {
    -(1.05 - cosine.clamp(-1.0, 1.0)).ln()
}

fn weighed<const N: usize>(features: &[f64; N], weights: &[f64; N]) -> f64 {
    features.iter().zip(weights).map(|(f, w)| f * w).sum()
}

/// Weights of luma on 6 bits.
const LUMA: [f64; 6] = [0.005, 4.324, 5.254, 4.549, 3.877, -6.158];
/// Weights of a chroma plane on 6 bits.
pub(super) const CHROMA_SIX: [f64; 12] =
    [2.007, -1.820, 3.151, 0.897, -2.093, 2.222, 6.551, 1.232, 0.360, 2.449, -0.381, -9.439];
/// The same on 5 bits.
pub(super) const CHROMA_FIVE: [f64; 12] =
    [0.293, -3.182, 0.901, 3.662, -1.680, 0.852, 5.547, 1.957, 0.816, 2.223, 3.477, -9.844];
/// Weights of a stored channel on 6 bits.
pub(super) const CHANNEL_SIX: [f64; 12] =
    [1.738, -1.171, 1.497, 1.045, -2.357, 2.149, 4.916, 0.458, -0.798, -4.516, 4.213, -2.566];
/// The same on 5 bits.
pub(super) const CHANNEL_FIVE: [f64; 12] =
    [2.497, -1.668, 5.814, 1.552, -3.098, -0.129, 1.411, -0.922, 0.430, 6.039, -3.656, -2.766];
