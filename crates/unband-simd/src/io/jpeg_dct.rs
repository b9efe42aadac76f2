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
    pub fn blocks_to_rows(level, rows: &mut [f32], stride: usize, coefficients: &[i16], steps: &[f32; 64], offset: f32)
        = blocks_to_rows_body;
}

pub(crate) type Row = [f32; 8];

/// cos(k·π/16) / 2 for k = 1..=7, where the comments say so; a quarter of 2·√2 for frequency 0.
const C1: f32 = 0.490_392_64;
const C2: f32 = 0.461_939_77;
const C3: f32 = 0.415_734_8;
const C4: f32 = 0.353_553_4;
const C5: f32 = 0.277_785_12;
const C6: f32 = 0.191_341_72;
const C7: f32 = 0.097_545_16;

/// The basis by frequency: `BASIS[u][x]` = c(u)/2 · cos((2x + 1)·u·π/16).
const BASIS: [Row; 8] = [
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
const BASIS_BY_PLACE: [Row; 8] = {
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
fn sum(mut a: Row, b: Row) -> Row {
    for i in 0..8 {
        a[i] += b[i];
    }
    a
}

#[inline(always)]
fn difference(mut a: Row, b: Row) -> Row {
    for i in 0..8 {
        a[i] -= b[i];
    }
    a
}

/// `Σ weights[k] · rows[k]`, eight columns at once.
#[inline(always)]
fn weighted<const N: usize>(rows: [Row; N], weights: [f32; N]) -> Row {
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
fn across(rows: &[Row; 8], basis: &[Row; 8]) -> [Row; 8] {
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
pub(crate) fn inverse_block(f: &[Row; 8]) -> [Row; 8] {
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
pub(crate) fn forward_block(s: &[Row; 8]) -> [Row; 8] {
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
fn load(block: &[f32; 64]) -> [Row; 8] {
    let mut rows = [[0.0; 8]; 8];
    for (row, block) in rows.iter_mut().zip(block.as_chunks().0) {
        *row = *block;
    }
    rows
}

#[inline(always)]
fn store(block: &mut [f32; 64], rows: &[Row; 8]) {
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
        let block: [Row; 8] = std::array::from_fn(|v| {
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
mod tests {
    use super::*;
    use crate::Level;
    use std::f64::consts::PI;

    fn noise(n: usize, scale: f32) -> Vec<f32> {
        let mut state = 12345u32;
        let mut next = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 8) as f32 / (1 << 23) as f32 - 1.0
        };
        (0..n).map(|_| scale * next()).collect()
    }

    fn exact_inverse(block: &[f32]) -> Vec<f64> {
        let c = |k: usize| if k == 0 { 0.5f64.sqrt() } else { 1.0 };
        let wave = |x: usize, u: usize| c(u) / 2.0 * ((2 * x + 1) as f64 * u as f64 * PI / 16.0).cos();
        (0..64)
            .map(|i| (0..64).map(|k| f64::from(block[k]) * wave(i % 8, k % 8) * wave(i / 8, k / 8)).sum())
            .collect()
    }

    #[test]
    fn the_inverse_is_the_sum_of_cosines() {
        let mut blocks = noise(64 * 5, 1000.0);
        blocks[64..128].fill(0.0);
        blocks[64] = 8.0;
        let exact: Vec<f64> = blocks.chunks(64).flat_map(exact_inverse).collect();
        inverse(Level::best(), &mut blocks);
        let worst = blocks.iter().zip(&exact).map(|(a, b)| (f64::from(*a) - b).abs()).fold(0.0, f64::max);
        // The norm of a block is about 4600.
        assert!(worst < 2e-3, "{worst}");
        assert!(blocks[64..128].iter().all(|v| (v - 1.0).abs() < 1e-6));
    }

    #[test]
    fn forward_undoes_inverse_and_keeps_the_norm() {
        let before = noise(64 * 9, 255.0);
        let mut blocks = before.clone();
        let norm = |b: &[f32]| b.iter().map(|v| f64::from(*v).powi(2)).sum::<f64>();
        forward(Level::best(), &mut blocks);
        assert!((norm(&before) / norm(&blocks) - 1.0).abs() < 1e-6);
        inverse(Level::best(), &mut blocks);
        let worst = blocks.iter().zip(&before).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
        assert!(worst < 1e-3, "{worst}");
    }

    #[test]
    fn every_level_gives_the_same_bits() {
        let bits = |v: &[f32]| v.iter().map(|v| v.to_bits()).collect::<Vec<_>>();
        for n in [0, 1, 63, 64, 65, 64 * 7 + 3] {
            let mut source = noise(n, 700.0);
            if n > 100 {
                source[70] = f32::MAX;
                source[200] = f32::INFINITY;
            }
            let run = |level| {
                let (mut there, mut back) = (source.clone(), source.clone());
                inverse(level, &mut there);
                forward(level, &mut back);
                // The bits of NaN are unspecified.
                let plain =
                    |v: Vec<f32>| v.into_iter().map(|v| if v.is_nan() { 0.5 } else { v }).collect::<Vec<_>>();
                (bits(&plain(there)), bits(&plain(back)))
            };
            let scalar = run(Level::Scalar);
            for level in Level::all() {
                assert_eq!(run(level), scalar, "{level:?}, {n}");
            }
        }
    }

    #[test]
    fn a_row_of_blocks_lands_where_its_samples_are() {
        let steps: [f32; 64] = std::array::from_fn(|i| (i % 13 + 1) as f32);
        let coefficients: Vec<i16> = noise(64 * 3, 20.0).iter().map(|v| *v as i16).collect();
        let mut blocks: Vec<f32> =
            coefficients.iter().enumerate().map(|(i, &k)| f32::from(k) * steps[i % 64]).collect();
        inverse(Level::Scalar, &mut blocks);
        for level in Level::all() {
            let stride = 27;
            let mut rows = vec![-7.0; 8 * stride];
            blocks_to_rows(level, &mut rows, stride, &coefficients, &steps, 128.0);
            for (i, row) in rows.chunks(stride).enumerate() {
                for x in 0..24 {
                    let expected = blocks[64 * (x / 8) + 8 * i + x % 8] + 128.0;
                    assert_eq!(row[x].to_bits(), expected.to_bits(), "{level:?} {x} {i}");
                }
                assert!(row[24..].iter().all(|&v| v.to_bits() == (-7.0f32).to_bits()));
            }
            // Too short slices do not panic.
            blocks_to_rows(level, &mut rows[..40], 8, &coefficients, &steps, 0.0);
            blocks_to_rows(level, &mut [], 0, &coefficients, &steps, 0.0);
        }
    }
}
