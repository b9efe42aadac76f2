//! Grids that a lossy coding has blurred: planes quantised to 6 or 5 bits, then coded again.
//!
//! Works in codes of the limited range, on means of flat 3×3 windows, with five features per plane and
//! period: the phasor of the levels, their agreement, the size of the steps between flats, where the midpoints
//! of these steps lie, and how many levels there are. How often it is right: `docs/results/detector-pairs.md`.

use std::f64::consts::TAU;

use super::PlaneGrid;
use super::grid::Grid;
use super::phasor::{Agreement, BINS, LevelPhasor, level_agreement, level_phasor};
use super::planes::{Codes, Part, Recipe, Source, Sums, UNIT, Windows};
use super::spread::{counts, places};
use crate::color::{Matrix, Range};
use unband_simd::{Level, inspect_rows as rows};

/// Windows of a plane that are enough.
pub(super) const ENOUGH: usize = 600_000;
/// The grid of 6 bits in 8-bit codes.
pub(super) const SIX: f64 = 255.0 / 63.0;
/// The grid of 5 bits.
pub(super) const FIVE: f64 = 255.0 / 31.0;

/// Mean of a window that is not flat: far from every mean, so that no pair with it is a step.
const ROUGH: i16 = -16000;

/// Range of a strictly flat window: below 1.2 codes.
const STRICT: i16 = 76;

/// What is known of a plane's flat windows.
pub(super) struct Flats {
    /// Windows with a range below 1.2 codes, by mean in 1/8 codes.
    strict: Vec<f64>,
    /// Below 2 codes.
    loose: Vec<f64>,
    six: Steps,
    five: Steps,
    circle: Box<Circle>,
    /// Chroma may lie on the grid of 5 bits too.
    coarse: bool,
}

/// Steps between flat windows of about one period, by the level where they happen.
struct Steps {
    low: i16,
    high: i16,
    /// Turns per 1/64 code, in 2^-32.
    turn: u64,
    levels: Vec<StepLevel>,
}

/// Steps around one level; cosines and sines in 1/16384.
#[derive(Clone, Copy, Default)]
struct StepLevel {
    pairs: u32,
    cosines: i64,
    middle: (i64, i64),
}

impl StepLevel {
    fn mean(self, sum: i64) -> f64 {
        sum as f64 / 16384.0 / f64::from(self.pairs)
    }
}

/// Where the midpoints of the steps lie: half-way between levels, when there are levels.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Middles {
    /// Phasor of the levels that the midpoints call for.
    re: f64,
    im: f64,
    /// How many levels count.
    levels: f64,
}

/// Cosine and sine of 1024 angles, in 1/16384.
type Circle = [(i16, i16); 1024];

fn circle() -> Box<Circle> {
    Box::new(std::array::from_fn(|i| {
        let (s, c) = ((i as f64 + 0.5) / 1024.0 * TAU).sin_cos();
        ((c * 16384.0) as i16, (s * 16384.0) as i16)
    }))
}

impl Steps {
    fn new(period: f64) -> Self {
        let unit = period * f64::from(UNIT);
        Self {
            low: (0.5 * unit).floor() as i16,
            high: (1.5 * unit).ceil() as i16,
            turn: (4_294_967_296.0 / unit) as u64,
            levels: vec![StepLevel::default(); 256],
        }
    }

    #[inline]
    fn add(&mut self, circle: &Circle, a: i16, b: i16) {
        let d = (a - b).abs();
        if d > self.low && d < self.high {
            // Whole turns are the level, the rest is the angle.
            let middle = (i64::from(a) + i64::from(b)).max(0) as u64 * self.turn / 2;
            let level = &mut self.levels[(middle >> 32) as usize & 255];
            let (c, s) = circle[((middle >> 22) & 1023) as usize];
            level.pairs += 1;
            level.cosines +=
                i64::from(circle[(((d.unsigned_abs() as u64 * self.turn) >> 22) & 1023) as usize].0);
            level.middle.0 += i64::from(c);
            level.middle.1 += i64::from(s);
        }
    }

    /// +1 when all steps are one period, 0 or less when they thin out evenly.
    fn score(&self) -> f64 {
        if self.levels.iter().map(|s| s.pairs).sum::<u32>() < 200 {
            return 0.0;
        }
        let (mut sum, mut weight) = (0.0, 0.0);
        for level in self.levels.iter().filter(|s| s.pairs > 100) {
            let w = f64::from(level.pairs).sqrt();
            sum += w * level.mean(level.cosines);
            weight += w;
        }
        if weight > 0.0 { sum / weight } else { 0.0 }
    }

    fn middles(&self) -> Middles {
        let (mut re, mut im, mut weight, mut n) = (0.0, 0.0, 0.0, 0.0);
        for level in self.levels.iter().filter(|s| s.pairs > 30) {
            let w = f64::from(level.pairs).sqrt();
            re -= w * level.mean(level.middle.0);
            im -= w * level.mean(level.middle.1);
            weight += w;
            n += f64::from(level.pairs);
        }
        if weight > 0.0 {
            Middles { re: re / weight, im: im / weight, levels: weight * weight / n }
        } else {
            Middles::default()
        }
    }
}

impl Flats {
    pub fn gather(source: &Source<'_>, part: Part, enough: usize) -> Self {
        let mut flats = Self {
            strict: vec![0.0; 256 * BINS],
            loose: vec![0.0; 256 * BINS],
            six: Steps::new(SIX),
            five: Steps::new(FIVE),
            circle: circle(),
            coarse: part.is_chroma(),
        };
        let (mut strict, mut loose) = (vec![0u32; 256 * BINS], vec![0u32; 256 * BINS]);
        let mut windows = Windows::default();
        // Neighbouring means tell nearly the same.
        let every = if source.width() * source.height() > 200_000 { 2 } else { 1 };
        for square in source.squares(enough) {
            source.windows(square, &mut windows);
            rows::mask_rough(source.level(), &mut windows.mean, &windows.range, 2 * UNIT as i16, ROUGH);
            for (means, ranges) in windows.mean.chunks(32).zip(windows.range.chunks(32)) {
                if means.iter().fold(ROUGH, |all, &m| all.max(m)) == ROUGH {
                    continue;
                }
                for (&mean, &range) in means.iter().zip(ranges).filter(|(m, _)| **m != ROUGH) {
                    let bin = (((i32::from(mean).max(0) + 4) >> 3) as usize).min(256 * BINS - 1);
                    loose[bin] += 1;
                    strict[bin] += u32::from(range <= STRICT);
                }
            }
            flats.steps(&windows, every, source.level());
        }
        flats.strict.iter_mut().zip(strict).for_each(|(o, n)| *o = f64::from(n));
        flats.loose.iter_mut().zip(loose).for_each(|(o, n)| *o = f64::from(n));
        flats
    }

    /// Pairs 6 and 8 apart: across in every so many rows, down in every so many columns.
    fn steps(&mut self, windows: &Windows, every: usize, level: Level) {
        let w = windows.width;
        let mut any = vec![0u8; w.div_ceil(32)];
        let all: Vec<usize> = (0..w).collect();
        let some: Vec<usize> = places(w, every).collect();
        for apart in [6, 8] {
            for y in 0..windows.rows {
                let row = &windows.mean[y * w..][..w];
                if w > apart && counts(y, windows.rows, every) {
                    self.pairs(&row[..w - apart], &row[apart..], &all[..w - apart], &mut any, level);
                }
                if y + apart < windows.rows {
                    self.pairs(row, &windows.mean[(y + apart) * w..][..w], &some, &mut any, level);
                }
            }
        }
    }

    /// Steps between `a` and `b` at some places, in order.
    fn pairs(&mut self, a: &[i16], b: &[i16], places: &[usize], any: &mut [u8], level: Level) {
        let high = if self.coarse { self.five.high } else { self.six.high };
        rows::any_steps(level, any, a, b, self.six.low, high);
        let mut rest = places;
        for (chunk, _) in any.iter().enumerate().filter(|(_, any)| **any != 0) {
            rest = &rest[rest.partition_point(|&i| i < 32 * chunk)..];
            let here = &rest[..rest.partition_point(|&i| i < 32 * (chunk + 1))];
            for &i in here {
                self.six.add(&self.circle, a[i], b[i]);
            }
            if self.coarse {
                for &i in here {
                    self.five.add(&self.circle, a[i], b[i]);
                }
            }
        }
    }
}

/// Shift of luma levels after one conversion to RGB by a converter that rounds down, in codes.
const ONCE: f64 = -1.1;
/// After two.
const TWICE: f64 = -2.05;

/// How a picture came to RGB, as far as its colours tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Conversion {
    /// By libswscale's truncating path, once or twice.
    Truncated,
    /// Otherwise, or unknown.
    Other,
}

impl Conversion {
    /// By how much luma levels may lie beside the grid, in codes: one truncating conversion moves them by
    /// −1.1. Measured on frames made with known grids, and the same in published banded frames.
    fn luma_shifts(self) -> &'static [f64] {
        match self {
            Self::Truncated => &[ONCE, TWICE],
            Self::Other => &[0.0, ONCE, TWICE],
        }
    }
}

/// One plane hypothesis.
#[derive(Clone, Copy, Debug)]
struct Hypothesis {
    phasor: LevelPhasor,
    loose: Agreement,
    strict: Agreement,
    steps: f64,
    middles: Middles,
    period: f64,
}

impl Hypothesis {
    fn new(flats: &Flats, bits: u8) -> Option<Self> {
        if flats.strict.iter().sum::<f64>() < 200.0 {
            return None;
        }
        let (period, steps) = if bits == 5 { (FIVE, &flats.five) } else { (SIX, &flats.six) };
        Some(Self {
            phasor: level_phasor(&flats.strict, period),
            loose: level_agreement(&flats.loose, period),
            strict: level_agreement(&flats.strict, period),
            steps: steps.score(),
            middles: steps.middles(),
            period,
        })
    }

    fn near(&self, shift: f64, wanted: f64) -> f64 {
        (TAU * (shift - wanted) / self.period).cos()
    }

    /// Midpoints along the direction that a shift of the grid calls for.
    fn middles_near(&self, wanted: f64) -> f64 {
        let (s, c) = (TAU * wanted / self.period).sin_cos();
        self.middles.re * c + self.middles.im * s
    }

    /// By how much the levels lie beside the grid, in codes.
    fn shift(&self) -> f64 {
        if self.middles.levels >= 3.0 && self.middles.re.hypot(self.middles.im) > 0.2 {
            self.middles.im.atan2(self.middles.re) / TAU * self.period
        } else {
            self.strict.shift
        }
    }

    /// Are there enough levels of luma to tell, and is no other period as good?
    fn luma_can_tell(&self) -> bool {
        self.loose.levels >= 5.0 && self.strict.levels >= 4.0 && self.phasor.control <= 0.36
    }

    /// The same of a channel, whose steps of 5 bits are fewer.
    fn channel_can_tell(&self, bits: u8) -> bool {
        let least = if bits == 5 { (3.5, 3.0, 0.5) } else { (5.0, 4.0, 0.36) };
        self.loose.levels >= least.0 && self.strict.levels >= least.1 && self.phasor.control <= least.2
    }

    /// Log-odds that luma lies on this grid; weights of a logistic fit on labelled frames.
    fn luma(&self, conversion: Conversion) -> f64 {
        let best = |f: &dyn Fn(f64) -> f64| {
            conversion.luma_shifts().iter().map(|&s| f(s)).fold(f64::NEG_INFINITY, f64::max)
        };
        let agreement = self.loose.t * best(&|s| self.near(self.loose.shift, s));
        let phasor = self.phasor.modulus
            * best(&|s| self.near(self.strict.shift, s))
            * (2.0 * self.strict.levels.min(18.0)).sqrt();
        let middles = best(&|s| self.middles_near(s)) * self.middles.levels.min(12.0).sqrt();
        let through = if conversion == Conversion::Truncated { 2.26 } else { 0.0 };
        0.441 * agreement + 3.313 * phasor + 4.211 * self.steps + 3.431 * middles + through - 4.768
    }

    /// Log-odds that a chroma plane lies on this grid.
    fn chroma(&self, weights: &[f64; 10]) -> f64 {
        let (levels, steps) = (self.strict.levels.min(8.0).sqrt(), self.middles.levels.min(8.0).sqrt());
        let features = [
            self.loose.t * self.near(self.loose.shift, 0.0),
            self.phasor.real,
            self.phasor.real * levels,
            self.steps,
            self.middles.re,
            self.middles.re * steps,
            self.phasor.control,
            levels,
            steps,
            1.0,
        ];
        let score = features.iter().zip(weights).map(|(f, w)| f * w).sum::<f64>();
        // A plane that stays on one level lies on many grids.
        let one_level = self.strict.levels < 1.2 && self.middles.levels == 0.0;
        if one_level { score.min(1.0) } else { score }
    }
}

const CHROMA_SIX: [f64; 10] = [1.27, 5.212, 0.103, 1.558, -4.791, 5.881, 4.197, -0.784, 0.829, -5.072];
const CHROMA_FIVE: [f64; 10] = [0.278, 8.776, 2.358, 1.879, -2.008, 4.126, 3.576, -1.396, 0.148, -8.995];

/// Score of luma that has too few levels to tell.
const UNTESTABLE: f64 = -9.0;
/// By how much the limits for chroma of 6 bits are lower where a codec has left traces.
const CODED_SIX: f64 = 1.9;
/// Score that is enough for luma beside two planes of 5 bits.
const LUMA_BESIDE_FIVE: f64 = -3.5;

/// Log-odds of the five plane hypotheses in one matrix.
#[derive(Clone, Copy, Debug)]
pub(super) struct Scores {
    luma6: f64,
    /// Luma where there are too few levels to tell by itself.
    luma6_weak: f64,
    luma_shift: f64,
    six: [f64; 2],
    five: [f64; 2],
    /// How much planes of few levels can say together.
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
    /// first one took, the clean film lost as well.)
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

/// Looks at a picture's planes in one matrix; at luma alone when the picture is grey.
pub(super) fn look(
    codes: &Codes,
    sums: &Sums,
    matrix: Matrix,
    conversion: Conversion,
    grey: bool,
    enough: usize,
    level: Level,
) -> Scores {
    let gather = |part: Part| {
        let recipe = Recipe::of(part, matrix, Range::Limited, part.is_chroma());
        let enough = if part.is_chroma() { enough / 2 } else { enough };
        Flats::gather(&Source::new(codes, sums, recipe, level), part, enough)
    };
    let chroma = if grey { [None, None] } else { [Part::Blue, Part::Red].map(|part| Some(gather(part))) };
    judge(&gather(Part::Luma), &chroma, conversion)
}

/// Scores of luma and, where there is any, of chroma.
pub(super) fn judge(luma: &Flats, chroma: &[Option<Flats>; 2], conversion: Conversion) -> Scores {
    let score = |flats: &Option<Flats>, bits, weights| {
        flats.as_ref().and_then(|flats| Hypothesis::new(flats, bits)).map_or(-2.0, |h| h.chroma(weights))
    };
    let luma = Hypothesis::new(luma, 6);
    let luma6_weak = luma.map_or(UNTESTABLE, |h| h.luma(conversion));
    Scores {
        luma6: if luma.is_some_and(|h| h.luma_can_tell()) {
            luma6_weak.max(UNTESTABLE + 0.01)
        } else {
            UNTESTABLE
        },
        luma6_weak,
        luma_shift: luma.map_or(0.0, |h| h.shift()),
        six: [score(&chroma[0], 6, &CHROMA_SIX), score(&chroma[1], 6, &CHROMA_SIX)],
        five: [score(&chroma[0], 5, &CHROMA_FIVE), score(&chroma[1], 5, &CHROMA_FIVE)],
        five_most: [0, 1].map(|i| {
            let told = chroma[i].as_ref().and_then(|flats| Hypothesis::new(flats, 5));
            told.map_or(0.0, |h| {
                1.5 + 1.2 * (h.strict.levels.max(1.0) - 1.0) + 0.8 * (h.middles.levels - 1.0).max(0.0)
            })
        }),
    }
}

/// Bits of the grid that all stored channels lie on, 6 or 5, with how sure that is; `extra` is added to the limits.
///
/// The limits lie well above the best wrong sum of the labelled set: 3.2 for 6 bits, −4.6 for 5.
pub(super) fn channels(codes: &Codes, extra: f64, level: Level) -> Option<(u8, f32)> {
    let count = codes.planes.len();
    let mut sums = [0.0; 2];
    for p in 0..count {
        let flats = Flats::gather(&Source::stored(codes, p, level), Part::Blue, ENOUGH / 3);
        for (sum, (bits, weights)) in sums.iter_mut().zip([(6, &CHROMA_SIX), (5, &CHROMA_FIVE)]) {
            let told = Hypothesis::new(&flats, bits).filter(|h| h.channel_can_tell(bits));
            *sum += told.map_or(-2.0, |h| h.chroma(weights)).clamp(-3.0, 4.0);
        }
        // A grid of all channels shows in the first.
        if sums[0].max(sums[1]) < -((p + 1) as f64) {
            return None;
        }
    }
    let scale = 3.0 / count as f64;
    let margins = [(6, sums[0] * scale - 5.0 - extra), (5, sums[1] * scale + 1.0 - extra)];
    let (bits, margin) = if margins[1].1 > margins[0].1 { margins[1] } else { margins[0] };
    (margin > 0.0).then(|| (bits, 1.0 / (1.0 + (-margin).exp()) as f32))
}

/// Decides the planes jointly; `extra` is added to all limits, `coded` says that a video
/// codec has left traces.
///
/// The limits lie above the best wrong sum of all clean, coded and tone-mapped pictures of the labelled set,
/// with weights fitted on the other half of it.
pub(super) fn decide(scores: &Scores, extra: f64, coded: impl Fn() -> bool) -> Option<NoisyGrid> {
    let luma = scores.luma6.clamp(-1.0, 4.0);
    let sum = |pair: [f64; 2], most: f64| pair[0].clamp(-3.0, most) + pair[1].clamp(-3.0, most);
    let five = [0, 1].map(|i| scores.five[i].min(scores.five_most[i]));
    let hit_luma = scores.luma6 - 2.6 - extra;
    let hit_six = (luma + sum(scores.six, 4.0) - 5.6).max(sum(scores.six, 6.0) - 6.6) - extra;
    let alone_six = scores.six[0].max(scores.six[1]) - 5.3 - extra;
    let hit_five = (luma + sum(five, 4.0) - 2.4).max(sum(five, 6.0) - 3.4) - extra;
    let alone_five = scores.five[0].max(scores.five[1]) - 4.2 - extra;
    let mut hit_six = hit_six.max(alone_six);
    // Pictures that a codec has been through may hold one; among the others only renders come that close.
    if (-CODED_SIX..=0.0).contains(&hit_six) && coded() {
        hit_six += CODED_SIX;
    }
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
        bits[1] = (pair[0] > 0.0).then_some(depth);
        bits[2] = (pair[1] > 0.0).then_some(depth);
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
        () if coded() => -1.0,
        () => 0.3,
    };
    let untestable = scores.luma6 <= UNTESTABLE;
    let weak = scores.luma6_weak > if least <= LUMA_BESIDE_FIVE { LUMA_BESIDE_FIVE } else { 2.5 };
    if hit_luma > 0.0 || if untestable { weak } else { scores.luma6 > least } {
        bits[0] = Some(6);
    }
    Some(NoisyGrid { bits, margin, luma_shift: scores.luma_shift })
}
