//! Choice between a sample and the mean of its surroundings.

use super::Code;
use super::power::tenth_root;
use crate::{Level, dispatch};

/// Comparison modes, numbered as in the original's `sample_mode`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// 1 and 3: the mean of one pair.
    Pair,
    /// 2: the mean of both pairs.
    Pairs,
    /// 4: each pair by itself, and the mean of both results.
    Apart,
    /// 5: the mean of both pairs, where three differences are small.
    Guarded,
    /// 6 and 7: as 5, but fading between sample and mean.
    Faded,
}

/// Conditions for replacing a sample, in 16-bit codes: all differences must be below their limits.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Limits {
    /// Comparison mode.
    pub mode: Mode,
    /// Left shift that scales samples to 16 bits.
    pub shift: u32,
    /// Compare the mean with the sample (else each of its parts); modes 1 to 4.
    pub blur: bool,
    /// Limit between mean and sample.
    pub mean: u16,
    /// Limit between the farthest of the four and the sample; modes 5 to 7.
    pub most: u16,
    /// Limit between the sum of a pair and twice the sample; modes 5 to 7.
    pub middle: u16,
    /// Factor on all limits where the gradient is steady; mode 7.
    pub boost: f32,
}

/// Writes the new samples of a row to `out`, as 16-bit codes. `refs` are those of [`super::pick_row`], with
/// missing pairs empty; `even` is nonzero where limits are boosted, or empty.
///
/// # Panics
/// When rows differ in length.
pub fn judge_row<T: Code>(
    level: Level,
    out: &mut [u16],
    own: &[T],
    refs: [&[T]; 4],
    limits: &Limits,
    even: &[u8],
) {
    T::judge(level, out, own, refs, limits, even);
}

dispatch! {
    /// 8-bit samples.
    pub(super) fn row_u8(level, out: &mut [u16], own: &[u8], refs: [&[u8]; 4], limits: &Limits,
        even: &[u8]) = row::<u8>;
    /// 16-bit samples.
    pub(super) fn row_u16(level, out: &mut [u16], own: &[u16], refs: [&[u16]; 4], limits: &Limits,
        even: &[u8]) = row::<u16>;
}

/// Half of the sum, rounded up.
#[inline(always)]
fn mean(a: u16, b: u16) -> u16 {
    ((u32::from(a) + u32::from(b) + 1) >> 1) as u16
}

#[inline(always)]
fn row<T: Code>(out: &mut [u16], own: &[T], refs: [&[T]; 4], limits: &Limits, even: &[u8]) {
    let n = out.len();
    let shift = limits.shift & 15;
    let up = |v: T| -> u16 { Into::<u16>::into(v) << shift };
    let (own, a, b) = (&own[..n], &refs[0][..n], &refs[1][..n]);
    let limit = limits.mean;
    if limits.mode == Mode::Pair {
        if limits.blur {
            for i in 0..n {
                let (s, m) = (up(own[i]), mean(up(a[i]), up(b[i])));
                out[i] = if m.abs_diff(s) < limit { m } else { s };
            }
        } else {
            for i in 0..n {
                let (s, a, b) = (up(own[i]), up(a[i]), up(b[i]));
                let ok = (a.abs_diff(s) < limit) & (b.abs_diff(s) < limit);
                out[i] = if ok { mean(a, b) } else { s };
            }
        }
        return;
    }
    let (c, d) = (&refs[2][..n], &refs[3][..n]);
    match (limits.mode, limits.blur) {
        (Mode::Pairs, true) => {
            for i in 0..n {
                let s = up(own[i]);
                let m = mean(mean(up(a[i]), up(b[i])).saturating_sub(1), mean(up(c[i]), up(d[i])));
                out[i] = if m.abs_diff(s) < limit { m } else { s };
            }
        }
        (Mode::Pairs, false) => {
            for i in 0..n {
                let (s, a, b, c, d) = (up(own[i]), up(a[i]), up(b[i]), up(c[i]), up(d[i]));
                let most = a.abs_diff(s).max(b.abs_diff(s)).max(c.abs_diff(s)).max(d.abs_diff(s));
                let m = mean(mean(a, b).saturating_sub(1), mean(c, d));
                out[i] = if most < limit { m } else { s };
            }
        }
        (Mode::Apart, true) => {
            for i in 0..n {
                let s = up(own[i]);
                let (m, l) = (mean(up(a[i]), up(b[i])), mean(up(c[i]), up(d[i])));
                let m = if m.abs_diff(s) < limit { m } else { s };
                let l = if l.abs_diff(s) < limit { l } else { s };
                out[i] = mean(m, l);
            }
        }
        (Mode::Apart, false) => {
            for i in 0..n {
                let (s, a, b, c, d) = (up(own[i]), up(a[i]), up(b[i]), up(c[i]), up(d[i]));
                let m = if a.abs_diff(s).max(b.abs_diff(s)) < limit { mean(a, b) } else { s };
                let l = if c.abs_diff(s).max(d.abs_diff(s)) < limit { mean(c, d) } else { s };
                out[i] = mean(m, l);
            }
        }
        (Mode::Guarded, _) => {
            let (most, middle) = (limits.most, u32::from(limits.middle));
            for i in 0..n {
                let (s, a, b, c, d) = (up(own[i]), up(a[i]), up(b[i]), up(c[i]), up(d[i]));
                let (ab, cd) = (u32::from(a) + u32::from(b), u32::from(c) + u32::from(d));
                let (m, twice) = (((ab + cd) >> 2) as u16, 2 * u32::from(s));
                let far = a.abs_diff(s).max(b.abs_diff(s)).max(c.abs_diff(s)).max(d.abs_diff(s));
                let bent = ab.abs_diff(twice).max(cd.abs_diff(twice));
                let (near, whole) = (m.abs_diff(s) < limit, far < most);
                let straight = bent < middle;
                let ok = near & whole & straight;
                out[i] = if ok { m } else { s };
            }
        }
        (Mode::Faded, _) => faded(out, own, [a, b, c, d], limits, even),
        (Mode::Pair, _) => {}
    }
}

/// Samples faded at a time.
const BLOCK: usize = 32;

#[inline(always)]
fn faded<T: Code>(out: &mut [u16], own: &[T], refs: [&[T]; 4], limits: &Limits, even: &[u8]) {
    let mut factors = [1f32; BLOCK];
    for (k, out) in out.chunks_mut(BLOCK).enumerate() {
        let part = k * BLOCK..k * BLOCK + out.len();
        if let Some(even) = even.get(part.clone()) {
            for (factor, &even) in factors.iter_mut().zip(even) {
                *factor = if even == 0 { 1.0 } else { limits.boost };
            }
        }
        let full = |row: &[T]| {
            let mut block = [T::default(); BLOCK];
            block[..part.len()].copy_from_slice(&row[part.clone()]);
            block
        };
        let values = match (own[part.clone()].as_array(), refs.map(|row| row[part.clone()].as_array())) {
            (Some(own), [Some(a), Some(b), Some(c), Some(d)]) => {
                faded_block(own, [a, b, c, d], limits, &factors)
            }
            _ => faded_block(&full(own), refs.map(full).each_ref(), limits, &factors),
        };
        out.copy_from_slice(&values[..out.len()]);
    }
}

/// A block of samples; `factors` are the ones on their limits.
#[inline(always)]
fn faded_block<T: Code>(
    own: &[T; BLOCK],
    [a, b, c, d]: [&[T; BLOCK]; 4],
    limits: &Limits,
    factors: &[f32; BLOCK],
) -> [u16; BLOCK] {
    let shift = limits.shift & 15;
    let up = |v: T| (Into::<u32>::into(v) << shift) as i32 as f32;
    let [mean, most, middle] = [limits.mean, limits.most, limits.middle].map(f32::from);
    let (mut share, mut change) = ([0f32; BLOCK], [0f32; BLOCK]);
    for i in 0..BLOCK {
        let (s, a, b, c, d) = (up(own[i]), up(a[i]), up(b[i]), up(c[i]), up(d[i]));
        let by = (a + b + c + d) * 0.25 - s;
        let far = (a - s).abs().max((b - s).abs()).max((c - s).abs()).max((d - s).abs());
        let (bent, bent2) = ((a + b - 2.0 * s).abs(), (c + d - 2.0 * s).abs());
        let middle = middle * factors[i];
        share[i] = near(by.abs(), mean * factors[i])
            * near(far, most * factors[i])
            * near(bent, middle)
            * near(bent2, middle);
        change[i] = by;
    }
    // The roots of 0 and 1 are 0 and 1.
    if share.iter().any(|&share| share.to_bits() != 0 && share < 1.0) {
        for share in &mut share {
            *share = tenth_root(*share);
        }
    }
    let mut out = [0; BLOCK];
    for i in 0..BLOCK {
        out[i] = (up(own[i]) + change[i] * share[i] + 0.5) as i32 as u16;
    }
    out
}

/// 1 up to two thirds of the limit, falling to 0 at the limit.
#[inline(always)]
fn near(difference: f32, limit: f32) -> f32 {
    let term = 1.0 - difference / limit;
    let none = if difference < 1e-5 { 1.0 } else { -1e6 };
    let term = if limit < 1e-5 { none } else { term };
    (3.0 * term).clamp(0.0, 1.0)
}
