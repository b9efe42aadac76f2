//! Extraction of planes from the image, in units of quantisation intervals.

use unband_image::findings::{Cause, PlaneGrid};
use unband_image::{Depth, Image, Matrix};
use unband_simd::{Level, filters::smooth as rows};

use super::grid::Grid;

/// Kind of plane.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Component {
    /// A stored plane of the image.
    Native(usize),
    /// Luma (0) or a colour difference (1, 2) behind RGB, at full or half size.
    Yuv(usize, Matrix, bool),
}

/// A plane in 8-bit full-scale codes (chroma around 0), computed from the image on demand.
#[derive(Clone, Copy, Debug)]
pub(super) struct CodePlane {
    /// Kind of plane.
    pub component: Component,
    /// Offset subtracted from the stored value: 0.5 for stored chroma planes.
    pub zero: f32,
}

impl CodePlane {
    /// Width and height of the plane.
    pub(super) fn size(self, image: &Image) -> (usize, usize) {
        match self.component {
            Component::Native(p) => (image.planes[p].width, image.planes[p].height),
            Component::Yuv(_, _, false) => (image.width(), image.height()),
            Component::Yuv(_, _, true) => (image.width().div_ceil(2), image.height().div_ceil(2)),
        }
    }

    /// Fills `out` with the samples starting at column `x0`, row `y0`, in codes times `factor`.
    pub(super) fn fill(self, level: Level, image: &Image, x0: usize, y0: usize, factor: f32, out: &mut Grid) {
        match self.component {
            Component::Native(p) => {
                let plane = &image.planes[p];
                for y in 0..out.height {
                    rows::scale_row(
                        level,
                        out.row_mut(y),
                        &plane.row(y0 + y)[x0..],
                        self.zero,
                        255.0 * factor,
                    );
                }
            }
            Component::Yuv(c, matrix, false) => {
                let weights = matrix.weights_of(c).map(|weight| weight * 255.0 * factor);
                for y in 0..out.height {
                    let row = |p: usize| &image.planes[p].row(y0 + y)[x0..];
                    rows::mix_row(level, out.row_mut(y), row(0), row(1), row(2), weights);
                }
            }
            Component::Yuv(c, matrix, true) => {
                let weights = matrix.weights_of(c).map(|weight| weight * 255.0 * factor);
                let (w, h) = (image.width(), image.height());
                let n = (2 * out.width).min(w - 2 * x0);
                let (mut top, mut bottom) = (vec![0.0; n], vec![0.0; n]);
                for y in 0..out.height {
                    let upper = 2 * (y0 + y);
                    for (target, y) in [(&mut top, upper), (&mut bottom, (upper + 1).min(h - 1))] {
                        let row = |p: usize| &image.planes[p].row(y)[2 * x0..];
                        rows::mix_row(level, target, row(0), row(1), row(2), weights);
                    }
                    rows::halve_row(level, out.row_mut(y), &top, &bottom);
                }
            }
        }
    }
}

/// Conversion between codes and interval units.
#[derive(Clone, Debug)]
pub(super) enum Cells {
    /// All intervals have this width, in codes.
    Even(f32),
    /// After a tone curve: intervals differ from code to code.
    ByCode(CodeCells),
}

/// Intervals around the occupied codes of a plane.
#[derive(Clone, Debug)]
pub(super) struct CodeCells {
    depth: Depth,
    /// Number of intervals up to each code.
    position: Vec<f32>,
    /// Width in 8-bit codes of twice the interval's lower and upper half, per code.
    width: Vec<[f32; 2]>,
}

impl CodeCells {
    /// Intervals as wide as the usual step at each code.
    fn usual(steps: &[f32], depth: Depth) -> Self {
        let own = 255.0 * depth.step();
        let codes = depth.max_code() as usize + 1;
        let usual = |c: usize| steps.get(c).copied().unwrap_or(own).max(own);
        let mut position = vec![0.0f32; codes];
        for c in 1..codes {
            position[c] = position[c - 1] + own * 0.5 * (1.0 / usual(c - 1) + 1.0 / usual(c));
        }
        Self { depth, position, width: (0..codes).map(|c| [usual(c); 2]).collect() }
    }

    /// Neighbouring occupied codes are one interval apart where a tone curve can have stretched one code to
    /// their gap.
    fn comb(steps: &[f32], depth: Depth, samples: &[f32]) -> Self {
        let own = 255.0 * depth.step();
        let codes = depth.max_code() as usize + 1;
        let mut occupied = vec![false; codes];
        for &v in samples {
            occupied[depth.code(v) as usize] = true;
        }
        let usual = |c: usize| steps.get(c).copied().unwrap_or(own).max(own);
        let mut position = vec![0.0f32; codes];
        let mut width: Vec<[f32; 2]> = (0..codes).map(|c| [usual(c); 2]).collect();
        let mut last: Option<usize> = None;
        for c in (0..codes).filter(|&c| occupied[c]) {
            let Some(before) = last.replace(c) else { continue };
            let gap = (c - before) as f32 * own;
            let cells = gap / usual(before).max(usual(c));
            let one = cells < 1.6;
            let step = if one { 1.0 } else { cells };
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

    /// Converts corrections from interval units to codes, for samples given in codes.
    pub(super) fn leave(&self, corrections: &mut [f32], codes: &[f32]) {
        for (d, &c) in corrections.iter_mut().zip(codes) {
            *d *= self.width[self.depth.code(c * (1.0 / 255.0)) as usize][usize::from(*d > 0.0)];
        }
    }

    /// Clamps corrections (codes) to the intervals of samples given in codes.
    pub(super) fn hold(&self, corrections: &mut [f32], codes: &[f32]) {
        for (d, &c) in corrections.iter_mut().zip(codes) {
            let [lower, upper] = self.width[self.depth.code(c * (1.0 / 255.0)) as usize];
            *d = d.max(-0.5 * lower).min(0.5 * upper);
        }
    }
}

impl Cells {
    /// From the detector's findings on a plane of this depth, with its samples; `None` without intervals
    /// (floating point).
    pub(super) fn new(cause: Cause, grid: &PlaneGrid, depth: Depth, samples: &[f32]) -> Option<Self> {
        if let (Some(steps), Depth::Int(_)) = (&grid.steps_by_code, depth) {
            return Some(Self::ByCode(match cause {
                Cause::ToneCurve => CodeCells::comb(steps, depth, samples),
                _ => CodeCells::usual(steps, depth),
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
        source: CodePlane,
        at: (usize, usize),
        v: &mut Grid,
        codes: &mut Grid,
    ) {
        match self {
            Self::Even(step) => source.fill(level, image, at.0, at.1, 1.0 / step, v),
            Self::ByCode(cells) => {
                codes.reshape(v.width, v.height);
                source.fill(level, image, at.0, at.1, 1.0, codes);
                for y in 0..v.height {
                    for (v, &c) in v.row_mut(y).iter_mut().zip(codes.row(y)) {
                        *v = cells.position[cells.depth.code(c * (1.0 / 255.0)) as usize];
                    }
                }
            }
        }
        v.pad();
    }
}
