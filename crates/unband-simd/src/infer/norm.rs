//! Normalisation over the channels of each sample, and reductions per channel. Channels are innermost.
//!
//! 32-bit sums are kept in sixteen parts that are added at the end, in the same order at every level.
#![allow(clippy::inline_always)] // `dispatch!` needs it

use crate::dispatch;

/// Parts of a sum.
const PARTS: usize = 16;

#[inline(always)]
fn sum_of(values: &[f32], f: impl Fn(f32) -> f32) -> f32 {
    let mut parts = [0.0f32; PARTS];
    let mut chunks = values.chunks_exact(PARTS);
    for chunk in &mut chunks {
        for (part, &v) in parts.iter_mut().zip(chunk) {
            *part += f(v);
        }
    }
    for (part, &v) in parts.iter_mut().zip(chunks.remainder()) {
        *part += f(v);
    }
    let mut half = PARTS / 2;
    while half > 0 {
        for i in 0..half {
            parts[i] += parts[i + half];
        }
        half /= 2;
    }
    parts[0]
}

#[inline(always)]
fn layer_body(row: &mut [f32], weights: &[f32], biases: &[f32], eps: f32) {
    let channels = weights.len().max(1);
    let share = 1.0 / channels as f32;
    for sample in row.chunks_exact_mut(channels) {
        let mean = sum_of(sample, |v| v) * share;
        let variance = sum_of(sample, |v| (v - mean) * (v - mean)) * share;
        let root = (variance + eps).sqrt();
        for ((v, weight), bias) in sample.iter_mut().zip(weights).zip(biases) {
            *v = (*v - mean) / root * weight + bias;
        }
    }
}

#[inline(always)]
fn unit_body(row: &mut [f32], channels: usize, eps: f32) {
    for sample in row.chunks_exact_mut(channels.max(1)) {
        let root = sum_of(sample, |v| v * v).sqrt() + eps;
        for v in sample {
            *v /= root;
        }
    }
}

/// Channels whose sums stay in registers along a row.
const BLOCK: usize = 16;

/// Adds f of each channel's values.
#[inline(always)]
fn add_each(sums: &mut [f64], row: &[f32], f: impl Fn(f64) -> f64) {
    let channels = sums.len().max(1);
    let (blocks, rest) = sums.as_chunks_mut::<BLOCK>();
    for (number, block) in blocks.iter_mut().enumerate() {
        let mut own = *block;
        for sample in row.chunks_exact(channels) {
            let Some(values) = sample[number * BLOCK..].first_chunk::<BLOCK>() else { break };
            for (sum, &v) in own.iter_mut().zip(values) {
                *sum += f(f64::from(v));
            }
        }
        *block = own;
    }
    let first = channels - rest.len().min(channels);
    for sample in row.chunks_exact(channels) {
        for (sum, &v) in rest.iter_mut().zip(&sample[first..]) {
            *sum += f(f64::from(v));
        }
    }
}

#[inline(always)]
fn add_moments_body(sums: &mut [f64], squares: &mut [f64], row: &[f32]) {
    add_each(sums, row, |v| v);
    add_each(squares, row, |v| v * v);
}

#[inline(always)]
fn add_body(sums: &mut [f64], row: &[f32]) {
    add_each(sums, row, |v| v);
}

#[inline(always)]
fn largest_body(largest: &mut [f32], row: &[f32]) {
    for sample in row.chunks_exact(largest.len().max(1)) {
        for (most, &v) in largest.iter_mut().zip(sample) {
            *most = if v > *most { v } else { *most };
        }
    }
}

dispatch! {
    /// (v − mean) / √(variance + eps) · weight + bias, with the mean and the biased variance of each sample's
    /// channels.
    pub fn layer(level, row: &mut [f32], weights: &[f32], biases: &[f32], eps: f32) = layer_body;
    /// Each sample divided by the root of the sum of its channels' squares, plus eps.
    pub fn unit(level, row: &mut [f32], channels: usize, eps: f32) = unit_body;
    /// Adds each channel's values, and their squares, in 64 bits.
    pub fn add_moments(level, sums: &mut [f64], squares: &mut [f64], row: &[f32]) = add_moments_body;
    /// Adds each channel's values in 64 bits.
    pub fn add(level, sums: &mut [f64], row: &[f32]) = add_body;
    /// The maximum of the current value and each channel's values.
    pub fn largest(level, largest: &mut [f32], row: &[f32]) = largest_body;
}

#[cfg(test)]
#[allow(clippy::float_cmp)] // these numbers are exact
mod tests {
    use super::*;
    use crate::Level;
    use crate::test_numbers::numbers;

    #[test]
    fn all_levels_give_equal_bits() {
        for channels in [1, 3, 16, 37] {
            let (weights, biases) = (numbers(channels, 1), numbers(channels, 2));
            let run = |level| {
                let mut row = numbers(channels * 29, 3);
                layer(level, &mut row, &weights, &biases, 1e-5);
                unit(level, &mut row, channels, 1e-3);
                let (mut sums, mut squares) = (vec![0.5; channels], vec![0.25; channels]);
                add_moments(level, &mut sums, &mut squares, &row);
                add(level, &mut sums, &row);
                let mut most = vec![f32::NEG_INFINITY; channels];
                largest(level, &mut most, &row);
                row.extend(most);
                let row: Vec<u32> = row.into_iter().map(f32::to_bits).collect();
                (row, sums, squares)
            };
            let want = run(Level::Scalar);
            assert!(Level::all().all(|level| run(level) == want), "{channels} channels");
        }
    }

    #[test]
    fn a_norm_has_mean_zero_and_variance_one() {
        let mut row = numbers(40 * 3, 5);
        layer(Level::best(), &mut row, &[1.0; 40], &[0.0; 40], 0.0);
        for sample in row.chunks(40) {
            let of = |f: &dyn Fn(f64) -> f64| sample.iter().map(|&v| f(f64::from(v))).sum::<f64>() / 40.0;
            assert!(of(&|v| v).abs() < 1e-6 && (of(&|v| v * v) - 1.0).abs() < 1e-6);
        }
    }

    #[test]
    fn sums_are_those_of_the_channels() {
        let (mut sums, mut squares) = ([0.0; 2], [0.0; 2]);
        add_moments(Level::best(), &mut sums, &mut squares, &[1.0, 2.0, 3.0, -4.0]);
        assert_eq!((sums, squares), ([4.0, -2.0], [10.0, 20.0]));
        let mut most = [f32::NEG_INFINITY; 2];
        largest(Level::best(), &mut most, &[1.0, -2.0, f32::NAN, -4.0]);
        assert_eq!(most, [1.0, -2.0]);
        let mut row = [3.0, 4.0];
        unit(Level::best(), &mut row, 2, 0.0);
        assert_eq!(row, [0.6, 0.8]);
    }
}
