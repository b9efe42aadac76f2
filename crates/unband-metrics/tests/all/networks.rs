//! Metrics that run a network, with synthetic weights and, where available, published ones.
#![allow(clippy::unwrap_used, clippy::print_stdout)]

use std::path::{Path, PathBuf};

use serde_json::Value;
use unband_image::{Context, Depth, Hint, Image, Model, Plane, With};
use unband_infer::models;
use unband_metrics::dbi::dbi_map;
use unband_metrics::{Domain, Fault, MetricError, find, metrics};
use unband_nets::checkpoint::{self, write_safetensors};
use unband_nets::state::fill;
use unband_nets::{StateDict, arch};
use unband_simd::Precision;

fn golden(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../golden").join(name)
}

fn json(name: &str) -> Value {
    serde_json::from_slice(&std::fs::read(golden(name)).unwrap()).unwrap()
}

/// A folder of models with one model.
fn with_model(name: &str, state: &StateDict) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(models::file(folder.path(), name), write_safetensors(state, &[])).unwrap();
    folder
}

fn made(network: &str) -> tempfile::TempDir {
    with_model(network, &fill::scaled(&arch::build(network).unwrap().unwrap().stored(), 2.0))
}

fn ctx(models: &Path) -> Context<'_> {
    Context::with(|new| new.models = Some(models))
}

fn image(width: usize, height: usize, sample: impl Fn(usize, usize, usize) -> f32) -> Image {
    let plane = |c| {
        let data = (0..width * height).map(|i| sample(i % width, i / width, c)).collect();
        Plane { width, height, data }
    };
    Image::new((0..3).map(plane).collect(), Model::Rgb, Depth::F32)
}

/// The image of the golden values, and the same upside down.
fn pair() -> (Image, Image) {
    let (width, height) = (72, 64);
    let values = fill::second_image(3, height, width);
    let at = |x, y, c| values[(c * height + y) * width + x] as f32;
    (image(width, height, at), image(width, height, |x, y, c| at(x, height - 1 - y, c)))
}

#[test]
fn lpips_is_the_originals_on_each_network() {
    let want = &json("nets/second_rule.json")["lpips"];
    let (a, b) = pair();
    for (name, network, short) in [
        ("lpips", "alexnet", "alex"),
        ("lpips-vgg", "vgg16", "vgg"),
        ("lpips-squeeze", "squeezenet", "squeeze"),
    ] {
        let folder = made(network);
        let score = |a, b| find(name).unwrap().score(a, Some(b), &ctx(folder.path())).unwrap();
        let got = score(&a, &b);
        let near = |got: f64, want: &Value, what: &str| {
            let off = (got / want.as_f64().unwrap() - 1.0).abs();
            println!("{name} {what}: {off:.1e}");
            assert!(off < 1e-5, "{name} {what}: {got} instead of {want}");
        };
        near(got.value, &want[short]["distance"], "distance");
        let taps = want[short]["per_layer"].as_array().unwrap();
        assert_eq!(got.details.len(), taps.len());
        for ((tap, got), want) in got.details.iter().zip(taps) {
            near(*got, want, tap);
        }
        assert!(score(&a, &a).value.abs() < f64::MIN_POSITIVE);
        assert!((score(&b, &a).value - got.value).abs() < 1e-12);
    }
}

#[test]
fn threads_do_not_change_a_value() {
    let (alex, dbi) = (made("alexnet"), tensorflow());
    let (a, b) = pair();
    let large = image(300, 480, |x, y, c| ((x / 9 + y / 7 + c) % 32) as f32 / 31.0);
    for (name, models, image, other) in
        [("lpips", alex.path(), &a, Some(&b)), ("dbi", dbi.path(), &large, None)]
    {
        let of = |threads| {
            let score = find(name)
                .unwrap()
                .score(image, other, &ctx(models).but(|new| new.threads = threads))
                .unwrap();
            (score.value.to_bits(), score.details)
        };
        assert_eq!(of(1), of(3), "{name}");
    }
}

#[test]
fn grey_is_three_equal_channels() {
    let folder = made("squeezenet");
    let (a, b) = pair();
    let of = |image: &Image, planes: usize| {
        let model = if planes == 1 { Model::Gray } else { Model::Rgb };
        Image::new(vec![image.planes[0].clone(); planes], model, Depth::F32)
    };
    let score = |planes| {
        let pair = (of(&a, planes), of(&b, planes));
        find("lpips-squeeze").unwrap().score(&pair.0, Some(&pair.1), &ctx(folder.path())).unwrap().value
    };
    assert_eq!(score(1).to_bits(), score(3).to_bits());
}

#[test]
fn numbers_that_were_not_imported_are_named_with_what_to_do() {
    let nothing = tempfile::tempdir().unwrap();
    let sample = image(300, 300, |x, _, _| x as f32 / 300.0);
    for metric in metrics(Domain::Image).filter(|metric| metric.network.is_some()) {
        for models in [None, Some(nothing.path())] {
            let ready = metric.ready(models).unwrap_err();
            let ctx = Context::with(|new| new.models = models);
            assert_eq!(metric.score(&sample, Some(&sample), &ctx), Err(ready.clone()));
            assert!(ready.to_string().starts_with(&format!("{} needs", metric.name())), "{ready}");
            assert!(ready.hint().unwrap().contains("unband models import"));
        }
    }
    let hint = find("lpips").unwrap().ready(None).unwrap_err().hint().unwrap();
    assert!(hint.contains("alexnet-owt-7be5be79.pth` (SHA-256 7be5be79…) from torchvision"), "{hint}");
    assert!(find("psnr").unwrap().ready(None).is_ok());
}

#[test]
fn the_numbers_of_another_network_are_refused() {
    let graph = arch::build("squeezenet").unwrap().unwrap();
    let folder = with_model("alexnet", &fill::scaled(&graph.stored(), 2.0));
    let (a, b) = pair();
    let error = find("lpips").unwrap().score(&a, Some(&b), &ctx(folder.path())).unwrap_err();
    let said = error.to_string();
    assert!(said.contains("alexnet.safetensors: holds the network squeezenet, not alexnet"), "{said}");
    std::fs::write(models::file(folder.path(), "alexnet"), b"nothing").unwrap();
    let error = find("lpips").unwrap().score(&a, Some(&b), &ctx(folder.path())).unwrap_err();
    assert!(
        matches!(&error, MetricError { fault: Fault::Network { .. }, .. }) && error.hint().is_some(),
        "{error}"
    );
}

fn tensorflow() -> tempfile::TempDir {
    with_model("dbi", &checkpoint::open(golden("tensorflow")).unwrap().state)
}

#[test]
fn the_map_of_one_patch_is_what_tensorflow_says_of_it() {
    let folder = tensorflow();
    let classifier =
        models::engine(arch::find("dbi").unwrap(), &models::file(folder.path(), "dbi"), Precision::F32)
            .unwrap();
    let byte = |x: usize, y: usize, c: usize| [x / 16 * 16, y / 16 * 16, 128][c];
    let bands = image(235, 235, |x, y, c| byte(x, y, c) as f32 / 255.0);
    let map = dbi_map(&bands, &classifier, &Context::default()).unwrap();
    let want = 1.0 - json("tensorflow/expected.json")["probability"]["bands"].as_f64().unwrap();
    assert!(map.data.iter().all(|&v| (f64::from(v) - want).abs() < 1e-6));
    // Banded with a probability above 0.2, the classifier's threshold.
    let score = find("dbi").unwrap().score(&bands, None, &ctx(folder.path())).unwrap();
    assert!((score.value - 1.0).abs() < 1e-12);
    let small = image(234, 400, |_, _, _| 0.5);
    assert!(matches!(
        dbi_map(&small, &classifier, &Context::default()),
        Err(MetricError { fault: Fault::TooSmall { .. }, .. })
    ));
}

#[test]
fn dbi_is_the_published_score_digit_for_digit() {
    let Some(weights) = std::env::var_os("UNBAND_DBI_WEIGHTS").map(PathBuf::from) else {
        unband_skips::file("UNBAND_DBI_WEIGHTS does not name the published weights of DBI's classifier");
        return;
    };
    let want = &json("nets/dbi.json")["demo"];
    let path = weights.with_file_name(want["file"].as_str().unwrap());
    if !path.exists() {
        unband_skips::file(format_args!("{} is not next to the weights", path.display()));
        return;
    }
    let folder = with_model("dbi", &checkpoint::open(&weights).unwrap().state);
    let file = std::io::BufReader::new(std::fs::File::open(path).unwrap());
    let mut reader = png::Decoder::new(file).read_info().unwrap();
    let mut bytes = vec![0; reader.output_buffer_size().unwrap()];
    let info = reader.next_frame(&mut bytes).unwrap();
    let demo = Image::from_rgb8(info.width as usize, info.height as usize, &bytes).unwrap();
    let score = find("dbi").unwrap().score(&demo, None, &ctx(folder.path())).unwrap();
    assert!((score.value - want["published_csv"].as_f64().unwrap()).abs() < 1e-12, "{}", score.value);
    for ((_, grid), want) in score.details.iter().zip(want["score_per_series"].as_array().unwrap()) {
        assert!((grid - want.as_f64().unwrap()).abs() < 1e-12, "{grid}");
    }
}
