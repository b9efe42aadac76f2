//! Few levels, then resized: flat areas are still on the levels, contours are soft.

use super::Rule;
use super::levels::agreed;
use crate::evidence::{ENOUGH, Evidence};
use crate::flat_runs::FlatRuns;
use crate::grid::{Grid, flat_histogram, occupied, plane_grid};
use crate::outcome::level_grids;
use crate::planes::Channel;
use unband_image::color::{Matrix, Range};
use unband_image::findings::{Cause, Findings, Space};

pub(super) const RULE: Rule =
    Rule { name: "resized", when: "flat areas have the levels of 4 to 6 bits, contours are soft", applies };

/// Share of flat windows from which levels can be recognised.
const LEAST_FLAT: f64 = 0.01;
/// The same for luma, where every code of the image may be a level.
const LEAST_FLAT_LUMA: f64 = 0.02;
/// Levels of luma that must be occupied.
const LEVELS: usize = 8;

/// Conversions of luma that are tried.
const KINDS: [(Matrix, Range); 3] =
    [(Matrix::Bt601, Range::Full), (Matrix::Bt601, Range::Limited), (Matrix::Bt709, Range::Limited)];

fn applies(evidence: &Evidence<'_>) -> Option<Findings> {
    if evidence.lossy() {
        return None;
    }
    let runs = FlatRuns::new(&evidence.codes);
    if runs.share < LEAST_FLAT {
        return None;
    }
    let each: Vec<_> = (0..evidence.codes.planes.len()).map(|c| runs.levels(&evidence.codes, c)).collect();
    if agreed(&each) {
        let grids = level_grids(&each, evidence.unit(), 0.9);
        return Some(Findings { resized: true, ..evidence.base(Cause::Levels, Space::Native, grids) });
    }
    if evidence.codes.planes.len() < 3 || runs.share < LEAST_FLAT_LUMA || evidence.few_colours() {
        return None;
    }
    let luma = |&(matrix, range): &(Matrix, Range)| {
        let source = evidence.source(Channel::Luma, matrix, range, false);
        let limit = 1.2 / f64::from(range.unit_codes(false));
        let flats = flat_histogram(&source, limit, ENOUGH / 2);
        let grid = plane_grid(&flats, 0.0, true)?;
        (grid.bits <= 6 && occupied(&flats, grid) >= LEVELS).then_some((grid, matrix, range))
    };
    let stronger =
        |a: &(Grid, Matrix, Range), b: &(Grid, Matrix, Range)| a.0.strength.total_cmp(&b.0.strength);
    let (grid, matrix, range) = KINDS.iter().filter_map(luma).max_by(stronger)?;
    let mut found = evidence.clean_grid(matrix, range, &[Some(grid), None, None]);
    (found.half_chroma, found.resized) = (false, true);
    Some(found)
}
