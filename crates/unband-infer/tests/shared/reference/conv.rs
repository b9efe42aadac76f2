use std::borrow::Cow;

use unband_image::Context;
use unband_nets::Shape;
use unband_nets::layer::conv::Conv;
use unband_nets::layer::conv_transpose::ConvTranspose;
use unband_nets::state::Weights;

use super::{Map, Real, by_channel};

pub(super) fn conv<T: Real>(
    conv: &Conv,
    x: &Map<T>,
    shape: Shape,
    weights: &Weights,
    ctx: &Context<'_>,
) -> Map<T> {
    let (weight, bias) = (super::numbers::<T>(weights, conv.weight), conv.bias.map(|id| weights.get(id)));
    let runs = runs(&x.data, x.shape.width, conv.stride);
    by_channel(shape, ctx, |o, plane| {
        plane.fill(bias.map_or(T::zero(), |b| T::of(b[o])));
        correlate(conv, &weight, (&runs, x.shape), o, shape, plane);
    })
}

/// Adds the convolution's result for one output channel.
fn correlate<T: Real>(
    conv: &Conv,
    weight: &[T],
    (runs, from): (&[T], Shape),
    o: usize,
    shape: Shape,
    plane: &mut [T],
) {
    let (kh, kw) = conv.kernel;
    let inputs = conv.input / conv.groups;
    let first = o / (conv.output / conv.groups) * inputs;
    let run = from.width.div_ceil(conv.stride);
    for i in 0..inputs {
        for a in 0..kh {
            for b in 0..kw {
                let w = weight[((o * inputs + i) * kh + a) * kw + b];
                let (phase, shift) = phase(b * conv.dilation, conv.padding.1, conv.stride);
                for y in 0..shape.height {
                    let Some(row) = (y * conv.stride + a * conv.dilation).checked_sub(conv.padding.0) else {
                        continue;
                    };
                    if row >= from.height {
                        continue;
                    }
                    let row = ((first + i) * from.height + row) * conv.stride + phase;
                    add_shifted(
                        &mut plane[y * shape.width..][..shape.width],
                        &runs[row * run..][..run],
                        w,
                        shift,
                    );
                }
            }
        }
    }
}

/// Splits every row into `stride` runs, so that samples a stride apart are contiguous: columns 0, stride, 2 ·
/// stride and so on, then 1, stride + 1. All runs are as long as the first, padded with zeroes.
fn runs<T: Real>(data: &[T], width: usize, stride: usize) -> Cow<'_, [T]> {
    if stride == 1 {
        return Cow::Borrowed(data);
    }
    let run = width.div_ceil(stride);
    let at = |row: &[T], phase: usize, x: usize| row.get(x * stride + phase).copied().unwrap_or_else(T::zero);
    let of = |row: &[T]| -> Vec<T> { (0..stride * run).map(|i| at(row, i / run, i % run)).collect() };
    Cow::Owned(data.chunks(width.max(1)).flat_map(of).collect())
}

/// The run in which column x · stride + tap − padding has index x + shift.
fn phase(tap: usize, padding: usize, stride: usize) -> (usize, isize) {
    let (tap, stride) = (tap.cast_signed() - padding.cast_signed(), stride.cast_signed());
    (tap.rem_euclid(stride).cast_unsigned(), tap.div_euclid(stride))
}

/// line[x] += w · row[x + shift], where that is inside.
fn add_shifted<T: Real>(line: &mut [T], row: &[T], w: T, shift: isize) {
    let skipped = (-shift).max(0).cast_unsigned().min(line.len());
    let row = row.get(shift.max(0).cast_unsigned()..).unwrap_or_default();
    for (l, &r) in line[skipped..].iter_mut().zip(row) {
        *l = *l + w * r;
    }
}

pub(super) fn transposed<T: Real>(
    conv: &ConvTranspose,
    x: &Map<T>,
    shape: Shape,
    weights: &Weights,
    ctx: &Context<'_>,
) -> Map<T> {
    let (weight, bias) = (super::numbers::<T>(weights, conv.weight), conv.bias.map(|id| weights.get(id)));
    let (k, stride) = (conv.kernel, conv.stride);
    let run = shape.width.div_ceil(stride);
    by_channel(shape, ctx, |o, plane| {
        let mut runs = vec![T::zero(); shape.height * stride * run];
        for i in 0..conv.input {
            let kernel = &weight[(i * conv.output + o) * k * k..][..k * k];
            for (y, row) in x.plane(i).chunks(x.shape.width).enumerate() {
                for a in 0..k {
                    let Some(down) = (y * stride + a).checked_sub(conv.padding) else { continue };
                    if down >= shape.height {
                        continue;
                    }
                    for b in 0..k {
                        let (phase, shift) = phase(b, conv.padding, stride);
                        let line = &mut runs[(down * stride + phase) * run..][..run];
                        add_shifted(line, row, kernel[a * k + b], -shift);
                    }
                }
            }
        }
        let bias = bias.map_or(T::zero(), |b| T::of(b[o]));
        for (line, runs) in plane.chunks_mut(shape.width).zip(runs.chunks(stride * run)) {
            let value = |x: usize| runs[x % stride * run + x / stride];
            line.iter_mut().enumerate().for_each(|(x, out)| *out = bias + value(x));
        }
    })
}
