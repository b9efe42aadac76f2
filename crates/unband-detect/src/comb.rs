//! Histogram combs: channels stretched by a tone curve after quantisation.

use unband_image::With;

use super::PlaneGrid;
use super::levels::{comb, combed_share};

/// The combs of all channels.
#[derive(Default)]
pub(super) struct Combs {
    spacings: Vec<Vec<f32>>,
    shares: Vec<f64>,
    means: Vec<f64>,
}

impl Combs {
    /// From histograms of 256 bins.
    pub(crate) fn new(hists: &[Vec<u32>]) -> Self {
        let mut combs = Self::default();
        for hist in hists {
            combs.push(hist, comb(hist), 1.3);
        }
        combs
    }

    /// Adds a channel: its histogram, the spacing at each code in 8-bit codes, and the spacing from which
    /// codes are missing.
    pub(crate) fn push(&mut self, hist: &[u32], spacing: Vec<f32>, least: f32) {
        let total: f64 = hist.iter().map(|&n| f64::from(n)).sum();
        let weighted: f64 = hist.iter().zip(&spacing).map(|(&n, &s)| f64::from(n) * f64::from(s)).sum();
        self.shares.push(combed_share(hist, &spacing, least));
        self.means.push(weighted / total.max(1.0));
        self.spacings.push(spacing);
    }

    /// Does the comb affect more than a tenth of a channel?
    pub(crate) fn found(&self) -> bool {
        self.shares.iter().any(|&s| s > 0.1)
    }

    pub(crate) fn grids(&self) -> Vec<PlaneGrid> {
        let each = self.spacings.iter().zip(&self.shares).zip(&self.means);
        each.map(|((spacing, &share), &mean)| {
            PlaneGrid::plain(mean as f32).but(|new| {
                new.found = share > 0.02;
                new.steps_by_code = Some(spacing.clone());
            })
        })
        .collect()
    }
}
