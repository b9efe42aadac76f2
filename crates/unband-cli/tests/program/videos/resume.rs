//! Interrupted work and `--resume`.

use std::process::Stdio;
use std::time::{Duration, Instant};

use super::*;
use crate::interrupt::interrupt;
use crate::stage::Ran;

/// Runs until this number of segments is finished, then calls `stop`.
pub(super) fn stopped(
    stage: &Stage,
    segments: usize,
    args: &[&str],
    stop: impl Fn(&mut std::process::Child),
) -> Ran {
    let mut command = stage.command(args);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let start = Instant::now();
    // The list's first line is about the video.
    let list =
        || std::fs::read_to_string(stage.path("out.mkv.unfinished/segments.jsonl")).unwrap_or_default();
    while list().matches('\n').count() <= segments {
        assert!(start.elapsed() < Duration::from_mins(2), "{:?}", stage.names());
        assert!(child.try_wait().unwrap().is_none(), "it has ended already: {:?}", stage.names());
        std::thread::sleep(Duration::from_millis(2));
    }
    stop(&mut child);
    child.wait_with_output().unwrap().into()
}

pub(super) const ARGS: [&str; 6] = ["film.mkv", "-o", "out.mkv", "--lossless", "--depth", "8"];

#[test]
fn a_killed_video_is_resumed_with_the_same_frames() {
    if !can() {
        return;
    }
    let stage = Stage::new();
    three_shots(&stage, "film.mkv");
    let whole = ["film.mkv", "-o", "whole.mkv", "--lossless", "--depth", "8", "--json"];
    let whole = &stage.run(&whole).code(0).json()[0];
    stopped(&stage, 1, &ARGS, |child| child.kill().unwrap());
    assert!(!stage.path("out.mkv").exists());
    assert!(stage.path("out.mkv.unfinished").is_dir());
    // Another video or other options cannot be resumed.
    let other = stage.run(&["film.mkv", "-o", "out.mkv", "--lossless", "--depth", "10", "--resume"]);
    other.code(1).says("other options");
    let record = &stage.run(&[&ARGS[..], &["--resume", "--json"]].concat()).code(0).json()[0];
    assert_eq!(record["frames"], 165);
    assert!(record["worked"].as_u64().unwrap() < 165, "{record}");
    // Counts include those of the earlier run.
    for count in ["changed", "shots", "method", "output_bytes"] {
        assert_eq!(record[count], whole[count], "{count}");
    }
    assert_eq!(whole["shots"], 3);
    assert_eq!(sums(&stage.path("whole.mkv"), "yuv420p"), sums(&stage.path("out.mkv"), "yuv420p"));
    assert_eq!(times(&stage.path("whole.mkv")), times(&stage.path("out.mkv")));
    assert!(!stage.path("out.mkv.unfinished").exists());
}

#[test]
fn ctrl_c_keeps_what_is_finished_and_ends_all_programs() {
    if !can() {
        return;
    }
    let stage = Stage::new();
    three_shots(&stage, "film.mkv");
    let ran = stopped(&stage, 1, &ARGS, |child| interrupt(child));
    ran.code(130).says("interrupted").says("--resume");
    assert!(!stage.path("out.mkv").exists());
    assert_eq!(running_in(&stage), [""; 0]);
    let parts: Vec<String> = stage.names().into_iter().filter(|name| name.contains(".part")).collect();
    assert!(parts.is_empty(), "{parts:?}");
}

#[test]
fn unfinished_work_that_is_damaged_is_done_again_as_far_as_it_must() {
    if !can() {
        return;
    }
    let stage = Stage::new();
    three_shots(&stage, "film.mkv");
    stage.run(&["film.mkv", "-o", "whole.mkv", "--lossless", "--depth", "8", "-q"]).code(0);
    stopped(&stage, 2, &ARGS, |child| child.kill().unwrap());
    let file = |name: &str| format!("out.mkv.unfinished/{name}");
    let list = stage.read(&file("segments.jsonl"));
    let first_two = [stage.read(&file("00001.segment")), stage.read(&file("00002.segment"))];
    let lines: Vec<usize> = (0..list.len()).filter(|&i| list[i] == b'\n').collect();
    let whole = |_: &mut Vec<u8>| {};
    let cut = |bytes: &mut Vec<u8>| bytes.truncate(bytes.len() * 7 / 10);
    // Equally long, with more detail in the frames.
    let other = |bytes: &mut Vec<u8>| {
        let middle = bytes.len() / 2;
        bytes[middle..middle + 16].fill(0x55);
    };
    // Unchanged; the list cut in its third line, its second, its first, or empty; the second segment cut or
    // overwritten, the first missing.
    let cases = [
        (list.len(), &whole as &dyn Fn(&mut Vec<u8>), true, 55u64),
        (lines[1] + 20, &whole, true, 110),
        (lines[0] + 20, &whole, true, 165),
        (lines[0] - 9, &whole, true, 165),
        (0, &whole, true, 165),
        (list.len(), &cut, true, 110),
        (list.len(), &other, true, 110),
        (list.len(), &whole, false, 165),
    ];
    for (case, (cut_list, damage, first, worked)) in cases.into_iter().enumerate() {
        stage.write(&file("segments.jsonl"), &list[..cut_list]);
        stage.write(&file("00001.segment"), &first_two[0]);
        let mut second = first_two[1].clone();
        damage(&mut second);
        stage.write(&file("00002.segment"), &second);
        if !first {
            std::fs::remove_file(stage.path(&file("00001.segment"))).unwrap();
        }
        let record =
            &stage.run(&[&ARGS[..], &["--resume", "--overwrite", "--json"]].concat()).code(0).json()[0];
        assert_eq!((&record["worked"], &record["frames"]), (&worked.into(), &165.into()), "case {case}");
        assert_eq!(record["shots"], 3, "those of all segments, case {case}");
        assert_eq!(sums(&stage.path("whole.mkv"), "yuv420p"), sums(&stage.path("out.mkv"), "yuv420p"));
    }
}

#[test]
fn finished_work_is_thrown_away_only_when_asked() {
    if !can() {
        return;
    }
    let stage = Stage::new();
    three_shots(&stage, "film.mkv");
    stopped(&stage, 2, &ARGS, |child| child.kill().unwrap());
    let before = stage.names();
    let ran = stage
        .run(&ARGS)
        .code(1)
        .says("out.mkv.unfinished: 2 finished parts of an earlier run, 22.0 s of the video");
    ran.says("`--resume` continues").says("`--overwrite` deletes them");
    let other = stage.run(&["film.mkv", "-o", "out.mkv", "--lossless", "--depth", "10"]).code(1);
    other.says("2 finished parts").says("used other options");
    assert_eq!(stage.names(), before);
    let planned = stage.run(&[&ARGS[..], &["-n"]].concat()).code(0).out();
    assert!(planned.contains("2 finished parts of an earlier run, 0:22.000"), "{planned}");
    let record = &stage.run(&[&ARGS[..], &["--overwrite", "--json"]].concat()).code(0).json()[0];
    assert_eq!(record["worked"], 165);
}
