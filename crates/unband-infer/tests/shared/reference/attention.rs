use unband_image::Context;
use unband_nets::layer::attention::{WindowAdd, WindowAttention};
use unband_nets::state::Weights;

use super::{Map, Real};

/// A token: its row and column in the image, and in the shifted one.
type Token = ((usize, usize), (usize, usize));

pub(super) fn window_add<T: Real>(add: &WindowAdd, x: &Map<T>, weights: &Weights) -> Map<T> {
    let table = weights.get(add.table);
    let (height, width) = (x.shape.height, x.shape.width);
    let mut out = x.clone();
    let mut to = out.data.iter_mut();
    for c in 0..add.channels {
        for y in 0..height {
            // Row y of the image is row y − shift of the shifted one.
            let row = (y + height - add.shift) % height % add.window;
            for (column, v) in (0..width).zip(&mut to) {
                let column = (column + width - add.shift) % width % add.window;
                *v = *v + T::of(table[(row * add.window + column) * add.channels + c]);
            }
        }
    }
    out
}

pub(super) fn window_attention<T: Real>(
    a: &WindowAttention,
    q: &Map<T>,
    kv: &Map<T>,
    weights: &Weights,
    ctx: &Context<'_>,
) -> Map<T> {
    let table = weights.get(a.table);
    let (height, width, side) = (q.shape.height, q.shape.width, a.window);
    let (columns, tokens, each) = (width / side, side * side, a.channels / a.heads);
    let scale = T::one() / T::of64(each as f64).sqrt();
    let windows = columns * (height / side);
    // The tokens of a window.
    let places = |window: usize| -> Vec<Token> {
        let (top, left) = (window / columns * side, window % columns * side);
        let shifted = (0..tokens).map(|t| (top + t / side, left + t % side));
        shifted.map(|(y, x)| (((y + a.shift) % height, (x + a.shift) % width), (y, x))).collect()
    };
    // Parts of the shifted image that were neighbours before.
    let part = |n: usize, of: usize| if n < of - side { 0 } else { 1 + usize::from(n >= of - a.shift) };
    let region = |(y, x): (usize, usize)| if a.shift == 0 { 0 } else { part(y, height) * 3 + part(x, width) };
    let done = ctx.map(windows, |window| {
        let places = places(window);
        let mut out = vec![T::zero(); a.channels * tokens];
        for head in 0..a.heads {
            let channels = head * each..(head + 1) * each;
            for (i, &((y, x), at)) in places.iter().enumerate() {
                let score = |(j, &((ky, kx), key_at)): (usize, &Token)| {
                    let dot =
                        channels.clone().fold(T::zero(), |sum, c| sum + q.at(c, y, x) * kv.at(c, ky, kx));
                    let rows = i / side + side - 1 - j / side;
                    let across = i % side + side - 1 - j % side;
                    let bias = T::of(table[(rows * (2 * side - 1) + across) * a.heads + head]);
                    let mask = if region(at) == region(key_at) { T::zero() } else { T::of(-100.0) };
                    dot * scale + bias + mask
                };
                let scores: Vec<T> = places.iter().enumerate().map(score).collect();
                let largest = scores.iter().copied().fold(T::neg_infinity(), T::max);
                let raised: Vec<T> = scores.iter().map(|&s| (s - largest).exp()).collect();
                let sum = raised.iter().fold(T::zero(), |sum, &v| sum + v);
                for c in channels.clone() {
                    let of = |(&r, &((ky, kx), _)): (&T, &Token)| r * kv.at(a.channels + c, ky, kx);
                    let mixed = raised.iter().zip(&places).map(of).fold(T::zero(), |sum, v| sum + v);
                    out[c * tokens + i] = mixed / sum;
                }
            }
        }
        (places, out)
    });
    let mut map = Map::zeros(q.shape);
    for (places, out) in done {
        for c in 0..a.channels {
            for (t, &((y, x), _)) in places.iter().enumerate() {
                map.data[(c * height + y) * width + x] = out[c * tokens + t];
            }
        }
    }
    map
}
