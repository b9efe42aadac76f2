//! The commands of the README run.

use std::collections::BTreeSet;
use std::fs;
use std::process::Command;

use unband_skips::tracked_in;

use crate::stage::{Ran, Stage, has, root, six_bits};

/// Commands in the README that call the program, from its tables and console blocks.
fn commands(readme: &str) -> Vec<String> {
    let mut found = Vec::new();
    for line in readme.lines() {
        if let Some(typed) = line.strip_prefix("$ ") {
            let typed = typed.split("  ").next().unwrap_or(typed);
            found.extend(Some(typed.trim().to_owned()).filter(|typed| typed.starts_with("unband ")));
        } else if line.starts_with('|') {
            found.extend(
                line.split('`')
                    .skip(1)
                    .step_by(2)
                    .filter(|code| code.starts_with("unband "))
                    .map(str::to_owned),
            );
        }
    }
    found
}

#[test]
fn every_command_of_the_readme_runs() {
    let readme = fs::read_to_string(root().join("README.md")).unwrap();
    let commands = commands(&readme);
    assert!(commands.len() >= 12, "{commands:?}");
    let program = std::path::Path::new(env!("CARGO_BIN_EXE_unband"));
    let path = format!("{}:{}", program.parent().unwrap().display(), std::env::var("PATH").unwrap());
    let ffmpeg = has("ffmpeg");
    for command in commands {
        if command.contains("film") && !ffmpeg {
            continue;
        }
        // Each in a new folder with the files that the README uses.
        let stage = Stage::new();
        let images = ["sky.png", "game.png", "photos/a.png", "photos/trip/b.png", "clean.png"];
        for name in images.into_iter().chain(["clean/sky.png", "a/sky.png", "b/sky.png"]) {
            stage.png(name, &six_bits);
        }
        for name in ["sunset.png", "dusk.jpg"] {
            stage.write(&format!("examples/{name}"), &fs::read(root().join("examples").join(name)).unwrap());
        }
        for table in ["bdinn-1.toml", "small.toml"] {
            let table = format!("recipes/tables/{table}");
            stage.write(&table, &fs::read(root().join(&table)).unwrap());
        }
        stage.write("mine.pth", &fs::read(root().join("golden/checkpoints/indi_trainer.pth")).unwrap());
        stage.png("old.jpg", &six_bits);
        stage.write("BSRGAN.pth", &fs::read(root().join("golden/checkpoints/rrdbnet.pth")).unwrap());
        for video in ["film.mkv", "encoded.mkv"] {
            stage.write(video, &fs::read(root().join("golden/film/sky_pan_h264.mkv")).unwrap());
        }
        stage.write("in.jpg", &stage.read("examples/dusk.jpg"));
        stage.run(&["sky.png", "-o", "scan.tiff", "--strength", "0"]).code(0);
        for folder in [".local/share/bash-completion/completions", ".local/share/man/man1"] {
            fs::create_dir_all(stage.path(folder)).unwrap();
        }
        let before = stage.names().len();
        let output = Command::new("sh")
            .args(["-c", &command])
            .current_dir(stage.path(""))
            .env("PATH", &path)
            .env("HOME", stage.path(""))
            .output()
            .unwrap();
        let ran = Ran::from(output);
        // The photos are banded, so that check fails.
        let checks = command.contains("--fail-if");
        assert_eq!(ran.code, if checks { 3 } else { 0 }, "{command}\n{}", ran.stderr);
        let writes = stage.names().len() > before;
        let words = ["--dry-run", "unband list", "--help", "unband compare", "models show"];
        let talks = checks || words.iter().any(|word| command.contains(word));
        assert!(writes != talks, "{command} left {:?}", stage.names());
    }
}

#[test]
fn the_first_two_commands_are_what_the_repository_offers() {
    let readme = fs::read_to_string(root().join("README.md")).unwrap();
    let lines: Vec<&str> = readme.lines().collect();
    let first = lines.iter().position(|line| line.starts_with("$ cargo run --release -- examples/")).unwrap();
    assert!(first < 12, "the first screen ends before line {first}");
    assert!(lines[first + 1].starts_with("$ scripts/test"));
    let image = lines[first].split_whitespace().nth(5).unwrap();
    assert!(root().join(image).is_file(), "{image} is missing");
    // `cargo run` in the root runs this program.
    let manifest = fs::read_to_string(root().join("Cargo.toml")).unwrap();
    assert!(manifest.contains("default-members = [\"crates/unband-cli\"]"));
    let stage = Stage::new();
    stage.write(image, &fs::read(root().join(image)).unwrap());
    stage.run(&[image]).code(0).says("examples/sunset_unband.png");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        for script in ["scripts/test", ".ci/run"] {
            assert!(fs::metadata(root().join(script)).unwrap().permissions().mode() & 0o111 != 0, "{script}");
        }
    }
}

/// `scripts/results` finds outdated pages by these lines.
#[test]
fn every_page_of_measurements_says_when_and_at_which_commit() {
    let list = fs::read_to_string(root().join("docs/results/pages.toml")).unwrap();
    let list: toml::Table = list.parse().unwrap();
    let pages = list["page"].as_array().unwrap();
    let listed: BTreeSet<&str> = pages.iter().map(|page| page["file"].as_str().unwrap()).collect();
    for path in tracked_in("docs/results") {
        let name = path.file_name().unwrap().to_str().unwrap();
        if let Some(name) = name.strip_suffix(".md") {
            assert!(
                listed.contains(format!("docs/results/{name}.md").as_str()),
                "{name} is not in pages.toml"
            );
        }
    }
    for page in pages {
        let file = page["file"].as_str().unwrap();
        let text = fs::read_to_string(root().join(file)).unwrap();
        let line = text.lines().find(|line| line.starts_with("Measured on 20"));
        let commit = line.and_then(|line| line.split('`').nth(1)).unwrap_or_default();
        let is_commit = commit.len() >= 7 && commit.bytes().all(|b| b.is_ascii_hexdigit());
        assert!(is_commit, "{file}: no line `Measured on DATE at commit HASH`");
        for measured in page["measures"].as_array().unwrap() {
            let path = root().join(measured.as_str().unwrap().trim_start_matches(":(exclude)"));
            assert!(path.exists(), "{file} measures {}, which is not there", path.display());
        }
    }
}
