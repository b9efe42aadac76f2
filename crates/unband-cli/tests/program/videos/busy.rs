//! Two runs for one result, and what killed runs leave.

use super::resume::{ARGS, stopped};
use super::*;

#[test]
fn a_second_run_for_the_same_result_says_who_has_it_and_nothing_is_lost() {
    if !can() {
        return;
    }
    let stage = Stage::new();
    three_shots(&stage, "film.mkv");
    let ran = stopped(&stage, 1, &ARGS, |child| {
        let signal = |name: &str| {
            let sent = std::process::Command::new("kill").args([name, &child.id().to_string()]).status();
            assert!(sent.unwrap().success());
        };
        // The first run waits meanwhile.
        signal("-STOP");
        let says = format!("out.mkv: another run (process {}) is writing it", child.id());
        for more in [&[][..], &["--overwrite"], &["--resume"]] {
            let ran = stage.run(&[&ARGS[..], more].concat()).code(1).says(&says);
            assert!(!ran.stderr.contains("--resume` continues"), "{}", ran.stderr);
        }
        signal("-CONT");
    });
    ran.code(0);
    assert_eq!(times(&stage.path("out.mkv")).len(), 165);
    assert!(!stage.path("out.mkv.unfinished").exists());
}

#[test]
fn a_segment_that_is_finished_and_not_listed_is_not_thrown_away_unasked() {
    if !can() {
        return;
    }
    let stage = Stage::new();
    staged(&stage, "sky_pan_h264.mkv", "film.mkv");
    std::fs::create_dir(stage.path("out.mkv.unfinished")).unwrap();
    stage.write("out.mkv.unfinished/00001.segment", b"frames");
    stage.write("out.mkv.unfinished/segments.jsonl", b"{}\n");
    let args = ["film.mkv", "-o", "out.mkv", "--ffmpeg-args", "-preset ultrafast"];
    stage.run(&args).code(1).says("1 finished part of an earlier run").says("--overwrite");
    assert_eq!(stage.read("out.mkv.unfinished/00001.segment"), b"frames");
    stage.run(&[&args[..], &["--overwrite"]].concat()).code(0);
    assert!(!stage.path("out.mkv.unfinished").exists());
}

#[test]
fn temporary_files_of_killed_runs_are_removed_by_the_next_one() {
    let stage = Stage::new();
    stage.write(".unband-killed.tmp", b"half");
    stage.write("mine.tmp", b"mine");
    std::fs::copy(root().join("docs/images/fog-6bit.png"), stage.path("a.png")).unwrap();
    stage.run(&["a.png", "-o", "b.png"]).code(0);
    assert!(!stage.path(".unband-killed.tmp").exists() && stage.path("mine.tmp").exists());
    if can() {
        stage.write(".unband-killed.tmp", b"half");
        staged(&stage, "sky_pan_h264.mkv", "film.mkv");
        stage.run(&["film.mkv", "-o", "out.mkv", "--ffmpeg-args", "-preset ultrafast"]).code(0);
        assert!(!stage.path(".unband-killed.tmp").exists());
    }
}
