//! Tiles: residues averaged by their place.

use std::ops::{Range, RangeInclusive};

use super::residue::{REACH, Steps};
use unband_image::findings::{DitherTile, Dithering};

/// Samples that an image needs.
pub(super) const LEAST: usize = 4096;
/// Samples that decide whether there is a tile.
const ENOUGH: usize = 240_000;
/// Samples that decide whether there can be one, and flat ones among them that can deny it.
const FEW: usize = 30_000;
const SEEN: usize = 8000;
/// Sides into which residues are folded; tiles of all their divisors are found.
const SIDES: [usize; 5] = [64, 48, 60, 56, 36];
/// Greatest side of a matrix by rule.
const SMALL: usize = 16;
/// Samples that each place of a tile needs, in each half.
const EACH: usize = 6;
/// Least and greatest variance of a tile's residues: 1/12 for evenly spread values, and less where the tile
/// has low frequencies.
const VARIANCE: (f64, f64) = (0.012, 0.13);
/// Variance of residues from which something repeats.
const PATTERN: f64 = 0.004;
/// The same for the tile itself.
const TILE_VARIANCE: RangeInclusive<f64> = 0.035..=0.13;
/// Share of the greatest variance that the smallest tile has.
const SAME: f64 = 0.93;
/// Share of the variance that quarters of a tile may differ by, besides the error of the estimate.
const REST: f64 = 0.001;
/// Errors of estimates that are significant, as multiples of their deviation.
const SURE: f64 = 5.0;
/// Greatest deviation from evenly spread values, in steps, and of their scale from 1, at which a tile has
/// those.
const NEAR: f64 = 0.1;
const SCALED: f64 = 0.3;
/// Greatest deviation of a tile from evenly spread values, in steps: patterns of two values have 0.12 and
/// more.
const SPREAD: f64 = 0.115;
/// Values of a tile, in steps.
const MOST: f64 = 0.64;
/// Least variance of what the tile does not explain: rounding leaves 1/12. Periodic content leaves nothing.
const ROUNDED: f64 = 0.02;
/// Greatest variance of it, where the levels are the file's own codes: then noise dithers already.
const NOISY: f64 = 0.3;
/// Distance of a residue from its tile, in steps, that rounding of a smooth surface does not cause, the
/// percentage of such residues that texture may cause, and the samples that are checked.
const FAR: f32 = 0.75;
const FEW_FAR: usize = 25;
const CHECKED: usize = 60_000;
/// Least correlation of the tiles of dark and light samples.
pub(super) const ALIKE: f64 = 0.75;

/// Sums of residues by place in a square, in two halves of the samples.
pub(super) struct Folded {
    pub side: usize,
    sums: [Vec<f64>; 2],
    counts: [Vec<u32>; 2],
}

impl Folded {
    pub(super) fn new(side: usize) -> Self {
        let n = side * side;
        Self { side, sums: [vec![0.0; n], vec![0.0; n]], counts: [vec![0; n], vec![0; n]] }
    }

    pub(super) fn add(&mut self, half: usize, x: usize, y: usize, value: f32) {
        let at = y % self.side * self.side + x % self.side;
        self.sums[half][at] += f64::from(value);
        self.counts[half][at] += 1;
    }

    /// Folded once more.
    pub(super) fn smaller(&self, side: usize) -> Self {
        let mut out = Self::new(side);
        for half in 0..2 {
            for (i, (sum, count)) in self.sums[half].iter().zip(&self.counts[half]).enumerate() {
                let at = i / self.side % side * side + i % self.side % side;
                out.sums[half][at] += sum;
                out.counts[half][at] += count;
            }
        }
        out
    }

    /// Adds the sums of another plane.
    pub(super) fn join(&mut self, other: &Self) {
        for half in 0..2 {
            self.sums[half].iter_mut().zip(&other.sums[half]).for_each(|(sum, more)| *sum += more);
            self.counts[half].iter_mut().zip(&other.counts[half]).for_each(|(sum, more)| *sum += more);
        }
    }

    /// Fewest samples of a place in a half.
    pub(super) fn least(&self) -> usize {
        self.counts.iter().flatten().min().map_or(0, |&n| n as usize)
    }

    /// Means by place in a half, less their mean.
    pub(super) fn means(&self, half: usize) -> Vec<f64> {
        let each = self.sums[half].iter().zip(&self.counts[half]);
        let means: Vec<f64> = each.map(|(sum, &count)| sum / f64::from(count.max(1))).collect();
        let mean = means.iter().sum::<f64>() / means.len() as f64;
        means.into_iter().map(|v| v - mean).collect()
    }

    /// Variance of the tile without that of its estimate: the halves are independent.
    pub(super) fn variance(&self) -> f64 {
        product(&self.means(0), &self.means(1))
    }

    /// Mean squared error of the means of a half.
    fn error(&self) -> f64 {
        let (a, b) = (self.means(0), self.means(1));
        a.iter().zip(b).map(|(a, b)| (a - b) * (a - b)).sum::<f64>() / (2.0 * a.len() as f64)
    }

    /// Does a smaller tile explain this one?
    fn repeats(&self, side: usize) -> bool {
        let small = self.smaller(side);
        let rest = |half: usize| -> Vec<f64> {
            let (own, means) = (self.means(half), small.means(half));
            let place = |i: usize| i / self.side % side * side + i % self.side % side;
            own.iter().enumerate().map(|(i, own)| own - means[place(i)]).collect()
        };
        let chance = SURE * self.error() / self.side as f64;
        product(&rest(0), &rest(1)) <= REST * self.variance() + chance
    }

    /// Correlation of the halves.
    pub(super) fn correlation(&self) -> f64 {
        correlation(&self.means(0), &self.means(1))
    }

    /// Means by place of both halves.
    fn mean(&self) -> Vec<f64> {
        self.means(0).into_iter().zip(self.means(1)).map(|(a, b)| 0.5 * (a + b)).collect()
    }

    /// The tile behind the residues, in steps.
    pub(super) fn tile(&self) -> Vec<f64> {
        without_window(&self.mean(), self.side)
    }
}

pub(super) fn correlation(a: &[f64], b: &[f64]) -> f64 {
    product(a, b) / (product(a, a) * product(b, b)).sqrt().max(1e-12)
}

/// The value of a rank where `count` values are spread evenly around 0, a step wide.
pub(super) fn spread_evenly(rank: usize, count: usize) -> f64 {
    (rank as f64 + 0.5) / count as f64 - 0.5
}

pub(super) fn product(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>() / a.len().max(1) as f64
}

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
    for band in plane.bands(FEW) {
        plane.residues(band, |_, _, value, _| {
            let value = f64::from(value);
            (square, count) = (square + value * value, count + 1.0);
        });
    }
    let mean = square / count.max(1.0);
    // A part of the samples may miss the limits that all samples meet.
    mean >= 0.7 * (VARIANCE.0 + ROUNDED) && (coarse || mean <= 1.3 * (VARIANCE.1 + NOISY))
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
    let folded: Vec<Measured> = planes.iter().map(|plane| Measured::new(plane, base)).collect();
    // Large tiles are blue noise; others with many values are the beat of a screen with the pixels.
    let side = whole_side(&folded).filter(|&side| side <= SMALL || side == SIDES[0])?;
    let tile =
        |(folded, plane): (&Measured, &Steps<'_>)| folded.tile(side).filter(|_| folded.explains(plane, side));
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
    let few = (plane.width * plane.height).div_ceil(FEW) | 1;
    let first = Look::new(plane, &plane.every_band(few));
    if first.count >= SEEN && first.sides(0).all(|(variance, _)| variance < 0.5 * PATTERN) {
        return Base::Nothing;
    }
    let look = Look::new(plane, &plane.bands(ENOUGH));
    let mut found: Vec<(f64, usize)> = look.sides(EACH / 2).filter(|found| found.0 >= PATTERN).collect();
    let most = found.iter().map(|found| found.0).fold(0.0, f64::max);
    found.retain(|found| found.0 >= SAME * most);
    let Some((variance, side)) = found.into_iter().min_by_key(|found| found.1) else { return Base::Nothing };
    let rest = look.square / look.count as f64 - variance;
    if !(VARIANCE.0..=VARIANCE.1).contains(&variance) || rest < ROUNDED || !(coarse || rest <= NOISY) {
        return Base::Other;
    }
    // Small differences between its quarters show in all samples only.
    Base::Side(if side <= SMALL { 4 * side } else { side })
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
                // Halves alternate over squares of the largest tile.
                let half = (x / 64 + i) % 2;
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
fn whole_side(planes: &[Measured]) -> Option<usize> {
    let mut sum = Folded::new(planes.first()?.folded.side);
    for plane in planes {
        sum.join(&plane.folded);
    }
    let divides = |side: &usize| sum.side.is_multiple_of(*side);
    let sides: Vec<Folded> = (2..=sum.side).filter(divides).map(|side| sum.smaller(side)).collect();
    let sides: Vec<Folded> = sides.into_iter().filter(|folded| folded.least() >= EACH / 2).collect();
    let most = sides.iter().map(Folded::variance).fold(0.0, f64::max);
    let mut at = sides.iter().position(|folded| folded.variance() >= SAME * most)?;
    // Twice the side where the quarters differ for sure.
    while let Some(next) = sides.iter().position(|folded| folded.side == 2 * sides[at].side)
        && !sides[next].repeats(sides[at].side)
    {
        at = next;
    }
    Some(sides[at].side)
}

/// The residues of all samples of a plane.
pub(super) struct Measured {
    pub folded: Folded,
    /// Those of dark samples and of light ones.
    pub tones: Folded,
}

impl Measured {
    pub(super) fn new(plane: &Steps<'_>, side: usize) -> Self {
        let (mut folded, mut tones) = (Folded::new(side), Folded::new(side));
        let middle = middle(plane);
        plane.residues(0..plane.height, |x, y, value, level| {
            folded.add((x / 64 + y / 16) % 2, x, y, value);
            tones.add(usize::from(level > middle), x, y, value);
        });
        Self { folded, tones }
    }

    /// Is the rest of most residues what rounding leaves? Content with a period has larger ones.
    fn explains(&self, plane: &Steps<'_>, side: usize) -> bool {
        let folded = self.folded.smaller(side);
        let mean: Vec<f32> = folded.mean().into_iter().map(|v| v as f32).collect();
        let (mut far, mut all) = (0usize, 0usize);
        for band in plane.bands(CHECKED) {
            plane.residues(band, |x, y, value, _| {
                all += 1;
                far += usize::from((value - mean[y % side * side + x % side]).abs() > FAR);
            });
        }
        far * 100 <= all * FEW_FAR
    }

    /// The tile in steps, if it is one: its mean is 0.
    fn tile(&self, side: usize) -> Option<Vec<f32>> {
        let (folded, tones) = (self.folded.smaller(side), self.tones.smaller(side));
        if folded.least() < 2 {
            return None;
        }
        let mean = folded.mean();
        let tile = without_window(&mean, side);
        let variance = folded.variance() * product(&tile, &tile) / product(&mean, &mean).max(1e-12);
        let most = tile.iter().fold(0.0f64, |most, v| most.max(v.abs()));
        let most_allowed = MOST + 4.0 * (0.5 * folded.error()).sqrt();
        let holds = TILE_VARIANCE.contains(&variance) && most <= most_allowed;
        // Content of one tone repeats; dither repeats in all.
        let alike = tones.least() < 4 * EACH || tones.correlation() >= ALIKE;
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
    let scale = product(&out, tile) / product(&out, &out);
    let near = error.sqrt() < NEAR && (scale - 1.0).abs() < SCALED;
    (error.sqrt() < SPREAD).then(|| if near { out } else { tile.to_vec() })
}

/// The level that divides the samples in half.
fn middle(plane: &Steps<'_>) -> i16 {
    let mut counts = vec![0u32; 512];
    let mut row = vec![0i16; plane.width];
    for y in (0..plane.height).step_by(4) {
        plane.row(0, y, &mut row);
        for (_, level) in row.iter().enumerate().filter(|(x, _)| plane.holds_at(*x, y)) {
            counts[(level + 1).clamp(0, 511) as usize] += 1;
        }
    }
    let all: u32 = counts.iter().sum();
    let mut sum = 0;
    let half = counts.iter().position(|&n| {
        sum += n;
        2 * sum >= all
    });
    half.and_then(|at| i16::try_from(at).ok()).map_or(0, |at| at - 1)
}

/// The tile whose residues are `mean`: the window's mean of the tile is added back until nothing changes.
fn without_window(mean: &[f64], side: usize) -> Vec<f64> {
    let mut tile = mean.to_vec();
    for _ in 0..40 {
        let window = |i: usize| {
            let (x, y) = (i % side, i / side);
            let mut sum = 0.0;
            for dy in 0..=2 * REACH {
                for dx in 0..=2 * REACH {
                    let at = |v: usize, d: usize| (v + d + REACH * side - REACH) % side;
                    sum += tile[at(y, dy) * side + at(x, dx)];
                }
            }
            sum / ((2 * REACH + 1) * (2 * REACH + 1)) as f64
        };
        let next: Vec<f64> = (0..side * side).map(|i| mean[i] + window(i)).collect();
        tile = next;
    }
    let middle = tile.iter().sum::<f64>() / tile.len() as f64;
    tile.into_iter().map(|v| v - middle).collect()
}
