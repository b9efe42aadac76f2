//! Gradients compared with finite differences of the reference in 64 bits.
#![allow(missing_docs, clippy::unwrap_used, clippy::print_stderr)]

use crate::nets;
use crate::reference;
use burn::tensor::{Device, Tensor, TensorData};
use nets::{maps, tensor};
use unband_infer::{Map, Mode};
use unband_nets::state::{Weights, fill};
use unband_nets::{Data, Graph, StateDict};
use unband_train::Model;

/// Step of the finite differences: small enough that few samples cross a kink of a rectifier or of bilinear
/// sampling.
const STEP: f32 = 4e-6;

/// Changes below this are rounding errors: biases before a batch norm change nothing.
const LEAST: f64 = 2e-7;

/// Weights of the loss Σ weight · output: between −1 and 1.
fn loss_weight(output: usize, i: usize) -> f64 {
    2.0 * fill::mixed(1000 + output, i) - 1.0
}

fn reference_loss(graph: &Graph, state: &StateDict, maps: &[Map<f64>], mode: Mode) -> f64 {
    let weights = Weights::bind(graph, state).unwrap();
    let outputs = reference::run(graph, &weights, maps, mode, &unband_image::Context::default()).unwrap();
    let one = |(o, map): (usize, &Map<f64>)| -> f64 {
        map.data.iter().enumerate().map(|(i, v)| v * loss_weight(o, i)).sum()
    };
    outputs.iter().enumerate().map(one).sum()
}

/// For every learned tensor, moves it a little along random signs and compares the change of the loss with
/// the prediction of the gradients. The scale is the typical change for random signs.
fn check(graph: &Graph, height: usize, width: usize, learning: bool) {
    let device = Device::flex().autodiff();
    let state = fill::golden(&graph.stored());
    let maps = maps(graph, height, width);
    let inputs: Vec<Tensor<4>> = maps.iter().map(|map| tensor(map, &device)).collect();
    let mut model = Model::new(graph.clone(), &state, &device).unwrap();
    let outputs = if learning { model.run_learning(&inputs) } else { model.run(&inputs) }.unwrap();
    // Training updates the vectors of spectral norms, not the weights.
    let state = model.state().unwrap();
    let losses = outputs.into_iter().enumerate().map(|(o, out)| {
        let dims = out.dims();
        let weights = (0..dims.iter().product()).map(|i| loss_weight(o, i) as f32).collect();
        (out * Tensor::from_data(TensorData::new(weights, dims), &device)).sum()
    });
    let loss = losses.reduce(|a, b| a + b).unwrap();
    let gradients = model.gradients(&loss.backward()).unwrap();

    let wide: Vec<Map<f64>> = maps
        .iter()
        .map(|m| Map::new(m.shape, m.data.iter().map(|&v| f64::from(v)).collect()).unwrap())
        .collect();
    let mode = Mode { image_statistics: learning, dropout: None };
    let learned =
        |name: &str| !["running_mean", "running_var", "weight_u"].iter().any(|end| name.ends_with(end));
    let mut checked = 0;
    for (t, (name, whole)) in state.iter().enumerate() {
        let spectral =
            state.get(&format!("{}u", name.trim_end_matches('v'))).is_some() && name.ends_with("weight_v");
        if !learned(name) || spectral || matches!(whole.data, Data::I64(_)) {
            assert!(!gradients.contains_key(name), "{name}");
            continue;
        }
        let gradient = &gradients[name];
        let values = whole.to_f32();
        let moved = |side: f32| -> Vec<f32> {
            let sign = |i: usize| if fill::mixed(t, i) < 0.5 { -side } else { side };
            values.iter().enumerate().map(|(i, v)| v + STEP * sign(i)).collect()
        };
        let loss_at = |values: &[f32]| {
            let mut state = state.clone();
            let data = Data::F32(values.to_vec());
            state.insert(name, unband_nets::Tensor { shape: whole.shape.clone(), data });
            reference_loss(graph, &state, &wide, mode)
        };
        let (up, down) = (moved(1.0), moved(-1.0));
        let change = loss_at(&up) - loss_at(&down);
        let parts = || {
            gradient
                .iter()
                .zip(up.iter().zip(&down))
                .map(|(&g, (&up, &down))| f64::from(g) * (f64::from(up) - f64::from(down)))
        };
        let foretold: f64 = parts().sum();
        let scale = parts().map(|p| p * p).sum::<f64>().sqrt().max(change.abs());
        let off = (change - foretold).abs() / scale.max(LEAST);
        eprintln!("{} {name}: off by {off:.1e}", graph.name);
        assert!(off <= 2e-4, "{name}: {change} is not {foretold}, scale {scale}");
        checked += 1;
    }
    assert_eq!(checked, gradients.len());
}

#[test]
fn gradients_of_convolutions_and_norms_are_right() {
    check(&nets::convolutions(), 11, 14, false);
    check(&nets::convolutions(), 11, 14, true);
}

#[test]
fn gradients_of_attention_and_deformable_convolutions_are_right() {
    check(&nets::windows(), 16, 8, false);
}
