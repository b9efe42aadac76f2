//! Transposition between planar and channel-interleaved samples.
#![allow(clippy::inline_always)] // bodies must be compiled into the functions that have the instructions

use crate::Level;
#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
use crate::lanes::Lanes;

/// Dimensions of a strided table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    /// Rows of the input, columns of the output.
    pub rows: usize,
    /// Columns of the input, rows of the output.
    pub columns: usize,
    /// Floats between rows of the input; at least `columns`.
    pub step: usize,
    /// Floats between rows of the output; at least `rows`.
    pub out_step: usize,
}

/// `out[c · out_step + r] = table[r · step + c]`; gaps between the output's rows stay unchanged.
///
/// # Panics
/// When a slice is too short for the shape, or a step is.
pub fn transpose(level: Level, shape: Shape, out: &mut [f32], table: &[f32]) {
    let Shape { rows, columns, step, out_step } = shape;
    if rows == 0 || columns == 0 {
        return;
    }
    assert!(
        step >= columns && table.len() >= (rows - 1).saturating_mul(step).saturating_add(columns),
        "table"
    );
    assert!(
        out_step >= rows && out.len() >= (columns - 1).saturating_mul(out_step).saturating_add(rows),
        "output"
    );
    #[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
    if level.supported() > Level::Scalar {
        // SAFETY: levels beyond the scalar one have AVX2, or NEON on Arm, and the slices were checked.
        let side = unsafe { vectors::blocks(shape, out, table) };
        copy(shape, (rows / side * side..rows, 0..columns), out, table);
        copy(shape, (0..rows / side * side, columns / side * side..columns), out, table);
        return;
    }
    let _ = level;
    copy(shape, (0..rows, 0..columns), out, table);
}

/// Reference implementation, for some of the rows and columns.
fn copy(
    shape: Shape,
    (rows, columns): (std::ops::Range<usize>, std::ops::Range<usize>),
    out: &mut [f32],
    table: &[f32],
) {
    for r in rows {
        for c in columns.clone() {
            out[c * shape.out_step + r] = table[r * shape.step + c];
        }
    }
}

/// All whole blocks with as many rows and columns as a vector has floats.
#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
#[inline(always)]
unsafe fn turned<V: Lanes, const N: usize>(
    shape: Shape,
    out: &mut [f32],
    table: &[f32],
    turn: impl Fn([V; N]) -> [V; N],
) {
    const { assert!(V::LEN == N) };
    for c in (0..shape.columns / N * N).step_by(N) {
        for r in (0..shape.rows / N * N).step_by(N) {
            // SAFETY: the caller has the instructions, and checked that both slices hold all rows and
            // columns.
            unsafe {
                let from = table.as_ptr().add(r * shape.step + c);
                let to = out.as_mut_ptr().add(c * shape.out_step + r);
                let lines = turn(std::array::from_fn(|i| V::load(from.add(i * shape.step))));
                for (i, line) in lines.into_iter().enumerate() {
                    line.store(to.add(i * shape.out_step));
                }
            }
        }
    }
}

#[cfg(target_arch = "x86_64")]
mod vectors {
    use std::arch::x86_64::{
        __m256, _mm256_permute2f128_ps, _mm256_shuffle_ps, _mm256_unpackhi_ps, _mm256_unpacklo_ps,
    };

    use super::{Shape, turned};

    /// All whole blocks; returns their side.
    #[target_feature(enable = "avx2")]
    pub(super) unsafe fn blocks(shape: Shape, out: &mut [f32], table: &[f32]) -> usize {
        // SAFETY: this function has the instructions; the caller checked the slices.
        unsafe { turned::<_, 8>(shape, out, table, |lines| turn(lines)) }
        8
    }

    #[inline]
    #[target_feature(enable = "avx2")]
    fn turn(a: [__m256; 8]) -> [__m256; 8] {
        let pairs: [__m256; 8] = std::array::from_fn(|i| {
            let (x, y) = (a[i / 2 * 2], a[i / 2 * 2 + 1]);
            if i % 2 == 0 { _mm256_unpacklo_ps(x, y) } else { _mm256_unpackhi_ps(x, y) }
        });
        let fours: [__m256; 8] = std::array::from_fn(|i| {
            let (half, column) = (i / 4 * 4, i % 4);
            let (x, y) = (pairs[half + column / 2], pairs[half + column / 2 + 2]);
            if column % 2 == 0 { _mm256_shuffle_ps::<0x44>(x, y) } else { _mm256_shuffle_ps::<0xEE>(x, y) }
        });
        std::array::from_fn(|i| {
            let (x, y) = (fours[i % 4], fours[i % 4 + 4]);
            if i < 4 { _mm256_permute2f128_ps::<0x20>(x, y) } else { _mm256_permute2f128_ps::<0x31>(x, y) }
        })
    }
}

#[cfg(target_arch = "aarch64")]
mod vectors {
    use std::arch::aarch64::{
        float32x4_t, vreinterpretq_f32_f64, vreinterpretq_f64_f32, vtrn1q_f32, vtrn1q_f64, vtrn2q_f32,
        vtrn2q_f64,
    };

    use super::{Shape, turned};

    /// All whole blocks; returns their side.
    pub(super) unsafe fn blocks(shape: Shape, out: &mut [f32], table: &[f32]) -> usize {
        // SAFETY: every processor has NEON; the caller checked the slices.
        unsafe { turned::<_, 4>(shape, out, table, turn) }
        4
    }

    #[inline]
    fn turn(a: [float32x4_t; 4]) -> [float32x4_t; 4] {
        // SAFETY: every processor has NEON.
        unsafe {
            let pairs = [
                vtrn1q_f32(a[0], a[1]),
                vtrn2q_f32(a[0], a[1]),
                vtrn1q_f32(a[2], a[3]),
                vtrn2q_f32(a[2], a[3]),
            ]
            .map(|pair| vreinterpretq_f64_f32(pair));
            [
                vtrn1q_f64(pairs[0], pairs[2]),
                vtrn1q_f64(pairs[1], pairs[3]),
                vtrn2q_f64(pairs[0], pairs[2]),
                vtrn2q_f64(pairs[1], pairs[3]),
            ]
            .map(|line| vreinterpretq_f32_f64(line))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_level_turns_tables_of_all_sizes() {
        for (rows, columns, step, out_step) in [
            (8, 8, 8, 8),
            (64, 32, 1024, 64),
            (3, 17, 20, 5),
            (19, 9, 9, 40),
            (1, 1, 1, 1),
            (0, 4, 4, 4),
            (16, 33, 33, 16),
        ] {
            let shape = Shape { rows, columns, step, out_step };
            let table: Vec<f32> = (0..rows * step).map(|i| i as f32).collect();
            let mut want = vec![-1.0; columns * out_step];
            copy(shape, (0..rows, 0..columns), &mut want, &table);
            for r in 0..rows {
                assert!((0..columns).all(|c| want[c * out_step + r] as usize == r * step + c));
            }
            for level in Level::all() {
                let mut out = vec![-1.0; columns * out_step];
                transpose(level, shape, &mut out, &table);
                assert!(out == want, "{level:?} {shape:?}");
            }
        }
    }
}
