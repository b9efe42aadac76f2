//! JPEG against the definition in double precision, and against what libjpeg makes of the same numbers.
#![allow(clippy::unwrap_used)]

use std::f64::consts::PI;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use unband_image::{Codec, Depth, Image, JpegCoefficients, JpegPlane};
use unband_io::{Error, Limits};

fn data(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(name)
}

fn read(name: &str) -> Image {
    unband_io::read_file(&data(name), &Limits::default()).unwrap().0
}

fn stored(image: &Image) -> Option<Arc<JpegCoefficients>> {
    match &image.origin.codec {
        Codec::Jpeg(jpeg) => jpeg.coefficients.clone(),
        other => panic!("{other:?}"),
    }
}

/// Where a decoder rounds.
#[derive(Clone, Copy, PartialEq)]
enum Rounding {
    Nowhere,
    /// After the transform, the upsampling and the colours, with libjpeg's biases.
    AsLibjpeg,
}

/// The samples of a component, edges of blocks cut off.
fn component(plane: &JpegPlane, width: usize, height: usize, bits: u8, rounding: Rounding) -> Vec<Vec<f64>> {
    let c = |k: usize| if k == 0 { 0.5f64.sqrt() } else { 1.0 };
    let wave: Vec<f64> = (0..64)
        .map(|i| c(i / 8) / 2.0 * ((2 * (i % 8) + 1) as f64 * (i / 8) as f64 * PI / 16.0).cos())
        .collect();
    let max = f64::from((1u32 << bits) - 1);
    let mut out = vec![vec![0.0; width.div_ceil(plane.scale.0)]; height.div_ceil(plane.scale.1)];
    for (y, row) in out.iter_mut().enumerate() {
        for (x, out) in row.iter_mut().enumerate() {
            let (column, line) = (x + plane.lead.0, y + plane.lead.1);
            let numbers = plane.block(column / 8, line / 8);
            let value: f64 = (0..64)
                .map(|k| {
                    let step = f64::from(plane.steps[k]);
                    f64::from(numbers[k]) * step * wave[k % 8 * 8 + column % 8] * wave[k / 8 * 8 + line % 8]
                })
                .sum();
            let value = value + f64::from(1u32 << (bits - 1));
            *out = if rounding == Rounding::Nowhere { value } else { value.round().clamp(0.0, max) };
        }
    }
    out
}

/// Samples for every pixel. Of 2 in one or both directions interpolated, else repeated.
fn grown(
    samples: &[Vec<f64>],
    scale: (usize, usize),
    size: (usize, usize),
    rounding: Rounding,
) -> Vec<Vec<f64>> {
    let (across, down) = (samples[0].len(), samples.len());
    let smooth = matches!(scale, (2, 1) | (2, 2)) && across > 2 || scale == (1, 2);
    let far =
        |i: usize, n: usize| if i % 2 == 0 { (i / 2).saturating_sub(1) } else { (i / 2 + 1).min(n - 1) };
    let pixel = |x: usize, y: usize| {
        let (near_x, near_y) = (x / scale.0, y / scale.1);
        if !smooth {
            return samples[near_y][near_x];
        }
        let far_x = if scale.0 == 2 { far(x, across) } else { near_x };
        let far_y = if scale.1 == 2 { far(y, down) } else { near_y };
        let down = |x: usize| 3.0 * samples[near_y][x] + samples[far_y][x];
        // libjpeg rounds up on one side and down on the other; the outermost columns are not mixed.
        let (value, parts, bias) = match scale {
            (2, 1) if far_x == near_x => (4.0 * samples[near_y][near_x], 4.0, 0.0),
            (2, 1) => {
                let bias = if x % 2 == 0 { 1.0 } else { 2.0 };
                (3.0 * samples[near_y][near_x] + samples[near_y][far_x], 4.0, bias)
            }
            (1, 2) => (down(x), 4.0, if y % 2 == 0 { 1.0 } else { 2.0 }),
            _ => (3.0 * down(near_x) + down(far_x), 16.0, if x % 2 == 0 { 8.0 } else { 7.0 }),
        };
        if rounding == Rounding::Nowhere { value / parts } else { ((value + bias) / parts).floor() }
    };
    (0..size.1).map(|y| (0..size.0).map(|x| pixel(x, y)).collect()).collect()
}

/// A picture in codes, from its stored numbers.
fn reference(stored: &JpegCoefficients, size: (usize, usize), rounding: Rounding) -> Vec<Vec<f64>> {
    let max = f64::from((1u32 << stored.bits) - 1);
    let middle = f64::from(1u32 << (stored.bits - 1));
    let flat = |rows: Vec<Vec<f64>>| rows.concat();
    let parts: Vec<Vec<f64>> = stored
        .planes
        .iter()
        .map(|p| flat(grown(&component(p, size.0, size.1, stored.bits, rounding), p.scale, size, rounding)))
        .collect();
    if !stored.ycc {
        return parts;
    }
    let whole = |v: f64| if rounding == Rounding::Nowhere { v } else { (v + 0.5).floor() };
    let clamped = |v: f64| if rounding == Rounding::Nowhere { v } else { v.clamp(0.0, max) };
    let mut out = vec![Vec::new(); 3];
    for i in 0..parts[0].len() {
        let (y, cb, cr) = (parts[0][i], parts[1][i] - middle, parts[2][i] - middle);
        out[0].push(clamped(y + whole(1.402 * cr)));
        out[1].push(clamped(y + whole(-0.114 * 1.772 / 0.587 * cb - 0.299 * 1.402 / 0.587 * cr)));
        out[2].push(clamped(y + whole(1.772 * cb)));
    }
    out
}

fn worst_and_mean(a: impl Iterator<Item = f64>, b: impl Iterator<Item = f64>) -> (f64, f64) {
    let (mut worst, mut sum, mut count) = (0.0f64, 0.0, 0.0);
    for (a, b) in a.zip(b) {
        worst = worst.max((a - b).abs());
        sum += (a - b).abs();
        count += 1.0;
    }
    (worst, sum / count)
}

fn codes(image: &Image) -> impl Iterator<Item = f64> + '_ {
    let max = f64::from(image.depth.max_code());
    image.planes.iter().flat_map(move |p| p.data.iter().map(move |&v| f64::from(v) * max))
}

const KEPT: [(&str, &str); 13] = [
    ("jpeg_444.jpg", "jpeg_444.ppm"),
    ("jpeg_422.jpg", "jpeg_422.ppm"),
    ("jpeg_420.jpg", "jpeg_420.ppm"),
    ("jpeg_440.jpg", "jpeg_440.ppm"),
    ("jpeg_411.jpg", "jpeg_411.ppm"),
    ("jpeg_progressive.jpg", "jpeg_progressive.ppm"),
    ("jpeg_progressive_444.jpg", "jpeg_progressive_444.ppm"),
    ("jpeg_restart.jpg", "jpeg_restart.ppm"),
    ("jpeg_rgb.jpg", "jpeg_rgb.ppm"),
    ("jpeg_scans.jpg", "jpeg_scans.ppm"),
    ("jpeg_fine_chroma.jpg", "jpeg_fine_chroma.ppm"),
    ("jpeg_thirds.jpg", "jpeg_thirds.ppm"),
    ("jpeg_gray.jpg", "jpeg_gray.pgm"),
];

#[test]
fn samples_are_those_of_the_definition_unrounded_and_unclamped() {
    let mut outside = 0;
    for (name, _) in KEPT {
        let image = read(name);
        let stored = stored(&image).unwrap();
        let exact = reference(&stored, (image.width(), image.height()), Rounding::Nowhere);
        let (worst, _) = worst_and_mean(codes(&image), exact.into_iter().flatten());
        assert!(worst < 1e-3, "{name}: {worst} codes");
        outside += codes(&image).filter(|c| !(0.0..=255.0).contains(c)).count();
        let between = codes(&image).filter(|c| (c - c.round()).abs() > 0.1).count();
        assert!(between > image.planes[0].data.len() / 2, "{name}: {between} between codes");
    }
    assert!(outside > 0);
}

#[test]
fn rounded_where_libjpeg_rounds_the_samples_are_libjpegs() {
    for (name, theirs) in KEPT {
        let (image, theirs) = (read(name), read(theirs));
        let size = (image.width(), image.height());
        let rounded = reference(&stored(&image).unwrap(), size, Rounding::AsLibjpeg);
        let rounded = rounded.into_iter().flatten();
        let (worst, mean) = worst_and_mean(codes(&theirs).map(f64::round), rounded);
        // Equal but for ties.
        assert!(worst <= 1.0 && mean < 0.001, "{name}: {worst} {mean}");
    }
}
