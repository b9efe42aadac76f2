//! Times that a player shows: audio and video in sync in every container, clocks that wrap or jump back,
//! long pauses. A flash and a beep at the same moment are found in the decoded file, by `FFmpeg` alone.

use super::*;

/// A black video with one white frame at 1 s, and a tone from then on.
const FLASH: [&str; 8] = [
    "-f",
    "lavfi",
    "-i",
    "color=black:s=96x64:r=10:d=2,drawbox=c=white:t=fill:enable='eq(n,10)',format=yuv420p",
    "-f",
    "lavfi",
    "-i",
    "aevalsrc=if(gte(t\\,1)\\,0.8*sin(6283*t)\\,0):s=48000:d=2",
];
const CODED: [&str; 8] = ["-c:v", "libx264", "-preset", "ultrafast", "-bf", "2", "-c:a", "ac3"];
const FAST: [&str; 2] = ["--ffmpeg-args", "-preset ultrafast"];

fn flashing(stage: &Stage, name: &str, more: &[&str]) {
    make(stage, name, &[&FLASH[..], &CODED, more].concat());
}

/// Raw bytes of a decoded stream.
fn raw(path: &Path, args: &[&str]) -> Vec<u8> {
    let input = ["-v", "error", "-i", path.to_str().unwrap()];
    let output = Command::new("ffmpeg").args(input).args(args).arg("-").output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

fn packets(path: &Path, stream: &str) -> Vec<f64> {
    let args =
        ["-v", "error", "-select_streams", stream, "-show_entries", "packet=pts_time", "-of", "csv=p=0"];
    let text = printed("ffprobe", &[&args[..], &[path.to_str().unwrap()]].concat());
    let mut times: Vec<f64> = text.split([',', '\n']).filter_map(|time| time.trim().parse().ok()).collect();
    times.sort_by(f64::total_cmp);
    times
}

/// Times of all flashes and of all beeps in a file, by decoding it.
fn moments(path: &Path) -> (Vec<f64>, Vec<f64>) {
    let luma = raw(
        path,
        &["-map", "0:v:0", "-vf", "scale=1:1,format=gray", "-fps_mode", "passthrough", "-f", "rawvideo"],
    );
    let shown: Vec<f64> = times(path).iter().map(|time| time.parse().unwrap()).collect();
    assert_eq!(luma.len(), shown.len(), "{}", path.display());
    let flashes = luma.iter().zip(&shown).filter(|(luma, _)| **luma > 128).map(|(_, time)| *time).collect();
    let sound = raw(
        path,
        &[
            "-map",
            "0:a:0",
            "-ac",
            "1",
            "-ar",
            "8000",
            "-af",
            "aresample=async=1:min_hard_comp=0.01",
            "-f",
            "u8",
        ],
    );
    let starts = packets(path, "a:0");
    // A tone begins where the 50 samples before were silent.
    let loud: Vec<bool> = sound.iter().map(|sample| sample.abs_diff(128) > 20).collect();
    let begins = (50..loud.len()).filter(|&i| loud[i] && !loud[i - 50..i].contains(&true));
    (flashes, begins.map(|i| starts[0] + i as f64 / 8000.0).collect())
}

/// Checks that a result shows the same flashes and beeps as its source, `shift` seconds later, and as many
/// frames at the same distances.
#[track_caller]
fn same_moments(stage: &Stage, source: &str, result: &str, shift: f64) {
    let ((flash, beep), (shown, heard)) = (moments(&stage.path(source)), moments(&stage.path(result)));
    assert!(!flash.is_empty() && flash.len() == shown.len(), "{result}: {flash:?} {shown:?}");
    for (was, is) in flash.iter().zip(&shown).chain(beep.iter().zip(&heard)) {
        assert!(
            (is - was - shift).abs() < 0.02,
            "{source} → {result}: {flash:?} {beep:?}, {shown:?} {heard:?}"
        );
    }
    assert_eq!(beep.len(), heard.len(), "{source} → {result}");
}

#[test]
fn audio_and_video_stay_in_sync_in_every_container() {
    if !can() {
        return;
    }
    let stage = Stage::new();
    flashing(&stage, "a.ts", &[]);
    flashing(&stage, "a.mp4", &[]);
    flashing(&stage, "late.mkv", &["-output_ts_offset", "5.5"]);
    let first = |name: &str| packets(&stage.path(name), "v:0")[0].min(packets(&stage.path(name), "a:0")[0]);
    for (source, result, kept, shift) in [
        ("a.ts", "out.ts", false, Some(0.0)),
        ("a.ts", "out.mp4", false, None),
        ("a.ts", "out.mp4", true, Some(0.0)),
        ("a.ts", "out.nut", false, Some(0.0)),
        ("a.mp4", "out.ts", false, Some(1.4)),
        ("a.mp4", "out.mkv", false, None),
        ("late.mkv", "out.ts", false, Some(0.0)),
        ("late.mkv", "out.mov", false, None),
        ("late.mkv", "out.mkv", false, None),
        ("late.mkv", "out.mkv", true, Some(0.0)),
    ] {
        let keep: &[&str] = if kept { &["--keep-start"] } else { &[] };
        stage.run(&[&[source, "-o", result, "--overwrite"], &FAST[..], keep].concat()).code(0);
        // All streams of a recording move alike, to 0.
        if shift.is_none() {
            // The priming of AC-3 may come before.
            assert!((-0.006..0.002).contains(&first(result)), "{result}: {}", first(result));
        }
        same_moments(&stage, source, result, shift.unwrap_or(-first(source).max(0.0)));
    }
}

#[test]
fn a_clock_that_wraps_is_unrolled() {
    if !can() {
        return;
    }
    let stage = Stage::new();
    // It wraps 0.7 s after the start.
    flashing(&stage, "wrap.ts", &["-output_ts_offset", "95443", "-muxdelay", "0"]);
    flashing(&stage, "plain.mkv", &[]);
    let first = packets(&stage.path("wrap.ts"), "v:0");
    assert!(first[0] < 0.0, "FFmpeg counts backwards from the wrap");
    for result in ["out.mkv", "out.mp4", "out.ts"] {
        stage.run(&[&["wrap.ts", "-o", result], &FAST[..]].concat()).code(0);
        let (shown, heard) = (packets(&stage.path(result), "v:0"), packets(&stage.path(result), "a:0"));
        assert_eq!(
            (shown.len(), heard.len()),
            (20, packets(&stage.path("wrap.ts"), "a:0").len()),
            "{result}"
        );
        assert!(shown[0] >= 0.0 && heard[0] > -0.001, "{result}: {shown:?}");
        let (was, is) = (moments(&stage.path("wrap.ts")), moments(&stage.path(result)));
        same_moments(&stage, "wrap.ts", result, is.0[0] - was.0[0]);
    }
}

#[test]
fn times_that_jump_back_continue_where_the_piece_before_ends() {
    if !can() {
        return;
    }
    let stage = Stage::new();
    let vob = ["-c:v", "mpeg2video", "-r", "25", "-q:v", "4", "-c:a", "ac3"];
    make(&stage, "a.vob", &[&FLASH[..], &vob].concat());
    // The same flash and beep; program streams give no times to some frames.
    flashing(&stage, "same.mkv", &[]);
    let (was_flash, was_beep) = moments(&stage.path("same.mkv"));
    // Of transport streams joined byte by byte FFmpeg reports damage at the seam.
    for (name, result) in [("a.vob", "vob.mkv"), ("a.vob", "vob.mp4"), ("a.vob", "vob.ts")] {
        let once = stage.read(name);
        let twice = format!("twice_{name}");
        stage.write(&twice, &[&once[..], &once].concat());
        let frames = packets(&stage.path(name), "v:0").len().max(times(&stage.path(name)).len());
        let record = &stage.run(&[&[&twice, "-o", result, "--json"], &FAST[..]].concat()).code(0).json()[0];
        assert_eq!(record["frames"], 2 * frames, "{result}");
        let shown = packets(&stage.path(result), "v:0");
        let steps: Vec<f64> = shown.windows(2).map(|pair| pair[1] - pair[0]).collect();
        let each = steps[0];
        assert!(steps.iter().all(|step| (step - each).abs() < 0.08), "{result}: {steps:?}");
        let (flash, beep) = moments(&stage.path(result));
        assert!(flash.len().is_multiple_of(2) && beep.len() == 2, "{result}: {flash:?} {beep:?}");
        let offset = was_beep[0] - was_flash[0];
        for (flash, beep) in [(flash[0], beep[0]), (flash[flash.len() / 2], beep[1])] {
            assert!(
                (beep - flash - offset).abs() < 0.035,
                "{result}: {flash} {beep}, {offset} in the source"
            );
        }
    }
}

/// Numbers the packets of a transport stream again, so that no demuxer takes a seam for a loss.
fn count_on(stream: &mut [u8]) {
    let mut counters = std::collections::HashMap::new();
    for packet in stream.chunks_exact_mut(188) {
        let counter = counters.entry([packet[1] & 0x1F, packet[2]]).or_insert(15u8);
        if packet[3] & 0x10 != 0 {
            *counter = (*counter + 1) & 15;
        }
        packet[3] = packet[3] & 0xF0 | *counter;
    }
}

#[test]
fn a_clock_that_jumps_ahead_by_hours_continues_without_a_pause() {
    if !can() {
        return;
    }
    let stage = Stage::new();
    // Audio at 44.1 kHz has ticks of its own in MP4.
    let sound = ["-ar", "44100"];
    flashing(&stage, "a.ts", &sound);
    flashing(&stage, "b.ts", &[&sound[..], &["-output_ts_offset", "36000"]].concat());
    let mut spliced = [stage.read("a.ts"), stage.read("b.ts")].concat();
    count_on(&mut spliced);
    stage.write("spliced.ts", &spliced);
    for result in ["out.mp4", "out.mkv"] {
        stage.run(&[&["spliced.ts", "-o", result], &FAST[..]].concat()).code(0);
        let (flash, beep) = moments(&stage.path(result));
        assert!(flash.len() == 2 && beep.len() == 2, "{result}: {flash:?} {beep:?}");
        assert!((flash[1] - flash[0] - (beep[1] - beep[0])).abs() < 0.035, "{result}: {flash:?} {beep:?}");
    }
}

#[test]
fn pauses_of_minutes_and_slides_keep_their_times() {
    if !can() {
        return;
    }
    let stage = Stage::new();
    let gaps = "settb=1/90000,setpts='(N*0.04+gte(N,4)*20+gte(N,8)*60)/TB'";
    let slides = "settb=1/90000,setpts='N*10/TB'";
    for (name, times_of) in [("pause.mp4", gaps), ("slides.mov", slides)] {
        let filter = ["-vf", times_of, "-fps_mode", "passthrough", "-enc_time_base", "1/90000"];
        let scale = ["-video_track_timescale", "90000", "-c:v", "libx264", "-frames:v", "12"];
        let source = ["-f", "lavfi", "-i", "testsrc=s=64x48:r=12:d=1,format=yuv420p"];
        // FFmpeg 7 gives the last frame no duration, and an edit list that ends before it.
        let lasts = ["-bsf:v", "setts=pts=PTS:dts=DTS:duration=7500"];
        make(&stage, name, &[&source[..], &filter, &scale, &lasts].concat());
        let was = packets(&stage.path(name), "v:0");
        assert!(was.len() == 12 && was[11] > 80.0, "{was:?}");
        for result in ["out.mp4", "out.mkv", "out.ts"] {
            stage.run(&[&[name, "-o", result, "--overwrite"], &FAST[..]].concat()).code(0);
            let is = packets(&stage.path(result), "v:0");
            let lead = is[0] - was[0];
            assert!(
                is.len() == 12 && is.iter().zip(&was).all(|(is, was)| (is - was - lead).abs() < 0.002),
                "{name} → {result}: {is:?}, {was:?}"
            );
        }
        stage.run(&[name, "-o", "out.mov", "--lossless", "--overwrite"]).code(0);
        assert_eq!(packets(&stage.path("out.mov"), "v:0"), was, "{name}");
    }
}

#[test]
fn matroska_and_webm_declare_the_exact_rate_with_every_codec() {
    if !can() {
        return;
    }
    let stage = Stage::new();
    for (rate, exact) in [("24000/1001", "41708333"), ("30000/1001", "33366667")] {
        // Time stamps in milliseconds.
        let source = format!("testsrc=s=96x64:r={rate}:d=0.5,format=yuv420p");
        drawn(&stage, "in.mkv", &source, &["-c:v", "libx264", "-preset", "ultrafast"]);
        for (output, args) in [
            ("ffv1.mkv", &["--lossless"][..]),
            ("x265.mkv", &FAST[..]),
            ("av1.webm", &["--ffmpeg-args", "-c:v libsvtav1 -preset 12"][..]),
            ("vp9.webm", &["--ffmpeg-args", "-c:v libvpx-vp9 -cpu-used 8"][..]),
        ] {
            stage.run(&[&["in.mkv", "-o", output, "--overwrite"], args].concat()).code(0);
            let path = stage.path(output);
            let asked = ["-v", "error", "-show_entries", "stream=r_frame_rate,avg_frame_rate", "-of"];
            let found = printed("ffprobe", &[&asked[..], &["csv=p=0", path.to_str().unwrap()]].concat());
            assert_eq!(found.trim(), format!("{rate},{rate}"), "{output}");
            // The nanoseconds of a frame, in 4 bytes.
            let element = [&[0x23, 0xE3, 0x83, 0x84][..], &exact.parse::<u32>().unwrap().to_be_bytes()];
            let bytes = stage.read(output);
            assert!(bytes.windows(8).any(|part| part == element.concat()), "{output}");
        }
    }
}

#[test]
fn nut_files_begin_late_enough_for_frames_that_are_decoded_first() {
    if !can() {
        return;
    }
    let stage = Stage::new();
    flashing(&stage, "a.mp4", &[]);
    stage
        .run(&["a.mp4", "-o", "out.nut", "--ffmpeg-args", "-preset ultrafast -x265-params bframes=3"])
        .code(0);
    same_moments(&stage, "a.mp4", "out.nut", 1.4);
}
