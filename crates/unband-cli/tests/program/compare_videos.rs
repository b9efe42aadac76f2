//! Tests of `unband compare` with videos.

use std::process::Command;

use crate::stage::{
    Stage, ffmpeg, golden, have_ffmpeg, object, png, rows as table, six_bits, texture, video_of,
};

type Row = std::collections::HashMap<String, String>;

/// Output of ffmpeg's filter `psnr` for two videos, frames matched by number: a line per frame, and the line
/// of the video.
fn psnr_of_ffmpeg(stage: &Stage, result: &str, reference: &str, format: &str) -> (Vec<String>, String) {
    let graph = format!(
        "[0:v]format={format},setpts=N/25/TB[a];[1:v]format={format},setpts=N/25/TB[b];[a][b]psnr=stats_file=stats.log"
    );
    let output = Command::new("ffmpeg")
        .args(["-v", "info", "-i", result, "-i", reference, "-lavfi", &graph, "-f", "null", "-"])
        .current_dir(stage.path(""))
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    let line = said.lines().rev().find(|line| line.contains("PSNR y:")).expect(&said);
    let frames = String::from_utf8(stage.read("stats.log")).unwrap();
    (frames.lines().map(str::to_owned).collect(), line.to_owned())
}

/// The number after "name:".
fn number(line: &str, name: &str) -> f64 {
    let word = line.split_whitespace().find_map(|word| word.strip_prefix(name)?.strip_prefix(':'));
    word.expect(name).parse().unwrap()
}

#[test]
fn psnr_is_that_of_ffmpegs_filter() {
    if !have_ffmpeg() {
        return;
    }
    let stage = Stage::new();
    for (name, format, copy_format) in [
        ("sky_pan_h264.mkv", "yuv420p", "yuv420p"),
        // A reference of ten bits; its copy has eight.
        ("sunset_pan_hdr10.mkv", "yuv420p10le", "yuv420p"),
    ] {
        golden(&stage, name);
        ffmpeg(&stage, &["-i", name, "-c:v", "libx264", "-crf", "33", "-pix_fmt", copy_format, "copy.mkv"]);
        let (frames, video) = psnr_of_ffmpeg(&stage, "copy.mkv", name, format);
        let arguments = ["compare", name, "copy.mkv", "--json", "--csv", "f.csv", "--overwrite"];
        let json = object(
            &stage,
            &[&arguments[..], &["--metrics", "video-psnr,video-psnr-y,video-psnr-u,video-psnr-v"]].concat(),
            0,
        );
        let rows = table(&stage, "f.csv");
        assert_eq!(rows.len(), frames.len(), "{name}");
        let columns = [
            ("video-psnr", "avg", "average"),
            ("video-psnr-y", "y", "y"),
            ("video-psnr-u", "u", "u"),
            ("video-psnr-v", "v", "v"),
        ];
        for (ours, of_frame, of_video) in columns {
            let mut mean = 0.0;
            for (row, frame) in rows.iter().zip(&frames) {
                let value: f64 = row[ours].parse().unwrap();
                // Frame values have two decimals there.
                let theirs = number(frame, &format!("psnr_{of_frame}"));
                assert!((value - theirs).abs() < 0.005_000_1, "{name} {ours} {value}: {frame}");
                mean += value / rows.len() as f64;
            }
            let global = json["videos"][0]["values"][ours].as_f64().unwrap();
            assert!((global - number(&video, of_video)).abs() < 1e-6, "{name} {ours} {global}: {video}");
            let printed = json["videos"][0]["mean_of_frames"][ours].as_f64().unwrap();
            assert!(
                (printed - mean).abs() < 1e-9 && printed > global,
                "{name} {ours} {printed} {mean} {global}"
            );
        }
    }
}

/// Two lossless videos of two scenes of three frames each, and their frames: `r0.png` and `d0.png` to 5.
fn two_scenes(stage: &Stage) {
    let smooth =
        |x: usize, y: usize, c: usize| ((x * (9 + c) + y * (31 - 7 * c)) / 55 + 32 * c).min(255) as u8;
    for i in 0..6 {
        let scene = move |paint: fn(usize, usize, usize) -> u8, x: usize, y: usize, c: usize| match i {
            0..3 => paint(x + 4 * i, y, c),
            _ => 255 - paint((x + i) % 128 * 2, 3 * y, c),
        };
        stage.write(&format!("r{i}.png"), &png(256, 192, &move |x, y, c| scene(smooth, x, y, c)));
        stage.write(&format!("d{i}.png"), &png(256, 192, &move |x, y, c| scene(six_bits, x, y, c)));
    }
    for video in ["r", "d"] {
        video_of(stage, &format!("{video}%d.png"), "25", &format!("{video}.mkv"));
    }
}

#[test]
fn frames_have_the_values_of_the_same_images_and_each_shot_its_worst() {
    if !have_ffmpeg() {
        return;
    }
    let stage = Stage::new();
    two_scenes(&stage);
    let json = object(&stage, &["compare", "r.mkv", "d.mkv", "--json", "--csv", "f.csv"], 0);
    let rows = table(&stage, "f.csv");
    assert_eq!(rows.len(), 6);
    for (i, row) in rows.iter().enumerate() {
        let (clean, banded) = (format!("r{i}.png"), format!("d{i}.png"));
        let one = ["compare", &clean, &banded, "--metrics", "psnr,flat-psnr,cambi"];
        stage.run(&[&one[..], &["--csv", "p.csv", "--overwrite"]].concat()).code(0);
        let images = table(&stage, "p.csv");
        let [source, result] = &images[..] else { panic!("{images:?}") };
        assert_eq!(
            (&row["cambi-reference"], &row["cambi"]),
            (&source["cambi"], &result["cambi"]),
            "frame {i}"
        );
        let number = |row: &Row, name: &str| row[name].parse::<f64>().unwrap();
        let worse = number(result, "cambi") - number(source, "cambi");
        assert_eq!(row["cambi-full-reference"], worse.max(0.0).to_string());
        assert_eq!(row["flat-psnr"], result["flat-psnr"], "frame {i}");
        // Eight bits of RGB: codes are samples.
        assert!((number(row, "video-psnr") - number(result, "psnr")).abs() < 1e-4, "frame {i}");
        assert_eq!(row["shot"], if i < 3 { "1" } else { "2" });
    }
    let video = &json["videos"][0];
    assert_eq!((&video["reference"], &video["frames"]), (&"r.mkv".into(), &6.into()));
    for (shot, frames) in [(0, 0..3), (1, 3..6)] {
        let worst = frames.min_by(|&a: &usize, &b: &usize| {
            let value = |i: usize| rows[i]["video-psnr"].parse::<f64>().unwrap();
            value(a).total_cmp(&value(b))
        });
        assert_eq!(video["shots"][shot]["worst"]["frame"].as_u64(), worst.map(|i| i as u64), "{video}");
    }
    let text = stage.run(&["compare", "r.mkv", "d.mkv"]).code(0).out();
    assert!(text.contains("mean of frames") && text.contains("worst frame"), "{text}");
    assert!(text.contains("0:00.120 – 0:00.240"), "{text}");
}

#[test]
fn the_same_figures_come_for_any_threads_and_checks_decide_the_exit_code() {
    if !have_ffmpeg() {
        return;
    }
    let stage = Stage::new();
    two_scenes(&stage);
    let run = |threads: &str| {
        let arguments =
            ["compare", "r.mkv", "d.mkv", "--json", "--csv", "t.csv", "--overwrite", "-j", threads];
        (object(&stage, &arguments, 0), stage.read("t.csv"))
    };
    assert!(run("1") == run("3"));
    stage.run(&["compare", "r.mkv", "d.mkv", "--plot", "p.svg", "--fail-if", "video-psnr<0"]).code(0);
    assert!(String::from_utf8(stage.read("p.svg")).unwrap().starts_with("<svg"));
    let check = ["compare", "r.mkv", "d.mkv", "--fail-if", "video-psnr<90"];
    stage.run(&check).code(3).says("check failed, video-psnr is");
    // Equal videos do not differ.
    let same = object(&stage, &["compare", "r.mkv", "r.mkv", "--json"], 0);
    assert_eq!(same["videos"][0]["reasons"]["video-psnr"], "infinite");
    assert_eq!(same["videos"][0]["values"]["cambi-full-reference"], 0.0);
}

#[test]
fn videos_that_do_not_fit_are_refused_with_the_numbers() {
    if !have_ffmpeg() {
        return;
    }
    let stage = Stage::new();
    golden(&stage, "sky_pan_h264.mkv");
    let from_sky = |arguments: &[&str], name: &str| {
        ffmpeg(&stage, &[&["-i", "sky_pan_h264.mkv"], arguments, &["-c:v", "ffv1", name]].concat());
    };
    from_sky(&["-vf", "scale=160:90"], "small.mkv");
    from_sky(&["-frames:v", "20"], "short.mkv");
    from_sky(&["-pix_fmt", "yuv444p", "-frames:v", "3"], "full.mkv");
    // In milliseconds, so that no release of FFmpeg rounds the start otherwise than that of short.mkv.
    let late = ["-c", "copy", "-bsf:v", "setts=ts=TS+gte(N\\,4)*500", "late.mkv"];
    ffmpeg(&stage, &[&["-copyts", "-i", "short.mkv"][..], &late].concat());
    let compare =
        |reference: &str, result: &str| stage.run(&["compare", reference, result, "--metrics", "video-psnr"]);
    compare("sky_pan_h264.mkv", "small.mkv").code(1).says("small.mkv: is 160×90, the reference");
    compare("short.mkv", "full.mkv").code(1).says("4:4:4");
    compare("sky_pan_h264.mkv", "short.mkv")
        .code(1)
        .says("short.mkv: has 20 frames, the reference sky_pan_h264.mkv has 72");
    compare("short.mkv", "sky_pan_h264.mkv").code(1).says("has 72 frames, the reference short.mkv has 20");
    let going = ["compare", "short.mkv", "sky_pan_h264.mkv", "--metrics", "video-psnr", "--keep-going"];
    let ran = stage.run(&going).code(0).says("has more than the 20 frames");
    assert!(ran.out().contains("20 frames") && ran.out().contains("partial"), "{}", ran.out());
    // The same frames, four of them on time.
    compare("short.mkv", "late.mkv").code(0).says("late.mkv: frame 4 is shown at");
}

#[test]
fn videos_and_images_keep_their_own_options() {
    let stage = Stage::new();
    stage.png("a.png", &texture);
    stage
        .run(&["compare", "a.png", "a.png", "--keep-going"])
        .code(2)
        .says("`--keep-going` applies to videos");
    stage.run(&["compare", "a.png", "a.png", "--metrics", "video-psnr"]).code(2).says("frames of two videos");
    if !have_ffmpeg() {
        return;
    }
    golden(&stage, "sky_pan_h264.mkv");
    let video = "sky_pan_h264.mkv";
    stage.run(&["compare", video, "a.png"]).code(2).says("a.png is not a video");
    stage.run(&["compare", video, video, "--save-map", "m.png"]).code(2).says("--plot");
    stage.run(&["compare", video, video, "--metrics", "video-psnr-r"]).code(2).says("frames of two videos");
    stage.run(&["compare", video, video, "--csv", video, "--overwrite"]).code(2).says("one of the inputs");
}
