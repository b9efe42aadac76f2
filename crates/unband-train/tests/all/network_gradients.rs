//! Gradients of every network compared with PyTorch's (`golden/network_gradients.safetensors`, made by
//! `tools/make_network_gradients.py`).
#![allow(missing_docs, clippy::unwrap_used, clippy::print_stderr)]

use crate::nets;
use burn::tensor::Device;
use nets::golden;
use unband_nets::StateDict;
use unband_train::Model;

/// Tolerance, relative to the largest element of a tensor's gradient. PyTorch computed in 64 bits.
const TOLERANCE: f32 = 2e-4;

/// Gradients below this share of the network's largest are rounding errors: of biases before a norm, for
/// example.
const LEAST: f32 = 1e-7;

/// Largest deviation, relative to the largest of each tensor; and the number of tensors.
fn compare(file: &str, all: &StateDict) -> (f32, usize) {
    let (graph, state) = golden::network(file);
    let device = Device::flex().autodiff();
    let given = golden::inputs(&graph, &golden::numbers(all, &format!("{file}#picture")), &device);
    let model = Model::new(graph, &state, &device).unwrap();
    let gradients = model.gradients(&golden::loss(model.run(&given).unwrap(), &device).backward()).unwrap();
    let prefix = format!("{file}/");
    let stored: Vec<&str> =
        all.names().filter_map(|n| n.strip_prefix(&prefix)).filter(|n| !n.ends_with("#largest")).collect();
    let largest = |name: &str| golden::numbers(all, &format!("{prefix}{name}#largest"))[0];
    let most = stored.iter().map(|name| largest(name)).fold(0.0, f32::max);
    let mut worst = 0.0f32;
    for name in &stored {
        let want = golden::numbers(all, &format!("{prefix}{name}"));
        let scale = largest(name).max(LEAST * most);
        let Some(got) = gradients.get(*name) else {
            assert!(largest(name) <= LEAST * most, "{file}: {name} has no gradient");
            continue;
        };
        let step = got.len().div_ceil(24);
        assert_eq!(want.len(), got.len().div_ceil(step), "{file}: {name}");
        for (want, got) in want.iter().zip(got.iter().step_by(step)) {
            let apart = (want - got).abs() / scale;
            assert!(apart.is_finite(), "{file}: {name}");
            if apart > worst {
                worst = apart;
            }
        }
    }
    (worst, stored.len())
}

#[test]
fn gradients_of_every_network_are_pytorchs() {
    let all = golden::gradients();
    let files = golden::files(&all);
    assert!(files.len() >= 16, "{}", files.len());
    let mut failed = Vec::new();
    for file in files {
        let (worst, tensors) = compare(file, &all);
        eprintln!("{file:26} {tensors:4} tensors, {worst:.1e} of the largest apart");
        if worst > TOLERANCE {
            failed.push(file);
        }
    }
    assert!(failed.is_empty(), "{failed:?}");
}
