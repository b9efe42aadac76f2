//! The promise not to invent detail: every sample stays inside the cell of values that its source code
//! stands for.
//!
//! [`cells`] is the one place that says how wide a cell is; `docs/faithful.md` shows it as a table.

use unband_image::dither::Grid;
use unband_image::inspect::{Cause, Findings, Space};
use unband_image::{Depth, Image, Matrix};
use unband_simd::Level;
use unband_simd::cells::{keep_near_levels, keep_within, keep_within_each, keep_within_yuv};

/// Kept free at the edge of a cell for the rounding of `f32`, in values: a few units in the last place.
const SLACK: f32 = 8e-7;

/// The cells of one plane; values, not codes.
#[derive(Clone, Debug, PartialEq)]
pub enum PlaneCells {
    /// The source value and so much on either side.
    Around(f32),
    /// The level `offset + k * step` nearest to the source value, and `half` on either side.
    Levels {
        /// Distance of levels.
        step: f32,
        /// A level.
        offset: f32,
        /// Half the width.
        half: f32,
    },
    /// The source value and so much on either side, by its code.
    ByCode(Vec<f32>),
}

/// The cells of all samples of one picture.
#[derive(Clone, Debug, PartialEq)]
pub struct Cells {
    /// Luma weights, when the cells are those of luma and colour differences behind RGB.
    matrix: Option<Matrix>,
    planes: Vec<PlaneCells>,
    depth: Depth,
}

/// The cells of a picture about which `findings` are known.
///
/// | plane | cell |
/// |---|---|
/// | on a found grid of step P, stored without loss since | ±P/2 around the level (RGB, grey) or the sample (Y, U, V) |
/// | on a found grid, coded again with loss or seen through half-size chroma | ±(P/2 + the larger of P/4 and 1 code) |
/// | another plane of a picture with a found grid | ±2 codes |
/// | after a tone curve | ± half the local gap between occupied codes |
/// | from a codec, no grid found | ± the larger of half the step found in flat runs and 2 codes |
/// | on the container's own grid, no loss | ±0.499 steps: rounding gives the source code |
///
/// Codes are 8-bit ones of full scale (1/255).
pub fn cells(image: &Image, findings: &Findings) -> Cells {
    let matrix = match findings.space {
        Space::Yuv { matrix, .. } if image.planes.len() == 3 && findings.grids.len() == 3 => Some(matrix),
        _ => None,
    };
    let behind = matrix.is_some();
    let some_found = findings.grids.iter().any(|grid| grid.found);
    let recoded = findings.lossy || (findings.half_chroma && behind);
    let plane = |p: usize| {
        // Findings about another picture must not make this panic; no cell is the narrowest promise.
        let Some(grid) = findings.grids.get(p).or(findings.grids.first()) else {
            return PlaneCells::Around(0.0);
        };
        let step = if grid.step_codes.is_finite() { grid.step_codes.max(0.0) } else { 0.0 };
        let around = |half_codes: f32| PlaneCells::Around((half_codes / 255.0 - SLACK).max(0.0));
        if grid.found && recoded {
            return around(0.5 * step + (0.25 * step).max(1.0));
        }
        if grid.found && findings.cause == Cause::Levels && !behind && step > 0.0 {
            let half = 0.4995 * step / 255.0;
            return PlaneCells::Levels { step: step / 255.0, offset: grid.offset_codes / 255.0, half };
        }
        if grid.found {
            return around(0.5 * step);
        }
        if some_found {
            return around(2.0);
        }
        if let (Cause::ToneCurve, Some(gaps)) = (findings.cause, &grid.steps_by_code) {
            let halves = gaps.iter().map(|gap| (0.499 * gap.max(0.0) / 255.0 - SLACK).max(0.0));
            return PlaneCells::ByCode(halves.collect());
        }
        if recoded || matches!(findings.cause, Cause::Jpeg | Cause::Coded | Cause::RecodedGrid | Cause::Video)
        {
            return around((0.5 * step).max(2.0));
        }
        around(0.499 * step)
    };
    Cells { matrix, planes: (0..image.planes.len()).map(plane).collect(), depth: image.depth }
}

impl Cells {
    /// The cells of each plane, in the picture's own planes or Y, U, V.
    pub fn planes(&self) -> &[PlaneCells] {
        &self.planes
    }

    /// Half the widest cell of a plane, in 8-bit codes.
    pub fn half_codes(&self, plane: usize) -> f32 {
        255.0
            * match &self.planes[plane] {
                PlaneCells::Around(half) | PlaneCells::Levels { half, .. } => *half,
                PlaneCells::ByCode(halves) => halves.iter().copied().fold(0.0, f32::max),
            }
    }

    /// Do the planes have to be looked at together?
    pub(crate) fn joint(&self) -> Option<(Matrix, [f32; 3])> {
        let half = |p: usize| match self.planes[p] {
            PlaneCells::Around(half) => half,
            // Levels and tone curves are found in a picture's own planes only.
            PlaneCells::Levels { half, .. } => half,
            PlaneCells::ByCode(_) => 0.0,
        };
        self.matrix.map(|matrix| (matrix, [half(0), half(1), half(2)]))
    }

    /// Keeps part of a row of one plane inside its cells and, as far as the source is, within `limits`.
    pub(crate) fn keep(
        &self,
        level: Level,
        plane: usize,
        values: &mut [f32],
        source: &[f32],
        (low, high): (f32, f32),
    ) {
        match &self.planes[plane] {
            PlaneCells::Around(half) => keep_within(level, values, source, *half, low, high),
            &PlaneCells::Levels { step, offset, half } => {
                keep_near_levels(level, values, source, step, offset, half, low, high);
            }
            PlaneCells::ByCode(halves) => {
                let halves: Vec<f32> = source.iter().map(|&s| self.by_code(halves, s)).collect();
                keep_within_each(level, values, source, &halves, low, high);
            }
        }
    }

    /// As [`Cells::keep`], for the three rows of an RGB picture whose cells are those of luma and colour
    /// differences.
    pub(crate) fn keep_joint(
        level: Level,
        (matrix, halves): (Matrix, [f32; 3]),
        values: [&mut [f32]; 3],
        source: [&[f32]; 3],
        (low, high): (f32, f32),
    ) {
        keep_within_yuv(level, values, source, matrix.weights(), halves, low, high);
    }

    fn by_code(&self, halves: &[f32], source: f32) -> f32 {
        halves.get(self.depth.code(source) as usize).copied().unwrap_or(0.0)
    }

    /// Lowest and highest value of a sample's own cell; for cells of the picture's own planes.
    fn bounds(&self, plane: usize, source: f32) -> (f64, f64) {
        let (centre, half) = match &self.planes[plane] {
            PlaneCells::Around(half) => (f64::from(source), f64::from(*half)),
            PlaneCells::ByCode(halves) => (f64::from(source), f64::from(self.by_code(halves, source))),
            &PlaneCells::Levels { step, offset, half } => {
                let (step, offset) = (f64::from(step), f64::from(offset));
                let level = ((f64::from(source) - offset) / step).round() * step + offset;
                (level, f64::from(half))
            }
        };
        // A source off its level widens its own cell.
        let source = f64::from(source);
        ((centre - half - f64::from(SLACK)).min(source), (centre + half + f64::from(SLACK)).max(source))
    }

    /// How far a pixel's samples lie outside their cells, in values; negative inside.
    pub(crate) fn excess(&self, plane: usize, source: f32, value: f32) -> f64 {
        let (low, high) = self.bounds(plane, source);
        (low - f64::from(value)).max(f64::from(value) - high)
    }

    /// As [`Cells::excess`], for Y, U and V of a pixel.
    pub(crate) fn excess_joint(
        (matrix, halves): (Matrix, [f32; 3]),
        source: [f32; 3],
        value: [f32; 3],
    ) -> [f64; 3] {
        let (kr, kb) = matrix.weights();
        let (kr, kb) = (f64::from(kr), f64::from(kb));
        let [r, g, b] = [0, 1, 2].map(|c| f64::from(value[c]) - f64::from(source[c]));
        let y = kr * r + (1.0 - kr - kb) * g + kb * b;
        let moved = [y, (b - y) / (2.0 * (1.0 - kb)), (r - y) / (2.0 * (1.0 - kr))];
        [0, 1, 2].map(|p: usize| moved[p].abs() - f64::from(halves[p]) - f64::from(SLACK))
    }
}

/// What [`prove`] counted.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Proof {
    /// Samples looked at.
    pub samples: u64,
    /// Samples outside of their cell by one code of the written file or more (floating point: at all).
    pub outside: u64,
    /// How far the worst sample lies outside its cell, in codes of the written file (8-bit codes for floating
    /// point); 0 when none does. Infinite when the pictures have different sizes or models.
    pub worst_codes: f64,
}

impl Proof {
    /// Did the promise hold?
    pub fn holds(&self) -> bool {
        self.outside == 0
    }
}

/// Counts the samples of `written` that left the cells of `original` by a code of the written file or more.
pub fn prove(original: &Image, written: &Image, findings: &Findings) -> Proof {
    let samples: u64 = written.planes.iter().map(|plane| plane.data.len() as u64).sum();
    let same = original.planes.len() == written.planes.len()
        && original.color.model == written.color.model
        && original
            .planes
            .iter()
            .zip(&written.planes)
            .all(|(a, b)| (a.width, a.height, a.data.len()) == (b.width, b.height, b.data.len()));
    if !same {
        return Proof { samples, outside: samples, worst_codes: f64::INFINITY };
    }
    let cells = cells(original, findings);
    let (mut outside, mut worst) = (0, 0.0f64);
    let mut count = |excess: f64, grid: Option<Grid>| {
        let codes = excess * grid.map_or(255.0, |grid| f64::from(grid.scale));
        worst = worst.max(codes);
        // Not a number counts as outside.
        let inside = if grid.is_some() { codes < 1.0 } else { codes <= 0.0 };
        outside += u64::from(!inside);
    };
    let model = written.color.model;
    if let Some(joint) = cells.joint() {
        let grid = Grid::new(model, 0, written.depth);
        for i in 0..original.planes[0].data.len() {
            let pixel = |image: &Image| [0, 1, 2].map(|p: usize| image.planes[p].data[i]);
            for excess in Cells::excess_joint(joint, pixel(original), pixel(written)) {
                count(excess, grid);
            }
        }
    } else {
        for (p, (before, after)) in original.planes.iter().zip(&written.planes).enumerate() {
            let grid = Grid::new(model, p, written.depth);
            let limits = grid.map(Grid::limits);
            for (&source, &value) in before.data.iter().zip(&after.data) {
                // What no code can hold cannot be kept either.
                let source = limits.map_or(source, |(low, high)| source.max(low).min(high));
                count(cells.excess(p, source, value), grid);
            }
        }
    }
    Proof { samples, outside, worst_codes: worst }
}
