//! Properties of every metric.
#![allow(clippy::unwrap_used)]

use std::collections::HashSet;

use unband_image::{Context, Depth, Image, Model, Plane, Rng, With};
use unband_metrics::{Better, ComparedWith, Domain, METRICS, Metric, cambi, metrics, parse};

const W: usize = 224;
const H: usize = 176;
/// First row of the texture.
const TEXTURE: usize = H - 16;

/// A ramp of half a code per sample with a strip of strong texture at its lower end.
fn ramp(f: impl Fn(f32, usize, usize) -> f32, depth: Depth) -> Image {
    let rng = Rng::new(3);
    let data = (0..W * H)
        .map(|i| {
            let (x, y) = (i % W, i / W);
            let texture = if y >= TEXTURE { 40.0 * rng.unit_at(0, 0, x as u32, y as u32) } else { 0.0 };
            f((60.0 + 0.3 * x as f32 + 0.1 * y as f32 + texture) / 255.0, x, y)
        })
        .collect();
    Image::new(vec![Plane { width: W, height: H, data }], Model::Gray, depth)
}

fn clean() -> Image {
    ramp(|v, _, _| v, Depth::F32)
}

fn banded() -> Image {
    ramp(|v, _, _| (v * 63.0).round() / 63.0, Depth::F32)
}

fn dithered() -> Image {
    let rng = Rng::new(1);
    let offset = move |x, y| rng.unit_at(0, 1, x as u32, y as u32) - 0.5;
    ramp(move |v, x, y| (v * 255.0 + offset(x, y)).round() / 255.0, Depth::EIGHT)
}

fn find(name: &str, image: &Image, other: &Image) -> f64 {
    unband_metrics::find(name).unwrap().score(image, Some(other), &Context::default()).unwrap().value
}

/// The full-reference metrics without a network; `networks.rs` has the others.
fn comparing() -> impl Iterator<Item = &'static Metric> {
    metrics(Domain::Image).filter(|m| m.compared_with != ComparedWith::Nothing && m.network.is_none())
}

#[test]
fn names_are_unique_and_every_metric_has_a_source() {
    let names: HashSet<&str> = metrics(Domain::Image).map(Metric::base).collect();
    assert_eq!(names.len(), metrics(Domain::Image).count());
    assert!(METRICS.iter().all(|family| !family.is_empty()));
    assert_eq!(unband_metrics::find("psnr:y-rounded").unwrap().name(), "psnr-y-rounded");
    for metric in metrics(Domain::Image) {
        for text in [metric.source, metric.title, metric.purpose, metric.range] {
            assert!(!text.is_empty(), "{}", metric.name());
        }
        assert!(metric.purpose.ends_with('.') && !metric.title.ends_with('.'), "{}", metric.name());
        assert!(
            metric.name().chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-'),
            "{}",
            metric.name()
        );
        assert_eq!(unband_metrics::find(metric.name()).unwrap().name(), metric.name());
    }
}

#[test]
fn identical_images_score_best() {
    for metric in comparing() {
        let image = if metric.compared_with == ComparedWith::Input { banded() } else { clean() };
        let value = metric.score(&image, Some(&image), &Context::default()).unwrap().value;
        match (metric.name(), metric.better) {
            // It measures the contours of the input, not a difference.
            ("contour-jump", _) => assert!(value > 0.0),
            (name, _) if name.contains("ssim-") || name == "ms-ssim" => {
                assert!((value - 1.0).abs() < 1e-12, "{name}: {value}");
            }
            ("ssimulacra2", _) => assert!((value - 100.0).abs() < 1e-12, "{value}"),
            (_, Better::Higher) => assert!(value.is_infinite() && value > 0.0, "{}", metric.name()),
            (_, Better::Lower) => assert!(value.abs() < 1e-12, "{}", metric.name()),
        }
    }
}

#[test]
fn a_banded_ramp_scores_worse_than_the_same_ramp_dithered() {
    let (clean, banded, dithered) = (clean(), banded(), dithered());
    for metric in comparing().filter(|m| m.base() != "texture-change") {
        let other = if metric.compared_with == ComparedWith::Input { &banded } else { &clean };
        let score = |image: &Image| metric.score(image, Some(other), &Context::default()).unwrap().value;
        let (worse, better) = (score(&banded), score(&dithered));
        match metric.better {
            Better::Higher => assert!(better > worse, "{}: {better} > {worse}", metric.name()),
            Better::Lower => assert!(better < worse, "{}: {better} < {worse}", metric.name()),
        }
    }
}

#[test]
fn dither_leaves_no_false_steps_and_bands_do() {
    let clean = clean();
    let steps = |image: &Image| find("false-steps", image, &clean);
    assert!(steps(&banded()) > 200.0, "{}", steps(&banded()));
    assert!(steps(&dithered()) < 30.0, "{}", steps(&dithered()));
}

#[test]
fn texture_change_sees_only_texture() {
    let input = banded();
    let score = |image: &Image| find("texture-change", image, &input);
    let shifted = |rows: std::ops::Range<usize>| {
        let mut image = input.clone();
        for y in rows {
            image.planes[0].row_mut(y).iter_mut().for_each(|v| *v += 2.0 / 255.0);
        }
        image
    };
    assert!(score(&shifted(0..TEXTURE - 10)).abs() < 1e-9);
    let there = score(&shifted(TEXTURE - 10..H));
    assert!(there > 1.9 && there < 2.001, "{there}");
}

#[test]
fn depth_does_not_change_a_score() {
    let codes: Vec<u8> = (0..W * H * 3).map(|i| (60 + i / 3 % W / 4 + i % 3) as u8).collect();
    let wide: Vec<u16> = codes.iter().map(|&c| u16::from(c) * 257).collect();
    let eight = Image::from_rgb8(W, H, &codes).unwrap();
    let sixteen = Image::from_rgb16(W, H, &wide).unwrap();
    // A ramp has no texture.
    for metric in comparing().filter(|m| !matches!(m.base(), "texture-change" | "niqe-gap")) {
        let value = |image: &Image| {
            let other = if metric.compared_with == ComparedWith::Input { &eight } else { &sixteen };
            metric.score(image, Some(other), &Context::default()).unwrap().value
        };
        assert_eq!(value(&eight).to_bits(), value(&sixteen).to_bits(), "{}", metric.name());
    }
}

#[test]
fn parameters_are_checked_change_the_value_and_are_part_of_the_name() {
    let of = |text: &str| parse(Domain::Image, text).map(Option::unwrap);
    let metric = of("cambi:topk=0.30:window_size=31").unwrap();
    assert_eq!((metric.name(), metric.base()), ("cambi:window_size=31:topk=0.3", "cambi"));
    assert_eq!(metric.name(), of("cambi:window_size=31:topk=0.3").unwrap().name());
    assert_eq!(of("cambi:topk=0.6").unwrap().name(), "cambi");
    let (image, ctx) = (ramp(|v, _, _| (v * 255.0).round() / 255.0, Depth::EIGHT), Context::default());
    let options = cambi::Options::with(|new| {
        new.topk = 0.3;
        new.window_size = 31;
    });
    let value = metric.score(&image, None, &ctx).unwrap().value;
    assert_eq!(value.to_bits(), cambi::score_image(&image, &options, &ctx).unwrap().score.to_bits());
    let default = of("cambi").unwrap().score(&image, None, &ctx).unwrap().value;
    assert_ne!(value.to_bits(), default.to_bits());
    // The variant keeps its own defaults.
    let coarse = of("cambi:coarse:eotf=pq").unwrap();
    let options = cambi::Options::coarse().but(|new| new.eotf = cambi::Eotf::Pq);
    assert_eq!(coarse.name(), "cambi-coarse:eotf=pq");
    let value = coarse.score(&image, None, &ctx).unwrap().value;
    assert_eq!(value.to_bits(), cambi::score_image(&image, &options, &ctx).unwrap().score.to_bits());
    for (text, message) in [
        ("cambi:topk=2", "`topk` must be 0.0001 to 1, got 2"),
        ("cambi:topk=much", "`topk` must be a number, got `much`"),
        ("cambi:top=1", "cambi has no parameter `top`"),
        ("psnr:topk=0.5", "psnr has no parameter `topk`"),
    ] {
        assert_eq!(parse(Domain::Image, text).err().unwrap().to_string(), message);
    }
    assert!(parse(Domain::Image, "cambo:topk=0.5").unwrap().is_none());
}
