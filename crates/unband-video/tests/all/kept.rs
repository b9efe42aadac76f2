//! Properties of a video that must not change.

use super::*;

/// Settings that make tests short.
const QUICK: &[(&str, &[&str])] = &[
    ("mkv", &["-c:v", "libx265", "-preset", "ultrafast", "-crf", "16"]),
    ("mp4", &["-c:v", "libx265", "-preset", "ultrafast", "-crf", "16"]),
    ("webm", &["-c:v", "libvpx-vp9", "-b:v", "0", "-crf", "20", "-deadline", "realtime", "-cpu-used", "8"]),
];

fn quick(name: &str) -> &'static [&'static str] {
    QUICK.iter().find(|(end, _)| name.ends_with(end)).unwrap().1
}

/// Entries of all streams except those of kind `v`, and of container and chapters, as ffprobe prints them.
fn other_streams(path: &Path) -> Vec<String> {
    let text = printed(
        "ffprobe",
        &[
            "-v",
            "error",
            "-show_entries",
            "stream=index,codec_name,codec_type,start_pts,time_base,channels,sample_rate:stream_tags=language,title:stream_disposition:format_tags=title,artist:chapter",
            "-of",
            "compact",
            path.to_str().unwrap(),
        ],
    );
    let of_other_streams = |line: &&str| !line.contains("codec_type=video") && !line.starts_with("side_data");
    text.lines().filter(of_other_streams).map(str::to_owned).collect()
}

/// Checksums of all packets of audio and subtitles.
fn packets(path: &Path) -> String {
    printed(
        "ffprobe",
        &[
            "-v",
            "error",
            "-show_entries",
            "packet=stream_index,pts_time,size,data_hash",
            "-show_data_hash",
            "md5",
            "-select_streams",
            "a",
            "-of",
            "csv",
            path.to_str().unwrap(),
        ],
    ) + &printed(
        "ffprobe",
        &[
            "-v",
            "error",
            "-show_entries",
            "packet=stream_index,pts_time,size,data_hash",
            "-show_data_hash",
            "md5",
            "-select_streams",
            "s",
            "-of",
            "csv",
            path.to_str().unwrap(),
        ],
    )
}

#[test]
fn all_but_the_images_stays_and_each_frame_keeps_its_time() {
    if !have_ffmpeg() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    for name in VIDEOS {
        let output = folder.path().join(name);
        let before = copied(&file(name), quick(name), 10, 20, &output);
        let after = unband_video::probe(&output, &Programs::default()).unwrap();
        assert_eq!(other_streams(&file(name)), other_streams(&output), "{name}");
        assert_eq!(packets(&file(name)), packets(&output), "{name}");
        let (was, _) = decode(&before);
        let (is, _) = decode(&after);
        let seconds = |file: &VideoFile, times: &[i64]| -> Vec<f64> {
            times.iter().map(|&t| file.seconds(t)).collect()
        };
        assert_eq!(before.time_base(), after.time_base(), "{name}");
        assert_eq!(seconds(&before, &was), seconds(&after, &is), "{name}");
        let color = |file: &VideoFile| {
            let v = &file.video;
            (
                v.primaries.clone(),
                v.transfer.clone(),
                v.matrix.clone(),
                v.range.clone(),
                v.sample_aspect,
                v.rotation,
            )
        };
        assert_eq!(color(&before), color(&after), "{name}");
        assert_eq!(before.video.colorimetry, after.video.colorimetry, "{name}");
        assert_eq!(before.video.chroma_location, after.video.chroma_location, "{name}");
        let main = |file: &VideoFile| file.streams[file.video.stream].clone();
        let (was, is) = (main(&before), main(&after));
        assert_eq!((was.language, was.dispositions), (is.language, is.dispositions), "{name}");
        // Not all containers include the end of the last audio packet.
        let apart = before.duration.unwrap() - after.duration.unwrap();
        assert!(apart.abs() < 0.03, "{name}: {apart} s");
    }
}

#[test]
fn without_loss_the_frames_are_the_same_bits() {
    if !have_ffmpeg() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    for name in VIDEOS {
        let output = folder.path().join("lossless.mkv");
        let bits = if name.contains("hdr10") { 10 } else { 8 };
        let before = copied(&file(name), &["-c:v", "ffv1", "-slices", "4"], bits, 1000, &output);
        let after = unband_video::probe(&output, &Programs::default()).unwrap();
        assert!(decode(&before).1 == decode(&after).1, "{name}");
    }
}

#[test]
fn the_light_of_hdr10_stays_with_codecs_that_cannot_say_it() {
    if !have_ffmpeg() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    // QuickTime cannot hold the audio.
    let (sunset, plain) = (file("sunset_pan_hdr10.mkv"), folder.path().join("plain.mkv"));
    let args = ["-v", "error", "-i", sunset.to_str().unwrap(), "-map", "0:v", "-c", "copy"];
    printed("ffmpeg", &[&args[..], &[plain.to_str().unwrap()]].concat());
    let vp9 = ["-c:v", "libvpx-vp9", "-b:v", "0", "-crf", "40", "-deadline", "realtime", "-cpu-used", "8"];
    let ffv1 = ["-c:v", "ffv1", "-slices", "4"];
    let hevc = ["-c:v", "libx265", "-preset", "ultrafast"];
    // FFmpeg uses the last of several equal options: the user's parameters and the light metadata must not
    // replace each other.
    let own = ["-x265-params", "keyint=7", "-x265-params", "log-level=error"];
    let hevc_own = [&hevc[..], &own].concat();
    for (name, args) in [
        ("a.mkv", &ffv1[..]),
        ("b.mov", &ffv1),
        ("c.mkv", &vp9),
        ("d.webm", &vp9),
        ("e.mp4", &vp9),
        ("f.mp4", &hevc),
        ("g.ts", &hevc_own),
    ] {
        let output = folder.path().join(name);
        let before = copied(&plain, args, 10, 30, &output);
        let (was, is) = (
            before.video.colorimetry,
            unband_video::probe(&output, &Programs::default()).unwrap().video.colorimetry,
        );
        assert!(was.mastering.is_some() && was.content_light.is_some());
        assert_eq!(was, is, "{name}");
        // Besides the light metadata in frames, players look for that of the stream, for which .ts has no
        // field.
        if name == "g.ts" {
            let bytes = std::fs::read(&output).unwrap();
            assert!(
                bytes.windows(9).any(|part| part == b"keyint=7 "),
                "the encoder's note of its parameters"
            );
            continue;
        }
        let said = printed(
            "ffprobe",
            &[
                "-v",
                "error",
                "-show_entries",
                "stream_side_data=side_data_type",
                "-of",
                "csv=p=0",
                output.to_str().unwrap(),
            ],
        );
        assert!(said.contains("Mastering display") && said.contains("Content light level"), "{name}: {said}");
    }
}
