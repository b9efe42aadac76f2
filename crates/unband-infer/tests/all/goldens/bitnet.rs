use unband_nets::arch;

use super::support::{filled, golden, outputs, painted, same};

#[test]
fn gives_the_numbers_of_the_original() {
    let graph = (arch::bitnet::ENTRY.build)().unwrap();
    let want = golden("bitnet");
    assert_eq!(graph.parameter_count() as u64, want["params"].as_u64().unwrap());
    assert_eq!(graph.multiply_adds(256, 256).unwrap(), want["macs256"].as_u64().unwrap());
    let (state, weights) = filled(&graph, "bitnet");
    same(&outputs(&graph, &weights, &[painted(3, 32, 32)])[0], &want["out_32x32"], "32×32");
    assert_eq!(arch::detect(&state).unwrap().0.name, "bitnet");
}
