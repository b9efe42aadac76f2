//! Tests of `unband dataset`.

use std::fs;

use crate::stage::{Stage, png, six_bits, texture};

const CLEAN: &str = "set/Original Images";
const QUANTIZED: &str = "set/Quantized Images with XML files for Banded and Non Banded regions";

fn photos(stage: &Stage, count: usize) {
    for i in 0..count {
        stage.write(&format!("clean/{i:02}.png"), &png(96, 64, &move |x, y, c| texture(x + 5 * i, y, c)));
    }
}

fn published(stage: &Stage, stem: &str, xml: &str) {
    let xml = xml.replace("SIZE", "<size><width>300</width><height>280</height></size>");
    stage.write(&format!("{CLEAN}/{stem}.png"), &png(300, 280, &texture));
    stage.write(&format!("{QUANTIZED}/{stem}.png"), &png(300, 280, &six_bits));
    stage.write(&format!("{QUANTIZED}/{stem}.xml"), xml.as_bytes());
}

const BANDED: &str = "<annotation>SIZE<object><name>banding</name><bndbox><xmin>5</xmin><ymin>5</ymin>\
                      <xmax>90</xmax><ymax>90</ymax></bndbox></object></annotation>";

#[test]
fn pairs_are_made_checked_and_found_damaged() {
    let stage = Stage::new();
    photos(&stage, 5);
    let made = stage.run(&["dataset", "pairs", "clean", "-o", "out", "--cause", "rgb-5,rgb-6", "--json"]);
    let record = &made.code(0).says("5 images: train 3 pairs, val 1 pairs, test 1 pairs → out").json()[0];
    assert_eq!((&record["train"]["pairs"], &record["failed"]), (&3.into(), &serde_json::json!([])));
    assert_eq!(stage.names().iter().filter(|name| name.starts_with("out/")).count(), 11);
    stage.run(&["dataset", "check", "out"]).code(0).says("10 files, all match the manifest");
    // The second run has nothing to do.
    let before = stage.read("out/manifest.jsonl");
    let again = stage.run(&["dataset", "pairs", "clean", "-o", "out", "--cause", "rgb-5,rgb-6"]);
    again.code(0).says("already complete");
    assert!(stage.read("out/manifest.jsonl") == before);
    let file = stage.names().into_iter().find(|name| name.starts_with("out/train/lq/")).unwrap();
    fs::remove_file(stage.path(&file)).unwrap();
    stage.write("out/val/stray.txt", b"x");
    let name = file.strip_prefix("out/").unwrap();
    let found = stage.run(&["dataset", "check", "out", "--json"]).code(3);
    let found =
        found.says(&format!("out: {name}: missing")).says("val/stray.txt: not in the manifest").json();
    assert_eq!(found[0]["missing"], serde_json::json!([name]));
    assert_eq!(found[0]["left_over"], serde_json::json!(["val/stray.txt"]));
}

#[test]
fn the_published_set_is_prepared_and_what_is_damaged_named() {
    let stage = Stage::new();
    for stem in ["000001_0001", "000001_0002", "000002_0002", "000001_0003"] {
        published(&stage, stem, BANDED);
    }
    published(&stage, "000001_0004", "<annotation>SIZE</annotation>");
    let cut = stage.read(&format!("{CLEAN}/000001_0003.png"));
    stage.write(&format!("{CLEAN}/000001_0003.png"), &cut[..cut.len() / 2]);
    stage.write(&format!("{CLEAN}/000001_0009.png"), &cut);
    let dry = stage.run(&["dataset", "kapoor", "set", "-o", "fhd", "--as", "deepdeband", "--dry-run"]);
    dry.code(0).says("5 images: ").says("nothing was written").says("1 file has no partner");
    assert!(!stage.path("fhd").exists());
    let made = stage.run(&["dataset", "kapoor", "set", "-o", "fhd", "--as", "deepdeband", "--json"]).code(1);
    let made = made.says("000001_0003.png: ").says("1 failed");
    let record = &made.json()[0];
    assert_eq!(record["failed"][0]["file"], "Original Images/000001_0003.png");
    assert_eq!(record["unpaired"], serde_json::json!(["Original Images/000001_0009.png"]));
    let pairs = ["train", "val", "test"].map(|part| record[part]["pairs"].as_u64().unwrap_or(0));
    // One window of 256 in each image of 300×280.
    assert_eq!((pairs.iter().sum::<u64>(), record["windows_without_banding"].as_u64()), (3, Some(1)));
    stage.run(&["dataset", "check", "fhd"]).code(0).says("6 files");
}

#[test]
fn what_cannot_be_meant_is_said_before_anything_is_written() {
    let stage = Stage::new();
    photos(&stage, 1);
    let missing = stage.run(&["dataset", "kapoor", "nowhere", "-o", "out"]).code(1);
    missing.says("nowhere: not the full-HD banding set").says("10.5281/zenodo.4513740").says("1,440 pairs");
    let original = ["dataset", "kapoor", "clean", "-o", "out", "--as", "bdinn", "--variant", "original"];
    stage.run(&original).code(2).says("`bdinn` has no variant `original`");
    let pairs = |more: &[&str]| stage.run(&[&["dataset", "pairs", "clean", "-o", "out"], more].concat());
    pairs(&[]).code(2).says("--cause");
    pairs(&["--cause", "rgb5"]).code(2).says("'rgb-5'");
    pairs(&["--cause", "rgb-5", "--recipe", "rgb"]).code(2);
    pairs(&["--cause", "rgb-5", "--step", "8"]).code(2).says("--patch");
    pairs(&["--cause", "rgb-5", "--split", "50,20,20"]).code(2).says("three percentages");
    pairs(&["--recipe", "nothing"]).code(2).says("unknown recipe `nothing`").says("default");
    stage
        .run(&["dataset", "pairs", "clean/00.png", "-o", "out", "--cause", "rgb-5"])
        .code(2)
        .says("not a folder");
    stage.write("letters/a.txt", b"dear");
    let occupied = stage.run(&["dataset", "pairs", "clean", "-o", "letters", "--cause", "rgb-5"]);
    occupied.code(2).says("the folder is not empty");
    stage.run(&["dataset", "check", "letters"]).code(1).says("manifest.jsonl is missing");
    assert_eq!(stage.names(), ["clean/00.png", "letters/a.txt"]);
}

#[test]
fn other_settings_do_not_go_into_a_folder_that_was_begun() {
    let stage = Stage::new();
    photos(&stage, 2);
    stage.run(&["dataset", "pairs", "clean", "-o", "out", "--cause", "rgb-5"]).code(0);
    let other = stage.run(&["dataset", "pairs", "clean", "-o", "out", "--cause", "rgb-6"]);
    other.code(2).says("`causes` was [\"rgb-5\"], now it is [\"rgb-6\"]");
    stage.run(&["dataset", "check", "out"]).code(0);
}

#[test]
fn mixes_patches_and_folders_inside_folders() {
    let stage = Stage::new();
    photos(&stage, 1);
    stage.png("clean/trip/a.png", &texture);
    stage.write("mine.toml", b"title = \"coarse\"\n[[degrade]]\nuse = \"rgb-bits\"\nbits = [4, 5]\n");
    let arguments = ["dataset", "pairs", "clean", "-o", "clean/out", "-r", "--recipe", "mine.toml"];
    let arguments =
        [&arguments[..], &["--patch", "48", "--draws", "2", "--split", "100,0,0", "-j", "2"]].concat();
    stage.run(&arguments).code(0).says("2 images: train 46 pairs");
    // 3 of 96×64 with step 24, 5 by 4 of 160×120.
    let names = stage.names();
    let of = |start: &str| names.iter().filter(|name| name.starts_with(start)).count();
    assert_eq!((of("clean/out/train/lq/00_1_x"), of("clean/out/train/gt/trip-a_2_x")), (3, 20));
    let manifest = String::from_utf8(stage.read("clean/out/manifest.jsonl")).unwrap();
    assert!(manifest.contains("\"use\":\"rgb-bits\"") && manifest.contains("\"recipe\":\"mine.toml\""));
}

#[cfg(target_os = "linux")]
#[test]
fn an_interrupted_run_says_how_to_go_on_and_does() {
    use std::process::Stdio;

    use crate::stage::Ran;

    let stage = Stage::new();
    let image = png(800, 600, &texture);
    for i in 0..60 {
        stage.write(&format!("clean/{i:02}.png"), &image);
    }
    let arguments = ["dataset", "pairs", "clean", "-o", "out", "--cause", "rgb-5", "-j", "2"];
    let mut command = stage.command(&arguments);
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    while !stage.path("out/manifest.part.jsonl").exists() {
        std::thread::sleep(std::time::Duration::from_millis(2));
    }
    crate::interrupt::interrupt(&child);
    let ran = Ran::from(child.wait_with_output().unwrap()).code(130);
    ran.says("interrupted: ").says(" of 60 images are done; run the same command to resume");
    stage.run(&["dataset", "check", "out"]).code(1).says("unfinished, ");
    stage.run(&arguments).code(0).says("60 images: train 36 pairs, val 12 pairs, test 12 pairs");
    stage.run(&["dataset", "check", "out"]).code(0);
}

#[cfg(unix)]
#[test]
fn a_run_killed_at_ten_moments_goes_on_to_the_same_bytes() {
    use std::process::Stdio;
    use std::time::{Duration, Instant};

    let stage = Stage::new();
    photos(&stage, 30);
    let arguments = |out: &str| {
        let fixed = ["dataset", "pairs", "clean", "--cause", "rgb-5,tone-curve,u-5", "-j", "2", "-o"];
        fixed.iter().map(|&word| word.to_owned()).chain([out.to_owned()]).collect::<Vec<String>>()
    };
    let run = |out: &str| {
        let arguments = arguments(out);
        stage.run(&arguments.iter().map(String::as_str).collect::<Vec<_>>())
    };
    run("whole").code(0);
    let whole: Vec<String> = stage.names().into_iter().filter(|name| name.starts_with("whole/")).collect();
    let mut cut_short = 0;
    for moment in 0..10usize {
        let out = format!("out{moment}");
        let done = || {
            let text = fs::read(stage.path(&format!("{out}/manifest.part.jsonl"))).unwrap_or_default();
            String::from_utf8_lossy(&text).lines().count()
        };
        let arguments = arguments(&out);
        let mut command = stage.command(&arguments.iter().map(String::as_str).collect::<Vec<_>>());
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let start = Instant::now();
        while done() < 2 * moment
            && start.elapsed() < Duration::from_mins(1)
            && child.try_wait().unwrap().is_none()
        {
            std::thread::yield_now();
        }
        std::thread::sleep(Duration::from_micros(700 * (moment as u64 * 37 % 11)));
        child.kill().unwrap();
        cut_short += usize::from(child.wait().unwrap().code().is_none());
        run(&out).code(0);
        for name in &whole {
            let other = name.replacen("whole", &out, 1);
            assert!(stage.read(name) == stage.read(&other), "moment {moment}: {other} differs");
        }
        stage.run(&["dataset", "check", &out]).code(0);
    }
    assert!(cut_short > 4, "only {cut_short} runs were killed before they ended");
}
