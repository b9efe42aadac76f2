//! Gradients of every network are those that PyTorch computes (`golden/network_gradients.safetensors`, made by
//! `tools/make_network_gradients.py`).
#![allow(missing_docs, clippy::unwrap_used, clippy::print_stderr)]

use std::path::{Path, PathBuf};

use burn::tensor::{Device, Tensor, TensorData};
use unband_nets::state::fill;
use unband_nets::{Graph, StateDict, checkpoint};
use unband_train::Model;

/// Of the largest number of a tensor's gradient. PyTorch computed in 64 bits.
const TOLERANCE: f32 = 2e-4;

/// Gradients below this share of the network's largest are rounding: of biases before a norm, for example.
const LEAST: f32 = 1e-7;

fn golden() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../golden")
}

fn numbers(all: &StateDict, name: &str) -> Vec<f32> {
    all.get(name).unwrap_or_else(|| panic!("no {name}")).to_f32()
}

/// The picture of the golden rule, and what some networks are given beside it, as `tools/torch_nets/sample.py` has them.
fn inputs(graph: &Graph, picture: &[f32], device: &Device) -> Vec<Tensor<4>> {
    let [channels, height, width, low, high] = picture[..] else { unreachable!() };
    let (height, width) = (height as usize, width as usize);
    let rule = |channels: usize, low: f32, high: f32| -> Vec<f32> {
        let unit = fill::picture(channels, height, width);
        unit.into_iter().map(|v| low + v as f32 * (high - low)).collect()
    };
    let tensor = |values: Vec<f32>, [c, h, w]: [usize; 3]| {
        Tensor::from_data(TensorData::new(values, [1, c, h, w]), device)
    };
    let mut all = vec![tensor(rule(channels as usize, low, high), [channels as usize, height, width])];
    for more in &graph.inputs[1..] {
        let c = more.channels;
        all.push(match (more.point, c) {
            (true, 1) => tensor(vec![1.0], [1, 1, 1]),
            (true, c) => tensor((1..=c).map(|i| i as f32 / 16.0).collect(), [c, 1, 1]),
            (false, c) => tensor(rule(c, 0.0, 1.0), [c, height, width]),
        });
    }
    all
}

/// The loss whose gradients are stored.
fn loss(outputs: Vec<Tensor<4>>, device: &Device) -> Tensor<1> {
    let one = |(o, out): (usize, Tensor<4>)| {
        let dims = out.dims();
        let count = dims.iter().product::<usize>();
        let weights = (0..count).map(|i| ((37 * i + 11 * o) % 101) as f32 / 50.0 - 1.0).collect();
        (out * Tensor::from_data(TensorData::new(weights, dims), device)).sum()
    };
    outputs.into_iter().enumerate().map(one).reduce(|a, b| a + b).unwrap()
}

/// How far apart they are, of the largest of each tensor; and of how many tensors.
fn compare(file: &str, all: &StateDict) -> (f32, usize) {
    let read = checkpoint::open(golden().join("checkpoints").join(file)).unwrap();
    let graph = read.network().unwrap().graph;
    let device = Device::flex().autodiff();
    let given = inputs(&graph, &numbers(all, &format!("{file}#picture")), &device);
    let model = Model::new(graph, &read.state, &device).unwrap();
    let gradients = model.gradients(&loss(model.run(&given).unwrap(), &device).backward()).unwrap();
    let prefix = format!("{file}/");
    let stored: Vec<&str> =
        all.names().filter_map(|n| n.strip_prefix(&prefix)).filter(|n| !n.ends_with("#largest")).collect();
    let largest = |name: &str| numbers(all, &format!("{prefix}{name}#largest"))[0];
    let most = stored.iter().map(|name| largest(name)).fold(0.0, f32::max);
    let mut worst = 0.0f32;
    for name in &stored {
        let want = numbers(all, &format!("{prefix}{name}"));
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
    let all = checkpoint::open(golden().join("network_gradients.safetensors")).unwrap().state;
    let files: Vec<&str> = all.names().filter_map(|name| name.strip_suffix("#picture")).collect();
    assert!(files.len() >= 14, "{}", files.len());
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
