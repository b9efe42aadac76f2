//! AVIF: libavif's files compared with dav1d's decoding, and AVIF writing.
#![cfg(feature = "avif")]
#![allow(clippy::unwrap_used, clippy::print_stderr)]

use crate::sample;
use std::fs;
use std::path::Path;

use sample::{ExifBuilder, everything, format, painted};
use unband_image::dither::Grid;
use unband_image::{
    Cicp, Codec, Context, Density, DensityUnit, Depth, Hint, Image, Mastering, Matrix, Model, Plane, Range,
    Siting, Subsampling, With,
};
use unband_io::{Error, Limits, WriteOptions, check_can_hold};

fn bytes(name: &str) -> Vec<u8> {
    fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/data/avif_{name}.avif"))).unwrap()
}

fn read(name: &str) -> Image {
    unband_io::read(&bytes(name), &Limits::default()).unwrap()
}

/// Codes of one plane; every sample must be exactly on a code.
fn codes(image: &Image, plane: usize) -> Vec<u16> {
    let grid = Grid::of_bits(image.color.model, plane, image.depth.bits());
    let code = |&value: &f32| {
        let exact = value * grid.scale + grid.zero;
        assert!((exact - exact.round()).abs() < 0.01, "{exact} is not a code");
        exact.round() as u16
    };
    image.planes[plane].data.iter().map(code).collect()
}

/// FNV-1a of the codes of some planes and alpha, 16 bits each, little-endian.
fn hash(image: &Image, planes: usize) -> u64 {
    let alpha = image.alpha.iter().flat_map(|p| p.data.iter().map(|&v| image.depth.code(v) as u16));
    let all = (0..planes).flat_map(|plane| codes(image, plane)).chain(alpha);
    all.flat_map(u16::to_le_bytes)
        .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

#[test]
fn every_code_is_what_dav1d_decodes() {
    // From dav1d 1.0, as written by avifdec, then rotated, cropped and joined as the properties require
    // (`data/make_avif.sh`).
    for (name, width, height, expected) in [
        ("10_400", 67, 45, 0x6e9e_db59_baf8_3ecc),
        ("10_420", 67, 45, 0x3b51_c220_8c53_073d),
        ("10_422", 67, 45, 0x8a78_6c89_f289_42e4),
        ("10_444", 67, 45, 0x6bed_b145_5f0b_46ab),
        ("12_400", 67, 45, 0xe0e8_aa80_d58e_4408),
        ("12_420", 67, 45, 0xeca8_461e_8cd9_2e6e),
        ("12_422", 67, 45, 0xec27_703b_d80b_a397),
        ("12_444", 67, 45, 0x3b7d_119d_addc_4266),
        ("8_400", 67, 45, 0x2048_4d1a_89d9_a5f9),
        ("8_420", 67, 45, 0x789b_5c8a_aecc_ef6e),
        ("8_422", 67, 45, 0x6d11_37e6_32b0_ab62),
        ("8_444", 67, 45, 0xa54e_f929_cd2e_1e94),
        ("alpha10", 37, 29, 0xa468_aa71_c71e_eab5),
        ("alpha8", 37, 29, 0xc79f_25ab_27e0_13e3),
        ("clap", 40, 32, 0xced9_db01_2efd_42f4),
        ("grid", 256, 192, 0x5a9a_68e0_d67a_acc3),
        ("imir0", 67, 45, 0xaaab_5105_1ebb_6f24),
        ("imir1", 67, 45, 0x95eb_404d_df44_d444),
        ("irot1", 48, 64, 0x4994_3bf5_ac7b_d563),
        ("irot1_imir0", 45, 67, 0xf32c_8763_ab0b_2fc2),
        ("irot1_odd", 45, 67, 0xc074_eea7_88eb_ce8d),
        ("irot2", 64, 48, 0xcc0d_223b_8f38_477b),
        ("irot3", 48, 64, 0x45e9_d5bb_5c03_b5c3),
        ("irot3_imir1", 48, 64, 0x12f8_be22_5e1d_e3e3),
        ("limited", 67, 45, 0x1963_85c5_7870_2889),
        ("limited10_2020", 67, 45, 0xe526_cb7c_ce78_7e86),
        ("limited_mono", 67, 45, 0xa09d_f454_a3bc_d05a),
        ("lossless", 21, 13, 0xfd1c_a342_e897_e53c),
        ("metadata", 48, 64, 0x0bcb_8cbc_d015_a616),
    ] {
        let image = read(name);
        assert_eq!((image.width(), image.height()), (width, height), "{name}");
        // Chroma of odd sides must be interpolated when rotated; that of limited grey is synthetic.
        let planes = if matches!(name, "irot1_odd" | "limited_mono") { 1 } else { image.planes.len() };
        assert_eq!(hash(&image, planes), expected, "{name}");
        assert_eq!((image.origin.format, &image.origin.codec), ("AVIF", &Codec::Lossy("AVIF")));
    }
}

#[test]
fn depth_and_model_are_those_of_the_file() {
    let yuv = |matrix, range, x, y| Model::Yuv { matrix, range, subsampling: Subsampling { x, y } };
    for (name, bits, model) in [
        ("8_400", 8, Model::Gray),
        ("8_420", 8, yuv(Matrix::Bt601, Range::Full, 2, 2)),
        ("10_422", 10, yuv(Matrix::Bt601, Range::Full, 2, 1)),
        ("12_444", 12, yuv(Matrix::Bt601, Range::Full, 1, 1)),
        ("limited10_2020", 10, yuv(Matrix::Bt2020, Range::Limited, 2, 1)),
        ("limited_mono", 8, yuv(Matrix::Bt601, Range::Limited, 2, 2)),
        ("lossless", 8, Model::Rgb),
        ("irot1_imir0", 8, yuv(Matrix::Bt601, Range::Full, 1, 2)),
        ("irot1", 8, yuv(Matrix::Bt601, Range::Full, 2, 2)),
        ("irot1_odd", 8, yuv(Matrix::Bt601, Range::Full, 1, 1)),
    ] {
        let image = read(name);
        assert_eq!((image.depth, image.color.model), (Depth::Int(bits), model), "{name}");
        assert_eq!(image.color.siting, Siting::Center, "{name}");
    }
    let expected = Cicp { primaries: 9, transfer: 16, matrix: 9, full_range: false };
    assert_eq!(read("limited10_2020").color.cicp, Some(expected));
}

#[test]
fn odd_images_turn_with_their_chroma() {
    let (turned, upright) = (read("irot1_odd"), read("8_420"));
    // The same stream, with and without the property in the container.
    let full = upright.into_full_chroma(&Context::default()).unwrap();
    for (turned, upright) in turned.planes.iter().zip(&full.planes) {
        assert_eq!((turned.width, turned.height), (upright.height, upright.width));
        for y in 0..turned.height {
            for x in 0..turned.width {
                let (got, wanted) = (turned.row(y)[x], upright.row(x)[upright.width - 1 - y]);
                assert!((got - wanted).abs() < 1e-6, "{x},{y}");
            }
        }
    }
}

#[test]
fn metadata_of_other_programs_is_read() {
    let image = read("metadata");
    let metadata = &image.metadata;
    assert_eq!(metadata.icc, Some(sample::icc(*b"RGB ")));
    assert_eq!(metadata.xmp.as_deref(), Some(&b"<x:xmpmeta xmlns:x='adobe:ns:meta/'/>"[..]));
    // Exif said 6; avifenc turned it into a property, which was applied.
    let fields = sample::exif_fields(metadata.exif.as_deref().unwrap());
    assert!(fields.iter().any(|(tag, value)| *tag == 274 && value.contains("[1]")), "{fields:?}");
    assert_eq!(image.color.cicp, Some(Cicp { primaries: 12, transfer: 16, matrix: 6, full_range: true }));
}

#[test]
fn animations_are_refused() {
    let error = unband_io::read(&bytes("animated"), &Limits::default()).unwrap_err();
    assert!(matches!(error, Error::Several { .. }), "{error}");
}

fn write(image: &Image, quality: Option<u8>, threads: usize) -> Vec<u8> {
    let mut out = Vec::new();
    let options = WriteOptions::with(|new| {
        new.quality = quality;
        new.threads = threads;
    });
    unband_io::write(image, format("AVIF"), &options, &mut out).unwrap();
    out
}

/// A ramp with an edge and waves; alpha is a ramp in the opposite direction.
fn scene(width: usize, height: usize, bits: u8, colors: usize) -> Image {
    let depth = Depth::Int(bits);
    let plane = |c: usize| {
        let value = |i: usize| {
            let (x, y) = ((i % width) as f32 / width as f32, (i / width) as f32 / height as f32);
            let wave = 0.06 * (x * (9.0 + c as f32)).sin() * (y * 7.0).cos();
            let v = 0.15 + 0.5 * x + 0.1 * c as f32 * y + wave + if x + y > 1.2 { 0.15 } else { 0.0 };
            depth.value(depth.code(v))
        };
        Plane { width, height, data: (0..width * height).map(value).collect() }
    };
    let model = if colors == 1 { Model::Gray } else { Model::Rgb };
    let mut image = Image::new((0..colors).map(plane).collect(), model, depth);
    let mut alpha = plane(4);
    alpha.data.reverse();
    image.alpha = Some(alpha);
    image
}

/// Root mean squared difference in 8-bit codes, over all planes.
fn distance(a: &[Plane], b: &[Plane]) -> f64 {
    assert_eq!(a.len(), b.len());
    let pairs = a.iter().zip(b).flat_map(|(a, b)| a.data.iter().zip(&b.data));
    let (sum, count) =
        pairs.fold((0.0, 0.0), |(sum, n), (a, b)| (sum + f64::from((a - b) * 255.0).powi(2), n + 1.0));
    (sum / count).sqrt()
}

#[test]
fn what_is_written_is_near_at_any_size_and_nearer_at_higher_quality() {
    for (width, height) in [(1, 1), (3, 2), (67, 45)] {
        for bits in [8, 10] {
            for colors in [1, 3] {
                let image = scene(width, height, bits, colors);
                let at = |quality| {
                    let file = write(&image, quality, 1);
                    let back = unband_io::read(&file, &Limits::default()).unwrap();
                    assert_eq!((back.depth, back.width(), back.height()), (image.depth, width, height));
                    let alpha = distance(&[back.alpha.clone().unwrap()], &[image.alpha.clone().unwrap()]);
                    let back = back.into_rgb(&Context::default()).unwrap();
                    (file.len(), distance(&back.planes, &image.planes), alpha)
                };
                let (best, usual, low) = (at(Some(100)), at(None), at(Some(30)));
                let what = format!("{width}×{height} {bits} bits {colors}: {best:?} {usual:?} {low:?}");
                // Luma and chroma represent RGB to less than a code.
                let rounding = if bits == 8 { 0.7 } else { 0.25 };
                if width > 60 {
                    assert!(best.1 < rounding && best.2 < rounding, "{what}");
                    assert!(usual.1 < 1.0 && usual.2 < 0.9, "{what}");
                    assert!(low.1 < 6.0 && low.1 > best.1 && best.0 > usual.0 && usual.0 > low.0, "{what}");
                }
            }
        }
    }
}

#[test]
fn the_file_does_not_depend_on_threads() {
    // Large enough for two tiles.
    let mut image = scene(1100, 500, 8, 1);
    image.alpha = None;
    let one = write(&image, Some(20), 1);
    assert_eq!(write(&image, Some(20), 3), one);
}

#[test]
fn planes_of_luma_and_chroma_are_written_as_they_are() {
    for name in ["8_420", "10_422", "8_444", "limited", "limited10_2020", "10_420"] {
        let image = read(name);
        let back = unband_io::read(&write(&image, Some(100), 1), &Limits::default()).unwrap();
        assert_eq!((back.color, back.depth), (image.color, image.depth), "{name}");
        assert!(distance(&back.planes, &image.planes) < 0.6, "{name}");
    }
    // AV1 has no chroma subsampled only vertically.
    let image = read("irot1_imir0");
    let back = unband_io::read(&write(&image, Some(100), 1), &Limits::default()).unwrap();
    assert_eq!(back.plane_scale(1), (1, 1));
    for siting in [Siting::Left, Siting::Center, Siting::TopLeft] {
        let mut image = read("8_420");
        image.color.siting = siting;
        assert_eq!(
            unband_io::read(&write(&image, None, 1), &Limits::default()).unwrap().color.siting,
            siting
        );
    }
}

#[test]
fn everything_that_is_said_comes_back_but_the_orientation_in_exif_counts_for_nothing() {
    let mut image = scene(20, 12, 8, 3);
    image.metadata = everything();
    image.metadata.exif = Some(ExifBuilder::new(false).build(6));
    image.metadata.colorimetry.gamma = None;
    image.metadata.colorimetry.content_light = Some((10_000_000, 4_000_000));
    image.metadata.colorimetry.mastering =
        Some(Mastering { chromaticities: [1, 2, 3, 4, 5, 6, 7, 8], max_luminance: 9, min_luminance: 10 });
    image.color.cicp = Some(Cicp { primaries: 9, transfer: 16, matrix: 0, full_range: true });
    let back = unband_io::read(&write(&image, None, 1), &Limits::default()).unwrap();
    // The image is not rotated: programs that write AVIF rotate the image itself, or declare it in a
    // property.
    assert_eq!((back.width(), back.height()), (20, 12));
    let orientation = |image: &Image| {
        let fields = sample::exif_fields(image.metadata.exif.as_deref().unwrap());
        fields.into_iter().find(|field| field.0 == 274).unwrap().1
    };
    assert!(orientation(&image).contains("[6]") && orientation(&back).contains("[1]"));
    assert_eq!(back.metadata.icc, image.metadata.icc);
    assert_eq!(back.metadata.xmp, image.metadata.xmp);
    assert_eq!(back.metadata.colorimetry, image.metadata.colorimetry);
    assert_eq!(back.color.cicp, Some(Cicp { primaries: 9, transfer: 16, matrix: 9, full_range: true }));
    let rgb = back.into_rgb(&Context::default()).unwrap();
    assert_eq!(rgb.color.cicp, image.color.cicp);
    // A grey profile does not describe these planes.
    image.metadata.icc = Some(sample::icc(*b"GRAY"));
    let mut out = Vec::new();
    let dropped = unband_io::write(&image, format("AVIF"), &WriteOptions::default(), &mut out).unwrap();
    assert!(dropped.iter().any(|d| d.to_string().starts_with("ICC profile (")), "{dropped:?}");
    let mut plain = scene(20, 12, 8, 3);
    plain.metadata.density = Some(Density { x: 300.0, y: 200.0, unit: DensityUnit::Inch });
    let back = unband_io::read(&write(&plain, None, 1), &Limits::default()).unwrap();
    assert_eq!((back.metadata.density, back.metadata.exif), (plain.metadata.density, None));
    assert_eq!(back.color.cicp, None);
}

#[test]
fn twelve_bits_take_avifenc() {
    let image = scene(64, 48, 12, 3);
    let mut out = Vec::new();
    match unband_io::write(&image, format("AVIF"), &WriteOptions::default(), &mut out) {
        Err(error @ Error::NoProgram { .. }) => {
            assert_eq!(error.to_string(), "AVIF of 12 bits needs the program `avifenc`, which was not found");
            assert!(error.hint().unwrap().contains("libavif"));
            unband_skips::program("avifenc");
        }
        result => {
            assert!(result.unwrap().is_empty());
            let back = unband_io::read(&out, &Limits::default()).unwrap();
            assert_eq!(back.depth, Depth::Int(12));
            assert!(distance(&[back.alpha.clone().unwrap()], &[image.alpha.clone().unwrap()]) < 0.5);
            let back = back.into_rgb(&Context::default()).unwrap();
            assert!(distance(&back.planes, &image.planes) < 0.5);
        }
    }
}

#[test]
fn what_it_cannot_hold_is_refused_in_words() {
    let avif = format("AVIF");
    let error = check_can_hold(Depth::SIXTEEN, true, avif).unwrap_err();
    assert_eq!(error.to_string(), "AVIF holds at most 12 bits per sample, got 16");
    assert!(check_can_hold(Depth::Int(9), true, avif).is_ok());
    let write = |image: &Image, options: &WriteOptions| {
        unband_io::write(image, avif, options, &mut Vec::new()).unwrap_err()
    };
    let wide = painted(70_000, 1, 1, false, Depth::EIGHT, 1);
    assert!(matches!(write(&wide, &WriteOptions::default()), Error::Size { most: 65_535, .. }));
    let lossless = WriteOptions::with(|new| new.lossless = Some(true));
    let error = write(&painted(3, 3, 3, false, Depth::EIGHT, 1), &lossless);
    assert_eq!(error.to_string(), "cannot write AVIF: lossless is not supported");
}
