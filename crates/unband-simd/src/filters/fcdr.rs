//! Row kernels of FCDR: differences to opposite neighbours, and their similarity along strips.

// Bodies must be inlined into each level's function to be compiled for it; branches would prevent
// vectorisation.
#![allow(clippy::inline_always, clippy::needless_bitwise_bool)]

use crate::dispatch;

/// Half the side of the block around each pixel.
pub const REACH: usize = 4;

/// Thresholds; those of sums are in codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// A pixel is on a step when any of its sums reaches this.
    pub step: u16,
    /// It is texture or a sharp edge when any of its sums reaches this …
    pub edge: u16,
    /// … or all four together reach this.
    pub texture: u16,
    /// Two pixels are alike when their sums differ by less than this, all four together.
    pub alike: u16,
    /// Minimum number of similar pixels in the fullest of the block's four strips …
    pub fullest: u16,
    /// … and maximum number in the emptiest.
    pub emptiest: u16,
}

impl Limits {
    /// Sums are clipped to this: larger ones are edges, and similar only to edges. At most 16383, as four of
    /// them must fit.
    fn most(&self) -> u16 {
        self.edge.max(self.step).saturating_add(self.alike).min(16_383)
    }
}

dispatch! {
    /// For pixels in a row, the sums of the differences to two opposite neighbours: falling diagonal,
    /// vertical, rising diagonal, horizontal. `rows` are the row above, the row itself and the row below,
    /// each with one more sample on both sides.
    ///
    /// # Panics
    /// When a row has another length.
    pub fn sums_row(level, out: [&mut [u16]; 4], rows: [&[u16]; 3], limits: &Limits) = sums_body;
    /// Candidate pixels of a row: bit 0 on a step (FCDR's first map), bit 1 on a step and neither texture nor
    /// a sharp edge (its second). All slices have the same length.
    ///
    /// # Panics
    /// When a slice has another length.
    pub fn candidates_row(level, out: &mut [u8], sums: [&[u16]; 4], limits: &Limits) = candidates_body;
    /// Candidates (bit 1 of `maps`) that are part of a contour (FCDR's third map): sets their bit 2. `sums`
    /// hold rows of `stride`; the first pixel's sums are at `start`, and [`REACH`] columns and rows around
    /// the pixels are read.
    ///
    /// # Panics
    /// When `sums` are too short for that.
    pub fn contours_row(level, maps: &mut [u8], sums: [&[u16]; 4], stride: usize, start: usize,
        limits: &Limits) = contours_body;
    /// Sums of nine rows, each as long as `out`, from the first to the last.
    ///
    /// # Panics
    /// When a row has another length.
    pub fn sum_of_nine_rows(level, out: &mut [f32], rows: [&[f32]; 9]) = rows_body;
    /// Means of nine by nine samples from sums of nine rows: `out[i]` is the sum of `sums[i..i + 9]` divided
    /// by 81.
    ///
    /// # Panics
    /// When `sums` is not 8 longer than `out`.
    pub fn mean_of_nine_columns(level, out: &mut [f32], sums: &[f32]) = columns_body;
}

#[inline(always)]
fn sums_body(out: [&mut [u16]; 4], rows: [&[u16]; 3], limits: &Limits) {
    let [a, b, c, d] = out;
    let count = a.len();
    let most = u32::from(limits.most());
    let [above, own, below] = rows.map(|row| &row[..count + 2]);
    let (b, c, d) = (&mut b[..count], &mut c[..count], &mut d[..count]);
    for i in 0..count {
        let middle = own[i + 1];
        let sum = |one: u16, other: u16| {
            let sum = u32::from(middle.abs_diff(one)) + u32::from(middle.abs_diff(other));
            sum.min(most) as u16
        };
        a[i] = sum(above[i], below[i + 2]);
        b[i] = sum(above[i + 1], below[i + 1]);
        c[i] = sum(above[i + 2], below[i]);
        d[i] = sum(own[i], own[i + 2]);
    }
}

#[inline(always)]
fn candidates_body(out: &mut [u8], sums: [&[u16]; 4], limits: &Limits) {
    let count = out.len();
    let sums = sums.map(|row| &row[..count]);
    for (i, out) in out.iter_mut().enumerate() {
        let [a, b, c, d] = sums.map(|row| row[i]);
        let largest = a.max(b).max(c.max(d));
        let on_step = largest >= limits.step;
        let plain = (largest < limits.edge) & (a + b + c + d < limits.texture);
        *out = u8::from(on_step) | (u8::from(on_step & plain) << 1);
    }
}

/// Pixels per block.
const BLOCK: usize = 64;

#[inline(always)]
fn contours_body(maps: &mut [u8], sums: [&[u16]; 4], stride: usize, start: usize, limits: &Limits) {
    let alike = limits.alike;
    let first = start.checked_sub(REACH * stride + REACH);
    let Some(first) = first.filter(|_| !maps.is_empty()) else {
        assert!(maps.is_empty(), "{REACH} rows and columns before the pixels are read");
        return;
    };
    for (b, maps) in maps.chunks_mut(BLOCK).enumerate() {
        if !maps.iter().any(|map| map & 2 != 0) {
            continue;
        }
        let count = maps.len();
        let mut own = [[0u16; BLOCK]; 4];
        for (own, sums) in own.iter_mut().zip(sums) {
            own[..count].copy_from_slice(&sums[start + b * BLOCK..][..count]);
        }
        let mut strips = [[0u16; BLOCK]; 4];
        for dy in 0..=2 * REACH {
            for dx in 0..=2 * REACH {
                let [vertical, horizontal] = [dx, dy].map(|d| d.abs_diff(REACH) <= 1);
                let inside = [vertical, horizontal, dx.abs_diff(dy) <= 1, (dx + dy).abs_diff(2 * REACH) <= 1];
                if inside == [false; 4] {
                    continue;
                }
                let from = first + b * BLOCK + dy * stride + dx;
                let mut apart = [0u16; BLOCK];
                for (own, sums) in own.iter().zip(sums) {
                    let other = &sums[from..][..count];
                    for ((apart, &own), &other) in apart.iter_mut().zip(own).zip(other) {
                        *apart += own.abs_diff(other);
                    }
                }
                for (strip, _) in strips.iter_mut().zip(inside).filter(|&(_, inside)| inside) {
                    for (strip, &apart) in strip.iter_mut().zip(&apart) {
                        *strip += u16::from(apart < alike);
                    }
                }
            }
        }
        for (i, map) in maps.iter_mut().enumerate() {
            let [a, b, c, d] = [0, 1, 2, 3].map(|s: usize| strips[s][i]);
            let (fullest, emptiest) = (a.max(b).max(c.max(d)), a.min(b).min(c.min(d)));
            let contour = (fullest >= limits.fullest) & (emptiest <= limits.emptiest);
            *map |= (u8::from(contour) << 2) & ((*map & 2) << 1);
        }
    }
}

#[inline(always)]
fn rows_body(out: &mut [f32], rows: [&[f32]; 9]) {
    let count = out.len();
    let rows = rows.map(|row| &row[..count]);
    for (i, out) in out.iter_mut().enumerate() {
        let mut sum = 0.0;
        for row in rows {
            sum += row[i];
        }
        *out = sum;
    }
}

#[inline(always)]
fn columns_body(out: &mut [f32], sums: &[f32]) {
    let count = out.len();
    let sums = &sums[..count + 8];
    for (i, out) in out.iter_mut().enumerate() {
        let mut sum = 0.0;
        for k in 0..9 {
            sum += sums[i + k];
        }
        *out = sum / 81.0;
    }
}

#[cfg(test)]
mod tests;
