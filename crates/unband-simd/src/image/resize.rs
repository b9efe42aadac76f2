//! Weighted sums of rows, the common kernel of resizing, blurs and convolutions of planes.
#![allow(clippy::inline_always)] // `dispatch!` needs it

use std::ops::{AddAssign, Mul};

use crate::dispatch;

/// Sums that stay in registers.
const BLOCK: usize = 64;
/// The same for the rest of a row.
const SMALL: usize = 8;

#[inline(always)]
fn block<T: Copy + Default + AddAssign + Mul<Output = T>, const N: usize>(
    out: &mut [T],
    source: &[T],
    taps: &[(usize, T)],
) {
    let mut sums = [T::default(); N];
    for &(offset, weight) in taps {
        let from = &source[offset..][..N];
        for (sum, v) in sums.iter_mut().zip(from) {
            *sum += weight * *v;
        }
    }
    out.copy_from_slice(&sums);
}

#[inline(always)]
fn sums_body<T: Copy + Default + AddAssign + Mul<Output = T>>(
    out: &mut [T],
    source: &[T],
    taps: &[(usize, T)],
) {
    let mut at = 0;
    while out.len() - at >= BLOCK {
        block::<T, BLOCK>(&mut out[at..at + BLOCK], &source[at..], taps);
        at += BLOCK;
    }
    while out.len() - at >= SMALL {
        block::<T, SMALL>(&mut out[at..at + SMALL], &source[at..], taps);
        at += SMALL;
    }
    for x in at..out.len() {
        block::<T, 1>(&mut out[x..=x], &source[x..], taps);
    }
}

dispatch! {
    /// `out[x]` is the sum of `weight · source[offset + x]` over the taps `(offset, weight)`, in their order.
    ///
    /// # Panics
    /// When a tap reads beyond the source.
    pub fn weighted_sums(level, out: &mut [f32], source: &[f32], taps: &[(usize, f32)]) = sums_body::<f32>;
    /// The same in double precision.
    ///
    /// # Panics
    /// When a tap reads beyond the source.
    pub fn weighted_sums_f64(level, out: &mut [f64], source: &[f64],
        taps: &[(usize, f64)]) = sums_body::<f64>;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Level;
    use crate::test_numbers::numbers;

    #[test]
    fn every_level_sums_the_same_bits_at_every_length() {
        let source = numbers(400, 3);
        let wide: Vec<f64> = source.iter().map(|v| f64::from(*v)).collect();
        for len in [0, 1, 7, 8, 9, 63, 64, 65, 72, 200] {
            for taps in [vec![], vec![(5, 0.5)], vec![(0, 0.3), (17, -1.25), (3, 0.01), (200, 2.0)]] {
                let want: Vec<f32> = (0..len)
                    .map(|x| taps.iter().fold(0.0, |sum, (at, weight)| sum + weight * source[at + x]))
                    .collect();
                let taps_f64: Vec<(usize, f64)> = taps.iter().map(|(at, w)| (*at, f64::from(*w))).collect();
                let want_f64: Vec<f64> = (0..len)
                    .map(|x| taps_f64.iter().fold(0.0, |sum, (at, weight)| sum + weight * wide[at + x]))
                    .collect();
                for level in Level::all() {
                    let mut out = vec![f32::NAN; len];
                    weighted_sums(level, &mut out, &source, &taps);
                    assert_eq!(out, want, "{level:?} {len}");
                    let mut out = vec![f64::NAN; len];
                    weighted_sums_f64(level, &mut out, &wide, &taps_f64);
                    assert_eq!(out, want_f64, "{level:?} {len}");
                }
            }
        }
    }
}
