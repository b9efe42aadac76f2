//! Refused arguments and failures: never a file that looks complete and is not.

use super::*;

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
    refused(&stage, &[mkv, "--from", "soon"], 2, &["not a time"]);
    refused(&stage, &[mkv, "--depth", "32f"], 1, &["depth of a video"]);
    refused(&stage, &[mkv, "--quality", "50"], 2, &["`--quality` applies to images"]);
    refused(&stage, &[mkv, "--method", "smoth"], 2, &["smoth"]);
    refused(&stage, &[mkv, mp4, "-o", "one.mkv"], 2, &["2 videos cannot be written to one file,"]);
}

#[test]
fn videos_that_are_none_or_not_to_be_touched_say_so() {
    if !can() {
        return;
    }
    let stage = Stage::new();
    make(&stage, "sound.mkv", &["-f", "lavfi", "-i", "sine=d=1"]);
    refused(&stage, &["sound.mkv"], 1, &["no video in it, only audio"]);
    let image = "testsrc=s=64x48:r=10:d=1,format=yuv420p";
    make(
        &stage,
        "fields.mkv",
        &["-f", "lavfi", "-i", image, "-vf", "setfield=tff", "-flags", "+ilme+ildct", "-c:v", "mpeg2video"],
    );
    refused(&stage, &["fields.mkv"], 1, &["interlaced", "bwdif"]);
}
