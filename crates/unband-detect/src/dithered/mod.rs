//! Dither of the samples before they were rounded to their levels.
//!
//! Rounding after an offset is unbiased: the mean residue of all samples with one offset is the offset. So a
//! tile is measured, whatever its matrix: residues are averaged by place in a tile ([`tile`]). Interleaved
//! gradient noise has no tile, but a formula with one unknown ([`gradient`]). Error diffusion leaves residues
//! without low frequencies ([`diffused`]). With a palette, the colours around a sample
//! take the place of levels ([`palette`]).

mod diffused;
mod fold;
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
use unband_image::findings::{Cause, Dithering, Findings, GridRegions, PlaneGrid, Space};

/// Confidence of levels that only a part of the squares has.
pub(crate) const PARTIAL: f32 = 0.8;

/// Findings on an image that was dithered before it lost levels, in squares of it or everywhere.
pub(crate) fn findings(evidence: &Evidence<'_>) -> Option<Findings> {
    if evidence.lossy() || !evidence.effective.eight() || evidence.codes.len() < fold::LEAST_SAMPLES {
        return None;
    }
    if let Some(grids) = grids(evidence) {
        let dither = dithering(evidence, &grids, None, true)?;
        let bits = grids.iter().filter_map(|grid| grid.bits).max();
        return Some(evidence.findings(Cause::Levels, Space::Native, grids).but(|new| {
            new.effective_bits = bits.unwrap_or(new.effective_bits);
            new.dither = Some(dither);
        }));
    }
    in_a_part(evidence).or_else(|| palette::findings(evidence)).or_else(|| {
        let step = PlaneGrid::plain(evidence.effective.step_codes);
        let dither = dithering(evidence, &vec![step; evidence.codes.planes.len()], None, false)?;
        Some(evidence.plain_findings().but(|new| new.dither = Some(dither)))
    })
}

/// Squares that have levels and were dithered.
fn in_a_part(evidence: &Evidence<'_>) -> Option<Findings> {
    // Colours of a file's palette are everywhere.
    let each = if evidence.declares_palette() { None } else { evidence.partial_levels() }?;
    let (grids, regions) = (centred(evidence, each, PARTIAL), evidence.tiles().regions(each));
    let dither = dithering(evidence, &grids, Some(&regions), true)?;
    Some(evidence.findings(Cause::Levels, Space::Native, grids).but(|new| {
        (new.dither, new.regions) = (Some(dither), Some(regions));
    }))
}

/// The dither of levels; `coarse`: they are coarser than the file's.
fn dithering(
    evidence: &Evidence<'_>,
    grids: &[PlaneGrid],
    regions: Option<&GridRegions>,
    coarse: bool,
) -> Option<Dithering> {
    let (all, unit) = (&evidence.codes, evidence.unit() as f32);
    let each = all.planes.iter().zip(grids).enumerate();
    let planes: Vec<Steps<'_>> = each
        .map(|(p, (codes, grid))| {
            Steps::new(all, codes, grid.step_codes / unit, grid.offset_codes / unit).within(regions, p)
        })
        .collect();
    // Two levels are ink on paper, or art.
    let ink = planes.iter().all(|plane| plane.ends.1 - plane.ends.0 < 2);
    if planes[planes.len() / 2].is_repeated() || ink && !evidence.is_photo() {
        return None;
    }
    let steps: Vec<f32> = grids.iter().map(|grid| grid.step_codes).collect();
    let ordered = tile::is_possible(&planes[planes.len() / 2], coarse);
    let repeats = if ordered { tile::find(&planes, &steps, coarse) } else { Repeats::Nothing };
    let noise = || ordered.then(|| gradient::find(&planes, &steps)).flatten();
    match repeats {
        Repeats::Dither(dither) => Some(dither),
        Repeats::Nothing if coarse => {
            noise().or_else(|| diffused::found(&planes).then_some(Dithering::Diffused))
        }
        // The noise nearly repeats.
        Repeats::Other if coarse => noise(),
        Repeats::Nothing | Repeats::Other => None,
    }
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
    Some(centred(evidence, &each, 1.0))
}

/// Grids of these levels, whose samples are on the mean of their intervals.
fn centred(evidence: &Evidence<'_>, each: &[Option<Levels>], confidence: f32) -> Vec<PlaneGrid> {
    let centred = |(grid, levels): (PlaneGrid, &Option<Levels>)| {
        let offset = levels.map_or(0.0, |levels| levels.offset * evidence.unit());
        grid.but(|new| {
            new.offset_codes = offset as f32;
            new.truncated = false;
        })
    };
    level_grids(each, evidence.unit(), confidence).into_iter().zip(each).map(centred).collect()
}
