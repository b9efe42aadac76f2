//! Blurred quantisation grids: planes quantised to 6 or 5 bits, then coded again with loss.
//!
//! Works in codes of the limited range, on means of flat 3×3 windows. There are five kinds of features per
//! plane and period: the phasor of the levels, their agreement, the size of the steps between flats, the
//! midpoints of these steps, and the number of levels. Accuracy: `docs/results/detector-pairs.md`.

#[cfg(test)]
mod fit;
mod flats;
mod hypothesis;

use super::PlaneGrid;
use super::grid::Grid;
use super::planes::{BlockSums, Channel, Codes, LazyPlane, Recipe};
use unband_image::Context;
use unband_image::color::{Matrix, Range};
use unband_simd::Level;

pub(super) use flats::Flats;
pub(super) use hypothesis::Conversion;
use hypothesis::{CHANNEL_FIVE, CHANNEL_SIX, CHROMA_FIVE, CHROMA_SIX, Hypothesis, ONCE, TWICE};

/// Number of samples of a plane that is enough.
pub(super) const ENOUGH: usize = 600_000;
/// Step of the 6-bit grid in 8-bit codes.
pub(super) const SIX: f64 = 255.0 / 63.0;
/// Step of the 5-bit grid.
pub(super) const FIVE: f64 = 255.0 / 31.0;

/// Limits of the sums: 0.5 above the maximum over images without a grid (clean, coded, tone-mapped) among the
/// photos for learning and for choosing. For luma it is 0.27 above, since 0.5 would lose two of 35 frames;
/// for 6-bit channels 0.44. `tools/fit_detector.py` documents them.
pub(super) mod limits {
    pub(crate) const LUMA: f64 = 3.7;
    /// For luma alone where any of three shifts is possible, or levels have no steps between them.
    pub(crate) const LUMA_UNSURE: f64 = 5.3;
    pub(crate) const LUMA_AND_SIX: f64 = 3.5;
    pub(crate) const SIX: f64 = 4.2;
    pub(crate) const ONE_SIX: f64 = 4.0;
    /// For one plane regardless of its levels.
    pub(crate) const ONE_SIX_ANY: f64 = 6.7;
    pub(crate) const LUMA_AND_FIVE: f64 = 1.5;
    pub(crate) const FIVE: f64 = 2.5;
    pub(crate) const ONE_FIVE: f64 = 6.4;
    pub(crate) const CHANNELS_SIX: f64 = 7.4;
    pub(crate) const CHANNELS_FIVE: f64 = 8.1;
    pub(crate) const SIXTEEN_BIT_COLOUR: f64 = 8.4;
    /// Added to the limits of channels where an image is grey: greys with a tone curve come close, and two of
    /// 80 exceed it.
    pub(crate) const GREY: f64 = 4.9;
}

/// Score of luma with too few levels to be testable.
const UNTESTABLE: f64 = -9.0;
/// Sufficient score for luma next to two 5-bit chroma planes.
const LUMA_NEAR_FIVE: f64 = -5.5;
/// The same next to other chroma, in an image with traces of a codec.
const LUMA_NEAR_CODED: f64 = -1.0;
/// The same next to other chroma, without such traces.
const LUMA_NEAR: f64 = 1.0;
/// The same for luma with too few levels to be testable.
const LUMA_WEAK: f64 = 3.5;
/// Requirements for the second chroma plane once the first is accepted: a score, and a sum with that of luma.
/// A plane of few levels is weak evidence by itself, but where luma and one plane are quantised, both are.
const SECOND_SIX: [f64; 2] = [-1.0, 0.0];
/// On 5 bits.
const SECOND_FIVE: [f64; 2] = [-3.0, -3.0];

/// Maximum evidence from a plane's levels: for the first one, for each further level in flat parts, and for
/// each between steps.
const MOST_SIX: [f64; 3] = [1.2, 2.4, 0.8];
/// On 5 bits.
const MOST_FIVE: [f64; 3] = [1.5, 1.2, 0.8];

/// Log-odds of the five plane hypotheses for one matrix.
#[derive(Clone, Copy, Debug)]
pub(super) struct Scores {
    luma6: f64,
    luma_limit: f64,
    /// Luma's score even if it has too few levels to be testable.
    luma6_weak: f64,
    luma_shift: f64,
    six: [f64; 2],
    five: [f64; 2],
    /// Maximum evidence from planes of few levels.
    six_most: [f64; 2],
    five_most: [f64; 2],
}

/// A blurred grid that was found.
#[derive(Clone, Copy, Debug)]
pub(super) struct NoisyGrid {
    /// Bits of Y, U and V where found.
    pub bits: [Option<u8>; 3],
    /// Excess of the best sum over its limit.
    pub margin: f64,
    /// Common shift of the luma levels in codes.
    pub luma_shift: f64,
}

/// Spacing of the levels of a `bits`-bit grid, in codes.
pub(super) fn period(bits: u8) -> f64 {
    255.0 / f64::from((1u32 << bits) - 1)
}

impl NoisyGrid {
    /// Loss of luma in the second conversion to RGB, in codes; 0 unless the levels of its grid reveal it. The
    /// loss in the first one is shared by the clean video.
    pub(crate) fn darkened(&self) -> f32 {
        // The shift is known modulo the grid's period.
        let near = (self.luma_shift - TWICE + 0.5 * SIX).rem_euclid(SIX) - 0.5 * SIX;
        let hypothesis = self.bits[0].is_some() && near.abs() < 0.6;
        if hypothesis { (ONCE - TWICE) as f32 } else { 0.0 }
    }

    /// The grids of the planes in limited range; `rest` are the steps, in full-scale codes, of planes without
    /// a grid.
    pub(crate) fn named(&self, rest: [f32; 3]) -> [PlaneGrid; 3] {
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

/// Scores an image's planes for one matrix; luma alone when the image is grey.
pub(super) fn look(
    codes: &Codes,
    sums: &BlockSums,
    matrix: Matrix,
    conversion: Conversion,
    grey: bool,
    enough: usize,
    ctx: &Context<'_>,
) -> Scores {
    let gather = |i: usize| {
        let channel = Channel::ALL[i];
        let recipe = Recipe::new(channel, matrix, Range::Limited, channel.is_chroma());
        let enough = if channel.is_chroma() { enough / 2 } else { enough };
        Flats::gather(&LazyPlane::new(codes, sums, recipe, ctx.level), channel, enough)
    };
    judge(&ctx.map(if grey { 1 } else { 3 }, gather), conversion)
}

/// Scores of luma and, where present, of chroma, in this order.
pub(super) fn judge(planes: &[Flats], conversion: Conversion) -> Scores {
    let hypothesis = |bits| [1, 2].map(|i| planes.get(i).and_then(|flats| Hypothesis::new(flats, bits)));
    let (six, five) = (hypothesis(6), hypothesis(5));
    let score = |hypothesis: [Option<Hypothesis>; 2], weights| {
        hypothesis.map(|h| h.map_or(-2.0, |h| h.chroma(weights)))
    };
    let most = |hypothesis: [Option<Hypothesis>; 2], [one, flat, step]: [f64; 3]| {
        hypothesis.map(|h| {
            h.map_or(0.0, |h| {
                one + flat * (h.strict.levels.max(1.0) - 1.0) + step * (h.middles.levels - 1.0).max(0.0)
            })
        })
    };
    let luma = planes.first().and_then(|flats| Hypothesis::new(flats, 6));
    let luma6_weak = luma.map_or(UNTESTABLE, |h| h.luma(conversion));
    Scores {
        luma6: if luma.is_some_and(|h| h.luma_is_reliable()) {
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

/// Bits of the stored channels: 6 or 5 in all, or those of 16-bit colour.
const OF_CHANNELS: [([u8; 3], f64); 3] = [
    ([6; 3], limits::CHANNELS_SIX),
    ([5; 3], limits::CHANNELS_FIVE),
    ([5, 6, 5], limits::SIXTEEN_BIT_COLOUR),
];
/// Least score of green on 5 bits, where all channels are. In 16-bit colour it is −3 to 4.6, on 5 bits 5.5 to
/// 6.
const GREEN_FIVE: f64 = 4.8;

/// Bits of the grids of the stored channels, with a confidence; `extra` is added to the limits.
pub(super) fn channels(codes: &Codes, extra: f64, level: Level) -> Option<([u8; 3], f32)> {
    let count = codes.planes.len();
    let kinds = if count == 3 { &OF_CHANNELS[..] } else { &OF_CHANNELS[..2] };
    let (mut sums, mut green) = ([0.0f64; OF_CHANNELS.len()], GREEN_FIVE);
    for p in 0..count {
        let flats = Flats::gather(&LazyPlane::stored(codes, p, level), Channel::Blue, ENOUGH / 3);
        let score = |bits: u8| {
            let weights = if bits == 6 { &CHANNEL_SIX } else { &CHANNEL_FIVE };
            let hypothesis = Hypothesis::new(&flats, bits).filter(|h| h.channel_is_reliable(bits));
            hypothesis.map_or(-2.0, |h| h.chroma(weights)).clamp(-3.0, 6.0)
        };
        let (five, six) = (score(5), score(6));
        for (sum, (bits, _)) in sums.iter_mut().zip(kinds) {
            *sum += if bits[p] == 5 { five } else { six };
        }
        if (count, p) == (3, 1) {
            green = five;
        }
        // Grids of all channels show in the first one already.
        if sums.iter().take(kinds.len()).all(|&sum| sum < -((p + 1) as f64)) {
            return None;
        }
    }
    let scale = 3.0 / count as f64;
    let margins = kinds.iter().zip(sums).map(|((bits, limit), sum)| (*bits, sum * scale - limit - extra));
    let (bits, margin) = margins.max_by(|a, b| a.1.total_cmp(&b.1))?;
    let bits = if bits == [5; 3] && green < GREEN_FIVE { [5, 6, 5] } else { bits };
    (margin > 0.0).then(|| (bits, 1.0 / (1.0 + (-margin).exp()) as f32))
}

/// Decides the planes jointly; `extra` is added to all limits, `coded` reports whether a video codec has left
/// traces.
pub(super) fn decide(scores: &Scores, extra: f64, coded: impl Fn() -> bool) -> Option<NoisyGrid> {
    let luma = scores.luma6.clamp(-1.0, 4.0);
    let sum = |pair: [f64; 2], most: f64| pair[0].clamp(-3.0, most) + pair[1].clamp(-3.0, most);
    let six = [0, 1].map(|i| scores.six[i].min(scores.six_most[i]));
    let five = [0, 1].map(|i| scores.five[i].min(scores.five_most[i]));
    let hit_luma = scores.luma6 - scores.luma_limit - extra;
    let hit_six = (luma + sum(six, 4.0) - limits::LUMA_AND_SIX).max(sum(six, 6.0) - limits::SIX) - extra;
    let single = |pair: [f64; 2]| pair[0].max(pair[1]);
    let single_six = (single(six) - limits::ONE_SIX).max(single(scores.six) - limits::ONE_SIX_ANY) - extra;
    let hit_five = (luma + sum(five, 4.0) - limits::LUMA_AND_FIVE).max(sum(five, 6.0) - limits::FIVE) - extra;
    let single_five = single(scores.five) - limits::ONE_FIVE - extra;
    let hit_six = hit_six.max(single_six);
    let hit_five = hit_five.max(single_five);
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
    // Re-encoded frames have 6-bit luma along with a chroma grid, and always along with 5 bits on both chroma
    // planes.
    let pair_of = |depth| bits[1] == Some(depth) && bits[2] == Some(depth);
    let least = match () {
        () if pair_of(5) && fives > 2.0 => LUMA_NEAR_FIVE,
        () if coded() => LUMA_NEAR_CODED,
        () => LUMA_NEAR,
    };
    let untestable = scores.luma6 <= UNTESTABLE;
    let weak = scores.luma6_weak > if least <= LUMA_NEAR_FIVE { LUMA_NEAR_FIVE } else { LUMA_WEAK };
    if hit_luma > 0.0 || if untestable { weak } else { scores.luma6 > least } {
        bits[0] = Some(6);
    }
    Some(NoisyGrid { bits, margin, luma_shift: scores.luma_shift })
}
