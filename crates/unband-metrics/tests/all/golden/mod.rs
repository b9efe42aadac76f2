//! Image pairs with values of reference implementations (`golden/metrics`), for all metric tests.
// Not every test uses all functions.
#![allow(dead_code, clippy::unwrap_used, clippy::missing_panics_doc, clippy::cast_possible_wrap)]

use std::path::PathBuf;

use serde_json::Value;
use sha2::{Digest, Sha256};
use unband_image::Image;

/// The pairs that have all values, in order.
pub(crate) const PAIRS: [&str; 12] = [
    "f1_ramp_q8",
    "f2_ramp_dither_q8",
    "f3_radial_q6",
    "f4_texture_noise",
    "f5_texture_box3",
    "f6_texture_contrast",
    "f7_radial_colour",
    "f8_texture_blocks",
    "r1_deepdeband_0007",
    "r2_deepdeband_0038",
    "r3_ggdbn",
    "r4_indi_2",
];

/// The larger pair under `extra`.
pub(crate) const LARGE: &str = "f9_texture_box3_768x512";

/// 8-bit RGB, interleaved.
#[derive(Clone, PartialEq)]
pub(crate) struct Rgb {
    pub width: usize,
    pub height: usize,
    pub bytes: Vec<u8>,
}

impl Rgb {
    pub(crate) fn image(&self) -> Image {
        Image::from_rgb8(self.width, self.height, &self.bytes).unwrap()
    }

    fn painted(width: usize, height: usize, f: impl Fn(usize, usize, usize) -> i64) -> Self {
        let mut bytes = Vec::with_capacity(width * height * 3);
        for y in 0..height {
            for x in 0..width {
                bytes.extend((0..3).map(|c| f(x, y, c).clamp(0, 255) as u8));
            }
        }
        Self { width, height, bytes }
    }

    fn at(&self, x: usize, y: usize, c: usize) -> i64 {
        self.bytes[(y * self.width + x) * 3 + c].into()
    }

    /// Another image of the same size, computed from the samples of this one.
    fn then(&self, f: impl Fn(i64, usize, usize, usize) -> i64) -> Self {
        Self::painted(self.width, self.height, |x, y, c| f(self.at(x, y, c), x, y, c))
    }
}

/// The folder of the golden values.
pub(crate) fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../golden/metrics")
}

/// All of `golden.json`.
pub(crate) fn values() -> Value {
    serde_json::from_slice(&std::fs::read(folder().join("golden.json")).unwrap()).unwrap()
}

/// The values of one pair, of `pairs` or `extra`.
pub(crate) fn of<'a>(values: &'a Value, pair: &str) -> &'a Value {
    values["pairs"].get(pair).or_else(|| values["extra"].get(pair)).unwrap()
}

/// Both images of a pair as bytes, after a check of their SHA-256.
pub(crate) fn pair(values: &Value, name: &str) -> (Rgb, Rgb) {
    let (a, b) = if name.starts_with('f') {
        formula(name)
    } else {
        (file(&format!("{name}_a.png")), file(&format!("{name}_b.png")))
    };
    let golden = of(values, name);
    for (image, side) in [(&a, "a"), (&b, "b")] {
        assert_eq!(golden["size"], serde_json::json!([image.width, image.height]), "{name} {side}");
        assert_eq!(sha256(&image.bytes), golden[format!("sha256_rgb_{side}")], "{name} {side}");
    }
    (a, b)
}

/// Both images of a pair.
pub(crate) fn images(values: &Value, name: &str) -> (Image, Image) {
    let (a, b) = pair(values, name);
    (a.image(), b.image())
}

/// SHA-256 in hexadecimal.
pub(crate) fn sha256(bytes: &[u8]) -> String {
    use std::fmt::Write;
    Sha256::digest(bytes).iter().fold(String::new(), |mut out, b| {
        write!(out, "{b:02x}").unwrap();
        out
    })
}

/// Fails unless a value is within the tolerance of the golden one.
pub(crate) fn near(what: &str, got: f64, want: f64, tolerance: f64) {
    assert!((got - want).abs() <= tolerance, "{what}: got {got}, the golden value is {want} ± {tolerance}");
}

/// The integer hash lowbias32.
pub(crate) fn lowbias32(mut v: u32) -> u32 {
    v ^= v >> 16;
    v = v.wrapping_mul(0x7feb_352d);
    v ^= v >> 15;
    v = v.wrapping_mul(0x846c_a68b);
    v ^ (v >> 16)
}

/// Hash of a position.
fn h(x: usize, y: usize, c: usize, seed: u32) -> i64 {
    let mixed = (x as u32 + 1).wrapping_mul(73_856_093)
        ^ (y as u32 + 1).wrapping_mul(19_349_663)
        ^ (c as u32 + 1).wrapping_mul(83_492_791)
        ^ seed.wrapping_mul(2_654_435_761);
    lowbias32(mixed).into()
}

fn ramp(x: usize, y: usize, c: usize) -> i64 {
    (40 + (3 * x + 2 * y + 64 * c) / 16) as i64
}

fn radial(x: usize, y: usize, c: usize) -> i64 {
    let squares = x.abs_diff(240).pow(2) + y.abs_diff(135).pow(2);
    200_i64 - ((4 * squares).isqrt() * (8 + c) / 32) as i64
}

/// Random values on a grid of 8 pixels, interpolated.
fn texture(x: usize, y: usize, c: usize) -> i64 {
    let (i, j) = (x / 8, y / 8);
    let (fx, fy) = ((x % 8) as i64, (y % 8) as i64);
    let g = |i, j| 24 + h(i, j, c, 7) % 208;
    let v = (g(i, j) * (8 - fx) + g(i + 1, j) * fx) * (8 - fy)
        + (g(i, j + 1) * (8 - fx) + g(i + 1, j + 1) * fx) * fy;
    (v + 32) >> 6
}

/// Mean of 3×3, the border repeated.
fn box3(a: &Rgb) -> Rgb {
    a.then(|_, x, y, c| {
        let (right, below) = ((x + 1).min(a.width - 1), (y + 1).min(a.height - 1));
        let rows = [y.saturating_sub(1), y, below];
        let columns = [x.saturating_sub(1), x, right];
        let sum: i64 = rows.iter().flat_map(|&y| columns.iter().map(move |&x| a.at(x, y, c))).sum();
        (sum + 4) / 9
    })
}

/// A quarter of the way to the mean of each 8×8 block.
fn blocks(a: &Rgb) -> Rgb {
    a.then(|v, x, y, c| {
        let (x, y) = (x / 8 * 8, y / 8 * 8);
        let (right, below) = ((x + 8).min(a.width), (y + 8).min(a.height));
        let n = ((right - x) * (below - y)) as i64;
        let sum: i64 = (y..below).flat_map(|y| (x..right).map(move |x| a.at(x, y, c))).sum();
        (3 * v + (sum + n / 2) / n + 2) / 4
    })
}

fn formula(name: &str) -> (Rgb, Rgb) {
    let small = |f: fn(usize, usize, usize) -> i64| Rgb::painted(480, 270, f);
    let and = |a: Rgb, f: &dyn Fn(i64, usize, usize, usize) -> i64| {
        let b = a.then(f);
        (a, b)
    };
    let with = |a: Rgb, f: fn(&Rgb) -> Rgb| {
        let b = f(&a);
        (a, b)
    };
    match name {
        "f1_ramp_q8" => and(small(ramp), &|v, _, _, _| v / 8 * 8 + 4),
        "f2_ramp_dither_q8" => and(small(ramp), &|v, x, y, c| (v + h(x, y, c, 1) % 8) / 8 * 8),
        "f3_radial_q6" => and(small(radial), &|v, _, _, _| v / 6 * 6 + 3),
        "f4_texture_noise" => and(small(texture), &|v, x, y, c| v + h(x, y, c, 2) % 25 - 12),
        "f5_texture_box3" => with(small(texture), box3),
        "f6_texture_contrast" => and(small(texture), &|v, _, _, _| 128 + ((v - 128) * 7).div_euclid(8)),
        "f7_radial_colour" => and(small(radial), &|v, _, _, c| v + [6, 0, -5][c]),
        "f8_texture_blocks" => with(small(texture), blocks),
        "f9_texture_box3_768x512" => with(Rgb::painted(768, 512, texture), box3),
        _ => panic!("no formula for {name}"),
    }
}

pub(crate) fn file(name: &str) -> Rgb {
    let file = std::fs::File::open(folder().join(name)).unwrap();
    let mut reader = png::Decoder::new(std::io::BufReader::new(file)).read_info().unwrap();
    let mut bytes = vec![0; reader.output_buffer_size().unwrap()];
    let info = reader.next_frame(&mut bytes).unwrap();
    assert_eq!((info.color_type, info.bit_depth), (png::ColorType::Rgb, png::BitDepth::Eight));
    bytes.truncate(info.buffer_size());
    Rgb { width: info.width as usize, height: info.height as usize, bytes }
}
