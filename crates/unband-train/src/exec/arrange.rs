//! Samples moved about, and pictures of other sizes.

use burn::tensor::Tensor;
use burn::tensor::module::{interpolate, max_pool2d};
use burn::tensor::ops::{InterpolateMode, InterpolateOptions, MaxPoolOptions};
use unband_nets::Shape;
use unband_nets::layer::pool::MaxPool;

pub(super) fn unshuffle(x: Tensor<4>, f: usize) -> Tensor<4> {
    let [n, c, h, w] = x.dims();
    let (h, w) = (h / f, w / f);
    x.reshape([n, c, h, f, w, f]).permute([0, 1, 3, 5, 2, 4]).reshape([n, c * f * f, h, w])
}

pub(super) fn shuffle(x: Tensor<4>, f: usize) -> Tensor<4> {
    let [n, c, h, w] = x.dims();
    let c = c / (f * f);
    x.reshape([n, c, f, f, h, w]).permute([0, 1, 4, 2, 5, 3]).reshape([n, c, h * f, w * f])
}

pub(super) fn nearest(x: Tensor<4>, f: usize) -> Tensor<4> {
    let [n, c, h, w] = x.dims();
    x.reshape([n, c, h, 1, w, 1]).expand([n, c, h, f, w, f]).reshape([n, c, h * f, w * f])
}

pub(super) fn bilinear(x: Tensor<4>, shape: Shape) -> Tensor<4> {
    let options = InterpolateOptions::new(InterpolateMode::Bilinear)
        .with_align_corners(false)
        .with_output_size([shape.height, shape.width]);
    interpolate(x, options)
}

/// A last window that is cut is filled up with the smallest number, which never wins.
pub(super) fn max_pool(pool: MaxPool, x: Tensor<4>, shape: Shape) -> Tensor<4> {
    let [_, _, h, w] = x.dims();
    let more = |places: usize, side: usize| ((places - 1) * pool.stride + pool.kernel).saturating_sub(side);
    let (down, across) = (more(shape.height, h), more(shape.width, w));
    let x = if down + across > 0 { x.pad([(0, down), (0, across)], f32::MIN) } else { x };
    max_pool2d(x, MaxPoolOptions::new([pool.kernel; 2]).with_stride([pool.stride; 2]))
}
