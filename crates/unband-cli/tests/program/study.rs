//! Tests of viewing studies.

use std::fmt::Write;

use serde_json::Value;

use crate::stage::{HEIGHT, Stage, WIDTH, png, six_bits, texture};

/// References and two methods, two images each.
fn folders() -> Stage {
    let stage = Stage::new();
    for name in ["sky", "dune"] {
        stage.png(&format!("clean/{name}.png"), &texture);
        stage.png(&format!("alpha/{name}.png"), &six_bits);
        stage.png(&format!("beta/{name}.png"), &|x, y, c| six_bits(y, x, c));
    }
    stage
}

fn key(stage: &Stage, name: &str) -> Value {
    serde_json::from_slice(&stage.read(name)).unwrap()
}

#[test]
fn a_study_is_one_blind_page_and_its_key() {
    let stage = folders();
    stage.png("beta/extra.png", &six_bits);
    let ran = stage.run(&["study", "clean", "alpha", "beta", "-o", "eyes.html"]).code(0);
    ran.says("2 images × (2 methods + hidden reference) = 6 pairs").says("beta: 1 without a reference");
    let html = String::from_utf8(stage.read("eyes.html")).unwrap();
    assert!(!html.contains("alpha") && !html.contains("beta") && !html.contains("clean"));
    let key = key(&stage, "eyes.json");
    assert_eq!((&key["schema"], &key["reference"]), (&"unband-study-key/1".into(), &"reference".into()));
    let names: Vec<_> =
        key["methods"].as_array().unwrap().iter().map(|m| m["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["reference", "alpha", "beta"]);
    assert!(html.contains(key["study"].as_str().unwrap()));
    stage
        .run(&["study", "clean", "alpha", "beta", "-o", "eyes.html"])
        .code(1)
        .says("eyes.html: exists already");
    stage.run(&["study", "alpha", "beta", "--reference", "clean", "-o", "eyes.html", "--overwrite"]).code(0);
    assert_eq!(String::from_utf8(stage.read("eyes.html")).unwrap(), html);
}

#[test]
fn what_does_not_fit_on_a_page_says_how_to_make_it_fit() {
    let stage = folders();
    let study = |more: &[&str]| stage.run(&[&["study", "clean", "alpha", "beta"], more].concat());
    study(&["--max-size", "50k"]).code(1).says("`--max-size` allows 50 KiB").says("--crop 640x480");
    assert!(!stage.names().iter().any(|name| name.starts_with("study")));
    study(&["--max-size", "50k", "--crop", "40x30"]).code(0);
    study(&["--max-size", "50k", "--max-side", "40", "-o", "small.html"]).code(0);
    study(&["--crop", "40"]).code(2).says("640x480+100+20");
    study(&["--crop", "40x30", "--max-side", "40"]).code(2);
    study(&["-o", "study.json"]).code(2).says("page and key would be the same file");
}

#[test]
fn folders_that_do_not_match_are_named() {
    let stage = folders();
    stage.png("gamma/sky.png", &six_bits);
    stage.run(&["study", "clean", "gamma"]).code(1).says("gamma: there is no result of `dune`");
    stage.write("gamma/dune.png", &png(WIDTH, HEIGHT + 1, &texture));
    let ran = stage.run(&["study", "clean", "gamma"]).code(1);
    ran.says("dune: gamma has 160×121, the reference has 160×120 pixels");
    stage.png("gamma/dune.webp", &six_bits);
    stage.run(&["study", "clean", "gamma"]).code(1).says("two images have the name `dune`");
    stage.run(&["study", "clean"]).code(2).says("at least one method");
    stage.run(&["study", "clean", "clean/sky.png"]).code(2).says("clean/sky.png: not a folder");
    stage.run(&["study", "clean", "alpha", "alpha"]).code(2).says("two methods are called `alpha`");
    stage.run(&["study"]).code(2);
    assert!(!stage.names().iter().any(|name| name.contains("html")));
}

#[test]
fn scores_name_methods_by_the_key_and_wrong_rows_by_their_line() {
    let stage = folders();
    stage.run(&["study", "clean", "alpha", "beta"]).code(0);
    let key = key(&stage, "study.json");
    let study = key["study"].as_str().unwrap();
    let mut csv = "study,rater,image,method,grade,seconds,order\n".to_owned();
    // Reference, alpha, beta for sky and dune.
    for (i, grade) in [5, 2, 4, 4, 3, 4].into_iter().enumerate() {
        let id = key["methods"][i % 3]["id"].as_str().unwrap();
        let image = ["sky", "dune"][i / 3];
        writeln!(csv, "{study},Ann,{image},{id},{grade},2.5,{}", i + 1).unwrap();
    }
    stage.write("ann.csv", csv.as_bytes());
    let ran = stage.run(&["study", "--score", "ann.csv", "--key", "study.json"]).code(0);
    let text = ran.out();
    // alpha: 2 and 3, s² = 1/2, 1.96 √(1/4) = 0.98; against the reference −3 and −1: 1.96 √(2/2) = 1.96.
    let lines: Vec<Vec<&str>> = text.lines().map(|line| line.split_whitespace().collect()).collect();
    assert_eq!(lines[1], ["reference", "4.50", "±0.98", "2"], "{text}");
    assert_eq!(lines[2], ["beta", "4.00", "±0.00", "−0.50", "±0.98", "2"], "{text}");
    assert_eq!(lines[3], ["alpha", "2.50", "±0.98", "−2.00", "±1.96", "2"], "{text}");
    ran.says("no rater can be rejected");

    let json =
        &stage.run(&["study", "--score", "ann.csv", "--key", "study.json", "--json"]).code(0).json()[0];
    assert_eq!(json["schema"], "unband-study/1");
    assert_eq!(json["methods"][2]["method"], "alpha");
    assert_eq!(json["methods"][2]["difference"]["mean"], -2.0);
    assert_eq!(json["methods"][0]["difference"], Value::Null);
    assert_eq!((&json["raters"][0]["rater"], &json["raters"][0]["rejected"]), (&"Ann".into(), &false.into()));
    assert_eq!(json["images"].as_array().unwrap().len(), 6);
    assert_eq!(json["reference"], "reference");

    let blind = stage.run(&["study", "--score", "ann.csv"]).code(0).says("without `--key study.json`,");
    assert!(
        blind.out().contains(key["methods"][1]["id"].as_str().unwrap()) && !blind.out().contains("alpha")
    );
    stage.write("bad.csv", csv.replace(",Ann,dune", ",Bob,dune").replacen(",3,2.5", ",7,2.5", 1).as_bytes());
    let bad = stage.run(&["study", "--score", "ann.csv", "bad.csv"]).code(1);
    assert!(bad.stdout.is_empty());
    bad.says("bad.csv:2: Ann graded");
    stage.write("worse.csv", csv.replacen(",3,2.5", ",7,2.5", 1).as_bytes());
    stage.run(&["study", "--score", "worse.csv"]).code(1).says("worse.csv:6: grade `7`");
    stage.write(
        "other.json",
        &serde_json::to_vec(&key)
            .unwrap()
            .iter()
            .map(|&b| if b == b'{' { b'[' } else { b })
            .collect::<Vec<_>>(),
    );
    stage.run(&["study", "--score", "ann.csv", "--key", "other.json"]).code(1).says("other.json: not a key");
    stage.run(&["study", "clean", "dunes", "-o", "x.html"]).code(2).says("dunes: not a folder");
    stage.run(&["study", "clean", "beta", "-o", "x.html"]).code(0);
    stage.run(&["study", "--score", "ann.csv", "--key", "x.json"]).code(1).says("the ratings belong to");
    stage.run(&["study", "--score", "missing.csv"]).code(1).says("missing.csv: ");
    stage.run(&["study", "ann.csv", "--json"]).code(2);
}
