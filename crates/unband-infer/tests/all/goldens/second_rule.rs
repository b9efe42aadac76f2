//! Goldens of the second rule (`fill::scaled`): complete 32-bit results of the original modules.

use std::path::PathBuf;

use serde_json::Value;
use unband_infer::Map;
use unband_nets::param::StoredTensor;
use unband_nets::state::fill;
use unband_nets::{Graph, Shape};

fn bytes(name: &str) -> Vec<u8> {
    std::fs::read(PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../golden/nets").join(name)).unwrap()
}

/// Comment on them.
pub(super) fn about() -> Value {
    serde_json::from_slice(&bytes("second_rule.json")).unwrap()
}

/// A result.
pub(super) fn want(name: &str) -> Map<f64> {
    let file = bytes("second_rule.safetensors");
    let header = u64::from_le_bytes(file[..8].try_into().unwrap()) as usize;
    let entry = &serde_json::from_slice::<Value>(&file[8..8 + header]).unwrap()[name];
    let numbers = |key: &str| -> Vec<usize> {
        entry[key].as_array().unwrap().iter().map(|n| n.as_u64().unwrap() as usize).collect()
    };
    let (shape, at) = (numbers("shape"), numbers("data_offsets"));
    let data = file[8 + header..][at[0]..at[1]].chunks_exact(4);
    let data = data.map(|b| f64::from(f32::from_le_bytes(b.try_into().unwrap()))).collect();
    Map::new(Shape::new(shape[1], shape[2], shape[3]), data).unwrap()
}

/// The rule's image.
pub(super) fn painted(height: usize, width: usize) -> Map<f64> {
    Map::new(Shape::new(3, height, width), fill::second_image(3, height, width)).unwrap()
}

/// The tensors of a graph in the order of these names.
pub(super) fn ordered(graph: &Graph, names: &Value) -> Vec<StoredTensor> {
    let stored = graph.stored();
    let names: Vec<&str> = names.as_array().unwrap().iter().map(|n| n.as_str().unwrap()).collect();
    assert_eq!(names.len(), stored.len());
    names.iter().map(|name| stored.iter().find(|s| s.name == *name).unwrap().clone()).collect()
}

/// Largest difference, over the largest magnitude.
pub(super) fn difference(got: &Map<f64>, want: &Map<f64>) -> f64 {
    assert_eq!(got.shape, want.shape);
    let largest = want.data.iter().fold(0.0f64, |m, v| m.max(v.abs()));
    got.data.iter().zip(&want.data).fold(0.0f64, |m, (a, b)| m.max((a - b).abs())) / largest
}
