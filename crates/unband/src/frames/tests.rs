//! Frames in any order and in order, as images and as bytes.

use std::sync::Arc;

use unband_filters::smooth;
use unband_image::{Color, Matrix, Method, Model, Range, Rng, Subsampling, With};

use super::*;
use crate::{Choice, Context, Depth, Image, Options, OutputDepth, Plane, PlaneView, PlaneViewMut};

const HALF: Model =
    Model::Yuv { matrix: Matrix::Bt709, range: Range::Limited, subsampling: Subsampling::HALF };

fn format(name: &str, model: Model, (width, height): (usize, usize), lossy: bool) -> FrameFormat {
    FrameFormat {
        width,
        height,
        pixels: PixelFormat::by_name(name).unwrap(),
        color: Color::new(model),
        lossy,
    }
}

fn how(method: &str, depth: OutputDepth, temporal: Temporal, everywhere: bool) -> FrameOptions {
    let method = Choice::Named(Method::new(crate::method(method).unwrap()));
    FrameOptions { options: Options { method, depth, everywhere, ..Options::default() }, temporal }
}

/// All results of a processor, in order.
fn all<F: Frame>(how: &FrameOptions, frames: Vec<F>, shot: Option<&Arc<Shot>>) -> Vec<Finished<F, usize>> {
    let ctx = Context::with(|new| new.threads = 2);
    let mut processor = FrameProcessor::new(how.clone(), &ctx);
    let mut done = Vec::new();
    for (t, frame) in frames.into_iter().enumerate() {
        match shot {
            Some(shot) => processor.push_known(t, frame, t == 0, Some(shot), true).unwrap(),
            None => processor.push(t, frame).unwrap(),
        }
        while let Some(finished) = processor.next().unwrap() {
            done.push(finished);
        }
    }
    processor.finish();
    while let Some(finished) = processor.next().unwrap() {
        done.push(finished);
    }
    done
}

#[test]
fn methods_on_codes_give_what_they_give_on_images() {
    for (name, bits) in [("yuv420p", 8u8), ("yuva420p", 8), ("yuv420p10le", 10)] {
        let format = format(name, HALF, (90, 70), true);
        let bytes_each = format.pixels.sample_bytes();
        let codes = 0..format.frame_bytes() / bytes_each;
        let code = |i: usize, number: usize| (60 + 3 * number + i % 90 / 9 + i / 900) << (bits - 8);
        let frame = |number| {
            let bytes = |i| (code(i, number) as u16).to_le_bytes()[..bytes_each].to_vec();
            PackedFrame { format, bytes: codes.clone().flat_map(bytes).collect() }
        };
        for method in ["gradfun", "ffmpeg-deband", "f3kdb"] {
            let how = how(method, OutputDepth::Keep, Temporal::default(), false);
            let done = all(&how, (0..3).map(frame).collect(), None);
            assert!(done.len() == 3 && done.iter().all(|one| one.done.changed));
            let ctx = Context::default();
            let first = frame(0);
            let shot = Shot::inspect(&[&first], &Arc::new(how.clone()), &ctx).unwrap();
            assert!(
                first
                    .restore_codes(&*prepared(&shot, &first), Depth::Int(bits), None, &ctx)
                    .unwrap()
                    .is_some()
            );
            for (number, done) in done.iter().enumerate() {
                let before = frame(number);
                let image = format.read(&before.bytes).unwrap();
                let (image, _) = crate::deband_with(image, &how.options, &ctx).unwrap();
                let want = before.with_samples(&image, None).unwrap();
                assert!(done.frame == want && want != before, "{name} {method} frame {number}");
            }
        }
    }
}

/// The method of a shot, for an image.
/// As `neo_f3kdb` does: its grain is visible at every depth.
#[test]
fn moving_grain_of_others_moves_at_every_depth() {
    for (name, bits) in [("yuv420p", 8), ("yuv420p10le", 10), ("yuv420p16le", 16)] {
        let format = format(name, HALF, (64, 48), true);
        let frame = PackedFrame { format, bytes: vec![60; format.frame_bytes()] };
        let mut how = how("f3kdb", OutputDepth::Keep, Temporal::default(), false);
        how.options.method = Choice::Named(crate::parse_method("f3kdb:dynamic_grain=1,frames=3").unwrap());
        let done = all(&how, vec![frame.clone(), frame.clone(), frame], None);
        assert!(done[1].frame != done[2].frame, "{bits} bits");
    }
}

fn prepared(shot: &Shot, frame: &PackedFrame) -> Box<dyn unband_image::Restorer> {
    let image = frame.read(Vec::new()).unwrap();
    (shot.choices.prepare)(&image, shot.findings(), &Context::default()).unwrap()
}

#[test]
fn texture_next_to_a_banded_slope_keeps_its_codes() {
    const SIZE: (usize, usize) = (320, 192);
    let format = format("yuv420p", HALF, SIZE, false);
    let rng = Rng::new(7);
    let luma = |x: usize, y: usize| match x {
        0..160 => 60 + (rng.unit_at(0, 0, x as u32, y as u32) * 120.0) as u8,
        _ => 60 + 4 * ((x + y / 2) / 16) as u8,
    };
    let mut bytes = vec![128u8; format.frame_bytes()];
    for (i, code) in bytes[..SIZE.0 * SIZE.1].iter_mut().enumerate() {
        *code = luma(i % SIZE.0, i / SIZE.0);
    }
    let how = how(smooth::ENTRY.name, OutputDepth::Bits(10), Temporal::default(), false);
    let done = all(&how, vec![PackedFrame { format, bytes: bytes.clone() }], None).remove(0);
    let mut changed = [0, 0];
    let pairs = done.frame.bytes.as_chunks::<2>().0.iter().zip(&bytes[..SIZE.0 * SIZE.1]);
    for (i, (pair, &code)) in pairs.enumerate() {
        changed[usize::from(i % SIZE.0 >= 160)] +=
            usize::from(u16::from_le_bytes(*pair) != 4 * u16::from(code));
    }
    // Half a box of the gate into the texture may change.
    assert!(done.done.changed && changed[0] <= SIZE.1 * 4 && changed[1] > SIZE.1 * 80, "{changed:?}");
}

/// Frames of a coarse slope in both chroma planes: one falls from far above neutral, the other from neutral.
#[test]
fn chroma_is_repaired_on_both_sides_of_neutral() {
    const SIZE: (usize, usize) = (192, 128);
    let luma = SIZE.0 * SIZE.1;
    let formats = [("yuv420p", Subsampling::HALF), ("yuv444p", Subsampling::NONE)];
    let kinds = formats.iter().flat_map(|kind| [Range::Limited, Range::Full].map(|range| (kind, range)));
    let modes = [Temporal::Off, Temporal::Still, Temporal::Motion];
    for (((name, subsampling), range), temporal) in kinds.flat_map(|kind| modes.map(|mode| (kind, mode))) {
        let model = Model::Yuv { matrix: Matrix::Bt709, range, subsampling: *subsampling };
        let format = format(name, model, SIZE, false);
        let wide = SIZE.0 / usize::from(subsampling.x);
        let chroma = wide * SIZE.1 / usize::from(subsampling.y);
        let slope = |top: usize| (0..chroma).map(move |i| (top - i % wide * 12 / wide * 4) as u8);
        let bytes: Vec<u8> = std::iter::repeat_n(120, luma).chain(slope(200)).chain(slope(128)).collect();
        let how = how(smooth::ENTRY.name, OutputDepth::Bits(10), temporal, false);
        let done = all(&how, vec![PackedFrame { format, bytes: bytes.clone() }; 3], None).remove(1);
        let codes: Vec<u16> =
            done.frame.bytes.as_chunks::<2>().0.iter().map(|pair| u16::from_le_bytes(*pair)).collect();
        for (plane, codes) in codes[luma..].chunks_exact(chroma).enumerate() {
            let levels: std::collections::BTreeSet<u16> = codes.iter().copied().collect();
            assert!(
                levels.len() > 40,
                "{name} {range:?}, plane {plane}, {temporal:?}: {} of 12",
                levels.len()
            );
        }
    }
}

/// A slope with a pattern and noise, which moves: frame `t`.
fn moving(t: usize) -> PackedFrame {
    let rng = Rng::new(57);
    let code = |x: usize, y: usize| {
        let noise = rng.unit_at(0, t as u32, x as u32, y as u32);
        let at = (x + 2 * t) as f32;
        (60.0 + at / 12.0 + y as f32 / 20.0 + 4.0 * (at * 0.3 + y as f32 * 0.2).sin() + noise) as u8
    };
    let luma = (0..160 * 96).map(|i| code(i % 160, i / 160));
    let bytes = luma.chain(std::iter::repeat_n(128, 160 * 96 / 2)).collect();
    PackedFrame { format: format("yuv420p", HALF, (160, 96), true), bytes }
}

fn shot_of_moving(how: &FrameOptions) -> Arc<Shot> {
    Arc::new(Shot::inspect(&[&moving(0)], &Arc::new(how.clone()), &Context::default()).unwrap())
}

#[test]
fn a_result_depends_only_on_the_frames_within_reach() {
    for &temporal in Temporal::ALL {
        let how = how(smooth::ENTRY.name, OutputDepth::Bits(10), temporal, true);
        let shot = shot_of_moving(&how);
        let results = |range: std::ops::Range<usize>| all(&how, range.map(moving).collect(), Some(&shot));
        let (whole, some) = (results(0..9), results(3..8));
        assert_eq!((whole.len(), some.len()), (9, 5));
        assert!(whole[5].frame == some[2].frame, "{temporal:?}");
        let nearer = results(4..7);
        assert_eq!(whole[5].frame == nearer[1].frame, temporal != Temporal::Motion, "{temporal:?}");
    }
}

#[test]
fn frames_that_keep_their_samples_change_no_other_frame() {
    const FRAMES: usize = 9;
    let zones: [&[usize]; 5] = [&[4], &[0, 1], &[3, 4, 5, 6], &[2, 6], &[8]];
    for (&temporal, method) in Temporal::ALL.iter().zip(["smooth", "gradfun", "smooth"]) {
        let how = how(method, OutputDepth::Bits(10), temporal, true);
        let shot = shot_of_moving(&how);
        // With a cut in the middle, and without.
        for (cut, known) in [(FRAMES, Some(&shot)), (4, None)] {
            let results = |inside: &dyn Fn(usize) -> bool| {
                let ctx = Context::default();
                let (mut frames, mut done) = (FrameProcessor::new(how.clone(), &ctx), Vec::new());
                for t in 0..=FRAMES {
                    let begins = t == 0 || t == cut;
                    match t {
                        FRAMES => frames.finish(),
                        t => frames.push_known(t, moving(t), begins, known, inside(t)).unwrap(),
                    }
                    while let Some(finished) = frames.next().unwrap() {
                        done.push(finished);
                    }
                }
                done
            };
            let (all, deep) = (results(&|_| true), Depth::Int(10));
            for zone in zones {
                let some = results(&|t| zone.contains(&t));
                assert_eq!(some.iter().map(|one| one.tag).collect::<Vec<_>>(), [0, 1, 2, 3, 4, 5, 6, 7, 8]);
                for (one, whole) in some.iter().zip(&all) {
                    let inside = zone.contains(&one.tag);
                    let kept = moving(one.tag).in_depth(deep, None, &Context::default()).unwrap();
                    let name = format!("{method} {temporal:?} {zone:?} cut {cut}, frame {}", one.tag);
                    assert!(one.frame == if inside { whole.frame.clone() } else { kept }, "{name}");
                    assert_eq!((one.done.changed, one.method.is_some()), (inside, inside), "{name}");
                }
            }
        }
    }
}

#[test]
fn frames_in_any_order_and_threads_are_those_in_order() {
    for (&temporal, depth) in Temporal::ALL.iter().zip([8, 10, 8]) {
        let how = how(smooth::ENTRY.name, OutputDepth::Bits(depth), temporal, true);
        let shot = shot_of_moving(&how);
        let in_order = all(&how, (0..9).map(moving).collect(), Some(&shot));
        let one = |n: usize, threads: usize| {
            let ctx = Context::with(|new| new.threads = threads);
            let near = ShotRanges::from_cuts(9, &[]).near(n as u64, &shot);
            let at = n - near.start as usize;
            let restored: Vec<_> =
                near.rev().map(|t| shot.restore(moving(t as usize), t as u32, &ctx).unwrap()).collect();
            let run: Vec<_> = restored.iter().rev().collect();
            shot.finish(&run, at, &ctx).unwrap()
        };
        std::thread::scope(|scope| {
            let ahead = scope.spawn(|| [7, 0, 4].map(|n| (n, one(n, 1))));
            for (n, frame) in [8, 4, 1].map(|n| (n, one(n, 3))).into_iter().chain(ahead.join().unwrap()) {
                assert!(frame == in_order[n].frame, "{temporal:?} frame {n}");
            }
        });
    }
}

#[test]
fn a_run_with_a_gap_is_refused() {
    let how = how(smooth::ENTRY.name, OutputDepth::Keep, Temporal::Motion, true);
    let (shot, ctx) = (shot_of_moving(&how), Context::default());
    let restored = [0, 2].map(|n| shot.restore(moving(n as usize), n, &ctx).unwrap());
    let run: Vec<_> = restored.iter().collect();
    assert!(shot.finish(&run, 0, &ctx).is_err() && shot.finish(&run[..1], 1, &ctx).is_err());
    assert!(shot.finish(&run[..1], 0, &ctx).is_ok());
    assert!(Shot::inspect::<Image>(&[], &Arc::new(how), &ctx).is_err());
}

#[test]
fn images_give_what_bytes_give_and_cuts_are_found() {
    let other = |t: usize| {
        let mut frame = moving(t);
        let luma = &mut frame.bytes[..160 * 96];
        for (i, code) in luma.iter_mut().enumerate() {
            *code = 200 - (i / 160) as u8 + (t % 2) as u8;
        }
        frame
    };
    let frames: Vec<_> = (0..4).map(moving).chain((4..8).map(other)).collect();
    let how = how(smooth::ENTRY.name, OutputDepth::Bits(10), Temporal::Motion, true);
    let images = frames.iter().map(|frame| frame.to_image().unwrap()).collect();
    let (bytes, images) = (all(&how, frames, None), all(&how, images, None));
    let begins: Vec<bool> = bytes.iter().map(|one| one.done.begins_shot).collect();
    assert_eq!(begins, [0, 1, 2, 3, 4, 5, 6, 7].map(|t| t % 4 == 0));
    for (bytes, image) in bytes.iter().zip(images) {
        assert_eq!((bytes.tag, bytes.done), (image.tag, image.done));
        assert!(bytes.frame.to_image().unwrap().planes == image.frame.planes, "frame {}", image.tag);
    }
}

#[test]
fn planes_of_every_kind_come_back_debanded_with_their_alpha() {
    let (width, height) = (96, 64);
    let yuv = |x, y| {
        let subsampling = Subsampling { x, y };
        Model::Yuv { matrix: Matrix::Bt709, range: Range::Limited, subsampling }
    };
    let models = [Model::Gray, Model::Rgb, yuv(1, 1), yuv(2, 1), yuv(2, 2), yuv(1, 2), yuv(4, 1), yuv(4, 4)];
    for model in models {
        let sizes: Vec<(usize, usize)> = match model {
            Model::Gray => vec![(width, height)],
            Model::Yuv { subsampling, .. } => {
                let chroma = subsampling.chroma_size(width, height);
                vec![(width, height), chroma, chroma]
            }
            Model::Rgb => vec![(width, height); 3],
        };
        // Steps of four codes in eight bits, rows three samples apart.
        let code = |w: usize, i: usize| (64 + (i % (w + 3)) * 96 / w / 8 * 4) as u8;
        let rows: Vec<Vec<u8>> =
            sizes.iter().map(|&(w, h)| (0..(w + 3) * h).map(|i| code(w, i)).collect()).collect();
        let view = |(samples, &(width, height)): (_, &(usize, usize))| PlaneView::<'_, u8> {
            width,
            height,
            stride: width + 3,
            samples,
        };
        let views: Vec<_> = rows.iter().map(Vec::as_slice).zip(&sizes).map(view).collect();
        let mut image = Image::from_planes(&views, model, 8).unwrap();
        image.alpha = Some(Plane { width, height, data: vec![0.4; width * height] });
        for (depth, bits) in [(OutputDepth::Keep, 8), (OutputDepth::Bits(12), 12), (OutputDepth::Float, 32)] {
            let how = how(smooth::ENTRY.name, depth, Temporal::Motion, true);
            let done = all(&how, vec![image.clone(); 3], None);
            let last = &done[2].frame;
            assert_eq!((last.depth.bits(), last.color.model), (bits, model));
            assert!(last.alpha.is_some() && done[2].done.changed && last.planes != image.planes);
            let mut out = vec![0u16; (width + 3) * height];
            if bits == 12 && model == Model::Gray {
                let to = PlaneViewMut { width, height, stride: width + 3, samples: &mut out[..] };
                last.write_planes(&mut [to], 12).unwrap();
                assert!(out.iter().any(|code| code % 16 > 0) && out[width] == 0);
            }
        }
    }
}

const DITHERED: (usize, usize) = (160, 128);

/// A smooth frame that moves, of three channels from 0 to 1, before and after it is dithered to `top` steps
/// with an offset in steps for each sample.
fn dithered(t: usize, top: f32, offset: impl Fn(usize, usize) -> f32) -> [Image; 2] {
    let (w, h) = DITHERED;
    let value = |c: usize, x: usize, y: usize| {
        let (x, y) = ((x + 2 * t) as f32 / w as f32, y as f32 / h as f32);
        let slope = if top > 100.0 { 0.12 } else { 1.0 };
        0.2 + slope * (0.1 * c as f32 + 0.35 * y + 0.2 * x * x + 0.05 * (5.0 * x + c as f32).sin())
    };
    let plane = |value: &dyn Fn(usize, usize) -> f32| Plane {
        width: w,
        height: h,
        data: (0..w * h).map(|i| value(i % w, i / w)).collect(),
    };
    let level = |c, x, y| ((value(c, x, y) * top + offset(x, y)).round() / top * 255.0).round() / 255.0;
    let clean = (0..3).map(|c| plane(&|x, y| value(c, x, y))).collect();
    let coarse = (0..3).map(|c| plane(&|x, y| level(c, x, y))).collect();
    [Image::new(clean, Model::Rgb, Depth::F32), Image::new(coarse, Model::Rgb, Depth::EIGHT)]
}

/// Bayer's matrix of 4×4, in steps.
fn bayer(x: usize, y: usize) -> f32 {
    (unband_image::dither::bayer_ranks(4)[y % 4 * 4 + x % 4] as f32 + 0.5) / 16.0 - 0.5
}

/// A shot of four frames.
fn shot_of(frames: &[Image], depth: OutputDepth) -> (FrameOptions, Arc<Shot>) {
    let how = FrameOptions::with(|new| new.options.depth = depth);
    let looked: Vec<&Image> = frames.iter().collect();
    let shot = Shot::inspect(&looked, &Arc::new(how.clone()), &Context::default()).unwrap();
    (how, Arc::new(shot))
}

/// Mean squared error.
fn error(a: &Image, b: &Image) -> f64 {
    let pairs = a.planes.iter().zip(&b.planes).flat_map(|(a, b)| a.data.iter().zip(&b.data));
    pairs.map(|(a, b)| f64::from((a - b) * (a - b))).sum::<f64>() / a.planes.len() as f64
}

#[test]
fn a_tile_that_stays_is_subtracted_from_every_frame() {
    for (top, least) in [(31.0, 20.0), (255.0, 10.0)] {
        let (clean, frames): (Vec<_>, Vec<_>) =
            (0..4).map(|t| dithered(t, top, bayer)).map(|[clean, frame]| (clean, frame)).unzip();
        let (how, shot) = shot_of(&frames, OutputDepth::Bits(16));
        let words = shot.findings().dither.as_ref().map(crate::findings::Dithering::words);
        assert_eq!(words.as_deref(), Some("a 4×4 tile"), "{top}");
        for (done, clean) in all(&how, frames, Some(&shot)).iter().zip(&clean) {
            let gain = error(&done.source, clean) / error(&done.frame, clean);
            assert!(10.0 * gain.log10() > least, "{top}: {}", 10.0 * gain.log10());
            let kept = crate::faithful::Faithful::File;
            assert_eq!(crate::prove(&done.source, &done.frame, shot.findings(), kept).outside, 0, "{top}");
        }
    }
    // Finer than the frames: nothing to repair at their depth.
    let fine: Vec<Image> = (0..2).map(|t| dithered(t, 255.0, bayer)[1].clone()).collect();
    assert!(shot_of(&fine, OutputDepth::Keep).1.leaves());
}

#[test]
fn noise_and_tiles_that_move_are_no_tile_of_a_shot() {
    let rng = Rng::new(76);
    let noise =
        |t: usize| dithered(t, 31.0, |x, y| rng.unit_at(0, t as u32, x as u32, y as u32) - 0.5)[1].clone();
    let (_, shot) = shot_of(&(0..4).map(noise).collect::<Vec<_>>(), OutputDepth::Keep);
    assert_eq!(shot.findings().dither, None);
    let moving = |t: usize| dithered(t, 31.0, |x, y| bayer(x + t, y))[1].clone();
    let (how, shot) = shot_of(&(0..4).map(moving).collect::<Vec<_>>(), OutputDepth::Keep);
    assert!(shot.findings().dither.is_none() && shot.leaves());
    let done = all(&how, (0..4).map(moving).collect(), Some(&shot));
    assert!(done.iter().all(|done| done.frame.planes == done.source.planes));
}
