//! Golden answers of `ffprobe` 5.1, and new clips where it is installed.
//!
//! The answers in `golden/video` were made by `tools/make_probe_answers.py`.
#![allow(clippy::unwrap_used, clippy::print_stderr)]

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::json;
use unband_image::{Cicp, Depth, Hint, Mastering, Matrix, Model, Range, Siting, Subsampling};

use super::*;
use crate::Samples;

const X265: &str = "G(13250,34500)B(7500,3000)R(34000,16000)WP(15635,16450)L(10000000,50)";

fn answers(name: &str) -> Value {
    let path = format!("{}/../../golden/video/{name}.json", env!("CARGO_MANIFEST_DIR"));
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

fn golden(name: &str) -> VideoFile {
    answered(&answers(name)).unwrap()
}

fn refused(name: &str) -> VideoError {
    answered(&answers(name)).unwrap_err()
}

#[test]
fn a_plain_video_says_all_that_its_file_does() {
    let file = golden("plain");
    assert_eq!(file.container, "mov,mp4,m4a,3gp,3g2,mj2");
    assert!((file.duration.unwrap() - 1.0).abs() < 0.1);
    let kinds: Vec<_> = file.streams.iter().map(|s| (s.index, s.kind, s.codec.as_deref().unwrap())).collect();
    assert_eq!(kinds, [(0, StreamKind::Video, "h264"), (1, StreamKind::Audio, "aac")]);
    let video = &file.video;
    assert_eq!((video.stream, video.codec.as_str(), video.width, video.height), (0, "h264", 64, 48));
    assert_eq!((video.pix_fmt.as_str(), video.depth, video.alpha), ("yuv420p", Depth::EIGHT, false));
    assert_eq!(video.samples, Some(Samples::Yuv(Subsampling::HALF)));
    assert_eq!(
        (video.average_rate, video.nominal_rate, video.variable),
        (Some((25, 1)), Some((25, 1)), false)
    );
    assert_eq!((video.time_base, video.start_pts, video.frames), (Some((1, 12800)), Some(0), Some(25)));
    assert_eq!((video.sample_aspect, video.rotation, video.mirrored), (Some((1, 1)), 0, false));
    assert_eq!(video.field_order, FieldOrder::Progressive);
    let model = Model::Yuv { matrix: Matrix::Bt709, range: Range::Limited, subsampling: Subsampling::HALF };
    let color = file.color().unwrap();
    assert_eq!((color.model, color.siting), (model, Siting::Left));
    assert_eq!(color.cicp, Some(Cicp { primaries: 1, transfer: 1, matrix: 1, full_range: false }));
    assert!(file.dynamic.is_empty());
    file.check_progressive().unwrap();
    file.check_dynamic_hdr(false).unwrap();
}

#[test]
fn the_shape_of_samples_and_their_format_are_reported() {
    assert_eq!(golden("anamorphic").video.sample_aspect, Some((64, 45)));
    let turned = golden("rotated").video;
    assert_eq!((turned.rotation, turned.mirrored, turned.width, turned.height), (90, false, 64, 48));
    assert!(golden("mirrored").video.mirrored);
}

#[test]
fn a_varying_rate_differs_from_one_that_ticks_cannot_hold() {
    let video = golden("variable").video;
    assert_eq!((video.average_rate, video.nominal_rate), (Some((21, 1)), Some((25, 1))));
    assert!(video.variable);
    // Milliseconds do not divide its frames.
    let video = golden("ntsc").video;
    assert_eq!(
        (video.average_rate, video.time_base, video.variable),
        (Some((24000, 1001)), Some((1, 1000)), false)
    );
}

#[test]
fn interlaced_videos_are_refused_even_where_only_their_frames_say_so() {
    for (name, first) in [("interlaced", "top field first"), ("interlaced_unsaid", "bottom field first")] {
        let error = golden(name).check_progressive().unwrap_err();
        assert_eq!(error.to_string(), format!("a.mkv: the video is interlaced, {first}"));
        assert!(error.hint().unwrap().contains("bwdif"));
    }
}

#[test]
fn hdr10_is_written_as_encoders_read_it() {
    let file = golden("hdr10");
    let video = &file.video;
    let names = [&video.primaries, &video.transfer, &video.matrix, &video.range, &video.chroma_location];
    let names = names.map(|name| name.as_deref().unwrap_or("-"));
    assert_eq!(names, ["bt2020", "smpte2084", "bt2020nc", "tv", "topleft"]);
    assert_eq!((video.depth, video.profile.as_deref()), (Depth::Int(10), Some("Main 10")));
    let color = file.color().unwrap();
    assert_eq!(color.cicp, Some(Cicp { primaries: 9, transfer: 16, matrix: 9, full_range: false }));
    assert!(matches!(color.model, Model::Yuv { matrix: Matrix::Bt2020, .. }));
    assert_eq!(color.siting, Siting::TopLeft);
    // The text that x265 was given for this clip.
    let mastering = video.colorimetry.mastering.unwrap();
    assert_eq!(x265_master_display(&mastering), X265);
    assert_eq!(content_light_words(video.colorimetry.content_light.unwrap()), "1000,300");
    let svt = "G(0.26500,0.69000)B(0.15000,0.06000)R(0.68000,0.32000)WP(0.31270,0.32900)L(1000.0000,0.0050)";
    assert_eq!(svt_mastering_display(&mastering), svt);
    file.check_dynamic_hdr(false).unwrap();
}

#[test]
fn dynamic_hdr_is_refused_unless_it_may_be_dropped() {
    for (name, words) in [("dolby_vision_8", "Dolby Vision"), ("hdr10_plus", "HDR10+")] {
        let file = golden(name);
        let error = file.check_dynamic_hdr(false).unwrap_err();
        assert!(error.to_string().starts_with(&format!("a.mkv: {words} would be lost")), "{error}");
        file.check_dynamic_hdr(true).unwrap();
        assert!(file.video.colorimetry.mastering.is_some());
    }
    assert_eq!(golden("dolby_vision_8").dynamic, [DynamicHdr::DolbyVision { profile: Some(8), base: true }]);
    let error = golden("dolby_vision_5").check_dynamic_hdr(true).unwrap_err();
    assert!(matches!(error, VideoError::DolbyVisionBase { profile: 5, .. }), "{error}");
}

#[test]
fn covers_are_not_the_video_and_the_larger_of_two_videos_is() {
    let file = golden("cover");
    let covers: Vec<_> = file.streams.iter().filter(|stream| stream.attached_image).collect();
    assert_eq!((covers.len(), covers[0].codec.as_deref()), (1, Some("png")));
    assert_eq!((file.video.codec.as_str(), file.video.width), ("h264", 64));
    let file = golden("two_streams");
    assert_eq!((file.video.stream, file.video.width, file.chapters), (1, 96, 2));
    assert_eq!(file.streams[2].language.as_deref(), Some("eng"));
    assert_eq!(file.streams[3].kind, StreamKind::Subtitle);
}

#[test]
fn being_the_default_counts_as_five_million_pixels() {
    let stream = |index: usize, width: usize, default: u8| json!({"index": index, "codec_type": "video", "width": width, "height": 1000, "disposition": {"default": default}});
    let main =
        |streams: Value| read::main_stream(Path::new("a"), Node::new(&json!({"streams": streams}))).unwrap();
    assert_eq!(main(json!([stream(0, 4999, 0), stream(1, 1, 1)])), 1);
    assert_eq!(main(json!([stream(0, 5002, 0), stream(1, 1, 1)])), 0);
    assert_eq!(main(json!([stream(4, 10, 0), stream(7, 10, 0)])), 4);
}

#[test]
fn an_invalid_video_is_reported_with_the_reason() {
    let error = refused("audio");
    assert_eq!(error.to_string(), "a.mkv: no video in it, only audio and a cover image");
    for name in ["picture", "picture_avif", "picture_gif"] {
        assert!(matches!(refused(name), VideoError::Image { .. }), "{name}");
    }
    assert_eq!(golden("animation").color().unwrap().model, Model::Rgb);
    assert!(matches!(refused("no_frames"), VideoError::NoFrames { stream: 0, .. }));
    for name in ["audio", "picture", "no_frames"] {
        assert!(refused(name).hint().is_some(), "{name}");
    }
}

#[test]
fn an_old_ffmpeg_is_refused_and_one_without_numbers_is_not() {
    let mut old = answers("plain");
    // FFmpeg 5.0.
    old["file"]["library_versions"][0]["minor"] = 18.into();
    old["file"]["program_version"]["version"] = "5.0.3".into();
    let error = answered(&old).unwrap_err();
    assert_eq!(error.to_string(), "a.mkv: video needs FFmpeg 5.1 or newer, but `ffprobe` is 5.0.3");
    assert!(error.hint().unwrap().contains("install"));
    old["file"]["library_versions"] = Value::Null;
    answered(&old).unwrap();
}

#[test]
fn colours_without_a_type_are_refused_and_unsaid_ones_are_those_of_players() {
    let mut file = golden("ntsc");
    let matrix = |file: &VideoFile| match file.color().unwrap().model {
        Model::Yuv { matrix, .. } => matrix,
        model => panic!("{model:?}"),
    };
    assert_eq!((file.video.matrix.as_deref(), matrix(&file)), (None, Matrix::Bt601));
    file.video.width = 1280;
    assert_eq!(matrix(&file), Matrix::Bt709);
    file.video.primaries = Some("bt2020".to_owned());
    assert_eq!(matrix(&file), Matrix::Bt2020);
    file.video.matrix = Some("ictcp".to_owned());
    assert_eq!(file.color().unwrap_err().to_string(), "a.mkv: the colour matrix `ictcp` is not supported");
}

/// Calls `with` with the pointer of each field of an answer, nested fields included.
fn each_field(value: &Value, pointer: &str, with: &dyn Fn(&str)) {
    let children: Vec<(String, &Value)> = match value {
        Value::Object(fields) => fields.iter().map(|(key, child)| (key.clone(), child)).collect(),
        Value::Array(items) => items.iter().enumerate().map(|(i, child)| (i.to_string(), child)).collect(),
        _ => Vec::new(),
    };
    for (key, child) in children {
        let pointer = format!("{pointer}/{key}");
        with(&pointer);
        each_field(child, &pointer, with);
    }
}

#[test]
fn no_missing_or_strange_field_makes_a_video_fail() {
    let whole = answers("hdr10");
    // Only without streams or frames nothing can be described.
    let needed = [
        "/file",
        "/file/streams",
        "/file/streams/0",
        "/file/streams/0/codec_type",
        "/frames",
        "/frames/frames",
    ];
    let old = "/file/library_versions/0/m";
    each_field(&whole, "", &|pointer| {
        for strange in [Value::Null, "N/A".into(), (-1).into(), 1e300.into(), json!([[]]), "9/0".into()] {
            let mut answer = whole.clone();
            *answer.pointer_mut(pointer).unwrap() = strange;
            match answered(&answer) {
                Ok(file) => drop((file.color(), file.check_progressive(), file.check_dynamic_hdr(false))),
                Err(VideoError::File(error)) if matches!(error.fault(), Error::OldProgram { .. }) => {
                    assert!(pointer.starts_with(old), "{pointer}");
                }
                Err(error) => assert!(needed.contains(&pointer), "{pointer}: {error}"),
            }
        }
    });
}

/// Makes a clip, or reports that `ffmpeg` is not installed.
fn clip(folder: &Path, name: &str, args: &[&str]) -> Option<PathBuf> {
    let path = folder.join(name);
    let run = Command::new("ffmpeg").args(["-v", "error", "-nostdin"]).args(args).arg(&path).output();
    let Ok(run) = run else {
        unband_skips::program("ffmpeg");
        return None;
    };
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
    Some(path)
}

#[test]
fn fresh_clips_are_what_they_were_made_to_be() {
    let folder = tempfile::tempdir().unwrap();
    let source = ["-f", "lavfi", "-i", "testsrc2=s=62x46:r=30000/1001:d=0.3,setsar=4/3"];
    let codec = ["-c:v", "ffv1", "-pix_fmt", "yuv422p10le", "-colorspace", "bt709", "-color_range", "pc"];
    let args = [&source[..], &codec[..]].concat();
    // A name that could be taken as an option, a URL or a pattern.
    let Some(path) = clip(folder.path(), "-a: 10%25 é.mkv", &args) else { return };
    let file = probe(&path, &Programs::default()).unwrap();
    let video = &file.video;
    assert_eq!((file.container.as_str(), video.codec.as_str()), ("matroska,webm", "ffv1"));
    assert_eq!((video.width, video.height, video.sample_aspect), (62, 46, Some((4, 3))));
    assert_eq!((video.average_rate, video.variable), (Some((30000, 1001)), false));
    assert_eq!(
        (video.depth, video.samples),
        (Depth::Int(10), Some(Samples::Yuv(Subsampling { x: 2, y: 1 })))
    );
    let model = file.color().unwrap().model;
    let subsampling = Subsampling { x: 2, y: 1 };
    assert_eq!(model, Model::Yuv { matrix: Matrix::Bt709, range: Range::Full, subsampling });
    let bytes = std::fs::read(&path).unwrap();
    let cut = folder.path().join("cut.mkv");
    std::fs::write(&cut, &bytes[..20]).unwrap();
    let error = probe(&cut, &Programs::default()).unwrap_err();
    assert!(matches!(error, VideoError::NotVideo { .. }), "{error}");
    let text = error.to_string();
    assert_eq!(text.matches("cut.mkv").count(), 1, "{text}");
}

#[test]
fn the_main_stream_is_the_one_that_ffmpeg_takes() {
    let folder = tempfile::tempdir().unwrap();
    let two = "testsrc2=s=64x48:d=0.2[out0];testsrc2=s=96x64:d=0.2[out1]";
    for (name, default) in [("a.mkv", "0"), ("b.mkv", "default")] {
        let args = [
            "-f",
            "lavfi",
            "-i",
            two,
            "-map",
            "0",
            "-c:v",
            "ffv1",
            "-disposition:v",
            "0",
            "-disposition:v:0",
        ];
        let Some(both) = clip(folder.path(), name, &[&args[..], &[default]].concat()) else { return };
        let args = ["-i", both.to_str().unwrap(), "-c", "copy"];
        let Some(one) = clip(folder.path(), &format!("one_{name}"), &args) else { return };
        let file = probe(&both, &Programs::default()).unwrap();
        assert_eq!(file.streams.len(), 2);
        assert_eq!(file.video.width, probe(&one, &Programs::default()).unwrap().video.width, "{name}");
    }
}

/// Source: SVT-AV1 itself writes its options into the stream, and `FFmpeg` reads them from there.
#[test]
fn svt_av1_understands_the_mastering_display() {
    let folder = tempfile::tempdir().unwrap();
    let known = Command::new("ffmpeg").args(["-hide_banner", "-encoders"]).output();
    if !known.is_ok_and(|known| String::from_utf8_lossy(&known.stdout).contains("libsvtav1")) {
        unband_skips::program("ffmpeg with libsvtav1");
        return;
    }
    let chromaticities = [35400, 14600, 8500, 39850, 6550, 2300, 15635, 16450];
    let display = Mastering { chromaticities, max_luminance: 40_000_000, min_luminance: 50 };
    let light = (1_500 * 10_000, 400 * 10_000);
    let svt = svt_mastering_display(&display);
    let params = format!("mastering-display={svt}:content-light={}", content_light_words(light));
    let source =
        ["-f", "lavfi", "-i", "testsrc2=s=64x64:d=0.1", "-pix_fmt", "yuv420p10le", "-c:v", "libsvtav1"];
    let args = [&source[..], &["-svtav1-params", &params]].concat();
    let Some(path) = clip(folder.path(), "a.mkv", &args) else { return };
    let colorimetry = probe(&path, &Programs::default()).unwrap().video.colorimetry;
    assert_eq!(colorimetry.content_light, Some(light));
    let got = colorimetry.mastering.unwrap();
    // AV1 stores 1/65536, and lowest luminance in 1/16384 cd/m².
    let near = |a: u16, b: u16| a.abs_diff(b) <= 1;
    assert!(got.chromaticities.iter().zip(chromaticities).all(|(&a, b)| near(a, b)), "{got:?}");
    assert_eq!((got.max_luminance, got.min_luminance), (display.max_luminance, display.min_luminance));
}

#[test]
fn names_of_colours_have_the_numbers_that_ffmpeg_gives_them() {
    let Ok(help) = Command::new("ffmpeg").args(["-hide_banner", "-h", "filter=setparams"]).output() else {
        unband_skips::program("ffmpeg");
        return;
    };
    let help = String::from_utf8(help.stdout).unwrap();
    let lists = [
        ("color_primaries", color::PRIMARIES),
        ("color_trc", color::TRANSFERS),
        ("colorspace", color::MATRICES),
    ];
    for (option, names) in lists {
        let rows = help.lines().skip_while(|row| !row.trim_start().starts_with(option)).skip(1);
        let rows = rows.take_while(|row| row.starts_with("     "));
        let pairs = rows.filter_map(|row| {
            let mut words = row.split_whitespace();
            Some((words.next()?, words.next()?.parse::<u8>().ok()?))
        });
        let mut compared = 0;
        // "jedec-p22" is an older name of "ebu3213", which ffprobe no longer prints.
        for (name, number) in pairs.filter(|&(name, _)| !matches!(name, "unknown" | "jedec-p22")) {
            assert_eq!(color::code(names, Some(name)), number, "{option} {name}");
            compared += 1;
        }
        assert!(compared > 10, "{option}: {compared}");
    }
}

#[test]
fn missing_files_and_folders_are_reported_before_ffprobe_runs() {
    let folder = tempfile::tempdir().unwrap();
    let error = probe(&folder.path().join("none.mkv"), &Programs::default()).unwrap_err();
    assert!(error.to_string().contains("none.mkv: cannot read"), "{error}");
    assert_eq!(error.hint().unwrap(), "check the name");
    let error = probe(folder.path(), &Programs::default()).unwrap_err();
    assert_eq!(error.hint().unwrap(), "name a file, not a folder");
}

#[test]
fn pixel_formats_are_to_ffprobe_what_they_are_here() {
    let Ok(run) =
        Command::new("ffprobe").args(["-v", "error", "-of", "json", "-show_pixel_formats"]).output()
    else {
        unband_skips::program("ffprobe");
        return;
    };
    let answer: Value = serde_json::from_slice(&run.stdout).unwrap();
    for format in crate::PIXEL_FORMATS {
        let want = (Some(format.samples), Depth::Int(format.bits), format.alpha);
        assert_eq!(read::samples(Node::new(&answer), format.name), want, "{}", format.name);
    }
    assert_eq!(read::samples(Node::new(&answer), "xyz12le").0, None);
    assert_eq!(read::samples(Node::new(&answer), "gbrpf32le").1, Depth::F32);
}
