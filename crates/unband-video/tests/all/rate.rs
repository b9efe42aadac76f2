//! The frame rate that encoders get, compared with transcoding by `ffmpeg`.
//!
//! It is the video's rate, whatever its container's time base.

use super::*;

/// Makes a video of 1280×720 and 10 bits at 24 frames per second, with audio. The rate was guessed wrongly
/// for frames of this size.
fn large(folder: &Path, name: &str, more: &[&str]) -> PathBuf {
    let path = folder.join(name);
    let image = "testsrc2=s=1280x720:r=24:d=1,format=yuv420p10le";
    let mut args = vec!["-v", "error", "-f", "lavfi", "-i", image, "-f", "lavfi", "-i", "sine=d=1"];
    let video = if name.ends_with("webm") {
        ["-c:v", "libvpx-vp9", "-deadline", "realtime", "-cpu-used", "8", "-c:a", "libopus"]
    } else {
        ["-c:v", "libx265", "-preset", "ultrafast", "-x265-params", "log-level=error", "-c:a", "aac"]
    };
    args.extend(video.iter().chain(more));
    args.push(path.to_str().unwrap());
    printed("ffmpeg", &args);
    path
}

fn of_video(path: &Path, entries: &str) -> String {
    let args = ["-v", "error", "-select_streams", "v", "-show_entries", entries, "-of", "csv=p=0"];
    printed("ffprobe", &[&args[..], &[path.to_str().unwrap()]].concat())
}

/// Bytes of the video stream alone.
fn bytes(path: &Path) -> f64 {
    of_video(path, "packet=size").split([',', '\n']).filter_map(|size| size.parse::<f64>().ok()).sum()
}

#[test]
fn rate_level_and_size_are_those_of_a_plain_transcode() {
    if !have_ffmpeg() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let x265 = ["-c:v", "libx265", "-preset", "ultrafast", "-x265-params", "log-level=error"];
    let by_quality = [&x265[..], &["-crf", "20"]].concat();
    let by_bits = [&x265[..], &["-b:v", "2M"]].concat();
    let av1 = ["-c:v", "libsvtav1", "-preset", "12", "-crf", "30"];
    let cases: [(&str, &str, &[&str]); 6] = [
        ("a.mkv", "mkv", &by_quality),
        ("b.mkv", "mp4", &by_bits),
        ("c.mp4", "mov", &by_quality),
        ("d.ts", "ts", &by_quality),
        ("e.webm", "webm", &av1),
        ("f.mp4", "mp4", &av1),
    ];
    for (name, extension, args) in cases {
        let source = large(folder.path(), name, &[]);
        let [ours, plain] = ["ours", "plain"].map(|name| folder.path().join(format!("{name}.{extension}")));
        copied(&source, args, 10, 24, &ours);
        let from = ["-v", "error", "-y", "-i", source.to_str().unwrap(), "-fps_mode", "passthrough"];
        printed("ffmpeg", &[&from[..], args, &["-c:a", "copy", plain.to_str().unwrap()]].concat());
        let facts = |path: &Path| of_video(path, "stream=level,r_frame_rate");
        assert_eq!(facts(&ours), facts(&plain), "{name} → {extension}");
        let (is, should) = (bytes(&ours), bytes(&plain));
        assert!((is / should - 1.0).abs() < 0.02, "{name} → {extension}: {is} bytes, {should} by ffmpeg");
    }
}

#[test]
fn times_and_rate_that_a_container_rounds_stay_with_every_codec() {
    if !have_ffmpeg() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let source = folder.path().join("source.mkv");
    let make = ["-v", "error", "-f", "lavfi", "-i", "testsrc2=s=128x72:r=24:d=0.5", "-c:v", "libx264"];
    printed("ffmpeg", &[&make[..], &[source.to_str().unwrap()]].concat());
    let sorted = |path: &Path| {
        let text = of_video(path, "packet=pts_time");
        let mut times: Vec<f64> = text.split([',', '\n']).filter_map(|time| time.parse().ok()).collect();
        times.sort_by(f64::total_cmp);
        times
    };
    for codec in ["ffv1", "libvpx-vp9", "libx264", "libx265", "mpeg4", "prores_ks", "huffyuv"] {
        let out = folder.path().join(format!("{codec}.mkv"));
        let bits = if codec == "prores_ks" { 10 } else { 8 };
        let args = ["-c:v", codec];
        let args: &[&str] =
            if codec == "prores_ks" { &["-c:v", codec, "-vf", "format=yuv422p10"] } else { &args };
        copied(&source, args, bits, 6, &out);
        assert_eq!(sorted(&out), sorted(&source), "{codec}");
        assert_eq!(of_video(&out, "stream=avg_frame_rate").trim(), "24/1", "{codec}");
    }
}

#[test]
fn colours_whose_options_have_other_names_are_kept() {
    if !have_ffmpeg() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let make = |name: &str, args: &[&str]| {
        let path = folder.path().join(name);
        let source = ["-v", "error", "-f", "lavfi", "-i", "testsrc2=s=64x48:r=24:d=0.25"];
        printed("ffmpeg", &[&source[..], args, &[path.to_str().unwrap()]].concat());
        path
    };
    let pal = ["-color_primaries", "bt470bg", "-color_trc", "gamma28", "-colorspace", "bt470bg"];
    let ntsc = ["-color_primaries", "bt470m", "-color_trc", "gamma22", "-colorspace", "fcc"];
    let rgb = ["-c:v", "libx264rgb", "-pix_fmt", "rgb24", "-colorspace", "rgb"];
    let full =
        ["-c:v", "libx264", "-pix_fmt", "yuvj420p", "-colorspace", "bt709", "-color_primaries", "bt709"];
    for (name, args, codec) in [
        ("pal.mkv", [&["-c:v", "libx264"][..], &pal].concat(), "libx264"),
        ("ntsc.mkv", [&["-c:v", "libx264"][..], &ntsc[..4], &["-colorspace", "bt470bg"]].concat(), "libx264"),
        ("rgb.mkv", rgb.to_vec(), "ffv1"),
        ("full.mkv", full.to_vec(), "ffv1"),
        ("limited.mkv", [&["-c:v", "libx264"][..], &pal, &["-color_range", "tv"]].concat(), "ffv1"),
    ] {
        let source = make(name, &args);
        let out = folder.path().join(format!("out-{name}"));
        copied(&source, &["-c:v", codec], 8, 6, &out);
        let colours =
            |path: &Path| of_video(path, "stream=color_range,color_primaries,color_transfer,color_space");
        assert_eq!(colours(&out), colours(&source), "{name}");
    }
}

#[test]
fn sound_may_begin_late_and_recordings_at_any_time() {
    if !have_ffmpeg() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let late = large(folder.path(), "late.ts", &["-output_ts_offset", "36000"]);
    let sound = large(folder.path(), "sound.mkv", &[]);
    let delayed = folder.path().join("delayed.mkv");
    let (path, to) = (sound.to_str().unwrap(), delayed.to_str().unwrap());
    let maps = ["-map", "0:v", "-map", "1:a", "-c", "copy", to];
    printed("ffmpeg", &[&["-v", "error", "-i", path, "-itsoffset", "3", "-i", path][..], &maps].concat());
    let args = ["-c:v", "libx265", "-preset", "ultrafast", "-x265-params", "log-level=error"];
    for source in [late, delayed] {
        let out = source.with_extension("out.mkv");
        let video = copied(&source, &args, 10, 24, &out);
        let times = |path: &Path| {
            let entries =
                ["-v", "error", "-select_streams", "a", "-show_entries", "packet=pts_time", "-of", "csv=p=0"];
            let text = printed("ffprobe", &[&entries[..], &[path.to_str().unwrap()]].concat());
            text.split([',', '\n']).filter_map(|time| time.parse::<f64>().ok()).collect::<Vec<f64>>()
        };
        let (is, was) = (times(&out), times(&source));
        assert_eq!(is.len(), was.len(), "{}", video.path.display());
        assert!(is.iter().zip(&was).all(|(a, b)| (a - b).abs() < 0.0011), "{}", video.path.display());
    }
}

#[test]
fn chapters_of_mp4_go_into_every_container_and_bring_no_track_of_their_own() {
    if !have_ffmpeg() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let chapters = folder.path().join("chapters.txt");
    let chapter = |start, title| {
        format!("[CHAPTER]\nTIMEBASE=1/1000\nSTART={start}\nEND={}\ntitle={title}\n", start + 500)
    };
    std::fs::write(&chapters, format!(";FFMETADATA1\n{}{}", chapter(0, "One"), chapter(500, "Two"))).unwrap();
    let source = folder.path().join("source.mp4");
    let inputs = [
        "-v",
        "error",
        "-f",
        "lavfi",
        "-i",
        "testsrc2=s=320x180:r=24:d=1",
        "-f",
        "lavfi",
        "-i",
        "sine=d=1",
        "-i",
    ];
    let outputs = ["-map", "0", "-map", "1", "-map_chapters", "2", "-c:v", "libx264", "-c:a", "aac"];
    let ends = [chapters.to_str().unwrap()];
    printed("ffmpeg", &[&inputs[..], &ends, &outputs, &[source.to_str().unwrap()]].concat());
    let lines = |path: &Path, entries: &str| {
        let args = ["-v", "error", "-show_entries", entries, "-of", "csv=p=0", path.to_str().unwrap()];
        printed("ffprobe", &args)
            .lines()
            .filter(|line| !line.is_empty())
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    for extension in ["mkv", "mov", "mp4"] {
        let out = folder.path().join(format!("out.{extension}"));
        copied(&source, &["-c:v", "libx264", "-preset", "ultrafast"], 8, 24, &out);
        let titles = lines(&out, "chapter_tags=title");
        assert_eq!(titles, ["One", "Two"], "{extension}");
        let data = usize::from(extension != "mkv");
        let kinds = lines(&out, "stream=codec_type");
        let found = kinds.iter().filter(|kind| kind.starts_with("data")).count();
        assert_eq!((kinds.len(), found), (2 + data, data), "{extension}: {kinds:?}");
    }
}
