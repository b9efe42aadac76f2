//! The commands in the tables of "from the papers" run, each row by itself, where small data suffices.

use std::fs;

use unband_skips::tracked_in;

use crate::stage::{Stage, has, png, root, six_bits, texture};

/// Commands that belong together: of a table row, a paragraph or a console block.
fn blocks(page: &str) -> Vec<Vec<String>> {
    let mut blocks: Vec<Vec<String>> = vec![Vec::new()];
    for line in page.lines() {
        let row = line.starts_with('|');
        if row || line.is_empty() {
            blocks.push(Vec::new());
        }
        let Some(block) = blocks.last_mut() else { continue };
        if let Some(typed) = line.strip_prefix("$ ") {
            block.push(typed.split(" #").next().unwrap_or(typed).trim().to_owned());
        } else {
            block.extend(line.split('`').skip(1).step_by(2).map(str::to_owned));
        }
    }
    let ours = |block: Vec<String>| {
        block.into_iter().filter(|typed| typed.starts_with("unband ")).collect::<Vec<_>>()
    };
    blocks.into_iter().map(ours).filter(|block| !block.is_empty()).collect()
}

/// A checkpoint of the repository for a method or a command.
fn golden(words: &[String]) -> &'static str {
    let after = |option: &str| words.iter().position(|word| word == option).and_then(|at| words.get(at + 1));
    let method = after("--method").map_or("", |method| method.split(':').next().unwrap_or_default());
    match method {
        "ggdbn" => "ggdbn.pth",
        "indi" => "indi_trainer.pth",
        "bdinn" => "bdinn.pth",
        "adnet" => "adnet.pth",
        "brdnet" => "brdnet.pth",
        "uformer-t" => "uformer_t.pth",
        "deepdeband-f" | "deepdeband-w" => "deepdeband_f.pth",
        _ if words.iter().any(|word| word == "upscale") => "rrdbnet.pth",
        // INDI's are Lightning's.
        _ if words.iter().any(|word| std::path::Path::new(word).extension().is_some_and(|e| e == "ckpt")) => {
            "indi_trainer.pth"
        }
        _ => "ggdbn.pth",
    }
}

/// An imitation of the full-HD set.
pub(super) fn published_set(stage: &Stage, folder: &str) {
    let quantized = format!("{folder}/Quantized Images with XML files for Banded and Non Banded regions");
    let xml = "<annotation><size><width>300</width><height>280</height></size><object><name>banding</name>\
               <bndbox><xmin>5</xmin><ymin>5</ymin><xmax>290</xmax><ymax>270</ymax></bndbox></object></annotation>";
    for stem in 1..=8 {
        let stem = format!("00000{stem}_0001");
        stage.write(&format!("{folder}/Original Images/{stem}.png"), &png(300, 280, &texture));
        stage.write(&format!("{quantized}/{stem}.png"), &png(300, 280, &six_bits));
        stage.write(&format!("{quantized}/{stem}.xml"), xml.as_bytes());
    }
}

/// A new folder with the files that the pages use.
fn staged() -> Stage {
    let stage = Stage::new();
    for name in
        ["sky.png", "in.png", "banded/a.png", "input/a.png", "noisy/a.png", "in/a.png", "RealSRSet/a.png"]
    {
        stage.png(name, &six_bits);
    }
    for name in ["gt/a.png", "out/a.png", "results/a.png", "old.jpg"] {
        stage.write(name, &png(200, 200, &texture));
    }
    for i in 0..5 {
        let paint = move |x: usize, y: usize, c: usize| texture(x + 5 * i, y, c);
        for folder in ["photos", "clean"] {
            stage.write(&format!("{folder}/{i}.png"), &png(320, 300, &paint));
        }
    }
    stage.write("photos/val/0.png", &png(320, 300, &six_bits));
    published_set(&stage, "SET");
    for path in tracked_in("golden/tensorflow/variables") {
        let name = path.file_name().unwrap().to_str().unwrap();
        stage.write(&format!("CNN_classifier/variables/{name}"), &fs::read(&path).unwrap());
    }
    stage.write("model.mat", &fs::read(root().join("golden/nrqm/forest_v7.mat")).unwrap());
    stage
}

/// Why a command does not run here, if so.
fn elsewhere(words: &[String]) -> Option<&'static str> {
    if words.first().is_some_and(|word| word == "train") {
        return Some("crates/unband-train/tests/all/guide.rs runs it (scripts/test-train)");
    }
    let lpips = words.iter().any(|word| word.contains("lpips"));
    lpips.then_some("LPIPS needs torchvision's AlexNet, which may not be distributed")
}

/// Runs a command, or returns why it does not run here.
fn run(stage: &Stage, typed: &str) -> Option<&'static str> {
    let mut words: Vec<String> = shlex::split(typed).unwrap();
    words.remove(0);
    words = words.into_iter().take_while(|word| !matches!(word.as_str(), "|" | ">" | "<")).collect();
    if let Some(why) = elsewhere(&words) {
        return Some(why);
    }
    if words[0] == "eval" {
        stage.write("data/fhd/test/lq/a.png", &png(300, 280, &six_bits));
        stage.write("data/fhd/test/gt/a.png", &png(300, 280, &texture));
    }
    // Result folders of the page itself are new.
    let inputs = ["gt", "photos", "clean", "in", "banded", "noisy", "input", "results"];
    let output = words.iter().position(|word| word == "-o").and_then(|at| words.get(at + 1)).cloned();
    if let Some(folder) = output.filter(|folder| !inputs.contains(&folder.as_str())) {
        let path = stage.path(&folder);
        let _ = if path.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) };
    }
    let weights = words
        .iter()
        .filter(|word| [".pth", ".pt", ".ckpt", "weights.safetensors"].iter().any(|end| word.ends_with(end)));
    for file in weights {
        stage.write(file, &fs::read(root().join("golden/checkpoints").join(golden(&words))).unwrap());
    }
    let mut arguments: Vec<&str> = words.iter().map(String::as_str).collect();
    // Commands of one page are alternatives: each may overwrite another's files.
    let first = arguments[0];
    if ["score", "compare", "degrade", "inspect", "upscale"].contains(&first)
        || !["list", "models", "eval", "dataset"].contains(&first)
    {
        arguments.push("--overwrite");
    }
    let ran = stage.run(&arguments);
    // A table without weights has rows that say so.
    let fine = ran.code == 0 || first == "eval" && ran.code == 1;
    assert!(fine, "{typed}\n{}", ran.stderr);
    None
}

/// Runs commands; returns the number that ran here, and the others with their reasons.
fn run_all<'a>(
    stage: &Stage,
    commands: impl Iterator<Item = &'a String>,
) -> (usize, Vec<(&'a str, &'static str)>) {
    let (ffmpeg, mut ran, mut elsewhere_ran) = (has("ffmpeg"), 0, Vec::new());
    for typed in commands {
        if !ffmpeg && (typed.contains("fhd-") || typed.contains("eval")) {
            elsewhere_ran.push((typed.as_str(), "ffmpeg is not installed"));
            continue;
        }
        match run(stage, typed) {
            Some(why) => elsewhere_ran.push((typed, why)),
            None => ran += 1,
        }
    }
    (ran, elsewhere_ran)
}

#[test]
fn every_command_of_the_guide_runs() {
    let page = fs::read_to_string(root().join("docs/guide/from-the-papers.md")).unwrap();
    let blocks = blocks(&page);
    assert!(blocks.iter().flatten().count() > 40, "{blocks:?}");
    let stage = staged();
    let (ran, elsewhere_ran) = run_all(&stage, blocks.iter().flatten());
    for (typed, why) in &elsewhere_ran {
        eprintln!("{typed}\n  not here: {why}");
    }
    // All but the trainings, and one command that needs a network of a third party.
    let known = |(typed, why): &&(&str, &str)| typed.starts_with("unband train ") || why.contains("LPIPS");
    let unknown: Vec<_> = elsewhere_ran.iter().filter(|other| !known(other)).collect();
    assert!(unknown.is_empty() || !has("ffmpeg"), "{unknown:?}");
    assert!(
        ran + elsewhere_ran.len() == blocks.iter().flatten().count() && (ran > 35 || !has("ffmpeg")),
        "{ran}"
    );
    // The model imported by one row is now the default of its network.
    stage.run(&["sky.png", "--method", "ggdbn", "-o", "imported.png"]).code(0);
}
