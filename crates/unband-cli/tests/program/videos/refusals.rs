//! Refusals of encoders and containers: the message has the cause, the hint fits it, and nothing is done
//! before.

use super::*;

#[test]
fn an_encoder_that_refuses_is_named_before_any_work() {
    if !can() {
        return;
    }
    let stage = Stage::new();
    drawn(&stage, "film.mkv", TEN, &["-c:v", "ffv1"]);
    drawn(&stage, "tiny.mkv", "color=gray:s=64x48:r=5:d=1,scale=2:2,format=yuv444p", &["-c:v", "ffv1"]);
    for (name, args, says) in [
        ("film.mkv", "-preset bogus", &["bogus", "choose another encoder with `--for web`"][..]),
        ("film.mkv", "-c:v libsvtav1 -preset 77", &["77", "choose another encoder"]),
        (
            "film.mkv",
            "-c:v libx264 -profile:v baseline -pix_fmt yuv444p",
            &["profile", "choose another encoder"],
        ),
        ("film.mkv", "-nosuchoption 3", &["nosuchoption", "check `--ffmpeg-args`"]),
        ("tiny.mkv", "-preset ultrafast", &["(2x2)", "--lossless"]),
    ] {
        let ran = stage.run(&[name, "-o", "out.mkv", "--ffmpeg-args", args]).code(1);
        let message = &ran.stderr;
        assert!(message.contains("out.mkv: FFmpeg cannot encode: "), "{args}: {message}");
        assert!(says.iter().all(|text| message.contains(text)), "{args}: {message}");
        for wrong in ["disk", " --\n", "-- ", "return code", "received no packets"] {
            assert!(!message.contains(wrong), "{args}: `{wrong}` in {message}");
        }
        assert_eq!(stage.names(), ["film.mkv", "tiny.mkv"], "{args}");
    }
}

#[test]
fn a_stream_that_a_container_cannot_hold_is_named_with_the_cause() {
    if !can() {
        return;
    }
    let stage = Stage::new();
    let inputs = ["-f", "lavfi", "-i", TEN, "-f", "lavfi", "-i", "sine=d=1", "-c:v", "ffv1"];
    make(&stage, "pcm.mkv", &[&inputs[..], &["-c:a", "pcm_s16le"]].concat());
    let ran = stage.run(&["pcm.mkv", "-o", "out.webm"]).code(1);
    let ran = ran.says("out.webm: webm cannot hold stream 1 (audio, pcm_s16le): Only VP8 or VP9 or AV1");
    assert!(!ran.stderr.contains("--\n") && !ran.stderr.contains("Could not write header"), "{}", ran.stderr);
}

#[test]
fn sound_of_an_mp4_goes_back_into_mp4() {
    if !can() {
        return;
    }
    let stage = Stage::new();
    let inputs = ["-f", "lavfi", "-i", TEN, "-f", "lavfi", "-i", "sine=d=1", "-c:v", "libx264"];
    let sound = |path: &str| {
        let path = stage.path(path);
        printed("ffmpeg", &["-v", "error", "-i", path.to_str().unwrap(), "-map", "0:a", "-f", "md5", "-"])
    };
    for codec in ["flac", "aac", "alac", "libopus"] {
        let name = format!("{codec}.mp4");
        make(&stage, &name, &[&inputs[..], &["-c:a", codec, "-strict", "-2"]].concat());
        let output = format!("{codec}_out.mp4");
        stage.run(&[&name, "-o", &output, "--everywhere", "--ffmpeg-args", "-preset ultrafast"]).code(0);
        assert_eq!(sound(&output), sound(&name), "{codec}");
    }
}

#[test]
fn inputs_of_another_kind_are_named_with_a_way_out() {
    if !can() {
        return;
    }
    let stage = Stage::new();
    stage.png("still.png", &crate::stage::six_bits);
    stage.write("noise.bin", b"nothing that anyone knows");
    for (args, says) in [
        (&["still.png", "-o", "out.mp4"][..], &["still.png is an image", "folder or pattern"][..]),
        (&["noise.bin", "-o", "out.mp4"], &["noise.bin is not recognised as a video", "ffprobe"]),
    ] {
        refused(&stage, args, 2, says);
    }
}
