//! Inputs and outputs of a network, for comparison with other runtimes.

use unband_infer::Map;
use unband_nets::state::fill;
use unband_nets::{Graph, Input, Shape, StateDict, Tensor, checkpoint};

/// A generated image for every input.
pub(crate) fn inputs(graph: &Graph, height: usize, width: usize) -> Vec<Map<f32>> {
    let one = |input: &Input| {
        let (h, w) = if input.point { (1, 1) } else { (height, width) };
        let data = fill::test_image(input.channels, h, w).into_iter().map(|v| v as f32).collect();
        Map::new(Shape::new(input.channels, h, w), data).unwrap()
    };
    graph.inputs.iter().map(one).collect()
}

/// The bytes of a safetensors file with `input.0`, `input.1`, … and `output.0`, …, `[1, channels, height,
/// width]` each.
pub(crate) fn file(inputs: &[Map<f32>], outputs: &[Map<f32>]) -> Vec<u8> {
    let named = |(kind, number, map): (&str, usize, &Map<f32>)| {
        let shape = [1, map.shape.channels, map.shape.height, map.shape.width];
        (format!("{kind}.{number}"), Tensor::f32(&shape, map.data.clone()).unwrap())
    };
    let inputs = inputs.iter().enumerate().map(|(i, map)| ("input", i, map));
    let outputs = outputs.iter().enumerate().map(|(i, map)| ("output", i, map));
    checkpoint::write_safetensors(&inputs.chain(outputs).map(named).collect::<StateDict>(), &[])
}
