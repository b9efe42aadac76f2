//! Hand-made archives and pickles.

use std::io::{Cursor, Write};

use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

/// A test file.
pub(super) struct Case {
    pub name: String,
    pub bytes: Vec<u8>,
    /// Whether reading it successfully would be wrong.
    pub must_fail: bool,
    /// Expected text of the error, if it fails.
    pub says: &'static str,
}

pub(super) fn refused(name: impl Into<String>, bytes: Vec<u8>, says: &'static str) -> Case {
    Case { name: name.into(), bytes, must_fail: true, says }
}

pub(super) fn harmless(name: impl Into<String>, bytes: Vec<u8>) -> Case {
    Case { name: name.into(), bytes, must_fail: false, says: "" }
}

/// All checkpoints that PyTorch wrote.
pub(super) fn goldens() -> Vec<(String, Vec<u8>)> {
    let mut all: Vec<(String, Vec<u8>)> = unband_skips::tracked_in("golden/checkpoints")
        .into_iter()
        .filter(|path| path.extension().is_some_and(|end| end != "json" && end != "md"))
        .map(|path| (path.file_name().unwrap().to_string_lossy().into_owned(), std::fs::read(&path).unwrap()))
        .collect();
    all.sort();
    assert!(all.len() >= 42, "{}", all.len());
    all
}

/// A zip archive.
pub(super) fn zip(entries: &[(&str, &[u8])], method: CompressionMethod) -> Vec<u8> {
    let mut out = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in entries {
        out.start_file(*name, SimpleFileOptions::default().compression_method(method)).unwrap();
        out.write_all(bytes).unwrap();
    }
    out.finish().unwrap().into_inner()
}

/// As `torch.save` writes it, with one storage of 24 bytes.
pub(super) fn archive(pickle: &[u8]) -> Vec<u8> {
    let entries: [(&str, &[u8]); 3] = [("a/data.pkl", pickle), ("a/version", b"3\n"), ("a/data/0", &[1; 24])];
    zip(&entries, CompressionMethod::Stored)
}

/// As `torch.save` wrote it before 1.6, with one storage of 24 bytes.
pub(super) fn legacy(pickle: &[u8]) -> Vec<u8> {
    let mut out = b"\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19.\x80\x02M\xe9\x03.\x80\x02}.".to_vec();
    out.extend_from_slice(pickle);
    out.extend_from_slice(b"\x80\x02]X\x01\x00\x00\x000a.");
    out.extend_from_slice(&6u64.to_le_bytes());
    out.extend_from_slice(&[1; 24]);
    out
}

pub(super) fn text(text: &str) -> Vec<u8> {
    [b"X".as_slice(), &(text.len() as u32).to_le_bytes(), text.as_bytes()].concat()
}

pub(super) fn int(int: i64) -> Vec<u8> {
    [b"\x8a\x08".as_slice(), &int.to_le_bytes()].concat()
}

pub(super) fn tuple(parts: &[Vec<u8>]) -> Vec<u8> {
    [b"(".as_slice(), &parts.concat(), b"t"].concat()
}

pub(super) fn ints(ints: &[i64]) -> Vec<u8> {
    tuple(&ints.iter().map(|&i| int(i)).collect::<Vec<_>>())
}

pub(super) fn storage(kind: &str, key: &str, count: i64) -> Vec<u8> {
    let parts = [text("storage"), format!("ctorch\n{kind}\n").into(), text(key), text("cpu"), int(count)];
    [tuple(&parts), b"Q".to_vec()].concat()
}

pub(super) fn rebuilt(storage: Vec<u8>, offset: i64, shape: &[i64], stride: &[i64]) -> Vec<u8> {
    let args = [storage, int(offset), ints(shape), ints(stride), b"\x89".to_vec(), b"}".to_vec()];
    [b"ctorch._utils\n_rebuild_tensor_v2\n".to_vec(), tuple(&args), b"R".to_vec()].concat()
}

/// A dictionary with one value.
pub(super) fn dict(key: &str, value: &[u8]) -> Vec<u8> {
    [b"\x80\x02}".as_slice(), &text(key), value, b"s."].concat()
}
