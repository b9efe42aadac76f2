//! Stream selection, and messages about streams that cannot be copied.

use super::*;

/// A video with two audio streams, subtitles and an attachment, in that order after the video stream.
fn several(stage: &Stage) {
    stage.write("one.srt", b"1\n00:00:00,000 --> 00:00:00,500\nHello\n");
    stage.write("notes.txt", b"notes");
    let (one, notes) = (stage.path("one.srt"), stage.path("notes.txt"));
    let inputs = ["-f", "lavfi", "-i", TEN, "-f", "lavfi", "-i", "sine=d=1", "-i", one.to_str().unwrap()];
    let outputs = ["-map", "0", "-map", "1", "-map", "1", "-map", "2", "-c:v", "libx264", "-c:a", "aac"];
    let tags = ["-metadata:s:1", "language=ger", "-metadata:s:2", "language=eng"];
    let attached = ["-attach", notes.to_str().unwrap(), "-metadata:s:4", "mimetype=text/plain"];
    make(stage, "film.mkv", &[&inputs[..], &outputs, &tags, &attached].concat());
}

/// Kinds and languages of all streams.
fn streams(path: &Path) -> Vec<String> {
    let entries = ["-show_entries", "stream=codec_type:stream_tags=language", "-of", "csv=p=0"];
    let text = printed("ffprobe", &[&["-v", "error"][..], &entries, &[path.to_str().unwrap()]].concat());
    text.lines().filter(|line| !line.is_empty()).map(|line| line.trim_end_matches(',').to_owned()).collect()
}

#[test]
fn streams_go_along_as_they_are_chosen() {
    if !can() {
        return;
    }
    let stage = Stage::new();
    several(&stage);
    let (german, english) = ("audio,ger", "audio,eng");
    let cases: [(&[&str], &[&str]); 6] = [
        (&[], &["video", german, english, "subtitle", "attachment"]),
        (&["--streams", "a:1,s"], &["video", english, "subtitle"]),
        (&["--streams", "1", "--streams", "0"], &["video", german]),
        (&["--drop-stream", "2,t"], &["video", german, "subtitle"]),
        (&["--drop-stream", "a", "--drop-stream", "d?"], &["video", "subtitle", "attachment"]),
        (&["--streams", "a", "--drop-stream", "a:0"], &["video", english]),
    ];
    for (args, wanted) in cases {
        let all = ["film.mkv", "-o", "out.mkv", "--overwrite", "--ffmpeg-args", "-preset ultrafast"];
        stage.run(&[&all[..], args].concat()).code(0);
        assert_eq!(streams(&stage.path("out.mkv")), wanted, "{args:?}");
    }
}

#[test]
fn a_choice_that_cannot_be_lists_the_streams() {
    if !can() {
        return;
    }
    let stage = Stage::new();
    several(&stage);
    let all = "stream 0 (video, h264), stream 1 (audio, aac, ger), stream 2 (audio, aac, eng), stream 3 (subtitles, ass) and stream 4 (attachment)";
    refused(&stage, &["film.mkv", "--streams", "a:2"], 1, &["film.mkv: it has no stream `a:2`", all]);
    refused(&stage, &["film.mkv", "--drop-stream", "7"], 1, &["it has no stream `7`", all]);
    refused(&stage, &["film.mkv", "--drop-stream", "v"], 1, &["which cannot be dropped", all]);
    refused(&stage, &["film.mkv", "--streams", "sound"], 2, &["`sound` is not a stream"]);
}

#[test]
fn streams_that_a_container_does_not_hold_are_named_with_a_way_out() {
    if !can() {
        return;
    }
    let stage = Stage::new();
    several(&stage);
    let says = [
        "out.webm: webm cannot hold stream 1 (audio, aac, ger) and stream 2 (audio, aac, eng): ",
        "skip these streams with `--drop-stream 1,2`, or write an .mkv file, or convert the audio to Opus",
    ];
    refused(&stage, &["film.mkv", "-o", "out.webm"], 1, &says);
    // Matroska does not replace Matroska.
    let notes = stage.path("notes.txt");
    let data = ["-f", "data", "-i", notes.to_str().unwrap(), "-map", "0", "-map", "1", "-c:d", "copy"];
    make(&stage, "data.ts", &[&["-f", "lavfi", "-i", TEN][..], &data, &["-c:v", "libx264"]].concat());
    let ran = stage.run(&["data.ts", "-o", "out.mkv"]).code(1);
    let ran = ran.says("out.mkv: matroska cannot hold stream 1 (data, bin_data): ");
    ran.says("skip these streams with `--drop-stream 1`, or write a");
    let vp9 = "-c:v libvpx-vp9 -deadline realtime -cpu-used 8";
    let quick = ["film.mkv", "-o", "out.webm", "--drop-stream", "a", "--ffmpeg-args", vp9];
    stage.run(&quick).code(0).says("stream 4 (attachment) is not in the result: webm holds none");
    assert_eq!(streams(&stage.path("out.webm")), ["video", "subtitle"]);
}
