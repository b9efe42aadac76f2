//! Residues folded into a square: sums by their place in a tile.

use super::residue::{BAND, REACH, Steps};

/// Samples that an image needs for a tile.
pub(super) const LEAST_SAMPLES: usize = 4096;
/// Least correlation of the tiles of dark and light samples.
pub(super) const TONES_CORRELATION: f64 = 0.75;
/// Share of the variance that quarters of a tile may differ by, besides the error of the estimate.
const QUARTERS_DIFFERENCE: f64 = 0.001;
/// Multiple of an estimate's deviation that is significant.
const SIGNIFICANT: f64 = 5.0;

/// Index of the place of a sample in a tile of this side.
pub(super) fn place(x: usize, y: usize, side: usize) -> usize {
    y % side * side + x % side
}

/// The half of a sample: halves alternate over 64×16 samples. `band`: the number of its band of rows in the
/// image, or among the bands that are read.
pub(super) fn half(x: usize, band: usize) -> usize {
    (x / 64 + band) % 2
}

/// Sums of residues by place in a square, in two halves of the samples.
pub(super) struct Folded {
    pub side: usize,
    sums: [Vec<f64>; 2],
    counts: [Vec<u32>; 2],
}

impl Folded {
    pub(super) fn new(side: usize) -> Self {
        let n = side * side;
        Self { side, sums: [vec![0.0; n], vec![0.0; n]], counts: [vec![0; n], vec![0; n]] }
    }

    pub(super) fn add(&mut self, half: usize, x: usize, y: usize, value: f32) {
        let at = place(x, y, self.side);
        self.sums[half][at] += f64::from(value);
        self.counts[half][at] += 1;
    }

    /// Folded once more.
    pub(super) fn smaller(&self, side: usize) -> Self {
        let mut out = Self::new(side);
        for half in 0..2 {
            for (i, (sum, count)) in self.sums[half].iter().zip(&self.counts[half]).enumerate() {
                let at = place(i % self.side, i / self.side, side);
                out.sums[half][at] += sum;
                out.counts[half][at] += count;
            }
        }
        out
    }

    /// Adds the sums of another plane.
    pub(super) fn join(&mut self, other: &Self) {
        for half in 0..2 {
            self.sums[half].iter_mut().zip(&other.sums[half]).for_each(|(sum, more)| *sum += more);
            self.counts[half].iter_mut().zip(&other.counts[half]).for_each(|(sum, more)| *sum += more);
        }
    }

    /// Fewest samples of a place in a half.
    pub(super) fn least(&self) -> usize {
        self.counts.iter().flatten().min().map_or(0, |&n| n as usize)
    }

    /// Means by place in a half, less their mean.
    pub(super) fn means(&self, half: usize) -> Vec<f64> {
        let each = self.sums[half].iter().zip(&self.counts[half]);
        let means: Vec<f64> = each.map(|(sum, &count)| sum / f64::from(count.max(1))).collect();
        let mean = means.iter().sum::<f64>() / means.len() as f64;
        means.into_iter().map(|v| v - mean).collect()
    }

    /// Variance of the tile without that of its estimate: the halves are independent.
    pub(super) fn variance(&self) -> f64 {
        mean_product(&self.means(0), &self.means(1))
    }

    /// Mean squared error of the means of a half.
    pub(super) fn error(&self) -> f64 {
        let (a, b) = (self.means(0), self.means(1));
        a.iter().zip(b).map(|(a, b)| (a - b) * (a - b)).sum::<f64>() / (2.0 * a.len() as f64)
    }

    /// Does a smaller tile explain this one?
    pub(super) fn repeats(&self, side: usize) -> bool {
        let small = self.smaller(side);
        let rest = |half: usize| -> Vec<f64> {
            let (own, means) = (self.means(half), small.means(half));
            let mean = |i: usize| means[place(i % self.side, i / self.side, side)];
            own.iter().enumerate().map(|(i, own)| own - mean(i)).collect()
        };
        let chance = SIGNIFICANT * self.error() / self.side as f64;
        mean_product(&rest(0), &rest(1)) <= QUARTERS_DIFFERENCE * self.variance() + chance
    }

    /// Correlation of the halves.
    pub(super) fn correlation(&self) -> f64 {
        correlation(&self.means(0), &self.means(1))
    }

    /// Means by place of both halves.
    pub(super) fn mean(&self) -> Vec<f64> {
        self.means(0).into_iter().zip(self.means(1)).map(|(a, b)| 0.5 * (a + b)).collect()
    }

    /// The tile behind the residues, in steps.
    pub(super) fn tile(&self) -> Vec<f64> {
        without_window(&self.mean(), self.side)
    }
}

/// Correlation of two tiles.
pub(super) fn correlation(a: &[f64], b: &[f64]) -> f64 {
    mean_product(a, b) / (mean_product(a, a) * mean_product(b, b)).sqrt().max(1e-12)
}

/// The value of a rank where `count` values are spread evenly around 0, a step wide.
pub(super) fn spread_evenly(rank: usize, count: usize) -> f64 {
    (rank as f64 + 0.5) / count as f64 - 0.5
}

/// Mean product of the values of two tiles.
pub(super) fn mean_product(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>() / a.len().max(1) as f64
}

/// The residues of all samples of a plane.
pub(super) struct FoldedPlane {
    pub folded: Folded,
    /// Those of dark samples and of light ones.
    pub tones: Folded,
}

impl FoldedPlane {
    pub(super) fn new(plane: &Steps<'_>, side: usize) -> Self {
        let (mut folded, mut tones) = (Folded::new(side), Folded::new(side));
        let middle = middle(plane);
        plane.residues(0..plane.height, |x, y, value, level| {
            folded.add(half(x, y / BAND), x, y, value);
            tones.add(usize::from(level > middle), x, y, value);
        });
        Self { folded, tones }
    }
}

/// The level that divides the samples in half.
fn middle(plane: &Steps<'_>) -> i16 {
    let mut counts = vec![0u32; 512];
    let mut row = vec![0i16; plane.width];
    for y in (0..plane.height).step_by(4) {
        plane.row(0, y, &mut row);
        for (_, level) in row.iter().enumerate().filter(|(x, _)| plane.holds_at(*x, y)) {
            counts[(level + 1).clamp(0, 511) as usize] += 1;
        }
    }
    let all: u32 = counts.iter().sum();
    let mut sum = 0;
    let half = counts.iter().position(|&n| {
        sum += n;
        2 * sum >= all
    });
    half.and_then(|at| i16::try_from(at).ok()).map_or(0, |at| at - 1)
}

/// The tile whose residues are `mean`: the window's mean of the tile is added back until nothing changes.
fn without_window(mean: &[f64], side: usize) -> Vec<f64> {
    let mut tile = mean.to_vec();
    for _ in 0..40 {
        let window = |i: usize| {
            let (x, y) = (i % side, i / side);
            let mut sum = 0.0;
            for dy in 0..=2 * REACH {
                for dx in 0..=2 * REACH {
                    let at = |v: usize, d: usize| (v + d + REACH * side - REACH) % side;
                    sum += tile[at(y, dy) * side + at(x, dx)];
                }
            }
            sum / ((2 * REACH + 1) * (2 * REACH + 1)) as f64
        };
        let next: Vec<f64> = (0..side * side).map(|i| mean[i] + window(i)).collect();
        tile = next;
    }
    let middle = tile.iter().sum::<f64>() / tile.len() as f64;
    tile.into_iter().map(|v| v - middle).collect()
}
