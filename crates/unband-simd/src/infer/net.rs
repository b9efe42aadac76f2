//! Row kernels of network layers: activations, affine maps, sums, interpolation, depthwise convolution.
//! Channels are innermost.
#![allow(clippy::inline_always)] // `dispatch!` needs it

use crate::dispatch;

#[inline(always)]
fn leaky_body(row: &mut [f32], slope: f32) {
    for v in row {
        *v = if *v > 0.0 { *v } else { slope * *v };
    }
}

#[inline(always)]
fn leaky_each_body(row: &mut [f32], slopes: &[f32]) {
    for sample in row.chunks_exact_mut(slopes.len().max(1)) {
        for (v, slope) in sample.iter_mut().zip(slopes) {
            *v = if *v > 0.0 { *v } else { slope * *v };
        }
    }
}

#[inline(always)]
fn affine_body(row: &mut [f32], scale: f32, offset: f32) {
    for v in row {
        *v = *v * scale + offset;
    }
}

#[inline(always)]
fn affine_each_body(row: &mut [f32], scales: &[f32], offsets: &[f32]) {
    for sample in row.chunks_exact_mut(scales.len().max(1)) {
        for ((v, scale), offset) in sample.iter_mut().zip(scales).zip(offsets) {
            *v = *v * scale + offset;
        }
    }
}

#[inline(always)]
fn mix_body(row: &mut [f32], other: &[f32], own: f32, factor: f32) {
    for (v, o) in row.iter_mut().zip(other) {
        *v = own * *v + factor * o;
    }
}

#[inline(always)]
fn times_body(row: &mut [f32], other: &[f32]) {
    for (v, o) in row.iter_mut().zip(other) {
        *v *= o;
    }
}

/// Channels whose sums stay in registers.
const BLOCK: usize = 16;

/// Geometry of a depthwise kernel: rows, taps in each of them, and samples between positions.
struct Window<'a> {
    rows: &'a [&'a [f32]],
    columns: usize,
    step: usize,
}

/// `P` positions from `x` on, channels from `first` on.
#[inline(always)]
fn depthwise_block<const P: usize>(
    out: &mut [f32],
    (x, first, channels): (usize, usize, usize),
    window: &Window<'_>,
    weights: &[f32],
    bias: &[f32; BLOCK],
) {
    let mut sums = [*bias; P];
    for (tap, weights) in weights.chunks_exact(channels).enumerate() {
        let row = window.rows[tap / window.columns];
        let Some(weights) = weights[first..].first_chunk::<BLOCK>() else { return };
        for (p, sums) in sums.iter_mut().enumerate() {
            let column = (x + p) * window.step + tap % window.columns;
            let Some(from) = row[column * channels + first..].first_chunk::<BLOCK>() else { return };
            for ((s, &v), &w) in sums.iter_mut().zip(from).zip(weights) {
                *s += v * w;
            }
        }
    }
    for (p, sums) in sums.iter().enumerate() {
        out[(x + p) * channels + first..][..BLOCK].copy_from_slice(sums);
    }
}

/// Sums of single channels, from `first` on.
#[inline(always)]
fn depthwise_rest(out: &mut [f32], first: usize, window: &Window<'_>, weights: &[f32], bias: &[f32]) {
    let channels = bias.len();
    for (x, sample) in out.chunks_exact_mut(channels).enumerate() {
        let sample = &mut sample[first..];
        sample.copy_from_slice(&bias[first..]);
        for (tap, weights) in weights.chunks_exact(channels).enumerate() {
            let column = x * window.step + tap % window.columns;
            let from = &window.rows[tap / window.columns][column * channels..][..channels];
            for ((s, &v), &w) in sample.iter_mut().zip(&from[first..]).zip(&weights[first..]) {
                *s += v * w;
            }
        }
    }
}

#[inline(always)]
fn depthwise_body(
    out: &mut [f32],
    rows: &[&[f32]],
    columns: usize,
    weights: &[f32],
    bias: &[f32],
    step: usize,
) {
    let channels = bias.len().max(1);
    let window = Window { rows, columns: columns.max(1), step };
    let width = out.len() / channels;
    // All channels of a few positions, then the next ones: rows are read from one end to the other.
    let mut x = 0;
    while x < width {
        let few = if x + 4 <= width { 4 } else { 1 };
        let mut first = 0;
        while let Some(bias) = bias[first..].first_chunk::<BLOCK>() {
            if few == 4 {
                depthwise_block::<4>(out, (x, first, channels), &window, weights, bias);
            } else {
                depthwise_block::<1>(out, (x, first, channels), &window, weights, bias);
            }
            first += BLOCK;
        }
        x += few;
    }
    let first = channels / BLOCK * BLOCK;
    if first < bias.len() {
        depthwise_rest(out, first, &window, weights, bias);
    }
}

#[inline(always)]
fn stretch_body(out: &mut [f32], row: &[f32], taps: &[(usize, usize, f32)], channels: usize, step: usize) {
    for (sample, &(left, right, share)) in out.chunks_mut(step.max(1)).zip(taps) {
        let (left, right) = (&row[left..][..channels], &row[right..][..channels]);
        for ((v, l), r) in sample.iter_mut().zip(left).zip(right) {
            *v = l * (1.0 - share) + r * share;
        }
    }
}

dispatch! {
    /// v where v is above 0, else slope · v.
    pub fn leaky(level, row: &mut [f32], slope: f32) = leaky_body;
    /// The same with a slope per channel.
    pub fn leaky_each(level, row: &mut [f32], slopes: &[f32]) = leaky_each_body;
    /// v · scale + offset.
    pub fn affine(level, row: &mut [f32], scale: f32, offset: f32) = affine_body;
    /// The same with a scale and an offset per channel.
    pub fn affine_each(level, row: &mut [f32], scales: &[f32], offsets: &[f32]) = affine_each_body;
    /// own · v + factor · other.
    pub fn mix(level, row: &mut [f32], other: &[f32], own: f32, factor: f32) = mix_body;
    /// v · other.
    pub fn times(level, row: &mut [f32], other: &[f32]) = times_body;
    /// Linear interpolation: samples of `channels`, `step` floats apart, each blended from the two that start
    /// at these offsets of `row`, with the weight of the second one.
    pub fn stretch(
        level, out: &mut [f32], row: &[f32], taps: &[(usize, usize, f32)], channels: usize, step: usize,
    ) = stretch_body;
    /// Depthwise convolution:
    /// `out[x, c] = bias[c] + Σ rows[tap div columns][x · step + tap mod columns, c] · weights[tap, c]` over
    /// taps, with `columns` taps per row.
    pub fn depthwise(
        level, out: &mut [f32], rows: &[&[f32]], columns: usize, weights: &[f32], bias: &[f32], step: usize,
    ) = depthwise_body;
}

#[cfg(test)]
#[allow(clippy::float_cmp)] // these numbers are exact
mod tests {
    use super::*;
    use crate::Level;
    use crate::test_numbers::numbers;

    #[test]
    fn all_levels_give_equal_bits() {
        let (a, b) = (numbers(35 * 7, 1), numbers(35 * 7, 2));
        let (c, d) = (numbers(7, 3), numbers(7, 4));
        let rows = [numbers(40 * 7, 5), numbers(40 * 7, 6), numbers(40 * 7, 7)];
        let rows: Vec<&[f32]> = rows.iter().map(Vec::as_slice).collect();
        let taps = numbers(9 * 7, 8);
        let run = |level: Level| {
            let mut row = a.clone();
            leaky(level, &mut row, 0.2);
            affine(level, &mut row, 1.7, -0.3);
            mix(level, &mut row, &b, 0.5, 0.2);
            leaky_each(level, &mut row, &c);
            affine_each(level, &mut row, &c, &d);
            times(level, &mut row, &b);
            let mut deep = vec![0.0; 35 * 7];
            depthwise(level, &mut deep, &rows, 3, &taps, &d, 1);
            row.extend(deep);
            let mut wide = vec![0.0; 12 * 9];
            let places: Vec<(usize, usize, f32)> =
                (0..12).map(|i| (i * 14, i * 14 + 7, i as f32 / 12.0)).collect();
            stretch(level, &mut wide, &a, &places, 7, 9);
            row.extend(wide);
            row.into_iter().map(f32::to_bits).collect::<Vec<_>>()
        };
        let want = run(Level::Scalar);
        for level in Level::all() {
            assert_eq!(run(level), want, "{level:?}");
        }
    }

    #[test]
    fn blocks_of_channels_give_what_single_ones_give() {
        let (channels, width, step) = (37, 7, 2);
        let rows = [1, 2, 3].map(|seed| numbers((2 * width + 1) * channels, seed));
        let rows: Vec<&[f32]> = rows.iter().map(Vec::as_slice).collect();
        let (weights, bias) = (numbers(9 * channels, 4), numbers(channels, 5));
        let mut want = vec![0.0; width * channels];
        depthwise_rest(&mut want, 0, &Window { rows: &rows, columns: 3, step }, &weights, &bias);
        for level in Level::all() {
            let mut out = vec![0.0; width * channels];
            depthwise(level, &mut out, &rows, 3, &weights, &bias, step);
            assert!(out == want, "{level:?}");
        }
    }

    #[test]
    fn a_depthwise_kernel_of_one_is_a_product() {
        let mut out = [0.0; 4];
        depthwise(Level::Scalar, &mut out, &[&[1.0, 2.0, 3.0, 4.0]], 1, &[10.0, 100.0], &[0.5, 0.25], 1);
        assert_eq!(out, [10.5, 200.25, 30.5, 400.25]);
    }
}
