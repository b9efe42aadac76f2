//! One signal, two, or a kill: no process stays, and no half-written file.

use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use super::*;

fn send(child: &Child, signal: &str) {
    printed("kill", &[&format!("-{signal}"), &child.id().to_string()]);
}

/// Starts the program with a `PATH`, and waits until the mark is there.
fn started(stage: &Stage, args: &[&str], path: &str, mark: &Path) -> Child {
    let mut command = stage.command(args);
    command.env("PATH", path).stdout(Stdio::piped()).stderr(Stdio::piped());
    let child = command.spawn().unwrap();
    wait_for("the mark", || mark.exists());
    child
}

#[track_caller]
fn wait_for(what: &str, is: impl Fn() -> bool) {
    let start = Instant::now();
    while !is() {
        assert!(start.elapsed() < Duration::from_mins(2), "{what} did not come");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// A stage on which a program hangs at that point: a shell that started another program, as wrappers do.
fn hanging(program: &str, pattern: &str, reads: &str) -> (Stage, String, PathBuf) {
    let stage = Stage::new();
    drawn(&stage, "film.mkv", TEN, &["-c:v", "ffv1"]);
    let mark = stage.path("hangs");
    let instead = format!("{reads} : > '{0}'; tail -f '{0}'; exit 1", mark.display());
    let path = programs::before(&stage, program, pattern, &instead);
    (stage, path, mark)
}

const DEBAND: [&str; 4] = ["film.mkv", "--lossless", "-o", "out.mkv"];

#[test]
fn a_signal_that_comes_twice_at_once_is_one() {
    if !can() {
        return;
    }
    for (signal, pattern, reads) in
        [("INT", "00001.part", "cat > /dev/null;"), ("TERM", "nut pipe:1", ""), ("TERM", "joined.part", "")]
    {
        let (stage, path, mark) = hanging("ffmpeg", pattern, reads);
        let child = started(&stage, &DEBAND, &path, &mark);
        send(&child, signal);
        std::thread::sleep(Duration::from_millis(2));
        send(&child, signal);
        let ran: Ran = child.wait_with_output().unwrap().into();
        ran.code(130).says("film.mkv: interrupted");
        assert_eq!(running_in(&stage), [""; 0], "{signal}, {pattern}");
        assert!(stage.names().iter().all(|name| !name.contains(".part") && name != "out.mkv"));
    }
}

#[test]
fn a_second_signal_later_ends_all_and_leaves_nothing() {
    // Encoding AVIF does not react until it is done; a fifo as temporary folder would not be private.
    let stage = Stage::new();
    stage.write("in.png", &crate::stage::png(2400, 1600, &crate::stage::six_bits));
    let mut command = stage.command(&["in.png", "-o", "out.avif", "-j", "1"]);
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    wait_for("a temporary file", || stage.names().iter().any(|name| name.starts_with(".unband-")));
    send(&child, "TERM");
    std::thread::sleep(Duration::from_millis(1200));
    // It may have ended by then.
    let _ = Command::new("kill").args(["-TERM", &child.id().to_string()]).stderr(Stdio::null()).status();
    let ran: Ran = child.wait_with_output().unwrap().into();
    assert_eq!(ran.code, 130, "{}", ran.stderr);
    assert_eq!(stage.names(), ["in.png"]);
}

#[test]
fn one_signal_while_an_image_is_encoded_is_enough() {
    let stage = Stage::new();
    stage.write("in.png", &crate::stage::png(900, 600, &crate::stage::six_bits));
    let mut command = stage.command(&["in.png", "-o", "out.avif", "-j", "1"]);
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    wait_for("a temporary file", || stage.names().iter().any(|name| name.starts_with(".unband-")));
    send(&child, "TERM");
    let ran: Ran = child.wait_with_output().unwrap().into();
    assert_eq!(ran.code, 130, "{}", ran.stderr);
    assert_eq!(stage.names(), ["in.png"]);
}

#[test]
fn signals_are_heard_while_ffprobe_runs() {
    if !can() {
        return;
    }
    // Video probe, first frames, packets of the source.
    for pattern in ["-show_library_versions", "-show_frames", "duration_time,size,flags"] {
        for args in [&DEBAND[..], &["score", "film.mkv"], &["film.mkv", "--preview", "1"]] {
            if pattern == "duration_time,size,flags" && args != DEBAND {
                continue;
            }
            let (stage, path, mark) = hanging("ffprobe", pattern, "");
            let child = started(&stage, args, &path, &mark);
            let start = Instant::now();
            send(&child, "INT");
            let ran: Ran = child.wait_with_output().unwrap().into();
            let ran = ran.code(130);
            assert!(start.elapsed() < Duration::from_secs(20), "{pattern}: {:?}", start.elapsed());
            assert!(!stage.path("out.mkv").exists(), "{pattern}: {}", ran.stderr);
            wait_for("the end of its programs", || running_in(&stage).is_empty());
        }
    }
}

#[test]
fn programs_end_with_this_one_however_it_ends() {
    if !can() {
        return;
    }
    for (program, pattern, reads) in [
        ("ffmpeg", "nut pipe:1", ""),
        ("ffmpeg", "00001.part", "cat > /dev/null;"),
        ("ffprobe", "-show_frames", ""),
    ] {
        let (stage, path, mark) = hanging(program, pattern, reads);
        let mut child = started(&stage, &DEBAND, &path, &mark);
        child.kill().unwrap();
        child.wait().unwrap();
        wait_for("the end of its programs", || running_in(&stage).is_empty());
        assert!(!stage.path("out.mkv").exists());
    }
}

#[test]
fn a_time_limit_leaves_no_program_and_no_half_file() {
    if !can() || !crate::stage::has("timeout") {
        return;
    }
    let (stage, path, mark) = hanging("ffmpeg", "00001.part", "cat > /dev/null;");
    // It signals the program and its group.
    let mut command = Command::new("timeout");
    command
        .args(["8", env!("CARGO_BIN_EXE_unband")])
        .args(DEBAND)
        .current_dir(stage.0.path())
        .env("PATH", path);
    let ran: Ran = command.stdin(Stdio::null()).output().unwrap().into();
    assert!(mark.exists() && [124, 130].contains(&ran.code), "{}: {}", ran.code, ran.stderr);
    wait_for("the end of its programs", || running_in(&stage).is_empty());
    assert!(
        stage.names().iter().all(|name| !name.contains(".part") && name != "out.mkv"),
        "{:?}",
        stage.names()
    );
}
