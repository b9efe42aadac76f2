//! Training of a classifier on labelled patches.
#![allow(missing_docs, clippy::unwrap_used)]

use std::path::Path;

use burn::tensor::Device;
use unband_image::{Hint, Image};
use unband_nets::checkpoint;
use unband_train::recipe::Recipe;
use unband_train::{Learner, train};

const SIDE: usize = 360;

/// A slow gradient of 16 bits.
fn photo(file: &Path, first: usize) {
    let value = |i: usize| {
        let (x, y, c) = (i / 3 % SIDE, i / 3 / SIDE, i % 3);
        (20_000 + first + 40 * x + 15 * y + 900 * c) as u16
    };
    let data: Vec<u16> = (0..3 * SIDE * SIDE).map(value).collect();
    let image = Image::from_rgb16(SIDE, SIDE, &data).unwrap();
    let format = unband_io::writer_for(file).unwrap();
    unband_io::write_file(&image, file, format, &unband_io::WriteOptions::default(), true).unwrap();
}

const MIX: &str = r#"
title = "Photos on 4 bits"
[[clean]]
name = "photo"
use = "grade"
stops = 0.0
[[degrade]]
name = "rgb-4"
use = "rgb-bits"
bits = 4
"#;

fn recipe(dir: &Path, more: &str) -> Recipe {
    std::fs::write(dir.join("mix.toml"), MIX).unwrap();
    let data = format!(
        "{{ kind = \"clean\", folder = {:?}, recipe = {:?}, pool = 4 }}",
        dir.join("photos").display().to_string(),
        dir.join("mix.toml").display().to_string()
    );
    let text = format!(
        "network = \"dbi\"\nsteps = 12\nbatch = 4\npatch = 235\nloss = [{{ term = \"cross-entropy\" }}]\n\
         init = {{ kind = \"differences\", layer = \"conv1\", gain = 64.0 }}\n\
         optimizer = {{ kind = \"adam\", rate = 1e-2 }}\n{more}\n\
         data = {data}\nvalidation = {{ every = 12, data = {data} }}\n"
    );
    Recipe::parse(&text, "recipe.toml").unwrap()
}

#[test]
fn learns_labels_and_leaves_weights_and_right_answers_by_family() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    std::fs::create_dir(dir.join("photos")).unwrap();
    photo(&dir.join("photos/a.png"), 0);
    photo(&dir.join("photos/b.png"), 3_000);
    let mut losses = Vec::new();
    let done = train::run(&recipe(dir, ""), &dir.join("run"), &[Device::flex()], &mut |progress| {
        losses.push(progress.loss);
        true
    });
    let done = done.unwrap().unwrap();
    assert!(done.psnr.0.is_nan() && (0.0..=1.0).contains(&done.best_psnr));
    assert!(losses.len() == 12 && losses[11] < 0.8 * losses[0], "{losses:?}");

    let table = std::fs::read_to_string(dir.join("run/accuracy.csv")).unwrap();
    let lines: Vec<&str> = table.lines().collect();
    assert_eq!(lines[0], "class,family,right,patches,accuracy");
    for (line, start) in lines[1..].iter().zip(["banded,rgb-4,", "clean,photo,", "banded,all,", "clean,all,"])
    {
        // Two patches of four are banded.
        assert!(line.starts_with(start) && line.split(',').nth(3) == Some("2"), "{line}");
    }
    let weights = checkpoint::open(dir.join("run/weights.safetensors")).unwrap();
    assert_eq!(weights.network().unwrap().architecture.name, "dbi");
    assert!(weights.facts.iter().any(|(name, _)| name == "validation_accuracy"));
}

#[test]
fn its_first_layer_starts_with_differences() {
    let dir = tempfile::tempdir().unwrap();
    let learner = Learner::new(recipe(dir.path(), ""), &[Device::flex()]).unwrap();
    let state = learner.learned().unwrap().state().unwrap();
    let of = |name: &str| state.get(name).unwrap().to_f32();
    let (first, second) = (of("conv1.weight"), of("conv2.weight"));
    let largest = |values: &[f32]| values.iter().fold(0.0f32, |m, v| m.max(v.abs()));
    for window in first.chunks(25) {
        assert!(window.iter().sum::<f32>().abs() < 1e-3);
    }
    assert!(largest(&first) > 3.0 && largest(&second) < 0.1);
    assert!(of("conv1.bias").iter().all(|v| v.abs() < f32::MIN_POSITIVE));
}

#[test]
fn images_without_smooth_areas_are_named_as_the_fault() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    std::fs::create_dir(dir.join("photos")).unwrap();
    photo(&dir.join("photos/a.png"), 0);
    let mut recipe = recipe(dir, "");
    std::fs::write(dir.join("mix.toml"), MIX.replace("bits = 4", "bits = 8")).unwrap();
    recipe.patch = 64;
    let error = train::run(&recipe, &dir.join("run"), &[Device::flex()], &mut |_| true).unwrap_err();
    assert!(error.to_string().contains("visibly banded") && error.hint().is_some(), "{error}");
}
