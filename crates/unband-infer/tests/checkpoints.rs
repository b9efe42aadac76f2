//! Checkpoints that PyTorch wrote (`golden/checkpoints`, made by `tools/make_checkpoints.py`): read, recognised, run, and
//! compared with what PyTorch gives for the same picture.
#![allow(clippy::unwrap_used)]

use std::path::PathBuf;

use serde_json::Value;
use unband_image::Context;
use unband_infer::reference::{Map, Mode, run};
use unband_nets::checkpoint::{self, Checkpoint, CheckpointError};
use unband_nets::state::fill;
use unband_nets::{Shape, StateDict};

fn path(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../golden/checkpoints").join(name)
}

fn expected() -> Value {
    serde_json::from_str(&std::fs::read_to_string(path("expected.json")).unwrap()).unwrap()
}

fn results() -> StateDict {
    checkpoint::open(path("expected.safetensors")).unwrap().state
}

fn words(value: &Value) -> Vec<String> {
    value.as_array().unwrap().iter().map(|v| v.as_str().unwrap().to_owned()).collect()
}

/// Everything that a file says of itself is found.
fn described(name: &str, read: &Checkpoint, want: &Value) {
    assert_eq!(read.container.word(), want["container"], "{name}");
    assert_eq!(read.wrapper, words(&want["wrapper"]), "{name}");
    assert_eq!(read.aside, words(&want["aside"]), "{name}");
    assert_eq!(read.prefix, want["prefix"], "{name}");
    let spellings: Vec<String> = read.spellings.iter().map(|s| format!("{s:?}")).collect();
    assert_eq!(spellings, words(&want["spellings"]), "{name}");
    assert_eq!(read.state.len() as u64, want["tensors"].as_u64().unwrap(), "{name}");
    assert_eq!(read.architecture().map(|a| a.name), want["network"].as_str(), "{name}");
}

#[test]
fn every_kind_of_file_gives_what_pytorch_gives() {
    let (expected, results) = (expected(), results());
    let side = |name: &str| expected[name].as_u64().unwrap() as usize;
    let (height, width) = (side("height"), side("width"));
    let files = expected["files"].as_object().unwrap();
    assert!(files.len() >= 18, "{}", files.len());
    for (name, want) in files {
        let read = checkpoint::open(path(name)).unwrap_or_else(|e| panic!("{name}: {e}"));
        described(name, &read, want);
        let network = read.network().unwrap_or_else(|e| panic!("{name}: {e}"));
        let mut inputs =
            vec![Map::new(Shape::new(3, height, width), fill::picture(3, height, width)).unwrap()];
        if network.graph.inputs.len() > 1 {
            inputs.push(Map::new(Shape::new(1, 1, 1), vec![1.0]).unwrap());
        }
        let out =
            run(&network.graph, &network.weights, &inputs, Mode::default(), &Context::default()).unwrap();
        let result = results.get(want["result"].as_str().unwrap()).unwrap();
        let shape = out[0].shape;
        assert_eq!(result.shape, [shape.channels, shape.height, shape.width], "{name}");
        let result = result.to_f32();
        let largest = result.iter().fold(0.0f64, |m, &v| m.max(f64::from(v).abs()));
        let spread = result.iter().fold(0.0f64, |m, &v| m.max(f64::from(v - result[0]).abs()));
        assert!(spread > 0.02 * largest, "{name}: a result without a picture proves nothing");
        for (i, (&want, got)) in result.iter().zip(&out[0].data).enumerate() {
            assert!(
                (f64::from(want) - got).abs() <= 1e-6 * largest,
                "{name}, element {i}: {got} instead of {want}"
            );
        }
    }
}

#[test]
fn what_lies_around_the_tensors_is_told() {
    let facts = |name: &str| checkpoint::open(path(name)).unwrap().facts;
    let value = |facts: &[(String, String)], name: &str| {
        facts.iter().find(|(key, _)| key == name).map(|(_, value)| value.clone())
    };
    let lightning = facts("indi_lightning.ckpt");
    assert_eq!(
        value(&lightning, "pytorch-lightning_version").as_deref(),
        expected()["lightning"].as_str(),
        "{lightning:?}"
    );
    assert_eq!(value(&lightning, "global_step").as_deref(), Some("1"));
    assert_eq!(value(&facts("indi_trainer.pth"), "epoch").as_deref(), Some("7"));
    assert_eq!(value(&facts("rrdbnet.safetensors"), "format").as_deref(), Some("pt"));
}

#[test]
fn numbers_that_are_part_of_a_scripts_code_are_said_to_be_there() {
    let error = checkpoint::open(path("indi_frozen.pt")).unwrap_err();
    assert!(matches!(error, CheckpointError::Unsupported { .. }), "{error}");
    assert!(error.to_string().contains("frozen"), "{error}");
}

#[test]
fn two_spellings_of_one_network_are_the_same_tensors() {
    let state = |name: &str| checkpoint::open(path(name)).unwrap().state;
    let one = state("rrdbnet.pth");
    for other in ["rrdbnet_esrgan_old.pth", "rrdbnet_legacy.pth", "rrdbnet_module.pth", "rrdbnet.safetensors"]
    {
        let other_state = state(other);
        for (name, tensor) in one.iter() {
            assert_eq!(other_state.get(name), Some(tensor), "{other}: {name}");
        }
    }
}
