//! Decision for images stored as `YCbCr`, whose own planes are on grids.

use super::coded::Coding;
use super::grid::{Grid, flat_histogram, plane_grid};
use super::levels::{even_levels, levels};
use super::noisy::{self, Conversion, Flats};
use super::planes::{Codes, Part, Source};
use super::spread::{places, stride};
use super::{Cause, Findings, PlaneGrid, Space};
use unband_image::Context;
use unband_image::color::Range;
use unband_image::image::Image;

const ENOUGH: usize = 700_000;
/// Distance that `smooth` may move a sample that was coded with loss, in 8-bit codes: one code for rounding,
/// and a little for the coding error. A larger value leaves fewer steps, but bends correct slopes. Found on
/// pans, zooms and fades over photos kept for choosing, after x264, x265, VP9 and AV1
/// (`docs/results/films.md`).
const CODED: f32 = 1.12;
/// The same for more than 8 bits, with 8-bit steps in them or coarse coding.
const DEEP: f32 = 0.8;

/// Decides from planes in 8-bit codes of their range, each with its own size; `sources` are the same at their
/// own depth.
pub(super) fn decide(
    image: &Image,
    planes: &[Codes; 3],
    sources: &[Source<'_>; 3],
    range: Range,
    bits: u8,
    ctx: &Context<'_>,
) -> Findings {
    let rounded = [0, 1, 2].map(|i| Source::stored(&planes[i], 0, ctx.level));
    let mut grids: [Option<Grid>; 3] = [0, 1, 2].map(|i| exact(&planes[i]));
    let mut cause = Cause::PlaneGrid;
    let found: Vec<PlaneGrid>;
    let mut lossy = false;
    let unit = |i: usize| range.unit_codes(i > 0);
    if grids.iter().all(Option::is_none) {
        let looked = ctx.map(Part::ALL.len(), |i| {
            let flats = Flats::gather(&rounded[i], Part::ALL[i], noisy::ENOUGH);
            let hist = flat_histogram(&rounded[i], 1.2 / f64::from(unit(i)), ENOUGH);
            (flats, plane_grid(&hist, 0.0, false))
        });
        let (flats, sharp): (Vec<_>, Vec<_>) = looked.into_iter().unzip();
        let scores = noisy::judge(&flats, Conversion::Other);
        grids = [0, 1, 2].map(|i| sharp[i]);
        if let Some(noisy) = noisy::decide(&scores, 0.0, || Coding::measure(&rounded[0]).visible()) {
            let sharp = grids.iter().flatten().any(|g| g.strength >= 0.9);
            if !sharp && range == Range::Limited {
                cause = Cause::RecodedGrid;
                lossy = true;
                found = noisy.named([2.0, 1.5, 1.5]).to_vec();
                return finish(image, cause, native(found, range), lossy, bits);
            }
        }
    }
    if grids.iter().any(Option::is_some) {
        let plain = |i: usize| PlaneGrid::plain(unit(i) * 255.0 / ((1u32 << bits.min(8)) - 1) as f32);
        found = (0..3).map(|i| grids[i].map_or_else(|| plain(i), |g| g.named(range, i))).collect();
        return finish(image, cause, native(found, range), lossy, bits);
    }
    let [luma, blue, red] = sources;
    let coding = Coding::measure(luma);
    // The codec named by the file is ignored, so that the same frames get the same answer in a mezzanine
    // file.
    let trace = coding.trace([blue, red]);
    let coded = coding.visible() && coding.favours_blocks(trace);
    cause = if coded { Cause::Coded } else { Cause::Video };
    let step = match (bits > 8, coded) {
        (true, _) => DEEP,
        (false, true) => CODED,
        (false, false) => 1.0,
    };
    found = (0..3).map(|i| PlaneGrid::plain(step * unit(i))).collect();
    Findings { coded_codes: trace as f32, ..finish(image, cause, found, coded, bits) }
}

/// The grid of a plane whose levels are exact: it was not changed after quantisation.
fn exact(plane: &Codes) -> Option<Grid> {
    let mut hist = vec![0u32; 256];
    let every = stride(plane.width, plane.height, 500_000);
    let columns: Vec<usize> = places(plane.width, every).collect();
    for y in places(plane.height, every) {
        let row = plane.row(0, y);
        for &x in &columns {
            hist[usize::from(row[x])] += 1;
        }
    }
    let found = levels(&hist, 4..=7).or_else(|| even_levels(&hist))?;
    Some(Grid { period: found.step, offset: found.offset, bits: found.bits, strength: 1.0 })
}

/// Converts offsets of chroma from neutral to offsets from 0.
fn native(mut grids: Vec<PlaneGrid>, range: Range) -> Vec<PlaneGrid> {
    let unit = range.unit_codes(true);
    let neutral = if range == Range::Limited { 112.0 } else { 127.5 } * unit;
    for grid in grids.iter_mut().skip(1).filter(|g| g.found) {
        grid.offset_codes = (grid.offset_codes + neutral).rem_euclid(grid.step_codes);
    }
    grids
}

fn finish(image: &Image, cause: Cause, grids: Vec<PlaneGrid>, lossy: bool, bits: u8) -> Findings {
    let half =
        image.planes[1].width < image.planes[0].width || image.planes[1].height < image.planes[0].height;
    Findings { cause, space: Space::Native, grids, lossy, half_chroma: half, ..Findings::plain(0, bits) }
}
