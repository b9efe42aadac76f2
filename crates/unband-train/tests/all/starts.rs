//! Initialisation of trained networks. The rules are tested in unband-nets.
#![allow(missing_docs, clippy::unwrap_used, clippy::print_stderr)]

use std::collections::BTreeSet;
use std::path::Path;

use burn::tensor::{Device, Tensor, TensorData};
use unband_nets::arch::{ARCHITECTURES, Purpose, bdinn};
use unband_nets::state::fill;
use unband_nets::state::he::He;
use unband_nets::state::init::{self, Init};
use unband_nets::{Graph, StateDict};
use unband_train::Model;
use unband_train::recipe::Recipe;

fn graph(name: &str) -> Graph {
    unband_nets::arch::build(name).unwrap().unwrap()
}

#[test]
fn every_network_starts_by_every_rule() {
    let rules = [
        Init::Pytorch { zero: Vec::new() },
        Init::XavierNormal { gain: 1.0 },
        Init::He(He {
            linear: vec!["*".into()],
            differences: vec!["*.convs.0".into()],
            gates: vec!["*".into()],
            ..He::default()
        }),
        Init::Normal { std: 0.02 },
        Init::Adnet {},
        Init::Orthogonal { gain: 0.2 },
        Init::Uformer {},
    ];
    for architecture in ARCHITECTURES {
        if !matches!(architecture.use_as.purpose, Purpose::Deband | Purpose::Upscale | Purpose::Discriminate)
        {
            continue;
        }
        let graph = architecture.build().unwrap();
        let numbers = graph.params.iter().map(unband_nets::Param::len).sum::<usize>();
        // All rules; for networks with many weights, only the first.
        for rule in if numbers > 2_000_000 { &rules[..1] } else { &rules[..] } {
            let state = init::state(&graph, rule, 1);
            let model = Model::new(graph.clone(), &state, &Device::flex());
            model.unwrap_or_else(|e| panic!("{}: {e}", architecture.name));
            for (name, tensor) in state.iter() {
                assert!(tensor.to_f32().iter().all(|v| v.is_finite()), "{} {name}", architecture.name);
            }
        }
    }
}

/// Networks and variants that start as the identity on a small machine.
fn small() -> Vec<String> {
    let names = ["bitnet", "ggdbn", "bdinn", "indi", "adnet", "brdnet", "uformer-t"];
    let ablations = bdinn::ENTRY.variants.iter().map(|v| v.name);
    let ablations = ablations.filter(|name| !name.starts_with("small") && *name != "inverse");
    names.iter().map(|&name| name.to_owned()).chain(ablations.map(|name| format!("bdinn:{name}"))).collect()
}

/// The narrow network, as it starts.
fn start(name: &str) -> (Graph, StateDict) {
    let recipes = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../recipes");
    let file = recipes.join(name.split(':').next().unwrap()).with_extension("toml");
    let settings: Vec<String> =
        name.contains(':').then(|| format!("network = \"{name}\"")).into_iter().collect();
    let recipe = Recipe::load(&file, &[recipes.join("small.toml")], &settings).unwrap();
    assert!(recipe.network.contains(":small"), "{name}: {}", recipe.network);
    let graph = graph(&recipe.network);
    let state = init::state(&graph, &recipe.init, 3);
    (graph, state)
}

/// An image and its negative, and the other inputs of the network.
fn inputs(name: &str, graph: &Graph, device: &Device) -> Vec<Tensor<4>> {
    let side = graph.size_multiple().unwrap().max(16);
    let tensor =
        |values: Vec<f32>, shape: [usize; 4]| Tensor::<4>::from_data(TensorData::new(values, shape), device);
    let painted: Vec<f32> = fill::test_image(3, side, side).into_iter().map(|v| v as f32).collect();
    let both = painted.iter().copied().chain(painted.iter().map(|v| 1.0 - v)).collect();
    let mut inputs = vec![tensor(both, [2, 3, side, side])];
    if name == "indi" {
        inputs.push(tensor(vec![1.0; 2], [2, 1, 1, 1]));
    }
    inputs
}

#[test]
fn small_trainings_start_from_the_identity() {
    for name in small() {
        let (graph, state) = start(&name);
        let inputs = inputs(&name, &graph, &Device::flex());
        let model = Model::new(graph, &state, &Device::flex()).unwrap();
        let values = |tensor: &Tensor<4>| tensor.try_to_vec_as::<f32>().unwrap();
        let (out, painted) = (values(&model.run(&inputs).unwrap()[0]), values(&inputs[0]));
        let worst = out.iter().zip(&painted).fold(0.0f32, |m, (a, b)| m.max((a - b).abs()));
        eprintln!("{name}: {worst:.1e} apart");
        assert!(worst <= 1e-5, "{name}: {worst}");
    }
}

/// Two zero layers in sequence have no gradient, whatever follows.
#[test]
fn every_layer_of_small_trainings_learns() {
    let device = Device::flex().autodiff();
    for name in small() {
        let (graph, mut state) = start(&name);
        let kernels = |state: &StateDict| -> BTreeSet<String> {
            let is = |name: &str| name.ends_with("weight") && state.shape(name).is_some_and(|s| s.len() > 1);
            state.names().filter(|name| is(name)).map(str::to_owned).collect()
        };
        let mut still = kernels(&state);
        for _ in 0..4 {
            let inputs = inputs(&name, &graph, &device);
            let model = Model::new(graph.clone(), &state, &device).unwrap();
            let out = model.run(&inputs).unwrap().swap_remove(0);
            let loss = (out - inputs[0].clone().mul_scalar(0.8)).square().sum();
            for (name, gradient) in model.gradients(&loss.backward()).unwrap() {
                if gradient.iter().any(|v| *v != 0.0) {
                    still.remove(&name);
                }
                let tensor = state.get(&name).unwrap();
                let step = |g: f32| if g == 0.0 { 0.0 } else { 1e-3 * g.signum() };
                let moved = tensor.to_f32().iter().zip(&gradient).map(|(v, g)| v - step(*g)).collect();
                let moved = unband_nets::Tensor::f32(&tensor.shape.clone(), moved).unwrap();
                state.insert(&name, moved);
            }
        }
        assert!(still.is_empty(), "{name}: {still:?}");
    }
}
