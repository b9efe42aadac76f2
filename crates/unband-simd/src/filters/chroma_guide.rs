//! Row kernels of chroma guided by luma: statistics of 3×3 samples.
//!
//! Rows named `above`, `here`, `below` have one sample more than the result at each end.

// Bodies must be inlined into each level's function to be compiled for it.
#![allow(clippy::inline_always, clippy::needless_range_loop)] // indices vectorise

use crate::Bound;
use crate::dispatch;

dispatch! {
    /// Sums over three rows of each column: luma, chroma, their squares, their product. Equal lengths.
    pub fn column_sums(level, sums: [&mut [f32]; 5], luma: [&[f32]; 3], chroma: [&[f32]; 3]) = sums_body;

    /// Slopes of chroma over luma in 3×3 samples times their correlation, from the sums of columns. `noise`:
    /// variances of luma and chroma that count as none.
    pub fn correlated_slopes(level, out: &mut [f32], sums: [&[f32]; 5], noise: (f32, f32)) = correlated_body;

    /// Lines of chroma over luma in 3×3 samples, from the sums of columns: slopes, and values at luma 0.
    pub fn lines(level, slopes: &mut [f32], offsets: &mut [f32], sums: [&[f32]; 5], noise: f32) = lines_body;

    /// Means of 3×3 samples.
    pub fn means_of_nine(level, out: &mut [f32], above: &[f32], here: &[f32], below: &[f32]) = means_body;

    /// Weighted means of 3×3 samples: neighbours weigh `across` and `down`, the rest is the sample's own.
    pub fn blurred(level, out: &mut [f32], above: &[f32], here: &[f32], below: &[f32], across: f32, down: f32)
        = blurred_body;
}

#[inline(always)]
fn sums_body(sums: [&mut [f32]; 5], luma: [&[f32]; 3], chroma: [&[f32]; 3]) {
    let n = sums[0].len();
    let [a, b, c, d, e] = sums.map(|row| &mut row[..n]);
    let ([l0, l1, l2], [c0, c1, c2]) = (luma.map(|row| &row[..n]), chroma.map(|row| &row[..n]));
    for x in 0..n {
        a[x] = l0[x] + l1[x] + l2[x];
        b[x] = c0[x] + c1[x] + c2[x];
        c[x] = l0[x] * l0[x] + l1[x] * l1[x] + l2[x] * l2[x];
        d[x] = c0[x] * c0[x] + c1[x] * c1[x] + c2[x] * c2[x];
        e[x] = l0[x] * c0[x] + l1[x] * c1[x] + l2[x] * c2[x];
    }
}

/// Mean of three columns.
#[inline(always)]
fn mean(sums: &[f32], x: usize) -> f32 {
    (sums[x] + sums[x + 1] + sums[x + 2]) * (1.0 / 9.0)
}

#[inline(always)]
fn correlated_body(out: &mut [f32], sums: [&[f32]; 5], noise: (f32, f32)) {
    let n = out.len();
    let [a, b, c, d, e] = sums.map(|row| &row[..n + 2]);
    for x in 0..n {
        let (luma, chroma) = (mean(a, x), mean(b, x));
        let of_luma = (mean(c, x) - luma * luma).at_least(0.0) + noise.0;
        let of_chroma = (mean(d, x) - chroma * chroma).at_least(0.0) + noise.1;
        let both = mean(e, x) - luma * chroma;
        out[x] = both / of_luma * (both * both / (of_luma * of_chroma)).at_most(1.0).sqrt();
    }
}

#[inline(always)]
fn lines_body(slopes: &mut [f32], offsets: &mut [f32], sums: [&[f32]; 5], noise: f32) {
    let n = slopes.len();
    let offsets = &mut offsets[..n];
    let [a, b, c, _, e] = sums.map(|row| &row[..n + 2]);
    for x in 0..n {
        let (luma, chroma) = (mean(a, x), mean(b, x));
        let slope = (mean(e, x) - luma * chroma) / ((mean(c, x) - luma * luma).at_least(0.0) + noise);
        slopes[x] = slope;
        offsets[x] = chroma - slope * luma;
    }
}

#[inline(always)]
fn means_body(out: &mut [f32], above: &[f32], here: &[f32], below: &[f32]) {
    let n = out.len();
    let (above, here, below) = (&above[..n + 2], &here[..n + 2], &below[..n + 2]);
    for x in 0..n {
        out[x] = mean(above, x) + mean(here, x) + mean(below, x);
    }
}

#[inline(always)]
fn blurred_body(out: &mut [f32], above: &[f32], here: &[f32], below: &[f32], across: f32, down: f32) {
    let n = out.len();
    let (above, here, below) = (&above[..n + 2], &here[..n + 2], &below[..n + 2]);
    let column = |x: usize| down * (above[x] + below[x]) + (1.0 - 2.0 * down) * here[x];
    for x in 0..n {
        out[x] = across * (column(x) + column(x + 2)) + (1.0 - 2.0 * across) * column(x + 1);
    }
}

#[cfg(test)]
mod tests;
