//! Pictures of few colours: how far apart are the colours that meet in their gradients?

use super::PlaneGrid;
use super::planes::Codes;

/// Steps wider than this are edges of things, not of bands, in codes.
const WIDEST: i32 = 32;

/// What the neighbours of a palette picture say.
pub(super) struct PaletteLook {
    /// Per channel, per code: the usual step to the next colour in a gradient.
    steps: Vec<Vec<f32>>,
    means: Vec<f32>,
    /// Single pixels differ from both neighbours all over: dithered, there are no bands.
    pub dithered: bool,
}

pub(super) fn look(codes: &Codes) -> PaletteLook {
    let channels = codes.planes.len();
    // Sums of steps and their number, by channel and code.
    let mut sums = vec![[(0u32, 0u32); 256]; channels];
    let (mut changes, mut alone) = (0u64, 0u64);
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
            changes += 1;
            let after = step_at(&row, x, x + 1);
            alone += u64::from(after > 0 && after <= WIDEST);
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
    PaletteLook { steps, means, dithered: changes < 50 || alone as f64 > 0.68 * changes as f64 }
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
