//! Grids that a lossy coding has blurred: planes quantised to 6 or 5 bits, then coded again.
//!
//! Works in codes of the limited range, on means of flat 3×3 windows, with four features per plane and
//! period: the phasor of the levels, their agreement, the phasor of the steps, and how many levels there are.

use std::f64::consts::TAU;

use super::phasor::{BINS, level_agreement, level_phasor};
use super::planes::{Codes, Part, Recipe, Source, Sums, UNIT, Windows, strips};
use crate::color::{Matrix, Range};
use unband_simd::Level;

/// The grid of 6 bits in 8-bit codes.
pub(super) const SIX: f64 = 255.0 / 63.0;
/// The grid of 5 bits.
pub(super) const FIVE: f64 = 255.0 / 31.0;

/// Mean of a window that is not flat: far from every mean, so that no pair with it is a step.
const ROUGH: i16 = -16000;

/// What is known of a plane's flat windows.
pub(super) struct Flats {
    /// Windows with a range below 1.2 codes, by mean in 1/8 codes.
    strict: Vec<f64>,
    /// Below 2 codes.
    loose: Vec<f64>,
    six: Steps,
    five: Steps,
}

/// Steps between flat windows of about one period, by the level where they happen.
struct Steps {
    low: i16,
    high: i16,
    cosines: Vec<f32>,
    period: f32,
    sums: Vec<Level2>,
    /// Cosine and sine of the midpoint of a pair, per 1/64 code of a period.
    turns: Vec<(f32, f32)>,
}

/// Pairs of one level.
#[derive(Clone, Copy, Default)]
struct Level2 {
    pairs: u32,
    cosines: f64,
    middle: (f64, f64),
}

impl Steps {
    fn new(period: f64) -> Self {
        let unit = period * f64::from(UNIT);
        let high = (1.5 * unit).ceil() as usize;
        Self {
            low: (0.5 * unit).floor() as i16,
            high: high as i16,
            cosines: (0..=high).map(|d| (TAU * d as f64 / unit).cos() as f32).collect(),
            period: unit as f32,
            sums: vec![Level2::default(); 256],
            turns: (0..256 * UNIT * 2)
                .map(|m| {
                    let (s, c) = (TAU * f64::from(m) * 0.5 / unit).sin_cos();
                    (c as f32, s as f32)
                })
                .collect(),
        }
    }

    #[inline]
    fn add(&mut self, a: i16, b: i16) {
        let d = (a - b).abs();
        if d > self.low && d < self.high {
            let k = ((i32::from(a) + i32::from(b)) as f32 * 0.5 / self.period) as usize;
            let level = &mut self.sums[k.min(255)];
            level.cosines += f64::from(self.cosines[d as usize]);
            level.pairs += 1;
            let (c, s) = self.turns[(i32::from(a) + i32::from(b)) as usize];
            level.middle.0 += f64::from(c);
            level.middle.1 += f64::from(s);
        }
    }

    /// +1 when all steps are one period, 0 or less when they thin out evenly.
    fn score(&self) -> f64 {
        if self.sums.iter().map(|s| s.pairs).sum::<u32>() < 200 {
            return 0.0;
        }
        let (mut sum, mut weight) = (0.0, 0.0);
        for level in self.sums.iter().filter(|s| s.pairs > 100) {
            let w = f64::from(level.pairs).sqrt();
            sum += w * level.cosines / f64::from(level.pairs);
            weight += w;
        }
        if weight > 0.0 { sum / weight } else { 0.0 }
    }

    /// Where the midpoints of the steps lie: (real, imaginary, levels) of the mean of the levels' phasors.
    fn middles(&self, least: u32) -> (f64, f64, f64) {
        let (mut re, mut im, mut weight, mut n) = (0.0, 0.0, 0.0, 0.0);
        for level in self.sums.iter().filter(|s| s.pairs > least) {
            let w = f64::from(level.pairs).sqrt();
            re += w * level.middle.0 / f64::from(level.pairs);
            im += w * level.middle.1 / f64::from(level.pairs);
            weight += w;
            n += f64::from(level.pairs);
        }
        if weight > 0.0 { (-re / weight, -im / weight, weight * weight / n) } else { (0.0, 0.0, 0.0) }
    }
}

impl Flats {
    pub fn gather(source: &Source<'_>, enough: usize) -> Self {
        let mut flats = Self {
            strict: vec![0.0; 256 * BINS],
            loose: vec![0.0; 256 * BINS],
            six: Steps::new(SIX),
            five: Steps::new(FIVE),
        };
        let (mut strict, mut loose) = (vec![0u32; 256 * BINS], vec![0u32; 256 * BINS]);
        let mut windows = Windows::default();
        for (y0, y1) in strips(source.width(), source.height(), enough) {
            source.windows(y0, y1, &mut windows);
            for (mean, &range) in windows.mean.iter_mut().zip(&windows.range) {
                if i32::from(range) < 2 * UNIT {
                    let bin = ((i32::from(*mean).max(0) + 4) >> 3) as usize;
                    loose[bin.min(256 * BINS - 1)] += 1;
                    strict[bin.min(256 * BINS - 1)] += u32::from(f64::from(range) < 1.2 * f64::from(UNIT));
                } else {
                    *mean = ROUGH;
                }
            }
            flats.steps(&windows);
        }
        flats.strict.iter_mut().zip(strict).for_each(|(o, n)| *o = f64::from(n));
        flats.loose.iter_mut().zip(loose).for_each(|(o, n)| *o = f64::from(n));
        flats
    }

    /// Pairs 6 and 8 apart, across and down.
    fn steps(&mut self, windows: &Windows) {
        let w = windows.width;
        for apart in [6, 8] {
            for y in 0..windows.rows {
                let row = &windows.mean[y * w..][..w];
                if w > apart {
                    self.pairs(&row[..w - apart], &row[apart..]);
                }
                if y + apart < windows.rows {
                    self.pairs(row, &windows.mean[(y + apart) * w..][..w]);
                }
            }
        }
    }

    fn pairs(&mut self, a: &[i16], b: &[i16]) {
        let (low, high) = (self.six.low, self.five.high);
        for (a, b) in a.chunks(32).zip(b.chunks(32)) {
            let mut any = 0u16;
            for (&a, &b) in a.iter().zip(b) {
                let d = (a - b).abs();
                any |= u16::from((d > low) & (d < high));
            }
            if any != 0 {
                for (&a, &b) in a.iter().zip(b) {
                    self.six.add(a, b);
                    self.five.add(a, b);
                }
            }
        }
    }
}

/// One plane hypothesis: the four features.
#[derive(Clone, Copy, Debug)]
pub(super) struct Features {
    /// Agreement of the levels times nearness of their shift.
    pub t: f64,
    /// The phasor.
    pub r: f64,
    /// The phasor times the root of the levels.
    pub e: f64,
    /// The step phasor.
    pub d: f64,
    /// Levels among the loosely and among the strictly flat windows.
    pub levels: (f64, f64),
    /// Control modulus.
    pub control: f64,
    /// Common shift of the levels in codes.
    pub shift: f64,
    /// Midpoints of the steps: phasor and number of levels.
    pub middles: (f64, f64, f64),
    pub strict_shift: f64,
    pub modulus: f64,
    pub loose_mass: f64,
    pub pairs: f64,
}

pub(super) fn features(flats: &Flats, part: Part, bits: u8) -> Option<Features> {
    let (period, steps) = if bits == 5 { (FIVE, &flats.five) } else { (SIX, &flats.six) };
    if flats.strict.iter().sum::<f64>() < 200.0 {
        return None;
    }
    // Converters shift luma by up to 1.5 codes.
    let shifts: &[f64] = if part == Part::Luma { &[0.0, 0.4, 0.8, 1.2, 1.5] } else { &[0.0] };
    let near = |d: f64| shifts.iter().map(|s| (TAU * (d - s) / period).cos()).fold(-1.0, f64::max);
    let phasor = level_phasor(&flats.strict, period);
    let loose = level_agreement(&flats.loose, period);
    let strict = level_agreement(&flats.strict, period);
    let r = if part == Part::Luma { phasor.modulus * near(strict.shift) } else { phasor.real };
    Some(Features {
        t: loose.t * near(loose.shift),
        r,
        e: r * (2.0 * strict.levels.max(1.0)).sqrt().min(6.0),
        d: steps.score(),
        levels: (loose.levels, strict.levels),
        control: phasor.control,
        shift: loose.shift,
        middles: steps.middles(30),
        strict_shift: strict.shift,
        modulus: phasor.modulus,
        loose_mass: flats.loose.iter().sum(),
        pairs: steps.sums.iter().map(|s| f64::from(s.pairs)).sum(),
    })
}

/// Log-odds-like score of a hypothesis.
fn score(f: Option<Features>, part: Part, bits: u8) -> f64 {
    let untestable = if part == Part::Luma { -9.0 } else { -3.0 };
    let Some(f) = f else { return untestable };
    if part == Part::Luma && (f.levels.0 < 6.0 || f.levels.1 < 5.0 || f.control > 0.32) {
        return untestable;
    }
    let [t, r, e, d, bias] = match (part, bits) {
        (Part::Luma, _) => [0.34, 9.45, 1.48, 6.61, -1.16],
        (_, 6) => [0.57, 1.79, 1.15, 2.75, -0.19],
        _ => [0.34, 3.32, 1.24, 2.49, -3.03],
    };
    t * f.t + r * f.r + e * f.e + d * f.d + bias
}

/// Scores of the five plane hypotheses in one matrix.
#[derive(Clone, Copy, Debug)]
pub(super) struct Scores {
    pub y6: f64,
    pub u6: f64,
    pub v6: f64,
    pub u5: f64,
    pub v5: f64,
}

/// A found blurred grid.
#[derive(Clone, Copy, Debug)]
pub(super) struct NoisyGrid {
    pub matrix: Matrix,
    /// Bits of Y, U and V where found.
    pub bits: [Option<u8>; 3],
    /// How far above its limit the best sum is.
    pub margin: f64,
    /// Common shift of the luma levels in codes.
    pub luma_shift: f64,
}

pub(super) struct NoisyLook {
    pub scores: Scores,
    pub features: [Option<Features>; 5],
}

/// Looks at a picture's planes in one matrix.
pub(super) fn look(codes: &Codes, sums: &Sums, matrix: Matrix, enough: usize, level: Level) -> NoisyLook {
    let flats = Part::ALL.map(|part| {
        let recipe = Recipe::of(part, matrix, Range::Limited, part.is_chroma());
        let enough = if part.is_chroma() { enough / 2 } else { enough };
        Flats::gather(&Source::new(codes, sums, recipe, level), enough)
    });
    let cases = [(0, 6), (1, 6), (2, 6), (1, 5), (2, 5)];
    let features = cases.map(|(p, bits)| features(&flats[p], Part::ALL[p], bits));
    let mut s = [0.0; 5];
    for (i, &(p, bits)) in cases.iter().enumerate() {
        s[i] = score(features[i], Part::ALL[p], bits);
    }
    NoisyLook { scores: Scores { y6: s[0], u6: s[1], v6: s[2], u5: s[3], v5: s[4] }, features }
}

/// Decides the planes jointly; `extra` is added to all limits when a lattice already explains the picture.
pub(super) fn decide(look: &NoisyLook, matrix: Matrix, extra: f64, tone: f64) -> Option<NoisyGrid> {
    let g = look.scores;
    let luma = g.y6.clamp(-1.5, 4.0);
    let (both5, both6) = (g.u5 + g.v5, g.u6 + g.v6);
    let more = extra + tone + if matrix == Matrix::Bt601 { 0.0 } else { 2.5 };
    let hit_y6 = g.y6 - 1.5 - more;
    let hit_66 = luma + both6 - 3.05 - more;
    let hit_65 = luma + both5 - 0.3 - more;
    let hit_c6 = g.u6.max(g.v6) - 2.5 - more;
    let hit_c5 = g.u5.max(g.v5) - 2.5 - more;
    let margin = hit_y6.max(hit_66).max(hit_65).max(hit_c6).max(hit_c5);
    if margin <= 0.0 {
        return None;
    }
    let five = hit_65.max(hit_c5) > 0.0 || both5 > 0.0;
    let six = hit_66.max(hit_c6) > 0.0 || both6 > 0.5;
    let mut bits = [None; 3];
    if five || six {
        let use_five = five && (!six || both5 > both6);
        let (b, [u, v]) = if use_five { (5, [g.u5, g.v5]) } else { (6, [g.u6, g.v6]) };
        bits[1] = (u > -1.0).then_some(b);
        bits[2] = (v > -1.0).then_some(b);
    }
    let chroma = bits[1].is_some() as u8 + bits[2].is_some() as u8;
    let likely = g.y6 > if both5 > 2.0 && chroma == 2 { -3.0 } else { -1.0 } || (g.y6 <= -9.0 && both5 > 2.0);
    if hit_y6 > 0.0 || (chroma > 0 && extra == 0.0 && likely) {
        bits[0] = Some(6);
    }
    let luma_shift = look.features[0].map_or(0.0, |f| f.shift);
    bits.iter().any(Option::is_some).then_some(NoisyGrid { matrix, bits, margin, luma_shift })
}
