//! Files of other programs, against what other decoders read from them (`tests/data/make.sh`).
#![allow(clippy::unwrap_used)]

use std::path::{Path, PathBuf};

use unband_image::{Codec, Depth, Image, Model, Subsampling};
use unband_io::{Error, Limits};

fn data(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(name)
}

fn read(name: &str) -> Image {
    unband_io::read_file(&data(name), &Limits::default()).unwrap().0
}

fn codes(image: &Image, depth: Depth) -> Vec<Vec<u32>> {
    image.planes.iter().chain(&image.alpha).map(|p| p.data.iter().map(|&v| depth.code(v)).collect()).collect()
}

/// Largest and mean difference in codes.
fn difference(name: &str, reference: &str, depth: Depth) -> (u32, f64) {
    let (got, wanted) = (read(name), read(reference));
    assert_eq!((got.width(), got.height()), (wanted.width(), wanted.height()), "{name}");
    let (got, wanted) = (codes(&got, depth), codes(&wanted, depth));
    // A grey reference stands for three equal planes.
    let wanted = if wanted.len() == 1 { vec![wanted[0].clone(); got.len()] } else { wanted };
    assert_eq!(got.len(), wanted.len(), "planes of {name}");
    let (mut most, mut sum, mut count) = (0, 0.0, 0.0);
    for (got, wanted) in got.iter().flatten().zip(wanted.iter().flatten()) {
        most = most.max(got.abs_diff(*wanted));
        sum += f64::from(got.abs_diff(*wanted));
        count += 1.0;
    }
    (most, sum / count)
}

#[test]
fn lossless_files_of_other_programs_read_exactly() {
    for (name, reference) in [
        ("png_gray1.png", "png_gray1.pgm"),
        ("png_gray2.png", "png_gray2.pgm"),
        ("png_gray4.png", "png_gray4.pgm"),
        ("png_gray2_interlaced.png", "png_gray2_interlaced.pgm"),
        ("png_interlaced.png", "png_interlaced.ppm"),
        ("png_palette4.png", "png_palette4.ppm"),
        ("png_palette8.png", "png_palette8.ppm"),
        ("tiff_none.tif", "rgb.ppm"),
        ("tiff_lzw.tif", "rgb.ppm"),
        ("tiff_zip.tif", "rgb.ppm"),
        ("tiff_packbits.tif", "rgb.ppm"),
        ("tiff_lzw_predictor.tif", "rgb.ppm"),
        ("tiff_tiles.tif", "rgb.ppm"),
        ("tiff_planar.tif", "rgb.ppm"),
        ("tiff_big_endian.tif", "rgb.ppm"),
        ("tiff_big.tif", "rgb.ppm"),
        ("tiff_white_is_zero.tif", "tiff_white_is_zero.pgm"),
        ("tiff_fax4.tif", "tiff_fax4.pgm"),
        ("tiff_alpha.tif", "tiff_alpha.pam"),
        ("webp_lossless.webp", "rgb.ppm"),
        ("webp_lossless_alpha.webp", "tiff_alpha.pam"),
        ("gif_still.gif", "gif_still.ppm"),
        ("gif_interlaced.gif", "gif_interlaced.ppm"),
        ("gif_transparent.gif", "gif_transparent.pam"),
        ("bmp_24.bmp", "rgb.ppm"),
        ("bmp_os2.bmp", "rgb.ppm"),
        ("bmp_8.bmp", "bmp_8.ppm"),
        ("bmp_4.bmp", "bmp_4.ppm"),
        ("bmp_rle8.bmp", "bmp_rle8.ppm"),
        ("bmp_v4_8.bmp", "bmp_v4_8.ppm"),
        ("bmp_1.bmp", "bmp_1.pgm"),
        ("bmp_alpha.bmp", "bmp_alpha.pam"),
    ] {
        assert_eq!(difference(name, reference, Depth::EIGHT).0, 0, "{name}");
    }
    for (name, reference) in [
        ("png_rgb16.png", "png_rgb16.ppm"),
        ("tiff_rgb16.tif", "png_rgb16.ppm"),
        ("tiff_rgb16_big_endian.tif", "png_rgb16.ppm"),
        ("tiff_float.tif", "png_rgb16.ppm"),
        // Palettes of TIFF have 16-bit colours.
        ("tiff_palette.tif", "tiff_palette.ppm"),
        ("tiff_palette4.tif", "tiff_palette4.ppm"),
    ] {
        assert_eq!(difference(name, reference, Depth::SIXTEEN).0, 0, "{name}");
    }
}

#[test]
fn lossy_files_are_within_rounding_of_other_decoders() {
    // IDCT and chroma upsampling are not the same arithmetic in any two decoders: a code more or less each,
    // times 1.772 for blue. With 4:2:0 chroma is interpolated, and rounded, twice.
    for (name, reference, most, mean) in [
        ("jpeg_444.jpg", "jpeg_444.ppm", 3, 0.3),
        ("jpeg_422.jpg", "jpeg_422.ppm", 3, 0.3),
        ("jpeg_420.jpg", "jpeg_420.ppm", 4, 0.5),
        ("jpeg_440.jpg", "jpeg_440.ppm", 3, 0.3),
        ("jpeg_411.jpg", "jpeg_411.ppm", 3, 0.3),
        ("jpeg_progressive.jpg", "jpeg_progressive.ppm", 4, 0.5),
        ("jpeg_restart.jpg", "jpeg_restart.ppm", 4, 0.5),
        ("jpeg_scans.jpg", "jpeg_scans.ppm", 3, 0.3),
        ("jpeg_rgb.jpg", "jpeg_rgb.ppm", 2, 0.3),
        ("jpeg_gray.jpg", "jpeg_gray.pgm", 1, 0.3),
        ("jpeg_cmyk.jpg", "jpeg_cmyk.ppm", 3, 0.6),
        ("webp_lossy.webp", "webp_lossy.ppm", 1, 0.1),
        ("webp_lossy_alpha.webp", "webp_lossy_alpha.pam", 1, 0.1),
        ("tiff_jpeg.tif", "tiff_jpeg.ppm", 3, 0.6),
        ("tiff_cmyk.tif", "tiff_cmyk.ppm", 1, 0.5),
        // Lossless, but five and six bits become eight by repeating bits there and by the nearest code here.
        ("bmp_555.bmp", "bmp_555.ppm", 1, 0.5),
        ("bmp_565.bmp", "bmp_565.ppm", 1, 0.5),
    ] {
        let found = difference(name, reference, Depth::EIGHT);
        assert!(found.0 <= most && found.1 <= mean, "{name}: most {}, mean {:.3}", found.0, found.1);
    }
}

#[test]
fn associated_transparency_is_divided_out() {
    let (got, wanted) = (read("tiff_associated.tif"), read("tiff_associated.pam"));
    let (got, wanted) = (codes(&got, Depth::EIGHT), codes(&wanted, Depth::EIGHT));
    assert_eq!(got[3], wanted[3]);
    for (i, &alpha) in wanted[3].iter().enumerate() {
        // Multiplied in again both give the same stored code.
        for c in 0..3 {
            let stored = |v: u32| (f64::from(v * alpha) / 255.0).round();
            assert!((stored(got[c][i]) - stored(wanted[c][i])).abs() <= 1.0, "sample {i}");
        }
    }
}

#[test]
fn a_jpeg_says_how_it_was_coded() {
    let subsampling = |name| match read(name).origin.codec {
        Codec::Jpeg(jpeg) => (jpeg.subsampling, jpeg.quality),
        other => panic!("{other:?}"),
    };
    for (name, x, y, quality) in [
        ("jpeg_444.jpg", 1, 1, 90),
        ("jpeg_422.jpg", 2, 1, 75),
        ("jpeg_420.jpg", 2, 2, 75),
        ("jpeg_440.jpg", 1, 2, 75),
        ("jpeg_411.jpg", 4, 1, 75),
        ("jpeg_progressive.jpg", 2, 2, 75),
    ] {
        assert_eq!(subsampling(name), (Some(Subsampling { x, y }), Some(quality)), "{name}");
    }
    assert_eq!(subsampling("jpeg_gray.jpg"), (None, Some(80)));
    assert_eq!(subsampling("jpeg_rgb.jpg"), (None, Some(80)));
    let Codec::Jpeg(jpeg) = read("jpeg_444.jpg").origin.codec else { panic!() };
    // Quality 90 scales table K.1 by 0.2: 16 → 3, 11 → 2; its last row begins with 72 → 14.
    let luma = jpeg.luma.unwrap();
    assert_eq!((luma[0], luma[1], luma[56]), (3, 2, 14));
    assert_eq!(jpeg.chroma.unwrap()[0], 3);
}

#[test]
fn depth_model_and_codec_are_those_of_the_file() {
    for (name, depth, model, codec) in [
        ("png_gray1.png", Depth::Int(1), Model::Gray, Codec::Lossless),
        ("png_gray2.png", Depth::Int(2), Model::Gray, Codec::Lossless),
        ("png_gray4.png", Depth::Int(4), Model::Gray, Codec::Lossless),
        ("png_palette4.png", Depth::EIGHT, Model::Rgb, Codec::Palette(13)),
        ("png_rgb16.png", Depth::SIXTEEN, Model::Rgb, Codec::Lossless),
        ("tiff_float.tif", Depth::F32, Model::Rgb, Codec::Lossless),
        ("tiff_fax4.tif", Depth::Int(1), Model::Gray, Codec::Lossless),
        ("tiff_palette.tif", Depth::SIXTEEN, Model::Rgb, Codec::Palette(256)),
        ("webp_lossless.webp", Depth::EIGHT, Model::Rgb, Codec::Lossless),
        ("webp_lossy.webp", Depth::EIGHT, Model::Rgb, Codec::Lossy("WebP")),
        ("webp_lossy_alpha.webp", Depth::EIGHT, Model::Rgb, Codec::Lossy("WebP")),
        ("gif_still.gif", Depth::EIGHT, Model::Rgb, Codec::Palette(128)),
        ("bmp_24.bmp", Depth::EIGHT, Model::Rgb, Codec::Lossless),
    ] {
        let image = read(name);
        assert_eq!((image.depth, image.color.model, image.origin.codec), (depth, model, codec), "{name}");
    }
    assert_eq!(read("gif_interlaced.gif").metadata.text, [("Comment".to_owned(), "made by hand".to_owned())]);
}

#[test]
fn animations_and_pages_are_refused_by_name() {
    for (name, what) in [("gif_animated.gif", "frames"), ("tiff_two_pages.tif", "pages")] {
        let error = unband_io::read_file(&data(name), &Limits::default()).unwrap_err();
        assert!(matches!(error.fault(), Error::Several { .. }), "{error}");
        assert!(error.to_string().contains(what) && error.to_string().contains(name), "{error}");
        assert!(error.hint().is_some());
    }
}

#[test]
fn codings_that_are_not_read_are_named() {
    let error = unband_io::read_file(&data("jpeg_arithmetic.jpg"), &Limits::default()).unwrap_err();
    assert!(error.to_string().ends_with("JPEG with arithmetic coding is not supported"), "{error}");
}
