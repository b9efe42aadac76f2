//! Networks with one image as input and output: `golden/nets/NAME.json` and `NAME.state.tsv`.

use unband_nets::arch::{self, ARCHITECTURES};

use super::support::{exists, filled, golden, outputs, painted, same};

#[test]
fn networks_give_the_numbers_of_the_originals() {
    let mut seen = Vec::new();
    for architecture in ARCHITECTURES {
        let name = architecture.name.replace('-', "_");
        if !exists(&name) {
            continue;
        }
        let want = golden(&name);
        let Some(output) = want.get("out_32x32") else { continue };
        let graph = architecture.build().unwrap();
        assert_eq!(graph.parameter_count() as u64, want["params"].as_u64().unwrap(), "{name}");
        assert_eq!(graph.multiply_adds(256, 256).unwrap(), want["macs256"].as_u64().unwrap(), "{name}");
        let (state, weights) = filled(&graph, &name);
        same(&outputs(&graph, &weights, &[painted(3, 32, 32)])[0], output, &name);
        assert_eq!(arch::detect(&state).unwrap().0.name, architecture.name);
        seen.push(architecture.name);
    }
    for name in ["adnet", "bitnet", "brdnet"] {
        assert!(seen.contains(&name), "{seen:?}");
    }
}
