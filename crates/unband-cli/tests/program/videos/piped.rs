//! Videos on standard input: a private copy is processed, and nothing of it stays.

use super::*;

#[test]
fn a_piped_video_becomes_what_its_file_becomes() {
    if !can() {
        return;
    }
    let stage = Stage::new();
    let inputs = ["-f", "lavfi", "-i", TEN, "-f", "lavfi", "-i", "sine=d=1", "-c:a", "flac"];
    std::fs::create_dir(stage.path("tmp")).unwrap();
    for (name, codec) in
        [("film.mkv", "libx264"), ("film.mp4", "libx264"), ("film.ts", "mpeg2video"), ("film.y4m", "")]
    {
        let encoder = ["-c:v", codec];
        let args = if codec.is_empty() {
            &inputs[..4]
        } else {
            &[&inputs[..8], &["-c:a", "mp2"], &encoder].concat()[..]
        };
        make(&stage, name, args);
        let bytes = stage.read(name);
        let feed = |args: &[&str]| -> Ran {
            let mut command = stage.command(args);
            command.env("TMPDIR", stage.path("tmp")).stdin(std::fs::File::open(stage.path(name)).unwrap());
            command.output().unwrap().into()
        };
        stage.run(&[name, "-o", "direct.mkv", "--lossless", "--everywhere", "--overwrite"]).code(0);
        let args = ["-", "-o", "piped.mkv", "--lossless", "--everywhere", "--overwrite"];
        // A file at standard input, and a pipe.
        for ran in [feed(&args), stage.feed(&args, &bytes)] {
            let ran = ran.code(0).says("standard input");
            assert!(!ran.stderr.contains("unband-"), "{}", ran.stderr);
            assert_eq!(
                sums(&stage.path("piped.mkv"), "yuv420p10le"),
                sums(&stage.path("direct.mkv"), "yuv420p10le")
            );
            assert_eq!(times(&stage.path("piped.mkv")), times(&stage.path("direct.mkv")), "{name}");
        }
        assert!(std::fs::read_dir(stage.path("tmp")).unwrap().next().is_none(), "{name}");
    }
    let mkv = stage.read("film.mkv");
    stage.feed(&["-"], &mkv).code(2).says("standard input is a video").says("-o film.mkv");
    let frames = stage.feed(&["-", "-o", "-"], &mkv).code(0).says("standard input: 10 frames");
    assert!(frames.stdout.starts_with(b"YUV4MPEG2 W64 H48"));
    let cut = stage.feed(&["-", "-o", "cut.mkv", "--lossless"], &mkv[..mkv.len() / 2]).code(1);
    assert!(cut.stderr.contains("standard input: the video is damaged"), "{}", cut.stderr);
}

#[cfg(target_os = "linux")]
#[test]
fn a_signal_while_a_video_arrives_leaves_nothing() {
    use std::io::Write;
    use std::process::Stdio;
    let stage = Stage::new();
    std::fs::create_dir(stage.path("tmp")).unwrap();
    let mut command = stage.command(&["-", "-o", "out.mkv"]);
    command.env("TMPDIR", stage.path("tmp")).stdin(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let bytes = std::fs::read(video("sky_pan_h264.mkv")).unwrap();
    child.stdin.as_mut().unwrap().write_all(&bytes[..bytes.len() / 2]).unwrap();
    let start = std::time::Instant::now();
    let arrives =
        || stage.names().iter().any(|name| name.starts_with("tmp/") && name.ends_with("standard input"));
    while !arrives() {
        assert!(start.elapsed() < std::time::Duration::from_mins(1), "{:?}", stage.names());
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    printed("kill", &["-TERM", &child.id().to_string()]);
    let ran: Ran = child.wait_with_output().unwrap().into();
    assert_eq!(ran.code, 130);
    assert!(std::fs::read_dir(stage.path("tmp")).unwrap().next().is_none(), "{:?}", stage.names());
}
