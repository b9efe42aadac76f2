//! Standard input and output.

use std::process::Stdio;

use crate::stage::{Ran, Stage, decode, png, six_bits, texture};

#[test]
fn standard_input_to_standard_output_gives_what_files_give() {
    let stage = Stage::new();
    stage.png("sky.png", &six_bits);
    stage.run(&["sky.png"]).code(0);
    let ran = stage.feed(&["-"], &stage.read("sky.png")).code(0);
    assert_eq!(ran.stdout, stage.read("sky_unband.png"));
    assert!(
        ran.stderr.contains("standard input") && ran.stderr.contains("→ standard output"),
        "{}",
        ran.stderr
    );
    let ran = stage.run(&["sky.png", "-o", "-"]).code(0);
    assert_eq!(ran.stdout, stage.read("sky_unband.png"));
    stage.feed(&["-", "-o", "named.png"], &stage.read("sky.png")).code(0);
    assert_eq!(stage.read("named.png"), stage.read("sky_unband.png"));
    stage.feed(&["-", "-o", "out/"], &stage.read("sky.png")).code(0);
    assert_eq!(stage.read("out/stdin.png"), stage.read("sky_unband.png"));
}

#[test]
fn a_format_can_be_asked_of_standard_output() {
    let stage = Stage::new();
    let ran = stage.feed(&["-", "--format", "ppm"], &png(32, 32, &six_bits)).code(0);
    assert!(ran.stdout.starts_with(b"P6"));
    let ran = stage.feed(&["-", "--depth", "16"], &png(32, 32, &six_bits)).code(0);
    assert_eq!(decode(&ran.stdout).bits, 16);
    // Several frames are a stream, also where its format is named.
    let frame = [&b"FRAME\n"[..], &[90; 64 * 48]].concat();
    let stream = [&b"YUV4MPEG2 W64 H48 F10:1 Cmono\n"[..], &frame, &frame].concat();
    for format in [&[][..], &["--format", "y4m"], &["--format", "y4m", "--method", "smooth"]] {
        let ran = stage.feed(&[&["-"][..], format].concat(), &stream).code(0);
        assert!(ran.stdout.starts_with(b"YUV4MPEG2 W64 H48"), "{format:?}");
        assert_eq!(ran.stdout.windows(6).filter(|bytes| bytes == b"FRAME\n").count(), 2, "{format:?}");
    }
    // Nothing to repair: the bytes are unchanged.
    let grass = png(64, 64, &texture);
    assert_eq!(stage.feed(&["-"], &grass).code(0).stdout, grass);
}

#[test]
fn bad_standard_input_is_named() {
    let stage = Stage::new();
    stage.feed(&["-"], b"").code(1).says("error: standard input: the file is empty");
    stage.feed(&["-"], b"nothing like an image").code(1).says("error: standard input: ");
    stage.feed(&["inspect", "-"], b"").code(1).says("error: standard input: the file is empty");
}

#[test]
fn standard_streams_have_one_use_at_a_time() {
    let stage = Stage::new();
    stage.png("a.png", &six_bits);
    stage.png("b.png", &six_bits);
    stage.feed(&["-", "a.png"], b"").code(2).says("cannot be mixed");
    stage.run(&["a.png", "b.png", "-o", "-"]).code(2).says("cannot be written to one file");
    stage.run(&["a.png", "-o", "-", "--json"]).code(2).says("standard output");
    assert_eq!(stage.names(), ["a.png", "b.png"]);
}

#[test]
fn inspect_reads_standard_input() {
    let stage = Stage::new();
    let ran = stage.feed(&["inspect", "-"], &png(160, 120, &six_bits)).code(0);
    assert!(ran.out().contains("160×120 8-bit PNG") && ran.out().contains("6 bits"), "{}", ran.out());
}

#[test]
fn a_reader_that_went_away_is_not_mentioned() {
    let stage = Stage::new();
    stage.png("a.png", &six_bits);
    let gone = |arguments: &[&str]| -> Ran {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        stage.command(arguments).stdout(writer).stderr(Stdio::piped()).output().unwrap().into()
    };
    for arguments in [
        &["list"] as &[&str],
        &["man"],
        &["completions", "zsh"],
        &["inspect", "a.png"],
        &["--help"],
        &["a.png", "-n"],
    ] {
        let ran = gone(arguments).code(0);
        assert_eq!(ran.stderr, "", "{arguments:?}");
    }
    // The image was not delivered, so the run has failed.
    let ran = gone(&["a.png", "-o", "-"]).code(1);
    assert_eq!(ran.stderr, "");
    // Files are written even when the records are not read.
    let ran = gone(&["a.png", "--json", "-q"]).code(0);
    assert_eq!(ran.stderr, "");
    assert!(stage.path("a_unband.png").exists());
}
