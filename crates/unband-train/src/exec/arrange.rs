//! Rearrangement and resampling operations.

use burn::tensor::module::max_pool2d;
use burn::tensor::ops::MaxPoolOptions;
use burn::tensor::{Device, Tensor, TensorData};
use unband_nets::Shape;
use unband_nets::layer::pool::MaxPool;
use unband_nets::layer::resample::Tap;

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

/// Matrix products with two weights per row: for small patches, faster than single samples, forward and
/// backward. Burn's own has no gradients on graphics cards.
pub(super) fn bilinear(x: Tensor<4>, shape: Shape) -> Tensor<4> {
    let [n, c, h, w] = x.dims();
    let across = lines(w, shape.width, &x.device()).transpose();
    let down = lines(h, shape.height, &x.device()).unsqueeze::<3>();
    let wide = x.reshape([n * c * h, w]).matmul(across).reshape([n * c, h, shape.width]);
    down.matmul(wide).reshape([n, c, shape.height, shape.width])
}

/// `[to, from]`.
fn lines(from: usize, to: usize, device: &Device) -> Tensor<2> {
    let mut weights = vec![0.0f32; from * to];
    for (i, row) in weights.chunks_exact_mut(from).enumerate() {
        let tap = Tap::new(i, from, to);
        row[tap.first] += 1.0 - tap.share;
        row[tap.second] += tap.share;
    }
    Tensor::from_data(TensorData::new(weights, [to, from]), device)
}

/// A truncated last window is padded with the smallest number, which never wins.
pub(super) fn max_pool(pool: MaxPool, x: Tensor<4>, shape: Shape) -> Tensor<4> {
    let [_, _, h, w] = x.dims();
    let more = |places: usize, side: usize| ((places - 1) * pool.stride + pool.kernel).saturating_sub(side);
    let (down, across) = (more(shape.height, h), more(shape.width, w));
    let x = if down + across > 0 { x.pad([(0, down), (0, across)], f32::MIN) } else { x };
    max_pool2d(x, MaxPoolOptions::new([pool.kernel; 2]).with_stride([pool.stride; 2]))
}
