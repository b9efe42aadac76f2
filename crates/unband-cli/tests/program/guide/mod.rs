//! The commands of all pages run, in order and in one folder, and print what the pages show.

mod figures;
mod folder;
mod pages;
mod papers;

use std::collections::BTreeMap;
use std::fs;
use std::process::{Command, Stdio};

use unband_skips::tracked_in;

use crate::stage::{Ran, Stage, have_ffmpeg, root};
use pages::{Typed, typed};

/// Pages with console blocks, in the order in which a newcomer reads them.
const PAGES: [&str; 17] = [
    "README.md",
    "docs/guide/photographs.md",
    "docs/guide/artwork.md",
    "docs/guide/upscaling.md",
    "docs/guide/formats.md",
    "docs/guide/json.md",
    "docs/guide/streaming.md",
    "docs/guide/video.md",
    "docs/guide/delivery.md",
    "docs/guide/players.md",
    "docs/guide/encoders.md",
    "docs/guide/degrading.md",
    "docs/guide/datasets.md",
    "docs/guide/evaluation.md",
    "docs/guide/training.md",
    "docs/guide/python.md",
    "docs/faq.md",
];

/// Pages of the core: those with printed figures, and quick ones.
const CORE: [&str; 6] = [
    "README.md",
    "docs/guide/photographs.md",
    "docs/guide/artwork.md",
    "docs/guide/formats.md",
    "docs/guide/json.md",
    "docs/guide/streaming.md",
];

/// Why a command does not run here, by its first words.
const ELSEWHERE: &[(&str, &str)] = &[
    ("cargo run", "the first command of the README; `.ci/run` runs it"),
    ("cargo", "compiles for minutes"),
    ("scripts/", "runs this test"),
    ("sudo", "needs root"),
    ("pip", "scripts/test-python"),
    ("python", "scripts/test-python"),
    ("unband train", "crates/unband-train/tests/all/guide.rs (scripts/test-train)"),
];

/// Programs that not every machine of the tests has.
const ENCODERS: [&str; 4] = ["x265", "SvtAv1EncApp", "aomenc", "HandBrakeCLI"];

/// Commands whose exit code is not 0, and not 3 for a check that fails.
const CODES: &[(&str, i32, &str)] =
    &[("unband eval bdinn-1 ", 1, "networks at full width have no weights here")];

fn elsewhere(command: &str) -> Option<&'static str> {
    let missing = ENCODERS.iter().any(|name| command.contains(name) && !crate::stage::has(name));
    if missing {
        return Some("its encoder is not installed");
    }
    ELSEWHERE.iter().find(|(first, _)| command.starts_with(first)).map(|(_, why)| *why)
}

/// Runs a command as a reader types it.
fn run(stage: &Stage, command: &str) -> Ran {
    let program = std::path::Path::new(env!("CARGO_BIN_EXE_unband"));
    let path = format!("{}:{}", program.parent().unwrap().display(), std::env::var("PATH").unwrap());
    let output = Command::new("bash")
        .args(["-o", "pipefail", "-c", command])
        .current_dir(stage.path(""))
        .env("PATH", path)
        .env("HOME", stage.path(""))
        .env("UNBAND_MODELS", stage.path("models"))
        .stdin(Stdio::null())
        .output()
        .unwrap();
    output.into()
}

/// The faults of a command: its exit code, and lines that it does not print.
fn faults(stage: &Stage, typed: &Typed) -> Result<(), String> {
    let command = typed.command.as_str();
    let ran = run(stage, command);
    let padded = format!("{command} ");
    let code = CODES.iter().find(|(first, ..)| padded.starts_with(first) && !command.contains("--small"));
    let fine = match code {
        Some((_, code, _)) => ran.code == *code,
        None => ran.code == 0 || ran.code == 3 && command.contains("--fail-if"),
    };
    if !fine {
        return Err(format!("exit code {}\n{}{}", ran.code, ran.out(), ran.stderr));
    }
    // A result is printed on standard error, values on standard output.
    figures::compared(&typed.output, &[ran.out(), ran.stderr].concat())
}

/// Runs pages in order, and collects all faults.
fn run_pages(pages: &[&str]) {
    let stage = Stage::new();
    folder::fill(&stage);
    let ffmpeg = have_ffmpeg();
    let is_ffmpeg_of_pages = ffmpeg && run(&stage, "ffmpeg -version").out().starts_with("ffmpeg version 5.1");
    let (mut wrong, mut left, mut compared) = (Vec::new(), BTreeMap::new(), 0);
    let mut count = 0;
    for page in pages {
        let text = fs::read_to_string(root().join(page)).unwrap();
        let all = typed(&text);
        assert!(!all.is_empty(), "{page} has no commands");
        for typed in all {
            let video =
                ["film", "clip", ".mkv", ".mp4", "ffmpeg", "shot/", "holidays", "dpx", "bdinn", "default"];
            if !ffmpeg && video.iter().any(|word| typed.command.contains(word)) {
                continue;
            }
            if let Some(why) = elsewhere(&typed.command) {
                left.insert(typed.command, why);
                continue;
            }
            count += 1;
            // What FFmpeg converted, another version rounds differently.
            let own = text[..typed.at]
                .rfind("```console")
                .is_some_and(|block| text[block..typed.at].contains("$ ffmpeg "));
            let typed =
                if own && !is_ffmpeg_of_pages { Typed { output: Vec::new(), ..typed } } else { typed };
            compared += typed.output.iter().filter(|line| figures::is_compared(line)).count();
            if let Err(fault) = faults(&stage, &typed) {
                wrong.push(format!("{page}:{}: {}\n{fault}", typed.line, typed.command));
            }
        }
    }
    eprintln!("{count} commands ran, {compared} printed lines were compared; not here: {left:#?}");
    assert!(wrong.is_empty(), "{} of {count} commands:\n\n{}", wrong.len(), wrong.join("\n\n"));
    assert!(compared > 0 && count > 2 * pages.len());
}

#[test]
fn the_commands_of_the_core_pages_print_what_the_pages_show() {
    run_pages(&CORE);
}

/// `scripts/test-guide` runs it.
#[test]
#[ignore = "minutes; scripts/test-guide runs it"]
fn the_commands_of_all_pages_print_what_the_pages_show() {
    run_pages(&PAGES);
}

#[test]
fn no_page_with_commands_is_forgotten() {
    // Pages of contributors, and those with a test of their own.
    let others = [
        "many-machines.md",
        "rust.md",
        "from-the-papers.md",
        "web.md",
        "view.md",
        "comfyui.md",
        "vapoursynth.md",
        "c.md",
        "cards.md",
    ];
    for path in tracked_in("docs/guide") {
        let name = path.file_name().unwrap().to_str().unwrap();
        let page = format!("docs/guide/{name}");
        let has_commands = !typed(&fs::read_to_string(root().join(&page)).unwrap()).is_empty();
        let known = PAGES.contains(&page.as_str()) || others.contains(&name);
        assert!(known || !has_commands, "{page} is in no test");
    }
    assert!(CORE.iter().all(|page| PAGES.contains(page)));
}
