//! Tensors of `golden/bsrgan`, and images from its formulas.
#![allow(dead_code, clippy::unwrap_used)]

use safetensors::{Dtype, SafeTensors};
use unband_image::{Depth, Image, Model, Plane};

/// A tensor's shape and values.
#[derive(Debug)]
pub(crate) struct Tensor {
    pub shape: Vec<usize>,
    pub values: Vec<f64>,
}

/// The tensors whose names have this prefix, by the rest of their names.
pub(crate) fn tensors(prefix: &str) -> Vec<(String, Tensor)> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../golden/bsrgan/golden.safetensors");
    let bytes = std::fs::read(path).unwrap();
    let file = SafeTensors::deserialize(&bytes).unwrap();
    let names = file.names().into_iter().filter_map(|name| Some((name, name.strip_prefix(prefix)?)));
    let found: Vec<_> = names
        .map(|(name, rest)| {
            let tensor = file.tensor(name).unwrap();
            let data = tensor.data();
            let values = match tensor.dtype() {
                Dtype::F64 => {
                    data.chunks_exact(8).map(|b| f64::from_le_bytes(b.try_into().unwrap())).collect()
                }
                Dtype::F32 => {
                    data.chunks_exact(4).map(|b| f32::from_le_bytes(b.try_into().unwrap()).into()).collect()
                }
                _ => data.iter().map(|v| f64::from(*v)).collect(),
            };
            (rest.to_owned(), Tensor { shape: tensor.shape().to_vec(), values })
        })
        .collect();
    assert!(!found.is_empty(), "{prefix}");
    found
}

/// One tensor.
pub(crate) fn tensor(name: &str) -> Tensor {
    tensors(name).into_iter().find(|(rest, _)| rest.is_empty()).unwrap().1
}

/// The numbers in a name: those after each letter.
pub(crate) fn numbers(name: &str) -> Vec<f64> {
    name.split('_')
        .map(|part| part.trim_start_matches(|c: char| c.is_alphabetic()).parse().unwrap())
        .collect()
}

pub(crate) fn image(width: usize, height: usize, sample: impl Fn(usize, usize, usize) -> f32) -> Image {
    let plane = |c| Plane {
        width,
        height,
        data: (0..width * height).map(|i| sample(i % width, i / width, c)).collect(),
    };
    Image::new((0..3).map(plane).collect(), Model::Rgb, Depth::F32)
}

/// `input/fimg` in any size.
pub(crate) fn formula(width: usize, height: usize) -> Image {
    image(width, height, |x, y, c| ((7 * x + 13 * y + 29 * c + (x * y) % 31) % 256) as f32 / 255.0)
}

/// The largest difference of an image from a tensor of rows, columns and channels.
pub(crate) fn furthest(image: &Image, want: &Tensor) -> f64 {
    let (width, height) = (image.width(), image.height());
    assert_eq!(want.shape, [height, width, 3]);
    let value = |i: usize| f64::from(image.planes[i % 3].data[i / 3]);
    want.values.iter().enumerate().map(|(i, want)| (value(i) - want).abs()).fold(0.0, f64::max)
}

/// The upper left part of the image `texture` of `golden/metrics`.
pub(crate) fn texture(width: usize, height: usize) -> Image {
    let grid = |i: usize, j: usize, c: usize| {
        let mixed = (i as u32 + 1).wrapping_mul(73_856_093)
            ^ (j as u32 + 1).wrapping_mul(19_349_663)
            ^ (c as u32 + 1).wrapping_mul(83_492_791)
            ^ 7u32.wrapping_mul(2_654_435_761);
        24 + lowbias32(mixed) % 208
    };
    image(width, height, |x, y, c| {
        let (i, j, fx, fy) = (x / 8, y / 8, (x % 8) as u32, (y % 8) as u32);
        let top = grid(i, j, c) * (8 - fx) + grid(i + 1, j, c) * fx;
        let below = grid(i, j + 1, c) * (8 - fx) + grid(i + 1, j + 1, c) * fx;
        ((top * (8 - fy) + below * fy + 32) >> 6) as f32 / 255.0
    })
}

/// Source: Wellons, "Prospecting for Hash Functions", 2018.
fn lowbias32(mut x: u32) -> u32 {
    x ^= x >> 16;
    x = x.wrapping_mul(0x7feb_352d);
    x ^= x >> 15;
    x = x.wrapping_mul(0x846c_a68b);
    x ^ (x >> 16)
}
