use unband_image::Context;
use unband_nets::Shape;
use unband_nets::layer::conv::Conv;
use unband_nets::layer::deform_conv::DeformConv;
use unband_nets::state::Weights;

use super::{Map, Real, by_channel};

pub(super) fn deform<T: Real>(
    conv: &DeformConv,
    x: &Map<T>,
    shape: Shape,
    weights: &Weights,
    ctx: &Context<'_>,
) -> Map<T> {
    let (kh, kw) = conv.kernel;
    let taps = kh * kw;
    let generator = Conv::generator(conv.offset, conv.input, 2 * taps);
    let offsets = super::conv::conv(&generator, x, shape.with_channels(2 * taps), weights, ctx);
    let weight = weights.get(conv.weight);
    let from = |n: usize, half: usize| T::of64(n as f64 - half as f64);
    by_channel(shape, ctx, |o, plane| {
        for (p, out) in plane.iter_mut().enumerate() {
            let (y, column) = (T::of64((p / shape.width) as f64), T::of64((p % shape.width) as f64));
            for tap in 0..taps {
                let row = y + from(tap / kw, kh / 2) + offsets.plane(2 * tap)[p];
                let column = column + from(tap % kw, kw / 2) + offsets.plane(2 * tap + 1)[p];
                for i in 0..conv.input {
                    let w = T::of(weight[(o * conv.input + i) * taps + tap]);
                    *out = *out + w * sample(x, i, (row, column));
                }
            }
        }
    })
}

/// Bilinear; neighbours outside the image are zero.
pub(super) fn sample<T: Real>(x: &Map<T>, channel: usize, (row, column): (T, T)) -> T {
    let (height, width) = (T::of64(x.shape.height as f64), T::of64(x.shape.width as f64));
    let minus = -T::one();
    if !(row > minus && row < height && column > minus && column < width) {
        return T::zero();
    }
    let (top, left) = (row.floor(), column.floor());
    let (down, across) = (row - top, column - left);
    let (top, left) = (top.to_isize().unwrap_or(0), left.to_isize().unwrap_or(0));
    let at = |y: isize, xx: isize| {
        let inside =
            y >= 0 && xx >= 0 && y < x.shape.height.cast_signed() && xx < x.shape.width.cast_signed();
        if inside { x.at(channel, y.cast_unsigned(), xx.cast_unsigned()) } else { T::zero() }
    };
    let one = T::one();
    at(top, left) * (one - down) * (one - across)
        + at(top, left + 1) * (one - down) * across
        + at(top + 1, left) * down * (one - across)
        + at(top + 1, left + 1) * down * across
}
