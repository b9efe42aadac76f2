//! Losses of a video are reported, one line each and in `--json`; everything else is kept.

use super::*;

const QUICK: [&str; 2] = ["--ffmpeg-args", "-preset ultrafast"];

/// Entries of the video stream.
fn of_video(path: &Path, entries: &str) -> String {
    let entries = format!("stream={entries}");
    let args = ["-v", "error", "-select_streams", "v:0", "-show_entries", &entries, "-of", "csv=p=0"];
    printed("ffprobe", &[&args[..], &[path.to_str().unwrap()]].concat()).trim().to_owned()
}

/// The reported losses of a run, from `--json`.
#[track_caller]
fn notes(stage: &Stage, args: &[&str]) -> Vec<String> {
    let ran = stage.run(&[args, &["--json", "--overwrite"]].concat()).code(0);
    let record = &ran.json()[0];
    let notes: Vec<String> =
        record["notes"].as_array().unwrap().iter().map(|note| note.as_str().unwrap().to_owned()).collect();
    for note in &notes {
        assert!(ran.stderr.contains(note), "{note}: {}", ran.stderr);
    }
    notes
}

#[test]
fn sizes_at_which_not_all_pixels_share_chroma_are_kept() {
    if !can() {
        return;
    }
    let stage = Stage::new();
    let odd = "testsrc2=s=66x50:r=10:d=0.5,format=yuv420p,scale=65:49";
    drawn(&stage, "odd.mkv", odd, &["-c:v", "ffv1"]);
    assert_eq!(of_video(&stage.path("odd.mkv"), "width,height"), "65,49");
    let vp9 = ["--ffmpeg-args", "-deadline realtime -cpu-used 8"];
    let cases: [(&str, &[&str], &str); 5] = [
        ("player.mkv", &vp9, "vp9,65,49,yuv420p10le"),
        ("web.mp4", &["--for", "web"], "vp9,65,49,yuv420p10le"),
        ("player.webm", &vp9, "vp9,65,49,yuv420p10le"),
        ("keep.mov", &["--lossless"], "ffv1,65,49,yuv420p10le"),
        ("scaled.mov", &["--ffmpeg-args", "-preset ultrafast -vf scale=64:48"], "hevc,64,48,yuv420p10le"),
    ];
    for (output, args, wanted) in cases {
        stage.run(&[&["odd.mkv", "-o", output][..], args].concat()).code(0);
        assert_eq!(of_video(&stage.path(output), "codec_name,width,height,pix_fmt"), wanted, "{output}");
        assert_eq!(times(&stage.path(output)).len(), 5, "{output}");
    }
    let x265 = ["odd.mkv", "-o", "out.mkv", "--ffmpeg-args", "-c:v libx265"];
    refused(&stage, &x265, 1, &["out.mkv: libx265 cannot encode the odd size 65×49", "--lossless"]);
    refused(&stage, &["odd.mkv", "-o", "out.mov"], 1, &["out.mov: libx265 cannot encode", ".mp4"]);
}

#[test]
fn chroma_that_has_formats_of_eight_bits_only_keeps_them() {
    if !can() {
        return;
    }
    let stage = Stage::new();
    for (format, name) in [("yuv411p", "4:1:1"), ("yuv410p", "4:1:0"), ("yuv440p", "4:4:0")] {
        let graph = format!("testsrc2=s=64x48:r=10:d=0.5,format={format}");
        drawn(&stage, "film.mkv", &graph, &["-c:v", "ffv1"]);
        let eight = format!("the result has 8 bits: {name} chroma has no 10-bit format");
        let lossless = ["film.mkv", "-o", "same.mkv", "--lossless"];
        assert_eq!(notes(&stage, &lossless), std::slice::from_ref(&eight));
        assert_eq!(sums(&stage.path("same.mkv"), format), sums(&stage.path("film.mkv"), format), "{format}");
        let player = [&["film.mkv", "-o", "player.mkv"][..], &QUICK].concat();
        let lines = notes(&stage, &player);
        assert!(lines.contains(&eight), "{lines:?}");
        assert!(lines.iter().all(|note| *note == eight || note.contains("writes 4:2:0")), "{lines:?}");
        stage
            .run(&[&["film.mkv", "-o", "keep.mkv", "--depth", "keep", "--overwrite"][..], &QUICK].concat())
            .code(0);
    }
}

#[cfg(unix)]
#[test]
fn interlaced_videos_get_a_command_that_runs_and_an_option_against_it() {
    if !can() {
        return;
    }
    let stage = Stage::new();
    let fields = ["-vf", "setfield=tff", "-flags", "+ilme+ildct", "-c:v", "mpeg2video", "-c:a", "mp2"];
    let inputs = ["-f", "lavfi", "-i", TEN, "-f", "lavfi", "-i", "sine=d=1"];
    let maps = ["-map", "1", "-map", "0", "-map", "1"];
    make(&stage, "two fields.ts", &[&inputs[..], &maps, &fields].concat());
    let before = stage.names();
    let ran = stage.run(&["two fields.ts"]).code(1).says("interlaced, top field first").says("--progressive");
    assert_eq!(stage.names(), before);
    let command = ran.stderr.split('`').nth(1).unwrap();
    let done = Command::new("sh").args(["-c", &format!("{command} -v error")]).current_dir(&stage.0).output();
    let done = done.unwrap();
    assert!(done.status.success(), "{command}: {}", String::from_utf8_lossy(&done.stderr));
    let whole = stage.path("two fields_progressive.mkv");
    let kinds = ["-v", "error", "-show_entries", "stream=codec_name", "-of", "csv=p=0"];
    let kinds = printed("ffprobe", &[&kinds[..], &[whole.to_str().unwrap()]].concat());
    assert_eq!(kinds.split_whitespace().collect::<Vec<_>>(), ["mp2", "ffv1", "mp2"]);
    assert_eq!(of_video(&whole, "r_frame_rate"), "20/1");
    stage.run(&["two fields_progressive.mkv", "-o", "out.mkv", "--lossless"]).code(0);
    stage.run(&["two fields.ts", "-o", "psf.mkv", "--lossless", "--progressive"]).code(0);
    assert_eq!(times(&stage.path("psf.mkv")).len(), 10);
    assert!(["progressive", "unknown"].contains(&&*of_video(&stage.path("psf.mkv"), "field_order")));
}

#[test]
fn full_range_and_the_place_of_chroma_stay_without_loss() {
    if !can() {
        return;
    }
    let stage = Stage::new();
    let said =
        ["-color_range", "pc", "-colorspace", "bt709", "-color_primaries", "bt709", "-color_trc", "bt709"];
    let ten = "testsrc2=s=64x48:r=10:d=1,format=yuv420p10le";
    let inputs = ["-f", "lavfi", "-i", "sine=d=1", "-f", "lavfi", "-i", ten, "-map", "0", "-map", "1"];
    make(&stage, "plain.mkv", &[&inputs[..], &said, &["-c:v", "ffv1", "-c:a", "aac"]].concat());
    // Encoders of FFmpeg 7 take tags from frames, which have neither primaries nor a place of chroma here.
    let plain = stage.path("plain.mkv");
    let copied = ["-i", plain.to_str().unwrap(), "-map", "0", "-c", "copy"];
    make(&stage, "film.mkv", &[&copied[..], &said, &["-chroma_sample_location", "topleft"]].concat());
    let source = stage.path("film.mkv");
    for output in ["out.mov", "out.mkv"] {
        stage.run(&["film.mkv", "-o", output, "--lossless"]).code(0);
        let out = stage.path(output);
        let colours = "color_range,color_space,color_transfer,color_primaries";
        assert_eq!(of_video(&out, colours), of_video(&source, colours), "{output}");
        assert_eq!(of_video(&out, "color_range"), "pc", "{output}");
        // As displayed.
        assert_eq!(sums(&out, "rgb24"), sums(&source, "rgb24"), "{output}");
        assert_eq!(times(&out), times(&source), "{output}");
    }
    assert_eq!(of_video(&stage.path("out.mkv"), "chroma_location"), "topleft");
}

#[test]
fn captions_and_grain_are_reported() {
    if !can() {
        return;
    }
    let stage = Stage::new();
    drawn(&stage, "plain.h264", TEN, &["-c:v", "libx264", "-x264-params", "keyint=1"]);
    // ATSC A/53, part 4: a message of one pair of characters before each frame.
    let captions = b"\0\0\0\x01\x06\x04\x0E\xB5\0\x31GA94\x03\xC1\xFF\xFC\x94\x2C\xFF\x80";
    let plain = stage.read("plain.h264");
    let mut bytes = Vec::new();
    for (i, &byte) in plain.iter().enumerate() {
        let frame = plain[i..].starts_with(b"\0\0\x01\x65");
        if frame {
            bytes.extend(captions);
        }
        bytes.push(byte);
    }
    stage.write("captions.h264", &bytes);
    let captions = stage.path("captions.h264");
    make(&stage, "captions.mp4", &["-r", "10", "-i", captions.to_str().unwrap(), "-c", "copy"]);
    let lines = notes(&stage, &[&["captions.mp4", "-o", "out.mkv"][..], &QUICK].concat());
    assert!(
        lines[0].starts_with("closed captions inside the images (A/53) are not in the result"),
        "{lines:?}"
    );
    let grain = ["-c:v", "libsvtav1", "-preset", "12", "-svtav1-params", "film-grain=8"];
    drawn(&stage, "grain.mkv", "testsrc2=s=128x96:r=10:d=0.5,format=yuv420p", &grain);
    let lines = notes(&stage, &[&["grain.mkv", "-o", "out.mkv"][..], &QUICK].concat());
    assert!(lines[0].starts_with("the video's synthetic grain (AV1) was added"), "{lines:?}");
}

#[test]
fn one_frame_lasts_as_long_as_it_did_and_rates_stay() {
    if !can() {
        return;
    }
    let stage = Stage::new();
    drawn(&stage, "one.mp4", "testsrc=s=64x48:r=24,format=yuv420p", &["-frames:v", "1", "-c:v", "libx264"]);
    drawn(&stage, "fast.mkv", "testsrc=s=64x48:r=60000/1001:d=1,format=yuv420p", &["-c:v", "libx264"]);
    let vp9 = ["-c:v", "libvpx-vp9", "-deadline", "realtime", "-cpu-used", "8"];
    drawn(&stage, "slow.webm", "testsrc=s=128x96:r=24:d=1,format=yuv420p", &vp9);
    let x265 = "-preset ultrafast";
    for (video, output, args) in [
        ("one.mp4", "one_out.mp4", x265),
        ("one.mp4", "one_out.mkv", x265),
        ("one.mp4", "one_out.mov", x265),
        ("fast.mkv", "fast_out.mkv", x265),
        ("slow.webm", "slow_out.webm", "-preset 12"),
    ] {
        stage.run(&[video, "-o", output, "--ffmpeg-args", args]).code(0);
        let [source, out] = [video, output].map(|name| stage.path(name));
        assert_eq!(of_video(&out, "r_frame_rate"), of_video(&source, "r_frame_rate"), "{output}");
        let duration = |path: &Path| {
            let args = ["-v", "error", "-show_entries", "format=duration", "-of", "csv=p=0"];
            printed("ffprobe", &[&args[..], &[path.to_str().unwrap()]].concat())
                .trim()
                .parse::<f64>()
                .unwrap()
        };
        let apart = (duration(&out) - duration(&source)).abs();
        assert!(apart < 0.0015, "{output}: {apart}");
    }
}
