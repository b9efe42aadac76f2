//! Unusual file names, and chroma without a format of more bits.

use super::*;

#[cfg(unix)]
#[test]
fn names_that_are_not_text_keep_their_bytes_and_stay_distinct() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;
    if !can() {
        return;
    }
    let stage = Stage::new();
    drawn(&stage, "film.mkv", TEN, &["-c:v", "ffv1"]);
    std::fs::create_dir(stage.path("in")).unwrap();
    for name in [&b"a\xfe.mkv"[..], b"a\xff.mkv"] {
        std::fs::copy(stage.path("film.mkv"), stage.path("in").join(OsStr::from_bytes(name))).unwrap();
    }
    let ran = stage.run(&["in", "--lossless", "--json"]).code(0);
    let records = ran.json();
    assert_eq!(
        (records[0]["input"].as_str(), records[1]["input"].as_str()),
        (Some(r"in/a\xfe.mkv"), Some(r"in/a\xff.mkv"))
    );
    assert_eq!(records[1]["output"].as_str(), Some(r"in/a\xff_unband.mkv"));
    for name in [&b"a\xfe_unband.mkv"[..], b"a\xff_unband.mkv"] {
        assert!(stage.path("in").join(OsStr::from_bytes(name)).is_file(), "{:?}", stage.names());
    }
}

#[test]
fn a_name_that_leaves_no_room_is_no_obstacle() {
    if !can() {
        return;
    }
    let stage = Stage::new();
    drawn(&stage, "film.mkv", TEN, &["-c:v", "ffv1"]);
    let name = format!("{}.mkv", "x".repeat(247));
    stage.run(&["film.mkv", "--lossless", "-o", &name]).code(0);
    assert!(stage.path(&name).is_file());
}

#[test]
fn videos_whose_chroma_has_no_ten_bits_keep_eight() {
    if !can() {
        return;
    }
    for format in ["yuv411p", "yuv410p", "yuv440p"] {
        let stage = Stage::new();
        let graph = format!("testsrc=s=64x48:r=10:d=1,format={format}");
        drawn(&stage, "film.mkv", &graph, &["-c:v", "ffv1"]);
        let record = &stage.run(&["film.mkv", "--lossless", "-o", "out.mkv", "--json"]).code(0).json()[0];
        assert_eq!(
            (record["output_depth"].as_u64(), record["frames"].as_u64()),
            (Some(8), Some(10)),
            "{format}"
        );
        refused(&stage, &["film.mkv", "--lossless", "--depth", "10"], 1, &["8 where chroma is 4:1:1"]);
        stage.run(&["film.mkv", "-o", "player.mkv"]).code(0);
    }
}

#[test]
fn what_fails_before_the_first_frame_names_the_video() {
    if !can() {
        return;
    }
    let stage = Stage::new();
    make(
        &stage,
        "film.mkv",
        &["-f", "lavfi", "-i", TEN, "-f", "lavfi", "-i", "sine=d=1", "-c:v", "ffv1", "-c:a", "flac"],
    );
    #[cfg(unix)]
    for (program, pattern) in [("ffmpeg", "-encoders"), ("ffprobe", "-show_format")] {
        let path = programs::before(&stage, program, pattern, "echo 'End of file' >&2; exit 1");
        let ran: Ran = stage.command(&["film.mkv", "--lossless"]).env("PATH", path).output().unwrap().into();
        ran.code(1).says("film.mkv: ").says("End of file");
        std::fs::remove_file(stage.path("bin").join(program)).unwrap();
    }
}
