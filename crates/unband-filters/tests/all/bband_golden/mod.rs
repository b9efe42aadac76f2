//! Reader of the files in `golden/bband`.
#![allow(dead_code, clippy::unwrap_used)] // each test file uses some of it

use std::io::Read;
use std::path::PathBuf;

pub(crate) const SIZE: (usize, usize) = (1920, 1080);

fn path(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../golden/bband").join(name)
}

/// Codes of a grey 8-bit image of 1920×1080.
pub(crate) fn read_png(name: &str) -> Vec<u8> {
    let file = std::io::BufReader::new(std::fs::File::open(path(name)).unwrap());
    let mut reader = png::Decoder::new(file).read_info().unwrap();
    let mut data = vec![0; reader.output_buffer_size().unwrap()];
    let info = reader.next_frame(&mut data).unwrap();
    assert_eq!((info.color_type, info.bit_depth), (png::ColorType::Grayscale, png::BitDepth::Eight));
    assert_eq!((info.width as usize, info.height as usize), SIZE);
    data
}

/// A gzip file.
pub(crate) fn unpacked(name: &str) -> Vec<u8> {
    let mut data = Vec::new();
    let file = std::fs::File::open(path(name)).unwrap();
    flate2::read::GzDecoder::new(file).read_to_end(&mut data).unwrap();
    data
}

/// Row, column and value of every point, sorted.
pub(crate) fn visibilities(name: &str) -> Vec<(u32, u32, f64)> {
    let data = unpacked(name);
    let (count, rest) = data.split_at(4);
    let count = u32::from_le_bytes(count.try_into().unwrap()) as usize;
    let short = |i: usize| u32::from(u16::from_le_bytes([rest[2 * i], rest[2 * i + 1]]));
    let value = |i: usize| f64::from_le_bytes(rest[4 * count + 8 * i..][..8].try_into().unwrap());
    assert_eq!(rest.len(), 12 * count);
    (0..count).map(|i| (short(i), short(count + i), value(i))).collect()
}
