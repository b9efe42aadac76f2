//! Untrusted file names, option values and private images.

use crate::stage::{Stage, six_bits, texture};

/// A name that sets the terminal's title, turns red and reverses the direction of writing.
#[cfg(unix)]
const STEERS: &str = "\u{1b}]0;PWN\u{7}\u{1b}[31m\u{202e}red\nfake.png: clean.png";

#[cfg(unix)]
#[test]
fn names_do_not_steer_the_terminal() {
    let stage = Stage::new();
    stage.png(STEERS, &six_bits);
    stage.png("plain.png", &six_bits);
    for args in [
        &["score", STEERS][..],
        &["score", STEERS, "plain.png"],
        &["inspect", "-v", STEERS],
        &["-n", "-v", STEERS],
        &["compare", "plain.png", STEERS],
        &[STEERS, "-v", "--overwrite"],
    ] {
        let ran = stage.run(args).code(0);
        for text in [ran.out(), ran.stderr.clone()] {
            let steers = |c: char| (c.is_control() && c != '\n') || c == '\u{202e}';
            assert!(!text.contains(steers), "{args:?}: {text:?}");
            assert!(!text.lines().any(|line| line.starts_with("fake.png")), "{args:?}: {text:?}");
        }
    }
    // JSON has the name unchanged.
    assert_eq!(stage.run(&["inspect", "--json", STEERS]).code(0).json()[0]["input"], STEERS);
}

#[test]
fn names_in_tables_are_no_formulas() {
    let stage = Stage::new();
    for name in ["=cmd.png", "@sum.png", "+1.png"] {
        stage.png(name, &six_bits);
    }
    stage.run(&["score", "=cmd.png", "@sum.png", "+1.png", "--csv", "table.csv"]).code(0);
    let table = String::from_utf8(stage.read("table.csv")).unwrap();
    let names: Vec<&str> = table.lines().skip(1).filter_map(|line| line.split(',').next()).collect();
    assert_eq!(names, ["./=cmd.png", "./@sum.png", "./+1.png"]);
}

#[test]
fn a_format_that_is_no_extension_is_a_mistake_and_no_panic() {
    let stage = Stage::new();
    stage.png("a.png", &six_bits);
    for word in ["png/x", "a/b", "/", "a\\b"] {
        stage.run(&["a.png", "--format", word]).code(2).says("a known image format");
        stage.run(&["upscale", "a.png", "--format", word]).code(2);
    }
    stage.run(&["a.png", "--format", ".PNG", "-o", "b.png"]).code(0);
}

#[test]
fn light_beyond_white_that_a_method_cuts_off_is_reported() {
    let stage = Stage::new();
    let mut pfm = b"PF\n64 48\n-1.0\n".to_vec();
    pfm.extend((0..64 * 48 * 3).flat_map(|i| ((i % 64) as f32 * 0.25 - 1.0).to_le_bytes()));
    stage.write("hdr.pfm", &pfm);
    let ran = stage.run(&["hdr.pfm", "--method", "f3kdb", "-o", "out.pfm", "--everywhere"]).code(0);
    ran.says("beyond black or white were clipped").says("f3kdb");
    let ran = stage.run(&["hdr.pfm", "-o", "kept.pfm", "--everywhere"]).code(0);
    assert!(!ran.stderr.contains("clipped"), "{}", ran.stderr);
}

#[test]
fn what_cannot_be_written_names_no_temporary_file() {
    let stage = Stage::new();
    stage.png("a.png", &six_bits);
    let ran = stage.run(&["a.png", "-o", "nope/x.png"]);
    assert!(ran.code != 0 && !ran.stderr.contains(".unband-"), "{}", ran.stderr);
}

#[cfg(unix)]
#[test]
fn results_of_private_images_are_private() {
    use std::os::unix::fs::PermissionsExt;
    let stage = Stage::new();
    stage.png("private.png", &six_bits);
    stage.png("clean.png", &texture);
    stage.png("open.png", &six_bits);
    let set = |name: &str, mode| {
        std::fs::set_permissions(stage.path(name), PermissionsExt::from_mode(mode)).unwrap();
    };
    let mode = |name: &str| std::fs::metadata(stage.path(name)).unwrap().permissions().mode() & 0o777;
    set("private.png", 0o600);
    set("clean.png", 0o400);
    set("open.png", 0o666);
    stage.run(&["private.png", "clean.png", "open.png"]).code(0);
    stage.run(&["inspect", "private.png", "--map", "map.png"]).code(0);
    stage.write("plain.txt", b"");
    assert_eq!(mode("private_unband.png"), 0o600);
    assert_eq!(mode("clean_unband.png"), 0o600);
    assert_eq!(mode("map.png"), 0o600);
    // No more permissions than usual.
    assert_eq!(mode("open_unband.png"), mode("plain.txt") & 0o666);
    // An existing file keeps its own permissions if they are stricter.
    set("open_unband.png", 0o640);
    stage.run(&["open.png", "--overwrite"]).code(0);
    assert_eq!(mode("open_unband.png"), 0o640);
}

#[cfg(unix)]
#[test]
fn an_input_behind_a_link_is_not_replaced() {
    let stage = Stage::new();
    stage.png("a.png", &six_bits);
    stage.png("b.png", &texture);
    let before = stage.read("b.png");
    std::fs::create_dir(stage.path("out")).unwrap();
    std::os::unix::fs::symlink("../b.png", stage.path("out/a.png")).unwrap();
    stage.run(&["a.png", "b.png", "-o", "out/", "--overwrite"]).code(2).says("would replace b.png");
    assert!(stage.read("b.png") == before);
}
