//! Grain, and rounding of 16-bit codes to fewer bits.

use super::{Code, Rounding};
use crate::{Level, dispatch};

dispatch! {
    /// Adds grain to 16-bit codes, saturating at the ends of their range.
    pub fn add_grain(level, values: &mut [u16], grain: &[i16]) = grain_body;
    /// `value * scale + shift`, rounded, as 16-bit codes.
    pub fn stretch_row(level, values: &mut [u16], scale: f32, shift: f32) = stretch_body;
    /// To 8-bit samples.
    pub(super) fn row_u8(level, out: &mut [u8], values: &[u16], thresholds: &[u16; 16],
        rounding: Rounding) = row::<u8>;
    /// To 16-bit samples.
    pub(super) fn row_u16(level, out: &mut [u16], values: &[u16], thresholds: &[u16; 16],
        rounding: Rounding) = row::<u16>;
}

/// Rounds 16-bit codes down to fewer bits, after adding thresholds that repeat every 16 samples.
pub fn round_row<T: Code>(
    level: Level,
    out: &mut [T],
    values: &[u16],
    thresholds: &[u16; 16],
    rounding: Rounding,
) {
    T::round(level, out, values, thresholds, rounding);
}

#[inline(always)]
fn grain_body(values: &mut [u16], grain: &[i16]) {
    for (value, &grain) in values.iter_mut().zip(grain) {
        *value = ((*value ^ 0x8000) as i16).saturating_add(grain) as u16 ^ 0x8000;
    }
}

#[inline(always)]
fn stretch_body(values: &mut [u16], scale: f32, shift: f32) {
    for value in values {
        let stretched = f32::from(*value) * scale + shift + 0.5;
        *value = stretched.clamp(0.0, 65535.0) as i32 as u16;
    }
}

#[inline(always)]
fn row<T: Code>(out: &mut [T], values: &[u16], thresholds: &[u16; 16], rounding: Rounding) {
    let Rounding { low, high, bits } = rounding;
    let down = 16 - u32::from(bits.clamp(1, 16));
    let one =
        |value: u16, threshold: u16| T::narrow(value.saturating_add(threshold).max(low).min(high) >> down);
    let many: [u16; 64] = std::array::from_fn(|i| thresholds[i % 16]);
    let count = out.len().min(values.len());
    let (out, out_rest) = out[..count].as_chunks_mut::<64>();
    let (values, values_rest) = values[..count].as_chunks::<64>();
    for (out, values) in out.iter_mut().zip(values) {
        for i in 0..64 {
            out[i] = one(values[i], many[i]);
        }
    }
    for ((out, &value), &threshold) in out_rest.iter_mut().zip(values_rest).zip(&many) {
        *out = one(value, threshold);
    }
}
