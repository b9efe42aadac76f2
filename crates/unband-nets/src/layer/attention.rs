//! Window attention, as in Swin Transformer and Uformer. Tokens are the samples of an image.
//!
//! In ONNX, `SpaceToDepth` cuts an image of any size into windows: token t of a window, channel c, goes to
//! channel t · C + c. The remaining rows and columns are those of the windows.

use serde::{Deserialize, Serialize};

use super::Operation;
use crate::onnx::{Attribute, Builder};
use crate::param::ParamId;
use crate::shape::{Reach, Shape};
use crate::state::init::InitRole;
use crate::{Net, Op, Value};

/// Adds table[position in the window, channel] to every token; windows are cut after a cyclic shift of the
/// image by −shift rows and columns.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct WindowAdd {
    /// `[window², channels]`.
    pub table: ParamId,
    /// Side of a window.
    pub window: usize,
    /// Rows and columns by which the image is shifted before it is cut.
    pub shift: usize,
    /// Number of channels.
    pub channels: usize,
}

impl Operation for WindowAdd {
    fn label(&self) -> String {
        "window add".into()
    }

    fn shape(&self, x: Shape, _: &[Shape]) -> Result<Shape, String> {
        whole_windows(x.check_channels(self.channels)?, self.window)
    }

    fn params(&self) -> Vec<ParamId> {
        vec![self.table]
    }

    fn init(&self) -> Vec<(ParamId, InitRole)> {
        vec![(self.table, InitRole::Embedding)]
    }

    fn onnx(&self, b: &mut Builder<'_>, x: &[&str]) -> String {
        let (side, tokens) = (self.window, self.window * self.window);
        // Shifting the table inside its window is equivalent to shifting the image there and back.
        let table = b.param_as(self.table, &[side, side, self.channels]);
        let table = rolled(b, &table, -(self.shift as i64), [0, 1]);
        let table = b.reshape(&table, &[1, (tokens * self.channels) as i64, 1, 1]);
        let windows = cut(b, x[0], side);
        let sum = b.op("Add", &[&windows, &table]);
        joined(b, &sum, side)
    }
}

/// softmax(q kᵀ · scale + bias + mask) v per window and head, on projected tokens.
///
/// Inputs: q `[C, H, W]`, then k and v `[2C, H, W]`, k first. Heads are runs of C / heads channels; scale =
/// (C / heads)^−½. The image is shifted cyclically by −shift before it is cut into windows and back
/// afterwards; then −100 is added between tokens that were not neighbours. Bias of head h between tokens a
/// (query) and b: table[(Δrow + window − 1)·(2·window − 1) + Δcolumn + window − 1, h], Δ = a − b.
///
/// Source: Uformer `model.py`, after Swin Transformer (Liu et al. 2021).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct WindowAttention {
    /// `[(2·window − 1)², heads]`.
    pub table: ParamId,
    /// Number of heads.
    pub heads: usize,
    /// Side of a window.
    pub window: usize,
    /// Rows and columns of the cyclic shift.
    pub shift: usize,
    /// Channels of q.
    pub channels: usize,
}

impl Operation for WindowAttention {
    fn label(&self) -> String {
        format!("window attention {} heads", self.heads)
    }

    fn shape(&self, _: Shape, inputs: &[Shape]) -> Result<Shape, String> {
        let [q, kv] = inputs else { return Err("takes q and kv".into()) };
        if q.channels != self.channels || kv.channels != 2 * self.channels {
            return Err(format!(
                "takes {0} and {1} channels, got {2} and {3}",
                self.channels,
                2 * self.channels,
                q.channels,
                kv.channels
            ));
        }
        if (q.height, q.width) != (kv.height, kv.width) {
            return Err(format!("{q} and {kv} do not match"));
        }
        whole_windows(*q, self.window)
    }

    fn params(&self) -> Vec<ParamId> {
        vec![self.table]
    }

    fn init(&self) -> Vec<(ParamId, InitRole)> {
        vec![(self.table, InitRole::Table)]
    }

    fn multiply_adds(&self, _: &[Shape], output: Shape) -> u64 {
        // q kᵀ and the weighted sum of v: one multiply-add each per channel and token of the window.
        output.area() * (2 * self.channels * self.window * self.window) as u64
    }

    fn reach(&self) -> Reach {
        Reach { radius: (self.window - 1) as f64, ..Reach::POINT }
    }

    fn onnx(&self, b: &mut Builder<'_>, x: &[&str]) -> String {
        let (heads, each, tokens) =
            (self.heads as i64, (self.channels / self.heads) as i64, (self.window * self.window) as i64);
        let shift = self.shift as i64;
        let q = rolled(b, x[0], shift, [2, 3]);
        let q_cut = cut(b, &q, self.window);
        let q = b.reshape(&q_cut, &[0, tokens, heads, each, -1]);
        let q = b.transpose(&q, &[0, 4, 2, 1, 3]);
        let scale = 1.0 / (each as f64).sqrt();
        let q = b.op_scalar("Mul", &q, scale as f32);
        let kv = rolled(b, x[1], shift, [2, 3]);
        let kv = cut(b, &kv, self.window);
        let kv = b.reshape(&kv, &[0, tokens, 2 * heads, each, -1]);
        let k = b.slice(&kv, 2, 0, heads);
        let k = b.transpose(&k, &[0, 4, 2, 3, 1]);
        let v = b.slice(&kv, 2, heads, 2 * heads);
        let v = b.transpose(&v, &[0, 4, 2, 1, 3]);
        // [N, windows, heads, query, key]
        let scores = b.op("MatMul", &[&q, &k]);
        let bias = bias(b, self);
        let mut scores = b.op("Add", &[&scores, &bias]);
        if self.shift > 0 {
            let mask = mask(b, self, &q_cut);
            scores = b.op("Add", &[&scores, &mask]);
        }
        let shares = b.op("Softmax", &[&scores]);
        let mixed = b.op("MatMul", &[&shares, &v]);
        let mixed = b.transpose(&mixed, &[0, 3, 2, 4, 1]);
        let as_cut = b.op("Shape", &[&q_cut]);
        let mixed = b.op("Reshape", &[&mixed, &as_cut]);
        let mixed = joined(b, &mixed, self.window);
        rolled(b, &mixed, -shift, [2, 3])
    }
}

impl Net {
    /// Adds the table `NAME` to the tokens of every window.
    pub fn window_add(&mut self, name: &str, x: Value, window: usize, shift: usize) -> Value {
        let channels = self.channels(x);
        let table = self.trainable(name, &[window * window, channels]);
        self.push(Op::WindowAdd(WindowAdd { table, window, shift, channels }), &[x], channels)
    }

    /// Window attention with the bias table `NAME`.
    pub fn window_attention(
        &mut self,
        name: &str,
        q: Value,
        kv: Value,
        heads: usize,
        window: usize,
        shift: usize,
    ) -> Value {
        let channels = self.channels(q);
        if heads == 0 || !channels.is_multiple_of(heads) || self.channels(kv) != 2 * channels {
            self.fault(format!(
                "attention of {channels} and {} channels in {heads} heads",
                self.channels(kv)
            ));
        }
        let side = 2 * window - 1;
        let table = self.trainable(name, &[side * side, heads]);
        let attention = WindowAttention { table, heads, window, shift, channels };
        self.push(Op::WindowAttention(attention), &[q, kv], channels)
    }
}

fn whole_windows(x: Shape, window: usize) -> Result<Shape, String> {
    if window == 0 || !x.height.is_multiple_of(window) || !x.width.is_multiple_of(window) {
        return Err(format!("{}×{} are not multiples of the window {window}", x.height, x.width));
    }
    Ok(x)
}

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
        let rest = b.slice(x, axis as i64, by, END);
        let first = b.slice(x, axis as i64, 0, by);
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
    let last = b.slice(&places, 0, -1, END);
    let is_last = b.op("Equal", &[&places, &last]);
    let is_last = b.as_floats(&is_last);
    b.op("Mul", &[&inside, &is_last])
}
