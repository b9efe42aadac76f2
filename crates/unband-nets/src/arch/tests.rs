use super::*;
use crate::{Data, Tensor};

/// Networks are distinguished by names and shapes only.
fn bare(graph: &Graph) -> StateDict {
    let bare =
        |s: crate::param::StoredTensor| (s.name, Tensor { shape: s.shape, data: Data::F32(Vec::new()) });
    graph.stored().into_iter().map(bare).collect()
}

fn sorted(graph: &Graph) -> Vec<(String, Vec<usize>)> {
    let mut all: Vec<_> = graph.stored().into_iter().map(|s| (s.name, s.shape)).collect();
    all.sort();
    all
}

#[test]
fn every_network_and_variant_is_known_by_its_own_tensors() {
    for architecture in ARCHITECTURES {
        let variants = architecture.variants.iter().map(|v| (v.name, v.build));
        for (variant, build) in variants.chain([("", architecture.build)]) {
            let name = format!("{}:{variant}", architecture.name);
            let graph = build().unwrap_or_else(|e| panic!("{name}: {e}"));
            let claims: Vec<&str> = ARCHITECTURES
                .iter()
                .filter(|a| (a.detect)(&bare(&graph)).is_some())
                .map(|a| a.name)
                .collect();
            assert_eq!(claims, [architecture.files()], "{name}");
            let again = detect(&bare(&graph)).and_then(|(_, graph)| graph.ok());
            assert!(again.is_some_and(|again| sorted(&again) == sorted(&graph)), "{name}");
        }
    }
}

#[test]
fn shapes_that_lie_make_no_network_and_no_panic() {
    // Without elements, any size costs nothing in a file.
    let empty = [vec![0], vec![usize::MAX, 0], vec![0, usize::MAX, 3, 3], vec![usize::MAX, 0, 3, 3]];
    let large = [vec![LARGEST, LARGEST, 3, 3], vec![LARGEST; 4], vec![1, LARGEST, 1, 1], vec![LARGEST]];
    let lies = [empty, large].concat();
    for architecture in ARCHITECTURES {
        let Ok(graph) = (architecture.build)() else { unreachable!() };
        let own = bare(&graph);
        let names: Vec<String> = own.names().map(str::to_owned).collect();
        // In a deep network, any eighth of the tensors includes those that give widths and depths.
        for name in names.iter().take(40).chain(names.iter().step_by(8)) {
            for lie in lies.iter().filter(|lie| own.shape(name) != Some(lie)) {
                let mut state = own.clone();
                state.insert(name, Tensor { shape: lie.clone(), data: Data::F32(Vec::new()) });
                if let Some((_, Ok(graph))) = detect(&state) {
                    assert!(crate::state::Weights::bind(&graph, &state).is_err(), "{name} {lie:?}");
                }
            }
        }
    }
}

#[test]
fn nothing_is_known_by_nothing() {
    assert!(detect(&StateDict::new()).is_none());
    assert!(build("nothing").is_none());
    assert!(build("uformer-t:nothing").is_none());
}

#[test]
fn names_are_kebab_case_and_unique() {
    let mut names: Vec<&str> = ARCHITECTURES.iter().map(|a| a.name).collect();
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    assert!(names.iter().all(|name| name.chars().all(plain)), "{names:?}");
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), ARCHITECTURES.len());
    assert!(ARCHITECTURES.iter().all(|a| !a.source.is_empty() && !a.title.is_empty()));
}
