//! Quantisation intervals: every sample stays inside the range of values that its source code stands for, so
//! no detail is invented.
//!
//! [`cells`] is the single definition of their widths; `docs/how/intervals.md` shows it as a table.

use std::ops::Range;

use unband_filters::palette_colours::PaletteColours;
use unband_image::dither::Grid;
use unband_image::findings::{BandingMap, Cause, Dithering, Findings, GridRegions, PlaneGrid, Space};
use unband_image::{Context, Image, Matrix};
use unband_simd::Level;
use unband_simd::jobs::faithful::{
    keep_near_levels, keep_within, keep_within_each, keep_within_yuv, nearest_level,
};

pub(crate) use self::blocks::{Pair, Rows, half_chroma, may_have_half_chroma};

mod blocks;

/// Margin at the edge of an interval for `f32` rounding, in values: a few units in the last place.
const SLACK: f32 = 8e-7;

/// The quantisation intervals of one plane; values, not codes.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum PlaneCells {
    /// The source value ± this.
    Around(f32),
    /// The level `offset + k * step` nearest to the source value, ± `half`.
    Levels {
        /// Distance between levels.
        step: f32,
        /// One level.
        offset: f32,
        /// Half-width.
        half: f32,
    },
    /// The source value ± a width that depends on its code.
    ByCode(Vec<f32>),
}

/// The quantisation intervals of all samples of one image.
#[derive(Clone, Debug, PartialEq)]
pub struct Cells {
    /// Luma weights, when the intervals are those of luma and colour differences behind RGB.
    matrix: Option<Matrix>,
    planes: Vec<PlaneCells>,
    /// Was chroma stored at half the size? Its intervals are those of the means of 2×2 pixels; this is the
    /// first pixel within its block.
    halved: Option<(usize, usize)>,
    /// Where the grid applies, if not everywhere, and the intervals of the other squares.
    elsewhere: Option<(GridRegions, Vec<PlaneCells>)>,
    /// Added to the samples before they were rounded: their intervals are lower by as much.
    dither: Option<Dithering>,
    /// Luma samples per sample of each plane, across and down.
    scales: Vec<(usize, usize)>,
    /// Code grid of each plane; `None` for floating point.
    codes: Vec<Option<Grid>>,
}

/// The quantisation intervals of an image with known `findings`. The first matching row applies.
///
/// | plane | interval |
/// |---|---|
/// | dithered by error diffusion to levels of step P | ±0.9995 P |
/// | dithered in order | as below, less the dither's value there |
/// | from a palette of 8 bits, dithered | ±0.998 of the way to the farthest neighbour |
/// | on a found grid of step P, later resized | ±P |
/// | on a found grid of step P, later compressed or with half-size chroma | ±(P/2 + the larger of P/4 and 1 code) |
/// | from a palette of 8 bits | ±0.499 of the way to the farthest neighbour, of the colours with that code |
/// | with its own gap at each code, after a tone curve or from another palette | ±0.499 gaps |
/// | on found levels of red, green, blue or grey | the nearest level (truncated: the centre of its values) ±0.4995 P |
/// | on another found grid, and in declared bands | ±P/2 |
/// | another plane of an image with a found grid, and squares where the grid does not apply | ±2 codes |
/// | from a codec, no grid found | ± the larger of P/2 and 2 codes |
/// | on the container's own grid | ±0.499 P: rounding gives the source code |
///
/// Behind red, green and blue without alpha, intervals of chroma that was stored at half the size are those
/// of the means of 2×2 pixels.
///
/// Codes are 8-bit ones of full scale (1/255). In an image whose red, green and blue were never mixed,
/// squares where the grid does not apply have the container's own intervals.
pub fn cells(image: &Image, findings: &Findings, ctx: &Context<'_>) -> Cells {
    let matrix = match findings.space {
        Space::Yuv { matrix, .. } if image.planes.len() == 3 && findings.grids.len() == 3 => Some(matrix),
        _ => None,
    };
    let table = Table {
        findings,
        behind: matrix.is_some(),
        own_step: 255.0 * image.depth.step(),
        some_found: findings.grids.iter().any(|grid| grid.found),
    };
    // Findings about another image must not make this panic; an interval of width 0 is the safest result.
    let grid = |p: usize| findings.grids.get(p).or(findings.grids.first());
    let each = |row: &dyn Fn(&PlaneGrid) -> PlaneCells| {
        (0..image.planes.len()).map(|p| grid(p).map_or(PlaneCells::Around(0.0), row)).collect::<Vec<_>>()
    };
    let (width, height) = image.planes.first().map_or((0, 0), |plane| (plane.width, plane.height));
    let scales =
        image.planes.iter().map(|p| (width.div_ceil(p.width.max(1)), height.div_ceil(p.height.max(1))));
    let of_palette = if findings.dither.is_some() { PaletteColours::dithered } else { PaletteColours::new };
    let palette = (findings.cause == Cause::Palette).then(|| of_palette(image)).flatten();
    let planes = palette.map(|colours| {
        let halves = |halves: &Vec<f32>| halves.iter().map(|&half| half_value(half)).collect();
        colours.halves().iter().map(|each| PlaneCells::ByCode(halves(each))).collect()
    });
    Cells {
        matrix,
        halved: half_chroma(image, findings, ctx).filter(|_| matrix.is_some() && image.alpha.is_none()),
        planes: planes.unwrap_or_else(|| each(&|grid| table.row(grid))),
        elsewhere: findings.regions.clone().map(|regions| (regions, each(&|_| table.elsewhere()))),
        dither: findings.dither.clone().filter(|dither| dither.is_ordered() && matrix.is_none()),
        scales: scales.map(|(x, y)| (x.max(1), y.max(1))).collect(),
        codes: (0..image.planes.len()).map(|p| Grid::new(image.color.model, p, image.depth)).collect(),
    }
}

/// The intervals that samples are kept in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Faithful {
    /// None.
    No,
    /// Those of the grid that the image had before its file was coded ([`cells`]).
    Grid,
    /// Those of the file: its stored JPEG coefficients where it has any, else [`cells`].
    File,
}

impl Faithful {
    /// Identifier for machine-readable output.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::No => "no",
            Self::Grid => "grid",
            Self::File => "file",
        }
    }

    /// Are samples kept inside any intervals?
    pub fn keeps(self) -> bool {
        self != Self::No
    }
}

/// Properties of the whole image that the table depends on.
struct Table<'a> {
    findings: &'a Findings,
    /// Are the grids behind RGB?
    behind: bool,
    /// One code of the container, in 8-bit codes.
    own_step: f32,
    some_found: bool,
}

impl Table<'_> {
    fn recoded(&self) -> bool {
        self.findings.lossy || (self.findings.half_chroma && self.behind)
    }

    fn row(&self, grid: &PlaneGrid) -> PlaneCells {
        let step = if grid.step_codes.is_finite() { grid.step_codes.max(0.0) } else { 0.0 };
        let after_loss = |step: f32| 0.5 * step + (0.25 * step).max(1.0);
        if self.findings.dither == Some(Dithering::Diffused) {
            return PlaneCells::Around(half_value(0.9995 * step));
        }
        let own_gaps = matches!(self.findings.cause, Cause::ToneCurve | Cause::Palette) && !self.behind;
        if let (Some(gaps), true) = (&grid.steps_by_code, own_gaps) {
            let half = |gap: f32| if self.recoded() && grid.found { after_loss(gap) } else { 0.499 * gap };
            let gaps = gaps.iter().map(|gap| gap.max(self.own_step));
            return PlaneCells::ByCode(gaps.map(|gap| half_value(half(gap))).collect());
        }
        if grid.found && self.findings.resized {
            return PlaneCells::Around(half_value(step));
        }
        if grid.found && self.recoded() {
            return PlaneCells::Around(half_value(after_loss(step)));
        }
        if grid.found && self.findings.cause == Cause::Levels && !self.behind && step > 0.0 {
            let half = 0.4995 * step / 255.0;
            return PlaneCells::Levels { step: step / 255.0, offset: grid.offset_codes / 255.0, half };
        }
        PlaneCells::Around(half_value(if grid.found {
            0.5 * step
        } else if self.some_found {
            2.0
        } else if self.recoded() || self.coded() {
            (0.5 * step).max(2.0)
        } else {
            0.499 * step
        }))
    }

    /// The intervals of squares where the grid does not apply.
    fn elsewhere(&self) -> PlaneCells {
        let mixed = self.behind || self.recoded() || self.coded();
        PlaneCells::Around(half_value(if mixed { 2.0 } else { 0.499 * self.own_step }))
    }

    fn coded(&self) -> bool {
        matches!(self.findings.cause, Cause::Jpeg | Cause::Coded | Cause::RecodedGrid | Cause::Video)
    }
}

/// Converts 8-bit codes to values, with a margin for rounding.
fn half_value(half_codes: f32) -> f32 {
    (half_codes / 255.0 - SLACK).max(0.0)
}

impl Cells {
    /// The intervals of each plane, in the image's own planes or Y, U, V.
    pub fn planes(&self) -> &[PlaneCells] {
        &self.planes
    }

    /// Half the widest interval of a plane, in 8-bit codes.
    pub fn half_codes(&self, plane: usize) -> f32 {
        255.0
            * match &self.planes[plane] {
                PlaneCells::Around(half) | PlaneCells::Levels { half, .. } => *half,
                PlaneCells::ByCode(halves) => halves.iter().copied().fold(0.0, f32::max),
            }
    }

    /// Are the intervals those of luma and colour differences, so that planes must be checked together?
    pub(crate) fn joint(&self) -> bool {
        self.matrix.is_some()
    }

    /// Clamps part of a row of one plane, starting at sample `at`, to its intervals and, as far as the source
    /// is, to `limits`.
    pub(crate) fn keep(
        &self,
        level: Level,
        plane: usize,
        at: (usize, usize),
        values: &mut [f32],
        source: &[f32],
        limits: (f32, f32),
    ) {
        if let Some(dither) = &self.dither {
            let mut added = vec![0.0; values.len()];
            dither.row(plane, at, &mut added);
            if let Some((regions, _)) = &self.elsewhere {
                let outside = regions.outside(plane, at.0, at.1, added.len(), self.scales[plane]);
                outside.for_each(|x| added[x] = 0.0);
            }
            let add = |value: &mut f32, added: &f32| *value += added / 255.0;
            values.iter_mut().zip(&added).for_each(|(value, added)| add(value, added));
            self.keep_around(level, plane, at, values, source, (f32::NEG_INFINITY, f32::INFINITY));
            for (value, added) in values.iter_mut().zip(&added) {
                *value = (*value - added / 255.0).max(limits.0).min(limits.1);
            }
            return;
        }
        self.keep_around(level, plane, at, values, source, limits);
    }

    /// As [`Cells::keep`], with the dither added to values.
    fn keep_around(
        &self,
        level: Level,
        plane: usize,
        at: (usize, usize),
        values: &mut [f32],
        source: &[f32],
        limits: (f32, f32),
    ) {
        let (low, high) = limits;
        for run in self.runs(plane, at.0, values.len()) {
            let (values, source) = (&mut values[run.clone()], &source[run.clone()]);
            match self.cell(plane, (at.0 + run.start, at.1)) {
                PlaneCells::Around(half) => keep_within(level, values, source, *half, low, high),
                &PlaneCells::Levels { step, offset, half } => {
                    keep_near_levels(level, values, source, step, offset, half, low, high);
                }
                PlaneCells::ByCode(halves) => {
                    let halves: Vec<f32> = source.iter().map(|&s| self.by_code(plane, halves, s)).collect();
                    keep_within_each(level, values, source, &halves, low, high);
                }
            }
        }
    }

    /// As [`Cells::keep`], for rows of an image with joint intervals ([`Cells::joint`]): at most as many as
    /// share their chroma ([`Cells::side`]).
    pub(crate) fn keep_pixels(
        &self,
        level: Level,
        at: (usize, usize),
        rows: &mut [Rows<'_>],
        limits: (f32, f32),
    ) {
        let Some(matrix) = self.matrix else { return };
        if self.halved.is_some() {
            return self.keep_blocks(at, rows, limits);
        }
        let (low, high) = limits;
        for ([r, g, b], source) in rows {
            for run in self.runs(0, at.0, r.len()) {
                let halves = self.halves((at.0 + run.start, at.1));
                let values = [&mut r[run.clone()], &mut g[run.clone()], &mut b[run.clone()]];
                let source = source.map(|row| &row[run.clone()]);
                keep_within_yuv(level, values, source, matrix.weights(), halves, low, high);
            }
        }
    }

    /// Lowest and highest value of a sample's interval.
    pub(crate) fn bounds(&self, plane: usize, at: (usize, usize), source: f32) -> (f64, f64) {
        let (centre, half) = match self.cell(plane, at) {
            PlaneCells::Around(half) => (f64::from(source), f64::from(*half)),
            PlaneCells::ByCode(halves) => (f64::from(source), f64::from(self.by_code(plane, halves, source))),
            &PlaneCells::Levels { step, offset, half } => {
                let centre =
                    f64::from(nearest_level(source, step, offset)) * f64::from(step) + f64::from(offset);
                (centre, f64::from(half))
            }
        };
        // A source value off its level widens its own interval.
        let (source, slack) = (f64::from(source), f64::from(SLACK));
        let (sx, sy) = self.scales[plane];
        let holds = |(regions, _): &(GridRegions, _)| regions.holds_at(plane, at.0 * sx, at.1 * sy);
        let dither = self.dither.as_ref().filter(|_| self.elsewhere.as_ref().is_none_or(holds));
        let dither = dither.map_or(0.0, |dither| f64::from(dither.at(plane, at)) / 255.0);
        ((centre - half - slack).min(source) - dither, (centre + half + slack).max(source) - dither)
    }

    /// Distance of a sample from its interval, in values; negative inside.
    pub(crate) fn excess_sample(&self, plane: usize, at: (usize, usize), source: f32, value: f32) -> f64 {
        let (low, high) = self.bounds(plane, at, source);
        (low - f64::from(value)).max(f64::from(value) - high)
    }

    /// The intervals around a sample of a plane.
    fn cell(&self, plane: usize, at: (usize, usize)) -> &PlaneCells {
        if let Some((regions, cells)) = &self.elsewhere {
            let (sx, sy) = self.scales[plane];
            if !regions.holds_at(plane, at.0 * sx, at.1 * sy) {
                return &cells[plane];
            }
        }
        &self.planes[plane]
    }

    /// Half-widths of Y, U and V around a pixel.
    fn halves(&self, at: (usize, usize)) -> [f32; 3] {
        [0, 1, 2].map(|p: usize| match self.cell(p, at) {
            PlaneCells::Around(half) | PlaneCells::Levels { half, .. } => *half,
            // Behind RGB there are no codes.
            PlaneCells::ByCode(_) => 0.0,
        })
    }

    /// Parts of a row of `n` samples, starting at `x0`, with constant intervals.
    fn runs(&self, plane: usize, x0: usize, n: usize) -> impl Iterator<Item = Range<usize>> + use<> {
        let scale = self.scales[plane].0;
        let (side, x0) = match &self.elsewhere {
            None => (usize::MAX, x0),
            Some((regions, _)) => ((BandingMap::SIDE / scale).max(1), x0 + regions.origin.0 / scale),
        };
        let mut start = 0;
        std::iter::from_fn(move || {
            if start >= n {
                return None;
            }
            let to_next = if side == usize::MAX { n } else { side - (x0 + start) % side };
            let run = start..(start + to_next).min(n);
            start = run.end;
            Some(run)
        })
    }

    fn by_code(&self, plane: usize, halves: &[f32], source: f32) -> f32 {
        let code = |grid: Grid| (source * grid.scale + grid.zero + 0.5).max(0.0).min(grid.max) as usize;
        self.codes[plane].and_then(|grid| halves.get(code(grid))).copied().unwrap_or(0.0)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;
