//! Networks with gradients computed by PyTorch, their inputs and the loss.

use std::path::{Path, PathBuf};

use burn::tensor::{Device, Tensor, TensorData};
use unband_nets::state::fill;
use unband_nets::{Graph, StateDict, checkpoint};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../golden")
}

pub fn numbers(all: &StateDict, name: &str) -> Vec<f32> {
    all.get(name).unwrap_or_else(|| panic!("no {name}")).to_f32()
}

/// The image of the golden rule, and the additional inputs of some networks, as in
/// `tools/torch_nets/sample.py`.
pub fn inputs(graph: &Graph, painted: &[f32], device: &Device) -> Vec<Tensor<4>> {
    let [channels, height, width, low, high] = painted[..] else { unreachable!() };
    let (height, width) = (height as usize, width as usize);
    let rule = |channels: usize, low: f32, high: f32| -> Vec<f32> {
        let unit = fill::test_image(channels, height, width);
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
pub fn loss(outputs: Vec<Tensor<4>>, device: &Device) -> Tensor<1> {
    let one = |(o, out): (usize, Tensor<4>)| {
        let dims = out.dims();
        let count = dims.iter().product::<usize>();
        let weights = (0..count).map(|i| ((37 * i + 11 * o) % 101) as f32 / 50.0 - 1.0).collect();
        (out * Tensor::from_data(TensorData::new(weights, dims), device)).sum()
    };
    outputs.into_iter().enumerate().map(one).reduce(|a, b| a + b).unwrap()
}

/// PyTorch's gradients of all networks.
pub fn gradients() -> StateDict {
    checkpoint::open(folder().join("network_gradients.safetensors")).unwrap().state
}

/// Files of their networks.
pub fn files(gradients: &StateDict) -> Vec<&str> {
    gradients.names().filter_map(|name| name.strip_suffix("#picture")).collect()
}

/// The network in a file, with its weights.
pub fn network(file: &str) -> (Graph, StateDict) {
    let read = checkpoint::open(folder().join("checkpoints").join(file)).unwrap();
    (read.network().unwrap().graph, read.state)
}
