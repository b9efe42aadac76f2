use unband_nets::Op;
use unband_nets::arch;
use unband_nets::arch::uformer::{Config, build};
use unband_nets::param::StoredTensor;
use unband_nets::state::fill;

use super::support::{filled, golden, original, outputs, painted, same};

#[test]
fn gives_the_numbers_of_the_original() {
    // The original was built for images of this side: windows of its bottleneck do not shift.
    let graph = build(&Config { side: 128, ..Config::default() }).unwrap();
    let want = golden("uformer_t");
    assert_eq!(graph.parameter_count() as u64, want["params"].as_u64().unwrap());
    let (_, weights) = filled(&graph, "uformer_t");
    same(&outputs(&graph, &weights, &[painted(3, 128, 128)])[0], &want["out_128x128"], "128×128");
}

#[test]
fn counts_as_its_authors_and_the_comparing_paper_do() {
    let graph = arch::uformer::ENTRY.build().unwrap();
    let plain = arch::build("uformer-t:no-modulator").unwrap().unwrap();
    assert_eq!((graph.parameter_count(), plain.parameter_count()), (5_291_853, 5_230_413));
    // The paper's tool sees parameters of layers only: neither bias tables nor modulators.
    let layers = |graph: &unband_nets::Graph| -> usize {
        let seen = |name: &str| !name.ends_with("bias_table") && !name.ends_with("modulator.weight");
        graph.params.iter().filter(|p| seen(&p.name)).map(unband_nets::Param::learned).sum()
    };
    assert_eq!((layers(&graph), layers(&plain)), (5_202_963, 5_202_963));
    assert_eq!(graph.size_multiple(), Some(128));
    // The authors' formula includes normalisations, and every tap of a transposed convolution at every output
    // position, of which a stride of two leaves a quarter.
    let ours = graph.multiply_adds(256, 256).unwrap();
    let shapes = graph.shapes(256, 256).unwrap();
    let extra = |(node, shape): (&unband_nets::Node, &unband_nets::Shape)| match &node.op {
        Op::LayerNorm(_) => shape.len() as u64,
        Op::ConvTranspose(conv) => (3 * shape.height * shape.width / 4 * conv.input * conv.output * 4) as u64,
        _ => 0,
    };
    let theirs = ours + graph.nodes.iter().zip(&shapes).map(extra).sum::<u64>();
    assert_eq!((ours, theirs), (11_268_521_984, 11_997_020_160));
}

#[test]
fn is_recognised_with_and_without_modulators() {
    let with = original("uformer_t");
    let without: Vec<StoredTensor> = with.iter().filter(|s| !s.name.contains("modulator")).cloned().collect();
    for (tensors, parameters) in [(with, 5_291_853), (without, 5_230_413)] {
        let (found, graph) = arch::detect(&fill::golden(&tensors)).unwrap();
        assert_eq!((found.name, graph.unwrap().parameter_count()), ("uformer-t", parameters));
    }
}

#[test]
fn larger_sizes_have_as_many_parameters_as_published() {
    // The paper's table says 5.23, 20.63 and 50.88 million; the two smaller ones match without modulators.
    let depths = [1, 2, 8, 8, 2, 8, 8, 2, 1];
    let small = Config { width: 32, modulator: false, ..Config::default() };
    let base = Config { width: 32, depths, ..Config::default() };
    for (config, parameters) in [(small, 20_628_317), (base, 50_880_946)] {
        let graph = build(&config).unwrap();
        assert_eq!(graph.parameter_count(), parameters);
        assert_eq!(Config::from_state(&fill::golden(&graph.stored())).unwrap(), config);
    }
}
