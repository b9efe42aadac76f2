use burn::tensor::{Int, Tensor, TensorData, activation};
use unband_nets::layer::attention::{WindowAdd, WindowAttention};

use super::Execution;

impl Execution<'_> {
    pub(super) fn window_add(&self, add: &WindowAdd, x: Tensor<4>) -> Tensor<4> {
        let [_, _, h, w] = x.dims();
        let side = add.window;
        let table = self.param(add.table).reshape([side, side, add.channels]).permute([2, 0, 1]);
        let tiled = table.reshape([1, add.channels, side, side]).repeat(&[1, 1, h / side, w / side]);
        // Windows are cut from the shifted image: the table shifts the other way.
        x + rolled(tiled, h - add.shift % h, w - add.shift % w)
    }

    pub(super) fn window_attention(&self, a: &WindowAttention, q: Tensor<4>, kv: Tensor<4>) -> Tensor<4> {
        let [n, _, h, w] = q.dims();
        let (side, heads, each) = (a.window, a.heads, a.channels / a.heads);
        let (tokens, windows) = (side * side, (h / side) * (w / side));
        let windowed = |x: Tensor<4>| -> Tensor<4> {
            rolled(x, a.shift, a.shift)
                .reshape([n, heads, each, h / side, side, w / side, side])
                .permute([0, 3, 5, 1, 4, 6, 2])
                .reshape([n * windows, heads, tokens, each])
        };
        let (k, v) = (kv.clone().narrow(1, 0, a.channels), kv.narrow(1, a.channels, a.channels));
        let scores = windowed(q).matmul(windowed(k).swap_dims(2, 3)).mul_scalar(1.0 / (each as f64).sqrt());
        let mut scores = scores + self.bias(a);
        if a.shift > 0 {
            let mask = TensorData::new(mask(a, h, w), [1, windows, 1, tokens, tokens]);
            let mask = Tensor::<5>::from_data(mask, &scores.device());
            let apart = scores.reshape([n, windows, heads, tokens, tokens]) + mask;
            scores = apart.reshape([n * windows, heads, tokens, tokens]);
        }
        let mixed = activation::softmax(scores, 3).matmul(windowed(v));
        let shifted = mixed
            .reshape([n, h / side, w / side, heads, side, side, each])
            .permute([0, 3, 6, 1, 4, 2, 5])
            .reshape([n, a.channels, h, w]);
        rolled(shifted, h - a.shift % h, w - a.shift % w)
    }

    /// The bias between the tokens of a window: `[1, heads, tokens, tokens]`.
    fn bias(&self, a: &WindowAttention) -> Tensor<4> {
        let (side, tokens) = (a.window, a.window * a.window);
        let place = |i: usize| {
            let (query, key) = (i / tokens, i % tokens);
            let down = query / side + side - 1 - key / side;
            let across = query % side + side - 1 - key % side;
            (down * (2 * side - 1) + across).cast_signed() as i64
        };
        let places: Vec<i64> = (0..tokens * tokens).map(place).collect();
        let table = self.param(a.table);
        let places = Tensor::<1, Int>::from_data(TensorData::new(places, [tokens * tokens]), &table.device());
        let rows: Tensor<2> = table.reshape([(2 * side - 1).pow(2), a.heads]).select(0, places);
        rows.swap_dims(0, 1).reshape([1, a.heads, tokens, tokens])
    }
}

/// −100 between tokens that were not neighbours before the shift: windows × tokens × tokens.
fn mask(a: &WindowAttention, height: usize, width: usize) -> Vec<f32> {
    let (side, columns) = (a.window, width / a.window);
    let part = |n: usize, of: usize| if n < of - side { 0 } else { 1 + usize::from(n >= of - a.shift) };
    let region = |window: usize, token: usize| {
        let (y, x) = (window / columns * side + token / side, window % columns * side + token % side);
        part(y, height) * 3 + part(x, width)
    };
    let tokens = side * side;
    let one = |i: usize| {
        let (window, query, key) = (i / (tokens * tokens), i / tokens % tokens, i % tokens);
        if region(window, query) == region(window, key) { 0.0 } else { -100.0 }
    };
    (0..columns * (height / side) * tokens * tokens).map(one).collect()
}

/// Cyclic shift: rows and columns from this index on come first.
fn rolled(x: Tensor<4>, rows: usize, columns: usize) -> Tensor<4> {
    let along = |x: Tensor<4>, dim: usize, by: usize| {
        let side = x.dims()[dim];
        let by = by % side;
        if by == 0 {
            return x;
        }
        Tensor::cat(vec![x.clone().narrow(dim, by, side - by), x.narrow(dim, 0, by)], dim)
    };
    along(along(x, 2, rows), 3, columns)
}
