//! Damaged TensorFlow models.

use std::path::PathBuf;
use unband_image::Hint;

use proptest::prelude::*;
use unband_nets::checkpoint::{self, CheckpointError, CheckpointFiles};

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../golden/tensorflow")
}

fn parts() -> (Vec<u8>, Vec<Vec<u8>>) {
    match checkpoint::load(folder()).unwrap() {
        CheckpointFiles::TensorBundle { index, data } => (index, data),
        CheckpointFiles::File(_) => panic!("a file"),
    }
}

fn bundle(index: &[u8], data: &[Vec<u8>]) -> Result<checkpoint::Checkpoint, CheckpointError> {
    CheckpointFiles::TensorBundle { index: index.to_vec(), data: data.to_vec() }.read()
}

fn refused(index: &[u8], data: &[Vec<u8>], says: &str) {
    let Err(error) = bundle(index, data) else { panic!("`{says}` was read") };
    let text = error.to_string();
    assert!(text.contains(says) && error.hint().is_some(), "`{says}` is not in: {text}");
}

/// The checksum of the format.
fn sum(bytes: &[u8]) -> [u8; 4] {
    crc32c::crc32c(bytes).rotate_right(15).wrapping_add(0xa282_ead8).to_le_bytes()
}

/// A table of one block.
fn table(block: &[u8], compression: u8) -> Vec<u8> {
    let number = |n: usize| -> Vec<u8> { vec![0x80 | (n & 0x7f) as u8, (n >> 7) as u8] };
    let closed = |block: &[u8], compression| {
        let with = [block, &[compression]].concat();
        [&with[..], &sum(&with)].concat()
    };
    let mut out = closed(block, compression);
    let at = out.len();
    let place = [vec![0], number(block.len())].concat();
    let index = [&[0, 1, place.len() as u8, b'z'], &place[..], &0u32.to_le_bytes()[..]].concat();
    out.extend(closed(&index, 0));
    let mut footer = [place, number(at), number(index.len())].concat();
    footer.resize(40, 0);
    footer.extend(0xdb47_7524_8b80_fb57_u64.to_le_bytes());
    out.extend(footer);
    out
}

/// An entry of a block that shares no prefix with the previous name.
fn entry(name: &str, value: &[u8]) -> Vec<u8> {
    [&[0, name.len() as u8, value.len() as u8], name.as_bytes(), value].concat()
}

/// One data file, then entries.
fn block(entries: &[(&str, &[u8])]) -> Vec<u8> {
    let entries = entries.iter().flat_map(|(name, value)| entry(name, value));
    entry("", &[8, 1]).into_iter().chain(entries).chain([0; 4]).collect()
}

const NAME: &str = "a/bias/.ATTRIBUTES/VARIABLE_VALUE";

#[test]
fn a_model_is_read_from_all_that_stands_for_it() {
    let (index, data) = parts();
    let whole = bundle(&index, &data).unwrap();
    assert_eq!(whole.network().unwrap().architecture.name, "dbi");
    for name in ["", "variables", "variables/variables.index", "saved_model.pb"] {
        assert!(checkpoint::open(folder().join(name)).unwrap() == whole, "{name}");
    }
    let alone = checkpoint::read(&index).unwrap_err().to_string();
    assert!(alone.contains("the index of a TensorFlow model"), "{alone}");
}

#[test]
fn a_model_that_is_cut_or_mixed_up_is_refused() {
    let (index, data) = parts();
    for at in (0..index.len()).step_by(37) {
        refused(&index[..at], &data, "an invalid end");
        refused(&index[at.max(1)..], &data, "");
    }
    let short = data[1][..data[1].len() - 1].to_vec();
    refused(&index, &[data[0].clone(), short], "outside the files");
    refused(&index, &data[..1], "outside the files");
    refused(&index, &[], "outside the files");
    let mut bent = data.clone();
    bent[1][5000] ^= 1;
    refused(&index, &bent, "checksum");
    // Every byte of the index is covered by a checksum, is part of one, or is part of a handle.
    let footer = index.len() - 48;
    for at in (0..footer).step_by(11) {
        let mut bent = index.clone();
        bent[at] ^= 4;
        refused(&bent, &data, "");
    }
}

#[test]
fn a_table_made_by_hand_is_read_and_one_that_lies_is_not() {
    let files = [[1.5f32.to_le_bytes(), 2.5f32.to_le_bytes()].concat()];
    let shape = [0x12, 4, 0x12, 2, 8, 2];
    let of = |rest: &[u8]| [&[8, 1], &shape[..], &[0x28, 8], rest].concat();
    let good = of(&[&[0x35][..], &sum(&files[0])].concat());
    let read = bundle(&table(&block(&[(NAME, &good)]), 0), &files).unwrap();
    assert_eq!(read.state.get("a.bias").unwrap().to_f32(), [1.5, 2.5]);

    let lies: [(&[u8], &str); 9] = [
        (&of(&[0x35, 1, 2, 3, 4]), "checksum"),
        (&of(&[0x20, 1]), "outside the files"),
        (&of(&[0x18, 1]), "outside the files"),
        (&of(&[0x20, 255, 255, 255, 255, 255, 255, 255, 255, 255, 1]), "outside the files"),
        (&of(&[0x3a, 0]), "in slices"),
        (&of(&[0x35, 1]), "cut short"),
        (&[8, 1, 0x12, 4, 0x12, 2, 8, 3, 0x28, 8], "extends to element 2 of 2"),
        (&[8, 1, 0x12, 2, 0x18, 1, 0x28, 8], "without a shape"),
        (&[8, 8, 0x12, 4, 0x12, 2, 8, 1, 0x28, 8], "8 of TensorFlow"),
    ];
    for (lie, says) in lies {
        refused(&table(&block(&[(NAME, lie)]), 0), &files, says);
    }
    let twice = block(&[(NAME, &good), (NAME, &good)]);
    refused(&table(&twice, 0), &files, "out of order");
    refused(&table(&block(&[(NAME, &good)]), 1), &files, "compressed index");
    refused(&table(&block(&[]), 0), &files, "no tensors");
    let repeats = [&[9, 1, 0, b'a'], &[0; 4][..]].concat();
    refused(&table(&repeats, 0), &files, "shared prefix longer");
    refused(&table(&[0, 1], 0), &files, "cut short");
    refused(&table(&[255; 4], 0), &files, "cut short");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

    /// With valid checksums, so that the data after them is reached.
    #[test]
    fn entries_of_any_bytes_cause_no_panic(value in prop::collection::vec(any::<u8>(), 0..60), rest in prop::collection::vec(any::<u8>(), 0..40)) {
        let entries = [block(&[(NAME, &value)]), rest].concat();
        match bundle(&table(&entries, 0), &[vec![1; 64]]) {
            Ok(read) => drop(read.network()),
            Err(error) => prop_assert!(!error.to_string().is_empty()),
        }
    }
}
