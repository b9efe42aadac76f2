//! Kernels that compare rows before and after a change, and average results over the frames of a video.
// Bodies must be inlined into each level's function, and must not branch, to be vectorised for it.
#![allow(clippy::inline_always)]

use crate::Bound;
use crate::dispatch;

/// Units per code of row sums: integers add up to the same result in any order.
pub const PARTS: f32 = (1 << 20) as f32;

/// Result of [`count_changes`].
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Changes {
    /// Samples that differ.
    pub moved: u64,
    /// The largest difference, in 8-bit codes.
    pub largest: f32,
    /// The sum of all differences, in 1/[`PARTS`] 8-bit codes.
    pub sum: i64,
}

dispatch! {
    /// Compares `values` with `source`, of the same length. They must not differ by more than 1.
    pub fn count_changes(level, values: &[f32], source: &[f32]) -> Changes = count_body;

    /// The values that a plain decoder returns for `values`: the nearest of the codes
    /// `value * scale + zero` within `0..=max`, for a sample between codes. Equal lengths.
    pub fn shown_row(level, out: &mut [f32], values: &[f32], scale: f32, zero: f32, max: f32) = shown_body;

    /// `out` gets `values` in 1/65535, rounded and clamped; same length.
    pub fn to_words(level, out: &mut [u16], values: &[f32]) = words_body;

    /// Adds `|a − b|` to `sums`; equal lengths.
    pub fn add_differences(level, sums: &mut [u32], a: &[u16], b: &[u16]) = differences_body;

    /// Adds to `sum` the difference between the results of two frames, `a` and `b`, and that of the frame
    /// between them, weighted. Adds the weights to `weight`: the share of each sample, reduced where an input
    /// differs from the middle one, and 0 from a difference of `1 / scale` on. Equal lengths.
    pub fn add_pair(
        level, sum: &mut [f32], weight: &mut [f32], shares: &[f32], middle: Both<'_>, a: Both<'_>,
        b: Both<'_>, scale: f32,
    ) = pair_body;

    /// `out` gets `sum / weight`, which is also added to `columns`. Equal lengths.
    pub fn divided(level, out: &mut [f32], columns: &mut [f32], sum: &[f32], weight: &[f32]) = divided_body;

    /// On input `out` is the difference between a mean and a frame's result. On output it holds the frame's
    /// corrected samples: `source + (own − came + out − over) / 65535`. Equal lengths.
    pub fn corrected(level, out: &mut [f32], source: &[f32], middle: Both<'_>, over: &[f32]) = corrected_body;
}

#[inline(always)]
fn count_body(values: &[f32], source: &[f32]) -> Changes {
    let (mut moved, mut largest, mut sum) = (0u64, 0u32, 0i64);
    // Short pieces keep their counts small enough for fast integers.
    for (values, source) in values.chunks(256).zip(source.chunks(256)) {
        let mut m = 0u32;
        for (&v, &s) in values.iter().zip(source) {
            let codes = (v - s) * 255.0;
            m += u32::from(v.to_bits() != s.to_bits());
            // Bits of positive floats are ordered as the floats are.
            largest = largest.max(codes.abs().to_bits());
            sum += i64::from((codes * PARTS) as i32);
        }
        moved += u64::from(m);
    }
    Changes { moved, largest: f32::from_bits(largest), sum }
}

/// Distance from a code within which a value is that code, in codes.
const ON_CODE: f32 = 0.02;

#[inline(always)]
fn shown_body(out: &mut [f32], values: &[f32], scale: f32, zero: f32, max: f32) {
    for (out, &value) in out.iter_mut().zip(values) {
        let code = value * scale + zero;
        let nearest = (code + 0.5).floor().clamp(0.0, max);
        *out = if (code - nearest).abs() < ON_CODE { value } else { (nearest - zero) / scale };
    }
}

/// A row of a frame before and after processing.
#[derive(Clone, Copy, Debug)]
pub struct Both<'a> {
    /// Before.
    pub came: &'a [u16],
    /// After.
    pub own: &'a [u16],
}

#[inline(always)]
fn words_body(out: &mut [u16], values: &[f32]) {
    // Added to a float of up to 22 bits, the sum's lowest bits are the nearest integer; a cast takes twice
    // the time.
    const INTEGER: f32 = (1 << 23) as f32;
    let values = &values[..out.len()];
    for (out, &value) in out.iter_mut().zip(values) {
        *out = ((value * 65535.0).clamp(0.0, 65535.0) + INTEGER).to_bits() as u16;
    }
}

#[inline(always)]
fn differences_body(sums: &mut [u32], a: &[u16], b: &[u16]) {
    let n = sums.len();
    let (a, b) = (&a[..n], &b[..n]);
    for i in 0..n {
        sums[i] += u32::from(a[i].abs_diff(b[i]));
    }
}

#[inline(always)]
fn pair_body(
    sum: &mut [f32],
    weight: &mut [f32],
    shares: &[f32],
    middle: Both<'_>,
    a: Both<'_>,
    b: Both<'_>,
    scale: f32,
) {
    let n = sum.len();
    let (weight, shares, came, own) = (&mut weight[..n], &shares[..n], &middle.came[..n], &middle.own[..n]);
    let (a_came, a_own, b_came, b_own) = (&a.came[..n], &a.own[..n], &b.came[..n], &b.own[..n]);
    for i in 0..n {
        let here = i32::from(came[i]);
        let apart =
            (i32::from(a_came[i]) - here).abs().max((i32::from(b_came[i]) - here).abs()) as f32 * scale;
        let share = shares[i] * (1.0 - apart * apart).at_least(0.0);
        sum[i] += share * (i32::from(a_own[i]) + i32::from(b_own[i]) - 2 * i32::from(own[i])) as f32;
        weight[i] += 2.0 * share;
    }
}

#[inline(always)]
fn divided_body(out: &mut [f32], columns: &mut [f32], sum: &[f32], weight: &[f32]) {
    let n = out.len();
    let (columns, sum, weight) = (&mut columns[..n], &sum[..n], &weight[..n]);
    for i in 0..n {
        out[i] = sum[i] / weight[i];
        columns[i] += out[i];
    }
}

#[inline(always)]
fn corrected_body(out: &mut [f32], source: &[f32], middle: Both<'_>, over: &[f32]) {
    let n = out.len();
    let (source, came, own, over) = (&source[..n], &middle.came[..n], &middle.own[..n], &over[..n]);
    for i in 0..n {
        let correction = (i32::from(own[i]) - i32::from(came[i])) as f32 + (out[i] - over[i]);
        out[i] = source[i] + correction * (1.0 / 65535.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Level;
    use crate::test_numbers::{random, scaled};

    #[test]
    fn every_level_gives_the_same_bits() {
        for n in [0, 1, 7, 8, 63, 300, 1001] {
            let a: Vec<f32> = random(n, 1).iter().map(|v| 0.5 + 0.5 * v).collect();
            let near = |seed| -> Vec<f32> {
                a.iter().zip(scaled(n, seed, 0.01)).map(|(a, d)| if d < 0.0 { *a } else { a + d }).collect()
            };
            let now = near(3);
            let word =
                |seed| -> Vec<u16> { random(n, seed).iter().map(|v| (32767.0 * (1.0 + v)) as u16).collect() };
            let close: Vec<u16> = word(4).iter().map(|v| 30_000 + v % 900).collect();
            let frames = [
                (close.clone(), word(5)),
                (close.iter().map(|v| v + 40).collect(), word(6)),
                (word(7), word(8)),
            ];
            let [middle, before, after] = frames.each_ref().map(|(came, own)| Both { came, own });
            let shares: Vec<f32> = random(n, 9).iter().map(|v| v.abs()).collect();
            let run = |level| {
                let (mut words, mut sums) = (vec![0; n], vec![7; n]);
                to_words(level, &mut words, &now);
                add_differences(level, &mut sums, &frames[0].1, &frames[1].1);
                let (mut sum, mut weight) = (a.clone(), now.clone());
                add_pair(level, &mut sum, &mut weight, &shares, middle, before, before, 0.001);
                add_pair(level, &mut sum, &mut weight, &shares, middle, before, after, 0.001);
                let (mut out, mut columns) = (sum.clone(), now.clone());
                divided(level, &mut out, &mut columns, &sum, &weight);
                corrected(level, &mut out, &now, middle, &weight);
                let mut shown = vec![0.0; n];
                shown_row(level, &mut shown, &now, 219.0, 16.0, 255.0);
                (count_changes(level, &now, &a), words, sums, sum, weight, columns, out, shown)
            };
            let scalar = run(Level::Scalar);
            for level in Level::all() {
                assert_eq!(run(level), scalar, "{level:?}, {n} samples");
            }
        }
    }

    #[test]
    fn changes_are_counted_in_codes() {
        let code = 1.0 / 255.0;
        let source = vec![0.25f32; 700];
        let mut values = source.clone();
        (values[3], values[690]) = (0.25 + code, 0.25 - 3.0 * code);
        let found = count_changes(Level::best(), &values, &source);
        assert_eq!(found.moved, 2);
        assert!((found.largest - 3.0).abs() < 1e-4, "{}", found.largest);
        assert!((found.sum as f32 / PARTS + 2.0).abs() < 1e-4, "{}", found.sum);
    }
}
