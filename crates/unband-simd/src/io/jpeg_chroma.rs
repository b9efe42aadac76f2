//! Row kernels for JPEG output: chroma upsampling, and conversion of luma and chroma to RGB.

// Bodies must be inlined into each level's function to be compiled for it.
#![allow(clippy::inline_always)]

use crate::dispatch;

dispatch! {
    /// A quarter of the way from `near` to `far`: a row of a component with half as many rows. Equal lengths.
    ///
    /// Source: libjpeg-turbo `jdsample.c`, triangle filter.
    pub fn between_rows(level, out: &mut [f32], near: &[f32], far: &[f32]) = between_rows_body;
    /// Doubles the number of samples: each half is a quarter of the way to its neighbour, the outermost stay
    /// as they are. `out` takes up to `2 * row.len()`; an empty `row` leaves it unchanged.
    ///
    /// Source: libjpeg-turbo `jdsample.c`, triangle filter.
    pub fn twice_as_wide(level, out: &mut [f32], row: &[f32]) = twice_as_wide_body;
    /// `value / max`. Equal lengths.
    pub fn to_unit(level, out: &mut [f32], row: &[f32], max: f32) = to_unit_body;
    /// Luma and the two chroma differences around zero, in codes, to red, green and blue divided by `max`.
    /// Equal lengths.
    ///
    /// Source: ITU-T T.871, 7.
    pub fn ycc_to_rgb(level, red: &mut [f32], green: &mut [f32], blue: &mut [f32], luma: &[f32], cb: &[f32],
        cr: &[f32], max: f32)
        = ycc_to_rgb_body;
}

#[inline(always)]
fn between_rows_body(out: &mut [f32], near: &[f32], far: &[f32]) {
    for (out, (near, far)) in out.iter_mut().zip(near.iter().zip(far)) {
        *out = 0.75 * near + 0.25 * far;
    }
}

#[inline(always)]
fn twice_as_wide_body(out: &mut [f32], row: &[f32]) {
    let (Some(&first), Some(&last)) = (row.first(), row.last()) else { return };
    let n = row.len();
    // Between the outermost two, the pairs (3a + b, a + 3b) are adjacent.
    if let Some(first_out) = out.first_mut() {
        *first_out = first;
    }
    if let Some(last_out) = out.get_mut(2 * n - 1) {
        *last_out = last;
    }
    let inner = out.get_mut(1..).unwrap_or_default();
    let (pairs, rest) = inner.as_chunks_mut::<2>();
    let next = &row[1..];
    for (pair, (a, b)) in pairs.iter_mut().zip(row.iter().zip(next)) {
        *pair = [0.75 * a + 0.25 * b, 0.25 * a + 0.75 * b];
    }
    let whole = pairs.len();
    if let [odd] = rest
        && whole + 1 < n
    {
        *odd = 0.75 * row[whole] + 0.25 * row[whole + 1];
    }
}

#[inline(always)]
fn to_unit_body(out: &mut [f32], row: &[f32], max: f32) {
    for (out, value) in out.iter_mut().zip(row) {
        *out = value / max;
    }
}

/// BT.601's luma coefficients of red and blue.
const RED: f32 = 0.299;
const BLUE: f32 = 0.114;
const GREEN: f32 = 1.0 - RED - BLUE;
const CR_TO_RED: f32 = 2.0 * (1.0 - RED);
const CB_TO_BLUE: f32 = 2.0 * (1.0 - BLUE);
const CB_TO_GREEN: f32 = -CB_TO_BLUE * BLUE / GREEN;
const CR_TO_GREEN: f32 = -CR_TO_RED * RED / GREEN;

#[inline(always)]
fn ycc_to_rgb_body(
    red: &mut [f32],
    green: &mut [f32],
    blue: &mut [f32],
    luma: &[f32],
    cb: &[f32],
    cr: &[f32],
    max: f32,
) {
    let n = red.len().min(luma.len());
    let (red, green, blue) = (&mut red[..n], &mut green[..n], &mut blue[..n]);
    let (luma, cb, cr) = (&luma[..n], &cb[..n], &cr[..n]);
    for i in 0..n {
        red[i] = (luma[i] + CR_TO_RED * cr[i]) / max;
        green[i] = (luma[i] + (CB_TO_GREEN * cb[i] + CR_TO_GREEN * cr[i])) / max;
        blue[i] = (luma[i] + CB_TO_BLUE * cb[i]) / max;
    }
}

#[cfg(test)]
#[allow(clippy::float_cmp)] // tests check equal bits
mod tests;
