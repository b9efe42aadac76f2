//! What a file says beside its pixels, as another program reads it.

use std::fs;
use std::process::Command;

use serde_json::Value;

use crate::stage::{Stage, has, root, six_bits};

fn tags(stage: &Stage, name: &str) -> Value {
    let output = Command::new("exiftool").args(["-j", "-n"]).arg(stage.path(name)).output().unwrap();
    serde_json::from_slice::<Vec<Value>>(&output.stdout).unwrap().remove(0)
}

fn tag(stage: &Stage, name: &str, tags: &[&str]) {
    let output = Command::new("exiftool")
        .arg("-overwrite_original")
        .args(tags)
        .arg(stage.path(name))
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

const SAID: &[&str] =
    &["-Artist=Ada", "-XMP:Title=Evening", "-EXIF:ISO=400", "-EXIF:DateTimeOriginal=2024:05:06 07:08:09"];

#[test]
fn exif_and_xmp_go_from_jpeg_to_png_and_back_to_jpeg() {
    if !has("exiftool") {
        return;
    }
    let stage = Stage::new();
    stage.write("dusk.jpg", &fs::read(root().join("examples/dusk.jpg")).unwrap());
    tag(&stage, "dusk.jpg", SAID);
    stage.run(&["dusk.jpg"]).code(0);
    stage.run(&["dusk.jpg", "--format", "jpg"]).code(0);
    for name in ["dusk_unband.png", "dusk_unband.jpg"] {
        let tags = tags(&stage, name);
        assert_eq!(tags["Artist"], "Ada", "{name}");
        assert_eq!(tags["Title"], "Evening", "{name}");
        assert_eq!(tags["ISO"], 400, "{name}");
        assert_eq!(tags["DateTimeOriginal"], "2024:05:06 07:08:09", "{name}");
        assert_eq!((tags["ImageWidth"].as_u64(), tags["ImageHeight"].as_u64()), (Some(900), Some(600)));
    }
}

#[test]
fn orientation_is_applied_once() {
    if !has("exiftool") {
        return;
    }
    let stage = Stage::new();
    stage.write("tall.jpg", &fs::read(root().join("examples/dusk.jpg")).unwrap());
    tag(&stage, "tall.jpg", &["-Orientation#=6"]);
    stage.run(&["tall.jpg"]).code(0).says("600×900");
    let tags = tags(&stage, "tall_unband.png");
    assert_eq!((tags["ImageWidth"].as_u64(), tags["ImageHeight"].as_u64()), (Some(600), Some(900)));
    assert!(tags["Orientation"].is_null() || tags["Orientation"] == 1, "{}", tags["Orientation"]);
}

#[test]
fn what_a_format_cannot_hold_is_said() {
    if !has("exiftool") {
        return;
    }
    let stage = Stage::new();
    stage.png("sky.png", &six_bits);
    tag(&stage, "sky.png", SAID);
    stage.run(&["sky.png", "-o", "sky.ppm"]).code(0).says("note: sky.png: ").says("Exif").says("XMP");
    let ran = stage.run(&["sky.png", "-o", "again.png", "--json"]).code(0);
    assert_eq!(ran.json()[0]["dropped"], Value::Array(vec![]));
}

#[test]
fn a_quality_that_means_nothing_is_said() {
    let stage = Stage::new();
    stage.png("sky.png", &six_bits);
    stage.run(&["sky.png", "--quality", "80"]).code(0).says("`--quality` means nothing to PNG");
    let size = |quality: &str| {
        let name = format!("{quality}.jpg");
        let ran = stage.run(&["sky.png", "-o", &name, "--quality", quality]).code(0);
        assert!(!ran.stderr.contains("means nothing"), "{}", ran.stderr);
        stage.read(&name).len()
    };
    assert!(size("30") < size("95"));
}
