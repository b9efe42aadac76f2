//! MATLAB files: read if written by GNU Octave, refused if damaged or hostile.
#![allow(clippy::unwrap_used)]

use std::io::Write;
use std::path::Path;
use unband_image::Hint;

use unband_nets::checkpoint::{self, Checkpoint, CheckpointError, Container};
use unband_nets::{Data, StateDict};

fn bytes(name: &str) -> Vec<u8> {
    std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../golden/nrqm").join(name)).unwrap()
}

fn numbers(state: &StateDict, name: &str) -> Vec<f64> {
    match &state.get(name).unwrap().data {
        Data::F64(v) => v.clone(),
        Data::I64(v) => v.iter().map(|&v| v as f64).collect(),
        Data::F32(v) => v.iter().map(|&v| v.into()).collect(),
    }
}

#[test]
fn structs_and_cells_are_read_compressed_or_not() {
    let plain = checkpoint::read(&bytes("forest_v6.mat")).unwrap();
    let packed = checkpoint::read(&bytes("forest_v7.mat")).unwrap();
    assert_eq!((plain.container, &plain.wrapper[..]), (Container::Matlab, &["model".to_owned()][..]));
    let names = |read: &Checkpoint| read.state.names().map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(names(&plain), names(&packed));
    assert!(plain.state == packed.state);
    let state = &plain.state;
    assert_eq!(numbers(state, "linear"), [0.25, 0.5, -0.125, 0.4375]);
    assert_eq!(state.shape("rf.1.lDau"), Some(&[31, 5][..]));
    assert_eq!(numbers(state, "rf.2.coef"), [0.5, 0.9]);
    assert_eq!(numbers(state, "rf.3.nrnodes"), [31.0]);
    // Five trees whose roots have the children 2 and 3: the first row.
    assert_eq!(numbers(state, "rf.1.lDau")[..5], [2.0; 5]);
    assert_eq!(numbers(state, "rf.1.rDau")[..5], [3.0; 5]);
    // Strings and empty arrays are not tensors, and empty arrays have no elements.
    assert!(state.get("rf.1.nodestatus").is_none());
    assert!(state.get("rf.1.mse").is_none_or(|mse| mse.data.is_empty()));
}

#[test]
fn every_cut_and_every_changed_byte_is_read_or_refused() {
    for name in ["forest_v6.mat", "forest_v7.mat"] {
        let whole = bytes(name);
        for to in (0..whole.len()).step_by(if whole.len() > 10_000 { 37 } else { 5 }) {
            if let Ok(read) = checkpoint::read(&whole[..to]) {
                // The file has a single variable, so no cut leaves a whole one.
                panic!("{name} cut at {to}: {} tensors", read.state.len());
            }
        }
        let step = if whole.len() > 10_000 { 3 } else { 1 };
        for at in (0..whole.len()).step_by(step).filter(|&at| at < 6000) {
            for change in [0x01, 0x80, 0xff] {
                let mut changed = whole.clone();
                changed[at] ^= change;
                if let Err(error) = checkpoint::read(&changed) {
                    assert!(!error.to_string().is_empty());
                }
            }
        }
    }
}

/// A file with that header and these variables.
fn file(version: [u8; 4], variables: &[u8]) -> Vec<u8> {
    let mut out = b"MATLAB 5.0 MAT-file, made by hand".to_vec();
    out.resize(124, b' ');
    out.extend(version);
    out.extend(variables);
    out
}

fn element(kind: u32, content: &[u8]) -> Vec<u8> {
    let mut out = [kind.to_le_bytes(), (content.len() as u32).to_le_bytes()].concat();
    out.extend(content);
    out.resize(out.len().next_multiple_of(8), 0);
    out
}

fn array(class: u32, sizes: &[i32], name: &str, rest: &[u8]) -> Vec<u8> {
    let flags = [class.to_le_bytes(), [0; 4]].concat();
    let sizes: Vec<u8> = sizes.iter().flat_map(|size| size.to_le_bytes()).collect();
    let parts = [element(6, &flags), element(5, &sizes), element(1, name.as_bytes()), rest.to_vec()];
    element(14, &parts.concat())
}

fn packed(content: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(content).unwrap();
    let content = encoder.finish().unwrap();
    [15u32.to_le_bytes().to_vec(), (content.len() as u32).to_le_bytes().to_vec(), content].concat()
}

const LITTLE: [u8; 4] = [0, 1, b'I', b'M'];

#[test]
fn numbers_in_smaller_types_column_by_column_and_arrays_of_structs_are_read() {
    // A 2×3 table of doubles that MATLAB stored as bytes.
    let table = array(6, &[2, 3], "a", &element(2, &[1, 2, 3, 4, 5, 6]));
    let read = checkpoint::read(&file(LITTLE, &[table.clone(), packed(&table)].concat())).unwrap();
    assert_eq!(read.state.shape("a"), Some(&[2, 3][..]));
    assert_eq!(numbers(&read.state, "a"), [1.0, 3.0, 5.0, 2.0, 4.0, 6.0]);
    // Two structs with one field of two bytes, stored next to their tag.
    let small = [&[2, 0, 2, 0, 7, 8, 0, 0][..]].concat();
    let field = array(9, &[1, 2], "", &small);
    let head = [&[5, 0, 4, 0, 8, 0, 0, 0][..], &element(1, b"xy\0\0\0\0\0\0")].concat();
    let structs = array(2, &[1, 2], "s", &[head, field.clone(), field].concat());
    let read = checkpoint::read(&file(LITTLE, &[structs, table].concat())).unwrap();
    assert_eq!(numbers(&read.state, "s.2.xy"), [7.0, 8.0]);
    // Sparse, complex and string arrays are skipped.
    let complex = array(6 | 0x800, &[1, 1], "z", &[element(9, &[0; 8]), element(9, &[0; 8])].concat());
    let text = array(4, &[1, 2], "t", &element(4, b"h\0i\0"));
    let error = checkpoint::read(&file(LITTLE, &[complex, text].concat())).unwrap_err();
    assert!(matches!(error, CheckpointError::NoTensors { .. }), "{error}");
}

#[test]
fn unread_and_malicious_entries_are_refused() {
    let refused = |bytes: Vec<u8>| {
        let error = checkpoint::read(&bytes).unwrap_err();
        (error.to_string(), error.hint().unwrap())
    };
    let (what, hint) = refused(file([0, 2, b'I', b'M'], &[]));
    assert!(what.contains("version 7.3 (HDF5)") && hint.contains("-v7"), "{what} {hint}");
    assert!(refused(file([1, 0, b'M', b'I'], &[])).0.contains("big-endian"));
    assert!(refused(file(LITTLE, &[])).0.contains("no tensors"));
    // Zeros that decompress to a thousand times their bytes.
    let zeros = array(6, &[1 << 21, 1], "a", &element(9, &vec![0; 16 << 20]));
    assert!(refused(file(LITTLE, &packed(&zeros))).0.contains("compressed variables"));
    // Nested cell arrays.
    let deep = (0..40).fold(Vec::new(), |inner, _| array(1, &[1, 1], "c", &inner));
    assert!(refused(file(LITTLE, &deep)).0.contains("nested arrays"));
    // More elements than bytes, negative sizes, more elements than stored.
    let many = array(1, &[i32::MAX, i32::MAX], "c", &[]);
    assert!(refused(file(LITTLE, &many)).0.contains("cut short"));
    let empty = element(14, &[]).repeat(60_000);
    assert!(refused(file(LITTLE, &array(1, &[60_000, 1], "c", &empty))).0.contains("arrays"));
    assert!(refused(file(LITTLE, &array(6, &[-1, 1], "a", &element(9, &[])))).0.contains("sizes"));
    assert!(refused(file(LITTLE, &array(6, &[2, 1], "a", &element(9, &[0; 8])))).0.contains("more or fewer"));
    // An endless number of structs without fields is empty.
    let head = [&[5, 0, 4, 0, 8, 0, 0, 0][..], &element(1, b"")].concat();
    let none = array(2, &[i32::MAX, i32::MAX], "s", &head);
    assert!(refused(file(LITTLE, &none)).0.contains("no tensors"));
}
