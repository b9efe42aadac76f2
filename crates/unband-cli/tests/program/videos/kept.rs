//! Streams, tags and samples that stay unchanged.

use super::*;

#[test]
fn videos_keep_their_container_times_and_other_streams() {
    if !can() {
        return;
    }
    let stage = Stage::new();
    for (name, args) in [
        ("sky_pan_h264.mkv", "-preset ultrafast"),
        ("fog_zoom_fade_vfr_hevc.mp4", "-preset ultrafast"),
        ("bokeh_fade_vp9.webm", "-preset 12"),
        ("sunset_pan_hdr10.mkv", "-preset ultrafast"),
    ] {
        staged(&stage, name, name);
        let record = &stage.run(&[name, "--json", "--ffmpeg-args", args]).code(0).json()[0];
        let output = record["output"].as_str().unwrap();
        let (stem, end) = name.rsplit_once('.').unwrap();
        assert_eq!(output, format!("{stem}_unband.{end}"));
        assert_eq!(record["output_depth"], 10);
        let (before, after) = (stage.path(name), stage.path(output));
        assert_eq!(times(&before), times(&after), "{name}");
        assert_eq!(record["frames"].as_u64(), Some(times(&before).len() as u64), "{name}");
        let streams = |path: &Path| {
            let entries = "stream=codec_type,width,height,sample_aspect_ratio,color_range,color_space,color_transfer,color_primaries,chroma_location:stream_tags=language,title";
            printed(
                "ffprobe",
                &["-v", "error", "-show_entries", entries, "-of", "flat", path.to_str().unwrap()],
            )
        };
        assert_eq!(streams(&before), streams(&after), "{name}");
    }
    let names = stage.names();
    assert!(names.iter().all(|name| !name.contains("unfinished")), "{names:?}");
}

#[test]
fn gradfun_gives_the_frames_of_ffmpegs_own() {
    if !can() {
        return;
    }
    let stage = Stage::new();
    let name = staged(&stage, "sky_pan_h264.mkv", "sky.mkv");
    for (method, graph, bits) in [("gradfun", "gradfun", "8"), ("ffmpeg-deband", "deband=direction=0", "8")] {
        let method = if method == "gradfun" { method.to_owned() } else { format!("{method}:direction=0") };
        stage
            .run(&[
                &name,
                "-o",
                "ours.mkv",
                "--lossless",
                "--depth",
                bits,
                "-m",
                &method,
                "--overwrite",
                "-q",
            ])
            .code(0);
        let theirs = stage.path("theirs.mkv");
        let input = stage.path(&name);
        let args =
            ["-v", "error", "-y", "-i", input.to_str().unwrap(), "-vf", graph, "-an", "-sn", "-c:v", "ffv1"];
        printed("ffmpeg", &[&args[..], &[theirs.to_str().unwrap()]].concat());
        assert_eq!(sums(&stage.path("ours.mkv"), "yuv420p"), sums(&theirs, "yuv420p"), "{method}");
    }
}

#[test]
fn frames_without_banding_are_the_same_bits_behind_the_program() {
    if !can() {
        return;
    }
    let stage = Stage::new();
    // Noise of many codes contains no banding and cannot be repaired.
    let path = stage.path("noise.mkv");
    let graph = "color=gray:s=128x96:r=10:d=2,noise=all_seed=7:alls=60:allf=t,format=yuv420p";
    printed("ffmpeg", &["-v", "error", "-f", "lavfi", "-i", graph, "-c:v", "ffv1", path.to_str().unwrap()]);
    for depth in ["8", "10"] {
        let ran = stage.run(&[
            "noise.mkv",
            "-o",
            "out.mkv",
            "--lossless",
            "--depth",
            depth,
            "--json",
            "--overwrite",
        ]);
        assert_eq!(ran.code(0).json()[0]["changed"], 0);
        // From limited range, ten bits return to eight without loss.
        assert_eq!(sums(&path, "yuv420p"), sums(&stage.path("out.mkv"), "yuv420p"), "{depth}");
    }
}

#[test]
fn a_part_of_a_video_begins_at_zero_with_its_sound() {
    if !can() {
        return;
    }
    let stage = Stage::new();
    let name = staged(&stage, "sky_pan_h264.mkv", "sky.mkv");
    let args = [&name, "-o", "part.mkv", "--from", "1", "--to", "0:00:02", "--lossless", "--json"];
    let record = &stage.run(&args).code(0).json()[0];
    assert_eq!(record["frames"], 24);
    let times: Vec<f64> = times(&stage.path("part.mkv")).iter().map(|time| time.parse().unwrap()).collect();
    assert!(times[0] >= 0.0 && times[0] < 0.05 && times[23] < 1.0, "{times:?}");
}

#[test]
fn a_turned_video_with_oblong_pixels_stays_so() {
    if !can() {
        return;
    }
    let stage = Stage::new();
    let path = stage.path("turned.mp4");
    let graph = "gradients=s=96x64:r=10:d=1:c0=black:c1=0x303030:speed=0.00001,setsar=4/3,format=yuv420p";
    let first = stage.path("first.mp4");
    printed(
        "ffmpeg",
        &["-v", "error", "-f", "lavfi", "-i", graph, "-c:v", "libx264", first.to_str().unwrap()],
    );
    let args = ["-v", "error", "-i", first.to_str().unwrap(), "-c", "copy", "-metadata:s:v", "rotate=90"];
    printed("ffmpeg", &[&args[..], &[path.to_str().unwrap()]].concat());
    stage.run(&["turned.mp4", "-q"]).code(0);
    let shape = |name: &str| {
        let clip = unband_video::probe(&stage.path(name), &unband_io::Programs::default()).unwrap();
        (clip.video.width, clip.video.height, clip.video.sample_aspect, clip.video.rotation)
    };
    assert_eq!(shape("turned.mp4"), shape("turned_unband.mp4"));
}
