//! Full-reference metrics compared with reference implementations.
#![allow(clippy::unwrap_used)]

use crate::golden;
use golden::{LARGE, PAIRS, images, near, values};
use unband_image::{Context, Depth, Image, Model};
use unband_metrics::{Fault, MetricError, Score, find, gmsd, ms_ssim, ssimulacra2};

fn compare(metric: &str, image: &Image, reference: &Image) -> Result<Score, MetricError> {
    find(metric).unwrap().score(image, Some(reference), &Context::default())
}

fn score(metric: &str, image: &Image, reference: &Image) -> Score {
    compare(metric, image, reference).unwrap()
}

/// Names in the registry, names in the golden values and tolerances.
const GOLDEN: [(&str, &str, f64); 12] = [
    ("psnr", "psnr_rgb", 1e-6),
    ("psnr-y", "psnr_y_matlab_unrounded", 1e-6),
    ("psnr-y-rounded", "psnr_y_matlab_rounded", 1e-6),
    ("ssim-gauss11-rgb", "ssim_gauss11_rgb", 1e-7),
    ("ssim-gauss11-y", "ssim_gauss11_y_unrounded", 1e-7),
    ("ssim-uniform7-rgb", "ssim_skimage_uniform7_rgb", 1e-7),
    ("ssim-matlab-gray", "ssim_matlab_gray", 1e-7),
    ("ms-ssim", "ms_ssim_gray", 1e-7),
    ("ms-ssim-rgb", "ms_ssim_pytorch_msssim_rgb", 1e-7),
    ("gmsd", "gmsd_gray", 1e-7),
    ("ciede2000", "ciede2000_mean", 1e-6),
    ("ssimulacra2", "ssimulacra2_rust_av_0.5.1", 0.1),
];

#[test]
fn every_golden_image_is_the_one_that_was_measured() {
    let values = values();
    assert_eq!(values["pairs"].as_object().unwrap().len(), PAIRS.len());
    for name in PAIRS.iter().chain(&[LARGE]) {
        let (a, b) = golden::pair(&values, name);
        assert!(a != b, "{name}");
    }
}

#[test]
fn every_metric_gives_the_value_of_the_reference_tool() {
    let values = values();
    for pair in PAIRS {
        let (a, b) = images(&values, pair);
        for (metric, key, tolerance) in GOLDEN {
            let want = golden::of(&values, pair)[key].as_f64().unwrap();
            near(&format!("{pair} {metric}"), score(metric, &b, &a).value, want, tolerance);
        }
    }
}

#[test]
fn the_details_of_a_metric_are_those_of_the_reference_tool() {
    let values = values();
    for pair in PAIRS {
        let (a, b) = images(&values, pair);
        let want = |key: &str| golden::of(&values, pair)[key].as_f64().unwrap();
        let details = |metric, names: &[&str], keys: &[&str], tolerance| {
            let found = score(metric, &b, &a).details;
            assert_eq!(found.iter().map(|(name, _)| *name).collect::<Vec<_>>(), names);
            for ((name, value), key) in found.iter().zip(keys) {
                near(&format!("{pair} {metric} {name}"), *value, want(key), tolerance);
            }
        };
        details("ciede2000", &["p95", "max"], &["ciede2000_p95", "ciede2000_max"], 1e-5);
        details("gmsd", &["gms_mean"], &["gms_mean_gray"], 1e-7);
    }
}

#[test]
fn a_larger_image_is_halved_before_matlabs_similarity() {
    let values = values();
    let (a, b) = images(&values, LARGE);
    for (metric, key) in [
        ("ssim-matlab-gray", "ssim_matlab_gray"),
        ("ssim-gauss11-rgb", "ssim_gauss11_rgb"),
        ("ms-ssim", "ms_ssim_gray"),
        ("gmsd", "gmsd_gray"),
    ] {
        let want = golden::of(&values, LARGE)[key].as_f64().unwrap();
        near(metric, score(metric, &b, &a).value, want, 1e-7);
    }
}

#[test]
fn identical_images_have_the_ideal_value() {
    let values = values();
    for pair in ["f3_radial_q6", "f4_texture_noise", "r2_deepdeband_0038"] {
        let (_, image) = images(&values, pair);
        let is = |metric: &str, want: f64| {
            let got = score(metric, &image, &image).value;
            assert_eq!(got.to_bits(), want.to_bits(), "{pair} {metric}: {got}");
        };
        for metric in ["psnr", "psnr-y", "psnr-y-rounded"] {
            is(metric, f64::INFINITY);
        }
        for metric in ["ssim-gauss11-rgb", "ssim-gauss11-y", "ssim-uniform7-rgb", "ssim-matlab-gray"] {
            is(metric, 1.0);
        }
        for (metric, want) in [
            ("ms-ssim", 1.0),
            ("ms-ssim-rgb", 1.0),
            ("gmsd", 0.0),
            ("ciede2000", 0.0),
            ("ssimulacra2", 100.0),
        ] {
            is(metric, want);
        }
    }
}

#[test]
fn all_but_ssimulacra2_are_symmetric() {
    let values = values();
    for pair in ["f2_ramp_dither_q8", "f6_texture_contrast", "r1_deepdeband_0007"] {
        let (a, b) = images(&values, pair);
        for (metric, ..) in GOLDEN.iter().filter(|g| g.0 != "ssimulacra2") {
            let (there, back) = (score(metric, &a, &b).value, score(metric, &b, &a).value);
            assert!((there - back).abs() <= 1e-12 * there.abs(), "{pair} {metric}: {there} {back}");
        }
        let (there, back) = (score("ssimulacra2", &a, &b).value, score("ssimulacra2", &b, &a).value);
        assert!((there - back).abs() > 1e-3, "{pair}: {there} {back}");
    }
}

/// Every sample at another depth with the same value.
fn deeper(image: &Image, depth: Depth) -> Image {
    let mut out = image.clone();
    out.depth = depth;
    for v in out.planes.iter_mut().flat_map(|p| &mut p.data) {
        *v = if depth == Depth::F32 { *v } else { depth.value(depth.code(*v)) };
    }
    out
}

#[test]
fn images_of_different_depth_are_compared_by_value() {
    let values = values();
    let (a, b) = images(&values, "r3_ggdbn");
    for depth in [Depth::SIXTEEN, Depth::F32] {
        let (deep_a, deep_b) = (deeper(&a, depth), deeper(&b, depth));
        for (metric, ..) in GOLDEN {
            let deep = score(metric, &deep_b, &deep_a).value;
            let mixed = score(metric, &b, &deep_a).value;
            let noise = 1e-6 * deep.abs();
            assert!((deep - mixed).abs() <= noise, "{depth} {metric}: {deep} {mixed}");
            let same = score(metric, &b, &deep_b).value;
            let ideal = score(metric, &b, &b).value;
            // An image equals itself at any depth, within the 24 bits of its samples.
            let near = same.to_bits() == ideal.to_bits() || (same - ideal).abs() < 1e-9;
            assert!(near || (same > 130.0 && ideal.is_infinite()), "{depth} {metric}: {same}");
            // Grey without rounding to 8-bit codes changes these metrics, and no other.
            let shallow = score(metric, &b, &a).value;
            let moved = (deep - shallow).abs() > noise;
            let rounds = matches!(metric, "ssim-matlab-gray" | "ms-ssim" | "gmsd");
            assert_eq!(moved, rounds, "{depth} {metric}: {deep} {shallow}");
        }
    }
}

#[test]
fn less_than_a_code_of_difference_counts() {
    let values = values();
    let (a, _) = images(&values, "f3_radial_q6");
    let a = deeper(&a, Depth::SIXTEEN);
    let mut b = a.clone();
    for (i, v) in b.planes.iter_mut().flat_map(|p| &mut p.data).enumerate() {
        *v += if i % 3 == 0 { 0.25 / 255.0 } else { 0.0 };
    }
    for (metric, ..) in GOLDEN.iter().filter(|g| g.0 != "psnr-y-rounded") {
        let (same, other) = (score(metric, &a, &a).value, score(metric, &b, &a).value);
        assert!((same - other).abs() > 1e-9, "{metric}: {same} {other}");
    }
}

#[test]
fn grey_is_not_compared_with_rgb() {
    let values = values();
    let (rgb, _) = images(&values, "r3_ggdbn");
    let mut grey = rgb.clone();
    grey.planes.truncate(1);
    grey.color.model = Model::Gray;
    for (metric, ..) in GOLDEN {
        for (image, reference) in [(&rgb, &grey), (&grey, &rgb)] {
            let error = compare(metric, image, reference).unwrap_err();
            assert!(
                matches!(&error, MetricError { metric: named, fault: Fault::Models(_, _) } if named == metric),
                "{error}"
            );
            assert!(error.to_string().starts_with(metric), "{error}");
        }
        // Grey is treated as three equal channels.
        let mut three = grey.clone();
        three.planes = vec![grey.planes[0].clone(); 3];
        three.color.model = Model::Rgb;
        let dark = |image: &Image| {
            let mut out = image.clone();
            out.planes.iter_mut().flat_map(|p| &mut p.data).for_each(|v| *v = (*v * 200.0).round() / 255.0);
            out
        };
        let (one, all) =
            (score(metric, &dark(&grey), &grey).value, score(metric, &dark(&three), &three).value);
        assert!((one - all).abs() <= 1e-12 * all.abs(), "{metric}: {one} {all}");
    }
}

#[test]
fn an_image_below_the_least_side_is_an_error_and_the_least_side_is_not() {
    for (metric, least) in [
        ("psnr", 1),
        ("ciede2000", 1),
        ("gmsd", gmsd::LEAST_SIDE),
        ("ssim-uniform7-rgb", 7),
        ("ssimulacra2", ssimulacra2::LEAST_SIDE),
        ("ssim-gauss11-rgb", 11),
        ("ssim-gauss11-y", 11),
        ("ssim-matlab-gray", 11),
        ("ms-ssim", ms_ssim::LEAST_SIDE),
        ("ms-ssim-rgb", ms_ssim::LEAST_SIDE),
    ] {
        let pair = |width: usize, height: usize| {
            let bytes: Vec<u8> = (0..width * height * 3).map(|i| (i * 7919 % 251) as u8).collect();
            let other: Vec<u8> = bytes.iter().map(|v| v / 2).collect();
            (
                Image::from_rgb8(width, height, &bytes).unwrap(),
                Image::from_rgb8(width, height, &other).unwrap(),
            )
        };
        for (width, height) in [(least, least), (least + 1, least), (least, 3 * least + 1)] {
            let (a, b) = pair(width, height);
            assert!(compare(metric, &b, &a).unwrap().value.is_finite(), "{metric} {width}×{height}");
        }
        for (width, height) in [(least - 1, least + 9), (least + 9, least - 1)] {
            if least == 1 {
                continue;
            }
            let (a, b) = pair(width, height);
            let error = compare(metric, &b, &a).unwrap_err();
            assert_eq!(error, Fault::TooSmall { needed: least, size: (width, height) }.of(metric));
            assert!(error.to_string().contains(metric) && error.to_string().contains(&least.to_string()));
        }
    }
}

#[test]
fn samples_that_are_no_numbers_or_beyond_reason_give_no_nonsense() {
    let values = values();
    let (a, b) = images(&values, "r3_ggdbn");
    for bad in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
        let mut broken = deeper(&b, Depth::F32);
        broken.planes[2].data[777] = bad;
        for (metric, ..) in GOLDEN {
            assert_eq!(compare(metric, &broken, &a), Err(Fault::NotFinite.of(metric)), "{metric}");
            assert_eq!(compare(metric, &a, &broken), Err(Fault::NotFinite.of(metric)), "{metric}");
        }
    }
    for far in [f32::MAX, f32::MIN, -0.5, 40.0] {
        let mut broken = deeper(&b, Depth::F32);
        broken.planes[2].data[777] = far;
        broken.planes[0].data[5000] = -far;
        for (metric, ..) in GOLDEN {
            let value = score(metric, &broken, &a).value;
            assert!(value.is_finite(), "{metric} {far}: {value}");
            if metric.contains("ssim-") || metric == "ms-ssim" {
                assert!((-1.0..=1.0).contains(&value), "{metric} {far}: {value}");
            }
        }
    }
}

#[test]
fn an_inverted_image_has_no_similarity_over_five_scales() {
    let values = values();
    let (a, _) = images(&values, "f4_texture_noise");
    let mut b = a.clone();
    b.planes.iter_mut().flat_map(|p| &mut p.data).for_each(|v| *v = 1.0 - *v);
    assert!(score("ssim-gauss11-rgb", &b, &a).value < -0.5);
    assert_eq!(score("ms-ssim", &b, &a).value.to_bits(), 0.0f64.to_bits());
    assert_eq!(score("ms-ssim-rgb", &b, &a).value.to_bits(), 0.0f64.to_bits());
}
