//! Responses to typing errors, requests for help, and folders.

use std::fs;

use crate::stage::{Stage, png, root, six_bits, texture};

#[test]
fn help_can_be_asked_for_as_a_command() {
    let stage = Stage::new();
    let all = stage.run(&["help"]).code(0).out();
    let all = all.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(all.contains("Usage:") && all.contains("inspect"), "{all}");
    let score = stage.run(&["help", "score"]).code(0).out();
    assert!(score.contains("--fail-if"), "{score}");
    // The default method.
    assert!(
        all.contains("default: unband-lite where levels are missing, unband-jpeg for JPEG files"),
        "{all}"
    );
}

#[test]
fn paragraphs_of_help_are_wrapped_once() {
    let stage = Stage::new();
    for command in ["dataset", "upscale", "degrade", "eval", "score", "compare", "study"] {
        let help = stage.run(&[command, "--help"]).code(0).out();
        let lines: Vec<&str> = help.lines().collect();
        for pair in lines.windows(3) {
            // A short line between two long ones of the same paragraph was wrapped before.
            let text = |line: &str| !line.is_empty() && !line.starts_with(' ');
            let torn = pair.iter().all(|line| text(line))
                && pair[0].len() > 70
                && pair[1].len() < 40
                && !pair[1].ends_with('.')
                && pair[2].len() > 40;
            assert!(!torn, "{command}: {pair:?}");
        }
    }
}

#[test]
fn a_misspelt_command_touches_no_image() {
    let stage = Stage::new();
    stage.png("x.png", &six_bits);
    stage.run(&["sore", "x.png"]).code(2).says("sore: neither a command nor a file").says("`unband score`");
    stage.run(&["inspekt", "x.png", "-q"]).code(2).says("did you mean `unband inspect`?");
    assert_eq!(stage.names(), ["x.png"]);
    // A name far from all commands stops everything too; a name with a dot is a missing file.
    stage.run(&["sky", "x.png"]).code(2).says("sky: neither a command nor a file");
    assert_eq!(stage.names(), ["x.png"]);
    stage.run(&["sky.png", "x.png"]).code(1).says("sky.png: cannot read");
}

#[test]
fn an_output_without_its_option_and_a_web_address_are_named() {
    let stage = Stage::new();
    stage.png("x.png", &six_bits);
    stage.run(&["x.png", "out.png"]).code(2).says("out.png: no such input").says("`unband x.png -o out.png`");
    stage
        .run(&["https://example.com/x.png"])
        .code(2)
        .says("does not go online")
        .says("download the file first");
    assert_eq!(stage.names(), ["x.png"]);
}

#[test]
fn a_video_that_is_not_there_is_missed_whatever_its_result_is_called() {
    let stage = Stage::new();
    for result in ["x.mkv", "x.png", "x.xyz"] {
        stage.run(&["nope.mkv", "-o", result]).code(1).says("nope.mkv: cannot read").says("check the name");
    }
    assert!(stage.names().is_empty());
}

#[test]
fn mistakes_say_what_to_type_instead() {
    let stage = Stage::new();
    stage.png("x.png", &six_bits);
    for (arguments, says) in [
        (&["x.png", "--strength", "abc"][..], "a strength is a number from 0 to 4"),
        (&["x.png", "--strength", "9"], "strength must be 0 to 4, got 9"),
        (&["x.png", "-m", "unband-lite:strength=2"], "`strength` must be 0 to 1, got 2"),
        (&["x.png", "-m", "unband-lite:strength=2"], "hint: above 1 needs smooth"),
        (&["x.png", "-o", "nodir/deep/y.png"], "the folder nodir/deep does not exist"),
        (&["x.png", "-o", "nodir/deep/y.png"], "hint: check its spelling, or create it"),
        (&["inspect", "x.png", "--map", "map.xyz"], "the file is a PNG"),
        (&["eval", "bdinn-9"], "a built-in table: unband, bdinn-1"),
        (&["list", "f3kbd"], "did you mean `f3kdb`?"),
        (&["list", "no-such-thing"], "kinds are methods, dithers"),
    ] {
        let ran = stage.run(arguments).code(2).says(says);
        assert!(!ran.stderr.contains(".tmp"), "{}", ran.stderr);
    }
    stage.run(&["-q", "90", "x.png"]).code(2).says("write `--quality 90`");
}

#[test]
fn a_page_shows_what_was_repaired_before_and_after() {
    let stage = Stage::new();
    fs::create_dir(stage.0.path().join("in")).unwrap();
    for name in ["in/a.png", "in/b.png"] {
        stage.png(name, &six_bits);
    }
    stage.png("in/c.png", &texture);
    let run = ["in", "-o", "out", "--report", "page.html"];
    stage.run(&run).code(0).says("2 images before and after → page.html");
    let page = fs::read_to_string(stage.0.path().join("page.html")).unwrap();
    assert_eq!(page.matches("class=\"slider\"").count(), 2);
    assert_eq!(page.matches("→ none</p>").count(), 2, "the verdict of each result");
    let (_, unchanged) = page.split_once("1 image unchanged</h2>").unwrap();
    assert!(unchanged.contains("in/c.png"), "the names of the others");
    stage.run(&run).code(2).says("page.html: exists already");
    // Nothing to show, nothing written.
    stage
        .run(&["in/c.png", "-o", "d.png", "--report", "none.html"])
        .code(0)
        .says("none.html was not written");
    assert!(!stage.0.path().join("none.html").exists());
    stage.run(&["in/a.png", "-o", "-", "--report", "x.html"]).code(2).says("name files");
    stage.run(&["in/a.png", "--report", "in/b.png"]).code(2).says("in/b.png: ");
}

#[test]
fn an_option_that_means_nothing_is_said() {
    let stage = Stage::new();
    stage.png("x.png", &six_bits);
    let ran = stage.run(&["x.png", "--from", "5", "--for", "web"]).code(0);
    ran.says("note: `--for`, `--from` are for videos, but no video was named");
    let ran = stage.run(&["x.png", "--strength", "1.5", "--overwrite"]).code(0);
    ran.says("note: `--strength` above 1 needs smooth").says("  smooth  ");
    let ran = stage.run(&["x.png", "--method", "smooth", "--strength", "1.5", "--overwrite"]).code(0);
    assert!(!ran.stderr.contains("note: "), "{}", ran.stderr);
}

#[test]
fn two_images_of_one_name_are_both_done() {
    let stage = Stage::new();
    stage.png("in/a.png", &six_bits);
    let jpeg = fs::read(root().join("examples/dusk.jpg")).unwrap();
    stage.write("in/a.jpg", &jpeg);
    stage.run(&["in"]).code(0).says("the result of a.jpg becomes a.jpg_unband");
    let made = stage.names();
    assert!(
        made.contains(&"in/a_unband.png".into()) && made.contains(&"in/a.jpg_unband.png".into()),
        "{made:?}"
    );
    // They are results, to a second run too.
    stage.run(&["in", "--skip-existing"]).code(0).says("skipped 2 files named *_unband");
    let all = ["in/a.jpg", "in/a.png", "in/a_unband.png", "in/a.jpg_unband.png"];
    stage.run(&[&all[..], &["--skip-existing"]].concat()).code(0);
    assert_eq!(stage.names(), made);
    stage.run(&["in", "-o", "out"]).code(0);
    let out: Vec<String> = stage.names().into_iter().filter(|name| name.starts_with("out/")).collect();
    assert_eq!(out, ["out/a.jpg.png", "out/a.png"]);
    assert_eq!(stage.read("out/a.png"), stage.read("in/a_unband.png"));
}

#[test]
fn after_a_folder_a_line_counts_what_became_of_it() {
    let stage = Stage::new();
    stage.png("in/a.png", &six_bits);
    stage.png("in/b.png", &six_bits);
    stage.png("in/c.png", &texture);
    stage.write("in/d.png", b"not an image");
    stage.write("in/IMG_1.dng", b"raw");
    stage.write("in/notes.txt", b"words");
    let last = |args: &[&str], code: i32| {
        let ran = stage.run(args).code(code);
        ran.stderr.lines().last().unwrap_or_default().to_owned()
    };
    assert_eq!(
        last(&["in", "-o", "out"], 1),
        "2 repaired, 1 unchanged, 1 failed, 2 skipped (not supported: IMG_1.dng, notes.txt)"
    );
    fs::remove_file(stage.path("out/b.png")).unwrap();
    fs::remove_file(stage.path("in/d.png")).unwrap();
    assert_eq!(
        last(&["in", "-o", "out", "--skip-existing"], 0),
        "1 repaired, 4 skipped (not supported: IMG_1.dng, notes.txt)"
    );
    let quiet = stage.run(&["in", "-o", "quiet", "-q"]).code(0);
    assert_eq!(quiet.stderr, "");
    // One line for each where images are named.
    assert!(last(&["in/a.png", "in/c.png", "-o", "named/"], 0).contains("c.png"));
    assert_eq!(last(&["upscale", "in/a.png", "-o", "large.png"], 0).matches("upscaled").count(), 0);
}

#[test]
fn the_list_is_short_and_knows_what_runs_unasked() {
    let stage = Stage::new();
    let text = stage.run(&["list"]).code(0).out();
    assert!(text.lines().count() < 200 && text.len() < 12_000, "{} lines", text.lines().count());
    let first: Vec<&str> = text.lines().skip(2).take(3).collect();
    assert!(
        first[0].starts_with("  unband-lite") && first[0].ends_with("(default where levels are missing)"),
        "{first:?}"
    );
    assert!(
        first[1].starts_with("  unband-jpeg") && first[1].ends_with("(default for JPEG files)"),
        "{first:?}"
    );
    assert!(first[2].starts_with("  smooth") && first[2].ends_with("(default elsewhere)"), "{first:?}");
    for word in ["bdinn-1", "ggdbn", "bsrgan-x2", "cambi", "rgb-bits", "blue-noise", "png"] {
        assert!(text.contains(&format!("  {word}")), "{word}");
    }
    let one = stage.run(&["list", "f3kdb"]).code(0).out();
    assert!(one.contains("preset = none  (") && one.contains("range = "), "{one}");
    assert!(!one.contains("gradfun"), "{one}");
    // A metric and a method of the same name are both shown.
    for (name, kinds) in [("bband", &["Metric"][..]), ("palette", &["Degradation"]), ("jpg", &["Format"])] {
        let one = stage.run(&["list", name]).code(0).out();
        for kind in kinds {
            assert!(one.contains(kind), "{one}");
        }
    }
    let printed = &stage.run(&["list", "gradfun", "--json"]).code(0).json()[0];
    assert_eq!(
        (&printed["schema"], printed["methods"].as_array().map(Vec::len)),
        (&"unband-list/1".into(), Some(1))
    );
    assert_eq!(printed["methods"][0]["parameters"][1]["name"], "radius");
    assert_eq!(printed["metrics"], serde_json::json!([]));
}

#[test]
fn tables_and_trainings_are_there_without_the_repository() {
    let stage = Stage::new();
    stage.write("photos/a.png", &png(200, 120, &texture));
    let own = "title = 'T'\nmetrics = ['psnr']\n[data]\nkind = 'clean'\nfolder = 'photos'\ndegradations = ['rgb-5']\n\
               [[method]]\nname = 'S'\nmethod = 'smooth'\n";
    stage.write("own.toml", own.as_bytes());
    // For built-in tables, `--small` uses the built-in file.
    let ran = stage.run(&["eval", "bdinn-1", "--small", "--data", "none", "--output", "out"]).code(2);
    ran.says("none: no such folder");
    stage.run(&["eval", "own.toml", "--output", "out"]).code(0);
    assert!(stage.path("out/table.md").exists());
    // A file takes precedence over a built-in name.
    fs::rename(stage.path("own.toml"), stage.path("bdinn-1.toml")).unwrap();
    stage.run(&["eval", "bdinn-1.toml", "-o", "two"]).code(0);
}

#[test]
fn maps_have_one_name_in_both_commands() {
    let stage = Stage::new();
    stage.png("x.png", &six_bits);
    for (command, option) in
        [("inspect", "--map"), ("inspect", "--save-map"), ("score", "--map"), ("score", "--save-map")]
    {
        let file = format!("{command}{option}.png");
        stage.run(&[command, "x.png", option, &file]).code(0);
        assert_eq!(stage.samples(&file).width, 160);
    }
}

#[test]
fn a_patch_of_each_image_is_what_kair_returns() {
    let stage = Stage::new();
    stage.write("in/a.png", &png(200, 180, &six_bits));
    stage.write("in/b.png", &png(190, 200, &texture));
    stage.write("in/small.png", &png(100, 200, &texture));
    let run = |out: &str| {
        let args = ["degrade", "in", "--recipe", "bsrgan", "--pairs", "--patch", "36", "-o", out];
        stage.run(&args).code(1).says("small.png: ").says("144")
    };
    run("one");
    for name in ["a", "b"] {
        let lq = stage.samples(&format!("one/lq/{name}.png"));
        let gt = stage.samples(&format!("one/gt/{name}.png"));
        assert_eq!((lq.width, lq.height, gt.width, gt.height), (36, 36, 144, 144));
    }
    run("two");
    assert_eq!(stage.read("one/lq/a.png"), stage.read("two/lq/a.png"));
    let text = String::from_utf8(stage.read("one/manifest.jsonl")).unwrap();
    assert!(text.contains("\"width\":36"), "{text}");
}

#[test]
fn the_install_lines_work_on_a_fresh_account() {
    let readme = fs::read_to_string(root().join("README.md")).unwrap();
    let block = readme.split("## Installing").nth(1).and_then(|rest| rest.split("```").nth(1)).unwrap();
    let lines: Vec<&str> = block.lines().filter_map(|line| line.strip_prefix("$ ")).collect();
    assert!(lines[0].starts_with("cargo install") && lines.len() >= 3, "{lines:?}");
    let stage = Stage::new();
    let program = std::path::Path::new(env!("CARGO_BIN_EXE_unband"));
    let path = format!("{}:{}", program.parent().unwrap().display(), std::env::var("PATH").unwrap());
    let ran = std::process::Command::new("sh")
        .args(["-ec", &lines[1..].join("\n")])
        .env("HOME", stage.path(""))
        .env("PATH", path)
        .output()
        .unwrap();
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    assert_eq!(
        stage.names(),
        [".local/share/bash-completion/completions/unband", ".local/share/man/man1/unband.1"]
    );
}
