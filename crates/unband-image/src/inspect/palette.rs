//! Pictures of few colours: how far apart are the colours that meet in their gradients?

use super::planes::Codes;
use super::{BandingMap, PlaneGrid};

/// Steps wider than this are edges of things, not of bands, in codes.
const WIDEST: i32 = 32;

/// What the neighbours of a palette picture say.
pub(super) struct PaletteLook {
    /// Per channel, per code: the usual step to the next colour in a gradient.
    steps: Vec<Vec<f32>>,
    means: Vec<f32>,
    /// Single pixels differ from both neighbours nearly everywhere: dithered or textured, there are no bands.
    pub dithered: bool,
}

pub(super) fn look(codes: &Codes) -> PaletteLook {
    let channels = codes.planes.len();
    // Sums of steps and their number, by channel and code.
    let mut sums = vec![[(0u32, 0u32); 256]; channels];
    // Small changes, and those where the pixel differs from both neighbours, by square.
    let side = BandingMap::SIDE;
    let columns = codes.width.div_ceil(side);
    let mut squares = vec![(0u32, 0u32); columns * codes.height.div_ceil(side)];
    let every = (codes.len() / 1_000_000).max(1);
    let step_at = |row: &[&[u8]], a: usize, b: usize| {
        row.iter().map(|c| (i32::from(c[a]) - i32::from(c[b])).abs()).max().unwrap_or(0)
    };
    for y in (0..codes.height).step_by(every) {
        let row: Vec<&[u8]> = (0..channels).map(|c| codes.row(c, y)).collect();
        for x in 1..codes.width.saturating_sub(1) {
            let before = step_at(&row, x - 1, x);
            if before == 0 || before > WIDEST {
                continue;
            }
            let after = step_at(&row, x, x + 1);
            let square = &mut squares[y / side * columns + x / side];
            square.0 += 1;
            square.1 += u32::from(after > 0 && after <= WIDEST);
            if after > 0 {
                continue;
            }
            for (channel, sums) in row.iter().zip(&mut sums) {
                let (a, b) = (channel[x - 1], channel[x]);
                let d = u32::from(a.abs_diff(b));
                if d > 0 {
                    for code in [a, b] {
                        let sum = &mut sums[usize::from(code)];
                        sum.0 += d;
                        sum.1 += 1;
                    }
                }
            }
        }
    }
    let mut steps = Vec::with_capacity(channels);
    let mut means = Vec::with_capacity(channels);
    for sums in &sums {
        let (total, count) =
            sums.iter().fold((0u64, 0u64), |(t, n), s| (t + u64::from(s.0), n + u64::from(s.1)));
        let mean = if count > 0 { total as f32 / count as f32 } else { 1.0 };
        // A code that few gradients pass borrows the channel's mean.
        steps.push(sums.iter().map(|s| (s.0 as f32 + 8.0 * mean) / (s.1 as f32 + 8.0)).collect());
        means.push(mean);
    }
    let told = squares.iter().filter(|s| s.0 >= 30).count();
    let banded = squares.iter().filter(|s| s.0 >= 30 && f64::from(s.1) < 0.52 * f64::from(s.0)).count();
    PaletteLook { steps, means, dithered: banded < 2 || banded * 20 < told }
}

impl PaletteLook {
    pub fn grids(self) -> Vec<PlaneGrid> {
        let each = self.steps.into_iter().zip(self.means);
        each.map(|(steps, mean)| PlaneGrid {
            step_codes: mean,
            found: mean > 1.3,
            confidence: 0.8,
            steps_by_code: Some(steps),
            ..PlaneGrid::plain(1.0)
        })
        .collect()
    }
}
