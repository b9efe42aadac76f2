//! Grids that a lossy coding has blurred: planes quantised to 6 or 5 bits, then coded again.
//!
//! Works in codes of the limited range, on means of flat 3×3 windows, with five kinds of features per plane and
//! period: the phasor of the levels, their agreement, the size of the steps between flats, where the midpoints
//! of these steps lie, and how many levels there are. How often it is right: `docs/results/detector-pairs.md`.

#[cfg(test)]
mod fit;
mod flats;
mod hypothesis;

use super::PlaneGrid;
use super::grid::Grid;
use super::planes::{Codes, Part, Recipe, Source, Sums};
use crate::color::{Matrix, Range};
use crate::restorer::Context;
use unband_simd::Level;

pub(super) use flats::Flats;
pub(super) use hypothesis::Conversion;
use hypothesis::{CHANNEL_FIVE, CHANNEL_SIX, CHROMA_FIVE, CHROMA_SIX, Hypothesis, ONCE, TWICE};

/// Windows of a plane that are enough.
pub(super) const ENOUGH: usize = 600_000;
/// The grid of 6 bits in 8-bit codes.
pub(super) const SIX: f64 = 255.0 / 63.0;
/// The grid of 5 bits.
pub(super) const FIVE: f64 = 255.0 / 31.0;

/// Limits of the sums: a half above the largest of images that were not cut (clean, coded, tone-mapped), of photos for
/// learning and for choosing; that of luma 0.27, since a half would lose two of 35 frames, and that of six bits in channels 0.44.
/// `tools/fit_detector.py` says what those are.
pub(super) mod limits {
    pub const LUMA: f64 = 3.7;
    /// That of luma alone where any of three shifts would do, or levels have no steps between them.
    pub const LUMA_UNSURE: f64 = 5.3;
    pub const LUMA_AND_SIX: f64 = 3.5;
    pub const SIX: f64 = 4.2;
    pub const ONE_SIX: f64 = 4.0;
    /// That of one plane whatever its levels are.
    pub const ONE_SIX_ANY: f64 = 6.7;
    pub const LUMA_AND_FIVE: f64 = 1.5;
    pub const FIVE: f64 = 2.5;
    pub const ONE_FIVE: f64 = 6.4;
    pub const CHANNELS_SIX: f64 = 7.4;
    pub const CHANNELS_FIVE: f64 = 8.1;
    /// By how much those of channels are higher where an image is grey: greys with a tone curve come near,
    /// and two of 80 lie above it.
    pub const GREY: f64 = 4.9;
}

/// Score of luma that has too few levels to tell.
const UNTESTABLE: f64 = -9.0;
/// Score that is enough for luma beside two planes of 5 bits.
const LUMA_BESIDE_FIVE: f64 = -5.5;
/// The same beside other chroma of an image that a codec has left traces in.
const LUMA_BESIDE_CODED: f64 = -1.0;
/// Beside other chroma.
const LUMA_BESIDE: f64 = 1.0;
/// That of luma with too few levels to tell.
const LUMA_WEAK: f64 = 3.5;
/// What the second chroma plane takes beside the first: a score, and a sum with that of luma. A plane of few levels
/// says little by itself, but where luma and one plane are cut, both are.
const SECOND_SIX: [f64; 2] = [-1.0, 0.0];
/// On 5 bits.
const SECOND_FIVE: [f64; 2] = [-3.0, -3.0];

/// How much a plane can say by its levels: so much with one, and more for each of those in flat parts and between steps.
const MOST_SIX: [f64; 3] = [1.2, 2.4, 0.8];
/// On 5 bits.
const MOST_FIVE: [f64; 3] = [1.5, 1.2, 0.8];

/// Log-odds of the five plane hypotheses in one matrix.
#[derive(Clone, Copy, Debug)]
pub(super) struct Scores {
    luma6: f64,
    luma_limit: f64,
    /// Luma where there are too few levels to tell by itself.
    luma6_weak: f64,
    luma_shift: f64,
    six: [f64; 2],
    five: [f64; 2],
    /// How much planes of few levels can say.
    six_most: [f64; 2],
    five_most: [f64; 2],
}

/// A found blurred grid.
#[derive(Clone, Copy, Debug)]
pub(super) struct NoisyGrid {
    /// Bits of Y, U and V where found.
    pub bits: [Option<u8>; 3],
    /// How far above its limit the best sum is.
    pub margin: f64,
    /// Common shift of the luma levels in codes.
    pub luma_shift: f64,
}

/// Distance of the levels of so many bits, in codes.
pub(super) fn period(bits: u8) -> f64 {
    255.0 / f64::from((1u32 << bits) - 1)
}

impl NoisyGrid {
    /// What the second conversion to RGB took from luma, in codes; 0 unless the levels of its grid tell. (What the
    /// first one took, the clean video lost as well.)
    pub fn darkened(&self) -> f32 {
        // A shift is known up to the grid's period.
        let beside = (self.luma_shift - TWICE + 0.5 * SIX).rem_euclid(SIX) - 0.5 * SIX;
        let told = self.bits[0].is_some() && beside.abs() < 0.6;
        if told { (ONCE - TWICE) as f32 } else { 0.0 }
    }

    /// The planes of the limited range; `rest` are the steps, in full-scale codes, of those not found.
    pub fn named(&self, rest: [f32; 3]) -> [PlaneGrid; 3] {
        let confidence = 1.0 / (1.0 + (-self.margin).exp());
        [0, 1, 2].map(|i| match self.bits[i] {
            None => PlaneGrid::plain(rest[i]),
            Some(bits) => {
                let offset = if i == 0 { self.luma_shift } else { 0.0 };
                Grid { period: period(bits), offset, bits, strength: confidence }.named(Range::Limited, i)
            }
        })
    }
}

/// Looks at an image's planes in one matrix; at luma alone when the image is grey.
pub(super) fn look(
    codes: &Codes,
    sums: &Sums,
    matrix: Matrix,
    conversion: Conversion,
    grey: bool,
    enough: usize,
    ctx: &Context<'_>,
) -> Scores {
    let gather = |i: usize| {
        let part = Part::ALL[i];
        let recipe = Recipe::of(part, matrix, Range::Limited, part.is_chroma());
        let enough = if part.is_chroma() { enough / 2 } else { enough };
        Flats::gather(&Source::new(codes, sums, recipe, ctx.level), part, enough)
    };
    judge(&ctx.map(if grey { 1 } else { 3 }, gather), conversion)
}

/// Scores of luma and, where there is any, of chroma, in this order.
pub(super) fn judge(planes: &[Flats], conversion: Conversion) -> Scores {
    let told = |bits| [1, 2].map(|i| planes.get(i).and_then(|flats| Hypothesis::new(flats, bits)));
    let (six, five) = (told(6), told(5));
    let score = |told: [Option<Hypothesis>; 2], weights| told.map(|h| h.map_or(-2.0, |h| h.chroma(weights)));
    let most = |told: [Option<Hypothesis>; 2], [one, flat, step]: [f64; 3]| {
        told.map(|h| {
            h.map_or(0.0, |h| {
                one + flat * (h.strict.levels.max(1.0) - 1.0) + step * (h.middles.levels - 1.0).max(0.0)
            })
        })
    };
    let luma = planes.first().and_then(|flats| Hypothesis::new(flats, 6));
    let luma6_weak = luma.map_or(UNTESTABLE, |h| h.luma(conversion));
    Scores {
        luma6: if luma.is_some_and(|h| h.luma_can_tell()) {
            luma6_weak.max(UNTESTABLE + 0.01)
        } else {
            UNTESTABLE
        },
        luma_limit: if conversion == Conversion::Truncated && luma.is_some_and(|h| h.luma_has_steps()) {
            limits::LUMA
        } else {
            limits::LUMA_UNSURE
        },
        luma6_weak,
        luma_shift: luma.map_or(0.0, |h| h.shift()),
        six: score(six, &CHROMA_SIX),
        five: score(five, &CHROMA_FIVE),
        six_most: most(six, MOST_SIX),
        five_most: most(five, MOST_FIVE),
    }
}

/// Bits of the grid that all stored channels lie on, 6 or 5, with how sure that is; `extra` is added to the limits.
pub(super) fn channels(codes: &Codes, extra: f64, level: Level) -> Option<(u8, f32)> {
    let count = codes.planes.len();
    let mut sums = [0.0; 2];
    for p in 0..count {
        let flats = Flats::gather(&Source::stored(codes, p, level), Part::Blue, ENOUGH / 3);
        for (sum, (bits, weights)) in sums.iter_mut().zip([(6, &CHANNEL_SIX), (5, &CHANNEL_FIVE)]) {
            let told = Hypothesis::new(&flats, bits).filter(|h| h.channel_can_tell(bits));
            *sum += told.map_or(-2.0, |h| h.chroma(weights)).clamp(-3.0, 6.0);
        }
        // A grid of all channels shows in the first.
        if sums[0].max(sums[1]) < -((p + 1) as f64) {
            return None;
        }
    }
    let scale = 3.0 / count as f64;
    let margins = [
        (6, sums[0] * scale - limits::CHANNELS_SIX - extra),
        (5, sums[1] * scale - limits::CHANNELS_FIVE - extra),
    ];
    let (bits, margin) = if margins[1].1 > margins[0].1 { margins[1] } else { margins[0] };
    (margin > 0.0).then(|| (bits, 1.0 / (1.0 + (-margin).exp()) as f32))
}

/// Decides the planes jointly; `extra` is added to all limits, `coded` says that a video
/// codec has left traces.
pub(super) fn decide(scores: &Scores, extra: f64, coded: impl Fn() -> bool) -> Option<NoisyGrid> {
    let luma = scores.luma6.clamp(-1.0, 4.0);
    let sum = |pair: [f64; 2], most: f64| pair[0].clamp(-3.0, most) + pair[1].clamp(-3.0, most);
    let six = [0, 1].map(|i| scores.six[i].min(scores.six_most[i]));
    let five = [0, 1].map(|i| scores.five[i].min(scores.five_most[i]));
    let hit_luma = scores.luma6 - scores.luma_limit - extra;
    let hit_six = (luma + sum(six, 4.0) - limits::LUMA_AND_SIX).max(sum(six, 6.0) - limits::SIX) - extra;
    let alone = |pair: [f64; 2]| pair[0].max(pair[1]);
    let alone_six = (alone(six) - limits::ONE_SIX).max(alone(scores.six) - limits::ONE_SIX_ANY) - extra;
    let hit_five = (luma + sum(five, 4.0) - limits::LUMA_AND_FIVE).max(sum(five, 6.0) - limits::FIVE) - extra;
    let alone_five = alone(scores.five) - limits::ONE_FIVE - extra;
    let hit_six = hit_six.max(alone_six);
    let hit_five = hit_five.max(alone_five);
    let margin = hit_luma.max(hit_six).max(hit_five);
    if margin <= 0.0 {
        return None;
    }
    // One bit depth for both chroma planes.
    let mut bits = [None; 3];
    let ranked = if hit_five >= hit_six { (5, scores.five, hit_five) } else { (6, scores.six, hit_six) };
    let (depth, pair, hit) = ranked;
    let fives = scores.five[0] + scores.five[1];
    let sixes = scores.six[0] + scores.six[1];
    if hit > 0.0 || fives > 1.5 || sixes > 2.0 {
        let (depth, pair) = match hit > 0.0 {
            true => (depth, pair),
            false if fives > sixes => (5, scores.five),
            false => (6, scores.six),
        };
        let (first, second) = (pair[0].max(pair[1]), pair[0].min(pair[1]));
        let [least, with_luma] = if depth == 5 { SECOND_FIVE } else { SECOND_SIX };
        let both = first > 0.0
            && second > least
            && second + scores.luma6_weak.clamp(-3.0, 4.0) > with_luma
            && (depth == 6 || fives > 2.0);
        bits[1] = (pair[0] > 0.0 || both).then_some(depth);
        bits[2] = (pair[1] > 0.0 || both).then_some(depth);
    }
    let coloured = bits[1].is_some() || bits[2].is_some();
    if !coloured {
        bits[0] = Some(6);
        return Some(NoisyGrid { bits, margin, luma_shift: scores.luma_shift });
    }
    // Luma of 6 bits comes with a chroma grid where frames were coded again, and always with 5 bits on both.
    let pair_of = |depth| bits[1] == Some(depth) && bits[2] == Some(depth);
    let least = match () {
        () if pair_of(5) && fives > 2.0 => LUMA_BESIDE_FIVE,
        () if coded() => LUMA_BESIDE_CODED,
        () => LUMA_BESIDE,
    };
    let untestable = scores.luma6 <= UNTESTABLE;
    let weak = scores.luma6_weak > if least <= LUMA_BESIDE_FIVE { LUMA_BESIDE_FIVE } else { LUMA_WEAK };
    if hit_luma > 0.0 || if untestable { weak } else { scores.luma6 > least } {
        bits[0] = Some(6);
    }
    Some(NoisyGrid { bits, margin, luma_shift: scores.luma_shift })
}
