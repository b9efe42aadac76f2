//! Measures against values of reference implementations.
#![allow(clippy::unwrap_used, clippy::cast_possible_wrap)]

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::Deserialize;
use sha2::{Digest, Sha256};
use unband_image::Image;
use unband_metrics::{Clean, contour_jump, false_steps, find, flat_psnr, psnr, ssim};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Golden {
    tolerance: Tolerance,
    pairs: BTreeMap<String, Pair>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Tolerance {
    psnr: f64,
    ssim: f64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Pair {
    size: [usize; 2],
    sha256_rgb_a: String,
    sha256_rgb_b: String,
    psnr_rgb: f64,
    psnr_y_matlab_unrounded: f64,
    psnr_y_matlab_rounded: f64,
    ssim_gauss11_rgb: f64,
    ssim_gauss11_y_unrounded: f64,
    #[serde(default)]
    own: Own,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct Own {
    flat_psnr: Option<f64>,
    false_steps: Option<f64>,
    mean_excess_codes: Option<f64>,
    jump_a: Option<f64>,
    jump_b: Option<f64>,
    jump_a_at_b: Option<f64>,
    jump_b_at_a: Option<f64>,
    contours: Option<usize>,
}

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../golden")
}

fn golden() -> Golden {
    toml::from_str(&std::fs::read_to_string(folder().join("metrics.toml")).unwrap()).unwrap()
}

/// Hash of a place: lowbias32 over mixed coordinates.
fn h(x: u32, y: u32, c: u32, seed: u32) -> i64 {
    let mut v = (x + 1).wrapping_mul(73_856_093)
        ^ (y + 1).wrapping_mul(19_349_663)
        ^ (c + 1).wrapping_mul(83_492_791)
        ^ seed.wrapping_mul(2_654_435_761);
    v ^= v >> 16;
    v = v.wrapping_mul(0x7feb_352d);
    v ^= v >> 15;
    v = v.wrapping_mul(0x846c_a68b);
    (v ^ (v >> 16)) as i64
}

const W: usize = 480;
const H: usize = 270;

fn painted(f: impl Fn(i64, i64, i64) -> i64) -> Vec<u8> {
    let mut out = Vec::with_capacity(W * H * 3);
    for y in 0..H as i64 {
        for x in 0..W as i64 {
            for c in 0..3 {
                out.push(f(x, y, c).clamp(0, 255) as u8);
            }
        }
    }
    out
}

fn ramp(x: i64, y: i64, c: i64) -> i64 {
    40 + (3 * x + 2 * y + 64 * c) / 16
}

fn radial(x: i64, y: i64, c: i64) -> i64 {
    let root = ((4 * ((x - 240).pow(2) + (y - 135).pow(2))) as u64).isqrt() as i64;
    (200 - (root * (8 + c)).div_euclid(32)).clamp(0, 255)
}

fn texture(x: i64, y: i64, c: i64) -> i64 {
    let (i, j, fx, fy) = (x / 8, y / 8, x % 8, y % 8);
    let g = |i: i64, j: i64| 24 + h(i as u32, j as u32, c as u32, 7) % 208;
    let v = (g(i, j) * (8 - fx) + g(i + 1, j) * fx) * (8 - fy)
        + (g(i, j + 1) * (8 - fx) + g(i + 1, j + 1) * fx) * fy;
    (v + 32) >> 6
}

fn hash(x: i64, y: i64, c: i64, seed: u32) -> i64 {
    h(x as u32, y as u32, c as u32, seed)
}

/// Both pictures of a formula pair as RGB bytes.
fn formula(name: &str) -> (Vec<u8>, Vec<u8>) {
    let inside = |x: i64, y: i64, c: i64| texture(x.clamp(0, W as i64 - 1), y.clamp(0, H as i64 - 1), c);
    let block_mean = |x: i64, y: i64, c: i64| {
        let (x0, y0) = (x / 8 * 8, y / 8 * 8);
        let (x1, y1) = ((x0 + 8).min(W as i64), (y0 + 8).min(H as i64));
        let n = (x1 - x0) * (y1 - y0);
        let sum: i64 = (y0..y1).flat_map(|y| (x0..x1).map(move |x| texture(x, y, c))).sum();
        (sum + n / 2) / n
    };
    match name {
        "f1_ramp_q8" => (painted(ramp), painted(|x, y, c| ramp(x, y, c) / 8 * 8 + 4)),
        "f2_ramp_dither_q8" => {
            (painted(ramp), painted(|x, y, c| (ramp(x, y, c) + hash(x, y, c, 1) % 8) / 8 * 8))
        }
        "f3_radial_q6" => (painted(radial), painted(|x, y, c| radial(x, y, c) / 6 * 6 + 3)),
        "f4_texture_noise" => {
            (painted(texture), painted(|x, y, c| texture(x, y, c) + hash(x, y, c, 2) % 25 - 12))
        }
        "f5_texture_box3" => {
            let sum = |x: i64, y: i64, c: i64| -> i64 {
                (-1..=1).flat_map(|dy| (-1..=1).map(move |dx| inside(x + dx, y + dy, c))).sum()
            };
            (painted(texture), painted(|x, y, c| (sum(x, y, c) + 4) / 9))
        }
        "f6_texture_contrast" => {
            (painted(texture), painted(|x, y, c| 128 + ((texture(x, y, c) - 128) * 7).div_euclid(8)))
        }
        "f7_radial_colour" => {
            let shift = [6, 0, -5];
            (painted(radial), painted(move |x, y, c| radial(x, y, c) + shift[c as usize]))
        }
        "f8_texture_blocks" => {
            (painted(texture), painted(|x, y, c| (3 * texture(x, y, c) + block_mean(x, y, c) + 2) / 4))
        }
        _ => panic!("no formula for {name}"),
    }
}

fn file(name: &str) -> Vec<u8> {
    let file = std::fs::File::open(folder().join("metrics").join(name)).unwrap();
    let mut reader = png::Decoder::new(std::io::BufReader::new(file)).read_info().unwrap();
    let mut out = vec![0; reader.output_buffer_size().unwrap()];
    let info = reader.next_frame(&mut out).unwrap();
    assert_eq!((info.color_type, info.bit_depth), (png::ColorType::Rgb, png::BitDepth::Eight));
    out.truncate(info.buffer_size());
    out
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    Sha256::digest(bytes).iter().fold(String::new(), |mut out, b| {
        write!(out, "{b:02x}").unwrap();
        out
    })
}

fn images(name: &str, pair: &Pair) -> (Image, Image) {
    let (a, b) = if name.starts_with('f') {
        formula(name)
    } else {
        (file(&format!("{name}_a.png")), file(&format!("{name}_b.png")))
    };
    assert_eq!(hex(&a), pair.sha256_rgb_a, "{name} a");
    assert_eq!(hex(&b), pair.sha256_rgb_b, "{name} b");
    let [w, h] = pair.size;
    (Image::from_rgb8(w, h, &a).unwrap(), Image::from_rgb8(w, h, &b).unwrap())
}

fn near(what: &str, got: f64, want: f64, tolerance: f64) {
    assert!((got - want).abs() <= tolerance, "{what}: got {got}, the golden value is {want} ± {tolerance}");
}

#[test]
fn psnr_and_ssim_are_those_of_the_reference_tools() {
    let golden = golden();
    assert_eq!(golden.pairs.len(), 12);
    let Tolerance { psnr: psnr_tolerance, ssim: ssim_tolerance } = golden.tolerance;
    for (name, pair) in &golden.pairs {
        let (a, b) = images(name, pair);
        let score = |metric: &str| (find(metric).unwrap().score)(&b, Some(&a)).unwrap().value;
        near(&format!("{name} psnr"), psnr::psnr(&b, &a).unwrap(), pair.psnr_rgb, psnr_tolerance);
        near(&format!("{name} psnr-y"), score("psnr-y"), pair.psnr_y_matlab_unrounded, psnr_tolerance);
        near(
            &format!("{name} psnr-y-rounded"),
            score("psnr-y-rounded"),
            pair.psnr_y_matlab_rounded,
            psnr_tolerance,
        );
        near(&format!("{name} ssim"), ssim::ssim(&b, &a).unwrap(), pair.ssim_gauss11_rgb, ssim_tolerance);
        near(&format!("{name} ssim-y"), score("ssim-y"), pair.ssim_gauss11_y_unrounded, ssim_tolerance);
    }
}

#[test]
fn our_own_measures_are_those_of_the_transcription() {
    let golden = golden();
    let mut checked = 0;
    for (name, pair) in &golden.pairs {
        let Own { flat_psnr, .. } = pair.own;
        let (a, b) = images(name, pair);
        // Tolerances are half of the last printed digit.
        if let Some(want) = flat_psnr {
            let clean = Clean::of(&a).unwrap();
            near(name, flat_psnr::flat_psnr(&b, &clean).unwrap(), want, 5.1e-6);
            let steps = false_steps::false_steps(&b, &clean).unwrap();
            near(name, steps.per_thousand, pair.own.false_steps.unwrap(), 5.1e-4);
            near(name, steps.mean_excess_codes, pair.own.mean_excess_codes.unwrap(), 5.1e-6);
            checked += 1;
        }
        let jump = |result: &Image, input: &Image, want: Option<f64>| {
            let Some(want) = want else { return 0 };
            let found = contour_jump::contour_jump(result, input).unwrap();
            near(&format!("{name} jump"), found.codes, want, 5.1e-7);
            assert_eq!(Some(found.samples), pair.own.contours, "{name}");
            1
        };
        checked += jump(&a, &a, pair.own.jump_a);
        checked += jump(&b, &b, pair.own.jump_b);
        checked += jump(&a, &b, pair.own.jump_a_at_b);
        checked += jump(&b, &a, pair.own.jump_b_at_a);
    }
    assert_eq!(checked, 10);
}
