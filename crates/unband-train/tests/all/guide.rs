//! Every training of the guides runs: two steps, with small patches and few images.

use std::path::Path;
use std::process::Command;

use unband_image::{Image, Rng};
use unband_skips::{root, tracked_in};
use unband_train::recipe::Recipe;

const PAGES: [&str; 3] =
    ["docs/guide/from-the-papers.md", "docs/guide/training.md", "docs/how/banded-deform-conv.md"];

/// Commands of the page that train: console lines, and code in tables and text.
fn trainings(page: &str) -> Vec<String> {
    let mut found = Vec::new();
    for line in page.lines() {
        if let Some(typed) = line.strip_prefix("$ ") {
            found.push(typed.split(" #").next().unwrap_or(typed).trim().to_owned());
        } else {
            found.extend(line.split('`').skip(1).step_by(2).map(str::to_owned));
        }
    }
    // `unband train` alone is a name.
    found.into_iter().filter(|typed| typed.starts_with("unband train recipes/")).collect()
}

/// A smooth image, on the given number of levels.
fn painted(file: &Path, levels: f32, seed: u32) {
    const SIDE: usize = 336;
    let random = |k| Rng::new(9).unit_at(seed, k, 0, 0);
    let value = |p: usize| {
        let (x, y, c) = (p / 3 % SIDE, p / 3 / SIDE, (p % 3) as u32);
        let v = random(c) * 0.4 + (random(3) * x as f32 + random(4) * y as f32) * 0.3 / SIDE as f32;
        ((v * levels).round() / levels * 65535.0) as u16
    };
    let data: Vec<u16> = (0..3 * SIDE * SIDE).map(value).collect();
    std::fs::create_dir_all(file.parent().unwrap()).unwrap();
    let image = Image::from_rgb16(SIDE, SIDE, &data).unwrap();
    let format = unband_io::writer_for(file).unwrap();
    unband_io::write_file(&image, file, format, &unband_io::WriteOptions::default(), true).unwrap();
}

fn staged() -> tempfile::TempDir {
    let stage = tempfile::tempdir().unwrap();
    let at = |name: &str| stage.path().join(name);
    std::fs::create_dir(at("recipes")).unwrap();
    for file in tracked_in("recipes") {
        std::fs::copy(&file, at("recipes").join(file.file_name().unwrap())).unwrap();
    }
    for i in 0..4 {
        for folder in ["photos/train", "photos/val"] {
            painted(&at(folder).join(format!("{i}.png")), 65535.0, i);
        }
    }
    for folder in ["data/fhd/train", "data/fhd/val", "OUT/train", "OUT/val"] {
        for (side, levels) in [("lq", 63.0), ("gt", 65535.0)] {
            painted(&at(folder).join(side).join("0.png"), levels, 0);
        }
    }
    stage
}

/// Settings that make a training short.
fn short(typed: &str, stage: &Path) -> String {
    let recipe = typed.split_whitespace().find(|word| word.starts_with("recipes/")).unwrap();
    let full = Recipe::load(&stage.join(recipe), &[], &[]).unwrap();
    let patch = match full.network.split(':').next().unwrap() {
        "uformer-t" => 128,
        "deepdeband-f" | "deepdeband-w" => 256,
        "dbi" => 180,
        "rrdbnet" => 64,
        _ => 32,
    };
    let mut settings = vec!["steps=2".to_owned(), "validation.every=2".into(), "validation.images=1".into()];
    settings.extend([format!("patch={patch}"), format!("validation.crop={patch}")]);
    if !typed.contains("batch=") {
        let word_after =
            |option: &str| typed.split(option).nth(1).and_then(|rest| rest.split_whitespace().next());
        let workers = word_after("--devices ").or(word_after("workers=")).map_or(1, |n| n.parse().unwrap());
        settings.push(format!("batch={}", full.batch.min(4).next_multiple_of(workers)));
    }
    if full.network == "dbi" {
        settings.extend(["data.pool=8".into(), "validation.data.pool=4".into()]);
    }
    // VGG-19 may not be distributed.
    let perceptual = full.loss.iter().any(|term| term.features.is_some() || !term.is_off());
    if full.network.starts_with("rrdbnet") && full.gan.is_some() && perceptual && !typed.contains("loss") {
        settings.push("loss=[{term=\"l1\"}]".into());
    }
    let degrades = matches!(full.data, unband_train::recipe::Data::Clean { .. });
    if degrades && typed.contains("unband-lite") {
        settings.push("validation.data.degradations=[\"rgb-6\"]".into());
        settings.push("data.pool=2".into());
    }
    settings.iter().fold(String::new(), |all, setting| all + " --set '" + setting + "'")
}

#[test]
fn every_training_of_the_guides_takes_two_steps() {
    let program = env!("CARGO_BIN_EXE_unband-train");
    let mut ran = 0;
    for page in PAGES {
        let stage = staged();
        for typed in trainings(&std::fs::read_to_string(root().join(page)).unwrap()) {
            let arguments = typed.strip_prefix("unband train ").unwrap();
            let stem = arguments.strip_prefix("recipes/").unwrap().split(".toml").next().unwrap();
            // Another training of the same recipe is not resumed, except into a folder that the page names.
            let _ = std::fs::remove_dir_all(stage.path().join("runs").join(stem));
            let line = format!("'{program}' {arguments}{}", short(&typed, stage.path()));
            let output = Command::new("sh").args(["-c", &line]).current_dir(stage.path()).output().unwrap();
            let said = String::from_utf8_lossy(&output.stderr);
            assert!(output.status.success(), "{typed}\n{line}\n{said}");
            ran += 1;
        }
    }
    assert!(ran > 25, "{ran}");
}
