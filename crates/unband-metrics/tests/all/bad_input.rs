//! Undefined and invalid inputs of every metric; values independent of threads.
#![allow(clippy::unwrap_used)]

use std::sync::atomic::AtomicBool;

use unband_image::{Context, Depth, Image, Matrix, Model, Plane, Range, Rng, With};
use unband_metrics::{
    ComparedWith, Domain, Fault, Metric, MetricError, MinSize, banding_classifier, metrics,
};
use unband_simd::Level;

const W: usize = 400;
const H: usize = 304;

/// Bands and, below them, texture, in planes that differ: every metric is defined for it.
fn banded(width: usize, height: usize, planes: usize, moved: f32) -> Image {
    let rng = Rng::new(7);
    let plane = |c: usize| {
        let sample = |i: usize| {
            let (x, y) = (i % width, i / width);
            let ramp = 60.0 + 0.25 * x as f32 + 0.08 * y as f32 + 5.0 * c as f32;
            let rough = y >= height - height / 4;
            let texture = if rough { 40.0 * rng.unit_at(0, c as u32, x as u32, y as u32) } else { 0.0 };
            ((ramp + texture) / 4.0).round() * 4.0 + moved
        };
        let data = (0..width * height).map(|i| sample(i).round().clamp(0.0, 255.0) / 255.0).collect();
        Plane { width, height, data }
    };
    let model = if planes == 1 { Model::Gray } else { Model::Rgb };
    Image::new((0..planes).map(plane).collect(), model, Depth::EIGHT)
}

/// The same without bands.
fn smooth(width: usize, height: usize) -> Image {
    let mut image = banded(width, height, 3, 0.0);
    image.depth = Depth::F32;
    for (c, plane) in image.planes.iter_mut().enumerate() {
        for (i, v) in plane.data.iter_mut().enumerate() {
            let (x, y) = (i % width, i / width);
            if y < height - height / 4 {
                *v = (60.0 + 0.25 * x as f32 + 0.08 * y as f32 + 5.0 * c as f32) / 255.0;
            }
        }
    }
    image
}

fn video(width: usize, height: usize) -> Image {
    let luma: Vec<u8> = (0..width * height).map(|i| (40 + i % width / 9 + i / width / 30) as u8).collect();
    let chroma = vec![128; width.div_ceil(2) * height.div_ceil(2)];
    Image::from_yuv420(width, height, [&luma, &chroma, &chroma], Matrix::Bt709, Range::Limited).unwrap()
}

fn with_sample(mut image: Image, value: f32) -> Image {
    let last = image.planes.len() - 1;
    image.planes[last].data[77] = value;
    image
}

fn named(metric: &Metric, error: &MetricError) {
    assert!(error.to_string().starts_with(&format!("{} ", metric.name())), "{}: {error}", metric.name());
}

/// Fails unless the result is finite or an error that names the metric. Without a folder of models, metrics
/// that run a network fail because of the missing network.
fn number_or_named(metric: &Metric, image: &Image, other: &Image) -> Option<MetricError> {
    match metric.score(image, Some(other), &Context::default()) {
        Ok(score) => {
            assert!(score.value.is_finite(), "{}: {}", metric.name(), score.value);
            assert!(metric.network.is_none(), "{}", metric.name());
            None
        }
        Err(error @ MetricError { fault: Fault::NoNetwork(network), .. }) => {
            named(metric, &error);
            assert_eq!(metric.network, Some(network));
            None
        }
        Err(error) => {
            named(metric, &error);
            Some(error)
        }
    }
}

fn compares(metric: &Metric) -> bool {
    metric.compared_with != ComparedWith::Nothing
}

#[test]
fn images_that_do_not_fit_each_other_are_an_error_that_says_how() {
    let image = banded(W, H, 3, 0.0);
    let grey = banded(W, H, 1, 0.0);
    for metric in metrics(Domain::Image).filter(|metric| compares(metric)) {
        for (width, height) in [(W, H - 1), (W + 1, H), (H, W), (1, 1), (2 * W, H / 2)] {
            let other = banded(width, height, 3, 0.0);
            for (a, b) in [(&image, &other), (&other, &image)] {
                let error = number_or_named(metric, a, b).unwrap();
                assert!(matches!(error, MetricError { fault: Fault::Size { .. }, .. }), "{error}");
                let said = error.to_string();
                assert!(
                    said.contains(&format!("{width}×{height}")) && said.contains(&format!("{W}×{H}")),
                    "{said}"
                );
            }
        }
        for (a, b) in [(&image, &grey), (&grey, &image)] {
            let error = number_or_named(metric, a, b).unwrap();
            assert!(matches!(error, MetricError { fault: Fault::Models(_, _), .. }), "{error}");
            assert!(error.to_string().contains("RGB") && error.to_string().contains("grey"), "{error}");
        }
        let missing = metric.score(&image, None, &Context::default()).unwrap_err();
        named(metric, &missing);
        assert!(matches!(missing, MetricError { fault: Fault::Missing(_), .. }), "{missing}");
    }
}

#[test]
fn luma_and_chroma_are_measured_by_luma_or_refused() {
    let video = video(W, H);
    for metric in metrics(Domain::Image) {
        match number_or_named(metric, &video, &video) {
            None => assert!(!compares(metric), "{}", metric.name()),
            Some(MetricError { fault: Fault::Model(_), .. }) => {
                // Networks take colours; unband's own classifier need not be imported.
                let runs_network =
                    metric.network.is_some() || metric.name() == banding_classifier::ENTRY.base();
                assert!(compares(metric) || runs_network, "{}", metric.name());
            }
            Some(error) => panic!("{error}"),
        }
        for value in [f32::NAN, f32::NEG_INFINITY] {
            let mut odd = video.clone();
            odd.planes[0].data[99] = value;
            assert!(number_or_named(metric, &odd, &odd).is_some(), "{}", metric.name());
        }
    }
}

#[test]
fn samples_that_are_not_finite_never_become_a_value() {
    for planes in [1, 3] {
        let image = banded(W, H, planes, 0.0);
        for value in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
            let odd = with_sample(image.clone(), value);
            for metric in metrics(Domain::Image) {
                let refused = Some(Fault::NotFinite.of(metric.name()));
                assert_eq!(number_or_named(metric, &odd, &image), refused, "{}", metric.name());
                if compares(metric) {
                    assert_eq!(number_or_named(metric, &image, &odd), refused, "{}", metric.name());
                }
            }
        }
    }
}

#[test]
fn samples_far_from_black_and_white_give_a_number_or_an_error() {
    let image = banded(W, H, 3, 0.0);
    for value in [f32::MAX, f32::MIN, -3.0, 1e6, f32::MIN_POSITIVE] {
        let odd = with_sample(banded(W, H, 3, 3.0), value);
        for metric in metrics(Domain::Image) {
            number_or_named(metric, &odd, &image);
            number_or_named(metric, &image, &odd);
        }
    }
}

#[test]
fn images_of_any_shape_give_a_number_or_an_error_that_names_the_metric() {
    for (width, height) in [(1, 1), (2, 1), (1, 9), (3, 2000), (2000, 3), (7, 7), (30, 400)] {
        let (image, other) = (banded(width, height, 3, 0.0), banded(width, height, 3, 3.0));
        for metric in metrics(Domain::Image) {
            let error = number_or_named(metric, &image, &other);
            let too_small = match metric.min_size {
                MinSize::Sample => false,
                MinSize::Sides(least) => width.min(height) < least,
                MinSize::OneSide(least) => width.max(height) < least,
            };
            match error {
                Some(MetricError {
                    fault: Fault::TooSmall { needed, .. } | Fault::Short { needed, .. },
                    ..
                }) => {
                    assert!(too_small, "{}", metric.name());
                    let least = match metric.min_size {
                        MinSize::Sample => 1,
                        MinSize::Sides(least) | MinSize::OneSide(least) => least,
                    };
                    assert_eq!(needed, least, "{}", metric.name());
                }
                Some(MetricError { fault: Fault::TooFew { .. }, .. }) | None => {
                    assert!(!too_small, "{} {width}×{height}", metric.name());
                }
                Some(error) => panic!("{error}"),
            }
        }
    }
}

#[test]
fn the_least_image_of_the_registry_is_the_least_that_has_a_value() {
    for metric in metrics(Domain::Image) {
        let sizes = match metric.min_size {
            MinSize::Sample => continue,
            MinSize::Sides(least) => [(least, least), (least - 1, least), (2 * least, least - 1)],
            MinSize::OneSide(least) => [(least, 5), (least - 1, least - 1), (5, least - 1)],
        };
        for (i, (width, height)) in sizes.into_iter().enumerate() {
            let error =
                number_or_named(metric, &banded(width, height, 3, 0.0), &banded(width, height, 3, 3.0));
            let small = matches!(
                error,
                Some(MetricError { fault: Fault::TooSmall { .. } | Fault::Short { .. }, .. })
            );
            assert_eq!(small, i > 0, "{} {width}×{height}: {error:?}", metric.name());
            assert!(!small || error.unwrap().to_string().contains(&format!("got {width}×{height}")));
        }
    }
}

#[test]
fn images_that_contradict_themselves_are_errors() {
    let good = banded(W, H, 3, 0.0);
    let mut broken = vec![];
    for planes in [0, 1, 2, 4] {
        let mut image = good.clone();
        image.planes.resize(planes, good.planes[0].clone());
        broken.push(image);
    }
    let mut image = good.clone();
    image.color.model = Model::Gray;
    broken.push(image);
    let mut image = good.clone();
    image.planes[0].data.pop();
    broken.push(image);
    let mut image = good.clone();
    image.planes[2] = Plane { width: W / 2, height: H, data: vec![0.5; W / 2 * H] };
    broken.push(image);
    let mut image = good.clone();
    image.planes[1].width = usize::MAX;
    broken.push(image);
    let nothing = Plane { width: 0, height: 0, data: Vec::new() };
    broken.push(Image::new(vec![nothing.clone()], Model::Gray, Depth::EIGHT));
    broken.push(Image::new(vec![nothing; 3], Model::Rgb, Depth::EIGHT));
    let mut image = video(W, H);
    image.planes.clear();
    broken.push(image);
    for (i, image) in broken.iter().enumerate() {
        for metric in metrics(Domain::Image) {
            for (a, b) in [(image, &good), (image, image), (&good, image)] {
                let error = number_or_named(metric, a, b);
                let of_other = std::ptr::eq(a, &raw const good) && !compares(metric);
                match error {
                    Some(MetricError { fault: Fault::Planes { .. } | Fault::Samples { .. }, .. }) => {}
                    None if of_other => {}
                    other => panic!("{} {i}: {other:?}", metric.name()),
                }
            }
        }
    }
}

#[test]
fn threads_and_instructions_do_not_change_a_value() {
    // More columns than a strip, more samples than a work item.
    let (image, reference) = (banded(W, H, 3, 0.0), smooth(W, H));
    let mut measured = 0;
    // `networks.rs` tests the others.
    let without_network = || metrics(Domain::Image).filter(|metric| metric.network.is_none());
    for metric in without_network() {
        let with = |threads, level| {
            let ctx = Context::with(|new| {
                new.threads = threads;
                new.level = level;
            });
            metric.score(&image, Some(&reference), &ctx)
        };
        let other = if metric.compared_with == ComparedWith::Input { &image } else { &reference };
        let of_input = |threads| {
            let ctx = Context::with(|new| new.threads = threads);
            metric.score(&reference, Some(other), &ctx)
        };
        let bits = |score: Result<unband_metrics::Score, MetricError>| {
            let score = score.unwrap_or_else(|error| panic!("{error}"));
            let details = score.details.iter().map(|(name, value)| (*name, value.to_bits()));
            (score.value.to_bits(), details.collect::<Vec<_>>())
        };
        if metric.compared_with == ComparedWith::Input {
            assert_eq!(bits(of_input(1)), bits(of_input(3)), "{}", metric.name());
            measured += 1;
            continue;
        }
        let want = bits(with(1, Level::best()));
        for level in Level::all() {
            for threads in [1, 3] {
                assert_eq!(bits(with(threads, level)), want, "{} {threads} {level:?}", metric.name());
            }
        }
        measured += 1;
    }
    assert_eq!(measured, without_network().count());
}

#[test]
fn every_metric_stops_when_asked() {
    let stop = AtomicBool::new(true);
    let ctx = Context::with(|new| new.cancel = &stop);
    let image = banded(W, H, 3, 0.0);
    for metric in metrics(Domain::Image) {
        let got = metric.score(&image, Some(&image), &ctx);
        assert_eq!(got, Err(MetricError::from(Fault::Cancelled)), "{}", metric.name());
    }
}
