//! Quantisation intervals of a plane, and the plane in their units.

use unband_image::findings::{Cause, PlaneGrid};
use unband_image::{Depth, Image};
use unband_simd::Level;

use super::grid::Grid;
use super::source::PlaneSource;

/// Conversion between codes and interval units.
#[derive(Clone, Debug)]
pub(super) enum Intervals {
    /// All intervals have this width, in codes.
    Even(f32),
    /// After a tone curve: intervals differ from code to code.
    ByCode(CodeIntervals),
}

/// Intervals around the occupied codes of a plane.
#[derive(Clone, Debug)]
pub(super) struct CodeIntervals {
    depth: Depth,
    /// Number of intervals up to each code.
    position: Vec<f32>,
    /// Width in 8-bit codes of twice the interval's lower and upper half, per code.
    width: Vec<[f32; 2]>,
}

/// Width in 8-bit codes of one code of a depth, and the usual step at each code, at least as wide.
fn widths(steps: &[f32], depth: Depth) -> (f32, Vec<f32>) {
    let own = 255.0 * depth.step();
    let usual = |c: usize| steps.get(c).copied().unwrap_or(own).max(own);
    (own, (0..=depth.max_code() as usize).map(usual).collect())
}

impl CodeIntervals {
    /// Intervals as wide as the usual step at each code.
    fn usual(steps: &[f32], depth: Depth) -> Self {
        let (own, usual) = widths(steps, depth);
        let mut position = vec![0.0f32; usual.len()];
        for c in 1..usual.len() {
            position[c] = position[c - 1] + own * 0.5 * (1.0 / usual[c - 1] + 1.0 / usual[c]);
        }
        Self { depth, position, width: usual.into_iter().map(|step| [step; 2]).collect() }
    }

    /// Neighbouring occupied codes are one interval apart where a tone curve can have stretched one code to
    /// their gap.
    fn comb(steps: &[f32], depth: Depth, samples: &[f32]) -> Self {
        let (own, usual) = widths(steps, depth);
        let mut occupied = vec![false; usual.len()];
        for &v in samples {
            occupied[depth.code(v) as usize] = true;
        }
        let mut position = vec![0.0f32; usual.len()];
        let mut width: Vec<[f32; 2]> = usual.iter().map(|&step| [step; 2]).collect();
        let mut last: Option<usize> = None;
        for c in (0..usual.len()).filter(|&c| occupied[c]) {
            let Some(before) = last.replace(c) else { continue };
            let gap = (c - before) as f32 * own;
            let intervals = gap / usual[before].max(usual[c]);
            let one = intervals < 1.6;
            let step = if one { 1.0 } else { intervals };
            for between in before + 1..=c {
                position[between] = position[before] + step * (between - before) as f32 / (c - before) as f32;
            }
            if one {
                width[before][1] = gap;
                width[c][0] = gap;
            }
        }
        if let Some(last) = last {
            let end = position[last];
            position[last..].fill(end);
        }
        Self { depth, position, width }
    }

    /// The code of this plane's depth for an 8-bit code.
    fn code(&self, c: f32) -> usize {
        self.depth.code(c * (1.0 / 255.0)) as usize
    }

    /// Converts corrections from interval units to codes, for samples given in codes.
    pub(super) fn leave(&self, corrections: &mut [f32], codes: &[f32]) {
        for (d, &c) in corrections.iter_mut().zip(codes) {
            *d *= self.width[self.code(c)][usize::from(*d > 0.0)];
        }
    }

    /// Clamps corrections (codes) to the intervals of samples given in codes.
    pub(super) fn hold(&self, corrections: &mut [f32], codes: &[f32]) {
        for (d, &c) in corrections.iter_mut().zip(codes) {
            let [lower, upper] = self.width[self.code(c)];
            *d = d.max(-0.5 * lower).min(0.5 * upper);
        }
    }
}

impl Intervals {
    /// From the detector's findings on a plane of this depth, with its samples; `None` without intervals
    /// (floating point).
    pub(super) fn new(cause: Cause, grid: &PlaneGrid, depth: Depth, samples: &[f32]) -> Option<Self> {
        if let (Some(steps), Depth::Int(_)) = (&grid.steps_by_code, depth) {
            return Some(Self::ByCode(match cause {
                Cause::ToneCurve => CodeIntervals::comb(steps, depth, samples),
                _ => CodeIntervals::usual(steps, depth),
            }));
        }
        (grid.step_codes > 0.0).then_some(Self::Even(grid.step_codes))
    }

    /// Fills `v` with a window of a plane in interval units, padded; where intervals differ from sample to
    /// sample, `codes` gets the plane itself.
    pub(super) fn fill(
        &self,
        level: Level,
        image: &Image,
        source: PlaneSource,
        at: (usize, usize),
        v: &mut Grid,
        codes: &mut Grid,
    ) {
        match self {
            Self::Even(step) => source.fill(level, image, at.0, at.1, 1.0 / step, v),
            Self::ByCode(intervals) => {
                codes.reshape(v.width, v.height);
                source.fill(level, image, at.0, at.1, 1.0, codes);
                for y in 0..v.height {
                    for (v, &c) in v.row_mut(y).iter_mut().zip(codes.row(y)) {
                        *v = intervals.position[intervals.code(c)];
                    }
                }
            }
        }
        v.pad();
    }
}
