//! Levels of luma and chroma that all colours of an image have.
//!
//! A colour is rounded from luma and chroma on their levels. With steps of four codes or more, one RGB colour
//! in eighty is near such a point by chance, so that a dozen colours tell as much as a histogram.

use super::Rule;
use crate::evidence::Evidence;
use crate::grid::Grid;
use crate::lattice::KINDS;
use crate::noisy;
use unband_image::color::{Matrix, Range};
use unband_image::findings::Findings;

pub(super) const RULE: Rule =
    Rule { name: "colour-levels", when: "all colours have levels of luma and chroma", applies };

/// Colours from which the rule applies: greys and those with 0 or 255 do not count.
const LEAST: usize = 12;
/// Colours that are enough to find grids; all are compared with them.
const ENOUGH: usize = 512;
/// Share of the colours that must be near levels.
const NEARLY_ALL: f64 = 0.97;
/// Maximum distance of a channel from its colour on levels, in codes: rounding, and fixed-point conversion.
const NEAR: f64 = 0.75;
/// The same of luma and chroma in full range.
const NEAR_LEVEL: f64 = 0.6;
/// Levels of chroma from which it has bits of its own: few levels have those of any coarse grid.
const LEVELS: usize = 4;

/// Placement of levels. `None`: spread over all codes. `Some(part)`: whole codes, that part of a step off.
const PLACEMENTS: [Option<f64>; 3] = [None, Some(0.0), Some(0.5)];
/// Neutral chroma, in codes from 128: programs that compute in 0..1 have it at 0.5.
const NEUTRALS: [f64; 2] = [0.0, -0.5];

fn applies(evidence: &Evidence<'_>) -> Option<Findings> {
    if evidence.lossy() || !evidence.effective.eight() || evidence.codes.planes.len() < 3 {
        return None;
    }
    let colours = &evidence.colours().list;
    if colours.len() < LEAST {
        return None;
    }
    let mut best: Option<(f64, Matrix, Range, [Grid; 3])> = None;
    for (matrix, range) in KINDS {
        let conversion = Conversion::new(matrix, range);
        let every = colours.len().div_ceil(ENOUGH);
        let stored: Vec<[f64; 3]> = colours.iter().step_by(every).map(|c| conversion.stored(*c)).collect();
        for placement in PLACEMENTS {
            for neutral in NEUTRALS {
                let Some(grids) = conversion.grids(&stored, placement, neutral) else { continue };
                let share = conversion.share(colours, &grids);
                if share >= NEARLY_ALL && best.is_none_or(|(most, ..)| share > most) {
                    best = Some((share, matrix, range, grids));
                }
            }
        }
    }
    let (_, matrix, range, grids) = best?;
    // Greys are on the levels of luma.
    if evidence.colours().greys > 1 << grids[0].bits {
        return None;
    }
    let mut found = evidence.clean_grid(matrix, range, &grids.map(Some));
    found.half_chroma = false;
    Some(found)
}

/// Conversion between RGB and stored luma and chroma, in codes.
struct Conversion {
    matrix: Matrix,
    /// Full-range codes per stored code, of luma and of chroma.
    unit: [f64; 2],
    black: f64,
}

impl Conversion {
    fn new(matrix: Matrix, range: Range) -> Self {
        let unit = [false, true].map(|chroma| f64::from(range.unit_codes(chroma)));
        Self { matrix, unit, black: if range == Range::Limited { 16.0 } else { 0.0 } }
    }

    fn stored(&self, rgb: [u8; 3]) -> [f64; 3] {
        let [y, u, v] = self.matrix.to_yuv(rgb.map(f32::from)).map(f64::from);
        [self.black + y / self.unit[0], 128.0 + u / self.unit[1], 128.0 + v / self.unit[1]]
    }

    fn rgb(&self, [y, u, v]: [f64; 3]) -> [f64; 3] {
        let full = [(y - self.black) * self.unit[0], (u - 128.0) * self.unit[1], (v - 128.0) * self.unit[1]];
        self.matrix.to_rgb(full.map(|value| value as f32)).map(f64::from)
    }

    /// The coarsest grid of every plane that has nearly all of its samples.
    fn grids(&self, stored: &[[f64; 3]], placement: Option<f64>, neutral: f64) -> Option<[Grid; 3]> {
        let grid = |plane: usize, bits: u8| {
            let period = placement.map_or_else(|| noisy::period(bits), |_| f64::from(1u32 << (8 - bits)));
            let neutral = if plane == 0 { 0.0 } else { -neutral };
            Grid { period, offset: placement.unwrap_or(0.0) * period + neutral, bits, strength: 1.0 }
        };
        let fits = |plane: usize, grid: &Grid| {
            let near = NEAR_LEVEL / self.unit[plane.min(1)];
            let off = |at: f64| (at - level(at, grid)).abs() > near;
            stored.iter().filter(|colour| off(colour[plane])).count() as f64
                <= (1.0 - NEARLY_ALL) * stored.len() as f64
        };
        let coarsest = |plane| (4..=6).map(|bits| grid(plane, bits)).find(|grid| fits(plane, grid));
        let luma = coarsest(0)?;
        let chroma = |plane: usize| {
            let same = Some(grid(plane, luma.bits)).filter(|grid| fits(plane, grid));
            let own = coarsest(plane).filter(|grid| occupied(stored, plane, grid) >= LEVELS);
            own.or(same)
        };
        Some([luma, chroma(1)?, chroma(2)?])
    }

    /// Share of the colours that are rounded from levels.
    fn share(&self, colours: &[[u8; 3]], grids: &[Grid; 3]) -> f64 {
        let near = |colour: &&[u8; 3]| {
            let at = self.stored(**colour);
            let rgb = self.rgb([0, 1, 2].map(|i| level(at[i], &grids[i])));
            (0..3).all(|c| (rgb[c] - f64::from(colour[c])).abs() <= NEAR)
        };
        colours.iter().filter(near).count() as f64 / colours.len() as f64
    }
}

/// The nearest level.
fn level(at: f64, grid: &Grid) -> f64 {
    ((at - grid.offset) / grid.period).round() * grid.period + grid.offset
}

/// Number of levels that have colours.
fn occupied(stored: &[[f64; 3]], plane: usize, grid: &Grid) -> usize {
    let mut levels: Vec<i32> =
        stored.iter().map(|colour| ((colour[plane] - grid.offset) / grid.period).round() as i32).collect();
    levels.sort_unstable();
    levels.dedup();
    levels.len()
}
