//! Fused sample-wise operations, applied to a row right after it was computed.

use unband_image::Rng;
use unband_nets::layer::activation::Activation;
use unband_nets::layer::attention::WindowAdd;
use unband_nets::state::Weights;
use unband_nets::{Op, ParamId, Shape};
use unband_simd::{infer::math, infer::net, infer::norm};

use super::Engine;
use super::fetch::Fetch;
use super::plan::Step;
use crate::Mode;

/// Applies the step's chain to its row `y`.
pub fn apply(step: &Step, engine: &Engine, (fetch, mode): (&Fetch<'_>, Mode), y: usize, row: &mut [f32]) {
    for &(at, own) in &step.chain {
        let node = &engine.graph.nodes[at];
        let level = engine.level;
        let other = || node.inputs[1 - own].index();
        match &node.op {
            Op::Activation(kind) => activation(kind, engine, row),
            Op::Affine(affine) => {
                net::affine(level, row, affine.scale as f32, affine.offset as f32);
                per_channel(engine, at, row);
            }
            Op::BatchNorm(_) => per_channel(engine, at, row),
            Op::Add => with(fetch, other(), y, row, |row, o| net::mix(level, row, o, 1.0, 1.0)),
            Op::Sub => {
                let (mine, theirs) = if own == 0 { (1.0, -1.0) } else { (-1.0, 1.0) };
                with(fetch, other(), y, row, |row, o| net::mix(level, row, o, mine, theirs));
            }
            Op::AddScaled(scaled) => {
                let (mine, theirs) =
                    if own == 0 { (1.0, scaled.factor as f32) } else { (scaled.factor as f32, 1.0) };
                with(fetch, other(), y, row, |row, o| net::mix(level, row, o, mine, theirs));
            }
            Op::Mul => with(fetch, other(), y, row, |row, o| net::times(level, row, o)),
            Op::LayerNorm(norm) => {
                let [weights, biases] = norm.params.map(|id| engine.param(id));
                norm::layer(level, row, weights, biases, norm.eps as f32);
            }
            Op::UnitChannels(norm) => {
                norm::unit(level, row, fetch.shapes[at].channels, norm.eps as f32);
            }
            Op::WindowAdd(add) => window_add(add, engine, fetch.shapes[at].height, y, row),
            Op::Dropout(share) => dropout((mode, at), *share, fetch.shapes[at], y, row),
            // The plan admits no other operations here, except those active only in training.
            _ => {}
        }
    }
}

/// Calls a function with the row of another value; a value per channel is repeated.
fn with(fetch: &Fetch<'_>, value: usize, y: usize, row: &mut [f32], f: impl Fn(&mut [f32], &[f32])) {
    let shape = fetch.shapes[value];
    // In an image of one column, rows are no longer than a value per channel.
    let y = if shape.is_point() { 0 } else { y };
    if shape.is_point() && row.len() != shape.channels {
        let mut sample = vec![0.0; shape.channels];
        fetch.row(value, 0, &mut sample);
        let whole = sample.repeat(row.len() / shape.channels.max(1));
        f(row, &whole);
    } else if let Some(kept) = fetch.kept(value, y) {
        f(row, kept);
    } else {
        let mut fetched = vec![0.0; row.len()];
        fetch.row(value, y, &mut fetched);
        f(row, &fetched);
    }
}

/// The table's rows repeat along a row of windows, which may begin in the middle of a window.
fn window_add(add: &WindowAdd, engine: &Engine, height: usize, y: usize, row: &mut [f32]) {
    let (side, floats) = (add.window, add.window * add.channels);
    let line = (y + height - add.shift) % height % side;
    let table = &engine.param(add.table)[line * floats..][..floats];
    let (before, whole) = row.split_at_mut((add.shift % side * add.channels).min(row.len()));
    let last = &table[floats - before.len()..];
    net::mix(engine.level, before, last, 1.0, 1.0);
    for window in whole.chunks_mut(floats.max(1)) {
        net::mix(engine.level, window, table, 1.0, 1.0);
    }
}

/// The dropped samples depend only on the seed, the node, the channel and the position.
fn dropout((mode, at): (Mode, usize), share: f32, shape: Shape, y: usize, row: &mut [f32]) {
    let Some(seed) = mode.dropout else { return };
    let (rng, kept) = (Rng::new(seed), 1.0 / (1.0 - share));
    for (x, sample) in row.chunks_exact_mut(shape.channels.max(1)).enumerate() {
        for (c, v) in sample.iter_mut().enumerate() {
            let out = rng.unit_at(at as u32, 0, x as u32, (c * shape.height + y) as u32) < share;
            *v = if out { 0.0 } else { *v * kept };
        }
    }
}

fn activation(kind: &Activation, engine: &Engine, row: &mut [f32]) {
    let level = engine.level;
    match kind {
        Activation::Relu => net::leaky(level, row, 0.0),
        Activation::LeakyRelu(slope) => net::leaky(level, row, *slope as f32),
        Activation::PRelu { weight, .. } => match engine.param(*weight) {
            [slope] => net::leaky(level, row, *slope),
            slopes => net::leaky_each(level, row, slopes),
        },
        Activation::Tanh => math::tanh(level, row),
        Activation::Sigmoid => math::sigmoid(level, row),
        Activation::Silu => math::silu(level, row),
        Activation::Gelu => math::gelu(level, row),
        Activation::Sin => math::sin(level, row),
        Activation::Exp => math::exp(level, row),
    }
}

fn per_channel(engine: &Engine, at: usize, row: &mut [f32]) {
    if let Some(each) = engine.per_channel.get(&at) {
        net::affine_each(engine.level, row, &each.scales, &each.offsets);
    }
}

/// Scale and offset of an operation per channel.
pub struct PerChannel {
    scales: Vec<f32>,
    offsets: Vec<f32>,
}

impl PerChannel {
    /// For an operation with a scale or offset per channel.
    pub fn of(op: &Op, weights: &Weights) -> Option<Self> {
        match op {
            Op::Affine(affine) => {
                let channels = affine.channels?;
                let vector = |id: Option<ParamId>, none: f32| {
                    id.map_or_else(|| vec![none; channels], |id| weights.get(id).to_vec())
                };
                Some(Self { scales: vector(affine.scales, 1.0), offsets: vector(affine.offsets, 0.0) })
            }
            Op::BatchNorm(norm) => {
                let [weight, bias, mean, variance] = norm.params.map(|id| weights.get(id));
                let scales: Vec<f32> =
                    weight.iter().zip(variance).map(|(w, v)| w / (v + norm.eps as f32).sqrt()).collect();
                let offsets = bias.iter().zip(mean).zip(&scales).map(|((b, m), s)| b - m * s).collect();
                Some(Self { scales, offsets })
            }
            _ => None,
        }
    }
}
