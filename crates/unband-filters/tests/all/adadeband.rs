//! `adadeband` compared with its authors' frames, and invariants for any image.
#![allow(clippy::unwrap_used, clippy::float_cmp, clippy::print_stdout)]

use crate::bband_golden;
use bband_golden::{SIZE, read_png, unpacked};
use unband_filters::adadeband::{AdaDebandParams, ENTRY, Tally, Temporal, Variant, adadeband_plane};
use unband_image::Method;
use unband_image::dither::Grid;
use unband_image::findings::Findings;
use unband_image::tile::restore_in_place;
use unband_image::{Context, Depth, Image, Matrix, Model, Plane, Range, RestoreError, Subsampling, With};
use unband_simd::Level;

/// Number of differing codes, and the sum of differences.
fn apart(a: &[u8], b: &[u8]) -> (usize, u32) {
    assert_eq!(a.len(), b.len());
    let differences = a.iter().zip(b).map(|(a, b)| u32::from(a.abs_diff(*b))).filter(|&d| d > 0);
    differences.fold((0, 0), |(count, sum), d| (count + 1, sum + d))
}

fn run(codes: &[u8], size: (usize, usize), params: &AdaDebandParams, ctx: &Context<'_>) -> (Vec<u8>, Tally) {
    let mut out = vec![0; codes.len()];
    let tally = adadeband_plane(&mut out, codes, size.0, size.1, params, ctx).unwrap();
    (out, tally)
}

#[test]
fn frames_come_out_as_from_the_original() {
    let ctx = Context::default();
    for (name, changed, tally) in [
        ("sky2", 640_071, Tally { samples: 1_216_947, half_windows: 42_084_387, largest: 64, astray: 157 }),
        ("plant1", 896_313, Tally { samples: 1_766_709, half_windows: 77_423_951, largest: 64, astray: 132 }),
    ] {
        let codes = read_png(&format!("{name}.png"));
        let want = read_png(&format!("{name}-adadeband.png"));
        assert_eq!(apart(&codes, &want).0, changed, "{name}");
        let (got, counted) = run(&codes, SIZE, &AdaDebandParams::default(), &ctx);
        let (differing, sum) = apart(&got, &want);
        println!("{name}: {differing} samples differ, by {sum} in all; {counted:?}");
        assert_eq!(counted, tally, "{name}");
        assert_eq!((differing, sum), (0, 0), "{name}");
        assert!(got.iter().zip(&codes).all(|(a, b)| a.abs_diff(*b) <= 2), "{name}");
    }
}

#[test]
fn a_clip_comes_out_as_from_the_original() {
    let (w, h) = (512, 256);
    let (clip, want) = (unpacked("clip.yuv.gz"), unpacked("clip-adadeband.yuv.gz"));
    let frame = w * h * 3 / 2;
    assert_eq!((clip.len(), want.len()), (8 * frame, 8 * frame));
    for threads in [1, 3] {
        let mut temporal = Temporal::new(&AdaDebandParams::default());
        let mut changed = 0;
        for (i, (before, after)) in clip.chunks(frame).zip(want.chunks(frame)).enumerate() {
            let ctx = Context::with(|new| new.threads = threads);
            let got = temporal.next_frame(&before[..w * h], w, h, &ctx).unwrap();
            assert_eq!(apart(&got, &after[..w * h]), (0, 0), "frame {i}");
            assert_eq!(before[w * h..], after[w * h..], "chroma of frame {i}");
            changed += apart(&got, &before[..w * h]).0;
        }
        assert!(changed > 100_000, "{changed}");
    }
}

/// Bands along and across, some brighter on the left, and rough patches.
fn painted(w: usize, h: usize) -> Vec<u8> {
    let code = |x: usize, y: usize| {
        let rough = if (x / 60 + y / 50).is_multiple_of(5) { (x * 7919 + y * 104_729) % 41 } else { 0 };
        let wave = (f64::from(x as u32) / 90.0).sin() * 6.0 + (f64::from(y as u32) / 70.0).cos() * 4.0;
        (80.0 + wave).round() as usize + rough
    };
    (0..w * h).map(|i| code(i % w, i / w).min(255) as u8).collect()
}

fn restored(image: &Image, settings: &[(&str, &str)], ctx: &Context<'_>) -> Image {
    let findings = Findings::plain(image.planes.len(), image.depth.bits());
    let restorer = Method::from_texts(&ENTRY, settings.iter().copied()).unwrap().prepare().unwrap()(
        image, &findings, ctx,
    )
    .unwrap();
    assert_eq!(restorer.rounds_to(), Some(ctx.output.unwrap_or(image.depth)));
    let mut out = image.clone();
    restore_in_place(&mut out, &*restorer, 64, &mut |_, _| {}, ctx).unwrap();
    out
}

#[test]
fn threads_and_instructions_do_not_matter() {
    let size = (701, 403);
    let codes = painted(size.0, size.1);
    let params = AdaDebandParams::default();
    let with = |threads, level| {
        run(
            &codes,
            size,
            &params,
            &Context::with(|new| {
                new.threads = threads;
                new.level = level;
            }),
        )
    };
    let want = with(1, Level::best());
    assert!(apart(&want.0, &codes).0 > 50_000, "{:?}", apart(&want.0, &codes));
    for level in Level::all() {
        for threads in [1, 2, 7] {
            assert!(with(threads, level) == want, "{level:?}, {threads} threads");
        }
    }
}

#[test]
fn every_model_gets_the_change_of_its_luma_and_keeps_its_chroma() {
    let (w, h) = (320, 240);
    let codes = painted(w, h);
    let ctx = Context::with(|new| new.threads = 2);
    let want = run(&codes, (w, h), &AdaDebandParams::default(), &ctx).0;
    assert!(apart(&want, &codes).0 > 10_000);

    let gray = Image::from_gray(w, h, &codes).unwrap();
    assert_eq!(restored(&gray, &[], &ctx).to_gray::<u8>().unwrap(), want);

    let chroma: Vec<u8> = (0..w * h / 4).map(|i| 100 + (i % 37) as u8).collect();
    for range in [Range::Limited, Range::Full] {
        let yuv = Image::from_yuv420(w, h, [&codes, &chroma, &chroma], Matrix::Bt709, range).unwrap();
        let out = restored(&yuv, &[], &ctx);
        assert!(out.planes[1] == yuv.planes[1] && out.planes[2] == yuv.planes[2]);
        assert_eq!(out.to_yuv8().unwrap()[0], want);
    }

    // Colours whose luma alone changes from place to place.
    let colors: Vec<u8> = codes.iter().flat_map(|&c| [c, c - 20, c + 60]).collect();
    let rgb = Image::from_rgb8(w, h, &colors).unwrap();
    let out = restored(&rgb, &[], &ctx).to_rgb8().unwrap();
    let mut changed = 0;
    for (before, after) in colors.chunks(3).zip(out.chunks(3)) {
        let moves: Vec<_> = before.iter().zip(after).map(|(a, b)| i32::from(*b) - i32::from(*a)).collect();
        assert!(moves.iter().all(|&m| m == moves[0]), "{moves:?}");
        assert!(moves[0].abs() <= 2, "{moves:?}");
        changed += usize::from(moves[0] != 0);
    }
    assert!(changed > 10_000, "{changed}");
}

/// The image at another depth, its samples on that grid.
fn at_depth(codes: &[f64], (w, h): (usize, usize), model: Model, depth: Depth) -> Image {
    let eight = Grid::of_bits(model, 0, 8);
    let values = codes.iter().map(|&code| {
        let value = (code as f32 - eight.zero) / eight.scale;
        match Grid::new(model, 0, depth) {
            Some(Grid { scale, zero, .. }) => ((value * scale + zero).round() - zero) / scale,
            None => value,
        }
    });
    let plane = Plane { width: w, height: h, data: values.collect() };
    let mut planes = vec![plane];
    if model != Model::Gray {
        planes.extend(vec![Plane::filled(w.div_ceil(2), h.div_ceil(2), 0.5); 2]);
    }
    Image::new(planes, model, depth)
}

const YUV: Model =
    Model::Yuv { matrix: Matrix::Bt709, range: Range::Limited, subsampling: Subsampling::HALF };

#[test]
fn deep_copies_of_8_bit_bands_are_averaged_alike_and_rounded_to_the_output() {
    let (w, h) = (320, 240);
    let codes = painted(w, h);
    let wide: Vec<f64> = codes.iter().map(|&c| f64::from(c)).collect();
    let want = run(&codes, (w, h), &AdaDebandParams::default(), &Context::default()).0;
    for model in [Model::Gray, YUV] {
        for depth in [Depth::Int(10), Depth::SIXTEEN, Depth::F32] {
            let image = at_depth(&wide, (w, h), model, depth);
            for output in [None, Some(Depth::EIGHT), Some(Depth::Int(12))] {
                let out = restored(&image, &[], &Context::with(|new| new.output = output));
                let eight = Grid::of_bits(model, 0, 8);
                let to_eight = |v: f32| f64::from(v) * f64::from(eight.scale) + f64::from(eight.zero);
                let leaves = output.unwrap_or(depth);
                let (mut far, mut changed) = (0, 0);
                for ((&before, &after), &want) in
                    image.planes[0].data.iter().zip(&out.planes[0].data).zip(&want)
                {
                    if before == after {
                        continue;
                    }
                    changed += 1;
                    if let Some(Grid { scale, zero, .. }) = Grid::new(model, 0, leaves) {
                        let code = after * scale + zero;
                        assert!((code - code.round()).abs() < 0.01, "{code} is not a code of {leaves}");
                    }
                    far += usize::from((to_eight(after) - f64::from(want)).abs() > 0.54);
                    let moved = (to_eight(after) - to_eight(before)).abs();
                    assert!(moved < 2.6, "{moved}");
                }
                // Grey 10-bit codes are not multiples of 8-bit ones: some round differently.
                let most = if (model, depth) == (Model::Gray, Depth::Int(10)) { changed / 5 } else { 0 };
                assert!(far <= most, "{model:?} {depth} to {leaves}: {far} of {changed}");
                assert!(changed > 10_000, "{model:?} {depth} to {leaves}: {changed}");
                assert!(out.planes[1..] == image.planes[1..]);
            }
        }
    }
}

#[test]
fn smooth_slopes_stay_unless_rounding_would_band_them() {
    let (w, h) = (640, 200);
    let slope: Vec<f64> = (0..w * h).map(|i| 60.0 + 24.0 * (i % w) as f64 / w as f64).collect();
    for (model, depth) in [(Model::Gray, Depth::SIXTEEN), (YUV, Depth::Int(12)), (Model::Gray, Depth::F32)] {
        let image = at_depth(&slope, (w, h), model, depth);
        assert!(restored(&image, &[], &Context::default()) == image, "{model:?} {depth}");
        let shallow = Context::with(|new| new.output = Some(Depth::EIGHT));
        assert!(restored(&image, &[], &shallow) != image, "{model:?} {depth}");
    }
}

#[test]
fn without_bands_nothing_changes() {
    let ctx = Context::default();
    let (w, h) = (300, 200);
    let rough: Vec<u8> = (0..w * h).map(|i: usize| (i.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
    let high: Vec<u8> = (0..w * h).map(|i| if i % w < 150 { 40 } else { 90 }).collect();
    for codes in [vec![0; w * h], vec![77; w * h], vec![255; w * h], rough, high] {
        let (out, tally) = run(&codes, (w, h), &AdaDebandParams::default(), &ctx);
        assert!(out == codes);
        assert_eq!(tally, Tally::default());
    }
}

#[test]
fn both_bands_at_an_edge_that_is_brighter_on_its_left_are_found_when_fixed() {
    let (w, h) = (300, 100);
    let bands = |brighter_left: bool| -> Vec<u8> {
        (0..w * h).map(|i| 100 + u8::from((i % w < 150) == brighter_left)).collect()
    };
    let ctx = Context::default();
    let with = |codes: &[u8], variant| {
        let params = AdaDebandParams { variant, ..AdaDebandParams::default() };
        run(codes, (w, h), &params, &ctx)
    };
    let (_, right) = with(&bands(false), Variant::Original);
    assert_eq!((right.astray, right.samples > w * h * 9 / 10), (0, true), "{right:?}");
    let (_, left) = with(&bands(true), Variant::Original);
    assert_eq!(left.astray, 1);
    assert!(left.samples < right.samples * 6 / 10, "{left:?}");
    let (out, fixed) = with(&bands(true), Variant::Fixed);
    assert_eq!((fixed.astray, fixed.samples), (1, right.samples));
    assert!(apart(&out, &bands(true)).0 > 1000);
    assert!(with(&bands(false), Variant::Fixed).0 == with(&bands(false), Variant::Original).0);
}

#[test]
fn noise_and_seed_do_what_they_say() {
    let (w, h) = (320, 240);
    let codes = painted(w, h);
    let ctx = Context::default();
    let gray = Image::from_gray(w, h, &codes).unwrap();
    let plain = restored(&gray, &[], &ctx);
    assert!(restored(&gray, &[("seed", "1011")], &ctx) == plain);
    assert!(restored(&gray, &[("seed", "7")], &ctx) != plain);
    let second = Context::with(|new| new.frame = 1);
    assert!(restored(&gray, &[], &second) == restored(&gray, &[("seed", "1012")], &ctx));
    let roughness = |image: &Image| {
        let rows = image.planes[0].data.chunks(w);
        rows.flat_map(|row| row.windows(2).map(|p| f64::from((p[0] - p[1]).abs()))).sum::<f64>()
    };
    let deep = Context::with(|new| new.output = Some(Depth::SIXTEEN));
    let calm = restored(&gray, &[("noise", "0")], &deep);
    assert!(calm != gray);
    assert!(roughness(&calm) < roughness(&restored(&gray, &[], &deep)));
}

#[test]
fn videos_restart_at_cuts_and_other_sizes_and_keep_going_over_flat_frames() {
    let size = (320, 240);
    let codes = painted(size.0, size.1);
    let ctx = Context::default();
    let params = AdaDebandParams::default();
    let mut video = Temporal::new(&params);
    let first = video.next_frame(&codes, size.0, size.1, &ctx).unwrap();
    assert!(first == run(&codes, size, &params, &ctx).0);
    let held = video.next_frame(&codes, size.0, size.1, &ctx).unwrap();
    video.cut();
    let again = video.next_frame(&codes, size.0, size.1, &ctx).unwrap();
    // The limit may prevent a change from one end of the noise to the other; a return to the input is
    // allowed.
    let jumps = |a: &[u8], b: &[u8]| {
        let samples = a.iter().zip(b).zip(&codes);
        samples.filter(|((a, b), code)| a.abs_diff(**b) > 1 && b != code).count()
    };
    assert_eq!(jumps(&first, &held), 0);
    assert!(jumps(&held, &again) > 100);
    let mut skipping = Temporal::new(&params);
    let flat = vec![50; size.0 * size.1];
    assert!(skipping.next_frame(&flat, size.0, size.1, &ctx).unwrap() == flat);
    assert!(skipping.next_frame(&codes[..320 * 100], 320, 100, &ctx).unwrap() != codes[..320 * 100]);
    assert!(matches!(video.next_frame(&codes, 3, 3, &ctx), Err(RestoreError::Unsupported { .. })));
}

#[test]
fn tiny_images_odd_samples_and_wrong_buffers_are_no_panics() {
    let ctx = Context::with(|new| new.threads = 2);
    for (w, h) in [(1, 1), (9, 9), (16, 1), (1, 40), (3, 130), (64, 6), (65, 65)] {
        let codes: Vec<u8> = (0..w * h).map(|i| 30 + (i % w / 5) as u8).collect();
        run(&codes, (w, h), &AdaDebandParams::default(), &ctx);
    }
    for odd in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, 1e30, -3.0] {
        for depth in [Depth::EIGHT, Depth::SIXTEEN, Depth::F32] {
            let codes: Vec<f64> = painted(200, 150).into_iter().map(f64::from).collect();
            let mut gray = at_depth(&codes, (200, 150), Model::Gray, depth);
            gray.planes[0].data.iter_mut().step_by(7001).for_each(|v| *v = odd);
            let mut rgb = Image::new(vec![gray.planes[0].clone(); 3], Model::Rgb, depth);
            rgb.planes[2].data[555] = odd;
            for image in [gray, rgb] {
                let out = restored(&image, &[], &ctx);
                for (before, after) in image.planes.iter().zip(&out.planes) {
                    for (&before, &after) in before.data.iter().zip(&after.data) {
                        let wild = !(0.0..=1.0).contains(&before);
                        assert!(!wild || before.to_bits() == after.to_bits(), "{before} became {after}");
                    }
                }
            }
        }
    }
    let mut out = [0; 4];
    let params = AdaDebandParams::default();
    assert!(adadeband_plane(&mut out, &[1; 5], 2, 2, &params, &ctx).is_err());
    assert!(adadeband_plane(&mut out[..3], &[1; 4], 2, 2, &params, &ctx).is_err());
    assert!(adadeband_plane(&mut [], &[], 0, 2, &params, &ctx).is_err());
}

#[test]
fn cancelling_stops_the_work() {
    let stop = std::sync::atomic::AtomicBool::new(true);
    let ctx = Context::with(|new| new.cancel = &stop);
    let codes = painted(200, 100);
    let params = AdaDebandParams::default();
    let result = adadeband_plane(&mut vec![0; codes.len()], &codes, 200, 100, &params, &ctx);
    assert!(matches!(result, Err(RestoreError::Cancelled)));
}
