//! `libplacebo` reproduces every file in `golden/placebo`, within a GPU's rounding.
#![allow(clippy::unwrap_used, clippy::float_cmp)] // exact

use std::path::PathBuf;

use unband_filters::PlaneError;
use unband_filters::libplacebo::{Bias, Dither, Libplacebo, LibplaceboParams, deband_plane};
use unband_image::tile::restore_in_place;
use unband_image::{Context, Depth, Image, Matrix, Range, Restorer, With};
use unband_simd::Level;

/// Width, height, 8-bit codes or 16-bit codes.
fn read_png(name: &str) -> (usize, usize, Vec<u16>) {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../golden/placebo").join(name);
    let file = std::io::BufReader::new(std::fs::File::open(path).unwrap());
    let mut reader = png::Decoder::new(file).read_info().unwrap();
    let mut data = vec![0; reader.output_buffer_size().unwrap()];
    let info = reader.next_frame(&mut data).unwrap();
    assert_eq!(info.color_type, png::ColorType::Grayscale, "{name}");
    let codes = match info.bit_depth {
        png::BitDepth::Eight => data.into_iter().map(u16::from).collect(),
        png::BitDepth::Sixteen => data.as_chunks::<2>().0.iter().map(|&b| u16::from_be_bytes(b)).collect(),
        other => panic!("{name}: {other:?}"),
    };
    (info.width as usize, info.height as usize, codes)
}

/// Number of differing samples, and the largest difference.
fn differing(a: &[u16], b: &[u16]) -> (usize, u16) {
    assert_eq!(a.len(), b.len());
    let apart = || a.iter().zip(b).map(|(&a, &b)| a.abs_diff(b));
    (apart().filter(|&d| d > 0).count(), apart().max().unwrap_or(0))
}

fn params(iterations: u32, threshold: f32, radius: f32, grain: f32) -> LibplaceboParams {
    LibplaceboParams { iterations, threshold, radius, grain, ..LibplaceboParams::default() }
}

/// Name, settings, and the number of samples of the 480-wide image that may differ.
type Run = (&'static str, (u32, f32, f32, f32), usize);

const RUNS: [Run; 6] = [
    ("default_nograin", (1, 4.0, 16.0, 0.0), 0),
    // One compared position is 75.999996; the device used column 76 there.
    ("it3_t6", (3, 6.0, 16.0, 0.0), 1),
    ("it4_t10_r24", (4, 10.0, 24.0, 0.0), 0),
    ("it2_t3_r8_g4", (2, 3.0, 8.0, 4.0), 0),
    ("default", (1, 4.0, 16.0, 6.0), 0),
    ("grainonly", (0, 4.0, 16.0, 6.0), 0),
];

#[test]
fn images_of_16_bits_come_out_as_from_the_original() {
    let bias = Bias::new(Dither::None, 16);
    for painted in ["crop", "radial"] {
        let (w, h, input) = read_png(&format!("in_{painted}_g8.png"));
        let input: Vec<u16> = input.iter().map(|c| c * 257).collect();
        for (name, (iterations, threshold, radius, grain), off) in RUNS {
            let (_, _, want) = read_png(&format!("out_{painted}_16_{name}.png"));
            assert!(differing(&input, &want).0 > w * h / 100, "{name}: the golden file shows no change");
            let shader = params(iterations, threshold, radius, grain).shader(0);
            // The device's coordinates are shares of the size, which are inexact for odd sizes.
            let allowed = if painted == "crop" { off } else { w * h / 25 };
            for level in Level::all() {
                let mut out = vec![0; w * h];
                deband_plane(level, &mut out, &input, (w, h), 16, &shader, &bias).unwrap();
                let (count, _) = differing(&out, &want);
                assert!(count <= allowed, "{painted} {name} {level:?}: {count} samples differ");
            }
        }
    }
}

#[test]
fn images_of_8_bits_come_out_as_from_the_original() {
    let (w, h, ranks) = read_png("blue_noise_64.png");
    assert_eq!((w, h), (64, 64));
    let theirs = Bias::matrix(64, ranks.iter().map(|&r| f32::from(r) / 4096.0).collect()).unwrap();
    let shader = params(1, 4.0, 16.0, 0.0).shader(0);
    for (painted, name, bias, allowed) in [
        ("crop", "dither0", theirs, 0),
        ("crop", "dither1", Bias::new(Dither::Ordered, 8), 0),
        ("crop", "dither2", Bias::new(Dither::OrderedFixed, 8), 6),
        ("crop", "dither3", Bias::new(Dither::WhiteNoise, 8), 6),
        ("crop", "round", Bias::new(Dither::None, 8), 0),
        ("radial", "dither1", Bias::new(Dither::Ordered, 8), 0),
        ("radial", "dither2", Bias::new(Dither::OrderedFixed, 8), 6),
        ("radial", "dither3", Bias::new(Dither::WhiteNoise, 8), 6),
        // Ties between two codes, which the device rounds arbitrarily.
        ("radial", "round", Bias::new(Dither::None, 8), 3200),
    ] {
        let (w, h, input) = read_png(&format!("in_{painted}_g8.png"));
        let (_, _, want) = read_png(&format!("out_{painted}_8_{name}.png"));
        assert!(differing(&input, &want).0 > w * h / 100, "{name}: the golden file shows no change");
        let input: Vec<u8> = input.iter().map(|&c| c as u8).collect();
        for level in Level::all() {
            let mut out = vec![0; w * h];
            deband_plane(level, &mut out, &input, (w, h), 8, &shader, &bias).unwrap();
            let out: Vec<u16> = out.into_iter().map(u16::from).collect();
            let (count, most) = differing(&out, &want);
            assert!(
                count <= allowed && most <= 1,
                "{painted} {name} {level:?}: {count} differ, by up to {most}"
            );
        }
    }
}

fn restored(image: &Image, params: &LibplaceboParams, tile: usize, ctx: &Context<'_>) -> Image {
    let filter = Libplacebo::new(params.clone(), image, ctx).unwrap();
    let mut out = image.clone();
    restore_in_place(&mut out, &filter, tile, &mut |_, _| {}, ctx).unwrap();
    out
}

fn grey() -> (usize, usize, Vec<u8>) {
    let (w, h, codes) = read_png("in_crop_g8.png");
    (w, h, codes.into_iter().map(|c| c as u8).collect())
}

#[test]
fn images_get_the_samples_of_their_planes() {
    let (w, h, codes) = grey();
    let params = LibplaceboParams::default();
    let ctx = Context::with(|new| new.threads = 2);
    let image = Image::from_gray(w, h, &codes).unwrap();
    let plane = |index| {
        let mut out = vec![0; w * h];
        let bias = Bias::new(Dither::BlueNoise, 8);
        deband_plane(Level::best(), &mut out, &codes, (w, h), 8, &params.shader(index), &bias).unwrap();
        out
    };
    for tile in [50, 64, 10_000] {
        assert!(restored(&image, &params, tile, &ctx).to_gray::<u8>().unwrap() == plane(0), "tile {tile}");
    }
    let later = ctx.but(|new| new.frame = 300);
    assert!(restored(&image, &params, 64, &later).to_gray::<u8>().unwrap() == plane(300 - 256));
    // Full-range and limited-range Y'CbCr: file codes are used, and each plane has its own random numbers.
    let half = |codes: &[u8]| -> Vec<u8> {
        codes.chunks(2 * w).flat_map(|rows| rows[..w].iter().step_by(2).copied()).collect()
    };
    let chroma = half(&codes);
    for range in [Range::Limited, Range::Full] {
        let yuv = Image::from_yuv420(w, h, [&codes, &chroma, &chroma], Matrix::Bt709, range).unwrap();
        let [y, u, v] = restored(&yuv, &params, 100, &ctx).to_yuv8().unwrap();
        assert!(y == plane(0), "{range:?}");
        for (got, index) in [(u, 1), (v, 2)] {
            let mut want = vec![0; chroma.len()];
            let bias = Bias::new(Dither::BlueNoise, 8);
            let size = (w / 2, h / 2);
            deband_plane(Level::best(), &mut want, &chroma, size, 8, &params.shader(index), &bias).unwrap();
            assert!(got == want, "{range:?} {index}");
        }
        let luma = LibplaceboParams { planes: 1, ..params.clone() };
        let [y, u, v] = restored(&yuv, &luma, 100, &ctx).to_yuv8().unwrap();
        assert!(y == plane(0) && u == chroma && v == chroma, "{range:?}");
        let blue = LibplaceboParams { planes: 2, ..params.clone() };
        assert!(restored(&yuv, &blue, 100, &ctx).to_yuv8().unwrap()[0] == codes, "{range:?}");
    }
}

#[test]
fn rgb_pixels_look_at_one_place_and_get_noise_of_three() {
    let (w, h, codes) = grey();
    let rgb: Vec<u8> = codes.iter().flat_map(|&c| [c; 3]).collect();
    let image = Image::from_rgb8(w, h, &rgb).unwrap();
    let ctx = Context::default();
    let quiet = LibplaceboParams { grain: 0.0, ..LibplaceboParams::default() };
    let out = restored(&image, &quiet, 64, &ctx);
    assert!(out != image && out.planes[0] == out.planes[1] && out.planes[0] == out.planes[2]);
    let noisy = LibplaceboParams { grain: 30.0, ..LibplaceboParams::default() };
    let out = restored(&image, &noisy, 64, &ctx);
    let same = |a: usize, b: usize| {
        out.planes[a].data.iter().zip(&out.planes[b].data).filter(|(a, b)| a == b).count()
    };
    assert!(same(0, 1) < w * h / 2 && same(1, 2) < w * h / 2);
    let green = LibplaceboParams { planes: 2, ..noisy };
    let one = restored(&image, &green, 64, &ctx);
    assert!(one.planes[0] == image.planes[0] && one.planes[2] == image.planes[2]);
    assert!(one.planes[1] == out.planes[1]);
}

#[test]
fn the_result_has_the_depth_that_is_wanted() {
    let (w, h, codes) = grey();
    let params = LibplaceboParams::default();
    let wide: Vec<u16> = codes.iter().map(|&c| u16::from(c) * 257).collect();
    let image = Image::from_gray(w, h, &wide).unwrap();
    let steps = |depth: Option<Depth>| {
        let ctx = Context::with(|new| new.output = depth);
        let filter = Libplacebo::new(params.clone(), &image, &ctx).unwrap();
        let out = restored(&image, &params, 64, &ctx);
        let lattice = depth.unwrap_or(image.depth);
        let on = out.planes[0]
            .data
            .iter()
            .filter(|&&v| lattice != Depth::F32 && lattice.value(lattice.code(v)).to_bits() == v.to_bits());
        (on.count() == w * h, filter.rounds_to())
    };
    assert_eq!(steps(None), (true, Some(Depth::SIXTEEN)));
    for bits in [1, 4, 8, 10, 16] {
        assert_eq!(steps(Some(Depth::Int(bits))), (true, Some(Depth::Int(bits))));
    }
    assert_eq!(steps(Some(Depth::F32)), (false, None));
    // Unselected planes are dithered too when they lose bits.
    let luma = LibplaceboParams { planes: 0, ..params.clone() };
    let ramp: Vec<u16> = (0..w * h).map(|i| 30_000 + (i % w) as u16).collect();
    let ctx = Context::with(|new| new.output = Some(Depth::EIGHT));
    let out = restored(&Image::from_gray(w, h, &ramp).unwrap(), &luma, 64, &ctx);
    let mean = out.planes[0].data.iter().map(|&v| f64::from(v)).sum::<f64>() / (w * h) as f64;
    assert!((mean * 65_535.0 - 30_239.5).abs() < 4.0, "{}", mean * 65_535.0);
    let same = restored(&image, &luma, 64, &Context::default());
    assert!(same == image);
}

#[test]
fn limited_range_changes_depth_without_a_shift() {
    let codes: Vec<u8> = (0..64 * 64).map(|i| 16 + (i % 64) as u8 * 3).collect();
    let chroma = vec![77; 32 * 32];
    let planes = [&codes[..], &chroma, &chroma];
    let params = LibplaceboParams { iterations: 0, grain: 0.0, ..LibplaceboParams::default() };
    for range in [Range::Limited, Range::Full] {
        let image = Image::from_yuv420(64, 64, planes, Matrix::Bt709, range).unwrap();
        for depth in [Depth::Int(10), Depth::SIXTEEN, Depth::F32] {
            let ctx = Context::with(|new| new.output = Some(depth));
            let out = restored(&image, &params, 64, &ctx);
            // Most 8-bit codes of full range have no exact 10-bit code.
            let most =
                if range == Range::Limited || depth == Depth::F32 { 1e-6 } else { 0.51 * depth.step() };
            for (a, b) in image.planes.iter().zip(&out.planes) {
                let off = a.data.iter().zip(&b.data).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
                assert!(off <= most, "{range:?} {depth}: off by {off}");
            }
        }
    }
}

#[test]
fn wrong_buffers_are_errors() {
    let shader = LibplaceboParams::default().shader(0);
    let bias = Bias::new(Dither::None, 8);
    let run = |out: &mut [u8], plane: &[u8], size, bits| {
        deband_plane(Level::best(), out, plane, size, bits, &shader, &bias)
    };
    assert!(matches!(run(&mut [0; 4], &[0; 5], (2, 2), 8), Err(PlaneError::Length { .. })));
    assert!(matches!(run(&mut [0; 5], &[0; 4], (2, 2), 8), Err(PlaneError::Length { .. })));
    assert_eq!(run(&mut [0; 4], &[0; 4], (2, 2), 9), Err(PlaneError::Depth { bits: 9 }));
    assert_eq!(run(&mut [0; 4], &[0; 4], (2, 2), 0), Err(PlaneError::Depth { bits: 0 }));
    assert_eq!(run(&mut [], &[], (0, 9), 8), Ok(()));
    assert_eq!(run(&mut [0; 4], &[7; 4], (2, 2), 8), Ok(()));
}
