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

#[test]
fn mattes_and_maps_in_linear_light_stay() {
    // 40 flat patches of random colours, and the coordinates of each sample.
    let matte = |channel: usize, i: usize| {
        let patch = i % SIDE / 24 + 8 * (i / SIDE / 24);
        (patch * (7 + 4 * channel) % 61) as f32 / 61.0
    };
    let coordinates =
        |channel: usize, i: usize| [i % SIDE, i / SIDE, 0][channel] as f32 / (SIDE + channel) as f32;
    for (name, sample) in [
        ("a matte", Box::new(matte) as Box<dyn Fn(usize, usize) -> f32>),
        ("a matte of 8 bits", Box::new(move |c, i| (255.0 * matte(c, i)).round() / 255.0)),
        ("coordinates", Box::new(coordinates)),
    ] {
        let mut image = image(|_| 0.0);
        for (channel, plane) in image.planes.iter_mut().enumerate() {
            plane.data.iter_mut().enumerate().for_each(|(i, value)| *value = sample(channel, i));
        }
        let before = image.clone();
        let (found, _) = restored(&mut image, &Options::default());
        assert!(image.planes == before.planes, "{name}: {}", found.sentence());
    }
}

#[test]
fn samples_brighter_than_white_and_not_finite_stay() {
    for share in [0.005, 0.05] {
        let mut image = image(|value| LightCurve::Srgb.light((63.0 * value).round() / 63.0));
        let bright = (share * (SIDE * SIDE) as f32) as usize;
        for plane in &mut image.planes {
            plane.data[..bright].fill(3.0);
            plane.data[bright + 9] = f32::NAN;
            plane.data[bright + 11] = f32::INFINITY;
        }
        let before = image.clone();
        let (found, _) = restored(&mut image, &Options::default());
        let same = |(a, b): (&Plane, &Plane)| {
            let kept = |i: usize| a.data[i].to_bits() == b.data[i].to_bits();
            (0..bright).chain([bright + 9, bright + 11]).all(kept)
        };
        assert!(image.planes.iter().zip(&before.planes).all(same), "{share}: {}", found.sentence());
    }
}

#[test]
fn a_result_of_integers_reports_the_restoration() {
    let image = image(|value| LightCurve::Srgb.light((63.0 * (1.6 * value).min(1.0)).round() / 63.0));
    let ctx = Context::default();
    let deep = Options::with(|new| new.depth = OutputDepth::Bits(16));
    let (_, float) = deband_with(image.clone(), &Options::default(), &ctx).unwrap();
    let (_, sixteen) = deband_with(image, &deep, &ctx).unwrap();
    assert_eq!((sixteen.samples_moved, sixteen.samples_clipped), (float.samples_moved, 0));
    assert!((sixteen.max_change_codes - float.max_change_codes).abs() < 1e-6);
}
