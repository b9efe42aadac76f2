//! Quantisation of samples to code values, to the nearest or with per-sample thresholds.
// Bodies must be inlined into each level's function, to be vectorised for it.
#![allow(clippy::inline_always)]

use crate::Bound;
use crate::dispatch;

dispatch! {
    /// Puts a row on the grid of integer codes: `code = floor(value * scale + zero + threshold)` within
    /// `0..=max`, and back to `(code - zero) / scale`. A sample that moved by less than 0.1 code away from a
    /// source value on the grid takes that value again. All slices have the length of `values`.
    pub fn quantize_row(level, values: &mut [f32], source: &[f32], thresholds: &[f32], scale: f32, zero: f32,
        max: f32)
        = quantize_body;
}

/// Distance, in codes, that a sample must have moved to be more than noise.
const MOVED: f32 = 0.1;
/// Tolerance for a code to be on the grid: `f32` represents 16-bit codes to 0.004.
const ON_GRID: f32 = 0.02;

#[inline(always)]
fn quantize_body(values: &mut [f32], source: &[f32], thresholds: &[f32], scale: f32, zero: f32, max: f32) {
    let n = values.len();
    let (source, thresholds) = (&source[..n], &thresholds[..n]);
    for i in 0..n {
        let x = values[i] * scale + zero;
        let s = source[i] * scale + zero;
        let whole = (s + 0.5).floor();
        let keep = ((x - s).abs() < MOVED) & ((s - whole).abs() < ON_GRID);
        let dithered = (x + thresholds[i]).floor();
        let code = if keep { whole } else { dithered };
        // In this order so that NaN becomes 0.
        values[i] = (code.at_least(0.0).at_most(max) - zero) / scale;
    }
}

/// `(code - zero) / scale`.
#[inline(always)]
pub(crate) fn to_values<T: Copy + Into<f32>>(out: &mut [f32], codes: &[T], scale: f32, zero: f32) {
    for (out, &code) in out.iter_mut().zip(codes) {
        *out = (code.into() - zero) / scale;
    }
}

/// `value * scale + zero` as the nearest code within `0..=highest`; NaN becomes 0.
#[inline(always)]
pub(crate) fn nearest_code(value: f32, scale: f32, zero: f32, highest: f32) -> i32 {
    whole_within(value * scale + zero + 0.5, 0.0, highest)
}

/// `value` clamped to limits that `i32` holds, and truncated; NaN becomes the lower limit. A plain `as` tests
/// for all three once more, and rows are not vectorised.
#[inline(always)]
pub(crate) fn whole_within(value: f32, low: f32, high: f32) -> i32 {
    debug_assert!(low >= -2.0e9 && high <= 2.0e9, "{low} to {high}");
    // Both comparisons are false for NaN.
    let value = if value > low { value } else { low };
    let value = if value < high { value } else { high };
    // SAFETY: not NaN, and within the limits, which `i32` holds.
    unsafe { value.to_int_unchecked() }
}

#[cfg(test)]
#[allow(clippy::float_cmp)] // tests check exact results
mod tests {
    use super::*;
    use crate::Level;

    #[test]
    fn every_level_gives_the_same_bits() {
        for n in [0, 1, 7, 64, 129] {
            let source: Vec<f32> = (0..n).map(|i| ((i * 37) % 256) as f32 / 255.0).collect();
            let mut values: Vec<f32> =
                source.iter().enumerate().map(|(i, v)| v + (i % 9) as f32 * 0.0013 - 0.004).collect();
            if n > 3 {
                values[1] = f32::NAN;
                values[2] = 9.0;
                values[3] = -9.0;
            }
            let thresholds: Vec<f32> = (0..n).map(|i| ((i * 29) % 64) as f32 / 64.0 + 0.007).collect();
            let run = |level| {
                let mut out = values.clone();
                quantize_row(level, &mut out, &source, &thresholds, 255.0, 0.0, 255.0);
                out
            };
            let scalar = run(Level::Scalar);
            assert!(scalar.iter().all(|v| v.is_finite()));
            for level in Level::all() {
                assert_eq!(run(level), scalar, "{level:?}, {n} samples");
            }
        }
    }

    #[test]
    fn a_sample_that_hardly_moved_takes_its_source_code() {
        let source = [100.0 / 255.0; 3];
        let mut values = [100.05 / 255.0, 100.5 / 255.0, 99.91 / 255.0];
        quantize_row(Level::best(), &mut values, &source, &[0.999, 0.6, 0.001], 255.0, 0.0, 255.0);
        assert_eq!(values, [100.0 / 255.0, 101.0 / 255.0, 100.0 / 255.0]);
    }
}
