//! Floating point whose samples were codes, most of them in linear light.

use unband::{Depth, Image, Options, OutputDepth, Reason, deband_with, inspect, prove};
use unband_image::findings::Findings;
use unband_image::{Cicp, Context, LightCurve, Model, Plane, With};

const SIDE: usize = 192;

/// A sample of the file for a coded value.
type Stored = fn(f32) -> f32;

/// A slope in each channel, as coded values.
fn slope(channel: usize, x: usize, y: usize) -> f32 {
    let (x, y) = (x as f32 / SIDE as f32, y as f32 / SIDE as f32);
    0.25 + 0.3 * y + 0.08 * (2.0 * x + channel as f32).sin() + 0.07 * channel as f32
}

/// The slope through `stored`, as an image in linear light.
fn image(stored: impl Fn(f32) -> f32) -> Image {
    let plane = |channel| Plane {
        width: SIDE,
        height: SIDE,
        data: (0..SIDE * SIDE).map(|i| stored(slope(channel, i % SIDE, i / SIDE))).collect(),
    };
    let mut image = Image::new((0..3).map(plane).collect(), Model::Rgb, Depth::F32);
    image.color.cicp = Some(Cicp { primaries: 1, transfer: 8, matrix: 0, full_range: true });
    image
}

fn half(value: f32) -> f32 {
    f32::from_bits((value.to_bits() + 0x1000) & !0x1fff)
}

/// PSNR in dB of samples that `coded` turns into coded values.
fn psnr(image: &Image, coded: impl Fn(f32) -> f32) -> f64 {
    let square = |(channel, plane): (usize, &Plane)| {
        let off = |(i, &value): (usize, &f32)| f64::from(coded(value) - slope(channel, i % SIDE, i / SIDE));
        plane.data.iter().enumerate().map(|sample| off(sample).powi(2)).sum::<f64>()
    };
    let sum: f64 = image.planes.iter().enumerate().map(square).sum();
    -10.0 * (sum / (3 * SIDE * SIDE) as f64).log10()
}

/// Restores an image in place, and checks that samples stayed inside their intervals.
fn restored(image: &mut Image, options: &Options) -> (Findings, Reason) {
    let ctx = Context::default();
    let source = image.clone();
    let found = inspect(&source, &ctx);
    let (result, report) = deband_with(source.clone(), options, &ctx).unwrap();
    let proof = prove(&source, &result, &found, report.faithful);
    assert_eq!(proof.outside, 0, "{} {}", found.sentence(), proof.worst_codes);
    assert_eq!(result.color.cicp, source.color.cicp);
    *image = result;
    (found, report.reason)
}

#[test]
fn codes_of_all_curves_are_found_and_smoothed() {
    for curve in LightCurve::ALL {
        for (bits, gain) in [(5, 9.0), (6, 9.0), (7, 8.0), (8, 5.0)] {
            for stored in [half as Stored, |value| value] {
                let most = f32::from((1u16 << bits) - 1);
                let mut image = image(|value| stored(curve.light((most * value).round() / most)));
                let before = psnr(&image, |light| curve.coded(light));
                let (found, reason) = restored(&mut image, &Options::default());
                let after = psnr(&image, |light| curve.coded(light));
                assert_eq!(found.light_curve(), Some(curve.name()));
                assert_eq!(reason, Reason::Restored);
                assert!(after > before + gain, "{} {bits}: {before:.2} → {after:.2}", curve.name());
            }
        }
    }
}

#[test]
fn levels_at_other_distances_are_smoothed() {
    let srgb = LightCurve::Srgb;
    let cases: [(&str, Stored, f64); 3] = [
        ("exposure of 5 bits", |value| 0.7 * LightCurve::Srgb.light((31.0 * value).round() / 31.0), 6.0),
        ("exposure of 8 bits", |value| 0.7 * LightCurve::Srgb.light((255.0 * value).round() / 255.0), 4.0),
        ("gamma of 1.7", |value| ((31.0 * value).round() / 31.0).powf(1.7), 6.0),
    ];
    for (name, stored, gain) in cases {
        let mut image = image(stored);
        let coded = |value: f32| match name {
            "gamma of 1.7" => value.max(0.0).powf(1.0 / 1.7),
            _ => srgb.coded(value / 0.7),
        };
        let before = psnr(&image, coded);
        let (found, reason) = restored(&mut image, &Options::default());
        assert_eq!(reason, Reason::Restored, "{name}: {}", found.sentence());
        let after = psnr(&image, coded);
        assert!(after > before + gain, "{name}: {before:.2} → {after:.2}, {}", found.sentence());
    }
}

#[test]
fn light_that_was_never_quantised_stays() {
    for (name, stored) in [
        ("floats", (|value| LightCurve::Srgb.light(value)) as Stored),
        ("half floats", |value| half(LightCurve::Srgb.light(value))),
        ("brighter than white", |value| half(8.0 * LightCurve::Srgb.light(value))),
    ] {
        let mut image = image(stored);
        let before = image.clone();
        let (found, reason) = restored(&mut image, &Options::default());
        assert!(image.planes == before.planes, "{name}: {}", found.sentence());
        assert_ne!(reason, Reason::Restored, "{name}");
    }
}

#[test]
fn integers_hold_restored_light() {
    let srgb = LightCurve::Srgb;
    let five = || image(|value| srgb.light((31.0 * value).round() / 31.0));
    let (mut sixteen, mut float) = (five(), five());
    let deep = Options::with(|new| new.depth = OutputDepth::Bits(16));
    let (_, reason) = restored(&mut sixteen, &deep);
    assert_eq!((sixteen.depth, reason), (Depth::SIXTEEN, Reason::Restored));
    restored(&mut float, &Options::default());
    let pairs = sixteen.planes.iter().zip(&float.planes).flat_map(|(a, b)| a.data.iter().zip(&b.data));
    let most = pairs.map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
    assert!(most <= 1.0 / 65_535.0, "{most}");
}

#[test]
fn a_sample_beyond_its_code_is_counted() {
    let ctx = Context::default();
    let source = image(|value| LightCurve::Srgb.light((31.0 * value).round() / 31.0));
    let (mut result, report) = deband_with(source.clone(), &Options::default(), &ctx).unwrap();
    let code = LightCurve::Srgb.coded(source.planes[1].data[77]);
    result.planes[1].data[77] = LightCurve::Srgb.light(code + 0.6 / 31.0);
    assert_eq!(prove(&source, &result, &report.findings, report.faithful).outside, 1);
}
