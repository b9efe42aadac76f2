//! Written images are read back unchanged.
#![allow(clippy::unwrap_used)]

use crate::sample;
use proptest::prelude::*;
use sample::{fitting, format, painted, read, writers, written};
use unband_image::{Cicp, Depth, Hint, Image, Model, With};
use unband_io::{Error, WriteOptions, by_extension, by_name, check_can_hold, detect};

fn planes(image: &Image) -> Vec<&unband_image::Plane> {
    image.planes.iter().chain(&image.alpha).collect()
}

/// Codes at a depth.
fn codes(image: &Image, depth: Depth) -> Vec<Vec<u32>> {
    planes(image).iter().map(|p| p.data.iter().map(|&v| depth.code(v)).collect()).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn every_format_gives_back_the_samples_it_claims_to_hold(
        width in 1usize..40, height in 1usize..20, color: bool, alpha: bool, bits in 1u8..=17, seed: u32,
    ) {
        let depth = if bits == 17 { Depth::F32 } else { Depth::Int(bits) };
        for format in writers().filter(|f| !f.writes.as_ref().unwrap().lossy.holds(false)) {
            let writes = format.writes.as_ref().unwrap();
            let colors = if color { 3 } else { 1 };
            if check_can_hold(depth, alpha, format).is_err() || (color && !writes.color) {
                continue;
            }
            let mut image = painted(width, height, colors, alpha, depth, seed);
            if format.name == "OpenEXR" {
                image.color.cicp = Some(Cicp { primaries: 1, transfer: 8, matrix: 0, full_range: true });
            }
            let (bytes, dropped) = written(&image, format);
            prop_assert!(dropped.is_empty(), "{format:?} {dropped:?}");
            let back = read(&bytes);
            // Three equal planes if the format or its encoder has no such grey.
            let no_gray = !writes.gray || (format.name == "JPEG XL" && alpha && depth == Depth::SIXTEEN);
            let repeated = !color && no_gray;
            let expected = if repeated { vec![&image.planes[0]; 3] } else { image.planes.iter().collect() };
            let expected: Vec<_> = expected.into_iter().chain(&image.alpha).collect();
            prop_assert_eq!(back.planes.len() + usize::from(back.alpha.is_some()), expected.len());
            for (got, wanted) in planes(&back).iter().zip(expected) {
                prop_assert_eq!((got.width, got.height), (width, height));
                if depth == Depth::F32 && format.name == "OpenEXR" && alpha {
                    // Colour is stored premultiplied with alpha: two roundings.
                    let near = |(a, b): (&f32, &f32)| (a - b).abs() <= 2.0 * f32::EPSILON * b.abs();
                    prop_assert!(got.data.iter().zip(&wanted.data).all(near));
                } else if depth == Depth::F32 {
                    prop_assert_eq!(&got.data, &wanted.data, "{:?}", format);
                } else {
                    let code = |v: &f32| depth.code(*v);
                    let (got, wanted): (Vec<_>, Vec<_>) =
                        (got.data.iter().map(code).collect(), wanted.data.iter().map(code).collect());
                    prop_assert_eq!(got, wanted, "{:?} {}", format, depth);
                }
            }
            // Writing the same image again gives the same file.
            prop_assert_eq!(&written(&image, format).0, &bytes);
        }
    }
}

#[test]
fn samples_are_equal_to_the_bit_where_the_container_has_their_depth() {
    for (name, depths) in [
        ("PNG", &[Depth::EIGHT, Depth::SIXTEEN][..]),
        ("TIFF", &[Depth::EIGHT, Depth::SIXTEEN, Depth::F32]),
        ("WebP", &[Depth::EIGHT]),
        ("PAM", &[Depth::Int(5), Depth::Int(12), Depth::SIXTEEN]),
        ("PFM", &[Depth::F32]),
        (
            "JPEG XL",
            &[
                Depth::Int(1),
                Depth::Int(5),
                Depth::EIGHT,
                Depth::Int(10),
                Depth::Int(12),
                Depth::Int(13),
                Depth::SIXTEEN,
            ],
        ),
        ("YUV4MPEG2", &[Depth::EIGHT, Depth::Int(10), Depth::SIXTEEN]),
    ] {
        for &depth in depths {
            let mut image = fitting(format(name), depth);
            let back = read(&written(&image, format(name)).0);
            image.origin = back.origin.clone();
            assert_eq!(back, image, "{name} {depth}");
            assert_eq!(back.origin.format, name);
        }
    }
}

#[test]
fn grey_png_of_few_bits_stays_so() {
    for (bits, container) in [(1, 1), (2, 2), (3, 4), (4, 4), (5, 8)] {
        let image = painted(13, 3, 1, false, Depth::Int(bits), 3);
        let (bytes, _) = written(&image, format("PNG"));
        let back = read(&bytes);
        assert_eq!((back.depth, back.color.model), (Depth::Int(container), Model::Gray));
        assert_eq!(codes(&back, image.depth), codes(&image, image.depth));
    }
}

#[test]
fn ten_and_twelve_bits_widen_to_sixteen_and_say_so() {
    for bits in [10, 12] {
        let image = painted(64, 64, 3, true, Depth::Int(bits), 5);
        let (png, _) = written(&image, format("PNG"));
        assert!(png.windows(8).any(|w| w == [b's', b'B', b'I', b'T', bits, bits, bits, bits]));
        for bytes in [png, written(&image, format("TIFF")).0] {
            let back = read(&bytes);
            assert_eq!(back.depth, Depth::SIXTEEN);
            for (got, wanted) in planes(&back).iter().zip(planes(&image)) {
                for (&got, &wanted) in got.data.iter().zip(&wanted.data) {
                    let got = Depth::SIXTEEN.code(got);
                    assert_eq!(got >> (16 - bits), Depth::Int(bits).code(wanted));
                    let exact = f64::from(Depth::Int(bits).code(wanted)) * 65_535.0
                        / f64::from(image.depth.max_code());
                    assert!((f64::from(got) - exact).abs() <= 0.5);
                }
            }
        }
    }
}

#[test]
fn jpeg_of_high_quality_is_near_and_keeps_full_chroma() {
    let mut image = painted(48, 40, 3, false, Depth::EIGHT, 1);
    for (c, plane) in image.planes.iter_mut().enumerate() {
        for y in 0..40 {
            for (x, v) in plane.row_mut(y).iter_mut().enumerate() {
                *v = Depth::EIGHT.value(((x * (c + 1) + y * 2) % 256) as u32);
            }
        }
    }
    let mut out = Vec::new();
    let options = |quality| WriteOptions::with(|new| new.quality = Some(quality));
    unband_io::write(&image, format("JPEG"), &options(100), &mut out).unwrap();
    let back = read(&out);
    let worst = |back: &Image| {
        let pairs = planes(back).into_iter().zip(planes(&image));
        let differences =
            pairs.flat_map(|(a, b)| a.data.iter().zip(&b.data).map(|(a, b)| (a - b).abs() * 255.0));
        differences.fold(0.0, f32::max)
    };
    assert!(worst(&back) < 3.5, "{}", worst(&back));
    let unband_image::Codec::Jpeg(jpeg) = back.origin.codec else { panic!() };
    assert_eq!(jpeg.subsampling, Some(unband_image::Subsampling::NONE));
    assert_eq!(jpeg.quality, Some(100));
    let mut small = Vec::new();
    unband_io::write(&image, format("JPEG"), &options(30), &mut small).unwrap();
    assert!(small.len() < out.len());
    let unband_image::Codec::Jpeg(jpeg) = read(&small).origin.codec else { panic!() };
    assert_eq!(jpeg.quality, Some(30));
}

#[test]
fn lossy_webp_keeps_size_transparency_and_roughly_the_colours() {
    let mut image = painted(40, 30, 3, true, Depth::EIGHT, 1);
    for plane in &mut image.planes {
        plane.data.iter_mut().enumerate().for_each(|(i, v)| *v = Depth::EIGHT.value((i % 40 * 5) as u32));
    }
    image.metadata = sample::everything();
    let options = WriteOptions::with(|new| new.quality = Some(90));
    let mut out = Vec::new();
    unband_io::write(&image, format("WebP"), &options, &mut out).unwrap();
    let back = read(&out);
    assert_eq!(back.origin.codec, unband_image::Codec::Lossy("WebP"));
    assert_eq!(back.alpha, image.alpha);
    assert_eq!((&back.metadata.icc, &back.metadata.xmp), (&image.metadata.icc, &image.metadata.xmp));
    assert_eq!(back.metadata.exif, image.metadata.exif);
    let mean: f32 = back.planes[1].data.iter().zip(&image.planes[1].data).map(|(a, b)| (a - b).abs()).sum();
    assert!(mean / 1200.0 * 255.0 < 4.0, "{}", mean / 1200.0 * 255.0);
}

#[test]
fn what_a_format_cannot_hold_is_refused_in_words() {
    let jpeg = format("JPEG");
    let error = check_can_hold(Depth::SIXTEEN, false, jpeg).unwrap_err();
    assert_eq!(error.to_string(), "JPEG holds at most 8 bits per sample, got 16");
    assert!(error.hint().unwrap().contains("TIFF"));
    let error = check_can_hold(Depth::F32, false, format("PNG")).unwrap_err();
    assert_eq!(error.to_string(), "PNG holds at most 16 bits per sample, got 32-bit floating point");
    assert!(matches!(check_can_hold(Depth::EIGHT, true, jpeg), Err(Error::Alpha { .. })));
    assert!(matches!(check_can_hold(Depth::EIGHT, false, format("BMP")), Err(Error::ReadOnly { .. })));
    assert!(check_can_hold(Depth::Int(10), true, format("PNG")).is_ok());
    let color = painted(3, 3, 3, false, Depth::EIGHT, 1);
    let result = unband_io::write(&color, format("PGM"), &WriteOptions::default(), &mut Vec::new());
    assert!(matches!(result, Err(Error::Model { .. })));
    let wide = painted(70_000, 1, 1, false, Depth::EIGHT, 1);
    for (name, most) in [("JPEG", 65_535), ("WebP", 16_383)] {
        let result = unband_io::write(&wide, format(name), &WriteOptions::default(), &mut Vec::new());
        assert!(matches!(result, Err(Error::Size { most: m, .. }) if m == most), "{result:?}");
    }
}

#[test]
fn content_wins_over_extensions_and_names_are_unique() {
    let (png, _) = written(&painted(3, 3, 3, false, Depth::EIGHT, 1), format("PNG"));
    assert_eq!(detect(&png).unwrap().name, "PNG");
    assert_eq!(by_extension("a/b.TIF".as_ref()).unwrap().name, "TIFF");
    assert!(by_extension("a/b".as_ref()).is_none());
    assert_eq!(unband_io::writer_for("a.jpg".as_ref()).unwrap().name, "JPEG");
    let error = |path: &str| unband_io::writer_for(path.as_ref()).unwrap_err();
    assert_eq!(error("a.xyz").to_string(), "a.xyz: `.xyz` is not the extension of a known image format");
    assert!(error("a.xyz").hint().unwrap().contains("png, jpg"));
    assert_eq!(error("a").to_string(), "a: no extension, so the format is unknown");
    assert_eq!(error("a.bmp").to_string(), "a.bmp: BMP can be read but not written");
    assert_eq!(by_name("webp").unwrap().name, "WebP");
    for (i, format) in unband_io::FORMATS.iter().enumerate() {
        for other in &unband_io::FORMATS[i + 1..] {
            assert_ne!(format.name, other.name);
            assert!(format.extensions.iter().all(|e| !other.extensions.contains(e)));
        }
        if let Some(writes) = format.writes.as_ref().filter(|_| format.name != "PNM") {
            let depth = writes.depths[0];
            let (bytes, _) = written(&fitting(format, depth), format);
            assert_eq!(detect(&bytes), Some(format));
        }
    }
}

#[test]
fn text_pnm_and_both_byte_orders_of_pfm_read_alike() {
    let text = read(b"P3 # made by hand\n2 1 # size\n15\n0 5 10\t15 1 2");
    assert_eq!(text.depth, Depth::Int(4));
    assert_eq!(codes(&text, Depth::Int(4)), [[0, 15], [5, 1], [10, 2]]);
    assert_eq!(text.metadata.text, [("Comment".to_owned(), "made by hand\nsize".to_owned())]);
    let bits = read(b"P1\n3 2\n101\n0 1 1\n");
    assert_eq!(codes(&bits, Depth::Int(1)), [[0, 1, 0, 1, 0, 0]]);
    let wide = read(b"P5 2 1 1023 \x03\xFF\x00\x01");
    assert_eq!((wide.depth, codes(&wide, Depth::Int(10))), (Depth::Int(10), vec![vec![1023, 1]]));
    let hundred = read(b"P2 3 1 100 0 50 100");
    assert_eq!(
        (hundred.depth, codes(&hundred, Depth::SIXTEEN)),
        (Depth::SIXTEEN, vec![vec![0, 32_768, 65_535]])
    );
    let values = [0.25f32, -3.5];
    let big = [&b"Pf\n2 1\n1.0\n"[..], &values[0].to_be_bytes(), &values[1].to_be_bytes()].concat();
    let little = [&b"Pf\n2 1\n-1.0\n"[..], &values[0].to_le_bytes(), &values[1].to_le_bytes()].concat();
    assert_eq!(read(&big).planes[0].data, values);
    assert_eq!(read(&little).planes, read(&big).planes);
    assert!(matches!(
        unband_io::read(b"P5 1 1 255 aP5 1 1 255 b", &unband_io::Limits::default()),
        Err(Error::Several { .. })
    ));
}

#[test]
#[allow(clippy::print_stderr)]
fn lossy_jpeg_xl_is_near_and_says_its_depth_where_its_program_is_installed() {
    for (depth, alpha) in [(Depth::EIGHT, true), (Depth::Int(10), false), (Depth::SIXTEEN, false)] {
        let mut image = painted(40, 30, 3, alpha, depth, 1);
        for plane in &mut image.planes {
            plane.data.iter_mut().enumerate().for_each(|(i, v)| *v = (i % 40) as f32 / 50.0);
        }
        image.metadata = sample::everything();
        image.metadata.icc = None;
        image.color.cicp = (depth != Depth::EIGHT).then(sample::cicp);
        let options = WriteOptions::with(|new| new.quality = Some(90));
        let mut out = Vec::new();
        let dropped = match unband_io::write(&image, format("JPEG XL"), &options, &mut out) {
            Ok(dropped) => dropped,
            Err(error) => {
                assert!(matches!(error, Error::NoProgram { .. }), "{error}");
                assert!(error.hint().unwrap().contains("libjxl-tools"));
                unband_skips::program(error);
                return;
            }
        };
        assert!(!dropped.iter().any(|d| d.item == unband_io::Item::Cicp), "{dropped:?}");
        let back = read(&out);
        assert_eq!((&back.origin.codec, back.depth), (&unband_image::Codec::Lossy("JPEG XL"), depth));
        assert_eq!(back.color.cicp, image.color.cicp);
        assert_eq!(back.alpha.is_some(), alpha);
        assert_eq!((back.metadata.exif, back.metadata.xmp), (image.metadata.exif, image.metadata.xmp));
        for (got, wanted) in back.planes.iter().zip(&image.planes) {
            let mean: f32 = got.data.iter().zip(&wanted.data).map(|(a, b)| (a - b).abs()).sum();
            assert!(mean / 1200.0 * 255.0 < 3.0, "{depth}: {}", mean / 1200.0 * 255.0);
        }
    }
}

#[test]
fn colour_goes_into_the_codestream_of_jpeg_xl() {
    for color in [true, false] {
        for (bits, intensity) in [(8, 16u8), (12, 18), (16, 8), (10, 1)] {
            let mut image = painted(9, 4, if color { 3 } else { 1 }, color, Depth::Int(bits), 3);
            image.color.cicp = Some(unband_image::Cicp {
                transfer: intensity,
                primaries: if color { 9 } else { 1 },
                ..sample::cicp()
            });
            let (bytes, dropped) = written(&image, format("JPEG XL"));
            assert!(dropped.is_empty(), "{dropped:?}");
            let back = read(&bytes);
            assert!(back.color == image.color && planes(&back) == planes(&image), "{color} {bits}");
            // A profile of any length is kept byte for byte, and takes precedence over code points.
            let mut icc = sample::icc(if color { *b"RGB " } else { *b"GRAY" });
            icc.extend((0..u32::from(bits) * 1000).map(|i| (i * i / 7) as u8));
            let size = icc.len() as u32;
            icc[..4].copy_from_slice(&size.to_be_bytes());
            icc[40..44].copy_from_slice(if color { b"APPL" } else { b"SUNW" });
            image.metadata.icc = Some(icc);
            let (bytes, dropped) = written(&image, format("JPEG XL"));
            assert_eq!(dropped, ["CICP"]);
            let back = read(&bytes);
            assert!(
                back.metadata.icc == image.metadata.icc && planes(&back) == planes(&image),
                "{color} {bits}"
            );
        }
    }
}

#[test]
fn a_format_loses_something_exactly_when_it_says_so() {
    for format in sample::writers() {
        let writes = format.writes.as_ref().unwrap();
        let depth = *writes.depths.iter().min_by_key(|depth| depth.bits().abs_diff(8)).unwrap();
        let image = sample::painted(40, 30, if writes.color { 3 } else { 1 }, false, depth, 11);
        for quality in [None, Some(40)] {
            let mut bytes = Vec::new();
            let options = WriteOptions::with(|new| new.quality = quality);
            match unband_io::write(&image, format, &options, &mut bytes) {
                Err(Error::NoProgram { program, .. }) => {
                    unband_skips::program(program);
                    continue;
                }
                result => drop(result.unwrap()),
            }
            let back = sample::read(&bytes);
            // This test has no images with a luma and chroma model.
            let same = back.planes.len() == image.planes.len()
                && back
                    .planes
                    .iter()
                    .zip(&image.planes)
                    .all(|(a, b)| a.data.iter().zip(&b.data).all(|(a, b)| (a - b).abs() < 2e-6));
            assert_eq!(
                !same,
                writes.lossy.holds(quality.is_some()),
                "{} with quality {quality:?}",
                format.name
            );
        }
    }
}

#[test]
fn light_above_white_and_below_black_survives() {
    let mut image = sample::painted(13, 11, 3, false, Depth::F32, 21);
    for (i, value) in image.planes.iter_mut().flat_map(|plane| &mut plane.data).enumerate() {
        *value = [0.0, 1.0, 45.25, 1.0e-4, -0.5, 65_504.0, 3.4e7, 0.18][i % 8];
    }
    // Linear, as in OpenEXR and similar files.
    image.color.cicp = Some(Cicp { primaries: 1, transfer: 8, matrix: 0, full_range: true });
    for format in
        sample::writers().filter(|format| format.writes.as_ref().unwrap().depths.contains(&Depth::F32))
    {
        let (bytes, _) = sample::written(&image, format);
        assert_eq!(sample::read(&bytes).planes, image.planes, "{}", format.name);
    }
}
