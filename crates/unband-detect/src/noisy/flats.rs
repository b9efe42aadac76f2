//! Statistics of a plane's flat windows: the histogram of their means, and the steps between them.

use std::f64::consts::TAU;

use super::{FIVE, SIX};
use crate::phasor::BINS;
use crate::planes::{Channel, LazyPlane, UNIT, Windows};
use crate::spread::{counts, places};
use unband_simd::{Level, detect::inspect as rows};

/// Mean assigned to a window that is not flat: far from every real mean, so that no pair with it is a step.
const ROUGH: i16 = -16000;

/// Range of a strictly flat window: below 1.2 codes.
const STRICT: i16 = 76;

/// Statistics of a plane's flat windows.
pub(crate) struct Flats {
    /// Histogram of windows with a range below 1.2 codes, by mean in 1/8 codes.
    pub(super) strict: Vec<f64>,
    /// The same for a range below 2 codes.
    pub(super) loose: Vec<f64>,
    pub(super) six: Steps,
    pub(super) five: Steps,
    circle: Box<Circle>,
    /// Is the 5-bit grid tested too? It is for chroma.
    coarse: bool,
}

/// Steps of about one period between flat windows, by their level.
pub(super) struct Steps {
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

/// Midpoints of the steps. On a grid they are half-way between levels.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Middles {
    /// Phasor of the levels implied by the midpoints.
    pub re: f64,
    pub im: f64,
    /// Effective number of levels.
    pub levels: f64,
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
            // Whole turns are the level, the fraction is the angle.
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

    /// +1 when all steps are one period, 0 or less when their sizes thin out evenly.
    pub(super) fn score(&self) -> f64 {
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

    pub(super) fn middles(&self) -> Middles {
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
    pub(crate) fn gather(source: &LazyPlane<'_>, channel: Channel, enough: usize) -> Self {
        let mut flats = Self {
            strict: vec![0.0; 256 * BINS],
            loose: vec![0.0; 256 * BINS],
            six: Steps::new(SIX),
            five: Steps::new(FIVE),
            circle: circle(),
            coarse: channel.is_chroma(),
        };
        let (mut strict, mut loose) = (vec![0u32; 256 * BINS], vec![0u32; 256 * BINS]);
        let mut windows = Windows::default();
        // Neighbouring means are nearly redundant.
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

    /// Adds pairs 6 and 8 samples apart: across in every `every`-th row, down in every `every`-th column.
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

    /// Adds the steps between `a` and `b` at some places, in order.
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
