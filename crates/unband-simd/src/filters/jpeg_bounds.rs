//! Kernels for rows of 8×8 blocks: thresholding of small coefficients, and clamping of coefficients near
//! stored ones.

// Bodies must be inlined into each level's function to be compiled for it; index loops, because several
// arrays share an index.
#![allow(clippy::inline_always, clippy::needless_range_loop)]

use crate::dispatch;
use crate::io::jpeg_dct::{Row, forward_block, inverse_block};

dispatch! {
    /// Drops the small coefficients of a row of blocks and adds the weighted result to sums.
    ///
    /// `rows` are eight rows, `stride` apart; block `i` begins at column `8 * i`. A coefficient is kept if
    /// its magnitude exceeds its entry in `limits` (natural order); the mean always is. The weight of a block
    /// is one over its number of kept coefficients. `sums` gets weight × sample, `weights` the weight, both
    /// laid out as `rows`. Blocks that do not fit are skipped.
    pub fn add_sparse_blocks(level, sums: &mut [f32], weights: &mut [f32], rows: &[f32], stride: usize, blocks: usize, limits: &[f32; 64])
        = add_sparse_blocks_body;
    /// Clamps the coefficients of a row of blocks near their stored values: within `number * step`, plus or
    /// minus the entry of `reach` in steps.
    ///
    /// `rows` as in [`add_sparse_blocks`], changed in place; `coefficients` holds 64 integers per block and
    /// `steps` the quantiser, in natural order. `classes` selects the entry of `reach` for each block; blocks
    /// with no such class stay unchanged. NaN becomes the lower end.
    pub fn keep_near_coefficients(level, rows: &mut [f32], stride: usize, coefficients: &[i16], steps: &[f32; 64], reach: &[[f32; 64]], classes: &[u8])
        = keep_near_coefficients_body;
}

/// Reads the block at column `x` of eight rows.
#[inline(always)]
fn load(rows: &[f32], stride: usize, x: usize) -> [Row; 8] {
    let mut block = [[0.0; 8]; 8];
    for y in 0..8 {
        block[y].copy_from_slice(&rows[y * stride + x..][..8]);
    }
    block
}

/// Number of blocks that fit side by side in eight rows.
#[inline(always)]
fn fitting(len: usize, stride: usize, blocks: usize) -> usize {
    if stride == 0 { 0 } else { blocks.min(len.saturating_sub(7 * stride).min(stride) / 8) }
}

#[inline(always)]
fn add_sparse_blocks_body(
    sums: &mut [f32],
    weights: &mut [f32],
    rows: &[f32],
    stride: usize,
    blocks: usize,
    limits: &[f32; 64],
) {
    let len = rows.len().min(sums.len()).min(weights.len());
    for b in 0..fitting(len, stride, blocks) {
        let mut block = forward_block(&load(rows, stride, 8 * b));
        let mean = block[0][0];
        let mut kept = [0.0f32; 8];
        for v in 0..8 {
            for u in 0..8 {
                let stays = block[v][u].abs() > limits[8 * v + u];
                block[v][u] = if stays { block[v][u] } else { 0.0 };
                kept[u] += if stays { 1.0 } else { 0.0 };
            }
        }
        let others = if mean.abs() > limits[0] { -1.0 } else { 0.0 };
        block[0][0] = mean;
        let kept = (kept[0] + kept[1]) + (kept[2] + kept[3]) + ((kept[4] + kept[5]) + (kept[6] + kept[7]));
        let weight = 1.0 / (kept + others + 1.0);
        let block = inverse_block(&block);
        for y in 0..8 {
            let at = y * stride + 8 * b;
            let sums = &mut sums[at..at + 8];
            for i in 0..8 {
                sums[i] += block[y][i] * weight;
            }
            let weights = &mut weights[at..at + 8];
            for i in 0..8 {
                weights[i] += weight;
            }
        }
    }
}

#[inline(always)]
fn keep_near_coefficients_body(
    rows: &mut [f32],
    stride: usize,
    coefficients: &[i16],
    steps: &[f32; 64],
    reach: &[[f32; 64]],
    classes: &[u8],
) {
    let blocks = coefficients.len() / 64;
    for b in 0..fitting(rows.len(), stride, blocks.min(classes.len())) {
        let Some(reach) = reach.get(usize::from(classes[b])) else { continue };
        let coefficients = &coefficients[64 * b..][..64];
        let mut block = forward_block(&load(rows, stride, 8 * b));
        for v in 0..8 {
            for u in 0..8 {
                let i = 8 * v + u;
                let stored = f32::from(coefficients[i]) * steps[i];
                let room = reach[i] * steps[i];
                // `max` first: NaN becomes the lower end.
                let moved = (block[v][u] - stored).max(-room).min(room);
                block[v][u] = stored + moved;
            }
        }
        let block = inverse_block(&block);
        for y in 0..8 {
            rows[y * stride + 8 * b..][..8].copy_from_slice(&block[y]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Level, io::jpeg_dct};

    const STRIDE: usize = 29;

    fn noise(n: usize, scale: f32) -> Vec<f32> {
        let mut state = 99u32;
        let mut next = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 8) as f32 / (1 << 23) as f32 - 1.0
        };
        (0..n).map(|_| scale * next()).collect()
    }

    fn coefficients(rows: &[f32], block: usize) -> Vec<f32> {
        let mut block: Vec<f32> = (0..64).map(|i| rows[i / 8 * STRIDE + 8 * block + i % 8]).collect();
        jpeg_dct::forward(Level::Scalar, &mut block);
        block
    }

    #[test]
    fn small_coefficients_go_and_few_kept_ones_weigh_more() {
        let mut limits = [40.0; 64];
        let rows = noise(8 * STRIDE, 50.0);
        let (mut sums, mut weights) = (vec![0.0; rows.len()], vec![0.0; rows.len()]);
        add_sparse_blocks(Level::best(), &mut sums, &mut weights, &rows, STRIDE, 9, &limits);
        for block in 0..3 {
            let before = coefficients(&rows, block);
            let kept = 1 + before[1..].iter().filter(|v| v.abs() > 40.0).count();
            let weight = weights[8 * block];
            assert!((weight * kept as f32 - 1.0).abs() < 1e-6, "{weight} {kept}");
            for (i, (after, before)) in coefficients(&sums, block).iter().zip(before).enumerate() {
                let wanted = if i == 0 || before.abs() > 40.0 { before * weight } else { 0.0 };
                assert!((after - wanted).abs() < 1e-3, "{i}: {after} {wanted}");
            }
        }
        // The fourth block would not fit.
        assert!(sums[24..STRIDE].iter().chain(&weights[24..STRIDE]).all(|&v| v == 0.0));
        limits[0] = 1e9;
        let (mut again, mut weight) = (vec![0.0; rows.len()], vec![0.0; rows.len()]);
        add_sparse_blocks(Level::best(), &mut again, &mut weight, &rows, STRIDE, 3, &limits);
        assert_eq!((again, weight), (sums, weights), "the mean always stays");
    }

    #[test]
    fn coefficients_end_inside_their_reach_and_move_no_farther_than_needed() {
        let stored: Vec<i16> = noise(192, 3.0).iter().map(|v| *v as i16).collect();
        let steps: [f32; 64] = std::array::from_fn(|i| 5.0 + i as f32);
        let reach = [[0.3; 64], [0.1; 64]];
        let before = noise(8 * STRIDE, 60.0);
        let mut rows = before.clone();
        keep_near_coefficients(Level::best(), &mut rows, STRIDE, &stored, &steps, &reach, &[0, 7, 1]);
        for (block, part) in [(0, Some(0.3)), (1, None), (2, Some(0.1))] {
            let (was, is) = (coefficients(&before, block), coefficients(&rows, block));
            for i in 0..64 {
                let stored = f32::from(stored[64 * block + i]) * steps[i];
                let room = part.map_or(f32::INFINITY, |part: f32| part * steps[i]);
                let wanted = was[i].clamp(stored - room, stored + room);
                assert!((is[i] - wanted).abs() < 1e-3, "{block} {i}: {} {wanted}", is[i]);
            }
        }
    }

    #[test]
    fn every_level_gives_the_same_bits() {
        for (stride, blocks) in [(0, 3), (7, 1), (8, 1), (STRIDE, 3), (64, 8)] {
            let mut rows = noise(8 * stride, 80.0);
            if stride == STRIDE {
                rows[3] = f32::INFINITY;
            }
            let limits: [f32; 64] = std::array::from_fn(|i| 20.0 + i as f32);
            let coefficients = vec![2; 64 * blocks];
            let run = |level| {
                let (mut sums, mut weights) = (vec![0.5; rows.len()], vec![0.25; rows.len()]);
                add_sparse_blocks(level, &mut sums, &mut weights, &rows, stride, blocks, &limits);
                let mut kept = rows.clone();
                keep_near_coefficients(
                    level,
                    &mut kept,
                    stride,
                    &coefficients,
                    &limits,
                    &[[0.4; 64]],
                    &vec![0; blocks],
                );
                let bits = |v: Vec<f32>| -> Vec<u32> {
                    // The bits of NaN are unspecified.
                    v.into_iter().map(|v| if v.is_nan() { 0 } else { v.to_bits() }).collect()
                };
                [bits(sums), bits(weights), bits(kept)]
            };
            let scalar = run(Level::Scalar);
            for level in Level::all() {
                assert_eq!(run(level), scalar, "{level:?} {stride}");
            }
        }
    }
}
