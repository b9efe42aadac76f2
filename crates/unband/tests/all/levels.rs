//! Rounded and floored levels, wherever they begin and end: which of them are truncated bits?
#![allow(clippy::unwrap_used)]

use unband::{Context, Options, OutputDepth, With, deband_with};
use unband_image::{Depth, Image, Model, Plane};

const W: usize = 320;
const H: usize = 240;

/// A name, and the value at a place of a channel.
type Scene = (&'static str, fn(f32, f32, usize) -> f32);
/// A name, and a tone curve.
type Tone = (&'static str, fn(f32) -> f32);

/// A name, and the level at a place.
type Levels<'a> = (&'static str, &'a dyn Fn(usize, usize) -> usize);

/// Smooth scenes in codes, not clipped: one reaches white, one neither end, one black.
const SCENES: [Scene; 3] = [
    ("glow", |u, v, c| {
        let near = 1.15 - 0.8 * ((u - 0.7).powi(2) + (v - 0.5).powi(2)).sqrt();
        near * [255.0, 235.0, 210.0][c] + [0.0, 8.0, 20.0][c]
    }),
    ("sky", |u, v, c| {
        [60.0 + 80.0 * v + 20.0 * u, 80.0 + 70.0 * v + 10.0 * u, 140.0 + 60.0 * v - 10.0 * u][c]
    }),
    ("dusk", |u, v, c| {
        let far = 0.5 * ((u - 0.6).powi(2) + (v - 0.4).powi(2)).sqrt() - 0.05;
        far * [255.0, 220.0, 200.0][c] - [0.0, 5.0, 8.0][c]
    }),
];

/// Tone before quantisation.
const TONES: [Tone; 6] = [
    ("as it is", |v| v),
    ("lift", |v| 0.85 * v + 35.0),
    ("gain", |v| 1.3 * v),
    ("gamma", |v| 255.0 * (v.clamp(0.0, 255.0) / 255.0).powf(0.8)),
    ("white stretch", |v| v * 255.0 / 225.0),
    ("black stretch", |v| (v - 25.0) * 255.0 / 230.0),
];

fn image(value: impl Fn(usize, usize) -> f32) -> Image {
    let plane = |c: usize| Plane {
        width: W,
        height: H,
        data: (0..W * H).map(|i| value(i, c).clamp(0.0, 255.0) / 255.0).collect(),
    };
    Image::new((0..3).map(plane).collect(), Model::Rgb, Depth::EIGHT)
}

/// PSNR of two images, and the mean difference in codes.
fn difference(a: &Image, b: &Image) -> (f64, f64) {
    let pairs = a.planes.iter().zip(&b.planes).flat_map(|(a, b)| a.data.iter().zip(&b.data));
    let (mut sum, mut squares, mut n) = (0.0, 0.0, 0.0f64);
    for (&a, &b) in pairs {
        let d = f64::from(a - b);
        (sum, squares, n) = (sum + d, squares + d * d, n + 1.0);
    }
    (-10.0 * (squares / n).log10(), 255.0 * sum / n)
}

/// Halves to even, as `NumPy`, Python and C round.
fn even(value: f32) -> f32 {
    value.round_ties_even()
}

#[test]
fn rounded_levels_stay_where_they_are_and_floored_ones_rise() {
    for (scene, of) in SCENES {
        for (tone, map) in TONES {
            let smooth = |i: usize, c: usize| {
                map(of((i % W) as f32 / H as f32, (i / W) as f32 / H as f32, c)).round().clamp(0.0, 255.0)
            };
            let clean = image(smooth);
            for bits in 4..=7 {
                let step = f32::from(2u16.pow(8 - bits));
                for (how, rounded) in [("rounded", true), ("floored", false)] {
                    let level =
                        |v: f32| if rounded { even(v / step) * step } else { (v / step).floor() * step };
                    let damaged = image(|i, c| level(smooth(i, c)));
                    // Below white, nothing but the even halves of fine steps says that levels were rounded.
                    let white =
                        damaged.planes.iter().flat_map(|p| &p.data).filter(|&&v| v >= 1.0).count() > 100;
                    if rounded && !white && bits < 6 {
                        continue;
                    }
                    let what = format!("{scene}, {tone}, {bits} bits, {how}");
                    check(&damaged, &clean, step, &what);
                }
            }
        }
    }
}

#[test]
fn levels_with_an_offset_and_odd_steps_end_at_white() {
    let (_, of) = SCENES[0];
    let smooth = |i: usize, c: usize| {
        of((i % W) as f32 / H as f32, (i / W) as f32 / H as f32, c).round().clamp(0.0, 255.0)
    };
    for (step, offset) in [(4.0, 0.0), (4.0, 3.0), (5.0, 0.0), (8.0, 0.0), (8.0, 3.0), (10.0, 5.0)] {
        let damaged = image(|i, c| (smooth(i, c) / step).round() * step + offset);
        // The offset itself cannot be known.
        let clean = image(|i, c| smooth(i, c) + offset);
        check(&damaged, &clean, step, &format!("step {step}, offset {offset}"));
    }
}

fn check(damaged: &Image, clean: &Image, step: f32, what: &str) {
    let options = Options::with(|new| new.depth = OutputDepth::Bits(16));
    let (out, report) = deband_with(damaged.clone(), &options, &Context::default()).unwrap();
    let (before, after) = (difference(damaged, clean), difference(&out, clean));
    let sentence = report.findings.sentence();
    assert!(after.0 > before.0 - 0.01, "{what}: {:.2} → {:.2} dB; {sentence}", before.0, after.0);
    let most = 0.13 * f64::from(step) + 0.1;
    assert!(after.1.abs() < most, "{what}: {:+.2} codes, before {:+.2}; {sentence}", after.1, before.1);
}

#[test]
fn sixteen_bit_files_of_fewer_bits_stay_where_no_band_shows() {
    let identifiers = |x: usize, y: usize| ((x / 53) * 7 + (y / 47) * 3) % 17 * 1000;
    let fifteen = |x: usize, y: usize| (x * 97 + y * y * 3) % 32_768 * 2;
    let twelve = |x: usize, y: usize| (x * 8 + y) % 4096 * 16;
    let all: [Levels<'_>; 3] = [("identifiers", &identifiers), ("15 bits", &fifteen), ("12 bits", &twelve)];
    for (name, code) in all {
        let data = (0..W * H).map(|i| Depth::SIXTEEN.value(code(i % W, i / W) as u32)).collect();
        let image = Image::new(vec![Plane { width: W, height: H, data }], Model::Gray, Depth::SIXTEEN);
        let (out, report) = deband_with(image.clone(), &Options::default(), &Context::default()).unwrap();
        let sentence = report.findings.sentence();
        assert!(report.findings.effective_bits > 8, "{name}: {sentence}");
        assert!(
            report.findings.visible || !report.changed && out.planes == image.planes,
            "{name}: {sentence}"
        );
    }
}
