//! Row kernels of the banding metric CAMBI: luma, flat areas and modes of three.
//!
//! A *key* represents the value of an included sample; [`NONE`] marks an excluded one.

// Bodies must be inlined into each level's function to be compiled for it.
#![allow(clippy::inline_always)]

pub mod histogram;

/// Key of an excluded sample.
pub const NONE: u16 = u16::MAX;

crate::dispatch! {
    /// 1 where a sample equals the one on its right and the one below, else 0. The sample beyond the last
    /// column is assumed equal; for the last row pass the row itself as `below`.
    pub fn flat_row(level, out: &mut [u8], row: &[u16], below: &[u16]) = flat_body;

    /// `sums[x] += enters[x] - leaves[x]`, modulo 256.
    pub fn slide_sums(level, sums: &mut [u8], enters: &[u8], leaves: &[u8]) = slide_sums_body;

    /// 1 where the sum of seven values is above the limit, else 0; `sums` has three more values on each side.
    pub fn mask_row(level, out: &mut [u8], sums: &[u8], limit: u8) = mask_body;

    /// The mode of three values each, the smallest where all three differ.
    pub fn mode_row(level, out: &mut [u16], a: &[u16], b: &[u16], c: &[u16]) = mode_body;

    /// A quarter of the sum of each sample, its right neighbour and the two below, rounded down; the last
    /// column is half the sum of two.
    pub fn average_row(level, out: &mut [u16], row: &[u16], below: &[u16]) = average_body;

    /// Keys of values from `range[0]` to `range[1]` where the mask is not 0, counted from `range[0]`. Returns
    /// the number of masked samples, the sum of all values, and the number of keys whose values are from
    /// `range[2]` to `range[3]`.
    pub fn keys_row(level, keys: &mut [u16], values: &[u16], mask: &[u8],
        range: [u16; 4]) -> [u64; 3] = keys_body;

    /// 8-bit studio luma of RGB in 0..=1, `((47 R + 157 G + 16 B + 128) >> 8) + 16` of 8-bit codes. Returns
    /// whether all samples are exactly such codes; if not, the results are unspecified.
    pub fn luma8_row(level, out: &mut [u8], r: &[f32], g: &[f32], b: &[f32]) -> bool = luma8_body;
}

#[inline(always)]
fn flat_body(out: &mut [u8], row: &[u16], below: &[u16]) {
    let n = out.len();
    let Some(last) = n.checked_sub(1) else { return };
    let (row, below) = (&row[..n], &below[..n]);
    for (((out, here), right), below) in out[..last].iter_mut().zip(row).zip(&row[1..]).zip(below) {
        *out = u8::from(here == right) & u8::from(here == below);
    }
    out[last] = u8::from(row[last] == below[last]);
}

#[inline(always)]
fn slide_sums_body(sums: &mut [u8], enters: &[u8], leaves: &[u8]) {
    for ((sum, enters), leaves) in sums.iter_mut().zip(enters).zip(leaves) {
        *sum = sum.wrapping_add(*enters).wrapping_sub(*leaves);
    }
}

#[inline(always)]
fn mask_body(out: &mut [u8], sums: &[u8], limit: u8) {
    let n = out.len();
    let shifted: [&[u8]; 7] = std::array::from_fn(|k| &sums[k..][..n]);
    for (x, out) in out.iter_mut().enumerate() {
        let sum = shifted.iter().fold(0u8, |sum, row| sum.wrapping_add(row[x]));
        *out = u8::from(sum > limit);
    }
}

#[inline(always)]
fn mode_body(out: &mut [u16], a: &[u16], b: &[u16], c: &[u16]) {
    for (((out, &a), &b), &c) in out.iter_mut().zip(a).zip(b).zip(c) {
        let least = a.min(b).min(c);
        let mode = if b == c { b } else { least };
        *out = if a == b || a == c { a } else { mode };
    }
}

#[inline(always)]
fn average_body(out: &mut [u16], row: &[u16], below: &[u16]) {
    let n = out.len();
    let Some(last) = n.checked_sub(1) else { return };
    let (row, below) = (&row[..n], &below[..n]);
    let across = out[..last].iter_mut().zip(row).zip(&row[1..]).zip(below.iter().zip(&below[1..]));
    for (((out, a), b), (c, d)) in across {
        *out = (a + b + c + d) >> 2;
    }
    out[last] = (row[last] + below[last]) >> 1;
}

#[inline(always)]
fn keys_body(keys: &mut [u16], values: &[u16], mask: &[u8], range: [u16; 4]) -> [u64; 3] {
    let [low, high, least, most] = range;
    let mut sums = [0u64; 3];
    let parts = keys.chunks_mut(1024).zip(values.chunks(1024)).zip(mask.chunks(1024));
    for ((keys, values), mask) in parts {
        let mut part = [0u32; 3];
        for ((key, &value), &mask) in keys.iter_mut().zip(values).zip(mask) {
            let masked = u32::from(mask != 0);
            let within = |from: u16, to: u16| masked & u32::from(value >= from) & u32::from(value <= to);
            *key = if within(low, high) == 0 { NONE } else { value.wrapping_sub(low) };
            part[0] += masked;
            part[1] += u32::from(value);
            part[2] += within(least, most);
        }
        sums.iter_mut().zip(part).for_each(|(sum, part)| *sum += u64::from(part));
    }
    sums
}

#[inline(always)]
#[allow(clippy::float_cmp)] // a code is exact or none
fn luma8_body(out: &mut [u8], r: &[f32], g: &[f32], b: &[f32]) -> bool {
    let mut off = 0;
    for (((out, &r), &g), &b) in out.iter_mut().zip(r).zip(g).zip(b) {
        let [r, g, b] = [r, g, b].map(|v| {
            let code = (v * 255.0 + 0.5).clamp(0.0, 255.0) as i32;
            off |= u32::from(code as f32 / 255.0 != v);
            code
        });
        *out = (((47 * r + 157 * g + 16 * b + 128) >> 8) + 16) as u8;
    }
    off == 0
}

#[cfg(test)]
mod tests;
