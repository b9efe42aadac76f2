//! Window attention, processed in groups of windows.
//!
//! Where the image was shifted over its border, a window is split. The parts do not attend to each other, so
//! each is a group of tokens of its own ([`window`] states what a mask of −100 would have added).
//! Within a group, both products are 1×1 convolutions whose weights are the group's keys and values.

use std::collections::HashMap;
use std::ops::Range;

use unband_nets::Node;
use unband_nets::layer::attention::{WindowAdd, WindowAttention};
use unband_nets::state::Weights;
use unband_simd::infer::attention::{self, LANES};
use unband_simd::infer::conv::{self, Tap};
use unband_simd::{Level, Precision, infer::net};

use super::{InPlaceOp, Kernel, KernelOp};
use crate::engine::in_place::RowPlace;
use crate::engine::strip::Strip;

impl InPlaceOp for WindowAdd {
    /// The table's rows repeat along a row of windows, which may begin in the middle of a window.
    fn apply(&self, at: &RowPlace<'_>, row: &mut [f32]) {
        let height = at.shape().height;
        let (side, floats) = (self.window, self.window * self.channels);
        let line = (at.y + height - self.shift) % height % side;
        let table = &at.param(self.table)[line * floats..][..floats];
        let (before, whole) = row.split_at_mut((self.shift % side * self.channels).min(row.len()));
        let last = &table[floats - before.len()..];
        net::mix(at.level(), before, last, 1.0, 1.0);
        for window in whole.chunks_mut(floats.max(1)) {
            net::mix(at.level(), window, table, 1.0, 1.0);
        }
    }
}

impl KernelOp for WindowAttention {
    fn needed(&self, input: usize, height: usize, rows: Range<usize>) -> Range<usize> {
        let group = |y: usize| window(y, height, self.window, self.shift);
        if input > 0 { group(rows.start).start..group(rows.end - 1).end } else { rows }
    }

    fn kernel(&self, node: &Node, weights: &Weights, _: Level, _: Precision) -> Box<dyn Kernel> {
        Box::new(Attention::new(self, node.inputs[1].index(), weights))
    }
}

/// The rows whose tokens attend to those of row `y`, in images that are shifted by −shift rows before they
/// are cut into windows. The window that wraps around holds the image's last rows and its first ones, which
/// do not attend to each other. Their scores get −100, and e⁻¹⁰⁰ of anything is lost against the row's own
/// part unless that scores 80 less.
pub(crate) fn window(y: usize, height: usize, side: usize, shift: usize) -> Range<usize> {
    if y < shift {
        return 0..shift.min(height);
    }
    let first = shift + (y - shift) / side * side;
    first..(first + side).min(height)
}

/// Window attention.
struct Attention {
    /// The value that holds keys, then values.
    pairs: usize,
    channels: usize,
    heads: usize,
    side: usize,
    shift: usize,
    /// By rows and columns of a group: for each head and token, the bias to each token, padded with −∞.
    bias: HashMap<(usize, usize), Vec<f32>>,
}

/// Tokens that attend to each other: rows and columns of the image.
struct Group {
    rows: Range<usize>,
    columns: Range<usize>,
}

impl Group {
    fn tokens(&self) -> usize {
        self.rows.len() * self.columns.len()
    }

    /// Scores per token, including the padding of the row.
    fn step(&self) -> usize {
        self.tokens().next_multiple_of(LANES)
    }

    /// Row and column of each token.
    fn places(&self, rows: Range<usize>) -> impl Iterator<Item = (usize, usize)> {
        rows.flat_map(|y| self.columns.clone().map(move |x| (y, x)))
    }
}

impl Kernel for Attention {
    fn granule(&self) -> (usize, usize) {
        (self.side, (self.side - self.shift) % self.side)
    }

    fn strip(&self, strip: &Strip<'_>, lines: &mut [&mut [f32]], done: &dyn Fn(usize, &mut [f32])) {
        let shape = strip.shape;
        let end = strip.first + lines.len();
        let mut work = Work::default();
        let mut y = strip.first;
        while y < end {
            let tokens = window(y, shape.height, self.side, self.shift);
            let here = y..tokens.end.min(end);
            let lines = &mut lines[y - strip.first..here.end - strip.first];
            work.fetch(strip, self, &tokens, &here);
            let mut x = 0;
            while x < shape.width {
                let columns = window(x, shape.width, self.side, self.shift);
                x = columns.end;
                let group = Group { rows: tokens.clone(), columns };
                for head in 0..self.heads {
                    self.group(strip.fetch.level, &group, here.clone(), head, &mut work, lines);
                }
            }
            for (y, line) in here.clone().zip(lines) {
                done(y, line);
            }
            y = here.end;
        }
    }
}

impl Attention {
    /// For keys and values stored in one value.
    fn new(attention: &WindowAttention, pairs: usize, weights: &Weights) -> Self {
        let &WindowAttention { table, heads, window: side, shift, channels } = attention;
        let table = weights.get(table);
        let mut sizes = vec![side, shift, side - shift];
        sizes.retain(|&n| n > 0);
        let all = sizes.iter().flat_map(|&h| sizes.iter().map(move |&w| (h, w)));
        let bias = all.map(|size| (size, biases(table, heads, side, size.0, size.1))).collect();
        Self { pairs, channels, heads, side, shift, bias }
    }

    /// One head of a group, for the tokens in some of its rows.
    fn group(
        &self,
        level: Level,
        group: &Group,
        here: Range<usize>,
        head: usize,
        work: &mut Work,
        lines: &mut [&mut [f32]],
    ) {
        let each = self.channels / self.heads;
        let (step, queries) = (group.step(), here.len() * group.columns.len());
        let skipped = (here.start - group.rows.start) * group.columns.len();
        let Some(bias) = self.bias.get(&(group.rows.len(), group.columns.len())) else { return };
        let bias = &bias[(head * group.tokens() + skipped) * step..][..queries * step];
        work.pack(self, group, head, conv::block(level));
        work.queries(self, group, here.clone(), head);
        let shape =
            |inputs, outputs| conv::Shape { inputs, outputs, width: queries, stride: 1, out_step: outputs };
        let only = [Tap { row: 0, column: 0 }];
        let Work { keys, values, queries: q, scores, sums, mixed, zeros, .. } = work;
        scores.resize(queries * step, 0.0);
        sums.resize(queries, 0.0);
        mixed.resize(queries * each, 0.0);
        zeros.resize(step.max(each), 0.0);
        conv::conv_row(level, shape(each, step), scores, &[q], &only, keys, zeros);
        attention::raise(level, scores, bias, step, sums);
        conv::conv_row(level, shape(step, each), mixed, &[scores], &only, values, zeros);
        let samples = mixed.chunks_exact(each).zip(sums.iter());
        for ((y, x), (mixed, sum)) in group.places(here.clone()).zip(samples) {
            let to = &mut lines[y - here.start][x * self.channels + head * each..][..each];
            to.iter_mut().zip(mixed).for_each(|(to, v)| *to = v / sum);
        }
    }
}

/// For each head and query, the bias to each token of a group, padded with −∞ to a whole number of lanes.
fn biases(table: &[f32], heads: usize, side: usize, rows: usize, columns: usize) -> Vec<f32> {
    let tokens = rows * columns;
    let step = tokens.next_multiple_of(LANES);
    let mut all = vec![f32::NEG_INFINITY; heads * tokens * step];
    for (number, row) in all.chunks_exact_mut(step).enumerate() {
        let (head, query) = (number / tokens, number % tokens);
        for (key, bias) in row.iter_mut().enumerate().take(tokens) {
            let down = query / columns + side - 1 - key / columns;
            let across = query % columns + side - 1 - key % columns;
            *bias = table[(down * (2 * side - 1) + across) * heads + head];
        }
    }
    all
}

/// Reused buffers.
#[derive(Default)]
struct Work {
    /// Rows of queries, and of keys with values.
    query_rows: Vec<f32>,
    pair_rows: Vec<f32>,
    /// Length of such rows in floats.
    query_row: usize,
    pair_row: usize,
    keys: Vec<f32>,
    values: Vec<f32>,
    queries: Vec<f32>,
    scores: Vec<f32>,
    sums: Vec<f32>,
    mixed: Vec<f32>,
    zeros: Vec<f32>,
}

impl Work {
    /// Fetches the rows of a window's keys and values, and those of the current queries.
    fn fetch(&mut self, strip: &Strip<'_>, of: &Attention, window: &Range<usize>, here: &Range<usize>) {
        self.query_row = strip.shape.width * of.channels;
        self.pair_row = 2 * self.query_row;
        self.query_rows.resize(here.len() * self.query_row, 0.0);
        self.pair_rows.resize(window.len() * self.pair_row, 0.0);
        for (y, row) in here.clone().zip(self.query_rows.chunks_exact_mut(self.query_row)) {
            strip.fetch.row(strip.input, y, row);
        }
        for (y, row) in window.clone().zip(self.pair_rows.chunks_exact_mut(self.pair_row)) {
            strip.fetch.row(of.pairs, y, row);
        }
    }

    /// Packs a head's keys and values in the order of [`conv::pack`]: keys are the weights of the
    /// scores, values those of the result.
    fn pack(&mut self, of: &Attention, group: &Group, head: usize, block: usize) {
        let (each, step) = (of.channels / of.heads, group.step());
        self.keys.resize(step.div_ceil(block) * block * each, 0.0);
        self.values.resize(each.div_ceil(block) * block * step, 0.0);
        self.keys.fill(0.0);
        self.values.fill(0.0);
        for (token, (y, x)) in group.places(group.rows.clone()).enumerate() {
            let at = (y - group.rows.start) * self.pair_row + 2 * x * of.channels + head * each;
            let (key, value) = (&self.pair_rows[at..][..each], &self.pair_rows[at + of.channels..][..each]);
            let keys = self.keys[token / block * block * each + token % block..].iter_mut().step_by(block);
            keys.zip(key).for_each(|(to, &v)| *to = v);
            for (number, value) in value.chunks(block).enumerate() {
                self.values[(number * step + token) * block..][..value.len()].copy_from_slice(value);
            }
        }
    }

    /// A head's queries, scaled.
    fn queries(&mut self, of: &Attention, group: &Group, here: Range<usize>, head: usize) {
        let each = of.channels / of.heads;
        let scale = 1.0 / (each as f32).sqrt();
        self.queries.clear();
        for (y, x) in group.places(here.clone()) {
            let at = (y - here.start) * self.query_row + x * of.channels + head * each;
            self.queries.extend(self.query_rows[at..][..each].iter().map(|v| v * scale));
        }
    }
}
