//! Tests of `unband score` with videos.

use std::path::Path;

use crate::stage::{
    Stage, ffmpeg, golden, have_ffmpeg, object, png, root, rows, six_bits, texture, video_of,
};

#[test]
fn a_frame_has_the_cambi_of_the_same_image_and_cuts_part_shots() {
    if !have_ffmpeg() {
        return;
    }
    let stage = Stage::new();
    // Two scenes of four frames each, lossless.
    let names: Vec<String> = (0..8).map(|i| format!("f{i}.png")).collect();
    for (i, name) in names.iter().enumerate() {
        let bytes = match i {
            0..4 => png(256, 192, &move |x, y, c| six_bits(x + i, y, c)),
            _ => png(256, 192, &move |x, y, c| 255 - six_bits((x + i) % 128 * 2, 3 * y, c)),
        };
        stage.write(name, &bytes);
    }
    video_of(&stage, "f%d.png", "25", "film.mkv");
    let video = object(&stage, &["score", "film.mkv", "--json", "--csv", "f.csv", "--every", "3"], 0);
    let mut arguments = vec!["score", "--json"];
    arguments.extend(names.iter().map(String::as_str));
    let images = object(&stage, &arguments, 0);
    let rows = rows(&stage, "f.csv");
    assert_eq!(rows.len(), 8);
    for (i, row) in rows.iter().enumerate() {
        let values = &images["files"][i]["values"];
        let number = |name: &str| row[name].parse::<f64>().ok();
        assert_eq!(number("cambi"), values["cambi"].as_f64(), "frame {i}");
        assert_eq!(number("seconds"), Some(i as f64 / 25.0));
        // Every third frame and the first of each shot are analysed.
        let looked = [0, 3, 4, 6].contains(&i);
        assert_eq!(number("bband"), values["bband"].as_f64().filter(|_| looked), "frame {i}");
        assert_eq!(row["banding"].is_empty(), !looked);
        assert_eq!(row["shot"], if i < 4 { "1" } else { "2" });
    }
    let mean: f64 = rows.iter().map(|row| row["cambi"].parse::<f64>().unwrap()).sum::<f64>() / 8.0;
    let video = &video["videos"][0];
    assert!(mean > 0.1 && (video["values"]["cambi"].as_f64().unwrap() - mean).abs() < 1e-9, "{video}");
    assert_eq!((&video["frames"], &video["partial"]), (&8.into(), &false.into()));
    let shots = video["shots"].as_array().unwrap();
    let times: Vec<_> =
        shots.iter().map(|shot| (shot["from_seconds"].as_f64(), shot["to_seconds"].as_f64())).collect();
    assert_eq!(times, [(Some(0.0), Some(0.16)), (Some(0.16), Some(0.32))]);
    let text = stage.run(&["score", "film.mkv"]).code(0).out();
    assert!(text.contains("8 frames, 0:00.320, 2 shots") && text.contains("0:00.160 – 0:00.320"), "{text}");
}

#[test]
fn cambi_is_of_the_luma_that_a_video_stores() {
    if !have_ffmpeg() {
        return;
    }
    let stage = Stage::new();
    // The luma on which CAMBI is computed for a grey image of these codes, and neutral chroma.
    let grey = |x: usize, y: usize| (40 + x / 24 + y / 40 * 2) as u8;
    stage.write("grey.png", &png(256, 192, &move |x, y, _| grey(x, y)));
    let luma = (0..256 * 192).map(|i| (((220 * u32::from(grey(i % 256, i / 256)) + 128) >> 8) + 16) as u8);
    let chroma = (0..256 * 192 / 2u32).map(|i| 60 + (i % 128) as u8);
    stage.write("film.yuv", &luma.chain(chroma).collect::<Vec<u8>>());
    let raw = ["-f", "rawvideo", "-pix_fmt", "yuv420p", "-s", "256x192", "-r", "25", "-i", "film.yuv"];
    ffmpeg(&stage, &[&raw[..], &["-c:v", "ffv1", "film.mkv"]].concat());
    let video = object(&stage, &["score", "film.mkv", "--json"], 0);
    let image = object(&stage, &["score", "grey.png", "--json"], 0);
    let value = image["files"][0]["values"]["cambi"].as_f64();
    assert!(value.is_some_and(|value| value > 0.1), "{image}");
    assert_eq!(video["videos"][0]["values"]["cambi"].as_f64(), value);
}

#[test]
fn videos_of_all_kinds_have_a_row_for_each_frame_whatever_the_threads() {
    if !have_ffmpeg() {
        return;
    }
    let stage = Stage::new();
    for (name, frames) in [("sky_pan_h264.mkv", 72), ("sunset_pan_hdr10.mkv", 48)] {
        golden(&stage, name);
        let run = |threads: &str| {
            let table = format!("{threads}.csv");
            stage.run(&["score", name, "--csv", &table, "--overwrite", "-j", threads]).code(0);
            stage.read(&table)
        };
        let (one, three) = (run("1"), run("3"));
        assert!(one == three, "{name}");
        let rows = rows(&stage, "1.csv");
        assert_eq!(rows.len(), frames, "{name}");
        assert!(rows.iter().all(|row| row["shot"] == "1"), "a pan has no cuts: {name}");
        assert!(rows.iter().all(|row| row["cambi"].parse::<f64>().is_ok()));
    }
}

#[test]
fn plots_and_worst_frames_are_written_and_checks_decide_the_exit_code() {
    if !have_ffmpeg() {
        return;
    }
    let stage = Stage::new();
    golden(&stage, "sky_pan_h264.mkv");
    let files = ["--plot", "p.svg", "--thumbnails", "worst"];
    stage.run(&[&["score", "sky_pan_h264.mkv"], &files[..]].concat()).code(0);
    assert!(String::from_utf8(stage.read("p.svg")).unwrap().starts_with("<svg"));
    let kept = stage.names().into_iter().filter(|name| name.starts_with("worst/sky_pan_h264_0-0")).count();
    assert!((1..=6).contains(&kept), "{:?}", stage.names());
    stage.run(&["score", "sky_pan_h264.mkv", "--fail-if", "cambi>=0"]).code(3).says("check failed, cambi is");
    stage.run(&["score", "sky_pan_h264.mkv", "--fail-if", "cambi<0"]).code(0);
    // Existing files are not replaced by default.
    stage.run(&["score", "sky_pan_h264.mkv", "--plot", "p.svg"]).code(1).says("exists already");
}

#[test]
fn a_video_that_is_cut_off_is_scored_as_far_as_it_goes() {
    if !have_ffmpeg() {
        return;
    }
    let stage = Stage::new();
    golden(&stage, "sky_pan_h264.mkv");
    let bytes = stage.read("sky_pan_h264.mkv");
    stage.write("cut.mkv", &bytes[..bytes.len() * 2 / 3]);
    let json = object(&stage, &["score", "cut.mkv", "--json", "--csv", "c.csv"], 1);
    assert_eq!(json["videos"][0]["partial"], true);
    assert_eq!(json["failures"][0]["file"], "cut.mkv");
    let frames = rows(&stage, "c.csv").len();
    assert!(frames > 10 && frames < 72 && json["videos"][0]["frames"] == frames, "{frames}");
    let ran = stage.run(&["score", "cut.mkv"]).code(1).says("error: cut.mkv");
    assert!(ran.out().contains(", partial"), "{}", ran.out());
}

#[test]
fn y4m_of_several_frames_is_a_video_and_of_one_an_image() {
    if !have_ffmpeg() {
        return;
    }
    let stage = Stage::new();
    stage.write("a.png", &png(256, 192, &six_bits));
    let y4m = |frames: &str, name: &str| {
        ffmpeg(&stage, &["-loop", "1", "-i", "a.png", "-frames:v", frames, "-pix_fmt", "yuv444p", name]);
    };
    y4m("3", "three.y4m");
    y4m("1", "one.y4m");
    let video = object(&stage, &["score", "three.y4m", "--json"], 0);
    let image = object(&stage, &["score", "one.y4m", "--json"], 0);
    assert_eq!(video["videos"][0]["frames"], 3);
    assert_eq!(video["videos"][0]["values"]["cambi"], image["files"][0]["values"]["cambi"]);
}

#[test]
fn checks_are_of_all_frames_of_the_worst_of_any_shot_and_of_percentiles() {
    if !have_ffmpeg() {
        return;
    }
    let stage = Stage::new();
    // Three scenes: texture; a sky with steps for four frames of sixteen, one of them darker; and texture
    // again.
    for i in 0..16 {
        let bytes = match i {
            8..12 => png(256, 224, &move |x, y, c| six_bits(x + i, y, c) / if i == 9 { 2 } else { 1 }),
            _ => {
                png(256, 224, &move |x, y, c| texture(x + i, y, c).saturating_sub(if i < 8 { 0 } else { 60 }))
            }
        };
        stage.write(&format!("f{i}.png"), &bytes);
    }
    video_of(&stage, "f%d.png", "8", "film.mkv");
    let video = &object(&stage, &["score", "film.mkv", "--json"], 0)["videos"][0];
    let mean = video["values"]["cambi"].as_f64().unwrap();
    let shots = video["shots"].as_array().unwrap();
    let sky = shots.iter().position(|shot| shot["first_frame"] == 8).unwrap();
    let of_sky = shots[sky]["values"]["cambi"].as_f64().unwrap();
    let worst = video["worst"][0]["value"].as_f64().unwrap();
    assert_eq!(shots[sky]["worst"]["value"].as_f64(), Some(worst), "{video}");
    assert!(mean + 0.1 < of_sky && of_sky + 0.01 < worst, "{mean} {of_sky} {worst}");
    let between = f64::midpoint(mean, of_sky);
    let check = |name: &str, limit: f64, code: i32| {
        let gate = format!("{name}>{limit}");
        let ran = stage.run(&["score", "film.mkv", "--json", "--fail-if", &gate]).code(code);
        let video = ran.json()[0]["videos"][0].clone();
        assert_eq!(video["failed_checks"].as_array().unwrap().len(), usize::from(code == 3), "{video}");
        let failed = |shot: &serde_json::Value| shot["failed_checks"] == serde_json::json!([gate]);
        let shots: Vec<usize> =
            video["shots"].as_array().unwrap().iter().map(failed).map(usize::from).collect();
        (ran.stderr, shots.iter().sum::<usize>(), shots[sky])
    };
    // The mean passes, the shot alone fails.
    assert_eq!(check("cambi", between, 0).1, 1);
    let (said, count, of_sky_too) = check("cambi.shot", between, 3);
    assert!(said.contains(&format!("cambi of shot {} (0:01.000 – ", sky + 1)), "{said}");
    assert_eq!((count, of_sky_too), (1, 1));
    let (said, count, _) = check("cambi.worst", f64::midpoint(of_sky, worst), 3);
    assert!(said.contains("check failed, cambi of frame ") && said.contains(" at 0:01."), "{said}");
    assert_eq!(count, 1);
    check("cambi.worst", worst + 0.1, 0);
    // A quarter of the frames are of the sky.
    let (said, ..) = check("cambi.p80", between, 3);
    assert!(said.contains("percentile 80 of cambi is"), "{said}");
    check("cambi.p70", between, 0);
    // Metrics that are not computed for every frame, and the verdict.
    let says = |gate: &str, code: i32, text: &str| {
        stage.run(&["score", "film.mkv", "--every", "1", "--fail-if", gate]).code(code).says(text);
    };
    says("cambi-coarse.shot>2", 3, "cambi-coarse of shot");
    says("bband.worst>100", 0, "");
    says("banding.shot>=visible", 3, &format!("banding of shot {} (", sky + 1));
    says("banding.p80>=visible", 3, "of banding is");
    says("banding.p70>=visible", 0, "");
    says("cambi.best>3", 2, "`.best` is not .worst, .shot or .p0 to .p100");
    stage.png("a.png", &six_bits);
    stage.run(&["score", "a.png", "--fail-if", "cambi.worst>3"]).code(2).says("an image has no frames");
    let compared = ["compare", "film.mkv", "film.mkv", "--fail-if", "cambi.worst>0.1", "--metrics", "cambi"];
    stage.run(&compared).code(3).says("cambi of frame ");
}

#[test]
fn frames_are_scored_from_a_pipe_too() {
    let stage = Stage::new();
    // Two shots of four frames each, with steps and without.
    let frame = |i: usize| {
        let luma = move |at: usize| match i {
            0..4 => (40 + (at % 256 + i) / 24 + at / 256 / 40 * 2) as u8,
            _ => texture(at % 256, at / 256, 0),
        };
        let planes: Vec<u8> = (0..256 * 224).map(luma).chain(std::iter::repeat_n(128, 256 * 112)).collect();
        [b"FRAME\n".to_vec(), planes].concat()
    };
    let head = b"YUV4MPEG2 W256 H224 F8:1 Ip A1:1 C420jpeg\n".to_vec();
    let stream: Vec<u8> = head.iter().copied().chain((0..8).flat_map(frame)).collect();
    let ran = stage
        .feed(&["score", "-", "--json", "--csv", "f.csv", "--fail-if", "cambi.shot>0.1"], &stream)
        .code(3);
    let object = &ran.json()[0];
    assert_eq!(object["schema"], "unband-score-videos/1");
    let video = &object["videos"][0];
    assert_eq!((&video["file"], &video["frames"]), (&"standard input".into(), &8.into()), "{video}");
    let shots = video["shots"].as_array().unwrap();
    let begin: Vec<_> = shots.iter().map(|shot| shot["from_seconds"].as_f64().unwrap()).collect();
    assert_eq!(begin, [0.0, 0.5], "{video}");
    assert_eq!(rows(&stage, "f.csv").len(), 8);
    ran.says("standard input: check failed, cambi of shot 1 (0:00.000 – 0:00.500)");
    if have_ffmpeg() {
        stage.write("film.y4m", &stream);
        let file = object_of_video(&stage, &["score", "film.y4m", "--json"]);
        assert_eq!(file["values"]["cambi"], video["values"]["cambi"]);
    }
    // One frame is an image; half a frame is reported after the whole ones.
    let one: Vec<u8> = head.iter().copied().chain(frame(0)).collect();
    assert_eq!(stage.feed(&["score", "-", "--json"], &one).code(0).json()[0]["schema"], "unband-score/1");
    let ran = stage.feed(&["score", "-"], &stream[..stream.len() - 5]).code(1).says("standard input");
    assert!(ran.out().contains("7 frames") && ran.out().contains("partial"), "{}", ran.out());
    stage.feed(&["score", "-"], b"YUV4MPEG2 W256\nFRAME\n").code(1).says("standard input");
}

/// The one video of an object.
fn object_of_video(stage: &Stage, arguments: &[&str]) -> serde_json::Value {
    object(stage, arguments, 0)["videos"][0].clone()
}

#[test]
fn the_fields_of_videos_are_on_the_page() {
    if !have_ffmpeg() {
        return;
    }
    let page = std::fs::read_to_string(root().join("docs/guide/streaming.md")).unwrap();
    let row = page.lines().find(|line| line.starts_with("| `videos[]` |")).unwrap();
    let stage = Stage::new();
    golden(&stage, "sky_pan_h264.mkv");
    let compared = ["compare", "sky_pan_h264.mkv", "sky_pan_h264.mkv", "--json"];
    for args in [&["score", "sky_pan_h264.mkv", "--json"][..], &compared] {
        let record = object(&stage, args, 0);
        for name in record.as_object().unwrap().keys().filter(|key| *key != "schema") {
            assert!(page.contains(&format!("| `{name}[]` |")), "{name} of {args:?}");
        }
        let video = &record["videos"][0];
        let parts = [video, &video["shots"][0], &video["worst"][0]];
        for key in parts.iter().flat_map(|part| part.as_object().unwrap().keys()) {
            assert!(
                row.contains(&format!("`{key}`")) || row.contains(&format!("`{key}[]`")),
                "{key} of {args:?}"
            );
        }
    }
}

#[test]
fn videos_and_images_keep_their_own_options() {
    let stage = Stage::new();
    stage.png("a.png", &texture);
    stage.run(&["score", "a.png", "--every", "2"]).code(2).says("`--every` applies to videos");
    if !have_ffmpeg() {
        return;
    }
    golden(&stage, "sky_pan_h264.mkv");
    stage.run(&["score", "sky_pan_h264.mkv", "a.png"]).code(2).says("is not a video");
    stage.run(&["score", "sky_pan_h264.mkv", "--save-map", "m.png"]).code(2).says("--plot");
    assert!(!Path::new(&stage.path("m.png")).exists());
}
