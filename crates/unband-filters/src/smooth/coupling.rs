//! Coupling of red, green and blue.
//!
//! R, G and B cross their levels at different positions, while their differences are mostly smoother than
//! they are themselves. So each difference is averaged over neighbouring samples, and the residual is
//! distributed over the three channels. The mean of the channels stays; only their differences change.

use unband_image::Window;
use unband_simd::{Level, filters::smooth as rows};

use super::density::{Density, Raster};
use super::grid::Grid;

/// Margin of samples that is read.
pub(super) const RIM: usize = 3;

const CHANNEL_AXIS: [f32; 9] = [0.0, 0.15, 0.3, 0.5, 0.7, 0.9, 1.15, 1.5, 2.2];
const DIFFERENCE_AXIS: [f32; 11] = [0.0, 0.05, 0.1, 0.2, 0.3, 0.45, 0.6, 0.8, 1.05, 1.4, 2.0];

/// Least-squares factor on the shared correction, by level changes per sample of the channels (rows) and of
/// their differences (columns), over 5×5 samples. Fitted on training photos at 8, 7, 6 and 5 bits.
const TABLE: [[f32; 11]; 9] = [
    [1.5, 1.5, 1.5, 1.42, 0.85, 0.51, 0.34, 0.23, 0.15, 0.11, 0.09],
    [1.5, 1.5, 1.23, 0.63, 0.62, 0.34, 0.27, 0.19, 0.12, 0.08, 0.07],
    [1.5, 1.5, 1.4, 0.81, 0.56, 0.27, 0.11, 0.1, 0.07, 0.02, 0.0],
    [1.5, 1.33, 1.01, 0.9, 0.77, 0.47, 0.13, 0.03, 0.03, 0.0, 0.0],
    [1.33, 1.23, 1.07, 1.0, 0.97, 0.8, 0.49, 0.11, 0.06, 0.04, 0.0],
    [1.23, 1.19, 1.12, 1.09, 1.1, 0.95, 0.83, 0.51, 0.09, 0.04, 0.04],
    [1.19, 1.17, 1.14, 1.11, 1.09, 1.04, 0.9, 0.77, 0.51, 0.06, 0.06],
    [1.18, 1.17, 1.16, 1.14, 1.11, 1.03, 0.97, 0.86, 0.78, 0.52, 0.18],
    [1.17, 1.17, 1.16, 1.13, 1.12, 1.07, 0.98, 0.91, 0.8, 0.8, 0.24],
];

/// The pairs of channels.
const PAIRS: [(usize, usize); 3] = [(0, 1), (0, 2), (1, 2)];

/// Distributes shared corrections over three channels.
pub(super) struct Coupling {
    raster: Raster,
    /// Interval widths in codes.
    steps: [f32; 3],
    /// Reliability of each channel: 1 / step², sum 1.
    trust: [f32; 3],
}

/// Working memory.
#[derive(Default)]
pub(super) struct Scratch {
    difference: Grid,
    pulls: [Grid; 3],
    busy: [Grid; 3],
    channel: [Grid; 3],
    density: Density,
}

impl Coupling {
    /// For channels with intervals of these widths (codes).
    pub(super) fn new(steps: [f32; 3], strength: f32) -> Self {
        let raw = steps.map(|s| 1.0 / (s * s));
        let sum: f32 = raw.iter().sum();
        Self {
            raster: Raster::new(&CHANNEL_AXIS, &DIFFERENCE_AXIS, &TABLE, |g| g * strength.min(1.0)),
            steps,
            trust: raw.map(|t| t / sum),
        }
    }

    /// The shared correction of each channel, in codes, over `core` of the padded `restored` channels
    /// (codes), which have a margin of [`RIM`] samples on each side unless the image ends there. `original`
    /// are the same samples before restoration; their level changes determine the factor.
    pub(super) fn share(
        &self,
        level: Level,
        out: &mut [Grid; 3],
        original: [&Grid; 3],
        restored: [&Grid; 3],
        core: Window,
        s: &mut Scratch,
    ) {
        let width = core.x1 - core.x0;
        for ((channel, original), step) in s.channel.iter_mut().zip(original).zip(self.steps) {
            s.density.count(level, original, 1.0 / step);
            s.density.means(level, channel, core, 2, self.raster.scale.0 / 3.0);
        }
        for (p, &(i, j)) in PAIRS.iter().enumerate() {
            s.difference.reshape(restored[i].width, restored[i].height);
            for y in 0..restored[i].height {
                rows::subtract_row(level, s.difference.row_mut(y), restored[i].row(y), restored[j].row(y));
            }
            s.difference.pad();
            let per_cell = 1.0 / self.steps[i].max(self.steps[j]);
            s.density.count(level, &s.difference, per_cell);
            s.density.means(level, &mut s.busy[p], core, 2, self.raster.scale.1 / 2.0);
            s.pulls[p].reshape(width, core.y1 - core.y0);
            for y in core.y0..core.y1 {
                let row = |y: usize| &s.difference.padded(y)[core.x0..core.x0 + width + 2];
                let (above, below) = (row(y.saturating_sub(1)), row((y + 1).min(s.difference.height - 1)));
                rows::pull_row(level, s.pulls[p].row_mut(y - core.y0), above, row(y), below, per_cell);
            }
        }
        let mut changes = vec![0.0; width];
        let mut busy = vec![0.0; width];
        let mut factor = vec![0.0; width];
        for (c, out) in out.iter_mut().enumerate() {
            out.reshape(width, core.y1 - core.y0);
            // The two differences with this channel, with its sign.
            let [(a, sign_a, other_a), (b, sign_b, other_b)] = match c {
                0 => [(0, 1.0, 1), (1, 1.0, 2)],
                1 => [(0, -1.0, 0), (2, 1.0, 2)],
                _ => [(1, -1.0, 0), (2, -1.0, 1)],
            };
            let (ka, kb) = (sign_a * self.trust[other_a], sign_b * self.trust[other_b]);
            for y in 0..out.height {
                let [r, g, bl] = [s.channel[0].row(y), s.channel[1].row(y), s.channel[2].row(y)];
                rows::sum_row(level, &mut busy, r, g);
                rows::sum_row(level, &mut changes, &busy, bl);
                rows::sum_row(level, &mut busy, s.busy[a].row(y), s.busy[b].row(y));
                self.raster.look_up(level, &mut factor, &changes, &busy);
                rows::weigh_row(level, out.row_mut(y), &factor, s.pulls[a].row(y), ka, s.pulls[b].row(y), kb);
            }
        }
    }
}
