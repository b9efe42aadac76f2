use unband_image::Context;
use unband_nets::Shape;
use unband_nets::layer::conv::{Conv, ConvTranspose};
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
    by_channel(shape, ctx, |o, plane| {
        plane.fill(bias.map_or(T::zero(), |b| T::of(b[o])));
        correlate(conv, &weight, x, o, shape, plane);
    })
}

/// Adds what the convolution gives for one output channel.
pub(super) fn correlate<T: Real>(
    conv: &Conv,
    weight: &[T],
    x: &Map<T>,
    o: usize,
    shape: Shape,
    plane: &mut [T],
) {
    let (kh, kw) = conv.kernel;
    let inputs = conv.input / conv.groups;
    let first = o / (conv.output / conv.groups) * inputs;
    for i in 0..inputs {
        for a in 0..kh {
            for b in 0..kw {
                let w = weight[((o * inputs + i) * kh + a) * kw + b];
                for y in 0..shape.height {
                    let Some(row) = (y * conv.stride + a * conv.dilation).checked_sub(conv.padding.0) else {
                        continue;
                    };
                    if row >= x.shape.height {
                        continue;
                    }
                    let row = &x.plane(first + i)[row * x.shape.width..][..x.shape.width];
                    let line = &mut plane[y * shape.width..][..shape.width];
                    add_row(line, row, w, conv.stride, (b * conv.dilation, conv.padding.1));
                }
            }
        }
    }
}

/// line[x] += w · row[x · stride + tap − padding], where that is inside.
fn add_row<T: Real>(line: &mut [T], row: &[T], w: T, stride: usize, (tap, padding): (usize, usize)) {
    let first = padding.saturating_sub(tap).div_ceil(stride);
    let end = (row.len() + padding).saturating_sub(tap).div_ceil(stride).min(line.len());
    if first >= end {
        return;
    }
    let from = first * stride + tap - padding;
    if stride == 1 {
        for (l, &r) in line[first..end].iter_mut().zip(&row[from..]) {
            *l = *l + w * r;
        }
    } else {
        for (l, &r) in line[first..end].iter_mut().zip(row[from..].iter().step_by(stride)) {
            *l = *l + w * r;
        }
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
    let k = conv.kernel;
    by_channel(shape, ctx, |o, plane| {
        plane.fill(bias.map_or(T::zero(), |b| T::of(b[o])));
        for i in 0..conv.input {
            let kernel = &weight[(i * conv.output + o) * k * k..][..k * k];
            for (y, row) in x.plane(i).chunks(x.shape.width).enumerate() {
                for a in 0..k {
                    let Some(down) = (y * conv.stride + a).checked_sub(conv.padding) else { continue };
                    if down >= shape.height {
                        continue;
                    }
                    let line = &mut plane[down * shape.width..][..shape.width];
                    for b in 0..k {
                        spread_row(line, row, kernel[a * k + b], conv.stride, (b, conv.padding));
                    }
                }
            }
        }
    })
}

/// line[x · stride + tap − padding] += w · row[x], where that is inside.
fn spread_row<T: Real>(line: &mut [T], row: &[T], w: T, stride: usize, (tap, padding): (usize, usize)) {
    let first = padding.saturating_sub(tap).div_ceil(stride);
    let end = (line.len() + padding).saturating_sub(tap).div_ceil(stride).min(row.len());
    if first >= end {
        return;
    }
    let line = line[first * stride + tap - padding..].iter_mut().step_by(stride);
    for (l, &r) in line.zip(&row[first..end]) {
        *l = *l + w * r;
    }
}
