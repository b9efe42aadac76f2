//! The commands of the guide and of other pages run, where small data suffices.

use std::fs;

use crate::stage::{Stage, has, png, root, six_bits, texture};

/// Pages whose console lines run on the staged files; other pages need videos, GPUs or the full-HD set.
const PAGES: [&str; 5] = [
    "docs/degrading.md",
    "docs/json.md",
    "docs/measures-for-photographers.md",
    "docs/upscaling.md",
    "docs/datasets.md",
];

/// Commands that belong together: of a table row, a paragraph or a console block.
fn blocks(page: &str, guide: bool) -> Vec<Vec<String>> {
    let mut blocks: Vec<Vec<String>> = vec![Vec::new()];
    for line in page.lines() {
        let row = line.starts_with('|');
        if row || line.is_empty() {
            blocks.push(Vec::new());
        }
        let Some(block) = blocks.last_mut() else { continue };
        if let Some(typed) = line.strip_prefix("$ ") {
            block.push(typed.split(" #").next().unwrap_or(typed).trim().to_owned());
        } else if guide {
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
        _ => "ggdbn.pth",
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
    for file in fs::read_dir(root().join("golden/tensorflow/variables")).unwrap() {
        let path = file.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        stage.write(&format!("CNN_classifier/variables/{name}"), &fs::read(&path).unwrap());
    }
    stage.write("model.mat", &fs::read(root().join("golden/nrqm/forest_v7.mat")).unwrap());
    for file in fs::read_dir(root().join("docs/pictures")).unwrap() {
        let path = file.unwrap().path();
        if path.extension().is_some_and(|end| end == "png" || end == "jpg" || end == "jxl") {
            let name = path.file_name().unwrap().to_str().unwrap();
            stage.write(&format!("docs/pictures/{name}"), &fs::read(&path).unwrap());
        }
    }
    stage
}

/// Does it need something that tests lack: a trainer, the published set, third-party weights, hours?
fn wants_more(words: &[String]) -> bool {
    let has = |word: &str| words.iter().any(|known| known == word);
    let other = ["train", "kapoor", "check"].iter().any(|word| has(word));
    other || has("eval") && !has("--small") || words.iter().any(|word| word.contains("lpips"))
}

fn run(stage: &Stage, typed: &str) {
    let mut words: Vec<String> = shlex::split(typed).unwrap();
    words.remove(0);
    words = words.into_iter().take_while(|word| !matches!(word.as_str(), "|" | ">" | "<")).collect();
    if wants_more(&words) {
        return;
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
}

#[test]
fn every_command_of_the_guide_runs() {
    let page = fs::read_to_string(root().join("docs/guide/from-the-papers.md")).unwrap();
    let blocks = blocks(&page, true);
    assert!(blocks.iter().flatten().count() > 40, "{blocks:?}");
    let ffmpeg = has("ffmpeg");
    let stage = staged();
    for typed in blocks.iter().flatten() {
        if ffmpeg || !(typed.contains("fhd-") || typed.contains("eval")) {
            run(&stage, typed);
        }
    }
    // The model imported by one row is now the default of its network.
    stage.run(&["sky.png", "--method", "ggdbn", "-o", "imported.png"]).code(0);
}

#[test]
fn console_lines_of_other_pages_run() {
    let ffmpeg = has("ffmpeg");
    for name in PAGES {
        let page = fs::read_to_string(root().join(name)).unwrap();
        let stage = staged();
        for typed in blocks(&page, false).iter().flatten() {
            if ffmpeg || !typed.contains("fhd-") {
                run(&stage, typed);
            }
        }
    }
}
