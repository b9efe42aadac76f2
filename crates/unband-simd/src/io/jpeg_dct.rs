//! Forward and inverse 8×8 DCT of JPEG over runs of blocks.

// Bodies must be inlined into each level's function to be compiled for it; index loops, because several
// arrays share an index.
#![allow(clippy::inline_always, clippy::needless_range_loop)]

use crate::dispatch;

dispatch! {
    /// Coefficients to samples, in place. `blocks` holds whole blocks of 64 values: `8 * v + u` is the
    /// coefficient of frequency `u` across and `v` down, `8 * y + x` the sample. The transform is
    /// orthonormal, so a coefficient 0 of 8 makes 64 samples of 1. An incomplete block at the end stays
    /// unchanged.
    ///
    /// Source: ITU-T T.81, A.3.3 (IDCT); error against exact arithmetic below 4e-7 of the block's norm.
    pub fn inverse(level, blocks: &mut [f32]) = inverse_body;
    /// Samples to coefficients, in place: undone by [`inverse`].
    ///
    /// Source: ITU-T T.81, A.3.3 (FDCT).
    pub fn forward(level, blocks: &mut [f32]) = forward_body;
    /// Reconstructs rows of samples from the stored integers of a row of blocks: `number * step`,
    /// [`inverse`], plus `offset`.
    ///
    /// `coefficients` holds 64 integers per block in natural order, `steps` the quantiser. `rows` are eight
    /// rows, `stride` apart, with eight samples per block each; blocks that do not fit are skipped.
    pub fn blocks_to_rows(level, rows: &mut [f32], stride: usize, coefficients: &[i16], steps: &[f32; 64],
        offset: f32)
        = blocks_to_rows_body;
}

pub(crate) type BlockRow = [f32; 8];

/// cos(k·π/16) / 2 for k = 1..=7, where the comments say so; a quarter of 2·√2 for frequency 0.
const C1: f32 = 0.490_392_64;
const C2: f32 = 0.461_939_77;
const C3: f32 = 0.415_734_8;
pub(crate) const C4: f32 = 0.353_553_4;
const C5: f32 = 0.277_785_12;
const C6: f32 = 0.191_341_72;
const C7: f32 = 0.097_545_16;

/// The basis by frequency: `BASIS[u][x]` = c(u)/2 · cos((2x + 1)·u·π/16).
const BASIS: [BlockRow; 8] = [
    [C4, C4, C4, C4, C4, C4, C4, C4],
    [C1, C3, C5, C7, -C7, -C5, -C3, -C1],
    [C2, C6, -C6, -C2, -C2, -C6, C6, C2],
    [C3, -C7, -C1, -C5, C5, C1, C7, -C3],
    [C4, -C4, -C4, C4, C4, -C4, -C4, C4],
    [C5, -C1, C7, C3, -C3, -C7, C1, -C5],
    [C6, -C2, C2, -C6, -C6, C2, -C2, C6],
    [C7, -C5, C3, -C1, C1, -C3, C5, -C7],
];

/// The basis by position: its transpose.
const BASIS_BY_PLACE: [BlockRow; 8] = {
    let mut out = [[0.0; 8]; 8];
    let mut i = 0;
    while i < 64 {
        out[i % 8][i / 8] = BASIS[i / 8][i % 8];
        i += 1;
    }
    out
};

// Loops throughout, since closures passed to `map` or `from_fn` are not compiled for the level.

#[inline(always)]
fn sum(mut a: BlockRow, b: BlockRow) -> BlockRow {
    for i in 0..8 {
        a[i] += b[i];
    }
    a
}

#[inline(always)]
fn difference(mut a: BlockRow, b: BlockRow) -> BlockRow {
    for i in 0..8 {
        a[i] -= b[i];
    }
    a
}

/// `Σ weights[k] · rows[k]`, eight columns at once.
#[inline(always)]
fn weighted<const N: usize>(rows: [BlockRow; N], weights: [f32; N]) -> BlockRow {
    let mut out = rows[0];
    for i in 0..8 {
        out[i] *= weights[0];
    }
    for k in 1..N {
        for i in 0..8 {
            out[i] += rows[k][i] * weights[k];
        }
    }
    out
}

/// Across a row, for all eight rows: `out[r] = Σ basis[k] · rows[r][k]`.
#[inline(always)]
fn across(rows: &[BlockRow; 8], basis: &[BlockRow; 8]) -> [BlockRow; 8] {
    let mut out = [[0.0; 8]; 8];
    for r in 0..8 {
        let mut row = basis[0];
        for i in 0..8 {
            row[i] *= rows[r][0];
        }
        for k in 1..8 {
            for i in 0..8 {
                row[i] += basis[k][i] * rows[r][k];
            }
        }
        out[r] = row;
    }
    out
}

#[inline(always)]
pub(crate) fn inverse_block(f: &[BlockRow; 8]) -> [BlockRow; 8] {
    // Across first: the values are still in memory, where broadcasting one to a register is free.
    let f = across(f, &BASIS);
    // Down the columns: even frequencies are symmetric about the middle, odd ones antisymmetric.
    let (a, b) = (weighted([f[0], f[4]], [C4, C4]), weighted([f[0], f[4]], [C4, -C4]));
    let (c, d) = (weighted([f[2], f[6]], [C2, C6]), weighted([f[2], f[6]], [C6, -C2]));
    let even = [sum(a, c), sum(b, d), difference(b, d), difference(a, c)];
    let odd = [f[1], f[3], f[5], f[7]];
    let odd = [
        weighted(odd, [C1, C3, C5, C7]),
        weighted(odd, [C3, -C7, -C1, -C5]),
        weighted(odd, [C5, -C1, C7, C3]),
        weighted(odd, [C7, -C5, C3, -C1]),
    ];
    [
        sum(even[0], odd[0]),
        sum(even[1], odd[1]),
        sum(even[2], odd[2]),
        sum(even[3], odd[3]),
        difference(even[3], odd[3]),
        difference(even[2], odd[2]),
        difference(even[1], odd[1]),
        difference(even[0], odd[0]),
    ]
}

#[inline(always)]
pub(crate) fn forward_block(s: &[BlockRow; 8]) -> [BlockRow; 8] {
    let s = across(s, &BASIS_BY_PLACE);
    let even = [sum(s[0], s[7]), sum(s[1], s[6]), sum(s[2], s[5]), sum(s[3], s[4])];
    let odd =
        [difference(s[0], s[7]), difference(s[1], s[6]), difference(s[2], s[5]), difference(s[3], s[4])];
    let (a, b) = (sum(even[0], even[3]), sum(even[1], even[2]));
    let (c, d) = (difference(even[0], even[3]), difference(even[1], even[2]));
    [
        weighted([a, b], [C4, C4]),
        weighted(odd, [C1, C3, C5, C7]),
        weighted([c, d], [C2, C6]),
        weighted(odd, [C3, -C7, -C1, -C5]),
        weighted([a, b], [C4, -C4]),
        weighted(odd, [C5, -C1, C7, C3]),
        weighted([c, d], [C6, -C2]),
        weighted(odd, [C7, -C5, C3, -C1]),
    ]
}

#[inline(always)]
fn load(block: &[f32; 64]) -> [BlockRow; 8] {
    let mut rows = [[0.0; 8]; 8];
    for (row, block) in rows.iter_mut().zip(block.as_chunks().0) {
        *row = *block;
    }
    rows
}

#[inline(always)]
fn store(block: &mut [f32; 64], rows: &[BlockRow; 8]) {
    for (out, row) in block.as_chunks_mut().0.iter_mut().zip(rows) {
        *out = *row;
    }
}

#[inline(always)]
fn inverse_body(blocks: &mut [f32]) {
    for block in blocks.as_chunks_mut::<64>().0 {
        let rows = inverse_block(&load(block));
        store(block, &rows);
    }
}

#[inline(always)]
fn forward_body(blocks: &mut [f32]) {
    for block in blocks.as_chunks_mut::<64>().0 {
        let rows = forward_block(&load(block));
        store(block, &rows);
    }
}

#[inline(always)]
fn blocks_to_rows_body(
    rows: &mut [f32],
    stride: usize,
    coefficients: &[i16],
    steps: &[f32; 64],
    offset: f32,
) {
    let across = (rows.len().saturating_sub(7 * stride) / 8).min(stride / 8);
    for (column, coefficients) in coefficients.as_chunks::<64>().0.iter().take(across).enumerate() {
        let block: [BlockRow; 8] = std::array::from_fn(|v| {
            std::array::from_fn(|u| f32::from(coefficients[8 * v + u]) * steps[8 * v + u])
        });
        let block = inverse_block(&block);
        for (y, row) in block.iter().enumerate() {
            let start = y * stride + 8 * column;
            for (out, sample) in rows[start..start + 8].iter_mut().zip(row) {
                *out = sample + offset;
            }
        }
    }
}

#[cfg(test)]
mod tests;
