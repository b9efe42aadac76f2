//! Shared helpers of the network tests.

use std::path::PathBuf;

use crate::reference::run;
use serde_json::Value;
use unband_image::Context;
use unband_infer::{Map, Mode};
use unband_nets::param::StoredTensor;
use unband_nets::state::{Weights, fill};
use unband_nets::{Graph, Shape, StateDict};

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../golden/nets")
}

fn file(name: &str) -> String {
    std::fs::read_to_string(folder().join(name)).unwrap()
}

/// Does the network have goldens?
pub(super) fn exists(name: &str) -> bool {
    folder().join(format!("{name}.json")).exists()
}

/// The goldens of a network.
pub(super) fn golden(name: &str) -> Value {
    serde_json::from_str(&file(&format!("{name}.json"))).unwrap()
}

/// The state dict of the original module: names, shapes, whether integers, in PyTorch's order.
pub(super) fn original(name: &str) -> Vec<StoredTensor> {
    let line = |line: &str| {
        let mut parts = line.split('\t').skip(1);
        let (name, shape, kind) =
            (parts.next().unwrap(), parts.next().unwrap_or(""), parts.next().unwrap_or("float32"));
        let shape = shape.split('x').filter(|d| *d != "scalar").map(|d| d.parse().unwrap()).collect();
        StoredTensor { name: name.into(), shape, integer: kind.starts_with("int") }
    };
    file(&format!("{name}.state.tsv")).lines().filter(|l| !l.trim().is_empty()).map(line).collect()
}

/// The graph holds exactly the tensors of the original, and gets the rule's weights.
pub(super) fn filled(graph: &Graph, name: &str) -> (StateDict, Weights) {
    let original = original(name);
    let sorted = |mut all: Vec<StoredTensor>| {
        all.sort_by(|a, b| a.name.cmp(&b.name));
        all
    };
    let ours = sorted(graph.stored());
    for (a, b) in ours.iter().zip(&sorted(original.clone())) {
        assert_eq!(a, b, "{name}");
    }
    assert_eq!(ours.len(), original.len(), "{name}: tensors");
    let state = fill::golden(&original);
    let weights = Weights::bind(graph, &state).unwrap();
    (state, weights)
}

pub(super) fn ctx() -> Context<'static> {
    Context::default()
}

/// The rule's image.
pub(super) fn painted(channels: usize, height: usize, width: usize) -> Map<f64> {
    Map::new(Shape::new(channels, height, width), fill::test_image(channels, height, width)).unwrap()
}

/// All outputs in 64 bits.
pub(super) fn outputs(graph: &Graph, weights: &Weights, inputs: &[Map<f64>]) -> Vec<Map<f64>> {
    run(graph, weights, inputs, Mode::default(), &ctx()).unwrap()
}

/// Compares mean, deviation, largest magnitude and eight elements, to 1e-9 of the largest magnitude.
pub(super) fn same(got: &Map<f64>, want: &Value, what: &str) {
    same_within(got, want, 1e-9, what);
}

/// [`same`] with another tolerance, relative to the largest magnitude.
pub(super) fn same_within(got: &Map<f64>, want: &Value, tolerance: f64, what: &str) {
    let shape: Vec<usize> =
        want["shape"].as_array().unwrap().iter().map(|d| d.as_u64().unwrap() as usize).collect();
    assert_eq!(shape[shape.len() - 3..], [got.shape.channels, got.shape.height, got.shape.width], "{what}");
    let n = got.data.len() as f64;
    let mean = got.data.iter().sum::<f64>() / n;
    let deviation = (got.data.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / n).sqrt();
    let largest = got.data.iter().fold(0.0f64, |m, v| m.max(v.abs()));
    let scale = want["abs_max"].as_f64().unwrap().max(1e-3);
    let near = |got: f64, want: &Value, part: &str| {
        let want = want.as_f64().unwrap();
        assert!((got - want).abs() <= tolerance * scale, "{what} {part}: {got} instead of {want}");
    };
    for (at, value) in want["at"].as_object().unwrap() {
        near(got.data[at.parse::<usize>().unwrap()], value, at);
    }
    near(mean, &want["mean"], "mean");
    near(deviation, &want["std"], "std");
    near(largest, &want["abs_max"], "abs_max");
}
