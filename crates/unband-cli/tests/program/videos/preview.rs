//! `--preview`: frames of a video before and after.

use crate::stage::{Stage, decode, golden, have_ffmpeg, object, png, six_bits, video_of};

#[test]
fn the_most_banded_frames_of_different_shots_are_shown_and_nothing_is_encoded() {
    if !have_ffmpeg() {
        return;
    }
    let stage = Stage::new();
    // Three scenes of eight frames each; the second has no banding.
    for i in 0..24 {
        let bytes = match i / 8 {
            0 => png(256, 224, &move |x, y, c| six_bits(x + i, y, c)),
            1 => png(256, 224, &|x, y, c| (200 - 20 * c - (x / 32 + y / 32) % 2 * 90) as u8),
            _ => png(256, 224, &move |x, y, c| 255 - six_bits((x + i) % 128 * 2, 3 * y, c)),
        };
        stage.write(&format!("f{i}.png"), &bytes);
    }
    video_of(&stage, "f%d.png", "8", "film.mkv");
    let scores = object(&stage, &["score", "film.mkv", "--json"], 0);
    let json = object(&stage, &["film.mkv", "--preview", "2", "--json"], 0);
    assert_eq!(json["output"], "film_unband_preview.png");
    let frames = json["frames"].as_array().unwrap();
    assert_eq!(frames.len(), 2);
    for (frame, shot) in frames.iter().zip([0, 2]) {
        let shot = &scores["videos"][0]["shots"][shot];
        let seconds = frame["seconds"].as_f64().unwrap();
        let (from, to) = (shot["from_seconds"].as_f64().unwrap(), shot["to_seconds"].as_f64().unwrap());
        assert!((from..to).contains(&seconds), "{json}");
        assert!(frame["cambi_before"].as_f64().unwrap() > 0.0 && frame["changed"] == true, "{json}");
    }
    let image = decode(&stage.read("film_unband_preview.png"));
    assert!(image.width > 1024 && image.height > 600, "{}×{}", image.width, image.height);
    // Fewer shots than frames: frames with a larger distance in time.
    let json = object(&stage, &["film.mkv", "--preview", "3", "--to", "0.9", "-o", "p/", "--json"], 0);
    assert_eq!(json["frames"].as_array().unwrap().len(), 1, "one second has one");
    assert!(stage.names().contains(&"p/film_unband_preview.png".to_owned()), "{:?}", stage.names());
    let made = stage.names().iter().filter(|name| name.contains("unband")).count();
    assert_eq!(made, 2, "{:?}", stage.names());
}

#[test]
fn what_comes_out_of_the_encoder_can_be_looked_at() {
    if !have_ffmpeg() {
        return;
    }
    let stage = Stage::new();
    golden(&stage, "sky_pan_h264.mkv");
    std::fs::rename(stage.path("sky_pan_h264.mkv"), stage.path("film.mkv")).unwrap();
    let shown = |args: &[&str]| {
        let all = [&["film.mkv", "--preview", "1", "--overwrite", "--json"][..], args].concat();
        let json = object(&stage, &all, 0);
        let frame = &json["frames"][0];
        let cambi = ["before", "after", "encoded"].map(|name| frame[format!("cambi_{name}")].as_f64());
        (cambi, json["encoder"].clone())
    };
    let ([_, after, encoded], encoder) = shown(&[]);
    assert!(after.is_some() && encoded.is_none() && encoder.is_null());
    // Without compression it is the frame that the encoder gets; this method does not use neighbouring
    // frames.
    let ([before, after, encoded], encoder) = shown(&["--encoded", "--lossless", "-m", "gradfun"]);
    assert!(after < before && after == encoded, "{before:?} {after:?} {encoded:?}");
    assert_eq!(encoder, "FFV1 10 bits");
    let first = decode(&stage.read("film_unband_preview.png"));
    // Eight bits of a codec that discards dither have more than half of the steps again.
    let args = ["--encoded", "-m", "gradfun", "--depth", "8", "--ffmpeg-args", "-crf 28"];
    let ([before, after, encoded], encoder) = shown(&args);
    let half = before.zip(after).map(|(before, after)| f64::midpoint(before, after));
    assert!(after < half && half < encoded, "{before:?} {after:?} {encoded:?}");
    assert_eq!(encoder, "x265 8 bits CRF 28");
    assert!(first != decode(&stage.read("film_unband_preview.png")));
    let ran = stage.run(&["film.mkv", "--preview", "1", "--overwrite", "-v", "--encoded"]).code(0);
    ran.says("1 frame, encoded by x265 10 bits CRF 16 → film_unband_preview.png").says(" encoded");
    let ran = stage.run(&["film.mkv", "--preview", "1", "--overwrite", "-v"]).code(0);
    ran.says("1 frame, before it is encoded → film_unband_preview.png").says("`--encoded` shows");
    stage.run(&["film.mkv", "--encoded"]).code(2).says("--preview");
    assert!(!stage.names().iter().any(|name| name.contains("segment")), "{:?}", stage.names());
}

#[test]
fn a_video_too_small_for_cambi_is_shown() {
    if !have_ffmpeg() {
        return;
    }
    let stage = Stage::new();
    // The longer side decides.
    for (width, height, small) in
        [(192, 144, true), (144, 192, true), (215, 215, true), (216, 120, false), (120, 216, false)]
    {
        for i in 0..24 {
            stage.write(&format!("f{i}.png"), &png(width, height, &move |x, y, c| six_bits(x + i, y, c)));
        }
        video_of(&stage, "f%d.png", "8", "film.mkv");
        let json = object(&stage, &["film.mkv", "--preview", "2", "--overwrite", "--json"], 0);
        let frames = json["frames"].as_array().unwrap();
        assert_eq!(frames.len(), 2, "{json}");
        for frame in frames {
            assert_eq!(frame["cambi_before"].is_null(), small, "{width}×{height}: {json}");
            assert_eq!(frame["cambi_after"].is_null(), small, "{width}×{height}: {json}");
            assert!(frame["changed"] == true, "{json}");
        }
        let apart = frames[1]["seconds"].as_f64().unwrap() - frames[0]["seconds"].as_f64().unwrap();
        // Otherwise the most banded ones are shown.
        assert!(!small || apart.abs() >= 1.0, "{json}");
        assert!(decode(&stage.read("film_unband_preview.png")).width > 300);
        stage.run(&["film.mkv", "--preview", "1", "--overwrite"]).code(0).says("film_unband_preview.png");
    }
}

#[test]
fn what_a_preview_cannot_be_is_said_at_once() {
    let stage = Stage::new();
    stage.png("a.png", &six_bits);
    stage.run(&["a.png", "--preview", "2"]).code(2).says("a.png is not a video");
    stage.run(&["a.png", "--preview", "0"]).code(2);
    if !have_ffmpeg() {
        return;
    }
    golden(&stage, "sky_pan_h264.mkv");
    stage.run(&["sky_pan_h264.mkv", "--preview", "1", "-o", "out.mkv"]).code(2).says("out.mkv");
    stage.write("p.png", b"mine");
    stage.run(&["sky_pan_h264.mkv", "--preview", "1", "-o", "p.png"]).code(1).says("exists");
    assert_eq!(stage.read("p.png"), b"mine");
}
