use unband_infer::Map;
use unband_nets::layer::arithmetic::Combine;
use unband_nets::layer::arrange::PixelShuffle;
use unband_nets::state::Weights;
use unband_nets::{Graph, Node, Op, arch};

use super::support::{filled, golden, outputs, painted, same};

/// The graph with additional outputs: the first value whose node is requested.
fn looking_at(mut graph: Graph, names: &[&str], wanted: &[fn(&Node) -> bool]) -> Graph {
    for (name, wanted) in names.iter().zip(wanted) {
        let at = graph.nodes.iter().rposition(wanted).unwrap();
        let value = graph.nodes.iter().flat_map(|n| &n.inputs).find(|v| v.index() == at).copied().unwrap();
        graph.outputs.push(((*name).into(), value));
    }
    graph
}

#[test]
fn gives_the_numbers_of_the_original() {
    let graph = arch::ggdbn::ENTRY.build().unwrap();
    let want = golden("ggdbn");
    assert_eq!(graph.parameter_count() as u64, want["params"].as_u64().unwrap());
    assert_eq!(graph.stored().len(), 169);
    let (_, weights) = filled(&graph, "ggdbn");
    let graph = looking_at(
        graph,
        &["gray", "grad4", "base"],
        &[
            |n| n.scope == "edges" && matches!(n.op, Op::Combine(Combine::AddScaled(_))),
            |n| n.scope == "edges.kernels",
            |n| n.scope == "model.base" && n.op == Op::PixelShuffle(PixelShuffle { factor: 2 }),
        ],
    );
    for (height, width) in [(32, 32), (48, 64)] {
        let got = outputs(&graph, &weights, &[painted(3, height, width)]);
        let size = format!("{height}x{width}");
        for (part, got) in ["out", "grad", "gray", "grad4", "base"].into_iter().zip(&got) {
            same(got, &want[&size][part], &format!("{part} of {size}"));
        }
    }
}

#[test]
fn costs_what_the_original_costs() {
    let graph = arch::ggdbn::ENTRY.build().unwrap();
    // The original's count excludes its four fixed kernels.
    let fixed = 4 * 9 * 256 * 256;
    assert_eq!(graph.multiply_adds(256, 256).unwrap() - fixed, 57_117_705_216);
    assert_eq!(graph.size_multiple(), Some(8));
    assert_eq!(graph.receptive_radius(), None);
    assert!(graph.unused().is_empty());
}

#[test]
fn leaves_the_image_alone_when_the_last_layer_is_zero() {
    let graph = arch::ggdbn::ENTRY.build().unwrap();
    let (state, _) = filled(&graph, "ggdbn");
    let zeroed = state.iter().map(|(name, tensor)| {
        let data =
            if name.starts_with("fusion.final.") { vec![0.0; tensor.data.len()] } else { tensor.to_f32() };
        (name.to_owned(), unband_nets::Tensor::f32(&tensor.shape, data).unwrap())
    });
    let weights = Weights::bind(&graph, &zeroed.collect()).unwrap();
    let image: Map<f64> = painted(3, 16, 24);
    let out = outputs(&graph, &weights, std::slice::from_ref(&image));
    assert_eq!(out[0], image);
    assert!(out[1].data[0].abs() > 1e-3);
}

#[test]
fn is_known_by_its_tensors_at_any_width() {
    let config = arch::ggdbn::Config { width: 16, pyramid: [64, 32, 16], attention: 2, fusion: 8 };
    for graph in [arch::ggdbn::build(&config).unwrap(), arch::ggdbn::ENTRY.build().unwrap()] {
        let state = unband_nets::state::fill::golden(&graph.stored());
        let (found, again) = arch::detect(&state).unwrap();
        assert_eq!(found.name, "ggdbn");
        assert_eq!(again.unwrap(), graph);
    }
}
