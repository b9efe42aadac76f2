//! Covers, colour tags, and properties that only the container stores.

use super::*;

/// A black and grey gradient, tagged.
const TAGGED: &str = "gradients=s=96x64:r=10:d=0.5:c0=black:c1=0x303030:speed=0.00001,format=yuv420p";
const BT709: [&str; 8] =
    ["-colorspace", "bt709", "-color_primaries", "bt709", "-color_trc", "bt709", "-color_range", "tv"];

fn tagged(stage: &Stage, name: &str, more: &[&str]) {
    drawn(stage, name, TAGGED, &[&["-c:v", "libx264", "-preset", "ultrafast"], &BT709[..], more].concat());
}

/// `ffprobe`'s values of a file.
fn asked(stage: &Stage, name: &str, entries: &str) -> String {
    let path = stage.path(name);
    printed("ffprobe", &["-v", "error", "-show_entries", entries, "-of", "csv=p=0", path.to_str().unwrap()])
}

/// Replaces the colours of a Matroska file with another element of a video track.
fn with_element(stage: &Stage, name: &str, element: &[u8]) {
    let mut bytes = stage.read(name);
    let at = bytes.windows(2).position(|id| id == [0x55, 0xB0]).unwrap();
    let end = at + 3 + usize::from(bytes[at + 2] & 0x7F);
    let unused = end - at - element.len() - 2;
    let filled = [element, &[0xEC, 0x80 | unused as u8], &vec![0; unused]].concat();
    bytes[at..end].copy_from_slice(&filled);
    stage.write(name, &bytes);
}

#[test]
fn covers_stay_covers() {
    if !can() {
        return;
    }
    let stage = Stage::new();
    drawn(&stage, "cover.jpg", "testsrc=s=64x48:d=0.1:r=10", &["-frames:v", "1", "-f", "image2"]);
    let cover = stage.path("cover.jpg");
    let cover = cover.to_str().unwrap();
    tagged(&stage, "in.mkv", &["-attach", cover, "-metadata:s:t", "mimetype=image/jpeg"]);
    let first = stage.path("in.mkv");
    let both = ["-i", first.to_str().unwrap(), "-i", cover, "-map", "0:v:0", "-map", "1", "-c", "copy"];
    make(&stage, "in.mp4", &[&both[..], &["-disposition:v:1", "attached_pic"]].concat());
    for (input, output) in [("in.mkv", "a.mkv"), ("in.mp4", "b.mkv"), ("in.mp4", "c.mp4")] {
        stage.run(&[input, "-o", output, "-m", "smooth", "--ffmpeg-args", "-preset ultrafast"]).code(0);
        let streams = asked(&stage, output, "stream=codec_name:stream_disposition=attached_pic");
        assert_eq!(streams.split_whitespace().collect::<Vec<_>>(), ["hevc,0", "mjpeg,1"], "{output}");
    }
}

#[test]
fn projection_and_cropping_that_are_lost_are_named() {
    if !can() {
        return;
    }
    let stage = Stage::new();
    // An equirectangular projection; 8 pixels that are cut off at the top.
    let elements: [(&str, &[u8], &str); 2] = [
        ("round.mkv", &[0x76, 0x70, 0x84, 0x76, 0x71, 0x81, 1], "spherical projection"),
        ("cropped.mkv", &[0x54, 0xBB, 0x81, 8], "PixelCrop"),
    ];
    for (name, element, what) in elements {
        tagged(&stage, name, &[]);
        with_element(&stage, name, element);
        let args = [name, "-o", "out.mkv", "-m", "smooth", "--overwrite", "--json"];
        let args = [&args[..], &["--ffmpeg-args", "-preset ultrafast"]].concat();
        let record = &stage.run(&args).code(0).json()[0];
        let notes = record["notes"].as_array().unwrap();
        assert!(notes.iter().any(|note| note.as_str().unwrap().contains(what)), "{name}: {notes:?}");
    }
    tagged(&stage, "plain.mkv", &[]);
    let record =
        &stage.run(&["plain.mkv", "-o", "out.mkv", "--overwrite", "--dry-run", "--json"]).code(0).json()[0];
    assert_eq!(record["notes"].as_array().unwrap().len(), 0, "{}", record["notes"]);
}

#[test]
fn prores_keeps_the_colour_tags() {
    if !can() {
        return;
    }
    let stage = Stage::new();
    tagged(&stage, "in.mov", &[]);
    let tags = "stream=color_space,color_transfer,color_primaries";
    let prores = ["-m", "smooth", "--ffmpeg-args", "-c:v prores_ks -profile:v 3"];
    for output in ["out.mov", "out.mkv"] {
        stage.run(&[&["in.mov", "-o", output], &prores[..]].concat()).code(0);
        assert_eq!(asked(&stage, output, tags), asked(&stage, "in.mov", tags), "{output}");
        assert_eq!(asked(&stage, output, "stream=codec_name").trim(), "prores");
    }
}
