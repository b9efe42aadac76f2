//! Colours of 8-bit `YCbCr`.

use super::Rule;
use super::resized::softened;
use crate::coded::Coding;
use crate::evidence::ENOUGH;
use crate::evidence::Evidence;
use crate::grid::Grid;
use crate::jpeg::{dc_step, samples_on_levels};
use crate::noisy;
use crate::planes::Channel;
use unband_image::color::{Matrix, Range};
use unband_image::findings::{Cause, Findings};

pub(super) const RULE: Rule =
    Rule { name: "video-lattice", when: "colours are those of 8-bit YCbCr", applies };

/// Shift of luma levels by one truncating conversion, in codes.
const TRUNCATED_SHIFT: f64 = -1.1;

/// Strength of chroma's levels that no codec has blurred: on photos 0.95 or more, after MPEG-4 at most 0.83.
const EXACT: f64 = 0.9;
/// Minimum phasor of the other chroma plane next to exact levels. A plane without a grid reached 0.51.
const FITS: f64 = 0.85;

/// A chroma grid that only blurred levels suggest.
fn weak(bits: u8) -> Grid {
    Grid { period: noisy::period(bits), offset: 0.0, bits, strength: 0.5 }
}

fn applies(evidence: &Evidence<'_>) -> Option<Findings> {
    let (lattice, colours) = (evidence.lattice(), evidence.colours());
    if !lattice.found() {
        return None;
    }
    let (matrix, range) = (lattice.matrix, lattice.range);
    if (matrix, range) == (Matrix::Bt601, Range::Full) {
        let luma = evidence.source(Channel::Luma, matrix, range, false);
        let blocks = dc_step(&luma, false, ENOUGH);
        if let Some(q) = blocks.filter(|&q| !samples_on_levels(&luma, f64::from(q) / 8.0)) {
            return Some(evidence.jpeg_blocks(q));
        }
    }
    let shift = if lattice.truncated { TRUNCATED_SHIFT } else { 0.0 };
    let mut grids = evidence.plane_grids(matrix, range, shift, false);
    if colours.complete && colours.list.len() < 500 && grids.iter().all(Option::is_none) {
        return None;
    }
    let noisy = evidence.noisy(*lattice, false, 0.0);
    // Re-encoding blurs levels; a chroma grid alone survives better than luma's.
    let sharp = |grid: &Option<Grid>| grid.is_some_and(|g| g.strength >= 0.6);
    let exact = grids.iter().skip(1).flatten().any(|grid| grid.strength >= EXACT);
    let fresh = exact || sharp(&grids[0]) || noisy.is_none_or(|(n, _)| n.bits[0].is_none());
    if fresh && grids.iter().any(Option::is_some) {
        if let Some((n, _)) = noisy.filter(|(_, at)| *at == matrix && range == Range::Limited) {
            for (i, (grid, bits)) in grids.iter_mut().zip(n.bits).enumerate().skip(1) {
                let fits = |&bits: &u8| !exact || evidence.fit(Channel::ALL[i], matrix, range, bits) >= FITS;
                *grid = grid.or_else(|| bits.filter(fits).map(weak));
            }
        }
        let mut found = evidence.clean_grid(matrix, range, &grids);
        if let ([Some(grid), None, None], Range::Full, false) = (grids, range, evidence.lossy())
            && softened(&evidence.luma(matrix), grid)
        {
            (found.half_chroma, found.resized) = (false, true);
            return Some(found);
        }
        if !exact && !sharp(&grids[0]) && Coding::measure(&evidence.luma(matrix)).surely() {
            found.cause = Cause::RecodedGrid;
            found.lossy = true;
        }
        return Some(found);
    }
    let video = evidence.video_findings(lattice);
    let Some((noisy, at)) = noisy else { return Some(evidence.recoded_channels(0.0).unwrap_or(video)) };
    let rest = [0, 1, 2].map(|i| video.grids[i].step_codes);
    let mut found = evidence.recoded_planes(&noisy, at, rest);
    // One truncating conversion and no trace of a codec: quantised, but not coded since.
    let twice = noisy.bits[0].is_some() && (noisy.luma_shift - TRUNCATED_SHIFT).abs() > 0.5;
    if lattice.truncated && !twice && !Coding::measure(&evidence.luma(at)).surely() {
        found.cause = Cause::PlaneGrid;
        found.lossy = evidence.image.origin.is_lossy();
    }
    Some(found)
}
