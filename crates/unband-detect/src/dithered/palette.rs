//! Dither of images with a palette: the nearest colour of samples with a tile added, or with errors passed
//! on.
//!
//! A tile is the same in all channels, and it is one of Bayer's matrices: its values are known, while those
//! of the residues depend on the colours of the palette around.

use super::diffused;
use super::fold::{
    Folded, FoldedPlane, LEAST_SAMPLES, TONES_CORRELATION, correlation, half, mean_product, spread_evenly,
};
use super::residue::{BAND, Steps};
use crate::evidence::Evidence;
use crate::palette;
use unband_image::dither::bayer_ranks;
use unband_image::findings::{DitherTile, Dithering, Findings};

/// A step in codes, for residues of a tile; greater residues count as this.
const STEP: f32 = 24.0;
/// Sides of tiles.
const SIDES: [usize; 3] = [2, 4, 8];
/// Side of the square into which residues are folded.
const SIDE: usize = 8;
/// Least variance of a tile, in squared codes: `FFmpeg`'s finest has 0.25.
const VARIANCE: f64 = 0.4;
/// Least correlation of the halves of the image.
const SAME: f64 = 0.9;
/// Least correlation of a tile with Bayer's matrix.
const BAYER: f64 = 0.93;
/// Least correlation of a channel's tile with that of all channels, in two of three.
const CHANNEL: f64 = 0.7;
/// Greatest share of the tile that a channel's residues show.
const SHARE: f64 = 1.15;
/// Samples that decide whether there can be a tile.
const FEW: usize = 40_000;
/// Differences of neighbours up to this, in codes, are steps between colours.
const NEIGHBOURS: usize = 64;

/// Findings on a dithered image with few colours.
pub(super) fn findings(evidence: &Evidence<'_>) -> Option<Findings> {
    let planes = evidence.image.planes.len();
    if planes != 3 || !palette::has_few_colours(evidence) {
        return None;
    }
    let dither = tile(evidence).or_else(|| {
        let diffused = steps(evidence).is_some_and(|planes| diffused::found(&planes));
        diffused.then_some(Dithering::Diffused)
    })?;
    let mut found = palette::with_steps(evidence, palette::look(&evidence.codes));
    if let [grid] = &found.grids[..] {
        found.grids = vec![grid.clone(); planes];
    }
    found.dither = Some(dither);
    found.colours = u16::try_from(evidence.colours().all).ok();
    Some(found)
}

/// The planes in steps of the mean difference of neighbours; `None` where most differ by one or two codes in
/// all planes.
fn steps<'a>(evidence: &'a Evidence<'_>) -> Option<Vec<Steps<'a>>> {
    let all = &evidence.codes;
    let mut apart = false;
    let mut of_plane = |codes: &'a Vec<u8>| {
        let mut counts = [0u32; NEIGHBOURS + 1];
        for row in codes.chunks_exact(all.width.max(1)).step_by(4) {
            for pair in row.windows(2) {
                if let Some(count) = counts.get_mut(usize::from(pair[0].abs_diff(pair[1]))) {
                    *count += 1;
                }
            }
        }
        let count: u32 = counts[1..].iter().sum();
        let sum: u32 = counts.iter().zip(0..).map(|(count, step)| count * step).sum();
        apart |= 2 * (counts[1] + counts[2]) < count;
        Steps::of_palette(all, codes, (f64::from(sum) / f64::from(count.max(1))).max(1.0) as f32)
    };
    let planes = all.planes.iter().map(&mut of_plane).collect();
    apart.then_some(planes)
}

/// The tile that was added to all channels.
fn tile(evidence: &Evidence<'_>) -> Option<Dithering> {
    let all = &evidence.codes;
    if all.width.min(all.height) < 2 * SIDE || all.len() < LEAST_SAMPLES {
        return None;
    }
    if !repeats(&Steps::of_palette(all, &all.planes[all.planes.len() / 2], STEP)) {
        return None;
    }
    let each: Vec<FoldedPlane> =
        all.planes.iter().map(|codes| FoldedPlane::new(&Steps::of_palette(all, codes, STEP), SIDE)).collect();
    let (mut folded, mut tones) = (Folded::new(SIDE), Folded::new(SIDE));
    for plane in &each {
        folded.join(&plane.folded);
        tones.join(&plane.tones);
    }
    let whole = folded.tile();
    let matrices = SIDES.into_iter().filter_map(|side| bayer(&whole, side));
    let Matrix { side, ranks, .. } = matrices.max_by(|a, b| a.alike.total_cmp(&b.alike))?;
    let (folded, tones) = (folded.smaller(side), tones.smaller(side));
    let codes = f64::from(STEP);
    if folded.variance() * codes * codes < VARIANCE || folded.correlation() < SAME {
        return None;
    }
    if tones.least() >= 2 * SIDE && tones.correlation() < TONES_CORRELATION {
        return None;
    }
    let tile = folded.tile();
    let channels: Vec<Vec<f64>> = each.iter().map(|plane| plane.folded.smaller(side).tile()).collect();
    let alike = channels.iter().filter(|channel| correlation(channel, &tile) >= CHANNEL).count();
    if alike * 3 < channels.len() * 2 {
        return None;
    }
    let even: Vec<f64> = ranks.iter().map(|&rank| spread_evenly(rank, ranks.len())).collect();
    let shown = channels.iter().map(|channel| mean_product(channel, &even) / mean_product(&even, &even));
    let codes = values(&ranks, codes * shown.fold(0.0, f64::max));
    Some(Dithering::Tile(DitherTile::square(side, vec![codes; evidence.image.planes.len()])))
}

/// Do a part of a plane's residues repeat at all?
fn repeats(plane: &Steps<'_>) -> bool {
    let mut folded = Folded::new(SIDE);
    for band in plane.bands(FEW) {
        plane.residues(band, |x, y, value, _| folded.add(half(x, y / BAND), x, y, value));
    }
    let codes = f64::from(STEP);
    folded.variance() * codes * codes >= 0.5 * VARIANCE && folded.correlation() >= 0.5 * SAME
}

/// Bayer's matrix in one orientation, at one offset.
struct Matrix {
    side: usize,
    ranks: Vec<usize>,
    /// Correlation with the tile.
    alike: f64,
}

/// The matrix of this side that is most like a tile of 8×8, if it is like it.
fn bayer(tile: &[f64], side: usize) -> Option<Matrix> {
    let ranks = bayer_ranks(side);
    let middle = (ranks.len() - 1) as f64 / 2.0;
    let mut best = Matrix { side, ranks: Vec::new(), alike: BAYER };
    for turn in 0..8 {
        let mirrored = |i: usize, bit: usize| if turn & bit == 0 { i % side } else { side - 1 - i % side };
        for start in 0..side * side {
            let at = |i: usize, of: usize| {
                let (x, y) = (mirrored(i % of + start % side, 1), mirrored(i / of + start / side, 2));
                ranks[if turn & 4 == 0 { y * side + x } else { x * side + y }]
            };
            let turned: Vec<f64> = (0..SIDE * SIDE).map(|i| at(i, SIDE) as f64 - middle).collect();
            let alike = correlation(&turned, tile);
            if alike > best.alike {
                best = Matrix { side, ranks: (0..side * side).map(|i| at(i, side)).collect(), alike };
            }
        }
    }
    (!best.ranks.is_empty()).then_some(best)
}

/// The values of a tile whose residues span `span` codes. `FFmpeg`'s are whole codes, from half a power of
/// two below zero on.
///
/// Source: `FFmpeg` `libavfilter/vf_paletteuse.c`, `bayer_scale`.
fn values(ranks: &[usize], span: f64) -> Vec<f32> {
    let count = ranks.len();
    let whole = (0..6).map(|shift| 64usize >> shift).rfind(|&whole| whole as f64 * SHARE >= span);
    let value = |&rank: &usize| match whole {
        Some(whole) if whole <= count => (rank * whole / count) as f32 - (whole / 2) as f32,
        _ => (spread_evenly(rank, count) * span) as f32,
    };
    ranks.iter().map(value).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `FFmpeg`'s tile: bits of the column, and of its difference from the row, from the finest on.
    fn ffmpeg(scale: u8) -> Vec<f64> {
        let rank = |p: usize| {
            let q = p ^ (p >> 3);
            (p & 4) >> 2 | (q & 4) >> 1 | (p & 2) << 1 | (q & 2) << 2 | (p & 1) << 4 | (q & 1) << 5
        };
        (0..64).map(|p| (rank(p) >> scale) as f64 - f64::from(32u8 >> scale)).collect()
    }

    #[test]
    fn tiles_of_ffmpeg_are_recognised_exactly() {
        for scale in 0..5 {
            let tile = ffmpeg(scale);
            let mean = tile.iter().sum::<f64>() / 64.0;
            // The colours let three quarters of it through.
            let seen: Vec<f64> = tile.iter().map(|v| 0.75 * (v - mean)).collect();
            let matrix = bayer(&seen, 8).expect("Bayer's matrix");
            let found = values(&matrix.ranks, 0.75 * f64::from(64u8 >> scale));
            assert!(found.iter().zip(&tile).all(|(a, b)| (f64::from(*a) - b).abs() < 1e-6), "{scale}");
        }
    }

    #[test]
    fn a_checker_is_no_tile() {
        let checker: Vec<f64> = (0..64).map(|i| f64::from((i % 8 + i / 8) as u8 % 2) - 0.5).collect();
        assert!(bayer(&checker, 8).is_none());
        let columns: Vec<f64> = (0..64).map(|i| f64::from(i as u8 % 2) - 0.5).collect();
        assert!(bayer(&columns, 8).is_none());
    }
}
