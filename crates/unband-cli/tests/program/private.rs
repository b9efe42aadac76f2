//! Results of private files, and files that no output may replace.
#![cfg(unix)]

use std::fs;
use std::os::unix::fs::PermissionsExt;

use crate::stage::{Stage, png, six_bits, texture};

fn mode(stage: &Stage, name: &str) -> u32 {
    fs::metadata(stage.path(name)).unwrap().permissions().mode() & 0o777
}

/// A folder with a private image and one that all may read.
fn stage() -> Stage {
    let stage = Stage::new();
    for (name, mode) in [("in/private.png", 0o600), ("in/public.png", 0o644)] {
        let path = stage.write(name, &png(72, 64, &six_bits));
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    }
    stage
}

#[test]
fn what_is_made_of_a_private_image_is_private() {
    let stage = stage();
    let run = |args: &[&str]| stage.run(args).code(0);
    run(&["degrade", "in", "--recipe", "rgb", "-o", "dg", "--pairs"]);
    for side in ["lq", "gt"] {
        assert_eq!(mode(&stage, &format!("dg/{side}/private.png")), 0o600);
        assert_eq!(mode(&stage, &format!("dg/{side}/public.png")) & 0o044, 0o044);
    }
    assert_eq!(mode(&stage, "dg/manifest.jsonl"), 0o600);
    run(&["dataset", "pairs", "in", "-o", "ds", "--cause", "jpeg-50"]);
    let pairs: Vec<String> = stage.names().into_iter().filter(|name| name.starts_with("ds/")).collect();
    let private: Vec<&String> = pairs.iter().filter(|name| name.contains("/private")).collect();
    assert!(private.len() >= 2, "{pairs:?}");
    for name in private {
        assert_eq!(mode(&stage, name), 0o600, "{name}");
    }
    let files = ["--save-map", "m.png", "--report", "r.html", "--csv", "c.csv", "--save-profile", "p.png"];
    run(&[&["score", "in/private.png"], &files[..]].concat());
    for name in ["m.png", "r.html", "c.csv", "p.png"] {
        assert_eq!(mode(&stage, name), 0o600, "{name}");
    }
    run(&["score", "in", "--csv", "all.csv"]);
    assert_eq!(mode(&stage, "all.csv"), 0o600);
    run(&["compare", "in/public.png", "in/private.png", "--report", "pair.html"]);
    assert_eq!(mode(&stage, "pair.html"), 0o600);
    run(&["in/private.png", "-o", "o.png", "--report", "before.html"]);
    assert_eq!([mode(&stage, "o.png"), mode(&stage, "before.html")], [0o600; 2]);
    fs::create_dir(stage.path("one")).unwrap();
    fs::copy(stage.path("in/public.png"), stage.path("one/private.png")).unwrap();
    fs::copy(stage.path("in/public.png"), stage.path("one/public.png")).unwrap();
    run(&["study", "in", "one", "-o", "study.html"]);
    assert_eq!([mode(&stage, "study.html"), mode(&stage, "study.json")], [0o600; 2]);
    run(&["score", "in/public.png", "--save-map", "open.png"]);
    assert_eq!(mode(&stage, "open.png") & 0o044, 0o044);
}

#[test]
fn no_map_page_or_degraded_image_replaces_an_input_or_a_result() {
    let stage = Stage::new();
    stage.png("a.png", &six_bits);
    stage.write("d/x.png", &png(72, 64, &texture));
    let before = (stage.read("a.png"), stage.read("d/x.png"));
    let input = "is one of the inputs";
    stage.run(&["inspect", "a.png", "--map", "a.png", "--overwrite"]).code(2).says(input);
    stage.run(&["score", "a.png", "--save-map", "./a.png", "--overwrite"]).code(2).says(input);
    stage.run(&["degrade", "d", "--recipe", "rgb", "-o", "d", "--overwrite"]).code(2).says(input);
    let page = ["a.png", "-o", "r.html", "--format", "png", "--report", "r.html", "--overwrite"];
    stage.run(&page).code(2).says("would replace the result of a.png");
    stage.run(&["a.png", "--report", "a_unband.png"]).code(2).says("would replace the result of a.png");
    stage.run(&["study", "d", "d", "-o", "d/x.png", "--overwrite"]).code(2).says(input);
    assert_eq!((stage.read("a.png"), stage.read("d/x.png")), before);
    assert_eq!(stage.names(), ["a.png", "d/x.png"]);
}
