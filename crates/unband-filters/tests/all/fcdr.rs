//! FCDR detects the same pixels as the reference and changes nothing else.
#![allow(clippy::unwrap_used)]

use std::path::PathBuf;

use unband_filters::fcdr::{Fcdr, FcdrParams, MapCounts, Thresholds, detect_plane};
use unband_image::tile::restore_in_place;
use unband_image::{Context, Depth, Image, Matrix, Range, Restorer, Rng, With};
use unband_simd::Level;

fn read_png(name: &str) -> (usize, usize, Vec<u8>) {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../golden/fcdr").join(name);
    let file = std::io::BufReader::new(std::fs::File::open(path).unwrap());
    let mut reader = png::Decoder::new(file).read_info().unwrap();
    let mut data = vec![0; reader.output_buffer_size().unwrap()];
    let info = reader.next_frame(&mut data).unwrap();
    assert_eq!((info.color_type, info.bit_depth), (png::ColorType::Grayscale, png::BitDepth::Eight));
    (info.width as usize, info.height as usize, data)
}

fn counts(steps: usize, candidates: usize, contours: usize) -> MapCounts {
    MapCounts { steps, candidates, contours }
}

#[test]
fn maps_hold_as_many_pixels_as_the_references() {
    let params = FcdrParams::default();
    for (name, want) in
        [("sky2.png", counts(93_816, 90_678, 65_532)), ("plant1.png", counts(127_764, 39_941, 17_978))]
    {
        let (w, h, codes) = read_png(name);
        assert_eq!((w, h), (960, 540));
        for level in Level::all() {
            // An 8-bit code is one 8-bit code, 4 limited-range 10-bit codes, 257 16-bit codes.
            for unit in [1u16, 4, 257] {
                let plane: Vec<u16> = codes.iter().map(|&c| u16::from(c) * unit).collect();
                let thresholds = Thresholds::new(&params, f64::from(unit));
                let maps = detect_plane(level, &plane, w, h, &thresholds).unwrap();
                assert_eq!(maps.counts(), want, "{name} {level:?} {unit}");
            }
        }
    }
}

#[test]
fn flat_images_and_single_steps_are_judged_as_described() {
    let thresholds = Thresholds::new(&FcdrParams::default(), 1.0);
    let maps = |plane: &[u16]| detect_plane(Level::best(), plane, 40, 40, &thresholds).unwrap();
    assert_eq!(maps(&[77; 1600]).counts(), counts(0, 0, 0));
    let step =
        |height: u16| -> Vec<u16> { (0..1600).map(|i| 50 + height * u16::from(i % 40 >= 20)).collect() };
    let one = maps(&step(1));
    assert_eq!(one.counts(), counts(80, 80, 80));
    assert!(one.contours().enumerate().all(|(i, on)| on == matches!(i % 40, 19 | 20)));
    assert_eq!(maps(&step(3)).counts(), counts(80, 0, 0));
    assert!(detect_plane(Level::best(), &[0; 9], 2, 4, &thresholds).is_err());
    for size in [(0, 0), (0, 5), (1, 1), (1, 9), (9, 1), (3, 2)] {
        let plane: Vec<u16> = (0..size.0 * size.1).map(|i| (i % 2) as u16).collect();
        let maps = detect_plane(Level::best(), &plane, size.0, size.1, &thresholds).unwrap();
        assert_eq!(maps.contours().count(), size.0 * size.1);
    }
}

fn restored(image: &Image, tile: usize, ctx: &Context<'_>) -> Image {
    let filter = Fcdr::new(&FcdrParams::default(), image).unwrap();
    let mut out = image.clone();
    restore_in_place(&mut out, &filter, tile, &mut |_, _| {}, ctx).unwrap();
    out
}

/// Removal by its description, one sample at a time: `on` is the mask of contour samples.
fn removed(plane: &[f32], on: &[bool], (w, h): (usize, usize), key: u32, rng: Rng) -> (Vec<f32>, Vec<bool>) {
    let window = |x: usize, y: usize| {
        (0..81).map(move |k| {
            let at = |v: usize, d: usize, size: usize| (v + d).saturating_sub(4).min(size - 1);
            at(y, k / 9, h) * w + at(x, k % 9, w)
        })
    };
    let near: Vec<bool> = (0..w * h).map(|i| window(i % w, i / w).any(|k| on[k])).collect();
    let scattered: Vec<f32> = (0..w * h)
        .map(|i| {
            let (x, y) = (i % w, i / w);
            let choice = (u64::from(rng.at(0, key, x as u32, y as u32)) * 81) >> 32;
            if near[i] { plane[window(x, y).nth(choice as usize).unwrap()] } else { plane[i] }
        })
        .collect();
    let mean = |i: usize| window(i % w, i / w).map(|k| f64::from(scattered[k])).sum::<f64>() / 81.0;
    ((0..w * h).map(|i| if near[i] { mean(i) as f32 } else { plane[i] }).collect(), near)
}

fn apart(a: &[f32], b: &[f32]) -> f32 {
    assert_eq!(a.len(), b.len());
    a.iter().zip(b).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max)
}

#[test]
fn contours_are_scattered_and_averaged_and_nothing_else_changes() {
    let (w, h, codes) = read_png("plant1.png");
    let (w, h) = (w.min(120), h.min(100));
    let codes: Vec<u8> =
        codes.chunks(960).skip(200).take(h).flat_map(|row| row[300..300 + w].to_vec()).collect();
    let thresholds = Thresholds::new(&FcdrParams::default(), 1.0);
    let wide: Vec<u16> = codes.iter().map(|&c| c.into()).collect();
    let on: Vec<bool> = detect_plane(Level::best(), &wide, w, h, &thresholds).unwrap().contours().collect();
    let share = on.iter().filter(|&&on| on).count();
    assert!(share > 100 && share < w * h / 2, "{share}");
    let ctx = Context::with(|new| {
        new.threads = 2;
        new.rng = Rng::new(5);
    });
    let image = Image::from_gray(w, h, &codes).unwrap();
    let out = restored(&image, 64, &ctx);
    let (want, near) = removed(&image.planes[0].data, &on, (w, h), 0, ctx.rng);
    assert!(apart(&out.planes[0].data, &want) < 1e-6);
    let untouched = near.iter().filter(|near| !**near).count();
    assert!(untouched > w * h / 20 && untouched < w * h);
    let pairs = out.planes[0].data.iter().zip(&image.planes[0].data).zip(&near);
    assert!(pairs.filter(|(_, near)| !**near).all(|((a, b), _)| a.to_bits() == b.to_bits()));
    // Another seed, another result.
    let other = restored(&image, 64, &ctx.but(|new| new.rng = Rng::new(6)));
    assert_ne!(other, out);

    // The same image at other depths gives the same values.
    let wide: Vec<u16> = wide.iter().map(|c| c * 257).collect();
    let deep = restored(&Image::from_gray(w, h, &wide).unwrap(), 64, &ctx);
    assert!(apart(&deep.planes[0].data, &want) < 1e-6);
    let mut float = image.clone();
    float.depth = Depth::F32;
    assert!(apart(&restored(&float, 64, &ctx).planes[0].data, &want) < 1e-6);

    // Smaller chroma: contours of luma, in the plane's own samples and with its own random choice.
    let chroma: Vec<u8> = codes.chunks(2 * w).flat_map(|rows| rows[..w].iter().step_by(2).copied()).collect();
    let (cw, ch) = (w / 2, h / 2);
    let mut on_chroma = vec![false; cw * ch];
    on.iter()
        .enumerate()
        .filter(|(_, on)| **on)
        .for_each(|(i, _)| on_chroma[i / w / 2 * cw + i % w / 2] = true);
    for range in [Range::Limited, Range::Full] {
        let yuv = Image::from_yuv420(w, h, [&codes, &chroma, &chroma], Matrix::Bt709, range).unwrap();
        let out = restored(&yuv, 64, &ctx);
        for (p, size, on) in [(0, (w, h), &on), (1, (cw, ch), &on_chroma), (2, (cw, ch), &on_chroma)] {
            let (want, _) = removed(&yuv.planes[p].data, on, size, p as u32, ctx.rng);
            let off = apart(&out.planes[p].data, &want);
            assert!(off < 1e-6, "{range:?} plane {p}: off by {off}");
        }
    }
    // RGB: grey pixels use their own grey, and stay grey.
    let rgb: Vec<u8> = codes.iter().flat_map(|&c| [c; 3]).collect();
    let out = restored(&Image::from_rgb8(w, h, &rgb).unwrap(), 64, &ctx);
    for plane in &out.planes {
        assert!(apart(&plane.data, &want) < 1e-6);
    }
}

#[test]
fn a_contour_becomes_a_ramp_and_needs_a_dither() {
    let codes: Vec<u8> = (0..90 * 60).map(|i| 100 + u8::from(i % 90 >= 45)).collect();
    let image = Image::from_gray(90, 60, &codes).unwrap();
    let filter = Fcdr::new(&FcdrParams::default(), &image).unwrap();
    assert_eq!(filter.rounds_to(), Some(Depth::F32));
    let out = restored(&image, 64, &Context::default());
    let column = |x: usize| (0..60).map(|y| out.planes[0].row(y)[x]).sum::<f32>() / 60.0 * 255.0;
    let levels: Vec<f32> = (38..52).map(column).collect();
    assert!(levels.is_sorted() && levels[0] < 100.02 && levels[13] > 100.98, "{levels:?}");
    let steps: Vec<f32> = levels.windows(2).map(|pair| pair[1] - pair[0]).collect();
    assert!(steps.iter().all(|&step| step < 0.2), "{steps:?}");
}
