//! Valid but unusual videos: tiny, of one frame, with odd times or several video streams.

use super::*;

/// Runs losslessly, and checks that each frame keeps its time. Returns the result's name.
#[track_caller]
fn keeps_times(stage: &Stage, name: &str) -> String {
    let output = format!("{name}.out.mkv");
    let args = [name, "--lossless", "-o", &output, "--keep-start", "--json"];
    let record = &stage.run(&args).code(0).json()[0];
    let (before, after) = (times(&stage.path(name)), times(&stage.path(&output)));
    assert_eq!(record["frames"].as_u64(), Some(after.len() as u64), "{name}");
    assert_eq!(before, after, "{name}");
    output
}

#[test]
fn tiny_videos_and_videos_of_one_frame_are_videos() {
    if !can() {
        return;
    }
    let stage = Stage::new();
    for size in ["1x1", "3x5", "17x9"] {
        let name = format!("{size}.mkv");
        drawn(
            &stage,
            &name,
            &format!("color=gray:s=64x48:r=5:d=1,scale={},format=yuv444p", size.replace('x', ":")),
            &["-c:v", "ffv1"],
        );
        let output = keeps_times(&stage, &name);
        let clip = unband_video::probe(&stage.path(&output), &unband_io::Programs::default()).unwrap();
        assert_eq!(format!("{}x{}", clip.video.width, clip.video.height), size);
    }
    // Encoders with larger minimum sizes report them.
    let encoded = ["1x1.mkv", "-o", "out.mkv", "--for", "web"];
    refused(&stage, &encoded, 1, &["out.mkv: FFmpeg cannot encode", "--lossless"]);
    drawn(&stage, "one.mkv", TEN, &["-frames:v", "1", "-c:v", "libx264"]);
    assert_eq!(times(&stage.path(&keeps_times(&stage, "one.mkv"))).len(), 1);
}

#[test]
fn odd_times_stay_as_they_are() {
    if !can() {
        return;
    }
    let stage = Stage::new();
    let ffv1 = ["-c:v", "ffv1"];
    // Shown at nearly the same time, and before 0.
    let twice = "setts=pts='if(eq(N,5),PREV_OUTPTS,PTS)':dts=DTS";
    drawn(&stage, "twice.mkv", TEN, &[&ffv1[..], &["-bsf:v", twice]].concat());
    keeps_times(&stage, "twice.mkv");
    let early = ["-output_ts_offset", "-0.5", "-avoid_negative_ts", "disabled"];
    drawn(&stage, "early.mkv", TEN, &[&ffv1[..], &early].concat());
    keeps_times(&stage, "early.mkv");
    assert!(times(&stage.path("early.mkv"))[0].starts_with('-'));
    // An edit list that begins between key frames, with frames that are stored in another order than shown.
    drawn(&stage, "whole.mp4", TEN, &["-c:v", "libx264", "-g", "8", "-bf", "3"]);
    let whole = stage.path("whole.mp4");
    make(&stage, "edited.mp4", &["-ss", "0.35", "-i", whole.to_str().unwrap(), "-c", "copy"]);
    keeps_times(&stage, "edited.mp4");
}

#[test]
fn videos_without_times_have_frames_one_after_the_other() {
    if !can() {
        return;
    }
    let stage = Stage::new();
    drawn(&stage, "bare.m2v", TEN, &["-c:v", "mpeg2video"]);
    drawn(&stage, "bare.h264", TEN, &["-c:v", "libx264"]);
    let bare = stage.path("bare.h264");
    make(&stage, "bare.avi", &["-i", bare.to_str().unwrap(), "-c", "copy"]);
    for name in ["bare.m2v", "bare.h264", "bare.avi"] {
        let args = [name, "--lossless", "-o", "out.mkv", "--overwrite", "--json"];
        assert_eq!(stage.run(&args).code(0).json()[0]["frames"], 10, "{name}");
        let times: Vec<f64> =
            times(&stage.path("out.mkv")).iter().map(|time| time.parse().unwrap()).collect();
        assert!(times.len() == 10 && times.windows(2).all(|pair| pair[0] < pair[1]), "{name}: {times:?}");
    }
}

#[test]
fn of_several_streams_of_images_the_main_one_changes() {
    if !can() {
        return;
    }
    let stage = Stage::new();
    let other = "testsrc2=s=96x64:r=10:d=1,format=yuv420p";
    let args =
        ["-f", "lavfi", "-i", TEN, "-f", "lavfi", "-i", other, "-map", "0", "-map", "1", "-c:v", "ffv1"];
    make(&stage, "two.mkv", &[&args[..], &["-disposition:v:0", "0", "-disposition:v:1", "0"]].concat());
    stage
        .run(&["two.mkv", "--lossless", "--depth", "8", "-m", "gradfun:strength=60", "-o", "out.mkv"])
        .code(0);
    let packets = |name: &str, stream: &str| {
        let path = stage.path(name);
        let args = ["-v", "error", "-i", path.to_str().unwrap(), "-map", stream, "-f", "framemd5", "-"];
        printed("ffmpeg", &args)
    };
    assert_eq!(packets("two.mkv", "0:0"), packets("out.mkv", "0:0"));
    assert_ne!(packets("two.mkv", "0:1"), packets("out.mkv", "0:1"), "the larger one");
}

#[test]
fn a_part_far_from_its_key_frame_has_the_frames_of_the_whole() {
    if !can() {
        return;
    }
    let stage = Stage::new();
    let graph = "testsrc=s=64x48:r=5:d=30,format=yuv420p";
    drawn(
        &stage,
        "film.mkv",
        graph,
        &["-c:v", "libx264", "-g", "1000", "-keyint_min", "1000", "-sc_threshold", "0"],
    );
    let plain = ["--lossless", "--depth", "8", "-m", "gradfun"];
    stage.run(&[&["film.mkv", "-o", "part.mkv", "--from", "22", "--to", "24"], &plain[..]].concat()).code(0);
    stage.run(&[&["film.mkv", "-o", "whole.mkv"], &plain[..]].concat()).code(0);
    let (part, whole) = (sums(&stage.path("part.mkv"), "yuv420p"), sums(&stage.path("whole.mkv"), "yuv420p"));
    assert_eq!(part, whole[110..120]);
    // There is nothing after the end.
    let before = stage.names();
    stage
        .run(&["film.mkv", "-o", "late.mkv", "--from", "60", "--lossless"])
        .code(1)
        .says("film.mkv")
        .says("60");
    left_nothing(&stage, &before);
}
