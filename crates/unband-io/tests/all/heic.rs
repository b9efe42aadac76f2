//! HEIC: x265's and libheif's files compared with what `FFmpeg` decodes.
#![cfg(feature = "heic")]
#![allow(clippy::unwrap_used)]

use crate::sample;
use std::fs;
use std::path::Path;

use unband_image::dither::Grid;
use unband_image::{
    Cicp, Codec, Density, DensityUnit, Depth, Hint, Image, Matrix, Model, Range, Siting, Subsampling,
};
use unband_io::{Error, Limits};

fn bytes(name: &str) -> Vec<u8> {
    fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(name)).unwrap()
}

fn read(name: &str) -> Image {
    unband_io::read(&bytes(&format!("heic_{name}.heic")), &Limits::default()).unwrap()
}

/// FNV-1a of the codes of all planes and alpha, 16 bits each, little-endian; every sample must be on a code.
fn hash(image: &Image) -> u64 {
    let planes = image.planes.iter().enumerate().map(|(i, plane)| {
        let grid = Grid::of_bits(image.color.model, i, image.depth.bits());
        let exact = plane.data.iter().map(move |value| value * grid.scale + grid.zero);
        exact.map(|code| (code, code.round())).collect::<Vec<_>>()
    });
    let codes = planes.flatten().map(|(exact, code)| {
        assert!((exact - code).abs() < 0.01, "{exact} is not a code");
        code as u16
    });
    let alpha = image.alpha.iter().flat_map(|p| p.data.iter().map(|&v| image.depth.code(v) as u16));
    codes
        .chain(alpha)
        .flat_map(u16::to_le_bytes)
        .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

#[test]
fn every_code_is_what_ffmpeg_decodes() {
    // From FFmpeg 5.1, then rotated, cropped and joined as the properties require (`data/make_heic.py`).
    for (name, width, height, expected) in [
        ("8_420", 72, 56, 0xc02a_937f_a27a_80a3),
        ("10_420", 72, 56, 0xda8c_6c5a_4e03_e79f),
        ("12_420", 72, 56, 0x2875_0643_3ccc_b577),
        ("8_400", 72, 56, 0x955d_e5d1_f517_2449),
        ("10_400", 72, 56, 0x76c7_86d6_1cd6_e4c6),
        ("hev1", 72, 56, 0x0cd8_505a_b616_b707),
        ("lossless", 72, 56, 0xa82a_7132_5b88_a036),
        ("irot1", 56, 72, 0x578c_ec2e_66ac_92ef),
        ("irot3_imir0", 56, 72, 0xc533_b9cb_f324_a6cf),
        ("clap", 41, 31, 0x6d43_c3c5_f779_2181),
        ("grid", 163, 101, 0x5ac1_91d0_9130_eb3c),
        ("alpha", 72, 56, 0xecd8_f84d_f338_f477),
        ("metadata", 72, 56, 0x0d3f_391a_fdbf_7f89),
        ("odd", 67, 45, 0xea0d_cee4_1523_756e),
    ] {
        let image = read(name);
        assert_eq!((image.width(), image.height()), (width, height), "{name}");
        assert_eq!(hash(&image), expected, "{name}");
        assert_eq!((image.origin.format, &image.origin.codec), ("HEIC", &Codec::Lossy("HEIC")));
        assert_eq!(image.metadata.unread, [""; 0], "{name}");
    }
}

#[test]
fn depth_and_model_are_those_of_the_stream_and_of_the_container() {
    let half = |matrix, range| Model::Yuv { matrix, range, subsampling: Subsampling::HALF };
    for (name, bits, model, siting) in [
        ("8_420", 8, half(Matrix::Bt601, Range::Full), Siting::Center),
        ("10_420", 10, half(Matrix::Bt2020, Range::Limited), Siting::Center),
        ("12_420", 12, half(Matrix::Bt601, Range::Limited), Siting::TopLeft),
        ("8_400", 8, Model::Gray, Siting::Center),
        // libheif takes images without code points for BT.601 of limited range, too.
        ("grid", 8, half(Matrix::Bt601, Range::Limited), Siting::Center),
        ("lossless", 8, half(Matrix::Bt709, Range::Limited), Siting::Center),
        ("odd", 8, half(Matrix::Bt601, Range::Full), Siting::Center),
    ] {
        let image = read(name);
        assert_eq!((image.depth, image.color.model), (Depth::Int(bits), model), "{name}");
        assert_eq!(image.color.siting, siting, "{name}");
    }
    let hdr = Cicp { primaries: 9, transfer: 16, matrix: 9, full_range: false };
    assert_eq!(read("10_420").color.cicp, Some(hdr));
    assert_eq!(read("grid").color.cicp, None);
    let alpha = read("alpha").alpha.unwrap();
    assert!(alpha.data.iter().all(|v| (0.0..=1.0).contains(v)) && alpha.data.iter().any(|&v| v < 0.5));
}

#[test]
fn metadata_is_read() {
    let image = read("metadata");
    let metadata = &image.metadata;
    assert_eq!(metadata.icc, Some(sample::icc(*b"RGB ")));
    assert_eq!(metadata.xmp.as_deref(), Some(&b"<x:xmpmeta xmlns:x='adobe:ns:meta/'/>"[..]));
    // Exif said 6, which does not apply.
    let fields = sample::exif_fields(metadata.exif.as_deref().unwrap());
    assert!(fields.iter().any(|(tag, value)| *tag == 274 && value.contains("[1]")), "{fields:?}");
    assert_eq!(metadata.density, Some(Density { x: 1.0, y: 2.0, unit: DensityUnit::Aspect }));
    assert_eq!(metadata.colorimetry.content_light, Some((10_000_000, 4_000_000)));
    let mastering = metadata.colorimetry.mastering.unwrap();
    assert_eq!(mastering.chromaticities, [35_400, 14_600, 8_500, 39_850, 6_550, 2_300, 15_635, 16_450]);
    assert_eq!((mastering.max_luminance, mastering.min_luminance), (10_000_000, 1));
    assert_eq!(image.color.cicp, Some(Cicp { primaries: 9, transfer: 16, matrix: 9, full_range: false }));
}

#[test]
fn code_points_of_the_container_take_precedence() {
    let mut file = bytes("heic_metadata.heic");
    let at = file.windows(4).position(|name| name == b"nclx").unwrap() + 4;
    file[at..at + 7].copy_from_slice(&[0, 1, 0, 13, 0, 1, 0x80]);
    let image = unband_io::read(&file, &Limits::default()).unwrap();
    let model = Model::Yuv { matrix: Matrix::Bt709, range: Range::Full, subsampling: Subsampling::HALF };
    assert_eq!(image.color.model, model);
    assert_eq!(image.color.cicp, Some(Cicp { primaries: 1, transfer: 13, matrix: 1, full_range: true }));
}

#[test]
fn larger_chroma_is_read_by_the_program_or_the_error_says_so() {
    for (name, chroma, size) in [("half_chroma", "4:2:2", (72, 56)), ("deep", "4:4:4", (37, 29))] {
        match unband_io::read(&bytes(&format!("program/{name}.heic")), &Limits::default()) {
            Ok(image) => {
                assert_eq!((image.width(), image.height()), size);
                assert_eq!(image.color.model, Model::Rgb);
            }
            Err(error) => {
                let expected = format!(
                    "reading HEIC with {chroma} chroma needs the program `heif-dec`, which was not found"
                );
                assert_eq!(error.to_string(), expected);
                assert!(
                    matches!(error, Error::NoProgram { .. }) && error.hint().unwrap().contains("libheif")
                );
                unband_skips::program(error);
            }
        }
    }
}

#[test]
fn the_size_is_declared_at_the_beginning() {
    for (name, size) in [("8_420", (72, 56)), ("grid", (163, 101)), ("irot1", (72, 56))] {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/data/heic_{name}.heic"));
        assert_eq!(unband_io::declared_size(&path).unwrap(), size, "{name}");
    }
}
