//! NIQE compared with `f64` values of its reference implementation.
#![allow(clippy::unwrap_used, clippy::print_stdout)]

use crate::golden;
use unband_image::{Context, Image, Matrix, Range, With};
use unband_metrics::niqe::niqe;
use unband_metrics::{Fault, MetricError};

#[test]
fn photographs_score_as_the_reference_does() {
    let values = golden::values();
    let ctx = Context::default();
    let mut compared = 0;
    for name in golden::PAIRS.iter().chain(&[golden::LARGE]) {
        let (a, b) = golden::images(&values, name);
        for (side, image) in [("a", &a), ("b", &b)] {
            let Some(want) = golden::of(&values, name)[format!("niqe_f64_{side}")].as_f64() else { continue };
            let got = niqe(image, &ctx).unwrap();
            println!("{name} {side}: {got}, reference {want}, off by {:e}", got - want);
            // In exactly flat areas of a banded image, rounding decides; two `f64` programs differ by 0.03.
            let tolerance = if side == "a" && name.starts_with('r') { 0.05 } else { 1e-4 };
            golden::near(&format!("{name} {side}"), got, want, tolerance);
            compared += 1;
        }
    }
    assert_eq!(compared, 9);
}

fn noise(width: usize, height: usize) -> Vec<u8> {
    (0..width * height).map(|i| (golden::lowbias32(i as u32) % 200) as u8 + 20).collect()
}

#[test]
fn threads_do_not_matter_and_grey_is_three_equal_channels() {
    let codes = noise(300, 200);
    let rgb: Vec<u8> = codes.iter().flat_map(|&c| [c; 3]).collect();
    let image = Image::from_rgb8(300, 200, &rgb).unwrap();
    let with = |threads| niqe(&image, &Context::with(|new| new.threads = threads)).unwrap().to_bits();
    assert_eq!(with(1), with(3));
    let grey = Image::from_gray(300, 200, &codes).unwrap();
    assert_eq!(niqe(&grey, &Context::default()).unwrap().to_bits(), with(1));
}

#[test]
fn luma_of_yuv_is_taken_as_it_is_stored() {
    let codes = noise(200, 192);
    let half = [128; 100 * 96];
    let yuv = Image::from_yuv420(200, 192, [&codes, &half, &half], Matrix::Bt601, Range::Limited).unwrap();
    // 8-bit grey whose studio luma has these codes.
    let grey: Vec<f32> = codes.iter().map(|&c| (f32::from(c) - 16.0) / 219.0).collect();
    let plane = unband_image::Plane { width: 200, height: 192, data: grey };
    let grey = Image::new(vec![plane], unband_image::Model::Gray, unband_image::Depth::F32);
    let ctx = Context::default();
    assert_eq!(niqe(&yuv, &ctx).unwrap().to_bits(), niqe(&grey, &ctx).unwrap().to_bits());
}

#[test]
fn what_cannot_be_measured_is_an_error_that_says_why() {
    let ctx = Context::default();
    let small = Image::from_gray(95, 300, &noise(95, 300)).unwrap();
    let error = niqe(&small, &ctx).unwrap_err();
    assert_eq!(error.to_string(), "niqe needs at least 96×96 samples, got 95×300");
    // A single block has no covariance, a flat image no contrast.
    let one = Image::from_gray(191, 100, &noise(191, 100)).unwrap();
    assert!(matches!(niqe(&one, &ctx), Err(MetricError { fault: Fault::TooFew { got: 1, .. }, .. })));
    let flat = Image::from_gray(400, 300, &vec![77u8; 400 * 300]).unwrap();
    match niqe(&flat, &ctx) {
        Ok(value) => assert!(value.is_finite()),
        Err(error) => assert!(matches!(error, MetricError { fault: Fault::TooFew { .. }, .. })),
    }
    let mut odd = Image::from_gray(300, 200, &noise(300, 200)).unwrap();
    odd.planes[0].data[7] = f32::NAN;
    assert_eq!(niqe(&odd, &ctx), Err(Fault::NotFinite.of("niqe")));
}

#[test]
fn noise_and_blur_lie_further_from_photographs() {
    let values = golden::values();
    let (_, photo) = golden::pair(&values, "r3_ggdbn");
    let ctx = Context::default();
    let clean = niqe(&photo.image(), &ctx).unwrap();
    let noisy: Vec<u8> = photo
        .bytes
        .iter()
        .enumerate()
        .map(|(i, &v)| v.saturating_add((golden::lowbias32(i as u32) % 80) as u8))
        .collect();
    let noisy = niqe(&Image::from_rgb8(photo.width, photo.height, &noisy).unwrap(), &ctx).unwrap();
    assert!(noisy > clean + 1.0, "{noisy} {clean}");
}
