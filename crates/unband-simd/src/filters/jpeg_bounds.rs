//! Kernels for rows of 8×8 blocks: thresholding of small coefficients, and clamping of coefficients near
//! stored ones.

// Bodies must be inlined into each level's function to be compiled for it; index loops, because several
// arrays share an index.
#![allow(clippy::inline_always, clippy::needless_range_loop)]

use crate::Bound;
use crate::dispatch;
use crate::io::jpeg_dct::{BlockRow, C4, forward_block, inverse_block};

dispatch! {
    /// Drops the small coefficients of a row of blocks and adds the weighted result to sums.
    ///
    /// `rows` are eight rows, `stride` apart; block `i` begins at column `8 * i`. A coefficient is kept if
    /// its magnitude exceeds its entry in `limits` (natural order); the mean always is. The weight of a block
    /// is one over its number of kept coefficients. `sums` gets weight × sample, `weights` the weight, both
    /// laid out as `rows`. Blocks that do not fit are skipped.
    pub fn add_sparse_blocks(level, sums: &mut [f32], weights: &mut [f32], rows: &[f32], stride: usize,
        blocks: usize, limits: &[f32; 64])
        = add_sparse_blocks_body;
    /// Clamps the coefficients of a row of blocks near their stored values: within `number * step`, plus or
    /// minus the entry of `reach` in steps.
    ///
    /// `rows` as in [`add_sparse_blocks`], changed in place; `coefficients` holds 64 integers per block and
    /// `steps` the quantiser, in natural order. `classes` selects the entry of `reach` for each block; blocks
    /// with no such class stay unchanged. NaN becomes the lower end.
    pub fn keep_near_coefficients(level, rows: &mut [f32], stride: usize, coefficients: &[i16],
        steps: &[f32; 64], reach: &[[f32; 64]], classes: &[u8])
        = keep_near_coefficients_body;
}

/// Reads the block at column `x` of eight rows.
#[inline(always)]
fn load(rows: &[f32], stride: usize, x: usize) -> [BlockRow; 8] {
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
        let kept = kept + others;
        if kept == 0.0 {
            // The inverse of a block with nothing but its mean.
            let sample = C4 * mean * C4;
            for y in 0..8 {
                let at = y * stride + 8 * b;
                sums[at..at + 8].iter_mut().for_each(|sum| *sum += sample);
                weights[at..at + 8].iter_mut().for_each(|weight| *weight += 1.0);
            }
            continue;
        }
        let weight = 1.0 / (kept + 1.0);
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
                let moved = (block[v][u] - stored).at_least(-room).at_most(room);
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
mod tests;
