//! Metadata of results, as another program reads it.

use std::fs;
use std::process::Command;

use serde_json::Value;

use crate::stage::{HEIGHT, Stage, WIDTH, has, root, six_bits, texture};

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
    stage.run(&["sky.png", "--quality", "80"]).code(0).says("`--quality` has no effect on PNG");
    let size = |quality: &str| {
        let name = format!("{quality}.jpg");
        let ran = stage.run(&["sky.png", "-o", &name, "--quality", quality]).code(0);
        assert!(!ran.stderr.contains("has no effect"), "{}", ran.stderr);
        stage.read(&name).len()
    };
    assert!(size("30") < size("95"));
}

#[test]
fn a_quality_makes_jpeg_xl_lossy_and_says_nothing_else() {
    if !has("cjxl") {
        return;
    }
    let stage = Stage::new();
    stage.png("sky.png", &six_bits);
    let ran = stage.run(&["sky.png", "-o", "q.jxl", "--quality", "60"]).code(0);
    assert!(!ran.stderr.contains("has no effect"), "{}", ran.stderr);
    stage.run(&["sky.png", "-o", "whole.jxl"]).code(0);
    assert!(stage.read("q.jxl").len() < stage.read("whole.jxl").len());
}

#[test]
fn an_effort_changes_the_size_and_no_sample() {
    let stage = Stage::new();
    stage.png("sky.png", &six_bits);
    let run = |effort: &str| {
        let name = format!("{effort}.png");
        stage.run(&["sky.png", "-o", &name, "--effort", effort]).code(0);
        (stage.samples(&name), stage.read(&name).len())
    };
    let (quick, usual) = (run("0"), run("5"));
    assert_eq!(quick.0, usual.0);
    assert!(usual.1 < quick.1, "{} and {}", usual.1, quick.1);
    stage.run(&["sky.png", "-o", "x.png", "--effort", "10"]).code(2);
    stage.run(&["sky.png", "-o", "x.ppm", "--effort", "3"]).code(0).says("`--effort` has no effect on PPM");
    stage
        .run(&["sky.png", "-o", "x.webp", "--effort", "3"])
        .code(0)
        .says("has no effect on WebP without `--quality`");
}

#[test]
fn a_result_that_is_much_larger_says_so() {
    let stage = Stage::new();
    stage.png("sky.png", &six_bits);
    let ran = stage.run(&["sky.png", "-o", "large.ppm", "--json"]).code(0);
    let printed = &ran.json()[0];
    let (input, output) = (stage.read("sky.png").len(), stage.read("large.ppm").len());
    assert_eq!(
        (printed["input_bytes"].as_u64(), printed["output_bytes"].as_u64()),
        (Some(input as u64), Some(output as u64))
    );
    let growth = output as f64 / input as f64;
    assert!(growth > 2.0 && (printed["growth"].as_f64().unwrap() - growth).abs() < 1e-6, "{printed}");
    stage.run(&["sky.png", "-o", "again.ppm"]).code(0).says(&format!("{growth:.1} × the input"));
    stage.png("plain.png", &texture);
    let ran = stage.run(&["plain.png", "-o", "plain2.png", "--json"]).code(0);
    assert!(ran.json()[0]["growth"].is_null());
}

#[test]
fn a_lost_gain_map_is_said() {
    let stage = Stage::new();
    stage.png("sky.png", &six_bits);
    stage.run(&["sky.png", "-o", "sky.jpg", "--quality", "50"]).code(0);
    let plain = stage.read("sky.jpg");
    let packet = b"http://ns.adobe.com/xap/1.0/\0<x:xmpmeta xmlns:x='adobe:ns:meta/'><rdf:Description \
        xmlns:hdrgm='http://ns.adobe.com/hdr-gain-map/1.0/' hdrgm:Version='1.0'/></x:xmpmeta>";
    let head = [&[0xFF, 0xE1][..], &(packet.len() as u16 + 2).to_be_bytes(), packet].concat();
    stage.write("hdr.jpg", &[&plain[..2], &head, &plain[2..]].concat());
    stage.run(&["hdr.jpg", "-o", "hdr.png"]).code(0).says("hdr.jpg: PNG cannot hold its HDR gain map");
    let ran = stage.run(&["hdr.jpg", "-o", "hdr.tiff", "--json"]).code(0);
    assert_eq!(ran.json()[0]["dropped"][0], "HDR gain map");
}

#[test]
fn colours_of_transparent_pixels_stay() {
    let stage = Stage::new();
    let (width, height) = (WIDTH, HEIGHT);
    let clear = |x: usize, y: usize| (x / 20 + y / 20).is_multiple_of(3);
    let mut data = Vec::new();
    for (x, y) in (0..height).flat_map(|y| (0..width).map(move |x| (x, y))) {
        data.extend((0..3).map(|c| six_bits(x, y, c)));
        data.push(if clear(x, y) { 0 } else { 255 });
    }
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, width as u32, height as u32);
    encoder.set_color(png::ColorType::Rgba);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.write_header().unwrap().write_image_data(&data).unwrap();
    stage.write("alpha.png", &bytes);
    stage.run(&["alpha.png", "-o", "out.png"]).code(0);
    let out = stage.samples("out.png").data;
    let pixels = || data.chunks(4).zip(out.chunks(4)).enumerate();
    let same = |a: &[u8], b: &[u16]| a.iter().zip(b).all(|(a, b)| u16::from(*a) == *b);
    assert!(pixels().any(|(_, (a, b))| !same(a, b)), "nothing was repaired");
    for (i, (before, after)) in pixels().filter(|(i, _)| clear(i % width, i / width)) {
        assert!(same(before, after), "{i}: {before:?} became {after:?}");
    }
}

#[test]
fn of_a_truncated_jpeg_the_readable_part_is_repaired_on_request() {
    let stage = Stage::new();
    stage.png("sky.png", &six_bits);
    stage.run(&["sky.png", "-o", "sky.jpg", "--quality", "90"]).code(0);
    let whole = stage.read("sky.jpg");
    stage.write("cut.jpg", &whole[..whole.len() * 2 / 3]);
    stage.run(&["cut.jpg", "-o", "none.png"]).code(1).says("ends before the image does").says("--keep-going");
    let ran = stage.run(&["cut.jpg", "-o", "part.png", "--keep-going"]).code(0);
    ran.says("cut.jpg: not kept: rows (").says("where the file ends");
    let json = stage.run(&["cut.jpg", "-o", "part2.png", "--keep-going", "--json"]).code(0).json();
    assert_eq!((&json[0]["status"], json[0]["height"].as_u64()), (&"written".into(), Some(HEIGHT as u64)));
    // A whole file is the same with the option.
    stage.run(&["sky.jpg", "-o", "a.png"]).code(0);
    stage.run(&["sky.jpg", "-o", "b.png", "--keep-going"]).code(0);
    assert_eq!(stage.read("a.png"), stage.read("b.png"));
}

#[test]
fn a_share_of_bands_is_that_of_visible_ones() {
    let stage = Stage::new();
    stage.png("sky.png", &six_bits);
    stage.png("plain.png", &texture);
    for command in [&["--dry-run", "--json"][..], &["inspect", "--json"]] {
        for (name, banded) in [("sky.png", true), ("plain.png", false)] {
            let text = stage.run(&[command, &[name]].concat()).code(0).out();
            let visible = text.contains("\"visible\":true");
            assert_eq!(visible, banded, "{text}");
            assert_eq!(text.contains("\"banded_share\":0.0"), !banded, "{text}");
        }
    }
}
