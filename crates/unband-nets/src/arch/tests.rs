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
        let variants = architecture.variants.iter().map(|v| (v.name, v.build()));
        for (variant, graph) in variants.chain([("", architecture.build())]) {
            let name = format!("{}:{variant}", architecture.name);
            let graph = graph.unwrap_or_else(|e| panic!("{name}: {e}"));
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
        let Ok(graph) = architecture.build() else { unreachable!() };
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

#[test]
fn settings_by_name_are_those_of_the_shapes() {
    for name in [
        "adnet:width=8",
        "bdinn:levels=1 1 1 1,middle=1,growth=2,width=4,inner=2",
        "indi:channels=4,factor=3,blocks=2,norm=none",
        "patchgan-sn:width=4,norm=batch,children=false",
        "rrdbnet:x2,nf=8,nb=1,gc=4",
        "squeezenet:first=4,blocks=2 3 2 3 2 3 2 3 2 4 2 4 2 4 2 4",
        "uformer-t:no-modulator,width=8,depths=1 1 1 1 1 1 1 1 1,heads=1 1 1 1 1 1 1 1 1",
        "unband-lite:widths=4 5 6 7,encoder=1 0 1,coarse=2,decoder=1 2 1",
    ] {
        let graph = build(name).unwrap().unwrap_or_else(|e| panic!("{name}: {e}"));
        assert_ne!(graph, of(name).unwrap().build().unwrap(), "{name}");
        assert_eq!(detect(&bare(&graph)).unwrap().1.unwrap(), graph, "{name}");
    }
    // No shape reveals the side for which the network was built.
    let graph = build("uformer-t:side=128").unwrap().unwrap();
    assert_ne!(detect(&bare(&graph)).unwrap().1.unwrap(), graph);
    assert_eq!(detect_as(&bare(&graph), Some("uformer-t:side=128")).unwrap().1.unwrap(), graph);
    let small = build("uformer-t:small").unwrap().unwrap();
    assert_eq!(detect_as(&bare(&small), Some("uformer-t:side=128")).unwrap().1.unwrap(), small);
}

#[test]
fn wrong_settings_are_refused_with_the_right_ones() {
    let says = |name: &str| build(name).unwrap().unwrap_err().to_string();
    assert!(says("uformer-t:depth=2").contains("`depth`, expected one of width, depths, heads"));
    for wrong in ["rrdbnet:nf=-1", "rrdbnet:nf=", "uformer-t:depths=1 2", "patchgan-sn:norm=instance"] {
        assert!(says(wrong).contains(wrong.split_once(':').unwrap().1), "{wrong}");
    }
    assert!(build("rrdbnet:x3,nf=4").is_none());
}

#[test]
fn settings_of_foreign_files_make_no_panic() {
    let keys = |name: &str| {
        let said = build(&format!("{name}none=0")).unwrap().unwrap_err().to_string();
        said.split_once("one of ").unwrap().1.replace("none", "").replace(' ', "")
    };
    let lists =
        |number: usize| [1, 2, 3, 4, 5, 9, 16].map(move |count| vec![number.to_string(); count].join(" "));
    let values: Vec<String> = [0, 1, 3, 4096, 4097].into_iter().flat_map(lists).collect();
    for name in ARCHITECTURES.iter().map(|architecture| format!("{}:", architecture.name)) {
        for key in keys(&name).split(',').filter(|key| !key.is_empty()) {
            for graph in values.iter().filter_map(|v| build(&format!("{name}{key}={v}")).unwrap().ok()) {
                let _ = (graph.stored(), graph.shapes(256, 256));
            }
        }
    }
    let many = build("rrdbnet:nb=4096,nf=1,gc=1").unwrap().unwrap_err().to_string();
    assert!(many.contains("more than"), "{many}");
}
