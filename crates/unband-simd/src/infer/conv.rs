//! Row convolution with interleaved channels: one output row from the input rows that its taps touch.
//!
//! All versions fuse multiplication and addition, in the same order, and give equal bits.

#![allow(clippy::inline_always)] // bodies must be compiled into the functions that have the instructions

use crate::Level;
#[cfg(any(target_arch = "x86_64", target_arch = "aarch64", target_feature = "simd128"))]
use crate::lanes::Lanes;

/// Dimensions of a row convolution.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    /// Channels of an input sample; the stride between samples of an input row.
    pub inputs: usize,
    /// Channels of an output sample.
    pub outputs: usize,
    /// Output samples.
    pub width: usize,
    /// Stride.
    pub stride: usize,
    /// Floats between output samples; at least `outputs`.
    pub out_step: usize,
}

/// One tap of a kernel: its input row, and the column there for the first output sample.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tap {
    /// Index of the row.
    pub row: usize,
    /// Column of the input sample under the first output sample.
    pub column: usize,
}

/// Output channels that are computed together.
pub fn block(level: Level) -> usize {
    if fused(level) && level.supported() == Level::Avx512 { 32 } else { 16 }
}

/// Weights in the order of computation: blocks of outputs, within each tap by tap, input by input, output by
/// output; the last block is zero-padded. `weight(output, tap, input)`.
pub fn pack(
    level: Level,
    outputs: usize,
    taps: usize,
    inputs: usize,
    weight: impl Fn(usize, usize, usize) -> f32,
) -> Vec<f32> {
    let block = block(level);
    let mut packed = Vec::with_capacity(outputs.div_ceil(block) * block * taps * inputs);
    for first in (0..outputs).step_by(block) {
        for tap in 0..taps {
            for input in 0..inputs {
                packed.extend(
                    (first..first + block).map(|o| if o < outputs { weight(o, tap, input) } else { 0.0 }),
                );
            }
        }
    }
    packed
}

/// Whether the level has an instruction that multiplies and adds in one rounding.
pub(crate) fn fused(level: Level) -> bool {
    #[cfg(target_arch = "x86_64")]
    {
        level.supported() >= Level::Avx2 && is_x86_feature_detected!("fma")
    }
    #[cfg(not(target_arch = "x86_64"))]
    {
        level.supported() == Level::Neon
    }
}

/// `out[x, o] = bias[o] + Σ rows[tap.row][(tap.column + x · stride), i] · weight(o, tap, i)` over taps and
/// inputs, in this order, with weights from [`pack`] at the same level.
///
/// # Panics
/// When a slice is too short for the shape.
pub fn conv_row(
    level: Level,
    shape: Shape,
    out: &mut [f32],
    rows: &[&[f32]],
    taps: &[Tap],
    packed: &[f32],
    bias: &[f32],
) {
    conv_lines(level, shape, &mut [OutputRow { out, rows }], taps, packed, bias);
}

/// An output row, and the input rows that its taps touch.
#[derive(Debug)]
pub struct OutputRow<'a> {
    /// As in [`conv_row`].
    pub out: &'a mut [f32],
    /// As in [`conv_row`].
    pub rows: &'a [&'a [f32]],
}

/// [`conv_row`] for several rows. Each block of weights serves all of them before the next block is read:
/// where rows are short and weights many, reading weights takes longer than the sums.
///
/// # Panics
/// When a slice is too short for the shape.
pub fn conv_lines(
    level: Level,
    shape: Shape,
    lines: &mut [OutputRow<'_>],
    taps: &[Tap],
    packed: &[f32],
    bias: &[f32],
) {
    let Shape { inputs, outputs, width, stride, out_step } = shape;
    if width == 0 || outputs == 0 {
        return;
    }
    let block = block(level);
    let floats = (width - 1).saturating_mul(out_step).saturating_add(outputs);
    assert!(out_step >= outputs && lines.iter().all(|line| line.out.len() >= floats), "output row");
    assert!(bias.len() >= outputs, "bias");
    let blocks = outputs.div_ceil(block).saturating_mul(block);
    assert_eq!(packed.len(), blocks.saturating_mul(taps.len()).saturating_mul(inputs), "weights");
    for tap in taps {
        let samples = (width - 1).saturating_mul(stride).saturating_add(tap.column).saturating_add(1);
        let floats = samples.saturating_mul(inputs);
        assert!(lines.iter().all(|line| line.rows[tap.row].len() >= floats), "input row");
    }
    let mut filled = [0.0f32; 32];
    for (number, first) in (0..outputs).step_by(block).enumerate() {
        let weights = &packed[number * block * taps.len() * inputs..][..block * taps.len() * inputs];
        let here = block.min(outputs - first);
        filled[..here].copy_from_slice(&bias[first..first + here]);
        filled[here..].fill(0.0);
        for OutputRow { out, rows } in lines.iter_mut() {
            let part = OutputBlock { shape, first, here, rows, taps, weights, bias: &filled };
            #[cfg(target_arch = "x86_64")]
            if fused(level) {
                // SAFETY: `fused` says that the processor has AVX2 and FMA, `block` is 32 only with AVX-512;
                // slices were checked above.
                unsafe { if block == 32 { x86::avx512(&part, out) } else { x86::avx2(&part, out) } }
                continue;
            }
            #[cfg(target_arch = "aarch64")]
            if fused(level) {
                // SAFETY: every processor has NEON; slices were checked above.
                unsafe { row::<crate::lanes::Pair, 2, 6, 4, 2>(&part, out) }
                continue;
            }
            #[cfg(target_feature = "simd128")]
            {
                // SAFETY: the module is only loaded where the instructions are; slices were checked above.
                // Two samples at once: engines have sixteen registers, and no product with sum.
                unsafe { row::<crate::lanes::Pair, 2, 2, 1, 1>(&part, out) }
                continue;
            }
            #[cfg(not(target_feature = "simd128"))]
            scalar(&part, out, crate::fused::mul_add);
        }
    }
}

/// One block of outputs of a row.
struct OutputBlock<'a> {
    shape: Shape,
    first: usize,
    here: usize,
    rows: &'a [&'a [f32]],
    taps: &'a [Tap],
    weights: &'a [f32],
    bias: &'a [f32; 32],
}

/// Samples computed together by the scalar body.
#[cfg_attr(target_feature = "simd128", allow(dead_code))]
const TOGETHER: usize = 4;

/// Reference implementation, for blocks of 16, with `mul_add` as multiplication and addition.
#[cfg_attr(target_feature = "simd128", allow(dead_code))]
#[inline(always)]
fn scalar(part: &OutputBlock<'_>, out: &mut [f32], mul_add: impl Fn(f32, f32, f32) -> f32 + Copy) {
    let Shape { inputs, width, stride, out_step, .. } = part.shape;
    for x in (0..width).step_by(TOGETHER) {
        let count = TOGETHER.min(width - x);
        let mut sums = [[0.0f32; 16]; TOGETHER];
        for sums in &mut sums {
            sums.copy_from_slice(&part.bias[..16]);
        }
        let mut weights = part.weights.chunks_exact(16);
        for tap in part.taps {
            let row = part.rows[tap.row];
            for i in 0..inputs {
                let Some(weights) = weights.next() else { return };
                for (p, sums) in sums.iter_mut().enumerate().take(count) {
                    let v = row[(tap.column + (x + p) * stride) * inputs + i];
                    for (s, &w) in sums.iter_mut().zip(weights) {
                        *s = mul_add(v, w, *s);
                    }
                }
            }
        }
        for (p, sums) in sums.iter().enumerate().take(count) {
            let at = (x + p) * out_step + part.first;
            out[at..at + part.here].copy_from_slice(&sums[..part.here]);
        }
    }
}

/// Floats of weights that are prefetched: memory latency exceeds the time for the sums of a few samples.
#[cfg(any(target_arch = "x86_64", target_arch = "aarch64", target_feature = "simd128"))]
const AHEAD: usize = 2048;

/// A row, `N` vectors of outputs: `P` samples at once, then `Q`, `R` and one. Few samples at once wait for
/// weights, so a rest of `2 Q` is halved.
#[cfg(any(target_arch = "x86_64", target_arch = "aarch64", target_feature = "simd128"))]
#[inline(always)]
unsafe fn row<V: Lanes, const N: usize, const P: usize, const Q: usize, const R: usize>(
    part: &OutputBlock<'_>,
    out: &mut [f32],
) {
    let width = part.shape.width;
    let mut x = 0;
    // SAFETY: the caller has the instructions, and checked that rows, weights and output have the lengths of
    // the shape.
    unsafe {
        while x + P <= width && (P == 2 * Q || x + 2 * Q != width) {
            tile::<V, N, P>(part, out, x);
            x += P;
        }
        while x + Q <= width {
            tile::<V, N, Q>(part, out, x);
            x += Q;
        }
        while x + R <= width {
            tile::<V, N, R>(part, out, x);
            x += R;
        }
        while x < width {
            tile::<V, N, 1>(part, out, x);
            x += 1;
        }
    }
}

#[cfg(any(target_arch = "x86_64", target_arch = "aarch64", target_feature = "simd128"))]
#[inline(always)]
unsafe fn tile<V: Lanes, const N: usize, const P: usize>(part: &OutputBlock<'_>, out: &mut [f32], x: usize) {
    let Shape { inputs, stride, out_step, .. } = part.shape;
    // SAFETY: as above; a block of weights holds two vectors per tap and input.
    unsafe {
        let bias: [V; N] = std::array::from_fn(|n| V::load(part.bias.as_ptr().add(V::LEN * n)));
        let mut sums = [bias; P];
        let mut weights = part.weights.as_ptr();
        let step = stride * inputs;
        for tap in part.taps {
            let row = part.rows[tap.row].as_ptr().add((tap.column + x * stride) * inputs);
            for i in 0..inputs {
                let w: [V; N] = std::array::from_fn(|n| V::load(weights.add(V::LEN * n)));
                weights = weights.add(2 * V::LEN);
                for n in 0..N {
                    V::prefetch(weights.wrapping_add(AHEAD + V::LEN * n));
                }
                for (p, sums) in sums.iter_mut().enumerate() {
                    let v = V::splat(*row.add(p * step + i));
                    for (s, &w) in sums.iter_mut().zip(&w) {
                        *s = v.mul_add(w, *s);
                    }
                }
            }
        }
        for (p, sums) in sums.iter().enumerate() {
            let to = out.as_mut_ptr().add((x + p) * out_step + part.first);
            for (n, s) in sums.iter().enumerate() {
                // Nothing is written where no outputs remain, which may be beyond the row.
                s.store_first(to.wrapping_add(V::LEN * n), part.here.saturating_sub(V::LEN * n));
            }
        }
    }
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use std::arch::x86_64::{__m256, __m512};

    use super::{OutputBlock, row};

    #[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512dq,avx2,fma")]
    pub(super) unsafe fn avx512(part: &OutputBlock<'_>, out: &mut [f32]) {
        // SAFETY: this function has the instructions; the caller checked the slices.
        unsafe {
            if part.here > 16 {
                row::<__m512, 2, 12, 8, 4>(part, out);
            } else {
                row::<__m512, 1, 16, 8, 4>(part, out);
            }
        }
    }

    #[target_feature(enable = "avx2,fma")]
    pub(super) unsafe fn avx2(part: &OutputBlock<'_>, out: &mut [f32]) {
        // SAFETY: as above.
        unsafe { row::<__m256, 2, 6, 4, 2>(part, out) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_numbers::random as numbers;

    /// Straight from the definition.
    fn plain(shape: Shape, rows: &[&[f32]], taps: &[Tap], w: &[f32], bias: &[f32]) -> Vec<f32> {
        let mut out = vec![f32::NAN; (shape.width - 1) * shape.out_step + shape.outputs];
        for x in 0..shape.width {
            for o in 0..shape.outputs {
                let mut sum = bias[o];
                for (t, tap) in taps.iter().enumerate() {
                    for i in 0..shape.inputs {
                        let v = rows[tap.row][(tap.column + x * shape.stride) * shape.inputs + i];
                        let w = w[(o * taps.len() + t) * shape.inputs + i];
                        sum = v.mul_add(w, sum);
                    }
                }
                out[x * shape.out_step + o] = sum;
            }
        }
        out
    }

    #[test]
    fn every_level_gives_the_sums_of_the_definition() {
        for (inputs, outputs, width, stride, dilation) in [
            (3, 64, 29, 1, 1),
            (16, 3, 40, 1, 2),
            (64, 48, 13, 1, 1),
            (5, 17, 7, 2, 1),
            (1, 1, 1, 1, 1),
            (12, 33, 50, 1, 3),
        ] {
            let long = ((width - 1) * stride + 1 + 2 * dilation) * inputs;
            let data: Vec<Vec<f32>> = (0..3).map(|r| numbers(long, r)).collect();
            let rows: Vec<&[f32]> = data.iter().map(Vec::as_slice).collect();
            let taps: Vec<Tap> = (0..9).map(|t| Tap { row: t / 3, column: t % 3 * dilation }).collect();
            let (w, bias) = (numbers(outputs * 9 * inputs, 7), numbers(outputs, 9));
            let shape = Shape { inputs, outputs, width, stride, out_step: outputs + 3 };
            for level in Level::all() {
                let packed = pack(level, outputs, 9, inputs, |o, t, i| w[(o * 9 + t) * inputs + i]);
                let want = plain(shape, &rows, &taps, &w, &bias);
                let mut out = vec![f32::NAN; want.len()];
                conv_row(level, shape, &mut out, &rows, &taps, &packed, &bias);
                let mut twice = [out.clone(), out.clone()];
                let [a, b] = &mut twice;
                let mut lines = [OutputRow { out: a, rows: &rows }, OutputRow { out: b, rows: &rows }];
                conv_lines(level, shape, &mut lines, &taps, &packed, &bias);
                assert!(
                    twice.iter().all(|row| row.iter().zip(&out).all(|(a, b)| a.to_bits() == b.to_bits()))
                );
                for (i, (a, b)) in out.iter().zip(&want).enumerate() {
                    assert!(a.to_bits() == b.to_bits(), "{level:?} {shape:?} at {i}: {a} instead of {b}");
                }
            }
        }
    }
}
