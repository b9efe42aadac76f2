//! Elevation in whole metres, stored as floating point.

use unband::{
    Context, Depth, Findings, Image, Model, Options, OutputDepth, Plane, Report, With, deband_with, inspect,
    prove,
};

const SIDE: usize = 160;
const MISSING: f32 = -9999.0;

fn hill(x: usize, y: usize) -> f32 {
    let (x, y) = (x as f32, y as f32);
    0.3 * x + 50.0 * (-((x - 80.0).powi(2) + (y - 70.0).powi(2)) / 2000.0).exp() - 3000.0
}

fn is_missing(x: usize, y: usize) -> bool {
    x.abs_diff(50).pow(2) + y.abs_diff(90).pow(2) < 400
}

fn elevation(step: f32) -> Image {
    let value = |i: usize| match (i % SIDE, i / SIDE) {
        (x, y) if is_missing(x, y) => MISSING,
        (x, y) => (hill(x, y) / step).round() * step,
    };
    let plane = Plane { width: SIDE, height: SIDE, data: (0..SIDE * SIDE).map(value).collect() };
    Image::new(vec![plane], Model::Gray, Depth::F32)
}

/// Mean squared error of the samples that are not missing, in squared steps.
fn error(image: &Image, step: f32) -> f32 {
    let places = (0..SIDE * SIDE).filter(|i| !is_missing(i % SIDE, i / SIDE));
    let squares: Vec<f32> =
        places.map(|i| ((image.planes[0].data[i] - hill(i % SIDE, i / SIDE)) / step).powi(2)).collect();
    squares.iter().sum::<f32>() / squares.len() as f32
}

fn restored(image: &Image, options: &Options) -> (Image, Report, Findings) {
    let ctx = Context::default();
    let (result, report) = deband_with(image.clone(), options, &ctx).unwrap();
    (result, report, inspect(image, &ctx))
}

#[test]
fn metres_halves_and_tenths_come_back_smooth_and_proven() {
    for step in [1.0, 0.5, 0.1] {
        let image = elevation(step);
        let (mut result, report, found) = restored(&image, &Options::default());
        let words = format!("whole steps of {step} in floating point, -9999 where missing, no coarser grid");
        assert!(found.sentence().starts_with(&words), "{}", found.sentence());
        assert_eq!(result.depth, Depth::F32);
        let (before, after) = (error(&image, step), error(&result, step));
        assert!(before > 0.08 && after < 0.015, "{step}: {before} {after}");
        let pairs = || image.planes[0].data.iter().zip(&result.planes[0].data);
        assert!(pairs().all(|(a, b)| (b - a).abs() <= 0.5 * step), "{step}");
        assert!(pairs().all(|(a, b)| *a != MISSING || a.to_bits() == b.to_bits()), "{step}");
        assert!(result.alpha.is_none());
        let check = |result: &Image| prove(&image, result, &found, report.faithful).outside;
        assert_eq!(check(&result), 0, "{step}");
        // One sample beyond half a step, and one that was missing.
        result.planes[0].data[0] = image.planes[0].data[0] + 0.52 * step;
        result.planes[0].data[90 * SIDE + 50] = -3000.0;
        assert_eq!(check(&result), 2, "{step}");
    }
}

#[test]
fn integers_hold_no_metres() {
    let image = elevation(1.0);
    let deep = Options::with(|new| new.depth = OutputDepth::Bits(16));
    let (result, report, _) = restored(&image, &deep);
    assert_eq!((result.depth, report.reason), (Depth::SIXTEEN, unband::Reason::DepthOnly));
    assert!(result.planes[0].data.iter().all(|&value| value == 0.0));
}
