//! Tests of checkpoints written by PyTorch (`golden/checkpoints`, made by `tools/make_checkpoints.py`).
//!
//! Each is read, recognised and run; results are compared with PyTorch's for the same image.
//! `UNBAND_FULL_CHECKPOINTS` names a folder of networks of the published width (`tools/make_checkpoints.py
//! --full FOLDER`), which are tested in the same way.
#![allow(clippy::unwrap_used, clippy::print_stdout)]

use std::path::{Path, PathBuf};

use crate::reference::run;
use serde_json::Value;
use unband_image::Context;
use unband_infer::Map;
use unband_infer::{Engine, Mode};
use unband_nets::checkpoint::{self, Checkpoint, CheckpointError, Network};
use unband_nets::state::fill;
use unband_nets::{Shape, StateDict, Tensor};
use unband_simd::Level;

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../golden/checkpoints")
}

fn path(name: &str) -> PathBuf {
    folder().join(name)
}

fn expected(folder: &Path) -> Value {
    serde_json::from_str(&std::fs::read_to_string(folder.join("expected.json")).unwrap()).unwrap()
}

fn words(value: &Value) -> Vec<String> {
    value.as_array().unwrap().iter().map(|v| v.as_str().unwrap().to_owned()).collect()
}

fn sizes(value: &Value) -> Vec<usize> {
    value.as_array().unwrap().iter().map(|v| v.as_u64().unwrap() as usize).collect()
}

/// All metadata of a file is found.
fn described(name: &str, read: &Checkpoint, want: &Value) {
    assert_eq!(read.container.as_str(), want["container"], "{name}");
    assert_eq!(read.wrapper, words(&want["wrapper"]), "{name}");
    assert_eq!(read.alternatives, words(&want["alternatives"]), "{name}");
    assert_eq!(read.prefix, want["prefix"], "{name}");
    let spellings: Vec<String> = read.spellings.iter().map(|s| format!("{s:?}")).collect();
    assert_eq!(spellings, words(&want["spellings"]), "{name}");
    assert_eq!(read.state.len() as u64, want["tensors"].as_u64().unwrap(), "{name}");
    assert_eq!(read.architecture().map(|a| a.name), want["network"].as_str(), "{name}");
}

/// The image given to PyTorch, and the additional inputs of some networks (`beside` of
/// `tools/torch_nets/sample.py`).
fn inputs(network: &Network, about: &Value) -> Vec<Map<f64>> {
    let [channels, height, width] = sizes(&about["input"])[..] else { unreachable!() };
    let span: Vec<f64> = about["span"].as_array().unwrap().iter().map(|v| v.as_f64().unwrap()).collect();
    let mut painted = fill::test_image(channels, height, width);
    for v in &mut painted {
        *v = span[0] + *v * (span[1] - span[0]);
    }
    let mut inputs = vec![Map::new(Shape::new(channels, height, width), painted).unwrap()];
    for more in &network.graph.inputs[1..] {
        let (height, width) = if more.point { (1, 1) } else { (height, width) };
        let data = match (more.point, more.channels) {
            (true, 1) => vec![1.0],
            (true, n) => (1..=n).map(|i| i as f64 / 16.0).collect(),
            (false, n) => fill::test_image(n, height, width),
        };
        inputs.push(Map::new(Shape::new(more.channels, height, width), data).unwrap());
    }
    inputs
}

/// Largest difference over largest magnitude, for the outputs of PyTorch.
fn apart<T: Copy + Into<f64>>(outputs: &[Map<T>], result: &str, about: &Value, results: &StateDict) -> f64 {
    let shapes = about["shapes"].as_array().unwrap();
    let step = about["step"].as_u64().unwrap() as usize;
    assert_eq!(outputs.len(), shapes.len(), "{result}");
    let mut worst = 0.0f64;
    for (i, (output, shape)) in outputs.iter().zip(shapes).enumerate() {
        let mut shape = sizes(shape);
        shape.resize(3, 1);
        assert_eq!([output.shape.channels, output.shape.height, output.shape.width], shape[..], "{result}");
        let want = results.get(&format!("{result}.{i}")).unwrap().to_f32();
        assert_eq!(want.len(), output.data.len().div_ceil(step), "{result}");
        let largest = want.iter().fold(0.0f64, |m, &v| m.max(f64::from(v).abs()));
        let spread = want.iter().fold(0.0f64, |m, &v| m.max(f64::from(v - want[0]).abs()));
        let one = want.len() == 1 && largest > 0.0;
        assert!(one || spread > 0.02 * largest, "{result}: a constant result proves nothing");
        for (&want, &got) in want.iter().zip(output.data.iter().step_by(step)) {
            worst = worst.max((f64::from(want) - got.into()).abs() / largest);
        }
    }
    worst
}

/// A file, and how far its results are from PyTorch's: of the reference in 64 bits, and of the engine.
struct Row {
    file: String,
    network: &'static str,
    parameters: usize,
    reference: f64,
    engine: f64,
}

fn compare(folder: &Path, name: &str, want: &Value, expected: &Value, results: &StateDict) -> Row {
    let read = checkpoint::open(folder.join(name)).unwrap_or_else(|e| panic!("{name}: {e}"));
    described(name, &read, want);
    let network = read.network().unwrap_or_else(|e| panic!("{name}: {e}"));
    let result = want["result"].as_str().unwrap();
    let about = &expected["results"][result];
    let parameters = network.graph.parameter_count();
    assert_eq!(parameters as u64, about["parameters"].as_u64().unwrap(), "{name}");
    let ctx = Context::default();
    let given = inputs(&network, about);
    let out = run(&network.graph, &network.weights, &given, Mode::default(), &ctx).unwrap();
    let reference = apart(&out, result, about, results);
    let given: Vec<Map<f32>> = given
        .iter()
        .map(|map| Map::new(map.shape, map.data.iter().map(|&v| v as f32).collect()).unwrap())
        .collect();
    let architecture = network.architecture.name;
    let engine = Engine::new(network.graph, network.weights, Level::best());
    let out = engine.run(&given, Mode::default(), &ctx).unwrap_or_else(|e| panic!("{name}: {e}"));
    let engine = apart(&out, result, about, results);
    Row { file: name.to_owned(), network: architecture, parameters, reference, engine }
}

/// Results are stored in 32 bits, with a relative rounding error of 6e-8. The engine's additional error was
/// measured.
fn compare_all(folder: &Path, reference: f64, engine: f64) -> Vec<Row> {
    let expected = expected(folder);
    let results = checkpoint::open(folder.join("expected.safetensors")).unwrap().state;
    let files = expected["files"].as_object().unwrap();
    let rows: Vec<Row> =
        files.iter().map(|(name, want)| compare(folder, name, want, &expected, &results)).collect();
    for row in &rows {
        let Row { file, network, parameters, .. } = row;
        println!(
            "{file:30} {network:18} {parameters:>12}  reference {:.1e}  engine {:.1e}",
            row.reference, row.engine
        );
    }
    for row in &rows {
        assert!(row.reference <= reference, "{}: {:e}", row.file, row.reference);
        assert!(row.engine <= engine, "{}: {:e}", row.file, row.engine);
    }
    rows
}

#[test]
fn every_kind_of_file_of_every_network_gives_what_pytorch_gives() {
    let rows = compare_all(&folder(), 1e-6, 1e-5);
    // A twin, and those of `upscalers.rs`.
    let others = ["deepdeband-w", "compact", "span", "realplksr", "swinir"];
    for architecture in unband_nets::arch::ARCHITECTURES {
        let has = rows.iter().any(|row| row.network == architecture.name);
        assert!(has || others.contains(&architecture.name), "no file of {}", architecture.name);
    }
}

#[test]
fn networks_as_wide_as_published_give_what_pytorch_gives() {
    let Some(folder) = std::env::var_os("UNBAND_FULL_CHECKPOINTS") else {
        unband_skips::file(
            "UNBAND_FULL_CHECKPOINTS does not name a folder made by tools/make_checkpoints.py --full",
        );
        return;
    };
    compare_all(Path::new(&folder), 1e-6, 1e-4);
}

#[test]
fn contents_around_the_tensors_are_reported() {
    let facts = |name: &str| checkpoint::open(path(name)).unwrap().facts;
    let value = |facts: &[(String, String)], name: &str| {
        facts.iter().find(|(key, _)| key == name).map(|(_, value)| value.clone())
    };
    let lightning = facts("indi_lightning.ckpt");
    assert_eq!(
        value(&lightning, "pytorch-lightning_version").as_deref(),
        expected(&folder())["lightning"].as_str(),
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
fn indis_attention_is_refused_with_a_reason() {
    let Checkpoint { mut state, .. } = checkpoint::open(path("indi_trainer.pth")).unwrap();
    state.insert("bottleneck.norm.weight", Tensor::f32(&[4], vec![1.0; 4]).unwrap());
    let file = tempfile::Builder::new().suffix(".safetensors").tempfile().unwrap();
    std::fs::write(file.path(), checkpoint::write_safetensors(&state, &[])).unwrap();
    let error = checkpoint::open(file.path()).unwrap().network().unwrap_err().to_string();
    for part in ["indi", "neck=True", "not supported", "published"] {
        assert!(error.contains(part), "{error}");
    }
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
