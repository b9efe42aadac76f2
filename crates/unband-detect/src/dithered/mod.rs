//! Dither of the samples before they were rounded to their levels.
//!
//! Rounding after an offset is unbiased: the mean residue of all samples with one offset is the offset. So a
//! tile is measured, whatever its matrix: residues are averaged by place in a tile ([`tile`]). Interleaved
//! gradient noise has no tile, but a formula with one unknown ([`gradient`]). Error diffusion leaves residues
//! without low frequencies ([`diffused`]). With a palette, the colours around a sample
//! take the place of levels ([`palette`]).

mod diffused;
mod gradient;
mod palette;
mod residue;
#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;
mod tile;

use crate::evidence::Evidence;
use crate::levels::{Levels, agreed, even_levels, level_grids, levels, of_channels};
use residue::Steps;
use tile::Repeats;
use unband_image::With;
use unband_image::findings::{Cause, Dithering, Findings, PlaneGrid, Space};

/// Findings on an image that was dithered before it lost levels.
pub(crate) fn findings(evidence: &Evidence<'_>) -> Option<Findings> {
    if evidence.lossy() || !evidence.effective.eight() || evidence.codes.len() < tile::LEAST {
        return None;
    }
    let grids = grids(evidence);
    let coarse = grids.is_some();
    if !coarse && let Some(found) = palette::findings(evidence) {
        return Some(found);
    }
    let own = || vec![PlaneGrid::plain(evidence.effective.step_codes); evidence.codes.planes.len()];
    let grids = grids.unwrap_or_else(own);
    let unit = evidence.unit() as f32;
    let planes: Vec<Steps<'_>> = evidence
        .codes
        .planes
        .iter()
        .zip(&grids)
        .map(|(codes, grid)| {
            Steps::new(&evidence.codes, codes, grid.step_codes / unit, grid.offset_codes / unit)
        })
        .collect();
    if planes[planes.len() / 2].is_repeated() {
        return None;
    }
    let steps: Vec<f32> = grids.iter().map(|grid| grid.step_codes).collect();
    // Two levels are ink on paper, or art.
    if planes.iter().all(|plane| plane.ends.1 - plane.ends.0 < 2) {
        return None;
    }
    let ordered = tile::is_possible(&planes[planes.len() / 2], coarse);
    let repeats = if ordered { tile::find(&planes, &steps, coarse) } else { Repeats::Nothing };
    let noise = || ordered.then(|| gradient::find(&planes, &steps)).flatten();
    let dither = match repeats {
        Repeats::Dither(dither) => dither,
        Repeats::Nothing if coarse => {
            noise().or_else(|| diffused::found(&planes).then_some(Dithering::Diffused))?
        }
        // The noise nearly repeats.
        Repeats::Other if coarse => noise()?,
        Repeats::Nothing | Repeats::Other => return None,
    };
    let mut found =
        if coarse { evidence.base(Cause::Levels, Space::Native, grids) } else { evidence.plain() };
    if let Some(bits) = found.grids.iter().filter_map(|grid| grid.bits).max() {
        found.effective_bits = bits;
    }
    found.dither = Some(dither);
    Some(found)
}

/// The levels of all channels, of 1 to 7 bits or evenly spaced. Dithered samples are on the mean of their
/// intervals, also where truncation after the dither keeps the lowest codes.
fn grids(evidence: &Evidence<'_>) -> Option<Vec<PlaneGrid>> {
    let hists = evidence.histograms();
    let few = |hist: &Vec<u32>| levels(hist, 1..=3, 1);
    let mut each: Vec<Option<Levels>> = hists.iter().map(few).collect();
    if !agreed(&each) {
        each = of_channels(hists, 4..=7);
    }
    if !agreed(&each) {
        each = hists.iter().map(|hist| even_levels(hist)).collect();
    }
    if !agreed(&each) {
        return None;
    }
    let centred = |(grid, levels): (PlaneGrid, &Option<Levels>)| {
        let offset = levels.map_or(0.0, |levels| levels.offset * evidence.unit());
        grid.but(|new| {
            new.offset_codes = offset as f32;
            new.truncated = false;
        })
    };
    Some(level_grids(&each, evidence.unit(), 1.0).into_iter().zip(&each).map(centred).collect())
}
