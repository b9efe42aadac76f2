//! What is refused, and what is left when something fails: never a file that looks complete and is not.

use super::*;
use crate::stage::Ran;

/// Nothing of a result may be there, nor of unfinished work.
#[track_caller]
fn left_nothing(stage: &Stage, before: &[String]) {
    assert_eq!(stage.names(), before);
}

#[track_caller]
fn refused(stage: &Stage, args: &[&str], code: i32, says: &[&str]) {
    let before = stage.names();
    let mut ran: Ran = stage.run(args).code(code);
    for text in says {
        ran = ran.says(text);
    }
    left_nothing(stage, &before);
}

#[test]
fn what_cannot_be_is_refused_before_the_first_frame() {
    if !can() {
        return;
    }
    let stage = Stage::new();
    let mkv = &staged(&stage, "sky_pan_h264.mkv", "sky.mkv");
    let mp4 = &staged(&stage, "fog_zoom_fade_vfr_hevc.mp4", "fog.mp4");
    stage.write("there.mkv", b"old");
    refused(&stage, &[mkv, "-o", "there.mkv"], 1, &["there.mkv", "exists"]);
    refused(&stage, &[mkv, "-o", "sky.mkv"], 2, &["would replace it"]);
    refused(&stage, &[mkv, "-o", "out.avi"], 1, &["`.avi`", ".mkv"]);
    refused(&stage, &[mp4, "-o", "out.mp4", "--lossless"], 1, &["FFV1", ".mkv"]);
    refused(&stage, &[mkv, "-o", "out.webm"], 1, &["webm cannot hold", ".mkv"]);
    refused(&stage, &[mkv, "--ffmpeg-args", "-c:v copy"], 1, &["cannot be copied"]);
    refused(&stage, &[mkv, "--ffmpeg-args", "-c:v nothing"], 1, &["no encoder `nothing`"]);
    refused(&stage, &[mkv, "--ffmpeg-args", "'"], 2, &["quote"]);
    refused(&stage, &[mkv, "--ffmpeg-args", "-preset nonsense"], 1, &["FFmpeg cannot encode"]);
    refused(&stage, &[mkv, "--for", "fun"], 2, &["web, archive, player"]);
    refused(&stage, &[mkv, "--from", "2", "--to", "1"], 1, &["from"]);
    refused(&stage, &[mkv, "--from", "soon"], 2, &["no time"]);
    refused(&stage, &[mkv, "--depth", "32f"], 1, &["depth of a film"]);
    refused(&stage, &[mkv, "--quality", "50"], 2, &["`--quality` is for pictures"]);
    refused(&stage, &[mkv, "--method", "smoth"], 2, &["smoth"]);
    refused(&stage, &[mkv, mp4, "-o", "one.mkv"], 2, &["2 films cannot go into the one file"]);
}

#[test]
fn damaged_films_leave_no_result_unless_what_there_is_is_wanted() {
    if !can() {
        return;
    }
    let stage = Stage::new();
    for name in ["sky_pan_h264.mkv", "bokeh_fade_vp9.webm"] {
        let bytes = std::fs::read(film(name)).unwrap();
        let cut = format!("cut_{name}");
        stage.write(&cut, &bytes[..bytes.len() * 2 / 3]);
        refused(&stage, &[&cut, "--lossless", "-o", "out.mkv"], 1, &["damaged or cut off", "--keep-going"]);
        let record =
            &stage.run(&[&cut, "--lossless", "-o", "out.mkv", "--keep-going", "--json"]).code(0).json()[0];
        assert_eq!(record["frames"].as_u64(), Some(times(&stage.path("out.mkv")).len() as u64));
        std::fs::remove_file(stage.path("out.mkv")).unwrap();
    }
    // An index at the end that is not there, a header alone, nothing at all behind a header.
    let bytes = std::fs::read(film("fog_zoom_fade_vfr_hevc.mp4")).unwrap();
    stage.write("half.mp4", &bytes[..bytes.len() / 2]);
    refused(&stage, &["half.mp4"], 1, &["half.mp4"]);
    stage.write("head.mkv", &std::fs::read(film("sky_pan_h264.mkv")).unwrap()[..600]);
    refused(&stage, &["head.mkv"], 1, &["head.mkv"]);
    stage.write("magic.mkv", b"\x1A\x45\xDF\xA3");
    refused(&stage, &["magic.mkv"], 1, &["magic.mkv", "not a film"]);
}

#[test]
fn films_that_are_none_or_not_to_be_touched_say_so() {
    if !can() {
        return;
    }
    let stage = Stage::new();
    let make = |name: &str, args: &[&str]| {
        let path = stage.path(name);
        printed("ffmpeg", &[&["-v", "error"][..], args, &[path.to_str().unwrap()]].concat());
    };
    make("sound.mkv", &["-f", "lavfi", "-i", "sine=d=1"]);
    refused(&stage, &["sound.mkv"], 1, &["no video in it, only audio"]);
    let picture = "testsrc=s=64x48:r=10:d=1,format=yuv420p";
    make(
        "fields.mkv",
        &["-f", "lavfi", "-i", picture, "-vf", "setfield=tff", "-flags", "+ilme+ildct", "-c:v", "mpeg2video"],
    );
    refused(&stage, &["fields.mkv"], 1, &["interlaced", "bwdif"]);
}

#[cfg(unix)]
#[test]
fn without_ffmpeg_people_are_told_how_to_get_it() {
    let stage = Stage::new();
    let name = staged(&stage, "sky_pan_h264.mkv", "sky.mkv");
    let before = stage.names();
    let mut command = stage.command(&[&name]);
    let ran: Ran = command.env("PATH", stage.path("nowhere")).output().unwrap().into();
    ran.code(1).says("was not found").says("apt install ffmpeg");
    left_nothing(&stage, &before);
}

#[test]
fn frames_that_change_their_size_are_told() {
    if !can() {
        return;
    }
    let stage = Stage::new();
    let piece = |name: &str, size: &str| {
        let graph = format!("testsrc=s={size}:r=10:d=1,format=yuv420p");
        let path = stage.path(name);
        printed(
            "ffmpeg",
            &[
                "-v",
                "error",
                "-f",
                "lavfi",
                "-i",
                &graph,
                "-c:v",
                "libx264",
                "-f",
                "mpegts",
                path.to_str().unwrap(),
            ],
        );
        std::fs::read(path).unwrap()
    };
    let both = [piece("a.ts", "64x48"), piece("b.ts", "96x64")].concat();
    stage.write("both.ts", &both);
    refused(&stage, &["both.ts", "-o", "out.mkv"], 1, &["both.ts"]);
}

/// A program that is called as ffmpeg and does something else where it encodes.
#[cfg(unix)]
fn with_ffmpeg(stage: &Stage, instead: &str) -> String {
    use std::os::unix::fs::PermissionsExt;
    let real = printed("sh", &["-c", "command -v ffmpeg"]);
    let script =
        format!("#!/bin/sh\ncase \"$*\" in *00001.part*) {instead} ;; esac\nexec {} \"$@\"\n", real.trim());
    let path = stage.write("bin/ffmpeg", script.as_bytes());
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    format!("{}:{}", stage.path("bin").display(), std::env::var("PATH").unwrap())
}

#[cfg(unix)]
#[test]
fn an_encoder_that_is_killed_or_fills_the_disk_leaves_no_result() {
    if !can() {
        return;
    }
    for (instead, says) in [
        ("head -c 400000 > /dev/null; kill -9 $$", "FFmpeg cannot encode"),
        ("head -c 400000 > /dev/null; echo 'No space left on device' >&2; exit 1", "No space left on device"),
        // It says that all went well, and has written nothing.
        ("cat > /dev/null; exit 0", "sky_unband.mkv: FFmpeg cannot encode"),
    ] {
        let stage = Stage::new();
        let name = staged(&stage, "sky_pan_h264.mkv", "sky.mkv");
        let path = with_ffmpeg(&stage, instead);
        let before = stage.names();
        let ran: Ran = stage.command(&[&name]).env("PATH", path).output().unwrap().into();
        ran.code(1).says(says);
        left_nothing(&stage, &before);
    }
}
