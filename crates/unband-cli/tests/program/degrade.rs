//! Tests of `unband degrade`.

use std::fs;

use serde_json::Value;

use crate::stage::{Stage, texture};

/// Every file of a folder and its subfolders.
fn contents(stage: &Stage, folder: &str) -> Vec<(String, Vec<u8>)> {
    let mut folders = vec![stage.0.path().join(folder)];
    let mut files = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path.strip_prefix(stage.0.path()).unwrap().display().to_string();
                files.push((name.split_once('/').unwrap().1.to_owned(), fs::read(path).unwrap()));
            }
        }
    }
    files.sort();
    files
}

fn staged() -> Stage {
    let stage = Stage::new();
    fs::create_dir(stage.0.path().join("in")).unwrap();
    for name in ["a", "b", "c", "d", "e"] {
        stage.png(&format!("in/{name}.png"), &texture);
    }
    stage
}

#[test]
fn pairs_are_the_same_bytes_with_any_number_of_threads() {
    let stage = staged();
    let args = ["degrade", "in", "--recipe", "default", "--pairs", "--seed", "5", "-q"];
    for (threads, out) in [("1", "one"), ("3", "three")] {
        stage.run(&[&args[..], &["-j", threads, "-o", out]].concat()).code(0);
    }
    let one = contents(&stage, "one");
    assert!(one == contents(&stage, "three"));
    let names: Vec<&str> = one.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names.len(), 11);
    assert!(names.starts_with(&["gt/a.png", "gt/b.png"]) && names.contains(&"lq/e.png"), "{names:?}");
    // Equal images of other names get other degradations, and so does another seed.
    assert!(one[5].1 != one[6].1);
    stage.run(&["degrade", "in", "--recipe", "default", "--pairs", "--seed", "6", "-q", "-o", "six"]).code(0);
    assert!(contents(&stage, "six") != one);
}

#[test]
fn an_image_is_degraded_alike_by_itself_and_in_a_folder() {
    let stage = staged();
    stage.run(&["degrade", "in", "--recipe", "rgb", "-q", "-o", "all"]).code(0);
    stage.run(&["degrade", "in/c.png", "--recipe", "rgb", "-q", "-o", "alone"]).code(0);
    assert!(
        fs::read(stage.0.path().join("all/c.png")).unwrap()
            == fs::read(stage.0.path().join("alone/c.png")).unwrap()
    );
}

#[test]
fn the_manifest_says_what_was_drawn_and_its_record_makes_the_same() {
    let stage = staged();
    let printed = stage.run(&["degrade", "in", "--recipe", "fhd", "--pairs", "--json", "-o", "out"]).code(0);
    assert_eq!(printed.out(), fs::read_to_string(stage.0.path().join("out/manifest.jsonl")).unwrap());
    let lines = printed.json();
    assert_eq!((lines.len(), &lines[0]["schema"]), (6, &Value::from("unband-degrade/1")));
    let line = &lines[2];
    assert_eq!((&line["source"], &line["lq"]), (&Value::from("in/b.png"), &Value::from("lq/b.png")));
    assert_eq!(line["lq_sha256"].as_str().unwrap().len(), 64);
    let record: unband_data::DegradationRecord = serde_json::from_value(line["drawn"].clone()).unwrap();
    assert!(record.degrade[0].settings().contains_key("rounding"), "all settings, defaults too");
    let read = |path: &str| {
        let limits = unband_io::Limits::default();
        unband_io::read_file(&stage.0.path().join(path), &limits).unwrap().0
    };
    let mut pair = unband_data::Pair::from_clean(unband_data::files::clean_rgb(read("in/b.png")).unwrap());
    record.apply(&mut pair).unwrap();
    assert!(pair.lq.to_rgb16().unwrap() == read("out/lq/b.png").to_rgb16().unwrap());
    assert!(pair.gt.to_rgb16().unwrap() == read("out/gt/b.png").to_rgb16().unwrap());
}

#[test]
fn faults_are_named_before_anything_starts() {
    let stage = staged();
    stage
        .run(&["degrade", "in", "--recipe", "nihgt", "-o", "out"])
        .code(2)
        .says("unknown recipe `nihgt`")
        .says("fhd");
    let mix = "title = \"t\"\n[[degrade]]\nuse = \"rgb-bits\"\nbits = 12\n";
    fs::write(stage.0.path().join("night.toml"), mix).unwrap();
    let ran = stage.run(&["degrade", "in", "--recipe", "night.toml", "-o", "out"]).code(2);
    ran.says("night.toml: `degrade[0].bits`: `bits` must be 1 to 8, got 12");
    assert!(!stage.0.path().join("out").exists());
    stage.run(&["degrade", "in", "--recipe", "rgb", "-q", "-o", "out"]).code(0);
    stage
        .run(&["degrade", "in", "--recipe", "rgb", "-o", "out"])
        .code(2)
        .says("manifest.jsonl: exists already");
    stage.run(&["degrade", "in", "--recipe", "rgb", "-q", "-o", "out", "--overwrite"]).code(0);
    stage.png("in/a.jpg.png", &texture);
    fs::copy(stage.0.path().join("in/a.png"), stage.0.path().join("in/a.tif")).unwrap();
    let twice = stage.run(&["degrade", "in", "--recipe", "rgb", "-o", "other"]).code(2);
    twice.says("would be written to the same file");
}

#[test]
fn a_broken_image_is_named_and_the_rest_is_done() {
    let stage = staged();
    fs::write(stage.0.path().join("in/b.png"), b"\x89PNG\r\n\x1a\nno more").unwrap();
    stage.run(&["degrade", "in", "--recipe", "rgb", "-o", "out"]).code(1).says("in/b.png");
    let names: Vec<String> = contents(&stage, "out").into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["a.png", "c.png", "d.png", "e.png", "manifest.jsonl"]);
}

#[test]
fn a_recipe_with_a_scale_makes_whole_images_smaller() {
    let stage = Stage::new();
    fs::create_dir(stage.0.path().join("in")).unwrap();
    stage.png("in/odd.png", &texture);
    let (width, height) = {
        let limits = unband_io::Limits::default();
        let image = unband_io::read_file(&stage.0.path().join("in/odd.png"), &limits).unwrap().0;
        (image.width(), image.height())
    };
    for (recipe, scale) in [("bsrgan", 4), ("bsrgan-plus-x2", 2), ("bicubic", 4)] {
        stage.run(&["degrade", "in/odd.png", "--recipe", recipe, "--pairs", "-q", "-o", recipe]).code(0);
        let size = |side: &str| {
            let limits = unband_io::Limits::default();
            let path = stage.0.path().join(format!("{recipe}/{side}/odd.png"));
            let image = unband_io::read_file(&path, &limits).unwrap().0;
            (image.width(), image.height())
        };
        assert_eq!(size("lq"), (width / scale, height / scale), "{recipe}");
        assert_eq!(size("gt"), (width / scale * scale, height / scale * scale), "{recipe}");
    }
    // Commands that need sides of equal size refuse such a recipe.
    stage
        .run(&["dataset", "pairs", "in", "--recipe", "bsrgan", "-o", "set"])
        .code(2)
        .says("the recipe `bsrgan` makes the degraded side 4 times smaller");
}
