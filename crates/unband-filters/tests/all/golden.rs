//! ffmpeg's filters reproduce every file in `golden/ffmpeg` sample by sample.
#![allow(clippy::float_cmp)] // exact
#![allow(clippy::unwrap_used)]

use std::path::PathBuf;

use unband_filters::{FILTERS, ffmpeg_deband, gradfun, parse_method};
use unband_image::findings::Findings;
use unband_image::tile::restore_in_place;
use unband_image::{Context, Depth, Image, Matrix, Model, Plane, Range, Subsampling, With};
use unband_simd::Level;

fn path(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../golden/ffmpeg").join(name)
}

fn read_png(name: &str) -> Image {
    let file = std::io::BufReader::new(std::fs::File::open(path(name)).unwrap());
    let mut reader = png::Decoder::new(file).read_info().unwrap();
    let mut data = vec![0; reader.output_buffer_size().unwrap()];
    let info = reader.next_frame(&mut data).unwrap();
    let (w, h) = (info.width as usize, info.height as usize);
    let wide: Vec<u16> = data.as_chunks::<2>().0.iter().map(|&b| u16::from_be_bytes(b)).collect();
    match (info.color_type, info.bit_depth) {
        (png::ColorType::Rgb, png::BitDepth::Eight) => Image::from_rgb8(w, h, &data),
        (png::ColorType::Rgb, png::BitDepth::Sixteen) => Image::from_rgb16(w, h, &wide),
        (png::ColorType::Grayscale, png::BitDepth::Eight) => Image::from_gray(w, h, &data),
        other => panic!("{name}: {other:?}"),
    }
    .unwrap()
}

/// One frame of 4:2:0, its planes as codes.
fn read_y4m(name: &str, bits: u8) -> (usize, usize, Vec<Vec<u16>>) {
    let data = std::fs::read(path(name)).unwrap();
    let line_end = |from: usize| from + data[from..].iter().position(|&b| b == b'\n').unwrap();
    let header = String::from_utf8(data[..line_end(0)].to_vec()).unwrap();
    let field =
        |key: char| header.split(' ').find_map(|f| f.strip_prefix(key)).unwrap().parse::<usize>().unwrap();
    let (w, h) = (field('W'), field('H'));
    let frame = &data[line_end(line_end(0) + 1) + 1..];
    let codes: Vec<u16> = if bits == 8 {
        frame.iter().map(|&b| b.into()).collect()
    } else {
        frame.as_chunks::<2>().0.iter().map(|&b| u16::from_le_bytes(b)).collect()
    };
    let (luma, chroma) = codes.split_at(w * h);
    let (u, v) = chroma.split_at(w.div_ceil(2) * h.div_ceil(2));
    assert_eq!(u.len(), v.len());
    (w, h, vec![luma.to_vec(), u.to_vec(), v.to_vec()])
}

fn yuv_image(name: &str, bits: u8) -> Image {
    let (w, h, planes) = read_y4m(name, bits);
    let model = Model::Yuv { matrix: Matrix::Bt709, range: Range::Limited, subsampling: Subsampling::HALF };
    let shift = f32::from(1u16 << (bits - 8));
    let plane = |(i, codes): (usize, &Vec<u16>)| {
        let (span, zero) = (if i == 0 { 219.0 } else { 224.0 } * shift, 16.0 * shift);
        let (width, height) = if i == 0 { (w, h) } else { Subsampling::HALF.chroma_size(w, h) };
        Plane { width, height, data: codes.iter().map(|&c| (f32::from(c) - zero) / span).collect() }
    };
    Image::new(planes.iter().enumerate().map(plane).collect(), model, Depth::Int(bits))
}

fn restored(image: &Image, recipe: &str, tile: usize, level: Level) -> Image {
    let method = parse_method(recipe, FILTERS).unwrap();
    let ctx = Context::with(|new| {
        new.level = level;
        new.threads = 2;
    });
    let findings = Findings::plain(image.planes.len(), image.depth.bits());
    let restorer = method.prepare().unwrap()(image, &findings, &ctx).unwrap();
    let mut out = image.clone();
    restore_in_place(&mut out, &*restorer, tile, &mut |_, _| {}, &ctx).unwrap();
    out
}

fn differing(a: &Image, b: &Image) -> usize {
    assert_eq!(a.planes.len(), b.planes.len());
    a.planes
        .iter()
        .zip(&b.planes)
        .map(|(a, b)| a.data.iter().zip(&b.data).filter(|(a, b)| a != b).count())
        .sum()
}

fn check(input: &Image, recipe: &str, want: &Image, what: &str) {
    assert!(differing(input, want) > 0, "{what}: the golden file shows no change");
    for level in Level::all() {
        for tile in [64, 10_000] {
            let got = restored(input, recipe, tile, level);
            assert_eq!(differing(&got, want), 0, "{what} at {level:?}, tile {tile}: differing samples");
        }
    }
}

#[test]
fn rgb_and_grey_images_come_out_as_from_ffmpeg() {
    for painted in ["ramp", "radial", "crop"] {
        for (name, from, recipe) in [
            ("deband_default", "", "deband"),
            ("deband_noblur", "", "deband=blur=0"),
            ("deband_coupling", "", "deband=coupling=1"),
            ("deband_wide", "", "deband=1thr=0.05:2thr=0.05:3thr=0.05:range=32"),
            ("deband_fixed", "", "deband=range=-12:direction=-0.785398:blur=0"),
            ("deband_halfturn", "", "deband=1thr=0.01:2thr=0.03:3thr=0.015:range=24:direction=3.14159265"),
            ("deband_gbrp16", "_16", "deband"),
            ("deband_gray8", "_gray8", "deband"),
            ("gradfun_default", "", "gradfun"),
            ("gradfun_strong", "", "gradfun=strength=4:radius=24"),
            ("gradfun_r4", "", "gradfun=0.51:4"),
            ("gradfun_r32", "", "gradfun:strength=16,radius=32"),
            ("gradfun_gray8", "_gray8", "gradfun"),
        ] {
            let input = read_png(&format!("in_{painted}{from}.png"));
            let want = read_png(&format!("out_{painted}_{name}.png"));
            check(&input, recipe, &want, &format!("{painted} {name}"));
        }
    }
}

#[test]
fn smaller_chroma_planes_come_out_as_from_ffmpeg() {
    let input = yuv_image("in_crop420.y4m", 8);
    check(&input, "deband", &yuv_image("out_crop420_deband_default.y4m", 8), "deband 4:2:0");
    check(&input, "gradfun", &yuv_image("out_crop420_gradfun_default.y4m", 8), "gradfun 4:2:0");
    let input = yuv_image("in_crop420p12.y4m", 12);
    check(&input, "deband", &yuv_image("out_crop420p12_deband_default.y4m", 12), "deband 4:2:0 12-bit");
}

#[test]
fn planes_of_codes_come_out_as_from_ffmpeg() {
    let ctx = Context::default();
    let codes = |name: &str| -> (usize, usize, Vec<Vec<u8>>) {
        let (w, h, planes) = read_y4m(name, 8);
        (w, h, planes.into_iter().map(|p| p.into_iter().map(|c| c as u8).collect()).collect())
    };
    let (w, h, input) = codes("in_crop420.y4m");
    let (_, _, debanded) = codes("out_crop420_deband_default.y4m");
    let (_, _, smoothed) = codes("out_crop420_gradfun_default.y4m");
    let table = ffmpeg_deband::Table::new(w, h, 16, std::f32::consts::TAU, &ctx);
    let rule = ffmpeg_deband::Rule::new(8, 0.02, true);
    for level in Level::all() {
        for p in 0..3 {
            let (size, scale) = if p == 0 { ((w, h), (1, 1)) } else { ((w / 2, h / 2), (2, 2)) };
            let mut out = vec![0; input[p].len()];
            ffmpeg_deband::deband_plane(level, &mut out, &input[p], size.0, size.1, &table, rule).unwrap();
            assert!(out == debanded[p], "deband plane {p} {level:?}");
            let shape = gradfun::Shape::new(1.2, 16, 8, scale);
            gradfun::gradfun_plane(level, &mut out, &input[p], size.0, size.1, shape).unwrap();
            assert!(out == smoothed[p], "gradfun plane {p} {level:?}");
        }
    }
    let (w, h, input) = read_y4m("in_crop420p12.y4m", 12);
    let (_, _, want) = read_y4m("out_crop420p12_deband_default.y4m", 12);
    let table = ffmpeg_deband::Table::new(w, h, 16, std::f32::consts::TAU, &ctx);
    for level in Level::all() {
        for p in 0..3 {
            let size = if p == 0 { (w, h) } else { (w / 2, h / 2) };
            let mut out = vec![0; input[p].len()];
            let rule = ffmpeg_deband::Rule::new(12, 0.02, true);
            ffmpeg_deband::deband_plane(level, &mut out, &input[p], size.0, size.1, &table, rule).unwrap();
            assert!(out == want[p], "deband 12-bit plane {p} {level:?}");
        }
    }
}
