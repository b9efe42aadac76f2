//! Channels whose codes a tone curve has spread.

use super::PlaneGrid;
use super::bits::Effective;
use super::levels::{comb, combed_share};

/// The combs of all channels.
pub(super) struct Combs {
    spacings: Vec<Vec<f32>>,
    shares: Vec<f64>,
    means: Vec<f64>,
}

impl Combs {
    /// From histograms of 256 bins.
    pub fn new(hists: &[Vec<u32>], _effective: Effective) -> Self {
        let spacings: Vec<Vec<f32>> = hists.iter().map(|h| comb(h)).collect();
        let shares = hists.iter().zip(&spacings).map(|(h, s)| combed_share(h, s)).collect();
        let mean = |(h, s): (&Vec<u32>, &Vec<f32>)| {
            let total: f64 = h.iter().map(|&n| f64::from(n)).sum();
            h.iter().zip(s).map(|(&n, &s)| f64::from(n) * f64::from(s)).sum::<f64>() / total.max(1.0)
        };
        let means = hists.iter().zip(&spacings).map(mean).collect();
        Self { spacings, shares, means }
    }

    /// Does the comb move more than a tenth of a channel?
    pub fn found(&self) -> bool {
        self.shares.iter().any(|&s| s > 0.1)
    }

    pub fn grids(self) -> Vec<PlaneGrid> {
        let each = self.spacings.into_iter().zip(self.shares).zip(self.means);
        each.map(|((spacing, share), mean)| PlaneGrid {
            step_codes: mean as f32,
            offset_codes: 0.0,
            bits: None,
            found: share > 0.02,
            confidence: 1.0,
            steps_by_code: Some(spacing),
        })
        .collect()
    }
}
