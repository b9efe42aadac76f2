//! Tiles of ordered dither.

use std::ops::{Range, RangeInclusive};

use super::fold::{Folded, FoldedPlane, TONES_CORRELATION, half, mean_product, place, spread_evenly};
use super::residue::Steps;
use unband_image::findings::{DitherTile, Dithering};

/// Samples of the first look at a plane.
const FIRST_LOOK: usize = 30_000;
/// Flat samples of the first look that can exclude a tile.
const FIRST_LOOK_FLAT: usize = 8000;
/// Samples that decide the side of a tile.
const SIDE_SAMPLES: usize = 240_000;
/// Sides into which residues are folded; tiles of all their divisors are found.
const SIDES: [usize; 5] = [64, 48, 60, 56, 36];
/// Greatest side of a matrix by rule.
const MATRIX_SIDE: usize = 16;
/// Samples that each place of a tile needs, in each half.
const PLACE_SAMPLES: usize = 6;
/// Least and greatest variance of a tile's residues: 1/12 for evenly spread values, and less where the tile
/// has low frequencies.
const RESIDUE_VARIANCE: (f64, f64) = (0.012, 0.13);
/// Variance of residues from which something repeats.
const PATTERN_VARIANCE: f64 = 0.004;
/// Variance of a tile's values.
const TILE_VARIANCE: RangeInclusive<f64> = 0.035..=0.13;
/// Share of the greatest variance that the smallest tile has.
const VARIANCE_SHARE: f64 = 0.93;
/// Greatest deviation from evenly spread values, in steps, at which a tile has those.
const EVEN_DEVIATION: f64 = 0.1;
/// Greatest difference of a tile's scale from that of evenly spread values, as a share.
const EVEN_SCALE: f64 = 0.3;
/// Greatest deviation of a tile from evenly spread values, in steps: patterns of two values have 0.12 and
/// more.
const SPREAD_DEVIATION: f64 = 0.115;
/// Greatest absolute value of a tile, in steps.
const GREATEST_VALUE: f64 = 0.64;
/// Least variance of residues less their tile: rounding leaves 1/12, periodic content nothing.
const LEAST_REST: f64 = 0.02;
/// Greatest variance of residues less their tile, where the levels are the file's own codes: above it, noise
/// dithers already.
const GREATEST_REST: f64 = 0.3;
/// Distance of a residue from its tile, in steps, that rounding of a smooth surface does not cause.
const FAR: f32 = 0.75;
/// Percentage of far residues that texture may cause.
const FAR_PERCENT: usize = 25;
/// Samples whose distance from the tile is checked.
const CHECKED_SAMPLES: usize = 60_000;

/// What repeats in an image.
pub(super) enum Repeats {
    /// The tile of a dither.
    Dither(Dithering),
    /// Something else: fabric, a screen, a print.
    Other,
    /// Nothing.
    Nothing,
}

/// Can the residues of a plane be those of ordered dither? They vary at least as much as the least tile with
/// its rounding; where the levels are the file's own, at most as much as the greatest with little noise.
pub(super) fn is_possible(plane: &Steps<'_>, coarse: bool) -> bool {
    let (mut square, mut count) = (0.0f64, 0.0f64);
    for band in plane.bands(FIRST_LOOK) {
        plane.residues(band, |_, _, value, _| {
            let value = f64::from(value);
            (square, count) = (square + value * value, count + 1.0);
        });
    }
    let mean = square / count.max(1.0);
    // A part of the samples may miss the limits that all samples meet.
    mean >= 0.7 * (RESIDUE_VARIANCE.0 + LEAST_REST)
        && (coarse || mean <= 1.3 * (RESIDUE_VARIANCE.1 + GREATEST_REST))
}

/// The tile behind planes with these steps in 8-bit codes. `coarse`: the levels are coarser than the file's.
pub(super) fn find(planes: &[Steps<'_>], steps: &[f32], coarse: bool) -> Repeats {
    match base(&planes[planes.len() / 2], coarse) {
        Base::Side(base) => within(planes, steps, base).map_or(Repeats::Other, Repeats::Dither),
        Base::Other => Repeats::Other,
        Base::Nothing => Repeats::Nothing,
    }
}

fn within(planes: &[Steps<'_>], steps: &[f32], base: usize) -> Option<Dithering> {
    let folded: Vec<FoldedPlane> = planes.iter().map(|plane| FoldedPlane::new(plane, base)).collect();
    // Large tiles are blue noise; others with many values are the beat of a screen with the pixels.
    let side = whole_side(&folded).filter(|&side| side <= MATRIX_SIDE || side == SIDES[0])?;
    let tile = |(folded, plane): (&FoldedPlane, &Steps<'_>)| {
        folded.tile(side).filter(|_| folded.explains(plane, side))
    };
    let each: Vec<Option<Vec<f32>>> = folded.iter().zip(planes).map(tile).collect();
    // A channel without enough gradients has no tile of its own; two of three are needed.
    let found = each.iter().flatten().count();
    if found * 3 < planes.len() * 2 {
        return None;
    }
    let codes = each.into_iter().zip(steps).map(|(tile, step)| {
        tile.map_or_else(|| vec![0.0; side * side], |tile| tile.into_iter().map(|v| v * step).collect())
    });
    Some(Dithering::Tile(DitherTile::square(side, codes.collect())))
}

/// Squares that hold a plane's tile.
enum Base {
    /// Of this side.
    Side(usize),
    /// Residues repeat, but are not those of a dither.
    Other,
    /// Nothing repeats.
    Nothing,
}

/// The squares that hold the plane's tile, from a part of its samples.
fn base(plane: &Steps<'_>, coarse: bool) -> Base {
    // An odd number of bands apart: the rows of all tiles are seen.
    let few = (plane.width * plane.height).div_ceil(FIRST_LOOK) | 1;
    let first = Look::new(plane, &plane.every_band(few));
    if first.count >= FIRST_LOOK_FLAT && first.sides(0).all(|(variance, _)| variance < 0.5 * PATTERN_VARIANCE)
    {
        return Base::Nothing;
    }
    let look = Look::new(plane, &plane.bands(SIDE_SAMPLES));
    let mut found: Vec<(f64, usize)> =
        look.sides(PLACE_SAMPLES / 2).filter(|found| found.0 >= PATTERN_VARIANCE).collect();
    let most = found.iter().map(|found| found.0).fold(0.0, f64::max);
    found.retain(|found| found.0 >= VARIANCE_SHARE * most);
    let Some((variance, side)) = found.into_iter().min_by_key(|found| found.1) else { return Base::Nothing };
    let rest = look.square / look.count as f64 - variance;
    if !(RESIDUE_VARIANCE.0..=RESIDUE_VARIANCE.1).contains(&variance)
        || rest < LEAST_REST
        || !(coarse || rest <= GREATEST_REST)
    {
        return Base::Other;
    }
    // Small differences between its quarters show in all samples only.
    Base::Side(if side <= MATRIX_SIDE { 4 * side } else { side })
}

/// Residues of a part of a plane's samples, folded into all squares.
struct Look {
    folded: Vec<Folded>,
    /// Samples, and the sum of their squared residues.
    count: usize,
    square: f64,
}

impl Look {
    fn new(plane: &Steps<'_>, bands: &[Range<usize>]) -> Self {
        let fits = |side: &usize| 2 * side <= plane.width.min(plane.height);
        let mut folded: Vec<Folded> = SIDES.into_iter().filter(fits).map(Folded::new).collect();
        if folded.is_empty() {
            folded = [16, 12].map(Folded::new).into();
        }
        let (mut square, mut count) = (0.0f64, 0);
        for (i, band) in bands.iter().enumerate() {
            plane.residues(band.clone(), |x, y, value, _| {
                let half = half(x, i);
                for folded in &mut folded {
                    folded.add(half, x, y, value);
                }
                let value = f64::from(value);
                (square, count) = (square + value * value, count + 1);
            });
        }
        Self { folded, count, square }
    }

    /// Variance of the tile of each side with `least` samples at every place, in each half, and the side.
    fn sides(&self, least: usize) -> impl Iterator<Item = (f64, usize)> {
        self.folded.iter().flat_map(move |folded| {
            let divides = |side: &usize| folded.side.is_multiple_of(*side);
            (2..=folded.side).filter(divides).filter_map(move |side| {
                let small = folded.smaller(side);
                (small.least() >= least).then(|| (small.variance(), side))
            })
        })
    }
}

/// The side of the smallest tile that explains the residues of all planes.
fn whole_side(planes: &[FoldedPlane]) -> Option<usize> {
    let mut sum = Folded::new(planes.first()?.folded.side);
    for plane in planes {
        sum.join(&plane.folded);
    }
    let divides = |side: &usize| sum.side.is_multiple_of(*side);
    let sides: Vec<Folded> = (2..=sum.side).filter(divides).map(|side| sum.smaller(side)).collect();
    let sides: Vec<Folded> = sides.into_iter().filter(|folded| folded.least() >= PLACE_SAMPLES / 2).collect();
    let most = sides.iter().map(Folded::variance).fold(0.0, f64::max);
    let mut at = sides.iter().position(|folded| folded.variance() >= VARIANCE_SHARE * most)?;
    // Twice the side where the quarters differ for sure.
    while let Some(next) = sides.iter().position(|folded| folded.side == 2 * sides[at].side)
        && !sides[next].repeats(sides[at].side)
    {
        at = next;
    }
    Some(sides[at].side)
}

impl FoldedPlane {
    /// Is the rest of most residues what rounding leaves? Content with a period has larger ones.
    fn explains(&self, plane: &Steps<'_>, side: usize) -> bool {
        let folded = self.folded.smaller(side);
        let mean: Vec<f32> = folded.mean().into_iter().map(|v| v as f32).collect();
        let (mut far, mut all) = (0usize, 0usize);
        for band in plane.bands(CHECKED_SAMPLES) {
            plane.residues(band, |x, y, value, _| {
                all += 1;
                far += usize::from((value - mean[place(x, y, side)]).abs() > FAR);
            });
        }
        far * 100 <= all * FAR_PERCENT
    }

    /// The tile in steps, if it is one: its mean is 0.
    fn tile(&self, side: usize) -> Option<Vec<f32>> {
        let (folded, tones) = (self.folded.smaller(side), self.tones.smaller(side));
        if folded.least() < 2 {
            return None;
        }
        let mean = folded.mean();
        let tile = folded.tile();
        let variance = folded.variance() * mean_product(&tile, &tile) / mean_product(&mean, &mean).max(1e-12);
        let most = tile.iter().fold(0.0f64, |most, v| most.max(v.abs()));
        let most_allowed = GREATEST_VALUE + 4.0 * (0.5 * folded.error()).sqrt();
        let holds = TILE_VARIANCE.contains(&variance) && most <= most_allowed;
        // Content of one tone repeats; dither repeats in all.
        let alike = tones.least() < 4 * PLACE_SAMPLES || tones.correlation() >= TONES_CORRELATION;
        let even = even(&tile).filter(|_| holds && alike)?;
        Some(even.into_iter().map(|v| v as f32).collect())
    }
}

/// The tile, or the evenly spread values that nearly all matrices have, in the order of the measured ones,
/// where those are near; `None` where the values are not spread at all: patterns have two or three.
fn even(tile: &[f64]) -> Option<Vec<f64>> {
    let mut order: Vec<usize> = (0..tile.len()).collect();
    order.sort_by(|&a, &b| tile[a].total_cmp(&tile[b]));
    let mut out = vec![0.0; tile.len()];
    for (rank, at) in order.into_iter().enumerate() {
        out[at] = spread_evenly(rank, tile.len());
    }
    let error = out.iter().zip(tile).map(|(a, b)| (a - b) * (a - b)).sum::<f64>() / tile.len() as f64;
    let scale = mean_product(&out, tile) / mean_product(&out, &out);
    let near = error.sqrt() < EVEN_DEVIATION && (scale - 1.0).abs() < EVEN_SCALE;
    (error.sqrt() < SPREAD_DEVIATION).then(|| if near { out } else { tile.to_vec() })
}
