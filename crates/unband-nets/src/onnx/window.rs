//! ONNX export of window operations: added tables and window attention.
//!
//! `SpaceToDepth` cuts an image of any size into windows: token t of a window, channel c, goes to channel t ·
//! C + c. The remaining rows and columns are those of the windows.

use super::build::Builder;
use super::proto::Attribute;
use crate::layer::attention::{WindowAdd, WindowAttention};

/// Mask value between tokens that were not neighbours before the shift.
const FAR: f32 = -100.0;

/// The end of a dimension of any size.
const END: i64 = i64::MAX;

/// Cyclic shift: out[i] = x[(i + by) mod n] along two axes, −n < by < n.
fn rolled(b: &mut Builder<'_>, x: &str, by: i64, axes: [usize; 2]) -> String {
    if by == 0 {
        return x.to_owned();
    }
    let along = |b: &mut Builder<'_>, x: &str, axis: usize| {
        let rest = b.slice(x, axis as i64, (by, END));
        let first = b.slice(x, axis as i64, (0, by));
        b.concat(&[&rest, &first], axis)
    };
    let x = along(b, x, axes[0]);
    along(b, &x, axes[1])
}

fn cut(b: &mut Builder<'_>, x: &str, window: usize) -> String {
    b.with("SpaceToDepth", &[x], vec![Attribute::int("blocksize", window)])
}

fn joined(b: &mut Builder<'_>, x: &str, window: usize) -> String {
    let how = vec![Attribute::int("blocksize", window), Attribute::word("mode", "DCR")];
    b.with("DepthToSpace", &[x], how)
}

pub fn add(b: &mut Builder<'_>, add: &WindowAdd, x: &str) -> String {
    let (side, tokens) = (add.window, add.window * add.window);
    // Shifting the table inside its window is equivalent to shifting the image there and back.
    let table = b.param_as(add.table, &[side, side, add.channels]);
    let table = rolled(b, &table, -(add.shift as i64), [0, 1]);
    let table = b.reshape(&table, &[1, (tokens * add.channels) as i64, 1, 1]);
    let windows = cut(b, x, side);
    let sum = b.op("Add", &[&windows, &table]);
    joined(b, &sum, side)
}

pub fn attention(b: &mut Builder<'_>, a: &WindowAttention, q: &str, kv: &str) -> String {
    let (heads, each, tokens) = (a.heads as i64, (a.channels / a.heads) as i64, (a.window * a.window) as i64);
    let shift = a.shift as i64;
    let q = rolled(b, q, shift, [2, 3]);
    let q_cut = cut(b, &q, a.window);
    let q = b.reshape(&q_cut, &[0, tokens, heads, each, -1]);
    let q = b.transpose(&q, &[0, 4, 2, 1, 3]);
    let scale = 1.0 / (each as f64).sqrt();
    let q = b.op_scalar("Mul", &q, scale as f32);
    let kv = rolled(b, kv, shift, [2, 3]);
    let kv = cut(b, &kv, a.window);
    let kv = b.reshape(&kv, &[0, tokens, 2 * heads, each, -1]);
    let k = b.slice(&kv, 2, (0, heads));
    let k = b.transpose(&k, &[0, 4, 2, 3, 1]);
    let v = b.slice(&kv, 2, (heads, 2 * heads));
    let v = b.transpose(&v, &[0, 4, 2, 1, 3]);
    // [N, windows, heads, query, key]
    let scores = b.op("MatMul", &[&q, &k]);
    let bias = bias(b, a);
    let mut scores = b.op("Add", &[&scores, &bias]);
    if a.shift > 0 {
        let mask = mask(b, a, &q_cut);
        scores = b.op("Add", &[&scores, &mask]);
    }
    let shares = b.op("Softmax", &[&scores]);
    let mixed = b.op("MatMul", &[&shares, &v]);
    let mixed = b.transpose(&mixed, &[0, 3, 2, 4, 1]);
    let as_cut = b.op("Shape", &[&q_cut]);
    let mixed = b.op("Reshape", &[&mixed, &as_cut]);
    let mixed = joined(b, &mixed, a.window);
    rolled(b, &mixed, -shift, [2, 3])
}

/// `[heads, query, key]`, from the table of position differences.
fn bias(b: &mut Builder<'_>, a: &WindowAttention) -> String {
    let (side, tokens) = (a.window, a.window * a.window);
    let differences = 2 * side - 1;
    let place = |query: usize, key: usize| {
        let rows = query / side + side - 1 - key / side;
        let columns = query % side + side - 1 - key % side;
        (rows * differences + columns) as i64
    };
    let places: Vec<i64> =
        (0..tokens).flat_map(|query| (0..tokens).map(move |key| place(query, key))).collect();
    let index = b.int_tensor(&format!("window/{side}"), &[tokens, tokens], &places);
    let table = b.param(a.table);
    let bias = b.with("Gather", &[&table, &index], vec![Attribute::int("axis", 0)]);
    b.transpose(&bias, &[2, 0, 1])
}

/// `[1, windows, 1, query, key]`: [`FAR`] between tokens of different parts of the image. The number of
/// windows follows from the shape of `cut`.
fn mask(b: &mut Builder<'_>, a: &WindowAttention, cut: &str) -> String {
    let rows = parts(b, a, cut, 2);
    let rows = b.op_scalar("Mul", &rows, 3.0);
    let rows = b.reshape(&rows, &[1, a.window as i64, 1, -1, 1]);
    let columns = parts(b, a, cut, 3);
    let columns = b.reshape(&columns, &[1, 1, a.window as i64, 1, -1]);
    // [1, row inside, column inside, window's row, window's column]
    let parts = b.op("Add", &[&rows, &columns]);
    let parts = b.reshape(&parts, &[1, (a.window * a.window) as i64, -1]);
    let parts = b.transpose(&parts, &[0, 2, 1]);
    let [query, key] = [3, 2].map(|axis| b.unsqueeze(&parts, axis));
    let same = b.op("Equal", &[&query, &key]);
    let [near, far] = [0.0, FAR].map(|number| b.scalar(number));
    let mask = b.op("Where", &[&same, &near, &far]);
    b.unsqueeze(&mask, 2)
}

/// `[position inside, window]` along a dimension: 0, or 1 and 2 for the two parts of the last window.
fn parts(b: &mut Builder<'_>, a: &WindowAttention, cut: &str, dimension: usize) -> String {
    let inside: Vec<f32> = (0..a.window).map(|n| if n < a.window - a.shift { 1.0 } else { 2.0 }).collect();
    let name = format!("window/{}/shifted by {}", a.window, a.shift);
    let inside = b.floats(&name, &[a.window, 1], &inside);
    let places = b.places(cut, dimension);
    let last = b.slice(&places, 0, (-1, END));
    let is_last = b.op("Equal", &[&places, &last]);
    let is_last = b.as_floats(&is_last);
    b.op("Mul", &[&inside, &is_last])
}
