//! Ranges of time that are repaired alone (`--only`).

use super::*;

/// Frames of `three_shots` each second.
const RATE: f64 = 5.0;
const LOSSLESS: [&str; 4] = ["--lossless", "--everywhere", "--overwrite", "-q"];

/// Numbers of the frames whose hashes differ.
fn differ(a: &[String], b: &[String]) -> Vec<usize> {
    assert_eq!(a.len(), b.len());
    (0..a.len()).filter(|&n| a[n] != b[n]).collect()
}

/// Hashes of the frames of a result.
fn result(stage: &Stage, args: &[&str], output: &str) -> Vec<String> {
    stage.run(&[args, &["-o", output], &LOSSLESS].concat()).code(0);
    sums(&stage.path(output), "yuv420p10le")
}

#[test]
fn frames_outside_keep_their_samples_and_those_inside_are_those_of_the_whole_job() {
    if !can() {
        return;
    }
    let stage = Stage::new();
    three_shots(&stage, "film.mp4");
    let copied = ["-v", "error", "-i", "film.mp4", "-c", "copy", "film.mkv"];
    assert!(Command::new("ffmpeg").args(copied).current_dir(stage.path("")).status().unwrap().success());
    let vp9 = ["-c:v", "libvpx-vp9", "-deadline", "realtime", "-cpu-used", "8", "-crf", "40", "-b:v", "0"];
    let clip = stage.path("film.mp4");
    make(&stage, "film.webm", &[&["-i", clip.to_str().unwrap()][..], &vp9, &["-c:a", "libopus"]].concat());
    for source in ["film.mp4", "film.mkv", "film.webm"] {
        let original = sums(&stage.path(source), "yuv420p10le");
        let whole = result(&stage, &[source], "whole.mkv");
        assert_eq!(differ(&original, &whole).len(), 165, "{source}");
        for (ranges, zones) in [
            (&["4-8"][..], &[(4.0, 8.0)][..]),
            (&["-0:05"], &[(0.0, 5.0)]),
            (&["0:00:30.2-"], &[(30.2, 33.0)]),
            (&["2-3,9.6-12.4", "21-99"], &[(2.0, 3.0), (9.6, 12.4), (21.0, 33.0)]),
        ] {
            let only: Vec<&str> = ranges.iter().flat_map(|range| ["--only", range]).collect();
            let some = result(&stage, &[&[source][..], &only].concat(), "some.mkv");
            let name = format!("{source} {ranges:?}");
            let inside = |n: &usize| {
                let time = *n as f64 / RATE + 1e-6;
                zones.iter().any(|&(from, to)| time >= from && time < to)
            };
            let (inside, outside): (Vec<usize>, Vec<usize>) = (0..165).partition(inside);
            assert_eq!(differ(&some, &original), inside, "{name}");
            assert_eq!(differ(&some, &whole), outside, "{name}");
            assert_eq!(times(&stage.path("some.mkv")), times(&stage.path("whole.mkv")), "{name}");
        }
    }
}

#[test]
fn ranges_hold_for_parts_pipes_methods_folders_and_shallow_results() {
    if !can() {
        return;
    }
    let stage = Stage::new();
    three_shots(&stage, "film.mkv");
    let original = sums(&stage.path("film.mkv"), "yuv420p10le");
    // The times of the source, not of the part.
    let part = ["film.mkv", "--from", "3", "--to", "9", "--only", "4-6"];
    let part = result(&stage, &part, "part.mkv");
    assert_eq!(differ(&part, &original[15..45]), (5..15).collect::<Vec<_>>());
    let method = ["film.mkv", "--method", "gradfun", "--only", "4-6"];
    assert_eq!(differ(&result(&stage, &method, "method.mkv"), &original), (20..30).collect::<Vec<_>>());
    let shallow = ["film.mkv", "--depth", "8", "--only", "4-6", "--temporal", "off"];
    stage.run(&[&shallow[..], &["-o", "shallow.mkv"], &LOSSLESS].concat()).code(0);
    let eight = |name: &str| sums(&stage.path(name), "yuv420p");
    assert_eq!(differ(&eight("shallow.mkv"), &eight("film.mkv")), (20..30).collect::<Vec<_>>());
    let piped = stage.run(&["film.mkv", "--everywhere", "--only", "4-6", "-o", "-"]).code(0);
    stage.write("piped.y4m", &piped.stdout);
    assert_eq!(
        differ(&sums(&stage.path("piped.y4m"), "yuv420p10le"), &original),
        (20..30).collect::<Vec<_>>()
    );
    // Videos of a folder: the short one is reported, the other one is made.
    std::fs::create_dir(stage.path("in")).unwrap();
    stage.write("in/long.mkv", &stage.read("film.mkv"));
    drawn(&stage, "in/short.mkv", TEN, &["-c:v", "ffv1"]);
    let ran = stage.run(&[&["in", "-o", "out/", "--only", "4-6"][..], &LOSSLESS].concat()).code(1);
    ran.says("in/short.mkv: the range 4 s to 6 s is outside: the video ends at 1.000 s");
    assert_eq!(
        differ(&sums(&stage.path("out/long.mkv"), "yuv420p10le"), &original),
        (20..30).collect::<Vec<_>>()
    );
}

#[test]
fn shots_outside_are_no_reason_to_encode() {
    if !can() {
        return;
    }
    let stage = Stage::new();
    // Noise, then a banded slope.
    let graph = "testsrc2=s=256x224:r=5:d=4,noise=alls=60:allf=t,format=yuv420p[a];\
                 gradients=s=256x224:r=5:d=4:c0=0x203040:c1=0x405060:x0=0:x1=255:y0=0:y1=0:speed=0.00001,\
                 format=yuv420p[b];[a][b]concat=n=2,format=yuv420p";
    make(&stage, "film.mkv", &["-filter_complex", graph, "-c:v", "libx264", "-crf", "28"]);
    let record = &stage.run(&["film.mkv", "-o", "a.mkv", "--only", "0-4", "--json"]).code(0).json()[0];
    assert_eq!((&record["status"], &record["only"]), (&"copied".into(), &serde_json::json!([[0.0, 4.0]])));
    let dry = stage.run(&["film.mkv", "--only", "5-", "--dry-run", "--json"]).code(0);
    let record = &dry.json()[0];
    assert_eq!(record["only"], serde_json::json!([[5.0, null]]));
    assert_eq!(record["found"][0]["outside"], true, "{record}");
    assert!(record["found"][1].get("outside").is_none() && record["found"][1]["method"].is_string());
    let dry = stage.run(&["film.mkv", "--only", "5-", "--dry-run"]).code(0).out();
    assert!(dry.contains("repaired: 0:05.000 to the end") && dry.contains("outside of `--only`; unchanged"));
}

#[test]
fn ranges_that_name_nothing_are_refused() {
    if !can() {
        return;
    }
    let stage = Stage::new();
    drawn(&stage, "film.mkv", TEN, &["-c:v", "ffv1"]);
    stage.png("sky.png", &crate::stage::six_bits);
    for (args, code, says) in [
        (
            &["film.mkv", "--only", "3-4"][..],
            1,
            "film.mkv: the range 3 s to 4 s is outside: the video ends at 1.000 s",
        ),
        (&["film.mkv", "--only", "0-1,1:00-"], 1, "the range 60 s to the end is outside"),
        (
            &["film.mkv", "--to", "0.5", "--only", "0.6-0.8"],
            1,
            "the range 0.6 s to 0.8 s is outside: the selected part is 0 s to 0.5 s",
        ),
        (
            &["film.mkv", "--only", "0.51-0.55"],
            1,
            "the range 0.51 s to 0.55 s is outside: no frame begins in it, the last one is at 0.9",
        ),
        (&["film.mkv", "--only", "0.8-0.2"], 2, "`0.8-0.2` ends before it starts; write 0.2-0.8"),
        (&["film.mkv", "--only", "0.5"], 2, "`0.5` is not a range of time; write 1:00-2:30"),
        (&["film.mkv", "--only", "--lossless"], 2, "`--lossless` is not a range of time"),
        (&["film.mkv", "--zones", "0-1"], 2, "`--only 1:00-2:30` repairs these seconds"),
    ] {
        refused(&stage, args, code, &[says]);
    }
    // A stream without a container has no length; the sound of a file may be longer than its frames.
    drawn(&stage, "film.264", TEN, &["-c:v", "libx264"]);
    let says = "film.264: the range 3 s to 4 s is outside: no frame begins in it, the last one is at 0.9";
    refused(&stage, &["film.264", "--only", "3-4"], 1, &[says]);
    stage.run(&["sky.png", "--only", "0-1"]).code(0).says("`--only` is for videos, but no video was named");
}

#[cfg(target_os = "linux")]
#[test]
fn unfinished_work_is_resumed_with_the_same_ranges_only() {
    if !can() {
        return;
    }
    let stage = Stage::new();
    three_shots(&stage, "film.mkv");
    let args = [&super::resume::ARGS[..], &["--everywhere", "--only", "5-25"]].concat();
    super::resume::stopped(&stage, 1, &args, |child| child.kill().unwrap());
    for other in [&["--only", "5-26"][..], &["--only", "5-25,26-27"], &[]] {
        let args = [&super::resume::ARGS[..], &["--everywhere", "--resume"], other].concat();
        stage.run(&args).code(1).says("other options");
    }
    let record = &stage.run(&[&args[..], &["--resume", "--json"]].concat()).code(0).json()[0];
    assert!(record["worked"].as_u64().unwrap() < 165 && record["changed"] == 100, "{record}");
    let resumed = sums(&stage.path("out.mkv"), "yuv420p");
    stage.run(&[&args[..], &["--overwrite"]].concat()).code(0);
    assert_eq!(resumed, sums(&stage.path("out.mkv"), "yuv420p"));
}
