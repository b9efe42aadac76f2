//! Conversion of samples between 0 and 1 to integer codes and back.

// Bodies must be inlined into each level's function to be compiled for it.
#![allow(clippy::inline_always)]

use super::quantize::{nearest_code, to_values};
use crate::dispatch;

dispatch! {
    /// `value * scale + zero`, rounded, clamped to `0..=highest` (at most 255). NaN becomes 0.
    pub fn to_codes_u8(level, out: &mut [u8], values: &[f32], scale: f32, zero: f32,
        highest: u8) = to_codes_u8_body;
    /// As [`to_codes_u8`], for up to 16 bits.
    pub fn to_codes_u16(level, out: &mut [u16], values: &[f32], scale: f32, zero: f32,
        highest: u16) = to_codes_u16_body;
    /// Writes `(code - zero) / scale` wherever the code has changed.
    pub fn write_changed_u8(level, out: &mut [f32], before: &[u8], after: &[u8], scale: f32,
        zero: f32) = write_changed_body;
    /// As [`write_changed_u8`], for up to 16 bits.
    pub fn write_changed_u16(level, out: &mut [f32], before: &[u16], after: &[u16], scale: f32,
        zero: f32) = write_changed_body;
    /// `(code - zero) / scale`.
    pub fn to_values_u8(level, out: &mut [f32], codes: &[u8], scale: f32, zero: f32) = to_values;
    /// As [`to_values_u8`], for up to 16 bits.
    pub fn to_values_u16(level, out: &mut [f32], codes: &[u16], scale: f32, zero: f32) = to_values;
}

#[inline(always)]
fn to_codes_u8_body(out: &mut [u8], values: &[f32], scale: f32, zero: f32, highest: u8) {
    let highest = f32::from(highest);
    for (out, &value) in out.iter_mut().zip(values) {
        *out = nearest_code(value, scale, zero, highest) as u8;
    }
}

#[inline(always)]
fn to_codes_u16_body(out: &mut [u16], values: &[f32], scale: f32, zero: f32, highest: u16) {
    let highest = f32::from(highest);
    for (out, &value) in out.iter_mut().zip(values) {
        *out = nearest_code(value, scale, zero, highest) as u16;
    }
}

#[inline(always)]
fn write_changed_body<T: Copy + PartialEq + Into<f32>>(
    out: &mut [f32],
    before: &[T],
    after: &[T],
    scale: f32,
    zero: f32,
) {
    for (out, (&before, &after)) in out.iter_mut().zip(before.iter().zip(after)) {
        let value = (after.into() - zero) / scale;
        *out = if before == after { *out } else { value };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Level;

    #[test]
    fn every_code_of_every_depth_comes_back_at_every_level() {
        for bits in 1..=16u32 {
            let highest = (1u32 << bits) - 1;
            let (scale, half) = (highest as f32, (1u32 << (bits - 1)) as f32);
            // The scale of full-range samples, and of limited ones with their zero.
            for (scale, zero) in [(scale, 0.0), (half * 224.0 / 128.0, half * 16.0 / 128.0)] {
                let codes: Vec<u16> = (0..=highest).map(|c| c as u16).collect();
                let mut values = vec![9.0; codes.len()];
                let other: Vec<u16> = codes.iter().map(|c| c ^ 1).collect();
                for level in Level::all() {
                    write_changed_u16(level, &mut values, &other, &codes, scale, zero);
                    let mut back = vec![0; codes.len()];
                    to_codes_u16(level, &mut back, &values, scale, zero, highest as u16);
                    assert_eq!(back, codes, "{level:?} {bits}");
                    if bits <= 8 {
                        let mut back = vec![0; codes.len()];
                        to_codes_u8(level, &mut back, &values, scale, zero, highest as u8);
                        assert!(
                            back.iter().map(|&b| u16::from(b)).eq(codes.iter().copied()),
                            "{level:?} {bits}"
                        );
                    }
                }
            }
        }
    }

    #[test]
    fn what_is_no_code_is_clamped() {
        let odd = [f32::NAN, -1.0, 2.0, f32::INFINITY, f32::NEG_INFINITY, 0.5, -0.0];
        for level in Level::all() {
            let mut out = [7; 7];
            to_codes_u8(level, &mut out, &odd, 255.0, 0.0, 255);
            assert_eq!(out, [0, 0, 255, 255, 0, 128, 0], "{level:?}");
        }
    }

    #[test]
    fn unchanged_codes_leave_the_sample_alone() {
        for level in Level::all() {
            let mut out = [1.5, 0.3, 0.3];
            write_changed_u8(level, &mut out, &[255, 7, 7], &[255, 7, 51], 255.0, 0.0);
            assert!(out.iter().eq(&[1.5, 0.3, 0.2]), "{level:?} {out:?}");
        }
    }
}
