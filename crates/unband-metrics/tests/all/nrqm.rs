//! NRQM and the perceptual index compared with their authors' code, with synthetic forests in place of
//! theirs.
#![allow(clippy::unwrap_used, clippy::print_stdout)]

use crate::golden;
use std::path::{Path, PathBuf};

use serde_json::Value;
use unband_image::{Context, Depth, Hint, Image, With};
use unband_infer::models;
use unband_metrics::niqe::niqe;
use unband_metrics::nrqm::{MODEL, Model, features, nrqm};
use unband_metrics::pi::{pi, pi_pirm};
use unband_metrics::{Fault, MetricError, find};
use unband_nets::StateDict;
use unband_nets::checkpoint::{self, write_safetensors};

fn file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../golden/nrqm").join(name)
}

fn matlab() -> StateDict {
    checkpoint::open(file("forest_v7.mat")).unwrap().state
}

fn model() -> Model {
    Model::from_matlab(&matlab()).unwrap()
}

/// Every golden image with the values of the authors' code.
fn images() -> Vec<(Image, Value)> {
    let golden: Value = serde_json::from_slice(&std::fs::read(file("golden.json")).unwrap()).unwrap();
    let image = |want: &Value| {
        let whole = golden::file(want["picture"].as_str().unwrap());
        let side = |i: usize| want["size"][i].as_u64().unwrap() as usize;
        let (width, height) = (side(0), side(1));
        let rows = (0..height).flat_map(|y| &whole.bytes[3 * y * whole.width..][..3 * width]);
        let bytes: Vec<u8> = rows.copied().collect();
        (Image::from_rgb8(width, height, &bytes).unwrap(), want.clone())
    };
    let all = golden["pictures"].as_array().unwrap();
    assert_eq!(all.len(), 4);
    all.iter().map(image).collect()
}

/// The largest difference from the golden value: relative for values above 1, absolute for smaller ones.
fn furthest(what: &str, got: &[f64], want: &Value, tolerance: f64) {
    let want = want.as_array().unwrap();
    assert_eq!(got.len(), want.len(), "{what}");
    let off = |(i, (got, want)): (usize, (&f64, &Value))| {
        let want = want.as_f64().unwrap();
        let off = (got - want).abs() / want.abs().max(1.0);
        assert!(off <= tolerance, "{what} {i}: {got} instead of {want}");
        off
    };
    let most = got.iter().zip(want).enumerate().map(off).fold(0.0, f64::max);
    println!("{what}: {most:.1e}");
}

#[test]
fn features_are_those_of_the_authors_code() {
    for (image, want) in images() {
        let name = want["picture"].as_str().unwrap();
        let got = features(&image, &Context::default()).unwrap();
        let want = &want["grey"];
        furthest(&format!("{name} local"), &got.local, &want["local"], 1e-6);
        furthest(&format!("{name} global"), &got.global, &want["global"], 1e-6);
        furthest(&format!("{name} spatial"), &got.spatial, &want["spatial"], 1e-9);
    }
}

#[test]
fn values_are_those_of_the_authors_forests_and_line() {
    let model = model();
    for (image, want) in images() {
        let name = want["picture"].as_str().unwrap();
        let made = &want["grey"]["made_forest"];
        let got = nrqm(&image, &model, &Context::default()).unwrap();
        furthest(&format!("{name} groups"), &got.groups, &made["groups"], 1e-12);
        golden::near(name, got.value, made["value"].as_f64().unwrap(), 1e-12);
        // The index computes everything twice more: for one image, and for one that is too small for NIQE.
        if !["r2_deepdeband_0038_b.png", "r4_indi_2_b.png"].contains(&name) {
            continue;
        }
        let ctx = Context::default();
        let want = want["pirm"]["made_forest"]["value"].as_f64().unwrap();
        match (pi(&image, &model, &ctx), pi_pirm(&image, &model, &ctx)) {
            (Ok(index), Ok(shaved)) => {
                assert_eq!((index.nrqm, index.niqe), (got.value, niqe(&image, &ctx).unwrap()));
                golden::near(name, index.value, f64::midpoint(10.0 - index.nrqm, index.niqe), 1e-12);
                golden::near(name, shaved.nrqm, want, 1e-12);
                golden::near(name, shaved.value, f64::midpoint(10.0 - shaved.nrqm, shaved.niqe), 1e-12);
                let side = |len: usize| 4..len - 4;
                let plane = &image.planes[0];
                let inner = (0..3).map(|c| unband_image::Plane {
                    width: plane.width - 8,
                    height: plane.height - 8,
                    data: side(plane.height)
                        .flat_map(|y| &image.planes[c].data[y * plane.width..][side(plane.width)])
                        .copied()
                        .collect(),
                });
                let inner = Image::new(inner.collect(), image.color.model, image.depth);
                golden::near(name, shaved.niqe, niqe(&inner, &ctx).unwrap(), 1e-12);
            }
            (whole, shaved) => {
                // A single block of NIQE.
                let few = |result: Result<_, _>| {
                    matches!(result, Err(MetricError { fault: Fault::TooFew { .. }, .. }))
                };
                assert!(image.width() < 200 && few(whole) && few(shaved), "{name}");
            }
        }
    }
}

#[test]
fn metrics_find_the_imported_model() {
    let folder = tempfile::tempdir().unwrap();
    let ctx = Context::with(|new| new.models = Some(folder.path()));
    let (image, want) = images().remove(1);
    let [ma, index, shaved] = ["nrqm", "pi", "pi-pirm"].map(|name| find(name).unwrap());
    for metric in [&ma, &index, &shaved] {
        let error = metric.score(&image, None, &ctx).unwrap_err();
        assert_eq!(
            error.to_string(),
            format!("{} needs the model nrqm, which is not imported", metric.name())
        );
        let hint = error.hint().unwrap();
        assert!(
            hint.contains("get `model.mat` from Ma") && hint.contains("unband models import model.mat"),
            "{hint}"
        );
        assert_eq!(metric.ready(ctx.models), Err(error));
    }
    let path = models::file(folder.path(), MODEL);
    std::fs::write(&path, write_safetensors(&model().state(), &[])).unwrap();
    assert_eq!(Model::open(&path).unwrap(), model());
    let score = ma.score(&image, None, &ctx).unwrap();
    let made = &want["grey"]["made_forest"];
    golden::near("nrqm", score.value, made["value"].as_f64().unwrap(), 1e-12);
    assert_eq!(score.details.len(), 3);
    let made = want["pirm"]["made_forest"]["value"].as_f64().unwrap();
    let score = shaved.score(&image, None, &ctx).unwrap();
    golden::near("pi-pirm", score.details[1].1, made, 1e-12);
    let score = index.score(&image, None, &ctx).unwrap();
    assert_eq!(score.details.iter().map(|(name, _)| *name).collect::<Vec<_>>(), ["niqe", "nrqm"]);
    // Another model in its place is detected, and invalid files are reported.
    let mut state = model().state();
    state.insert(
        "linear",
        unband_nets::Tensor { shape: vec![4], data: unband_nets::Data::F64(vec![7.0, 0.0, 0.0, 0.0]) },
    );
    std::fs::write(&path, write_safetensors(&state, &[("a".to_owned(), "b".to_owned())])).unwrap();
    golden::near("constant", ma.score(&image, None, &ctx).unwrap().value, 7.0, 1e-12);
    std::fs::write(&path, write_safetensors(&matlab(), &[])).unwrap();
    let error = ma.score(&image, None, &ctx).unwrap_err();
    assert!(error.to_string().contains("not a model of NRQM") && error.hint().is_some(), "{error}");
}

#[test]
fn an_incomplete_model_is_reported() {
    let whole = matlab();
    for state in [&whole, &model().state()] {
        assert_eq!(Model::recognised(state), Some(Ok(model())));
    }
    assert_eq!(Model::recognised(&StateDict::new()), None);
    let without = |gone: &str| whole.clone().renamed(|name| (name != gone).then(|| name.to_owned()));
    for gone in ["linear", "rf.1.lDau", "rf.2.rDau", "rf.3.upper", "rf.1.avnode", "rf.2.mbest"] {
        let error = Model::from_matlab(&without(gone)).unwrap_err();
        assert!(error.contains(gone), "{error}");
    }
    // In the wrong order the forests use features that the first group does not have.
    let turned = whole.clone().renamed(|name| {
        Some(name.replace("rf.1.", "rf.0.").replace("rf.3.", "rf.1.").replace("rf.0.", "rf.3."))
    });
    assert!(Model::from_matlab(&turned).is_err());
    let saved = model().state();
    for gone in saved.names() {
        let state = saved.clone().renamed(|name| (name != gone).then(|| name.to_owned()));
        assert!(Model::from_state(&state).unwrap_err().contains(gone), "{gone}");
    }
}

#[test]
fn threads_depth_and_grey_do_not_matter() {
    let codes: Vec<u8> = (0..150 * 120).map(|i| (golden::lowbias32(i) % 200) as u8 + 20).collect();
    let grey = Image::from_gray(150, 120, &codes).unwrap();
    let of = |image: &Image, threads| features(image, &Context::with(|new| new.threads = threads)).unwrap();
    let want = of(&grey, 1);
    assert_eq!(of(&grey, 3), want);
    let rgb: Vec<u8> = codes.iter().flat_map(|&c| [c; 3]).collect();
    let rgb = Image::from_rgb8(150, 120, &rgb).unwrap();
    let deep: Vec<u16> = codes.iter().flat_map(|&c| [u16::from(c) * 257; 3]).collect();
    let deep = Image::from_rgb16(150, 120, &deep).unwrap();
    let mut float = grey.clone();
    float.depth = Depth::F32;
    for (name, image, tolerance) in [("rgb", rgb, 1e-9), ("deep", deep, 1e-9), ("float", float, 1e-3)] {
        let got = of(&image, 2);
        let all = |f: &unband_metrics::nrqm::Features| [&f.local[..], &f.global, &f.spatial].concat();
        for (got, want) in all(&got).iter().zip(all(&want)) {
            assert!((got - want).abs() <= tolerance * want.abs().max(1.0), "{name}: {got} {want}");
        }
    }
}

#[test]
fn flat_images_have_features_and_small_ones_are_reported() {
    let flat = Image::from_gray(96, 100, &vec![77u8; 9600]).unwrap();
    let got = features(&flat, &Context::default()).unwrap();
    assert!([&got.local[..], &got.global, &got.spatial].concat().iter().all(|v| v.is_finite()));
    let small = Image::from_gray(83, 300, &vec![77u8; 83 * 300]).unwrap();
    let error = features(&small, &Context::default()).unwrap_err();
    assert_eq!(error.to_string(), "nrqm needs at least 84×84 samples, got 83×300");
    let least = Image::from_gray(84, 84, &(0..84 * 84).map(|i| (i % 251) as u8).collect::<Vec<_>>()).unwrap();
    assert!(features(&least, &Context::default()).is_ok());
    let error = pi_pirm(&small, &model(), &Context::default()).unwrap_err();
    assert_eq!(error.to_string(), "pi-pirm needs at least 104×104 samples, got 83×300");
}

/// Uses the authors' forests, whose file `UNBAND_NRQM_MODEL` names, and the images of
/// `ResultsCalibra/dist_dir`, whose folder `UNBAND_NRQM_PICTURES` names. chaofengc/IQA-PyTorch lists the
/// scores of the authors' program for them.
#[test]
fn published_values_are_repeated_with_the_authors_model() {
    let from = |name: &str| std::env::var_os(name).map(PathBuf::from);
    let Some(path) = from("UNBAND_NRQM_MODEL") else {
        unband_skips::file("UNBAND_NRQM_MODEL does not name the authors' model.mat");
        return;
    };
    let model = Model::from_matlab(&checkpoint::open(path).unwrap().state).unwrap();
    println!("trees: {:?}", model.trees());
    let Some(folder) = from("UNBAND_NRQM_PICTURES") else {
        unband_skips::file("UNBAND_NRQM_PICTURES does not name the folder of the authors' images");
        return;
    };
    for (name, want) in [("I03", 1.3894), ("I04", 8.9394), ("I06", 8.9735), ("I08", 6.8290), ("I19", 6.3120)]
    {
        // 24 bits, rows from last to first, blue first, 512×384.
        let bytes = std::fs::read(folder.join(format!("{name}.bmp"))).unwrap();
        let rows = bytes[54..].chunks_exact(512 * 3).rev();
        let rgb: Vec<u8> =
            rows.flat_map(|row| row.chunks_exact(3).flat_map(|p| [p[2], p[1], p[0]])).collect();
        let image = Image::from_rgb8(512, 384, &rgb).unwrap();
        golden::near(name, nrqm(&image, &model, &Context::default()).unwrap().value, want, 2e-3);
    }
}
