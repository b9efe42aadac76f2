//! Tests of Ctrl-C.
#![cfg(target_os = "linux")]

use std::process::{Child, Command, Stdio};
use std::time::Duration;

use crate::stage::{Ran, Stage, decode, png, six_bits};

/// Sends SIGINT once the program handles it.
pub(crate) fn interrupt(child: &Child) {
    let status = format!("/proc/{}/status", child.id());
    let listens = || {
        let text = std::fs::read_to_string(&status).unwrap();
        let caught = text.lines().find_map(|line| line.strip_prefix("SigCgt:")).unwrap();
        u64::from_str_radix(caught.trim(), 16).unwrap() & 2 != 0
    };
    while !listens() {
        std::thread::sleep(Duration::from_millis(5));
    }
    assert!(Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap().success());
}

#[test]
fn a_batch_that_is_interrupted_leaves_whole_files_only() {
    let stage = Stage::new();
    let image = png(800, 600, &six_bits);
    for i in 0..300 {
        stage.write(&format!("in/{i:03}.png"), &image);
    }
    let mut command = stage.command(&["in", "-o", "out", "-j", "2"]);
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let done = || stage.names().into_iter().filter(|name| name.starts_with("out/")).collect::<Vec<_>>();
    // The first is finished; others are being written.
    while !done().iter().any(|name| !name.contains(".unband-")) {
        std::thread::sleep(Duration::from_millis(2));
    }
    interrupt(&child);
    Ran::from(child.wait_with_output().unwrap()).code(130).says("interrupted: ").says(" of 300 done");
    let done = done();
    assert!(!done.is_empty() && done.len() < 300, "{} were done", done.len());
    let expected = decode(&image);
    for name in done {
        assert_eq!(name.rsplit('.').next(), Some("png"), "{name} was left behind");
        let result = stage.samples(&name);
        assert_eq!((result.width, result.height), (expected.width, expected.height));
    }
}

#[test]
fn waiting_for_standard_input_can_be_interrupted() {
    let stage = Stage::new();
    let mut command = stage.command(&["-", "-o", "out/"]);
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    // Waiting closes the child's input, which would end it too: it stays open elsewhere.
    let input = child.stdin.take();
    interrupt(&child);
    let status = child.wait().unwrap();
    drop(input);
    assert_eq!(status.code(), Some(130));
    assert_eq!(stage.names(), [""; 0]);
}
