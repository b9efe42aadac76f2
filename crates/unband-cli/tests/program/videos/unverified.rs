//! A result whose check fails: it is kept under a name of its own, and nothing is encoded twice.

use super::*;

#[test]
fn a_result_whose_check_fails_is_kept_to_be_looked_at() {
    if !can() {
        return;
    }
    let stage = Stage::new();
    drawn(&stage, "film.mkv", TEN, &["-c:v", "ffv1"]);
    let args = ["film.mkv", "-o", "out.mkv", "--lossless", "--everywhere"];
    // The packets of the result are said to be a second later.
    let late = r#""$real" "$@" | sed 's/^0,[0-9]*/&9/'; exit 0"#;
    let path = programs::before(&stage, "ffprobe", "joined.part", late);
    let ran: Ran = stage.command(&args).env("PATH", path).output().unwrap().into();
    let says =
        ["out.mkv: the result would play differently", "kept as out.unverified.mkv", "ffplay", "--resume"];
    let ran = says.into_iter().fold(ran.code(1), |ran, text| ran.says(text));
    assert!(!stage.path("out.mkv").exists(), "{}", ran.stderr);
    let kept = sums(&stage.path("out.unverified.mkv"), "yuv420p10le");
    assert_eq!(kept.len(), 10);
    std::fs::remove_file(stage.path("bin/ffprobe")).unwrap();
    // Only the join is repeated: no frame is encoded.
    let path = programs::before(&stage, "ffmpeg", "segment", "exit 1");
    let resumed: Ran =
        stage.command(&[&args[..], &["--resume"]].concat()).env("PATH", path).output().unwrap().into();
    resumed.code(0);
    assert_eq!(sums(&stage.path("out.mkv"), "yuv420p10le"), kept);
}

#[test]
fn a_truncated_result_is_not_kept() {
    if !can() {
        return;
    }
    let stage = Stage::new();
    drawn(&stage, "film.mkv", TEN, &["-c:v", "ffv1"]);
    let cut = r#""$real" "$@" | sed '$d'; exit 0"#;
    let path = programs::before(&stage, "ffprobe", "joined.part", cut);
    let args = ["film.mkv", "-o", "out.mkv", "--lossless", "--everywhere"];
    let ran: Ran = stage.command(&args).env("PATH", path).output().unwrap().into();
    ran.code(1).says("9 frames were written, expected 10");
    let videos =
        stage.names().into_iter().filter(|name| name.contains("out.") && !name.contains("unfinished/"));
    assert_eq!(videos.count(), 0, "{:?}", stage.names());
}
