//! JPEG files from reading to checking: results stay inside the intervals of the stored coefficients and are
//! closer to the image before encoding.
#![allow(clippy::unwrap_used)]

use unband::faithful::Faithful;
use unband::{Context, Options, OutputDepth, With, deband_with, inspect, prove};
use unband_image::dither::Dither;
use unband_image::{Codec, Depth, Image, Origin};
use unband_io::{Limits, WriteOptions, by_name, read, write};
use unband_metrics::psnr;

/// A sky over hills, 8 bits: slopes, a hard edge, texture.
fn clean(width: usize, height: usize, gray: bool) -> Image {
    let pixel = |i: usize| {
        let (x, y) = ((i % width) as f32, (i / width) as f32);
        let hill = y > 70.0 + 12.0 * (x / 17.0).sin();
        let texture = 14.0 * (x * 0.8 + y * 0.3).sin() * (y * 0.5).cos();
        let sky = [90.0 + 0.28 * y, 120.0 + 0.3 * y + 0.06 * x, 170.0 + 0.35 * y];
        let ground = [95.0 + texture, 80.0 + texture, 50.0 + 0.7 * texture];
        (if hill { ground } else { sky }).map(|v: f32| v.round().clamp(0.0, 255.0) as u8)
    };
    if gray {
        let data: Vec<u8> = (0..width * height).map(|i| pixel(i)[1]).collect();
        Image::from_gray(width, height, &data).unwrap()
    } else {
        let data: Vec<u8> = (0..width * height).flat_map(pixel).collect();
        Image::from_rgb8(width, height, &data).unwrap()
    }
}

fn coded(image: &Image, quality: u8) -> Image {
    let mut bytes = Vec::new();
    let options = WriteOptions::with(|new| new.quality = Some(quality));
    write(image, by_name("jpeg").unwrap(), &options, &mut bytes).unwrap();
    read(&bytes, &Limits::default()).unwrap()
}

fn everywhere(depth: OutputDepth, dither: Dither) -> Options {
    Options::with(|new| {
        new.depth = depth;
        new.dither = dither;
        new.everywhere = true;
    })
}

#[test]
fn results_are_nearer_to_the_original_and_prove_it() {
    for gray in [false, true] {
        for quality in [20, 35, 75, 92] {
            let original = clean(167, 131, gray);
            let psnr =
                |image: &Image| psnr::ENTRY.score(image, Some(&original), &Context::default()).unwrap().value;
            let image = coded(&original, quality);
            let Codec::Jpeg(origin) = &image.origin.codec else { panic!("no JPEG") };
            assert!(origin.coefficients.is_some());
            let findings = inspect(&image, &Context::default());
            for depth in [OutputDepth::Keep, OutputDepth::Bits(16), OutputDepth::Float] {
                for dither in [Dither::BlueNoise, Dither::Tpdf, Dither::ErrorDiffusion] {
                    let options = everywhere(depth, dither);
                    let out = deband_with(image.clone(), &options, &Context::default()).unwrap().0;
                    let proof = prove(&image, &out, &findings, Faithful::File);
                    assert!(
                        proof.holds() && proof.samples > 0,
                        "{gray} {quality} {depth:?} {dither:?}: {proof:?}"
                    );
                    if depth != OutputDepth::Keep {
                        let (before, after) = (psnr(&image), psnr(&out));
                        assert!(after > before + 0.3, "{gray} {quality}: {before} {after}");
                    }
                }
            }
        }
    }
}

#[test]
fn a_repaired_image_is_no_jpeg_any_more_and_is_what_its_file_holds() {
    let image = coded(&clean(400, 300, false), 20);
    let codes = |v: &f32| (v * 255.0 - (v * 255.0).round()).abs() < 1e-3;
    let on_codes = |image: &Image| image.planes.iter().all(|plane| plane.data.iter().all(codes));
    let options = Options::default();
    let (out, report) = deband_with(image.clone(), &options, &Context::default()).unwrap();
    assert!(report.changed && !on_codes(&image) && on_codes(&out));
    assert_eq!(out.origin, Origin::default());
    // The written file confirms it.
    let mut bytes = Vec::new();
    write(&out, by_name("PNG").unwrap(), &WriteOptions::default(), &mut bytes).unwrap();
    let file = read(&bytes, &Limits::default()).unwrap();
    assert_eq!(file.planes, out.planes);
    let ctx = Context::default();
    assert_eq!(inspect(&file, &ctx), inspect(&out, &ctx));
    // Nothing to repair, nothing changes.
    let texture: Vec<u8> = (0..64 * 64).map(|i| (60 + (i * i * 31 + i * 7919) % 130) as u8).collect();
    let image = coded(&Image::from_gray(64, 64, &texture).unwrap(), 90);
    let (out, report) = deband_with(image.clone(), &options, &Context::default()).unwrap();
    assert!(!report.changed && out == image);
}

#[test]
fn a_result_that_left_its_interval_is_caught() {
    let image = coded(&clean(96, 96, false), 50);
    let findings = inspect(&image, &Context::default());
    assert!(prove(&image, &image, &findings, Faithful::File).holds());
    let mut other = image.clone();
    other.depth = Depth::SIXTEEN;
    // A mid-frequency pattern, stronger than its quantisation step.
    for plane in &mut other.planes {
        for (i, v) in plane.data.iter_mut().enumerate() {
            *v += if (i % 96 / 2 + i / 96 / 2) % 2 == 0 { 0.04 } else { -0.04 };
        }
    }
    let proof = prove(&image, &other, &findings, Faithful::File);
    assert!(!proof.holds() && proof.worst_codes > 1.0, "{proof:?}");
}

#[test]
fn without_the_promise_the_cells_do_not_bind() {
    let image = coded(&clean(96, 96, false), 30);
    let free = everywhere(OutputDepth::Float, Dither::None).but(|new| new.faithful = Some(false));
    let bound = everywhere(OutputDepth::Float, Dither::None);
    let run = |options| deband_with(image.clone(), options, &Context::default()).unwrap().0;
    assert_ne!(run(&free).planes, run(&bound).planes);
}
