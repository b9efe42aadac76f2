//! Parts of videos, from `--from` to `--to`: frames, sound and subtitles of the same seconds.

use super::*;

const FAST: [&str; 2] = ["--ffmpeg-args", "-preset ultrafast"];

/// First and last moment of a kind of stream: of its packets, with the duration of the last one.
fn span(path: &Path, stream: &str) -> (f64, f64) {
    let entries =
        ["-show_entries", "packet=pts_time,duration_time", "-of", "csv=p=0", path.to_str().unwrap()];
    let text = printed("ffprobe", &[&["-v", "error", "-select_streams", stream][..], &entries].concat());
    let packets = text.lines().filter_map(|line| {
        let mut numbers = line.split(',').map(|number| number.trim().parse::<f64>());
        let time = numbers.next()?.ok()?;
        Some((time, time + numbers.next().and_then(Result::ok).unwrap_or(0.0)))
    });
    packets
        .fold((f64::INFINITY, f64::NEG_INFINITY), |(from, to), (begin, end)| (from.min(begin), to.max(end)))
}

/// Does this `FFmpeg` cut subtitles that it converts? From 6 on.
fn cuts_converted() -> bool {
    let version = printed("ffmpeg", &["-version"]);
    let line = version.lines().find_map(|line| line.strip_prefix("libavformat")).unwrap();
    line.split('.').next().unwrap().trim().parse::<u32>().unwrap() >= 60
}

#[test]
fn sound_and_subtitles_of_a_part_end_with_its_frames() {
    if !can() {
        return;
    }
    let stage = Stage::new();
    stage.write(
        "s.srt",
        b"1\n00:00:01,500 --> 00:00:06,200\none\n\n2\n00:00:06,300 --> 00:00:06,600\ntwo\n\n",
    );
    let subtitles = stage.path("s.srt");
    let picture = "testsrc=s=64x48:r=25:d=8,format=yuv420p";
    let inputs = ["-f", "lavfi", "-i", picture, "-f", "lavfi", "-i", "sine=r=48000:d=8", "-i"];
    let coded = ["-c:v", "libx264", "-preset", "ultrafast", "-bf", "2", "-g", "250", "-c:a", "aac"];
    let all = [&inputs[..], &[subtitles.to_str().unwrap()], &coded].concat();
    make(&stage, "a.mkv", &[&all[..], &["-c:s", "subrip"]].concat());
    make(&stage, "late.mkv", &[&all[..], &["-c:s", "subrip", "-output_ts_offset", "100.25"]].concat());
    make(&stage, "a.mp4", &[&all[..], &["-c:s", "mov_text"]].concat());
    make(&stage, "a.ts", &[&all[..], &["-sn", "-output_ts_offset", "36000"]].concat());
    for (source, result) in [
        ("a.mkv", "out.mkv"),
        ("a.mkv", "out.mp4"),
        ("late.mkv", "out.mkv"),
        ("a.mp4", "out.mp4"),
        ("a.mp4", "out.mkv"),
        ("a.ts", "out.mp4"),
        ("a.ts", "out.ts"),
    ] {
        let name = format!("{source} → {result}");
        let part = ["--from", "4.2", "--to", "6.4"];
        stage.run(&[&[source, "-o", result, "--overwrite"], &part[..], &FAST].concat()).code(0);
        let path = stage.path(result);
        let begin = if result.ends_with("ts") { 1.4 } else { 0.0 };
        let (first, last) = span(&path, "v:0");
        assert!((first - begin).abs() < 0.03 && (last - begin - 2.2).abs() < 0.05, "{name}: {first} {last}");
        assert_eq!(times(&path).len(), 55, "{name}");
        let (first, last) = span(&path, "a:0");
        assert!((first - begin).abs() < 0.03 && (last - begin - 2.2).abs() < 0.03, "{name}: {first} {last}");
        let (of, to) = (&source[source.len() - 3..], &result[result.len() - 3..]);
        if of != to && !source.ends_with("ts") && !cuts_converted() {
            assert!(span(&path, "s:0").0.is_infinite(), "{name}");
        } else if !source.ends_with("ts") {
            // From the first one, which is shown already, to the second one, which is cut.
            let (first, last) = span(&path, "s:0");
            assert!(first.abs() < 0.03 && (last - 2.2).abs() < 0.03, "{name}: {first} {last}");
        }
    }
}

#[test]
fn times_of_a_part_are_those_that_players_show() {
    if !can() {
        return;
    }
    let stage = Stage::new();
    let graph = "testsrc=s=64x48:r=10:d=3,format=yuv420p";
    drawn(&stage, "zero.mkv", graph, &["-c:v", "ffv1"]);
    drawn(&stage, "late.mkv", graph, &["-c:v", "ffv1", "-output_ts_offset", "7.5"]);
    let mut seen = Vec::new();
    for (source, keep) in [("zero.mkv", false), ("late.mkv", false), ("late.mkv", true)] {
        let keep: &[&str] = if keep { &["--keep-start"] } else { &[] };
        let args = [source, "-o", "out.mkv", "--lossless", "--overwrite", "--from", "1", "--to", "2"];
        stage.run(&[&args[..], keep].concat()).code(0);
        seen.push((sums(&stage.path("out.mkv"), "yuv420p10le"), times(&stage.path("out.mkv"))));
    }
    assert!(seen[0].0.len() == 10 && seen.iter().all(|one| *one == seen[0]), "{seen:?}");
    refused(&stage, &["late.mkv", "--from", "5"], 1, &["no frame between 5 s and its end"]);
}

#[test]
fn time_codes_of_a_part_are_those_of_its_first_frame() {
    if !can() {
        return;
    }
    let stage = Stage::new();
    let plain = ["-timecode", "01:00:00:00", "-c:v", "ffv1"];
    let dropped = ["-timecode", "00:58:58;00", "-c:v", "ffv1"];
    drawn(&stage, "plain.mov", "testsrc=s=64x48:r=24:d=3,format=yuv420p", &plain);
    drawn(&stage, "plain.mkv", "testsrc=s=64x48:r=24:d=3,format=yuv420p", &plain);
    drawn(&stage, "dropped.mkv", "testsrc=s=64x48:r=30000/1001:d=3,format=yuv420p", &dropped);
    for (source, code) in
        [("plain.mov", "01:00:02:12"), ("plain.mkv", "01:00:02:12"), ("dropped.mkv", "00:59:00;17")]
    {
        for result in ["out.mov", "out.mkv"] {
            let args = [source, "-o", result, "--lossless", "--overwrite", "--everywhere", "--from", "2.5"];
            stage.run(&args).code(0);
            let entries = ["-show_entries", "stream_tags=timecode:format_tags=timecode"];
            let (path, form) = (stage.path(result), ["-v", "error", "-of", "csv=p=0"]);
            let shown = printed("ffprobe", &[&form[..], &entries, &[path.to_str().unwrap()]].concat());
            assert!(shown.lines().any(|line| line == code), "{source} → {result}: {shown}");
        }
    }
}
