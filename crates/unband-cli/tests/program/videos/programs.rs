//! `FFmpeg` that is missing, old or limited, that is killed or hangs: no result, and no process stays.

use super::*;

/// Programs of that name before all others in `PATH`: `sh` runs the given code for some arguments, else the
/// real one.
pub(super) fn before(stage: &Stage, program: &str, pattern: &str, instead: &str) -> String {
    let real = real(program);
    let script = format!(
        "#!/bin/sh\nreal='{real}'\ncase \"$*\" in *'{pattern}'*) {instead} ;; esac\nexec \"$real\" \"$@\"\n"
    );
    executable(stage, program, &script);
    format!("{}:{}", stage.path("bin").display(), std::env::var("PATH").unwrap())
}

fn real(program: &str) -> String {
    printed("sh", &["-c", &format!("command -v {program}")]).trim().to_owned()
}

fn executable(stage: &Stage, program: &str, script: &str) {
    use std::os::unix::fs::PermissionsExt;
    let path = stage.write(&format!("bin/{program}"), script.as_bytes());
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
}

/// Runs with that `PATH`; it must fail with these messages and leave nothing.
#[track_caller]
fn fails(stage: &Stage, args: &[&str], path: &str, says: &[&str]) {
    let before = stage.names();
    let mut ran: Ran = stage.command(args).env("PATH", path).output().unwrap().into();
    ran = ran.code(1);
    for text in says {
        ran = ran.says(text);
    }
    left_nothing(stage, &before);
}

#[test]
fn without_ffmpeg_the_message_says_how_to_install_it() {
    let stage = Stage::new();
    let name = staged(&stage, "sky_pan_h264.mkv", "sky.mkv");
    let nowhere = stage.path("nowhere");
    fails(&stage, &[&name], nowhere.to_str().unwrap(), &["was not found", "apt install ffmpeg"]);
    if !can() {
        return;
    }
    // Only one of the two.
    for (there, missing) in [("ffmpeg", "ffprobe"), ("ffprobe", "ffmpeg")] {
        let stage = Stage::new();
        let name = staged(&stage, "sky_pan_h264.mkv", "sky.mkv");
        executable(&stage, there, &format!("#!/bin/sh\nexec '{}' \"$@\"\n", real(there)));
        let says = format!("`{missing}`, which was not found");
        fails(&stage, &[&name], stage.path("bin").to_str().unwrap(), &[&says, "apt install ffmpeg"]);
    }
}

#[test]
fn an_ffmpeg_that_is_old_or_lacks_the_encoder_is_reported() {
    if !can() {
        return;
    }
    let stage = Stage::new();
    let name = staged(&stage, "sky_pan_h264.mkv", "sky.mkv");
    // `libavcodec` of FFmpeg 4.4.
    let old = r#""$real" "$@" | sed 's/\("libavcodec", "major": \)[0-9]*/\158/'; exit 0"#;
    let path = self::before(&stage, "ffprobe", "-show_library_versions", old);
    fails(&stage, &[&name], &path, &["sky.mkv", "needs FFmpeg 5.1 or newer"]);
    std::fs::remove_file(stage.path("bin/ffprobe")).unwrap();
    // A program of another release than its companion.
    let banner = "echo 'ffmpeg version 4.1.11 Copyright' >&2; echo '  libavcodec     58. 35.100 / 58. 35.100' >&2; exit 0";
    let path = self::before(&stage, "ffmpeg", "-encoders", banner);
    for args in [&[&*name][..], &["score", &name], &[&name, "-o", "-"]] {
        let says = "sky.mkv: video needs FFmpeg 5.1 or newer, but `ffmpeg` is 4.1.11";
        fails(&stage, args, &path, &[says, "install FFmpeg 5.1 or newer"]);
    }
    let path = self::before(&stage, "ffmpeg", "-encoders", "\"$real\" \"$@\" | grep -v 265; exit 0");
    fails(&stage, &[&name], &path, &["sky_unband.mkv", "no encoder `libx265`", "--lossless"]);
}

#[test]
fn an_encoder_that_is_killed_or_fills_the_disk_leaves_no_result() {
    if !can() {
        return;
    }
    for (instead, says) in [
        ("head -c 400000 > /dev/null; kill -9 $$", "FFmpeg cannot encode"),
        ("head -c 400000 > /dev/null; echo 'No space left on device' >&2; exit 1", "No space left on device"),
        // It reports success and has written nothing.
        ("cat > /dev/null; exit 0", "sky_unband.mkv: FFmpeg cannot encode"),
    ] {
        let stage = Stage::new();
        let name = staged(&stage, "sky_pan_h264.mkv", "sky.mkv");
        let path = self::before(&stage, "ffmpeg", "00001.part", instead);
        fails(&stage, &[&name], &path, &[says]);
    }
}

#[test]
fn a_decoder_that_is_killed_gives_no_video_even_where_damage_is_allowed() {
    if !can() {
        return;
    }
    let stage = Stage::new();
    drawn(&stage, "film.mkv", TEN, &["-c:v", "ffv1"]);
    // In the middle of a frame, and where the data seems complete.
    for instead in ["\"$real\" \"$@\" | head -c 20000; kill -9 $$", "\"$real\" \"$@\"; kill -9 $$"] {
        let path = before(&stage, "ffmpeg", "nut pipe:1", instead);
        for more in ["-q", "--keep-going"] {
            let args = ["film.mkv", "--lossless", "-o", "out.mkv", more];
            let ran: Ran = stage.command(&args).env("PATH", &path).output().unwrap().into();
            ran.code(1).says("film.mkv").says("signal: 9");
            assert!(!stage.path("out.mkv").exists(), "{more}");
        }
    }
}

#[cfg(target_os = "linux")]
#[test]
fn programs_that_hang_are_ended_with_the_work() {
    use std::process::Stdio;
    use std::time::{Duration, Instant};
    if !can() {
        return;
    }
    let deband = &["film.mkv", "--lossless", "-o", "out.mkv"][..];
    // A decoder at its start, an encoder at its end, the muxer, and decoders of other commands.
    for (args, pattern, reads, signal) in [
        (deband, "nut pipe:1", "", "INT"),
        (deband, "00001.part", "cat > /dev/null;", "TERM"),
        (deband, "joined.part", "", "INT"),
        (&["score", "film.mkv", "--metrics", "cambi"], "nut pipe:1", "", "INT"),
        (&["compare", "film.mkv", "film.mkv", "--metrics", "cambi"], "nut pipe:1", "", "TERM"),
        (&["film.mkv", "--preview", "1"], "nut pipe:1", "", "INT"),
    ] {
        let stage = Stage::new();
        drawn(&stage, "film.mkv", TEN, &["-c:v", "ffv1"]);
        let mark = stage.path("hangs");
        let instead = format!("{reads} : > '{0}'; exec tail -f '{0}'", mark.display());
        let path = before(&stage, "ffmpeg", pattern, &instead);
        let mut command = stage.command(args);
        command.env("PATH", path).stdout(Stdio::piped()).stderr(Stdio::piped());
        let child = command.spawn().unwrap();
        let start = Instant::now();
        while !mark.exists() {
            assert!(start.elapsed() < Duration::from_mins(1), "{:?}", stage.names());
            std::thread::sleep(Duration::from_millis(5));
        }
        printed("kill", &[&format!("-{signal}"), &child.id().to_string()]);
        let ran: Ran = child.wait_with_output().unwrap().into();
        let ran = ran.code(130);
        if args == deband {
            ran.says("film.mkv: interrupted");
            assert!(!stage.path("out.mkv").exists());
        }
        assert_eq!(running_in(&stage), [""; 0], "{args:?}, {pattern}");
    }
}
