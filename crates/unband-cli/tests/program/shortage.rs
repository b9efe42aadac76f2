//! Little memory, by `--max-memory` or the system, and inputs and outputs that never end.
#![cfg(target_os = "linux")]

use std::process::Stdio;
use std::time::{Duration, Instant};

use crate::stage::{Ran, Stage, png, six_bits, texture};

/// Runs a script with a limited address space, in KiB.
fn within(stage: &Stage, kib: u64, script: &str) -> Ran {
    let script = format!("ulimit -v {kib}; unband='{}'; {script}", env!("CARGO_BIN_EXE_unband"));
    let mut command = std::process::Command::new("bash");
    command.args(["-c", &script]).current_dir(stage.path("")).stdin(Stdio::null());
    command.output().unwrap().into()
}

#[test]
fn commands_that_compute_metrics_have_a_memory_limit() {
    let stage = Stage::new();
    stage.write("a.png", &png(1200, 900, &texture));
    stage.write("b.png", &png(1200, 900, &six_bits));
    stage.write("s.png", &png(200, 160, &six_bits));
    for (args, enough) in [
        (&["inspect", "b.png"][..], "90M"),
        (&["score", "b.png"], "200M"),
        (&["compare", "a.png", "b.png", "--metrics", "psnr,cambi"], "200M"),
    ] {
        let with = |memory: &str| stage.run(&[args, &["--max-memory", memory]].concat());
        let ran = with("60M").code(1).says("MiB of memory are needed for 1200×900, the limit is 60 MiB");
        let hint = ran.stderr.split("`--max-memory ").nth(1).unwrap();
        assert_eq!(with(enough).code(0).stdout, stage.run(args).code(0).stdout);
        with(hint.split('`').next().unwrap()).code(0);
    }
    // The others of a folder are measured.
    let ran = stage.run(&["score", "a.png", "s.png", "--max-memory", "60M"]).code(1);
    assert!(ran.out().contains("s.png  banding"), "{}", ran.out());
}

#[test]
fn short_memory_is_an_error_of_one_image() {
    let stage = Stage::new();
    let size = |side: u32| format!("P5 {side} {side} 255\n").into_bytes();
    let mut large = size(7000);
    large.resize(large.len() + 7000 * 7000, 90);
    stage.write("large.pgm", &large);
    stage.write("small.png", &png(200, 160, &six_bits));
    // Enough to read it, too little to measure it.
    for kib in [500_000, 900_000, 1_300_000, 1_700_000] {
        let ran = within(&stage, kib, "$unband score large.pgm small.png --csv c.csv --overwrite -j 2");
        assert!(ran.code == 0 || ran.code == 1, "{kib}: {} {}", ran.code, ran.stderr);
        assert!(ran.code == 0 || ran.stderr.contains("memory"), "{kib}: {}", ran.stderr);
        assert!(ran.out().contains("small.png  banding"), "{kib}: {}", ran.stderr);
        assert_eq!(String::from_utf8(stage.read("c.csv")).unwrap().lines().count(), 3 - ran.code as usize);
    }
    stage.write("sky.png", &png(1900, 1300, &six_bits));
    for kib in [200_000, 250_000, 300_000, 350_000, 400_000, 450_000, 500_000, 600_000, 800_000] {
        let ran = within(&stage, kib, "$unband sky.png -o o.png --overwrite -j 2");
        assert!(ran.code == 0 || ran.code == 1, "{kib}: {} {}", ran.code, ran.stderr);
        assert!(ran.code == 0 || ran.stderr.contains("memory"), "{kib}: {}", ran.stderr);
        assert!(!stage.names().iter().any(|name| name.contains(".tmp")), "{:?}", stage.names());
    }
}

#[test]
fn lists_and_standard_input_without_end_are_refused() {
    let stage = Stage::new();
    stage.png("sky.png", &six_bits);
    within(&stage, 1_500_000, "$unband compare --pairs /dev/zero").code(2).says("more than 16 MiB");
    let endless = "(cat sky.png; cat /dev/zero) | $unband";
    for command in ["- -o x.png", "inspect -", "score -"] {
        within(&stage, 1_500_000, &format!("{endless} {command}")).code(1).says("the file has");
    }
    // A long rest that ends is not a reason to refuse an image.
    within(&stage, 1_500_000, "(cat sky.png; head -c 20M /dev/zero) | $unband inspect -").code(0);
}

#[test]
fn the_first_signal_ends_the_wait_for_the_reader_of_a_table() {
    let stage = Stage::new();
    stage.png("sky.png", &six_bits);
    let fifo = || std::process::Command::new("mkfifo").arg(stage.path("t.csv")).status().unwrap();
    assert!(fifo().success());
    let args = ["score", "sky.png", "--csv", "t.csv", "--overwrite"];
    let mut child = stage.command(&args).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    std::thread::sleep(Duration::from_millis(1500));
    assert!(child.try_wait().unwrap().is_none(), "it waits for a reader");
    std::process::Command::new("kill").args(["-TERM", &child.id().to_string()]).status().unwrap();
    let begun = Instant::now();
    while child.try_wait().unwrap().is_none() {
        assert!(begun.elapsed() < Duration::from_secs(8), "still there");
        std::thread::sleep(Duration::from_millis(20));
    }
    assert_eq!(child.wait().unwrap().code(), Some(130));
    // With a reader, the table arrives.
    let script = "cat t.csv > got.csv & $unband score sky.png --csv t.csv --overwrite; wait";
    within(&stage, 8_000_000, script).code(0);
    assert!(String::from_utf8(stage.read("got.csv")).unwrap().starts_with("file,"));
}
