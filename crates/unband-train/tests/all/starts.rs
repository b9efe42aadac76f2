//! Initialisation of trained networks. The rules are tested in unband-nets.
#![allow(missing_docs, clippy::unwrap_used, clippy::print_stderr)]

use std::path::Path;

use burn::tensor::{Device, Tensor, TensorData};
use unband_nets::Graph;
use unband_nets::arch::{ARCHITECTURES, Purpose};
use unband_nets::state::fill;
use unband_nets::state::he::He;
use unband_nets::state::init::{self, Init};
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
        let graph = (architecture.build)().unwrap();
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

#[test]
fn small_trainings_start_from_the_identity() {
    let recipes = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../recipes");
    for name in ["bitnet", "ggdbn", "bdinn", "indi", "adnet", "brdnet", "uformer-t"] {
        let file = recipes.join(name).with_extension("toml");
        let recipe = Recipe::load(&file, &[recipes.join("small.toml")], &[]).unwrap();
        let graph = graph(&recipe.network);
        let side = graph.size_multiple().unwrap().max(16);
        let state = init::state(&graph, &recipe.init, 3);
        let model = Model::new(graph, &state, &Device::flex()).unwrap();
        let painted: Vec<f32> = fill::test_image(3, side, side).into_iter().map(|v| v as f32).collect();
        let tensor = |values: Vec<f32>, shape: [usize; 4]| {
            Tensor::<4>::from_data(TensorData::new(values, shape), &Device::flex())
        };
        let mut inputs = vec![tensor(painted.clone(), [1, 3, side, side])];
        if name == "indi" {
            inputs.push(tensor(vec![1.0], [1, 1, 1, 1]));
        }
        let out = model.run(&inputs).unwrap()[0].try_to_vec_as::<f32>().unwrap();
        let worst = out.iter().zip(&painted).fold(0.0f32, |m, (a, b)| m.max((a - b).abs()));
        eprintln!("{name}: {worst:.1e} apart");
        assert!(worst <= 1e-5, "{name}: {worst}");
    }
}
