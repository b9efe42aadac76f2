//! Files of other programs, compared with other decoders (`tests/data/make.sh`).
#![allow(clippy::unwrap_used)]

use std::fs;
use std::path::{Path, PathBuf};

use unband_image::{Cicp, Codec, Depth, Hint, Image, Model, Subsampling};
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

/// Maximum and mean difference in codes.
fn difference(name: &str, reference: &str, depth: Depth) -> (u32, f64) {
    let (got, wanted) = (read(name), read(reference));
    assert_eq!((got.width(), got.height()), (wanted.width(), wanted.height()), "{name}");
    let (got, wanted) = (codes(&got, depth), codes(&wanted, depth));
    // A grey reference represents three equal planes.
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
        ("tiff_lzw_tiles.tif", "rgb.ppm"),
        ("tiff_lzw_tiles_predictor.tif", "rgb.ppm"),
        ("tiff_lzw_tiles_big_endian.tif", "rgb.ppm"),
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
        ("jxl_rgb8.jxl", "rgb.ppm"),
        ("jxl_gray.jxl", "gray.pgm"),
        ("jxl_alpha.jxl", "tiff_alpha.pam"),
    ] {
        assert_eq!(difference(name, reference, Depth::EIGHT).0, 0, "{name}");
    }
    for (name, reference) in [
        ("png_rgb16.png", "png_rgb16.ppm"),
        ("tiff_rgb16.tif", "png_rgb16.ppm"),
        ("jxl_rgb16.jxl", "png_rgb16.ppm"),
        ("tiff_rgb16_big_endian.tif", "png_rgb16.ppm"),
        ("tiff_float.tif", "png_rgb16.ppm"),
        // TIFF palettes have 16-bit colours.
        ("tiff_palette.tif", "tiff_palette.ppm"),
        ("tiff_palette4.tif", "tiff_palette4.ppm"),
    ] {
        assert_eq!(difference(name, reference, Depth::SIXTEEN).0, 0, "{name}");
    }
}

#[test]
fn lossy_files_are_within_rounding_of_other_decoders() {
    // libjpeg rounds luma and chroma before it converts them to colours, which changes those by up to 0.5 +
    // 0.5 · 1.772 codes, by about 0.4 on average. Here nothing is rounded. `jpeg.rs` compares more closely.
    for (name, reference, most, mean) in [
        ("jpeg_444.jpg", "jpeg_444.ppm", 3, 0.5),
        ("jpeg_422.jpg", "jpeg_422.ppm", 3, 0.5),
        ("jpeg_420.jpg", "jpeg_420.ppm", 4, 0.5),
        ("jpeg_440.jpg", "jpeg_440.ppm", 3, 0.5),
        ("jpeg_411.jpg", "jpeg_411.ppm", 3, 0.5),
        ("jpeg_progressive.jpg", "jpeg_progressive.ppm", 4, 0.5),
        ("jpeg_restart.jpg", "jpeg_restart.ppm", 4, 0.5),
        ("jpeg_scans.jpg", "jpeg_scans.ppm", 3, 0.5),
        ("jpeg_rgb.jpg", "jpeg_rgb.ppm", 2, 0.3),
        ("jpeg_gray.jpg", "jpeg_gray.pgm", 1, 0.3),
        ("jpeg_cmyk.jpg", "jpeg_cmyk.ppm", 3, 0.6),
        ("webp_lossy.webp", "webp_lossy.ppm", 1, 0.1),
        ("webp_lossy_alpha.webp", "webp_lossy_alpha.pam", 1, 0.1),
        ("tiff_jpeg.tif", "tiff_jpeg.ppm", 3, 0.6),
        ("tiff_cmyk.tif", "tiff_cmyk.ppm", 1, 0.5),
        // Lossless, but five and six bits become eight by repeating bits there, and by the nearest code here.
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
        // Multiplied with alpha again, both give the same stored code.
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
    for (name, what) in
        [("gif_animated.gif", "frames"), ("webp_animated.webp", "frames"), ("tiff_two_pages.tif", "pages")]
    {
        let error = unband_io::read_file(&data(name), &Limits::default()).unwrap_err();
        assert!(matches!(error.fault(), Error::Several { .. }), "{error}");
        assert!(error.to_string().contains(what) && error.to_string().contains(name), "{error}");
        assert!(error.hint().is_some());
    }
}

#[test]
fn an_animated_png_is_refused() {
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, 1, 1);
    encoder.set_animated(2, 0).unwrap();
    let mut writer = encoder.write_header().unwrap();
    writer.write_image_data(&[0]).unwrap();
    writer.write_image_data(&[255]).unwrap();
    writer.finish().unwrap();
    let error = unband_io::read(&bytes, &Limits::default()).unwrap_err();
    assert_eq!(error.to_string(), "the PNG file contains several frames, expected one image");
}

#[test]
fn cmyk_is_inverted_only_where_adobe_says_so() {
    let ink: [u8; 4] = [200, 100, 50, 30];
    let pixels: Vec<u8> = ink.iter().copied().cycle().take(16 * 16 * 4).collect();
    let mut bytes = Vec::new();
    let encoder = jpeg_encoder::Encoder::new(&mut bytes, 100);
    encoder.encode(&pixels, 16, 16, jpeg_encoder::ColorType::Cmyk).unwrap();
    let light = |c: u8, k: u8| u32::from(255 - c) * u32::from(255 - k) / 255;
    let check = |bytes: &[u8], expected: [u32; 3]| {
        let image = unband_io::read(bytes, &Limits::default()).unwrap();
        for (plane, wanted) in image.planes.iter().zip(expected) {
            assert!(
                Depth::EIGHT.code(plane.data[100]).abs_diff(wanted) <= 2,
                "{} {wanted}",
                plane.data[100] * 255.0
            );
        }
    };
    check(&bytes, [0, 1, 2].map(|c| light(ink[c], ink[3])));
    // Without the marker, the inverted coefficients mean ink.
    let adobe = bytes.windows(7).position(|w| w == b"\0\x0EAdobe").unwrap();
    bytes.drain(adobe - 2..adobe + 14);
    check(&bytes, [0, 1, 2].map(|c| light(255 - ink[c], 255 - ink[3])));
}

/// A file with one small directory.
fn tiny_tiff(rows: &[(u16, u16)]) -> Vec<u8> {
    let mut out = b"II*\0\x08\0\0\0".to_vec();
    out.extend((rows.len() as u16).to_le_bytes());
    for &(tag, value) in rows {
        out.extend(tag.to_le_bytes());
        out.extend([3, 0, 1, 0, 0, 0]);
        out.extend(value.to_le_bytes());
        out.extend([0, 0]);
    }
    out.extend([0; 200]);
    out
}

#[test]
fn codings_that_are_not_read_are_named() {
    let error = unband_io::read_file(&data("jpeg_arithmetic.jpg"), &Limits::default()).unwrap_err();
    assert!(error.to_string().ends_with("JPEG with arithmetic coding is not supported"), "{error}");
    let message = |bytes: &[u8]| unband_io::read(bytes, &Limits::default()).unwrap_err().to_string();
    let reversed = message(&fs::read(data("tiff_reversed.tif")).unwrap());
    assert_eq!(reversed, "TIFF with bits in reversed order (FillOrder 2) is not supported");
    let jpeg = fs::read(data("jpeg_444.jpg")).unwrap();
    let frame = jpeg.windows(2).position(|w| w == [0xFF, 0xC0]).unwrap();
    for (at, byte, what) in
        [(1, 0xC3, "lossless coding"), (1, 0xC5, "hierarchical coding"), (4, 16, "16 bits per sample")]
    {
        let mut jpeg = jpeg.clone();
        jpeg[frame + at] = byte;
        assert_eq!(message(&jpeg), format!("JPEG with {what} is not supported"));
    }
    let gray = [(256, 2), (257, 2), (258, 8), (259, 1), (262, 1), (273, 8), (277, 1), (278, 2), (279, 4)];
    assert!(unband_io::read(&tiny_tiff(&gray), &Limits::default()).is_ok());
    for (tag, value, what) in [
        (258, 12, "12 bits per sample"),
        (258, 32, "32 bits per sample"),
        (259, 6, "old-style JPEG compression"),
        (259, 50_000, "Zstandard compression"),
        (259, 777, "compression 777"),
        (262, 8, "photometric interpretation 8"),
        (262, 32_803, "camera raw data"),
        (262, 6, "YCbCr outside JPEG"),
    ] {
        let mut rows = gray;
        rows.iter_mut().filter(|r| r.0 == tag).for_each(|r| r.1 = value);
        let text = message(&tiny_tiff(&rows));
        assert!(
            text.starts_with("TIFF with ") && text.ends_with("is not supported"),
            "{tag} {value}: {text}"
        );
        assert!(text.contains(what), "{text}");
    }
    for (rows, what) in [
        ([(254, 1), (257, 2)], "a thumbnail in place of the image, as in camera raw files"),
        ([(50_706, 1), (257, 2)], "camera raw data"),
        ([(339, 5), (257, 2)], "signed samples"),
        ([(339, 3), (257, 2)], "8-bit floating point"),
    ] {
        let mut all = [&gray[..], &rows[..1]].concat();
        all.sort_unstable();
        assert_eq!(message(&tiny_tiff(&all)), format!("TIFF with {what} is not supported"));
    }
    let mut bmp = fs::read(data("bmp_24.bmp")).unwrap();
    for (code, bits) in [(4, 24), (5, 24), (3, 1), (1, 24)] {
        (bmp[30], bmp[28]) = (code, bits);
        assert_eq!(message(&bmp), format!("BMP with compression {code} of {bits} bits is not supported"));
    }
}

#[test]
fn wide_bit_fields_are_not_narrowed() {
    // A version 4 header with 10 bits per colour, one pixel.
    let mut bmp =
        b"BM\0\0\0\0\0\0\0\0\x7A\0\0\0\x6C\0\0\0\x01\0\0\0\x01\0\0\0\x01\0\x20\0\x03\0\0\0".to_vec();
    bmp.resize(54, 0);
    for mask in [0x3FF0_0000u32, 0x000F_FC00, 0x0000_03FF, 0] {
        bmp.extend(mask.to_le_bytes());
    }
    bmp.resize(122, 0);
    bmp.extend(((1023u32 << 20) | (512 << 10) | 1).to_le_bytes());
    let image = unband_io::read(&bmp, &Limits::default()).unwrap();
    assert_eq!(image.depth, Depth::SIXTEEN);
    let ten: Vec<u32> = image.planes.iter().map(|p| Depth::Int(10).code(p.data[0])).collect();
    assert_eq!(ten, [1023, 512, 1]);
}

#[test]
fn a_png_without_its_palette_is_damaged() {
    let whole = fs::read(data("png_palette8.png")).unwrap();
    let at = whole.windows(4).position(|kind| kind == b"PLTE").unwrap() - 4;
    let length = u32::from_be_bytes(whole[at..at + 4].try_into().unwrap()) as usize;
    let without = [&whole[..at], &whole[at + 12 + length..]].concat();
    let error = unband_io::read(&without, &Limits::default()).unwrap_err();
    assert!(matches!(error, Error::Damaged { .. }), "{error}");
}

#[test]
fn lossless_jpeg_xl_lies_on_its_own_grid_and_lossy_between_codes() {
    for (name, depth) in [("jxl_rgb8.jxl", 8), ("jxl_rgb10.jxl", 10), ("jxl_rgb16.jxl", 16)] {
        let image = read(name);
        assert_eq!((image.depth, &image.origin.codec), (Depth::Int(depth), &Codec::Lossless), "{name}");
    }
    assert!(read("jxl_rgb10.jxl").planes == read("jxl_rgb10.ppm").planes);
    for (name, reference) in [("jxl_lossy.jxl", "jxl_lossy.ppm"), ("jxl_jpeg.jxl", "jxl_jpeg.ppm")] {
        let image = read(name);
        assert_eq!((image.depth, &image.origin.codec), (Depth::EIGHT, &Codec::Lossy("JPEG XL")), "{name}");
        let between = |v: &&f32| (**v * 255.0 - (**v * 255.0).round()).abs() > 0.1;
        let between = image.planes.iter().flat_map(|p| &p.data).filter(between).count();
        assert!(between > 37 * 29, "{name}: {between}");
        let (most, mean) = difference(name, reference, Depth::EIGHT);
        assert!(most <= 1 && mean < 0.05, "{name}: {most}, {mean}");
    }
}

#[test]
fn the_orientation_of_jpeg_xl_is_applied_once() {
    let image = read("jxl_oriented.jxl");
    assert_eq!((image.width(), image.height()), (29, 37));
    let (most, _) = difference("jxl_oriented.jxl", "jxl_oriented.ppm", Depth::EIGHT);
    assert!(most <= 1, "{most}");
    // Its Exif is compressed with Brotli.
    let exif = image.metadata.exif.unwrap();
    let parsed = exif::Reader::new().read_raw(exif).unwrap();
    let field = |tag| parsed.get_field(tag, exif::In::PRIMARY).map(|f| f.display_value().to_string());
    assert_eq!(field(exif::Tag::Artist).unwrap(), "\"nobody\"");
    assert!(field(exif::Tag::Orientation).is_none_or(|o| o.contains("row 0 at top and column 0 at left")));
}

#[test]
fn animated_jpeg_xl_and_exr_of_several_parts_are_refused() {
    for name in ["jxl_animated.jxl", "exr_parts.exr"] {
        let error = unband_io::read_file(&data(name), &Limits::default()).unwrap_err();
        assert!(matches!(error.fault(), Error::Several { .. }), "{name}: {error}");
    }
}

/// The samples of another reader, as TIFF stores them.
fn same_floats(name: &str, reference: &str) {
    let (image, wanted) = (read(name), read(reference));
    assert_eq!(image.depth, Depth::F32);
    assert_eq!((image.width(), image.height()), (wanted.width(), wanted.height()), "{name}");
    assert_eq!(image.planes.len(), wanted.planes.len(), "{name}");
    assert!(image.planes == wanted.planes, "{name}");
}

#[test]
fn exr_of_every_coding_reads_as_another_reader_does() {
    for coding in ["none", "rle", "zip", "zips", "piz", "tiles"] {
        same_floats(&format!("exr_{coding}.exr"), "exr_half.tif");
        assert_eq!(read(&format!("exr_{coding}.exr")).origin.codec, Codec::Lossless, "{coding}");
    }
    for name in ["b44", "pxr24", "gray", "window", "overscan"] {
        same_floats(&format!("exr_{name}.exr"), &format!("exr_{name}.tif"));
    }
    let (dwaa, wanted) = (read("exr_dwaa.exr"), read("exr_dwaa.tif"));
    for (got, wanted) in dwaa.planes.iter().zip(&wanted.planes) {
        let most = got.data.iter().zip(&wanted.data).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
        assert!(most < 0.01, "{most}");
    }
    assert_eq!(dwaa.origin.codec, Codec::Lossy("OpenEXR"));
}

#[test]
fn alpha_of_exr_is_divided_out_and_its_light_is_linear() {
    let (image, stored) = (read("exr_alpha.exr"), read("exr_alpha.tif"));
    assert_eq!(image.color.cicp.unwrap().transfer, 8);
    let alpha = image.alpha.as_ref().unwrap();
    assert!(unband_io::has_transparency(&image));
    for (plane, stored) in image.planes.iter().zip(&stored.planes) {
        for ((&value, &alpha), &stored) in plane.data.iter().zip(&alpha.data).zip(&stored.data) {
            let expected = if alpha > 0.0 { value * alpha } else { value };
            assert!((expected - stored).abs() <= 2.0 * f32::EPSILON * stored.abs(), "{expected} {stored}");
        }
    }
}

#[test]
fn coded_samples_become_linear_light_in_exr() {
    let exr = unband_io::by_name("OpenEXR").unwrap();
    let options = unband_io::WriteOptions::default();
    let back = |image: &Image| {
        let mut out = Vec::new();
        let dropped = unband_io::write(image, exr, &options, &mut out)?;
        Ok::<_, Error>((unband_io::read(&out, &Limits::default())?, dropped))
    };
    let mut image = Image::from_rgb8(2, 1, &[128, 0, 255, 10, 200, 64]).unwrap();
    let near = |image: &Image, want: [f32; 2]| {
        let got = &image.planes[0].data;
        assert!(got.iter().zip(want).all(|(got, want)| (got - want).abs() < 2e-5), "{got:?}, {want:?}");
    };
    // IEC 61966-2-1; inverse of ITU-R BT.709; a plain power.
    let srgb = [((128.0f32 / 255.0 + 0.055) / 1.055).powf(2.4), 10.0 / 255.0 / 12.92];
    let (linear, dropped) = back(&image).unwrap();
    near(&linear, srgb);
    assert!(dropped.is_empty(), "{dropped:?}");
    assert_eq!(back(&linear).unwrap().0.planes, linear.planes);
    image.color.cicp = Some(Cicp { primaries: 1, transfer: 1, matrix: 0, full_range: true });
    let (linear, dropped) = back(&image).unwrap();
    near(&linear, [((128.0f32 / 255.0 + 0.099_297) / 1.099_297).powf(1.0 / 0.45), 10.0 / 255.0 / 4.5]);
    assert!(dropped.is_empty(), "{dropped:?}");
    image.color.cicp = None;
    image.metadata.colorimetry.gamma = Some(50_000);
    near(&back(&image).unwrap().0, [128.0 / 255.0, 10.0 / 255.0].map(|v: f32| v * v));
    // A profile: its curve, and its primaries as chromaticities.
    image.metadata.icc = Some(moxcms::ColorProfile::new_display_p3().encode().unwrap());
    let (linear, dropped) = back(&image).unwrap();
    near(&linear, srgb);
    assert!(dropped.iter().all(|d| d.item != unband_io::Item::Icc), "{dropped:?}");
    let red = &linear.metadata.colorimetry.chromaticities.unwrap()[2..4];
    assert!(red[0].abs_diff(68_400) < 400 && red[1].abs_diff(31_900) < 400, "{red:?}");
    for transfer in [16, 18, 3] {
        image.color.cicp = Some(Cicp { primaries: 9, transfer, matrix: 0, full_range: true });
        assert!(back(&image).unwrap_err().to_string().contains("OpenEXR"), "{transfer}");
    }
}

#[test]
fn frames_of_yuv4mpeg2_go_out_as_they_came_in() {
    let yuv4mpeg2 = unband_io::by_name("YUV4MPEG2").unwrap();
    for name in ["420", "422p10", "411", "444alpha", "mono12"] {
        let name = format!("y4m_{name}.y4m");
        let image = read(&name);
        let mut out = Vec::new();
        let options = unband_io::WriteOptions::default();
        let dropped = unband_io::write(&image, yuv4mpeg2, &options, &mut out).unwrap();
        assert!(dropped.is_empty(), "{name} {dropped:?}");
        let file = fs::read(data(&name)).unwrap();
        let frame = |bytes: &[u8]| bytes[bytes.iter().position(|&b| b == b'\n').unwrap()..].to_vec();
        assert!(frame(&out) == frame(&file), "{name}");
        // RGB-only formats report that they cannot store it.
        let png = unband_io::by_name("PNG").unwrap();
        let refused = unband_io::write(&image, png, &options, &mut Vec::new());
        assert_eq!(refused.is_err(), image.planes.len() == 3, "{name}");
        if let Err(error) = refused {
            assert_eq!(error.to_string(), "PNG cannot store planes of luma and chroma (YUV)");
            assert!(error.hint().unwrap().contains("YUV4MPEG2"));
        }
    }
}

#[test]
#[allow(clippy::print_stderr)]
fn heic_is_read_upright_and_with_its_own_depth_where_libheif_is_installed() {
    let oriented = data("program/oriented.heic");
    let image = match unband_io::read_file(&oriented, &Limits::default()) {
        Ok((image, _)) => image,
        Err(error) => {
            let what = error.to_string();
            assert!(matches!(error.fault(), Error::NoProgram { .. }), "{what}");
            assert!(error.hint().unwrap().contains("libheif-examples"));
            unband_skips::program(what);
            return;
        }
    };
    assert_eq!((image.width(), image.height(), image.depth), (29, 37, Depth::EIGHT));
    assert_eq!(image.origin.codec, Codec::Lossy("HEIC"));
    // The same image as in `jxl_oriented.jxl`.
    let (got, wanted) = (codes(&image, Depth::EIGHT), codes(&read("jxl_oriented.ppm"), Depth::EIGHT));
    let pairs = got.iter().flatten().zip(wanted.iter().flatten());
    let mean = pairs.map(|(a, b)| f64::from(a.abs_diff(*b))).sum::<f64>() / (3.0 * 29.0 * 37.0);
    assert!(mean < 4.0, "{mean}");
    let parsed = exif::Reader::new().read_raw(image.metadata.exif.unwrap()).unwrap();
    let field = |tag| parsed.get_field(tag, exif::In::PRIMARY).unwrap().display_value().to_string();
    assert_eq!(field(exif::Tag::Artist), "\"nobody\"");
    assert_eq!(field(exif::Tag::Orientation), "row 0 at top and column 0 at left");

    let image = read("program/deep.heic");
    assert_eq!(image.depth, Depth::Int(10));
    let wanted = read("png_rgb16.ppm");
    for (plane, wanted) in image.planes.iter().zip(&wanted.planes) {
        assert!(plane.data.iter().all(|&v| (v * 1023.0 - (v * 1023.0).round()).abs() < 1e-3));
        let most = plane.data.iter().zip(&wanted.data).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
        assert!(most < 8.0 / 255.0, "{most}");
    }
}

#[test]
fn radiance_hdr_is_what_opencv_reads() {
    let (image, reference) = (read("hdr_runs.hdr"), read("hdr_runs.pfm"));
    assert!(image.planes == reference.planes && image.depth == Depth::F32);
    assert_eq!(image.color.cicp.map(|cicp| (cicp.primaries, cicp.transfer)), Some((1, 8)));
}
