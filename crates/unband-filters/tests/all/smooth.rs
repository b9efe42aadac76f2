//! Guarantees of `smooth`, on small synthetic images.
#![allow(clippy::unwrap_used)]

use unband_filters::smooth::ENTRY;
use unband_image::Method;
use unband_image::findings::{Cause, Findings, PlaneGrid, Space};
use unband_image::{Context, Depth, Image, Matrix, Model, Plane, Range, Rng, Subsampling, With, tile};
use unband_simd::Level;

const W: usize = 200;
const H: usize = 120;

/// A slow colour ramp with a busy square and a hard edge, rounded to steps of `step` codes.
fn painted(step: f32) -> (Vec<f32>, Image) {
    let mut clean = Vec::new();
    for y in 0..H {
        for x in 0..W {
            let noise = ((x * 7919 + y * 104_729) % 97) as f32 - 48.0;
            let busy = if (120..160).contains(&x) && (40..80).contains(&y) { noise } else { 0.0 };
            let edge = if x > 180 { 60.0 } else { 0.0 };
            for c in 0..3 {
                let ramp = 60.0 + 20.0 * c as f32 + (x as f32 + 2.0 * y as f32 + 9.0 * c as f32) / 9.0;
                clean.push(ramp + busy + edge);
            }
        }
    }
    let codes: Vec<u8> =
        clean.iter().map(|v| ((v / step).round() * step).round().clamp(0.0, 255.0) as u8).collect();
    (clean, Image::from_rgb8(W, H, &codes).unwrap())
}

fn findings(step: f32) -> Findings {
    let mut findings = Findings::plain(3, 8);
    for grid in &mut findings.grids {
        grid.step_codes = step;
        grid.found = step > 1.0;
    }
    findings
}

fn run(image: &Image, findings: &Findings, strength: &str, side: usize, ctx: &Context<'_>) -> Image {
    let restorer = Method::from_texts(&ENTRY, [("strength", strength)]).unwrap().prepare().unwrap()(
        image, findings, ctx,
    )
    .unwrap();
    let mut out = image.clone();
    tile::restore_in_place(&mut out, &*restorer, side, &mut |_, _| {}, ctx).unwrap();
    out
}

fn error(clean: &[f32], image: &Image, x0: usize, x1: usize) -> f64 {
    let mut sum = 0.0;
    for y in 0..H {
        for x in x0..x1 {
            for c in 0..3 {
                sum += f64::from(image.planes[c].row(y)[x] * 255.0 - clean[(y * W + x) * 3 + c]).powi(2);
            }
        }
    }
    sum
}

#[test]
fn takes_most_of_the_error_of_a_ramp_away() {
    for step in [1.0, 4.0, 8.0] {
        let (clean, image) = painted(step);
        let out = run(&image, &findings(step), "1", 256, &Context::default());
        let (before, after) = (error(&clean, &image, 0, 100), error(&clean, &out, 0, 100));
        assert!(after < 0.25 * before, "step {step}: {before} -> {after}");
    }
}

#[test]
fn keeps_texture_and_the_edge() {
    let (clean, image) = painted(4.0);
    let out = run(&image, &findings(4.0), "1", 256, &Context::default());
    let (before, after) = (error(&clean, &image, 120, 160), error(&clean, &out, 120, 160));
    assert!(after < 1.02 * before, "{before} -> {after}");
    let row = out.planes[0].row(10);
    assert!(row[181] - row[180] > 50.0 / 255.0, "{} {}", row[180], row[181]);
}

#[test]
fn never_leaves_the_cell() {
    for (step, strength) in [(1.0, "1"), (4.0, "2"), (8.0, "4")] {
        let (_, image) = painted(step);
        let out = run(&image, &findings(step), strength, 256, &Context::default());
        for (a, b) in image.planes.iter().zip(&out.planes) {
            for (a, b) in a.data.iter().zip(&b.data) {
                assert!((a - b).abs() * 255.0 <= step * 0.5 + 1e-3, "step {step}: {a} -> {b}");
            }
        }
    }
}

fn spaces() -> Vec<(Image, Findings)> {
    let (_, rgb) = painted(4.0);
    let mut tone = findings(1.0);
    for grid in &mut tone.grids {
        grid.steps_by_code = Some((0..256).map(|c| 1.0 + (c % 5) as f32 * 0.25).collect());
    }
    let mut yuv = findings(4.7);
    yuv.space = Space::Yuv { matrix: Matrix::Bt601, range: Range::Limited };
    yuv.half_chroma = true;
    yuv.grids = vec![PlaneGrid::plain(4.7), PlaneGrid::plain(9.36), PlaneGrid::plain(1.14)];
    let mut full = yuv.clone();
    full.half_chroma = false;
    let plane =
        |n: usize, k: usize| (0..n).map(|i| (60 + (i % k) * 40 / k / 4 * 4) as u8).collect::<Vec<_>>();
    let (w, h) = (131usize, 77usize);
    let (cw, ch) = (w.div_ceil(2), h.div_ceil(2));
    let stored = Image::from_yuv420(
        w,
        h,
        [&plane(w * h, w), &plane(cw * ch, cw), &plane(cw * ch, 50)],
        Matrix::Bt709,
        Range::Limited,
    )
    .unwrap();
    let grey = Image::new(vec![rgb.planes[1].clone()], Model::Gray, rgb.depth);
    let mut one = findings(4.0);
    one.grids.truncate(1);
    vec![
        (rgb.clone(), findings(4.0)),
        (rgb.clone(), findings(1.0)),
        (rgb.clone(), tone),
        (rgb.clone(), yuv),
        (rgb, full),
        (stored, findings(4.0)),
        (grey, one),
    ]
}

#[test]
fn tiles_threads_and_instructions_change_nothing() {
    for (i, (image, findings)) in spaces().into_iter().enumerate() {
        let whole = run(
            &image,
            &findings,
            "1",
            4096,
            &Context::with(|new| {
                new.threads = 1;
                new.level = Level::Scalar;
            }),
        );
        assert_ne!(whole, image, "case {i} changes something");
        for level in Level::all() {
            for (side, threads) in [(16, 1), (40, 3), (64, 2), (4096, 2)] {
                let ctx = Context::with(|new| {
                    new.threads = threads;
                    new.level = level;
                });
                assert_eq!(
                    run(&image, &findings, "1", side, &ctx),
                    whole,
                    "case {i}, tile {side}, {level:?}"
                );
            }
        }
    }
}

#[test]
fn flat_images_and_strength_nought_stay_as_they_are() {
    let flat = Image::from_rgb8(40, 40, &[77; 4800]).unwrap();
    assert_eq!(run(&flat, &findings(4.0), "1", 32, &Context::default()), flat);
    let (_, image) = painted(4.0);
    assert_eq!(run(&image, &findings(4.0), "0", 256, &Context::default()), image);
}

#[test]
fn any_size_works() {
    for w in [1, 2, 3, 5, 8, 15, 17, 31, 33] {
        for h in [1, 2, 7, 16, 30] {
            let data: Vec<u8> = (0..w * h * 3).map(|i| (i % 11) as u8 * 4).collect();
            let image = Image::from_rgb8(w, h, &data).unwrap();
            let mut yuv = findings(9.0);
            yuv.space = Space::Yuv { matrix: Matrix::Bt601, range: Range::Full };
            yuv.half_chroma = true;
            for findings in [findings(4.0), yuv] {
                let out = run(&image, &findings, "1", 16, &Context::default());
                assert!(out.planes.iter().all(|p| p.data.iter().all(|v| v.is_finite())), "{w}×{h}");
            }
        }
    }
}

#[test]
fn not_a_number_spoils_only_its_neighbourhood() {
    let (_, mut image) = painted(4.0);
    image.planes[0].data[W * 60 + 5] = f32::NAN;
    let out = run(&image, &findings(4.0), "1", 64, &Context::default());
    assert!(out.planes[0].row(60)[199].is_finite());
}

/// Luma of a video frame, and the frame in 8 bits.
fn frame(luma: impl Fn(usize, usize) -> f32) -> (Vec<f32>, Image) {
    let (w, h) = (320, 240);
    let clean: Vec<f32> = (0..w * h).map(|i| luma(i % w, i / w)).collect();
    let data = clean.iter().map(|code| (code.round() - 16.0) / 219.0).collect();
    let chroma = Plane::filled(w / 2, h / 2, 0.0);
    let model = Model::Yuv { matrix: Matrix::Bt709, range: Range::Limited, subsampling: Subsampling::HALF };
    let planes = vec![Plane { width: w, height: h, data }, chroma.clone(), chroma];
    (clean, Image::new(planes, model, Depth::Int(8)))
}

/// Mean squared error of luma before and after, in codes.
fn of_luma(clean: &[f32], image: &Image) -> [f64; 2] {
    let step = 1.12 * 255.0 / 219.0;
    let grids = vec![PlaneGrid::plain(step); 3];
    let findings = Findings::plain(3, 8).but(|new| {
        new.cause = Cause::Video;
        new.grids = grids;
    });
    let result = run(image, &findings, "1", 64, &Context::default());
    assert_eq!(run(image, &findings, "1", 2048, &Context::default()), result, "other windows");
    [image, &result].map(|image| {
        let codes = image.planes[0].data.iter().map(|v| 16.0 + 219.0 * v);
        let sum: f64 = codes.zip(clean).map(|(code, clean)| f64::from(code - clean).powi(2)).sum();
        sum / clean.len() as f64
    })
}

#[test]
fn faint_intended_edges_stay_and_slopes_are_restored() {
    let rng = Rng::new(5);
    let middle = |cell: u32| [0, 1].map(|k| rng.unit_at(0, k, cell, 0) * [320.0, 240.0][k as usize]);
    let middles: Vec<[f32; 2]> = (0..24).map(middle).collect();
    let facet = |x: usize, y: usize| {
        let far = |&[a, b]: &[f32; 2]| (a - x as f32).powi(2) + (b - y as f32).powi(2);
        let nearest = (0..24).min_by(|&a, &b| far(&middles[a]).total_cmp(&far(&middles[b]))).unwrap_or(0);
        80.0 + 6.0 * rng.unit_at(1, 0, nearest as u32, 0)
    };
    let slope = |x: usize, y: usize| 80.0 + x as f32 / 33.0 + y as f32 / 70.0;
    let (clean, image) = frame(facet);
    let [before, after] = of_luma(&clean, &image);
    // Without compression there is nothing to repair.
    assert!(after < 1.01 * before, "facets: {before} became {after}");
    let (clean, image) = frame(slope);
    let [before, after] = of_luma(&clean, &image);
    assert!(after < 0.4 * before, "a slope: {before} became {after}");
    // Both in one small image: neither may make the other worse than its source.
    let both = |x: usize, y: usize| if y < 120 { slope(x, y) } else { facet(x, y) };
    let (clean, image) = frame(both);
    let [before, after] = of_luma(&clean, &image);
    assert!(after < before, "both: {before} became {after}");
}

#[test]
fn blocks_of_a_codec_are_not_intended() {
    // A slope whose blocks are two codes apart, like coarse block means of a codec.
    let coarse = |x: usize, _: usize| 80.0 + 2.0 * ((x / 8 * 8 + 4) as f32 / 66.0).round();
    let (_, image) = frame(coarse);
    let clean: Vec<f32> = (0..320 * 240).map(|i| 80.0 + (i % 320) as f32 / 33.0).collect();
    let [before, after] = of_luma(&clean, &image);
    assert!(after < 0.75 * before, "blocks: {before} became {after}");
}
