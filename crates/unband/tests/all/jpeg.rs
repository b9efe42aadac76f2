//! JPEG files from reading to checking: results stay inside the intervals of the stored coefficients and are
//! closer to the image before encoding.
#![allow(clippy::unwrap_used)]

use unband::faithful::Faithful;
use unband::{Choice, Context, Options, OutputDepth, With, deband_with, inspect, parse_method, prove};
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
    read(&encoded(image, quality), &Limits::default()).unwrap()
}

fn encoded(image: &Image, quality: u8) -> Vec<u8> {
    let mut bytes = Vec::new();
    let options = WriteOptions::with(|new| new.quality = Some(quality));
    write(image, by_name("jpeg").unwrap(), &options, &mut bytes).unwrap();
    bytes
}

/// A file whose Exif data turn it by half a circle.
fn turned(image: &Image, quality: u8) -> Image {
    let tiff = b"MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x03\0\0\0\0\0\0";
    let mut bytes = encoded(image, quality);
    let length = u16::try_from(2 + 6 + tiff.len()).unwrap().to_be_bytes();
    let segment = [&b"\xff\xe1"[..], &length, b"Exif\0\0", tiff].concat();
    bytes.splice(2..2, segment);
    read(&bytes, &Limits::default()).unwrap()
}

fn method(name: &str) -> Choice {
    Choice::Named(parse_method(name).unwrap())
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

#[test]
fn the_network_for_jpeg_files_is_nearer_than_the_filter() {
    let original = clean(240, 176, false);
    let psnr = |image: &Image| psnr::ENTRY.score(image, Some(&original), &Context::default()).unwrap().value;
    for quality in [35, 75] {
        let image = coded(&original, quality);
        let automatic = everywhere(OutputDepth::Bits(16), Dither::BlueNoise);
        let by = |name: &str| automatic.clone().but(|new| new.method = method(name));
        let run = |options: &Options| deband_with(image.clone(), options, &Context::default()).unwrap();
        let (network, filter, chosen) = (run(&by("unband-jpeg")), run(&by("smooth")), run(&automatic));
        assert_eq!((chosen.0, chosen.1.method), (network.0.clone(), network.1.method));
        assert!(psnr(&network.0) > psnr(&filter.0) + 0.1, "{} {}", psnr(&network.0), psnr(&filter.0));
    }
}

#[test]
fn files_without_coefficients_that_it_knows_are_left_to_the_filter() {
    let options = everywhere(OutputDepth::Bits(16), Dither::BlueNoise);
    let run = |image: &Image, options: &Options| {
        let (out, report) = deband_with(image.clone(), options, &Context::default()).unwrap();
        (out, report.method)
    };
    let clean = clean(167, 131, false);
    // A turned file whose first blocks are cut.
    let (coded, turned) = (coded(&clean, 50), turned(&clean, 50));
    let Codec::Jpeg(origin) = &turned.origin.codec else { panic!("no JPEG") };
    assert_ne!(origin.coefficients.as_ref().unwrap().planes[0].lead, (0, 0));
    let decoded = Image { origin: Origin::default(), ..coded.clone() };
    for image in [turned, decoded] {
        let (chosen, name) = run(&image, &options);
        assert_eq!(name, "smooth");
        let (named, _) = run(&image, &options.clone().but(|new| new.method = method("unband-jpeg")));
        assert_eq!(chosen, named);
    }
    // Without the intervals, and for strengths above 1, too.
    let free = options.clone().but(|new| new.faithful = Some(false));
    let strong = options.clone().but(|new| new.strength = 1.5);
    assert_eq!([run(&coded, &free).1, run(&coded, &strong).1], ["smooth", "smooth"]);
}

#[test]
fn smooth_areas_have_no_lone_samples() {
    let (width, height) = (256, 192);
    // Luma on few levels below the coding, as the means of coarse blocks.
    let pixel = |i: usize| {
        let (x, y) = ((i % width) as f32, (i / width) as f32);
        let wave = 118.0 + 0.11 * x + 0.08 * y + 9.0 * (x / 61.0).sin() * (y / 47.0).cos();
        [wave - 19.0, wave, wave + 17.0].map(|v| v.round() as u8)
    };
    let data: Vec<u8> = (0..width * height).flat_map(pixel).collect();
    let original = Image::from_rgb8(width, height, &data).unwrap();
    for quality in [20, 35, 50] {
        let options = everywhere(OutputDepth::Float, Dither::None);
        let (out, report) = deband_with(coded(&original, quality), &options, &Context::default()).unwrap();
        assert_eq!(report.method, "unband-jpeg");
        let green = &out.planes[1];
        for y in 1..height - 1 {
            for x in 1..width - 1 {
                let around = |dx: usize, dy: usize| green.row(y + dy - 1)[x + dx - 1];
                let sum: f32 = (0..9).map(|i| around(i % 3, i / 3)).sum();
                let lone = 255.0 * (9.0 / 8.0) * (around(1, 1) - sum / 9.0).abs();
                assert!(lone < 0.8, "quality {quality}, {x}, {y}: {lone} codes off its neighbours");
            }
        }
    }
}
