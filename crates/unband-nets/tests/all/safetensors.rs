//! Writing and reading of safetensors files.
#![allow(clippy::unwrap_used)]

use unband_image::Hint;
use unband_nets::arch::rrdbnet;
use unband_nets::checkpoint::{
    self, CheckpointError, Container, write_halved_safetensors, write_safetensors,
};
use unband_nets::state::fill;
use unband_nets::{Data, StateDict, Tensor};

fn tiny() -> StateDict {
    let config = rrdbnet::Config { nf: 4, nb: 1, gc: 2, doublings: 1, unshuffle: 1 };
    fill::golden(&rrdbnet::build(&config).unwrap().stored())
}

#[test]
fn what_was_written_is_read_and_recognised() {
    let state = tiny();
    let facts = [("source".to_owned(), "a test".to_owned())];
    let read = checkpoint::read(&write_safetensors(&state, &facts)).unwrap();
    assert_eq!(read.container, Container::Safetensors);
    assert_eq!(read.facts, facts);
    assert_eq!(read.state.len(), state.len());
    for (name, tensor) in state.iter() {
        assert_eq!(read.state.get(name), Some(tensor), "{name}");
    }
    let network = read.network().unwrap();
    assert_eq!(network.architecture.name, "rrdbnet");
    assert_eq!(network.graph.stored().len(), state.len());
}

#[test]
fn integers_and_wide_floats_keep_their_values() {
    let mut state = StateDict::new();
    state.insert("wide", Tensor { shape: vec![2], data: Data::F64(vec![0.1, -1e300]) });
    state.insert("count", Tensor { shape: vec![], data: Data::I64(vec![i64::MIN]) });
    let read = checkpoint::read(&write_safetensors(&state, &[])).unwrap();
    assert_eq!(read.state.get("wide"), state.get("wide"));
    assert_eq!(read.state.get("count"), state.get("count"));
    assert!(read.architecture().is_none());
    assert!(read.network().is_err());
}

#[test]
fn strange_names_and_facts_survive_and_the_order_is_kept() {
    let names = ["quote\"", "back\\slash", "line\nfeed", "ünïcode", "tab\t\u{1}", ""];
    let tensor = |i: usize| Tensor { shape: vec![1, 1], data: Data::F32(vec![i as f32]) };
    let state: StateDict = names.iter().enumerate().map(|(i, n)| ((*n).to_owned(), tensor(i))).collect();
    let facts: Vec<(String, String)> = vec![("a\"b".into(), "c\\\n".into()), ("d".into(), "€".into())];
    let read = checkpoint::read(&write_safetensors(&state, &facts)).unwrap();
    assert_eq!(read.facts, facts);
    assert_eq!(read.state, state);
    assert_eq!(write_safetensors(&state, &facts), write_safetensors(&state, &facts));
}

#[test]
fn halved_files_keep_eleven_bits() {
    let mut state = tiny();
    state.insert("count", Tensor { shape: vec![], data: Data::I64(vec![7]) });
    let (whole, halved) = (write_safetensors(&state, &[]), write_halved_safetensors(&state, &[]).unwrap());
    assert!(halved.len() < whole.len());
    let read = checkpoint::read(&halved).unwrap();
    assert_eq!(read.state.get("count"), state.get("count"));
    for (name, tensor) in state.iter().filter(|(name, _)| *name != "count") {
        let kept = read.state.get(name).unwrap().to_f32();
        for (a, b) in tensor.to_f32().iter().zip(kept.iter()) {
            assert!((a - b).abs() <= a.abs() / 2048.0 + 3e-8, "{name}: {a} {b}");
        }
    }
    state.insert("large", Tensor { shape: vec![2], data: Data::F32(vec![1.0, 7e4]) });
    assert_eq!(write_halved_safetensors(&state, &[]).unwrap_err(), "large");
}

#[test]
fn a_prefix_that_all_names_share_is_taken_off_where_a_network_comes_out() {
    let wrapped: StateDict = tiny().renamed(|name| Some(format!("module.net.{name}")));
    let read = checkpoint::read(&write_safetensors(&wrapped, &[])).unwrap();
    assert_eq!(read.prefix, "module.net.");
    assert!(read.network().is_ok());
    let strange: StateDict = wrapped.renamed(|name| Some(format!("mine.{name}")));
    let read = checkpoint::read(&write_safetensors(&strange, &[])).unwrap();
    assert_eq!(read.prefix, "");
    assert!(read.state.names().all(|name| name.starts_with("mine.module.")));
}

#[test]
fn a_file_cut_anywhere_is_an_error() {
    let whole = write_safetensors(&tiny(), &[]);
    for length in (0..whole.len()).step_by(97) {
        let error = checkpoint::read(&whole[..length]).unwrap_err();
        assert!(error.hint().is_some());
        assert!(
            matches!(error, CheckpointError::Damaged { .. } | CheckpointError::Other { .. }),
            "{length}: {error}"
        );
    }
}

#[test]
fn a_missing_tensor_is_named() {
    let without = tiny().renamed(|name| (name != "HRconv.bias").then(|| name.to_owned()));
    let read = checkpoint::read(&write_safetensors(&without, &[])).unwrap();
    let error = read.network().unwrap_err().to_string();
    assert!(error.contains("missing: HRconv.bias"), "{error}");
}

#[test]
fn other_files_are_distinguished() {
    let says = |bytes: &[u8]| checkpoint::read(bytes).unwrap_err().to_string();
    assert!(says(b"").contains("empty"));
    assert!(says(b"version https://git-lfs.github.com/spec/v1\noid sha256:0").contains("Git LFS"));
    assert!(says(b"<!DOCTYPE html><html>").contains("web page"));
    assert!(says(b"\x89HDF\r\n\x1a\n").contains("HDF5"));
    assert!(says(&[0; 100]).contains("zeros"));
}
