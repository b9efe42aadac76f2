//! Tests of the detector on small synthetic images of every cause.
#![allow(clippy::unwrap_used)]

use super::*;
use proptest::prelude::*;
use unband_image::With;
use unband_image::color::Subsampling;
use unband_image::depth::Depth;
use unband_image::image::Plane;
use unband_image::origin::{Codec, JpegOrigin};
use unband_image::rng::Rng;

pub(crate) const W: usize = 320;
const H: usize = 256;

/// A coloured sky with hills, `noise` codes of grain (peak), in 8-bit codes, RGB by sample.
pub(crate) fn scene(noise: f32, seed: u64) -> Vec<[f32; 3]> {
    let rng = Rng::new(seed);
    let mut out = Vec::with_capacity(W * H);
    for y in 0..H {
        for x in 0..W {
            let (u, v) = (x as f32 / W as f32, y as f32 / H as f32);
            let light = 60.0 + 110.0 * v + 30.0 * (2.0 * u + 0.7).sin();
            let warm = 24.0 * (u - 0.5) + 10.0 * (4.0 * v).sin();
            let base = [light + warm, light, light - warm + 12.0];
            let mut pixel = [0.0; 3];
            for c in 0..3 {
                let grain = (rng.unit_at(0, c as u32, x as u32, y as u32) - 0.5) * 2.0 * noise;
                pixel[c] = (base[c] + grain).clamp(0.0, 255.0);
            }
            out.push(pixel);
        }
    }
    out
}

pub(crate) fn rgb8(pixels: &[[f32; 3]], change: impl Fn(f32) -> f32) -> Image {
    let data: Vec<u8> = pixels.iter().flatten().map(|&v| change(v).round().clamp(0.0, 255.0) as u8).collect();
    Image::from_rgb8(W, H, &data).unwrap()
}

pub(crate) fn grid(bits: u8) -> impl Fn(f32) -> f32 {
    let top = f32::from((1u16 << bits) - 1);
    move |v| ((v.round() * top / 255.0).round() * 255.0 / top).round()
}

/// RGB through 8-bit `YCbCr` of the limited range (chroma at half size, repeated) with changes per plane.
fn through_yuv(pixels: &[[f32; 3]], matrix: Matrix, y: &dyn Fn(f32) -> f32, c: &dyn Fn(f32) -> f32) -> Image {
    let yuv: Vec<[f32; 3]> = pixels
        .iter()
        .map(|&p| {
            let [a, u, v] = matrix.to_yuv(p.map(|v| v / 255.0));
            [a * 219.0 + 16.0, u * 224.0 + 128.0, v * 224.0 + 128.0]
        })
        .collect();
    let at = |x: usize, y: usize, p: usize| yuv[y * W + x][p];
    let mut out = Vec::with_capacity(W * H);
    for row in 0..H {
        for x in 0..W {
            let (x0, y0) = (x / 2 * 2, row / 2 * 2);
            let half = |p| {
                let sum = at(x0, y0, p) + at(x0 + 1, y0, p) + at(x0, y0 + 1, p) + at(x0 + 1, y0 + 1, p);
                (c((sum / 4.0).round()) - 128.0) / 224.0
            };
            let luma = (y(at(x, row, 0).round()) - 16.0) / 219.0;
            out.push(matrix.to_rgb([luma, half(1), half(2)]).map(|v| v * 255.0));
        }
    }
    rgb8(&out, |v| v)
}

fn look(image: &Image) -> Findings {
    inspect(image, &Context::default())
}

fn close(a: f32, b: f32) -> bool {
    (a - b).abs() < 0.06
}

#[test]
fn a_photo_of_eight_bits_is_plain_and_shows_nothing() {
    let found = look(&rgb8(&scene(2.0, 1), |v| v));
    assert_eq!((found.cause, found.visible, found.lossy), (Cause::Plain, false, false));
    assert!(found.grids.iter().all(|g| !g.found && close(g.step_codes, 1.0)));
    assert_eq!(found.sentence(), "8 bits per sample, no coarser grid; no visible bands");
}

#[test]
fn a_gradient_without_noise_shows_its_steps_of_one_code() {
    let dark: Vec<u8> = (0..512 * 256).map(|i| (20.0 + (i % 512) as f32 * 0.06) as u8).collect();
    let found = look(&Image::from_gray(512, 256, &dark).unwrap());
    assert!(found.visible, "{found:?}");
    assert!(found.banded_share > 0.9);
}

#[test]
fn each_number_of_bits_is_found_on_rgb_and_grey() {
    for bits in 4..=7 {
        let found = look(&rgb8(&scene(1.0, 2), grid(bits)));
        assert_eq!((found.cause, found.space, found.effective_bits), (Cause::Levels, Space::Native, bits));
        let step = 255.0 / ((1u32 << bits) - 1) as f32;
        assert!(found.grids.iter().all(|g| g.found && g.bits == Some(bits) && close(g.step_codes, step)));
        assert!(found.visible);
        let data: Vec<u8> = scene(1.0, 2).iter().map(|p| grid(bits)(p[1]) as u8).collect();
        let found = look(&Image::from_gray(W, H, &data).unwrap());
        assert_eq!((found.cause, found.grids.len()), (Cause::Levels, 1));
        assert!(close(found.grids[0].step_codes, step));
    }
}

#[test]
fn cut_off_bits_have_their_own_step_and_offset() {
    // Zero bits at the end: the levels are the centres of the intervals.
    let found = look(&rgb8(&scene(1.0, 3), |v| f32::from(v as u8 >> 3 << 3)));
    assert!(found.grids.iter().all(|g| g.truncated && close(g.step_codes, 8.0)));
    assert!(found.grids.iter().all(|g| close(g.offset_codes, 3.5)));
    let found = look(&rgb8(&scene(1.0, 3), |v| f32::from((v as u8 >> 3 << 3) + 4)));
    assert!(found.grids.iter().all(|g| close(g.step_codes, 8.0) && close(g.offset_codes, 4.0)));
}

#[test]
fn planes_behind_rgb_are_found_with_their_matrix() {
    for matrix in [Matrix::Bt601, Matrix::Bt709] {
        let six = grid(6);
        let found = look(&through_yuv(&scene(1.0, 4), matrix, &six, &|v| v));
        assert_eq!(found.cause, Cause::PlaneGrid, "{found:?}");
        assert_eq!(found.space, Space::Yuv { matrix, range: Range::Limited });
        assert!(found.grids[0].found && !found.grids[1].found && !found.grids[2].found);
        assert!(close(found.grids[0].step_codes, 255.0 / 63.0 * 255.0 / 219.0));
        assert!(found.half_chroma && !found.lossy);
        let five = grid(5);
        let found = look(&through_yuv(&scene(1.0, 5), matrix, &|v| v, &five));
        assert!(!found.grids[0].found && found.grids[1].found && found.grids[2].found, "{found:?}");
        assert!(close(found.grids[1].step_codes, 255.0 / 31.0 * 255.0 / 224.0));
    }
}

#[test]
fn video_without_a_grid_is_called_video() {
    let found = look(&through_yuv(&scene(3.0, 6), Matrix::Bt709, &|v| v, &|v| v));
    assert_eq!(found.cause, Cause::Video, "{found:?}");
    assert_eq!(found.space, Space::Yuv { matrix: Matrix::Bt709, range: Range::Limited });
    assert!(found.grids.iter().all(|g| !g.found));
}

#[test]
fn a_blurred_grid_is_found_in_luma() {
    // Levels of 6 bits with an error of about a code per sample, as after a second coding.
    let rng = Rng::new(9);
    let six = grid(6);
    let wobble = std::cell::Cell::new(0u32);
    let found = look(&through_yuv(
        &scene(0.0, 7),
        Matrix::Bt601,
        &|v| {
            wobble.set(wobble.get() + 1);
            six(v) + (rng.unit_at(0, 0, wobble.get(), 0) * 2.6 - 1.3)
        },
        &|v| v,
    ));
    assert_eq!(found.cause, Cause::RecodedGrid, "{found:?}");
    assert!(found.grids[0].found && found.lossy);
    assert!(close(found.grids[0].step_codes, 4.713));
}

#[test]
fn a_tone_curve_leaves_a_comb_with_steps_by_code() {
    let found = look(&rgb8(&scene(2.0, 8), |v| ((v.round() - 60.0) * 1.9).clamp(0.0, 255.0)));
    assert_eq!(found.cause, Cause::ToneCurve, "{found:?}");
    let steps = found.grids[1].steps_by_code.as_ref().unwrap();
    assert_eq!(steps.len(), 256);
    let middle = steps[100..200].iter().copied().filter(|&s| s > 1.3).collect::<Vec<_>>();
    assert!(middle.len() > 40 && middle.iter().all(|&s| (1.4..=2.1).contains(&s)), "{middle:?}");
}

#[test]
fn jpeg_tables_are_used_instead_of_guesses() {
    let mut image = rgb8(&scene(2.0, 10), |v| v);
    let (mut luma, mut chroma) = ([20u16; 64], [30u16; 64]);
    (luma[0], chroma[0]) = (24, 34);
    image.origin.codec = Codec::Jpeg(JpegOrigin::with(|new| {
        new.luma = Some(luma);
        new.chroma = Some(chroma);
        new.subsampling = Some(Subsampling::NONE);
        new.quality = Some(35);
        new.coefficients = None;
    }));
    let found = look(&image);
    assert_eq!((found.cause, found.lossy, found.half_chroma), (Cause::Jpeg, true, false));
    assert_eq!(found.space, Space::Yuv { matrix: Matrix::Bt601, range: Range::Full });
    assert!(close(found.grids[0].step_codes, 3.0) && close(found.grids[1].step_codes, 4.25));
}

#[test]
fn the_step_of_a_jpeg_is_found_in_its_blocks() {
    // Constant blocks at multiples of 24/8 codes.
    let scene = scene(0.0, 11);
    let data: Vec<u8> = (0..W * H)
        .map(|i| {
            let (x, y) = (i % W / 8 * 8, i / W / 8 * 8);
            (((scene[y * W + x][1] - 128.0) / 3.0).round() * 3.0 + 128.0).round() as u8
        })
        .collect();
    let found = look(&Image::from_gray(W, H, &data).unwrap());
    assert_eq!((found.cause, found.grids.len()), (Cause::Jpeg, 1), "{found:?}");
    assert!(close(found.grids[0].step_codes, 3.0), "{found:?}");
}

#[test]
fn a_lossy_container_is_believed_but_shows_what_its_samples_show() {
    let look_at = |codec: Codec, data: &[u16]| {
        let mut image = Image::from_rgb16(W, H, data).unwrap();
        image.origin.codec = codec;
        look(&image)
    };
    // A fine coding of an image with and without grain; then with steps from before the coding.
    for (noise, cut) in [(2.0, None), (0.0, None), (1.0, Some(6))] {
        let wobble = Rng::new(5);
        let change = |v: f32| cut.map_or(v, |bits| grid(bits)(v));
        let flat: Vec<f32> = scene(noise, 12).iter().flatten().map(|&v| change(v)).collect();
        let near = |(i, v): (usize, &f32)| v + 0.2 * (wobble.unit_at(0, 0, i as u32, 0) - 0.5);
        let data: Vec<u16> = flat.iter().enumerate().map(|s| (near(s) * 257.0).round() as u16).collect();
        let (tiff, jxl) = (look_at(Codec::Lossless, &data), look_at(Codec::Lossy("JPEG XL"), &data));
        assert_eq!((jxl.visible, jxl.banded_share), (tiff.visible, tiff.banded_share), "{noise} {jxl:?}");
        if cut.is_none() {
            assert_eq!((tiff.cause, jxl.cause, jxl.lossy), (Cause::Plain, Cause::Coded, true));
            assert!(!jxl.visible && jxl.grids[0].step_codes >= 1.5);
            assert!(!jxl.sentence().contains("BT.601"), "{}", jxl.sentence());
        }
    }
}

#[test]
fn fine_quantisers_leave_noise_and_coarse_ones_steps() {
    // Constant blocks, spaced as by the quantiser.
    let blocks = |step: u16, luma: Option<u16>, other: Option<u16>| {
        let apart = f32::from(step) / 8.0;
        let scene = scene(0.0, 11);
        let data: Vec<u16> = (0..W * H)
            .map(|i| scene[i / W / 8 * 8 * W + i % W / 8 * 8][1])
            .map(|v| (((v - 128.0) / apart).round() * apart + 128.0) * 257.0)
            .map(|v| v.round() as u16)
            .collect();
        let mut image =
            Image::from_rgb16(W, H, &data.iter().flat_map(|&v| [v; 3]).collect::<Vec<_>>()).unwrap();
        image.depth = Depth::Int(8);
        image.origin.codec = match luma {
            Some(step) => Codec::Jpeg(JpegOrigin::with(|new| new.luma = Some([step; 64]))),
            None => Codec::Lossy("WebP"),
        };
        image.origin.block_step = other;
        look(&image)
    };
    for step in [2, 3, 5] {
        let fine = blocks(step, Some(step), None);
        assert_eq!((fine.cause, fine.visible), (Cause::Jpeg, false), "{step}");
        assert!(fine.sentence().starts_with("JPEG noise"));
    }
    for step in [8, 16, 24] {
        let coarse = blocks(step, Some(step), None);
        assert!(coarse.visible && coarse.banded_share > 0.5, "{step}: {}", coarse.banded_share);
    }
    assert!(!blocks(2, None, Some(35)).visible);
}

#[test]
fn the_share_is_that_of_the_smooth_area() {
    // Half is texture, and a quarter of the smooth half is close to the only step.
    let rng = Rng::new(3);
    let gray: Vec<u8> = (0..512 * 256)
        .map(|i| match i % 512 {
            0..64 => 80,
            64..256 => 84,
            x => 60 + (80.0 * rng.unit_at(0, 0, x as u32, (i / 512) as u32)) as u8,
        })
        .collect();
    let mut image = Image::from_gray(512, 256, &gray).unwrap();
    image.origin.codec = Codec::Jpeg(JpegOrigin::with(|new| new.luma = Some([32; 64])));
    let found = look(&image);
    assert!(found.visible);
    assert!((0.12..0.16).contains(&found.banded_share), "{}", found.banded_share);
}

#[test]
fn linear_light_has_no_planes_of_video() {
    let video = through_yuv(&scene(1.0, 4), Matrix::Bt709, &grid(6), &|v| v);
    let mut linear = video.clone();
    linear.depth = Depth::F32;
    linear.planes.iter_mut().flat_map(|p| &mut p.data).for_each(|v| *v = (*v).powf(2.2) * 1.37);
    let found = look(&linear);
    assert!(matches!(found.cause, Cause::Plain | Cause::ToneCurve), "{}", found.sentence());
    assert_eq!(found.space, Space::Native);
    assert_eq!(look(&video).cause, Cause::PlaneGrid);
}

#[test]
fn a_palette_has_steps_where_its_colours_meet_and_a_dithered_one_has_none() {
    let eight = |v: f32| (v / 12.0).round() * 12.0 + 3.0;
    let mut image = rgb8(&scene(0.0, 13), eight);
    image.origin.codec = Codec::Palette(200);
    // A regular grid of 12 codes does not correspond to whole bits, so this is a palette.
    let found = look(&image);
    assert_eq!(found.cause, Cause::Palette);
    assert!(found.grids.iter().all(|g| g.found && (g.step_codes - 12.0).abs() < 1.0), "{found:?}");
    let mut image = rgb8(&scene(6.0, 13), eight);
    image.origin.codec = Codec::Palette(200);
    let found = look(&image);
    assert_eq!((found.cause, found.visible), (Cause::Plain, false), "{found:?}");
}

#[test]
fn a_banded_image_in_a_clean_page_is_found_where_it_is() {
    let five = grid(5);
    let clean = scene(2.0, 14);
    let mixed: Vec<[f32; 3]> = clean
        .iter()
        .enumerate()
        .map(|(i, p)| if i % W < 192 && i / W < 192 { p.map(&five) } else { *p })
        .collect();
    let found = look(&rgb8(&mixed, |v| v));
    assert_eq!(found.cause, Cause::Levels, "{found:?}");
    let regions = found.regions.as_ref().unwrap();
    assert!(regions.holds_at(0, 10, 10) && regions.holds_at(1, 190, 190));
    assert!(!regions.holds_at(0, 250, 10) && !regions.holds_at(0, 10, 240));
    assert!(!regions.holds_at(0, 9999, 9999) && !regions.everywhere());
}

#[test]
fn wide_files_of_few_bits_are_seen_through() {
    let eight = rgb8(&scene(2.0, 15), |v| v).to_rgb8().unwrap();
    let spread: Vec<u16> = eight.iter().map(|&c| u16::from(c) * 257).collect();
    let shifted: Vec<u16> = eight.iter().map(|&c| u16::from(c) << 8).collect();
    for data in [&spread, &shifted] {
        let found = look(&Image::from_rgb16(W, H, data).unwrap());
        assert_eq!((found.cause, found.effective_bits), (Cause::Plain, 8));
        assert!((found.grids[0].step_codes - 1.0).abs() < 0.01);
    }
    let ten: Vec<u16> = scene(2.0, 15)
        .iter()
        .flatten()
        .map(|v| ((v * 4.0).round() * 65535.0 / 1023.0).round() as u16)
        .collect();
    let found = look(&Image::from_rgb16(W, H, &ten).unwrap());
    assert_eq!((found.cause, found.effective_bits, found.visible), (Cause::Plain, 10, false));
    let six: Vec<u16> = scene(2.0, 15)
        .iter()
        .flatten()
        .map(|v| ((v * 63.0 / 255.0).round() * 65535.0 / 63.0).round() as u16)
        .collect();
    let found = look(&Image::from_rgb16(W, H, &six).unwrap());
    assert_eq!((found.cause, found.grids[0].bits), (Cause::Levels, Some(6)));
    assert!(close(found.grids[0].step_codes, 4.048));
}

#[test]
fn deep_images_have_nothing_to_repair() {
    let sixteen: Vec<u16> = scene(2.0, 16).iter().flatten().map(|v| (v * 257.0).round() as u16).collect();
    let found = look(&Image::from_rgb16(W, H, &sixteen).unwrap());
    assert_eq!((found.cause, found.effective_bits, found.visible), (Cause::Plain, 16, false));
    assert!(found.grids[0].step_codes < 0.01);
    let mut image = Image::from_rgb16(W, H, &sixteen).unwrap();
    image.depth = Depth::F32;
    image.planes.iter_mut().flat_map(|p| &mut p.data).for_each(|v| *v = *v * 1.01 + 0.000_3);
    let found = look(&image);
    assert_eq!((found.cause, found.effective_bits), (Cause::Plain, 32));
    assert!(found.grids[0].step_codes.abs() < 1e-9);
    let mut eight = rgb8(&scene(2.0, 16), |v| v);
    eight.depth = Depth::F32;
    assert_eq!(look(&eight).effective_bits, 8);
}

#[test]
fn eight_bits_in_linear_light_are_no_tone_curve() {
    let mut image = rgb8(&scene(2.0, 16), |v| v);
    image.depth = Depth::F32;
    let light = |v: f32| if v <= 0.040_45 { v / 12.92 } else { ((v + 0.055) / 1.055).powf(2.4) };
    let through = |curve: &dyn Fn(f32) -> f32| {
        let mut image = image.clone();
        image.planes.iter_mut().flat_map(|p| &mut p.data).for_each(|v| *v = curve(*v));
        look(&image)
    };
    let found = through(&light);
    assert_eq!((found.cause, found.effective_bits), (Cause::Plain, 8), "{}", found.sentence());
    assert!(found.sentence().contains("then converted to linear light (sRGB)"), "{}", found.sentence());
    let found = through(&|v| v.powf(1.5));
    assert!(found.light_curve().is_none() && found.cause == Cause::ToneCurve, "{}", found.sentence());
}

#[test]
fn eight_bits_through_a_curve_at_sixteen_leave_a_comb() {
    let data: Vec<u16> = scene(2.0, 17)
        .iter()
        .flatten()
        .map(|v| ((v.round() / 255.0).powf(0.8) * 65535.0).round() as u16)
        .collect();
    let found = look(&Image::from_rgb16(W, H, &data).unwrap());
    assert_eq!(found.cause, Cause::ToneCurve, "{:?}", found.sentence());
    assert_eq!(found.grids[0].steps_by_code.as_ref().unwrap().len(), 65536);
    assert!((0.7..1.5).contains(&found.grids[0].step_codes));
}

#[test]
fn a_deep_gradient_of_two_colours_is_no_palette_and_its_eight_bit_twin_is() {
    let at = |i: usize| (0.9 * (i % W) as f32 + 0.4 * (i / W) as f32) / 400.0;
    let colors: Vec<[f32; 3]> =
        (0..W * H).map(at).map(|t| [30.0 + 60.0 * t, 60.0 + 80.0 * t, 120.0 + 60.0 * t]).collect();
    let deep: Vec<u16> = colors.iter().flatten().map(|v| (v * 257.0).round() as u16).collect();
    let found = look(&Image::from_rgb16(W, H, &deep).unwrap());
    assert_eq!((found.cause, found.visible), (Cause::Plain, false));
    let plain = look(&rgb8(&colors, |v| v));
    for unit in [257, 256] {
        let twin: Vec<u16> = colors.iter().flatten().map(|v| v.round() as u16 * unit).collect();
        let twin = look(&Image::from_rgb16(W, H, &twin).unwrap());
        assert_eq!((twin.cause, twin.visible), (Cause::Palette, plain.visible));
        for (a, b) in plain.grids.iter().zip(&twin.grids) {
            let (a, b) = (a.steps_by_code.as_ref().unwrap(), b.steps_by_code.as_ref().unwrap());
            assert_eq!(b.len(), 65536);
            assert!((0..256).all(|code| a[code].to_bits() == b[code * usize::from(unit)].to_bits()));
        }
    }
}

#[test]
fn flat_colours_between_bars_are_no_grid() {
    // The tones are 0 to 2 steps of 4 or 5 bits apart: a bar and a wall, a night with a moon.
    let chroma = vec![128; W * H / 4];
    for tones in [[16, 34, 34], [16, 50, 50], [16, 33, 200], [16, 35, 36]] {
        let luma: Vec<u8> = (0..W * H)
            .map(|i| match (i % W, i / W) {
                (_, row) if !(40..H - 40).contains(&row) => tones[0],
                (column, _) if column > 240 => tones[2],
                _ => tones[1],
            })
            .collect();
        let image =
            Image::from_yuv420(W, H, [&luma, &chroma, &chroma], Matrix::Bt709, Range::Limited).unwrap();
        assert!(look(&image).grids.iter().all(|grid| !grid.found), "{tones:?}");
    }
}

#[test]
fn stored_planes_are_looked_at_as_they_are() {
    let six = grid(6);
    let luma: Vec<u8> = scene(1.0, 18).iter().map(|p| six(p[1] * 0.8 + 16.0) as u8).collect();
    let chroma: Vec<u8> =
        (0..W / 2 * H / 2).map(|i| 118 + (i % 160 / 10) as u8 + (i / 160 / 16) as u8).collect();
    let image = Image::from_yuv420(W, H, [&luma, &chroma, &chroma], Matrix::Bt709, Range::Limited).unwrap();
    let found = look(&image);
    assert_eq!((found.cause, found.space, found.half_chroma), (Cause::PlaneGrid, Space::Native, true));
    assert!(found.grids[0].found && close(found.grids[0].step_codes, 4.713), "{found:?}");
    assert!(!found.grids[1].found);
    // The sample on level 20 is on the reported grid.
    let grid = &found.grids[0];
    let value = ((20.0f32 * 255.0 / 63.0).round() - 16.0) / 219.0 * 255.0;
    let cells = (value - grid.offset_codes) / grid.step_codes;
    assert!((cells - cells.round()).abs() < 0.15, "{cells}");
}

#[test]
fn threads_and_vector_instructions_change_nothing() {
    use unband_simd::Level;
    let images =
        [rgb8(&scene(1.0, 19), |v| v), through_yuv(&scene(1.0, 20), Matrix::Bt601, &grid(6), &|v| v)];
    for image in images {
        let one = inspect(
            &image,
            &Context::with(|new| {
                new.threads = 1;
                new.level = Level::Scalar;
            }),
        );
        for level in Level::all() {
            for threads in [1, 3] {
                assert_eq!(
                    inspect(
                        &image,
                        &Context::with(|new| {
                            new.threads = threads;
                            new.level = level;
                        })
                    ),
                    one
                );
            }
        }
    }
}

#[test]
fn tiny_and_broken_images_are_answered() {
    for (w, h) in [(1, 1), (2, 2), (3, 3), (1, 400), (400, 1), (8, 8), (9, 17)] {
        let rgb: Vec<u8> = (0..w * h * 3).map(|i| (i * 7) as u8).collect();
        assert_eq!(look(&Image::from_rgb8(w, h, &rgb).unwrap()).grids.len(), 3);
        assert_eq!(look(&Image::from_gray(w, h, &rgb[..w * h]).unwrap()).grids.len(), 1);
        let (cw, ch) = Subsampling::HALF.chroma_size(w, h);
        let chroma = vec![128u8; cw * ch];
        let yuv = Image::from_yuv420(w, h, [&rgb[..w * h], &chroma, &chroma], Matrix::Bt601, Range::Full);
        assert_eq!(look(&yuv.unwrap()).grids.len(), 3);
    }
    let mut image = rgb8(&scene(1.0, 21), |v| v);
    image.planes[0].data[5] = f32::NAN;
    image.planes[1].data[6] = f32::INFINITY;
    image.planes[2].data[7] = -1e30;
    assert_eq!(look(&image).cause, Cause::Plain);
    image.planes[1] = Plane { width: 4, height: 4, data: vec![0.0; 3] };
    assert_eq!(look(&image).cause, Cause::Plain);
    image.planes.clear();
    assert_eq!(look(&image).grids.len(), 0);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn no_image_makes_it_panic(
        w in 1usize..70, h in 1usize..70, bits in 1u8..=16, kind in 0usize..3, seed in any::<u64>(), amplitude in 0.0f32..2.0,
    ) {
        let rng = Rng::new(seed);
        let depth = Depth::Int(bits);
        let plane = |p: u32, w: usize, h: usize| Plane {
            width: w,
            height: h,
            data: (0..w * h)
                .map(|i| depth.value(depth.code(rng.unit_at(0, p, i as u32, 0) * amplitude)))
                .collect(),
        };
        let (planes, model) = match kind {
            0 => (vec![plane(0, w, h)], Model::Gray),
            1 => ((0..3).map(|p| plane(p, w, h)).collect(), Model::Rgb),
            _ => {
                let subsampling = Subsampling::HALF;
                let (cw, ch) = subsampling.chroma_size(w, h);
                let model = Model::Yuv { matrix: Matrix::Bt601, range: Range::Limited, subsampling };
                (vec![plane(0, w, h), plane(1, cw, ch), plane(2, cw, ch)], model)
            }
        };
        let found = look(&Image::new(planes, model, depth));
        prop_assert!(found.grids.iter().all(|g| g.step_codes.is_finite() && g.offset_codes.is_finite()));
        prop_assert!(found.map.share.iter().all(|s| (0.0..=1.0).contains(s)));
        prop_assert!(!found.sentence().is_empty());
    }
}

#[test]
fn planes_of_video_are_called_luma_and_chroma() {
    let (w, h) = (320, 256);
    let cut = |code: usize| (((code * 63 + 127) / 255 * 255 + 31) / 63) as u8;
    let luma: Vec<u8> = (0..w * h).map(|i| cut(40 + (i % w) / 3 + (i / w) / 4)).collect();
    let chroma: Vec<u8> = (0..w * h / 4).map(|i| (100 + (i % (w / 2)) / 5) as u8).collect();
    let video = Image::from_yuv420(w, h, [&luma, &chroma, &chroma], Matrix::Bt709, Range::Full).unwrap();
    let found = inspect(&video, &Context::default());
    assert_eq!((found.cause, found.space), (Cause::PlaneGrid, Space::Native));
    assert!(
        found.sentence().starts_with("luma was quantised to 6 bits (steps of 4.0 codes)"),
        "{}",
        found.sentence()
    );
}
