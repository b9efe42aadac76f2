//! unband's own patch classifier, with the built-in weights.
#![allow(clippy::unwrap_used)]

use unband_image::{Context, Image, Rng, With};
use unband_metrics::{Fault, MetricError, banding_classifier, find};

const SIDE: usize = 235;

/// 8-bit RGB; `f` gives codes.
fn image(width: usize, f: impl Fn(usize, usize, usize) -> f32) -> Image {
    let code = |i: usize| f(i / 3 % width, i / 3 / width, i % 3).clamp(0.0, 255.0).round() as u8;
    let codes: Vec<u8> = (0..3 * width * SIDE).map(code).collect();
    Image::from_rgb8(width, SIDE, &codes).unwrap()
}

/// A slow gradient in one of eight directions, in codes.
fn ramp(kind: usize, x: usize, y: usize) -> f32 {
    let (dx, dy) = [(0.3, 0.1), (0.1, 0.3), (-0.2, 0.25), (0.25, -0.2)][kind % 4];
    90.0 + 15.0 * (kind / 4) as f32 + dx * x as f32 + dy * y as f32
}

fn coarse(code: f32, step: f32) -> f32 {
    (code / step).round() * step
}

fn score(image: &Image, threads: usize) -> f64 {
    let metric = find("unband-banding-classifier").unwrap();
    let ctx = Context::with(|new| new.threads = threads);
    metric.score(image, None, &ctx).unwrap().value
}

#[test]
fn distinguishes_banded_ramps_from_clean_and_dithered_ones() {
    let rng = Rng::new(2);
    let noise = |x: usize, y: usize, c: usize| rng.unit_at(c as u32, 0, x as u32, y as u32) - 0.5;
    let mut right = 0;
    for kind in 0..8 {
        let clean = score(&image(SIDE, |x, y, _| ramp(kind, x, y)), 2);
        let dithered = score(&image(SIDE, |x, y, c| ramp(kind, x, y) + noise(x, y, c)), 2);
        right += u32::from(clean < 0.5) + u32::from(dithered < 0.5);
        for step in [8.0, 17.0] {
            let banded = score(&image(SIDE, |x, y, _| coarse(ramp(kind, x, y), step)), 2);
            assert!(banded > clean && banded > dithered, "{kind} {step}: {banded} {clean} {dithered}");
            right += u32::from(banded > 0.5);
        }
    }
    assert!(right >= 30, "{right} of 32");
}

#[test]
fn a_banded_half_raises_the_score_and_threads_do_not_change_it() {
    let half = |x: usize, y: usize, _| {
        let code = ramp(0, x % SIDE, y);
        if x < SIDE { code } else { coarse(code, 17.0) }
    };
    let both = image(2 * SIDE, half);
    let (clean, mixed) = (score(&image(2 * SIDE, |x, y, _| ramp(0, x % SIDE, y)), 1), score(&both, 1));
    assert!(mixed > clean + 0.25 && mixed < 0.75, "{clean} {mixed}");
    assert_eq!(mixed.to_bits(), score(&both, 3).to_bits());
}

#[test]
fn its_numbers_are_those_of_the_classifier_and_not_the_published_ones() {
    let engine = banding_classifier::classifier().unwrap();
    assert_eq!(engine.graph().name, "dbi");
    let small = image(SIDE - 1, |x, y, _| ramp(0, x, y));
    let error = find("unband-banding-classifier").unwrap().score(&small, None, &Context::default());
    let Err(MetricError { metric, fault: Fault::TooSmall { .. } }) = error else { panic!("{error:?}") };
    assert_eq!(metric, "unband-banding-classifier");
}
