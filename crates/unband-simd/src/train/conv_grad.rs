//! Weight gradients of a convolution: products of inputs and output gradients, summed over samples.
//!
//! Samples are stored channel by channel (channels innermost). Vector versions fuse multiplication and
//! addition, as those of [`crate::infer::conv`] do, and are equal to each other and to the scalar body with
//! fused operations.

#![allow(clippy::inline_always)] // bodies must be compiled into the functions that have the instructions

use crate::Level;
use crate::infer::conv::block;
#[cfg(any(target_arch = "aarch64", target_arch = "x86_64"))]
use crate::infer::conv::fused;
#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
use crate::lanes::Lanes;

/// Number of samples whose products are summed from zero before they are added to the total: long sums would
/// lose bits, and these samples stay in the L1 cache.
const TOGETHER: usize = 128;

/// Inputs are processed in groups of four.
const FOUR: usize = 4;

/// Dimensions of the rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    /// Channels of an input sample.
    pub inputs: usize,
    /// Channels of an output sample.
    pub outputs: usize,
    /// Output samples.
    pub width: usize,
    /// Stride.
    pub stride: usize,
}

impl Shape {
    /// Floats that an input row must hold, from the sample under the first output on. Those after the last
    /// sample may have any value.
    pub(crate) fn input_row(self) -> usize {
        let before = (self.width.max(1) - 1).saturating_mul(self.stride).saturating_mul(self.inputs);
        before.saturating_add(up_to(self.inputs, FOUR))
    }

    /// Floats that a row of gradients must hold. Those after the last sample may have any value.
    pub(crate) fn gradient_row(self, level: Level) -> usize {
        (self.width.max(1) - 1).saturating_mul(self.outputs).saturating_add(up_to(self.outputs, block(level)))
    }

    /// Floats of the sums of one tap and one block of outputs: [`block`] for each input, with inputs padded
    /// to a multiple of four.
    pub fn sums(self, level: Level) -> usize {
        up_to(self.inputs, FOUR).saturating_mul(block(level))
    }
}

/// The next multiple, or a length that no slice has.
fn up_to(count: usize, of: usize) -> usize {
    count.checked_next_multiple_of(of).unwrap_or(usize::MAX)
}

/// `sums[i, o] += Σ input[x · stride, i] · gradient[x, first + o]`, over the samples of a row in order, for a
/// block of outputs. Sums of padding channels are unspecified.
///
/// # Panics
/// When a slice is shorter than required by the shape, or `first` is not the start of a block.
pub fn add_products(
    level: Level,
    shape: Shape,
    first: usize,
    input: &[f32],
    gradient: &[f32],
    sums: &mut [f32],
) {
    if shape.width == 0 {
        return;
    }
    let block = block(level);
    assert!(first < shape.outputs && first.is_multiple_of(block), "first output");
    assert!(input.len() >= shape.input_row(), "input row");
    assert!(gradient.len() >= shape.gradient_row(level), "row of gradients");
    assert!(sums.len() >= shape.sums(level), "sums");
    let mut part = WeightBlock { shape, first, input, gradient, sums };
    #[cfg(target_arch = "x86_64")]
    if fused(level) {
        // SAFETY: `fused` says that the processor has AVX2 and FMA, `block` is 32 only with AVX-512; slices
        // were checked.
        unsafe { if block == 32 { x86::avx512(&mut part) } else { x86::avx2(&mut part) } }
        return;
    }
    #[cfg(target_arch = "aarch64")]
    if fused(level) {
        // SAFETY: every processor has NEON; slices were checked.
        unsafe { all::<crate::lanes::Pair, 4>(&mut part) }
        return;
    }
    scalar(&mut part, crate::fused::mul_add);
}

struct WeightBlock<'a> {
    shape: Shape,
    first: usize,
    input: &'a [f32],
    gradient: &'a [f32],
    sums: &'a mut [f32],
}

/// Reference implementation, for blocks of 16, with `mul_add` as multiplication and addition.
#[inline(always)]
fn scalar(part: &mut WeightBlock<'_>, mul_add: impl Fn(f32, f32, f32) -> f32) {
    let Shape { inputs, outputs, width, stride } = part.shape;
    let here = (outputs - part.first).min(16);
    for begin in (0..width).step_by(TOGETHER) {
        for (i, sums) in part.sums.chunks_exact_mut(16).enumerate().take(inputs) {
            let mut new = [0.0f32; 16];
            for x in begin..width.min(begin + TOGETHER) {
                let v = part.input[x * stride * inputs + i];
                let gradient = &part.gradient[x * outputs + part.first..][..here];
                for (s, &g) in new.iter_mut().zip(gradient) {
                    *s = mul_add(v, g, *s);
                }
            }
            sums.iter_mut().zip(&new).for_each(|(s, n)| *s += n);
        }
    }
}

/// All inputs: `P` at a time, then four at a time; blocks of two vectors.
#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
#[inline(always)]
unsafe fn all<V: Lanes, const P: usize>(part: &mut WeightBlock<'_>) {
    let Shape { inputs, outputs, width, .. } = part.shape;
    let one = outputs - part.first <= V::LEN;
    for begin in (0..width).step_by(TOGETHER) {
        let end = width.min(begin + TOGETHER);
        let mut i = 0;
        // SAFETY: the caller has the instructions; rows and sums reach to a multiple of four inputs and of a
        // block.
        unsafe {
            while i + P <= inputs.next_multiple_of(FOUR) {
                if one {
                    tile::<V, P, 1>(part, begin, end, i);
                } else {
                    tile::<V, P, 2>(part, begin, end, i);
                }
                i += P;
            }
            while i < inputs {
                if one {
                    tile::<V, FOUR, 1>(part, begin, end, i);
                } else {
                    tile::<V, FOUR, 2>(part, begin, end, i);
                }
                i += FOUR;
            }
        }
    }
}

#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
#[inline(always)]
unsafe fn tile<V: Lanes, const P: usize, const N: usize>(
    part: &mut WeightBlock<'_>,
    begin: usize,
    end: usize,
    i: usize,
) {
    let Shape { inputs, outputs, stride, .. } = part.shape;
    // SAFETY: see `all`.
    unsafe {
        let mut new = [[V::splat(0.0); N]; P];
        let mut input = part.input.as_ptr().add(begin * stride * inputs + i);
        let mut gradient = part.gradient.as_ptr().add(begin * outputs + part.first);
        for _ in begin..end {
            let g: [V; N] = std::array::from_fn(|n| V::load(gradient.add(n * V::LEN)));
            for (p, new) in new.iter_mut().enumerate() {
                let v = V::splat(*input.add(p));
                for (s, &g) in new.iter_mut().zip(&g) {
                    *s = v.mul_add(g, *s);
                }
            }
            input = input.wrapping_add(stride * inputs);
            gradient = gradient.wrapping_add(outputs);
        }
        for (p, new) in new.iter().enumerate() {
            for (n, &v) in new.iter().enumerate() {
                let to = part.sums.as_mut_ptr().add((i + p) * 2 * V::LEN + n * V::LEN);
                V::load(to).add(v).store(to);
            }
        }
    }
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use std::arch::x86_64::{__m256, __m512};

    use super::WeightBlock;

    #[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512dq,avx2,fma")]
    pub(super) unsafe fn avx512(part: &mut WeightBlock<'_>) {
        // SAFETY: this function has the instructions; the caller checked the slices.
        unsafe { super::all::<__m512, 12>(part) }
    }

    #[target_feature(enable = "avx2,fma")]
    pub(super) unsafe fn avx2(part: &mut WeightBlock<'_>) {
        // SAFETY: as above.
        unsafe { super::all::<__m256, 4>(part) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_numbers::random as numbers;

    /// Sums of all blocks, `[output][input]`, added to the initial ones.
    fn run(shape: Shape, block: usize, len: usize, add: impl Fn(usize, &mut [f32])) -> Vec<f32> {
        let mut all = vec![0.0; shape.outputs * shape.inputs];
        for first in (0..shape.outputs).step_by(block) {
            let mut sums = vec![0.5; len];
            add(first, &mut sums);
            for o in first..shape.outputs.min(first + block) {
                for i in 0..shape.inputs {
                    all[o * shape.inputs + i] = sums[i * block + o - first];
                }
            }
        }
        all
    }

    #[test]
    fn every_level_gives_the_sums_of_the_definition() {
        for (inputs, outputs, width, stride) in
            [(64, 64, 300, 1), (3, 48, 29, 1), (5, 3, 7, 2), (1, 1, 1, 1), (33, 17, 130, 3), (16, 33, 128, 1)]
        {
            let shape = Shape { inputs, outputs, width, stride };
            let input = numbers(shape.input_row(), 1);
            let gradient = numbers(shape.gradient_row(Level::Avx512), 2);
            for level in Level::all() {
                let got = run(shape, block(level), shape.sums(level), |first, sums| {
                    add_products(level, shape, first, &input, &gradient, sums);
                });
                let twin = run(shape, 16, inputs.next_multiple_of(4) * 16, |first, sums| {
                    let mut part = WeightBlock { shape, first, input: &input, gradient: &gradient, sums };
                    scalar(&mut part, f32::mul_add);
                });
                assert!(got == twin, "{level:?} {shape:?}");
                for o in 0..outputs {
                    for i in 0..inputs {
                        let term = |x: usize| {
                            f64::from(input[x * stride * inputs + i]) * f64::from(gradient[x * outputs + o])
                        };
                        let want = 0.5 + (0..width).map(term).sum::<f64>();
                        let near = (f64::from(got[o * inputs + i]) - want).abs() < 2e-5;
                        assert!(near, "{level:?} {shape:?} {o} {i}");
                    }
                }
            }
        }
    }

    #[test]
    fn no_samples_change_nothing() {
        let shape = Shape { inputs: 2, outputs: 2, width: 0, stride: 1 };
        let mut sums = [1.0; 4];
        add_products(Level::best(), shape, 0, &[], &[], &mut sums);
        assert!(sums.iter().all(|v| v.to_bits() == 1.0f32.to_bits()));
    }
}
