//! JPEG files built by hand from known coefficients.
//!
//! Valid ones that common encoders do not write, and invalid ones.
#![allow(clippy::unwrap_used)]

use std::time::Instant;

use unband_image::{Codec, Depth, Image, JpegCoefficients, Model};
use unband_io::{Error, Limits};

const ZIGZAG: [usize; 64] = [
    0, 1, 8, 16, 9, 2, 3, 10, 17, 24, 32, 25, 18, 11, 4, 5, 12, 19, 26, 33, 40, 48, 41, 34, 27, 20, 13, 6, 7,
    14, 21, 28, 35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51, 58, 59, 52, 45, 38, 31, 39,
    46, 53, 60, 61, 54, 47, 55, 62, 63,
];

fn read(bytes: &[u8]) -> Result<Image, Error> {
    unband_io::read(bytes, &Limits::default())
}

fn stored(image: &Image) -> Option<&JpegCoefficients> {
    match &image.origin.codec {
        Codec::Jpeg(jpeg) => jpeg.coefficients.as_deref(),
        other => panic!("{other:?}"),
    }
}

/// A file under construction.
struct File(Vec<u8>);

impl File {
    fn new() -> Self {
        Self(vec![0xFF, 0xD8])
    }

    fn segment(mut self, marker: u8, body: &[u8]) -> Self {
        self.0.extend([0xFF, marker]);
        self.0.extend((body.len() as u16 + 2).to_be_bytes());
        self.0.extend(body);
        self
    }

    /// All steps equal.
    fn steps(self, step: u8) -> Self {
        self.segment(0xDB, &[&[0][..], &[step; 64]].concat())
    }

    fn frame(self, marker: u8, bits: u8, (width, height): (u16, u16), sampling: &[u8]) -> Self {
        let ([w1, w0], [h1, h0]) = (width.to_be_bytes(), height.to_be_bytes());
        let mut body = vec![bits, h1, h0, w1, w0, sampling.len() as u8];
        body.extend(sampling.iter().zip(1..).flat_map(|(&s, id)| [id, s, 0]));
        self.segment(marker, &body)
    }

    /// Codes of eight bits that are the positions in the lists.
    fn tables(self) -> Self {
        let table = |head: u8, symbols: &[u8]| {
            let mut counts = [0; 16];
            counts[7] = symbols.len() as u8;
            [&[head][..], &counts, symbols].concat()
        };
        self.segment(0xC4, &table(0, &dc_symbols())).segment(0xC4, &table(0x10, &ac_symbols()))
    }

    fn scan(mut self, members: &[u8], band: (u8, u8), bits: u8, data: Bits) -> Self {
        let mut body = vec![members.len() as u8];
        body.extend(members.iter().flat_map(|&id| [id, 0]));
        body.extend([band.0, band.1, bits]);
        self = self.segment(0xDA, &body);
        self.0.extend(data.bytes());
        self
    }

    fn end(mut self) -> Vec<u8> {
        self.0.extend([0xFF, 0xD9]);
        self.0
    }
}

fn dc_symbols() -> Vec<u8> {
    (0..16).collect()
}

fn ac_symbols() -> Vec<u8> {
    (0..=255).filter(|s| s % 16 != 0 || s / 16 < 13 || *s == 0xF0).collect()
}

#[derive(Default)]
struct Bits(Vec<bool>);

impl Bits {
    fn push(&mut self, value: u32, count: u32) {
        self.0.extend((0..count).rev().map(|i| value >> i & 1 == 1));
    }

    fn symbol(&mut self, symbols: &[u8], symbol: u8) {
        self.push(symbols.iter().position(|&s| s == symbol).unwrap() as u32, 8);
    }

    fn number(&mut self, value: i32) {
        let size = 32 - value.unsigned_abs().leading_zeros();
        self.push(if value < 0 { (value + (1 << size) - 1) as u32 } else { value as u32 }, size);
    }

    fn size(value: i32) -> u8 {
        (32 - value.unsigned_abs().leading_zeros()) as u8
    }

    fn dc(&mut self, difference: i32) {
        self.symbol(&dc_symbols(), Self::size(difference));
        self.number(difference);
    }

    /// The 63 AC coefficients of a block in natural order.
    fn ac(&mut self, block: &[i16; 64]) {
        let mut zeros = 0;
        for &place in &ZIGZAG[1..] {
            let value = i32::from(block[place]);
            if value == 0 {
                zeros += 1;
                continue;
            }
            while zeros > 15 {
                self.symbol(&ac_symbols(), 0xF0);
                zeros -= 16;
            }
            self.symbol(&ac_symbols(), zeros << 4 | Self::size(value));
            self.number(value);
            zeros = 0;
        }
        if zeros > 0 {
            self.symbol(&ac_symbols(), 0);
        }
    }

    /// Padded with ones, zeros stuffed.
    fn bytes(mut self) -> Vec<u8> {
        while !self.0.len().is_multiple_of(8) {
            self.0.push(true);
        }
        let bytes = self.0.chunks(8).map(|b| b.iter().fold(0, |byte, &bit| byte << 1 | u8::from(bit)));
        bytes.flat_map(|byte| if byte == 0xFF { vec![0xFF, 0] } else { vec![byte] }).collect()
    }
}

/// Blocks with coefficients of all sizes, and runs of all lengths.
fn blocks(count: usize, most: i32) -> Vec<[i16; 64]> {
    let mut state = 77u32;
    let mut next = move |n: u32| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 9) % n
    };
    (0..count)
        .map(|i| {
            let mut block = [0; 64];
            for number in &mut block {
                if next(i as u32 % 24 + 1) == 0 {
                    let bits = next(32 - (most as u32).leading_zeros()) + 1;
                    *number = (next(1 << bits).cast_signed() - (1 << (bits - 1))).clamp(-most, most) as i16;
                }
            }
            block
        })
        .collect()
}

fn sequential(blocks: &[[i16; 64]]) -> Bits {
    let (mut bits, mut last) = (Bits::default(), 0);
    for block in blocks {
        bits.dc(i32::from(block[0]) - last);
        last = block[0].into();
        bits.ac(block);
    }
    bits
}

fn gray(marker: u8, precision: u8, size: (u16, u16), step: u8) -> File {
    File::new().steps(step).frame(marker, precision, size, &[0x11]).tables()
}

#[test]
fn every_number_comes_back_of_8_and_of_12_bits() {
    for (marker, bits, most) in [(0xC0, 8, 1023), (0xC1, 8, 1023), (0xC1, 12, 16_383)] {
        // Nine blocks by seven, the last ones hardly used.
        let blocks = blocks(63, most);
        let file = gray(marker, bits, (65, 50), 3).scan(&[1], (0, 63), 0, sequential(&blocks)).end();
        let image = read(&file).unwrap();
        assert_eq!((image.depth, image.color.model), (Depth::Int(bits), Model::Gray));
        let stored = stored(&image).unwrap();
        assert_eq!((stored.bits, stored.ycc), (bits, false));
        let plane = &stored.planes[0];
        assert_eq!((plane.blocks_across, plane.blocks_down, plane.steps), (9, 7, [3; 64]));
        assert_eq!(*plane.coefficients, blocks.concat());
    }
}

#[test]
fn flat_blocks_of_12_bits_are_their_codes() {
    // DC steps of 8 are whole codes around the middle.
    let blocks: Vec<[i16; 64]> =
        [-2048, 0, 5, 2047].map(|dc| std::array::from_fn(|i| if i == 0 { dc } else { 0 })).into();
    let file = gray(0xC1, 12, (32, 8), 8).scan(&[1], (0, 63), 0, sequential(&blocks)).end();
    let image = read(&file).unwrap();
    let codes: Vec<f32> = (0..4).map(|i| image.planes[0].row(3)[8 * i + 4] * 4095.0).collect();
    for (code, wanted) in codes.iter().zip([0.0, 2048.0, 2053.0, 4095.0]) {
        assert!((code - wanted).abs() < 1e-3f32, "{codes:?}");
    }
    let error = read(&gray(0xC0, 12, (8, 8), 8).end()).unwrap_err();
    assert!(matches!(error, Error::Unsupported { .. }), "baseline has 8 bits: {error}");
}

#[test]
fn coarser_steps_of_a_scan_are_seen_as_unknown_numbers() {
    let blocks = blocks(4, 255);
    let dc = |low: u32| {
        let (mut bits, mut last) = (Bits::default(), 0);
        for block in &blocks {
            let value = i32::from(block[0]) >> low;
            bits.dc(value - last);
            last = value;
        }
        bits
    };
    let ac = || {
        let mut bits = Bits::default();
        for block in &blocks {
            bits.ac(block);
        }
        bits
    };
    let refinement = || Bits(blocks.iter().map(|block| block[0] & 1 == 1).collect());
    let begun = || gray(0xC2, 8, (32, 8), 2);
    let whole = begun().scan(&[1], (0, 0), 0, dc(0)).scan(&[1], (1, 63), 0, ac()).end();
    let image = read(&whole).unwrap();
    assert_eq!(*stored(&image).unwrap().planes[0].coefficients, blocks.concat());
    let refined = begun().scan(&[1], (0, 0), 0x01, dc(1)).scan(&[1], (1, 63), 0, ac());
    let refined = refined.scan(&[1], (0, 0), 0x10, refinement()).end();
    assert_eq!(read(&refined).unwrap(), image);
    for file in [
        begun().scan(&[1], (0, 0), 0x01, dc(1)).scan(&[1], (1, 63), 0, ac()).end(),
        begun().scan(&[1], (0, 0), 0, dc(0)).end(),
    ] {
        let image = read(&file).unwrap();
        assert!(stored(&image).is_none());
    }
    let error = read(&begun().scan(&[1], (1, 63), 0, ac()).end()).unwrap_err();
    assert!(matches!(error, Error::Damaged { .. }), "{error}");
}

#[test]
fn sampling_of_three_to_two_is_repeated_and_not_kept() {
    // MCUs of six luma blocks, two of one difference and one of the other, each flat.
    let level = |dc: i16| -> [i16; 64] { std::array::from_fn(|i| if i == 0 { dc } else { 0 }) };
    let mut bits = Bits::default();
    for (dc, count) in [(10, 3), (40, 2), (-20, 1)] {
        for i in 0..count {
            bits.dc(if i == 0 { dc } else { 0 });
            bits.ac(&level(0));
        }
    }
    let file = File::new().steps(8).frame(0xC0, 8, (24, 8), &[0x31, 0x21, 0x11]).tables();
    let image = read(&file.scan(&[1, 2, 3], (0, 63), 0, bits).end()).unwrap();
    assert!(stored(&image).is_none());
    let wanted = [138.0 - 1.402 * 20.0, 138.0 - 0.344_136 * 40.0 + 0.714_136 * 20.0, 138.0 + 1.772 * 40.0];
    for (plane, wanted) in image.planes.iter().zip(wanted) {
        assert!(plane.data.iter().all(|v| (v * 255.0 - wanted).abs() < 1e-3f32), "{wanted}");
    }
}

#[test]
fn rows_may_be_counted_after_the_first_scan() {
    let blocks = blocks(12, 100);
    let known = gray(0xC0, 8, (24, 30), 4).scan(&[1], (0, 63), 0, sequential(&blocks)).end();
    let late = gray(0xC0, 8, (24, 0), 4).scan(&[1], (0, 63), 0, sequential(&blocks));
    let never = late.0.clone();
    assert_eq!(read(&late.segment(0xDC, &[0, 30]).end()).unwrap(), read(&known).unwrap());
    let error = read(&File(never).end()).unwrap_err();
    assert_eq!(error.to_string(), "damaged JPEG file: its size is 24×0");
}

#[test]
fn restart_markers_must_come_in_their_order() {
    let blocks: Vec<[i16; 64]> = blocks(20, 200);
    let plain = gray(0xC0, 8, (160, 8), 4).scan(&[1], (0, 63), 0, sequential(&blocks)).end();
    let file = |coefficients: &[u8]| {
        let mut file =
            gray(0xC0, 8, (160, 8), 4).segment(0xDD, &[0, 2]).scan(&[1], (0, 63), 0, Bits::default());
        for (i, part) in blocks.chunks(2).enumerate() {
            if i > 0 {
                file.0.extend([0xFF, 0xD0 + coefficients[i - 1]]);
            }
            file.0.extend(sequential(part).bytes());
        }
        file.end()
    };
    assert_eq!(read(&file(&[0, 1, 2, 3, 4, 5, 6, 7, 0])).unwrap(), read(&plain).unwrap());
    for coefficients in [[0, 1, 2, 2, 4, 5, 6, 7, 0], [1, 2, 3, 4, 5, 6, 7, 0, 1]] {
        let error = read(&file(&coefficients)).unwrap_err();
        assert!(matches!(error, Error::Damaged { .. }), "{error}");
    }
}

#[test]
fn files_without_huffman_tables_have_the_usual_ones() {
    let whole = std::fs::read(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/jpeg_420.jpg")).unwrap();
    let mut bare = whole.clone();
    while let Some(at) = bare.windows(2).position(|w| w == [0xFF, 0xC4]) {
        let length = usize::from(bare[at + 2]) << 8 | usize::from(bare[at + 3]);
        bare.drain(at..at + 2 + length);
    }
    assert!(bare.len() + 400 < whole.len());
    assert_eq!(read(&bare).unwrap(), read(&whole).unwrap());
}

#[test]
fn samples_that_end_early_are_an_error_with_and_without_an_end_marker() {
    let blocks = blocks(63, 300);
    let whole = gray(0xC0, 8, (65, 50), 3).scan(&[1], (0, 63), 0, sequential(&blocks)).end();
    let start = whole.len() - sequential(&blocks).bytes().len() - 2;
    for end in (start..whole.len() - 4).step_by(11) {
        let mut cut = whole[..end].to_vec();
        assert!(matches!(read(&cut).unwrap_err(), Error::Truncated { .. }), "{end}");
        if cut.ends_with(&[0xFF]) {
            cut.pop();
        }
        cut.extend([0xFF, 0xD9]);
        assert!(matches!(read(&cut).unwrap_err(), Error::Truncated { .. }), "{end}");
    }
    let mut garbage = whole.clone();
    garbage.extend(b"and more");
    let read_on = read(&garbage).unwrap();
    assert_eq!(read_on.metadata.unread, ["8 bytes after the image"]);
    assert_eq!(read_on.planes, read(&whole).unwrap().planes);
}

#[test]
fn thousands_of_scans_are_refused_before_they_cost_time() {
    let start = Instant::now();
    let many = |scans: usize, side: u16| {
        let mut dc = Bits::default();
        (0..usize::from(side / 8).pow(2)).for_each(|_| dc.dc(0));
        let mut file = gray(0xC2, 8, (side, side), 1).scan(&[1], (0, 0), 0, dc);
        for i in 0..scans {
            // Blocks without coefficients, some thousand by one code.
            let mut ac = Bits::default();
            for _ in 0..=usize::from(side / 8).pow(2) / 4096 {
                ac.symbol(&ac_symbols(), 0xC0);
                ac.push(0, 12);
            }
            file = file.scan(&[1], (1, 63), if i == 0 { 1 } else { 0x10 }, ac);
        }
        file.end()
    };
    assert!(read(&many(999, 8)).is_ok());
    for file in [many(1000, 8), many(200, 2048)] {
        let error = read(&file).unwrap_err();
        assert!(error.to_string().contains("scans"), "{error}");
    }
    assert!(start.elapsed().as_secs_f32() < 10.0, "{:?}", start.elapsed());
}
