//! What follows a core, on a row that has just been made.

use unband_nets::Op;
use unband_nets::layer::activation::Activation;
use unband_nets::layer::arithmetic::Affine;
use unband_nets::layer::norm::BatchNorm;
use unband_simd::net_rows;

use super::Engine;
use super::fetch::Fetch;
use super::plan::Step;

pub fn apply(step: &Step, engine: &Engine, fetch: &Fetch<'_>, y: usize, row: &mut [f32]) {
    for &(at, own) in &step.chain {
        let node = &engine.graph.nodes[at];
        let level = engine.level;
        let other = || node.inputs[1 - own].index();
        match &node.op {
            Op::Activation(kind) => activation(kind, engine, row),
            Op::Affine(affine) => scale(affine, engine, row),
            Op::BatchNorm(norm) => normalise(norm, engine, row),
            Op::Add => with(fetch, other(), y, row, |row, o| net_rows::mix(level, row, o, 1.0, 1.0)),
            Op::Sub => {
                let (mine, theirs) = if own == 0 { (1.0, -1.0) } else { (-1.0, 1.0) };
                with(fetch, other(), y, row, |row, o| net_rows::mix(level, row, o, mine, theirs));
            }
            Op::AddScaled(scaled) => {
                let (mine, theirs) =
                    if own == 0 { (1.0, scaled.factor as f32) } else { (scaled.factor as f32, 1.0) };
                with(fetch, other(), y, row, |row, o| net_rows::mix(level, row, o, mine, theirs));
            }
            Op::Mul => with(fetch, other(), y, row, |row, o| net_rows::times(level, row, o)),
            // The plan lets nothing else follow.
            _ => {}
        }
    }
}

/// With the row of another value; a value per channel is repeated.
fn with(fetch: &Fetch<'_>, value: usize, y: usize, row: &mut [f32], f: impl Fn(&mut [f32], &[f32])) {
    let shape = fetch.shapes[value];
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

fn activation(kind: &Activation, engine: &Engine, row: &mut [f32]) {
    let mut each = |f: fn(f32) -> f32| row.iter_mut().for_each(|v| *v = f(*v));
    let sigmoid = |v: f32| 1.0 / (1.0 + (-v).exp());
    match kind {
        Activation::Relu => net_rows::leaky(engine.level, row, 0.0),
        Activation::LeakyRelu(slope) => net_rows::leaky(engine.level, row, *slope as f32),
        Activation::PRelu { weight, .. } => match engine.param(*weight) {
            [slope] => net_rows::leaky(engine.level, row, *slope),
            slopes => net_rows::leaky_each(engine.level, row, slopes),
        },
        Activation::Tanh => each(f32::tanh),
        Activation::Sigmoid => each(sigmoid),
        Activation::Silu => each(|v| v / (1.0 + (-v).exp())),
        Activation::Gelu => each(|v| 0.5 * v * (1.0 + libm::erff(v * std::f32::consts::FRAC_1_SQRT_2))),
        Activation::Sin => each(f32::sin),
        Activation::Exp => each(f32::exp),
    }
}

fn scale(affine: &Affine, engine: &Engine, row: &mut [f32]) {
    net_rows::affine(engine.level, row, affine.scale as f32, affine.offset as f32);
    let Some(channels) = affine.channels else { return };
    let vector = |id: Option<unband_nets::ParamId>, none: f32| {
        id.map_or_else(|| vec![none; channels], |id| engine.param(id).to_vec())
    };
    net_rows::affine_each(engine.level, row, &vector(affine.scales, 1.0), &vector(affine.offsets, 0.0));
}

fn normalise(norm: &BatchNorm, engine: &Engine, row: &mut [f32]) {
    let [weight, bias, mean, variance] = norm.params.map(|id| engine.param(id));
    let scales: Vec<f32> =
        weight.iter().zip(variance).map(|(w, v)| w / (v + norm.eps as f32).sqrt()).collect();
    let offsets: Vec<f32> = bias.iter().zip(mean).zip(&scales).map(|((b, m), s)| b - m * s).collect();
    net_rows::affine_each(engine.level, row, &scales, &offsets);
}
