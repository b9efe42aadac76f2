//! Tests of `unband score`.

use std::fs;

use serde_json::Value;

use crate::stage::{Paint, Stage, png, root, six_bits, texture};

/// Large enough for every metric.
fn large(stage: &Stage, name: &str, paint: &Paint) {
    stage.write(name, &png(256, 192, paint));
}

fn object(stage: &Stage, arguments: &[&str], code: i32) -> Value {
    serde_json::from_slice(&stage.run(arguments).code(code).stdout).unwrap()
}

#[test]
fn one_image_gets_a_line_for_people_and_its_metrics() {
    let stage = Stage::new();
    stage.png("sky.png", &six_bits);
    let text = stage.run(&["score", "sky.png"]).code(0).out();
    let first = text.lines().next().unwrap();
    assert!(first.starts_with("sky.png  banding: ") && first.ends_with("from 6 bits per channel"), "{text}");
    for name in ["cambi ", "cambi-coarse ", "bband "] {
        assert!(text.lines().any(|line| line.trim_start().starts_with(name)), "{name} in {text}");
    }
    assert!(!text.contains("niqe"), "{text}");
    stage.png("grass.png", &texture);
    let text = stage.run(&["score", "grass.png"]).code(0).out();
    assert!(text.starts_with("grass.png  banding: none\n"), "{text}");
}

#[test]
fn the_json_has_its_schema_and_the_numbers_of_the_table() {
    let stage = Stage::new();
    stage.png("sky.png", &six_bits);
    let json = object(&stage, &["score", "sky.png", "--json"], 0);
    assert_eq!(json["schema"], "unband-score/1");
    assert_eq!(json["metrics"][0]["name"], "cambi");
    assert_eq!(json["metrics"][0]["better"], "lower");
    let file = &json["files"][0];
    assert_eq!((&file["file"], &file["width"], &file["depth"]), (&"sky.png".into(), &160.into(), &8.into()));
    assert_eq!(file["banding"]["cause"], "levels");
    let bband = file["values"]["bband"].as_f64().unwrap();
    let text = stage.run(&["score", "sky.png"]).code(0).out();
    let said: f64 = text
        .lines()
        .find_map(|line| line.trim_start().strip_prefix("bband "))
        .and_then(|rest| rest.split_whitespace().next())
        .unwrap()
        .parse()
        .unwrap();
    assert!(bband > 0.0 && (said - bband).abs() < 1e-3, "{said} {bband}");
}

#[test]
fn a_metric_that_cannot_be_computed_says_why_and_gives_no_number() {
    let stage = Stage::new();
    stage.write("tiny.png", &png(20, 12, &six_bits));
    let text = stage.run(&["score", "tiny.png", "--metrics", "niqe,bband"]).code(0).out();
    assert!(text.contains("– tiny.png: niqe needs"), "{text}");
    // A reason shared by several metrics is printed once.
    let all = stage.run(&["score", "tiny.png", "--metrics", "cambi,cambi-coarse"]).code(0).out();
    let reason = "– tiny.png: cambi, cambi-coarse: needs a side of at least 216 samples, got 20×12\n";
    assert!(all.ends_with(reason), "{all}");
    let json = object(&stage, &["score", "tiny.png", "--metrics", "niqe", "--json"], 0);
    assert_eq!(json["files"][0]["values"]["niqe"], Value::Null);
    assert!(json["files"][0]["reasons"]["niqe"].as_str().unwrap().contains("20×12"), "{json}");
    assert_eq!(json["summary"], serde_json::json!({}));
    // A check without a value has not passed.
    stage.run(&["score", "tiny.png", "--fail-if", "niqe>100"]).code(3).says("could not be checked");
}

#[test]
fn mean_and_median_of_several_files_are_those_of_their_values() {
    let stage = Stage::new();
    large(&stage, "a.png", &six_bits);
    large(&stage, "b.png", &texture);
    large(&stage, "c.png", &|x, y, c| six_bits(x / 2, y / 2, c));
    large(&stage, "d.png", &|x, y, _| six_bits(x, y, 0) & 0xf0);
    let json = object(&stage, &["score", ".", "--json", "--csv", "t.csv"], 0);
    let files = json["files"].as_array().unwrap();
    assert_eq!(files.len(), 4);
    for name in ["cambi", "bband"] {
        let mut values: Vec<f64> = files.iter().map(|file| file["values"][name].as_f64().unwrap()).collect();
        let mean = (values[0] + values[1] + values[2] + values[3]) / 4.0;
        values.sort_by(f64::total_cmp);
        assert!(values[3] > values[0], "{name}: {values:?}");
        let summary = &json["summary"][name];
        let number = |key: &str| summary[key].as_f64().unwrap();
        assert_eq!(summary["count"], 4);
        assert!((number("mean") - mean).abs() < 1e-12 * mean.abs());
        assert!((number("median") - values[1].midpoint(values[2])).abs() < 1e-12);
        assert!(values[0] <= number("low") && number("low") < mean, "{summary}");
        assert!(mean < number("high") && number("high") <= values[3], "{summary}");
    }
    let again = object(&stage, &["score", ".", "--json"], 0);
    assert_eq!(again["summary"], json["summary"]);
    // In words, statistics begin with five images.
    large(&stage, "e.png", &six_bits);
    let text = stage.run(&["score", "."]).code(0).out();
    for word in ["mean ± 95 %", "median"] {
        assert!(text.lines().any(|line| line.starts_with(&format!("{word} "))), "{word} in {text}");
    }
    let table = String::from_utf8(stage.read("t.csv")).unwrap();
    let lines: Vec<&str> = table.lines().collect();
    assert_eq!(lines.len(), 5);
    assert_eq!(lines[0], "file,banding,share,cause,cambi,cambi-coarse,bband,missing");
    let cells: Vec<&str> = lines[1].split(',').collect();
    assert_eq!(cells[0], files[0]["file"].as_str().unwrap());
    assert_eq!(cells[6].parse().ok(), files[0]["values"]["bband"].as_f64());
}

#[test]
fn without_banding_there_is_neither_share_nor_cause_but_what_was_found() {
    let stage = Stage::new();
    // Steps of one code, as in all images of eight bits.
    large(&stage, "fine.png", &|x, y, c| (40 + (x * (1 + c) + 3 * y) / 6).min(255) as u8);
    large(&stage, "sky.png", &six_bits);
    let json = object(&stage, &["score", ".", "--metrics", "bband", "--json", "--csv", "t.csv"], 0);
    let banding = |i: usize| &json["files"][i]["banding"];
    let (fine, sky) = (banding(0), banding(1));
    assert_eq!((&fine["grade"], &fine["cause"]), (&"none".into(), &Value::Null));
    assert_eq!(fine["share"], 0.0);
    assert!(fine["finding"]["share"].as_f64().unwrap() > 0.1, "{fine}");
    assert_eq!(fine["finding"]["cause"], "plain");
    assert!(!fine["finding"]["sentence"].as_str().unwrap().is_empty());
    assert!(sky["share"].as_f64().unwrap() > 0.1 && sky["cause"] == "levels", "{sky}");
    assert_eq!((&sky["finding"]["share"], &sky["finding"]["cause"]), (&sky["share"], &sky["cause"]));
    let table = String::from_utf8(stage.read("t.csv")).unwrap();
    let line = table.lines().find(|line| line.contains("fine.png")).unwrap();
    assert!(line.contains("fine.png,none,0,,"), "{table}");
}

#[test]
fn a_check_names_every_image_that_fails_it() {
    let stage = Stage::new();
    large(&stage, "a.png", &six_bits);
    large(&stage, "b.png", &texture);
    large(&stage, "c.png", &six_bits);
    let ran = stage.run(&["score", "a.png", "b.png", "c.png", "--fail-if", "banding>=visible"]);
    let ran = ran.code(3).says("a.png: check failed, banding is").says("c.png: check failed");
    assert!(!ran.stderr.contains("b.png"), "{}", ran.stderr);
    stage.run(&["score", "b.png", "--fail-if", "banding>=visible", "--fail-if", "cambi>20"]).code(0);
    // The metric of a check is computed even if it was not asked for.
    let ran = stage.run(&["score", "a.png", "--metrics", "bband", "--fail-if", "cambi>=0"]).code(3);
    ran.says("`cambi>=0`");
}

#[test]
fn wrong_checks_and_metrics_are_reported_before_the_work() {
    let stage = Stage::new();
    stage.png("a.png", &six_bits);
    for check in ["cambi", "cambi=5", "camby>5", "cambi>much", "banding>=awful", "psnr>40"] {
        let ran = stage.run(&["score", "a.png", "--fail-if", check, "--csv", "t.csv"]).code(2);
        let ran = ran.says("cambi-coarse, bband, dbi, unband-banding-classifier, niqe");
        assert!(ran.stdout.is_empty(), "{check}");
    }
    stage.run(&["score", "a.png", "--metrics", "camby"]).code(2).says("no metric `camby`");
    stage.run(&["score", "a.png", "--metrics", "psnr"]).code(2).says("unband compare");
    stage.run(&["score", "a.png", "a.png", "--metrics", ","]).code(2);
    assert_eq!(stage.names(), ["a.png"]);
}

#[test]
fn an_unreadable_file_does_not_stop_the_rest() {
    let stage = Stage::new();
    stage.png("a.png", &six_bits);
    stage.write("broken.png", b"\x89PNG\r\n\x1a\nno more");
    let json = object(&stage, &["score", "missing.png", "broken.png", "a.png", "--json"], 1);
    assert_eq!(json["files"].as_array().unwrap().len(), 1);
    assert_eq!(json["failures"].as_array().unwrap().len(), 2);
    assert!(json["failures"][0]["file"].as_str().unwrap().contains("missing.png"), "{json}");
}

#[test]
fn the_page_needs_nothing_but_itself() {
    let stage = Stage::new();
    stage.png("a.png", &six_bits);
    stage.png("b.png", &texture);
    stage.run(&["score", "a.png", "b.png", "--report", "out.html"]).code(0);
    let page = String::from_utf8(stage.read("out.html")).unwrap();
    assert!(page.starts_with("<!doctype html>") && page.contains("a.png") && page.contains("b.png"));
    assert!(page.contains("cambi-coarse") && page.contains("data:image/png;base64,"));
    for outside in ["src=\"http", "href=\"http", "@import", "url(http"] {
        assert!(!page.contains(outside), "{outside}");
    }
    stage.run(&["score", "a.png", "--report", "out.html"]).code(1).says("out.html: exists already");
    assert_eq!(String::from_utf8(stage.read("out.html")).unwrap(), page);
    stage.run(&["score", "a.png", "--report", "out.html", "--overwrite"]).code(0);
    assert!(stage.read("out.html").len() < page.len());
}

#[test]
fn images_are_drawn_of_one_image_and_written_whole() {
    let stage = Stage::new();
    stage.png("a.png", &six_bits);
    stage.png("b.png", &texture);
    let options = ["--save-map", "m.png", "--save-segmentation", "s.png", "--save-profile", "p.png"];
    stage.run(&[&["score", "a.png"], &options[..]].concat()).code(0);
    for name in ["m.png", "s.png"] {
        let drawn = stage.samples(name);
        assert_eq!((drawn.width, drawn.height), (160, 120), "{name}");
    }
    assert!(stage.samples("p.png").width >= 320);
    // Bands of one colour are regions of one colour.
    let (image, regions) = (stage.samples("a.png"), stage.samples("s.png"));
    let pixel = |data: &[u16], i: usize| [data[3 * i], data[3 * i + 1], data[3 * i + 2]];
    let (mut same, mut other) = (0, 0);
    for i in 1..160 {
        let equal = pixel(&image.data, i) == pixel(&image.data, i - 1);
        let drawn = pixel(&regions.data, i) == pixel(&regions.data, i - 1);
        assert_eq!(equal, drawn, "column {i}");
        if equal { same += 1 } else { other += 1 }
    }
    assert!(same > 20 && other > 5, "{same} {other}");
    stage
        .run(&["score", "a.png", "b.png", "--save-map", "n.png"])
        .code(2)
        .says("`--save-map` draws one image");
    stage.run(&["score", "a.png", "--save-map", "a.png", "--overwrite"]).code(2).says("one of the inputs");
    stage.run(&["score", "a.png", "--save-map", "none/n.png"]).code(2).says("folder does not exist");
    stage.run(&["score", "a.png", "--save-map", "n.png", "--csv", "n.png"]).code(2).says("two outputs");
    assert!(fs::metadata(stage.path("n.png")).is_err());
}

#[test]
fn an_image_comes_from_standard_input_too() {
    let stage = Stage::new();
    let ran = stage.feed(&["score", "-", "--metrics", "cambi"], &png(160, 120, &six_bits)).code(0);
    assert!(ran.out().starts_with("standard input  banding: "), "{}", ran.out());
}

#[test]
fn luma_and_chroma_are_looked_at_as_they_are_and_measured_as_rgb() {
    let stage = Stage::new();
    let mut video = b"YUV4MPEG2 W256 H224 F25:1 Ip A1:1 C420jpeg XCOLORRANGE=FULL\nFRAME\n".to_vec();
    video.extend((0..256 * 224).map(|i| (i % 256 / 16 * 8 + 40) as u8));
    video.extend(std::iter::repeat_n(128, 128 * 112 * 2));
    stage.write("sky.y4m", &video);
    let json = object(&stage, &["score", "sky.y4m", "--json", "--report", "o.html"], 0);
    let file = &json["files"][0];
    assert_eq!((&file["format"], &file["banding"]["cause"]), (&"YUV4MPEG2".into(), &"plane-grid".into()));
    assert!(file["values"]["cambi-coarse"].as_f64().unwrap() > 1.0, "{json}");
    assert_eq!(file["reasons"], serde_json::json!({}));
}

#[test]
fn threads_change_neither_values_nor_order() {
    let stage = Stage::new();
    for i in 0..9usize {
        // The first are the largest, so that the last are done before them.
        let (width, height) = (320 - 20 * i, 200 - 8 * i);
        stage.write(&format!("in/{i}.png"), &png(width, height, &move |x, y, c| six_bits(x + i, y, c)));
    }
    stage.write("in/4.png", b"not an image");
    let with = |threads: &str| {
        let (csv, html) = (format!("{threads}.csv"), format!("{threads}.html"));
        let run = ["score", "in", "--metrics", "all", "-j", threads, "--csv", &csv, "--report", &html];
        let ran = stage.run(&run).code(1).says("in/4.png");
        (ran.out(), ran.stderr, stage.read(&csv), stage.read(&html))
    };
    let reference = with("1");
    for threads in ["2", "5"] {
        assert!(with(threads) == reference, "{threads} threads");
    }
    let lines: Vec<&str> = reference.0.lines().filter(|line| line.contains("  banding: ")).collect();
    assert_eq!(lines.len(), 8);
    assert!(lines.is_sorted(), "{lines:?}");
}

#[test]
fn nan_samples_give_no_values_and_the_metrics_are_named() {
    let stage = Stage::new();
    let mut file = b"Pf\n256 224\n-1.0\n".to_vec();
    for i in 0..256 * 224 {
        let sample = if i == 777 { f32::NAN } else { (i % 256) as f32 / 300.0 };
        file.extend(sample.to_le_bytes());
    }
    stage.write("nan.pfm", &file);
    let text = stage.run(&["score", "nan.pfm", "--metrics", "all"]).code(0).out();
    let reason = "– nan.pfm: cambi, cambi-coarse, bband, unband-banding-classifier, niqe: needs finite samples, the image has NaN or infinite ones\n";
    assert!(text.ends_with(reason), "{text}");
    let json = object(&stage, &["score", "nan.pfm", "--metrics", "bband", "--json"], 0);
    let reason = json["files"][0]["reasons"]["bband"].as_str().unwrap();
    assert!(
        json["files"][0]["values"]["bband"].is_null() && reason.starts_with("bband needs finite"),
        "{json}"
    );
}

#[test]
fn a_metric_that_runs_a_network_needs_its_model() {
    let stage = Stage::new();
    stage.write("sky.png", &png(300, 240, &six_bits));
    let ran = stage.run(&["score", "sky.png", "--metrics", "dbi"]).code(2);
    for word in ["dbi needs the model dbi", "Meng-699", "SHA-256 6b7b72b7…", "unband models import model"] {
        assert!(ran.stderr.contains(word), "`{word}` is not in:\n{}", ran.stderr);
    }
    stage.run(&["score", "sky.png", "--fail-if", "dbi>0.5"]).code(2).says("dbi needs");
    let all = |measures: &str| {
        let printed = object(&stage, &["score", "sky.png", "--metrics", measures, "--json"], 0);
        printed["files"][0]["values"].as_object().unwrap().clone()
    };
    let without = all("all");
    assert!(without.contains_key("cambi") && !without.contains_key("dbi"));
    let model = root().join("golden/tensorflow");
    stage.run(&["models", "import", model.to_str().unwrap(), "--as", "dbi"]).code(0);
    let score = all("dbi")["dbi"].as_f64().unwrap();
    assert!((0.0..=1.0).contains(&score), "{score}");
    assert!(all("all")["dbi"] == score && all("all").len() == without.len() + 1);
    stage
        .run(&["compare", "sky.png", "sky.png", "--metrics", "lpips"])
        .code(2)
        .says("alexnet-owt-7be5be79.pth");
}
