//! Few levels, then resized: flat areas are still on the levels, contours are soft.

use super::Rule;
use crate::evidence::{ENOUGH, Evidence};
use crate::flat_runs::StepContours;
use crate::grid::{Grid, flat_histogram, occupied, plane_grid};
use crate::jpeg::samples_on_levels;
use crate::planes::{Channel, LazyPlane, UNIT, Windows};
use unband_image::color::{Matrix, Range};
use unband_image::findings::Findings;

pub(super) const RULE: Rule =
    Rule { name: "resized", when: "flat areas have the levels of 4 to 6 bits, contours are soft", applies };

/// Share of flat windows of luma, where every code of the image may be a level.
const LEAST_FLAT_LUMA: f64 = 0.02;
/// Levels of luma that must be occupied.
const LEVELS: usize = 8;
/// Contours of luma that must be one step.
const CONTOURS: u32 = 20;
/// Strength and number of levels of luma from which contours may have more steps.
const SURE: f64 = 0.75;
const SURELY_OCCUPIED: usize = 12;
/// Least product of the squared strength and the number of levels, where the image has few colours: any few
/// are near the levels of some grid.
const BY_CHANCE: f64 = 10.0;

/// Conversions of luma that are tried.
const KINDS: [(Matrix, Range); 3] =
    [(Matrix::Bt601, Range::Full), (Matrix::Bt601, Range::Limited), (Matrix::Bt709, Range::Limited)];

fn applies(evidence: &Evidence<'_>) -> Option<Findings> {
    evidence.resized().map(|(found, _)| found.clone()).or_else(|| of_luma(evidence))
}

fn of_luma(evidence: &Evidence<'_>) -> Option<Findings> {
    if evidence.lossy() || evidence.codes.planes.len() < 3 {
        return None;
    }
    let luma = |&(matrix, range): &(Matrix, Range)| {
        let source = evidence.source(Channel::Luma, matrix, range, false);
        let limit = 1.2 / f64::from(range.unit_codes(false));
        let flats = flat_histogram(&source, limit, ENOUGH / 2);
        let grid = plane_grid(&flats, 0.0, true)?;
        let flat = flats.iter().sum::<f64>() / read(&source).max(1) as f64;
        let occupied = occupied(&flats, grid);
        if grid.bits > 6 || flat < LEAST_FLAT_LUMA || occupied < LEVELS {
            return None;
        }
        let contours = contours(&source, limit, grid);
        let single = contours.single(CONTOURS);
        let enough = if evidence.few_colours() {
            single && grid.strength * grid.strength * occupied as f64 >= BY_CHANCE
        } else {
            single || (grid.strength >= SURE && occupied >= SURELY_OCCUPIED && contours.one >= CONTOURS)
        };
        enough.then_some((grid, matrix, range))
    };
    let stronger =
        |a: &(Grid, Matrix, Range), b: &(Grid, Matrix, Range)| a.0.strength.total_cmp(&b.0.strength);
    let (grid, matrix, range) = KINDS.iter().filter_map(luma).max_by(stronger)?;
    let mut found = evidence.clean_grid(matrix, range, &[Some(grid), None, None]);
    (found.half_chroma, found.resized) = (false, true);
    Some(found)
}

/// Are flat windows of luma on the levels of `grid`, but not the samples between them?
pub(super) fn softened(source: &LazyPlane<'_>, grid: Grid) -> bool {
    grid.bits <= 6
        && grid.strength >= SURE
        && !samples_on_levels(source, grid.period)
        && contours(source, 1.2, grid).single(CONTOURS)
}

/// Number of samples that are read.
fn read(source: &LazyPlane<'_>) -> usize {
    source.squares(ENOUGH / 2).iter().map(|square| (square.x1 - square.x0) * (square.y1 - square.y0)).sum()
}

/// Contours between flat windows of luma that are on the levels of `grid`.
fn contours(source: &LazyPlane<'_>, limit: f64, grid: Grid) -> StepContours {
    /// Greatest distance of a flat window from its level, in steps.
    const NEAR: f64 = 0.2;
    let limit = (limit * f64::from(UNIT)).ceil() as i16;
    let mut windows = Windows::default();
    let mut contours = StepContours::default();
    let level = |mean: i16| {
        let place = (f64::from(mean) / f64::from(UNIT) - grid.offset) / grid.period;
        ((place - place.round()).abs() < NEAR).then(|| place.round().max(0.0) as usize)
    };
    for square in source.squares(ENOUGH / 2) {
        source.windows(square, &mut windows);
        let width = windows.width;
        let at = |i: usize| if windows.range[i] < limit { level(windows.mean[i]) } else { None };
        for y in 0..windows.rows {
            contours.count((0..width).map(|x| at(y * width + x)));
        }
        for x in 0..width {
            contours.count((0..windows.rows).map(|y| at(y * width + x)));
        }
    }
    contours
}
