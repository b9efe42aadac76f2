//! NUT exchanged with the installed `ffmpeg` in both directions.

use std::io::Write;
use std::process::{Command, Output, Stdio};
use unband_image::Hint;

use unband_io::Error;
use unband_video::{PIXEL_FORMATS, PixelFormat};

use super::{header, read_all, write_all};

/// As the video job requests frames.
const AS_THEY_ARE: &[&str] = &["-c:v", "rawvideo", "-copyts", "-fps_mode", "passthrough"];

/// Whether it is installed; reports it if not.
fn installed() -> bool {
    let found = ["ffmpeg", "ffprobe"].iter().all(|name| {
        Command::new(name).arg("-version").stdout(Stdio::null()).status().is_ok_and(|status| status.success())
    });
    if !found {
        unband_skips::program("ffmpeg");
    }
    found
}

/// Runs a program at a log level, with some standard input. It must print no messages.
fn run(program: &str, level: &str, args: &[&str], input: &[u8]) -> Vec<u8> {
    let mut command = Command::new(program);
    command.args(["-v", level]).args(args);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut to = child.stdin.take().unwrap();
    let Output { status, stdout, stderr } = std::thread::scope(|scope| {
        // A program that has read enough closes its end.
        scope.spawn(move || drop(to.write_all(input)));
        child.wait_with_output().unwrap()
    });
    let said = String::from_utf8_lossy(&stderr);
    assert!(status.success() && said.is_empty(), "{program} {args:?}: {said}");
    stdout
}

/// A test image as NUT, and the same as raw bytes.
fn made(source: &str, filter: &str, format: &str, more: &[&str]) -> (Vec<u8>, Vec<u8>) {
    let input = ["-f", "lavfi", "-i", source];
    let filter = format!("{filter},format={format}");
    let common = [&input[..], &["-vf", &filter], AS_THEY_ARE, more].concat();
    let output = |kind| run("ffmpeg", "error", &[&common[..], &["-f", kind, "-"]].concat(), &[]);
    let raw = [&input[..], &["-vf", &filter, "-fps_mode", "passthrough", "-f", "rawvideo", "-"]].concat();
    (output("nut"), run("ffmpeg", "error", &raw, &[]))
}

/// Timestamps and time base from `ffprobe`.
fn probed(stream: &[u8]) -> (Vec<u64>, String) {
    let show = |what: &str| {
        let args = ["-f", "nut", "-select_streams", "v", "-show_entries", what, "-of", "csv=p=0", "-i", "-"];
        String::from_utf8(run("ffprobe", "warning", &args, stream)).unwrap()
    };
    let times = show("frame=pts");
    let times = times.lines().map(|line| line.trim_end_matches(',').parse().unwrap()).collect();
    (times, show("stream=time_base").trim().to_owned())
}

/// A stream as `ffmpeg` reads it: header lines, then time and checksum of each frame.
fn sums(stream: &[u8]) -> String {
    let (_, base) = probed(stream);
    let args = [
        "-f",
        "nut",
        "-i",
        "-",
        "-map",
        "0:v",
        "-copyts",
        "-fps_mode",
        "passthrough",
        // FFmpeg before 8 also takes -1, later ones also `demux`.
        "-enc_time_base",
        &base,
    ];
    let said = run("ffmpeg", "warning", &[&args[..], &["-f", "framemd5", "-"]].concat(), stream);
    String::from_utf8(said).unwrap()
}

#[test]
fn every_format_has_the_code_that_ffmpeg_writes() {
    if !installed() {
        return;
    }
    for format in PIXEL_FORMATS {
        let (stream, raw) = made("testsrc=s=17x7:d=0.08", "null", format.name, &[]);
        let (header, times, bytes) = read_all(&stream).unwrap();
        assert_eq!(header.format, format);
        assert_eq!((header.width, header.height, times.len()), (17, 7, 2), "{}", format.name);
        assert!(bytes == raw, "{}", format.name);
    }
    for name in ["yuvj420p", "yuvj422p", "yuvj444p"] {
        let (stream, raw) = made("testsrc=s=17x7:d=0.08", "null", name, &[]);
        let (header, _, bytes) = read_all(&stream).unwrap();
        assert_eq!(Some(header.format), PixelFormat::by_name(name));
        assert!(bytes == raw, "{name}");
    }
}

#[test]
fn formats_without_a_code_of_their_own_and_coded_video_are_refused() {
    if !installed() {
        return;
    }
    for (format, codec) in [("p010le", "rawvideo"), ("yuv440p12le", "rawvideo"), ("yuv420p", "mpeg4")] {
        let (stream, _) = made("testsrc=s=32x16:d=0.04", "null", format, &["-c:v:0", codec]);
        let error = read_all(&stream).unwrap_err();
        assert!(matches!(error, Error::Unsupported { .. }), "{format} {codec}: {error}");
        assert!(error.hint().unwrap().contains("-pix_fmt yuv420p10le"));
    }
}

#[test]
fn variable_rates_and_odd_sizes_are_read_and_written_as_ffmpeg_does() {
    if !installed() {
        return;
    }
    for (source, filter, format, more) in [
        ("testsrc=s=161x91:r=30000/1001:d=1.2", "select='mod(n,3)'", "yuv420p", &[][..]),
        ("testsrc=s=35x21:r=24:d=2", "select='not(mod(n,7))+eq(n,9)',setsar=16/11", "yuv444p16le", &[]),
        ("testsrc=s=19x13:r=50:d=1", "select='mod(n,5)',setpts=PTS+1000", "gray10le", &[]),
        ("testsrc=s=640x359:r=25:d=0.4", "settb=1/90000,setpts=N*N*3601", "gbrp12le", &[]),
        // Version 4: without syncpoints, or with the time of day in them.
        ("testsrc=s=33x17:r=25:d=1", "null", "yuv422p", &["-syncpoints", "none", "-strict", "-2"]),
        ("testsrc=s=33x17:r=25:d=1", "null", "yuva420p", &["-syncpoints", "timestamped", "-strict", "-2"]),
    ] {
        let (stream, raw) = made(source, filter, format, more);
        let (header, times, bytes) = read_all(&stream).unwrap();
        assert!(bytes == raw && !times.is_empty(), "{source} {format}");
        let expected = (times.clone(), format!("{}/{}", header.time_base.0, header.time_base.1));
        if more.is_empty() {
            assert_eq!(probed(&stream), expected, "{source}");
        }
        let again = write_all(&header, &times, &bytes);
        assert_eq!(probed(&again), expected, "{source}");
        if more.is_empty() {
            assert_eq!(sums(&again), sums(&stream), "{source}");
        }
    }
}

#[test]
fn ffmpeg_takes_every_format_from_here_without_a_word() {
    if !installed() {
        return;
    }
    for format in PIXEL_FORMATS {
        let mut header = header(format.name, 37, 23);
        header.time_base = (1001, 30000);
        header.aspect = (8, 9);
        let size = header.frame_bytes().unwrap();
        // Samples that are valid at any depth.
        let bytes: Vec<u8> =
            (0..3 * size).map(|i| if format.bits > 8 && i % 2 == 1 { 0 } else { i as u8 }).collect();
        let stream = write_all(&header, &[3, 4, 9], &bytes);
        let args = ["-f", "nut", "-i", "-", "-fps_mode", "passthrough", "-f", "rawvideo", "-"];
        assert!(run("ffmpeg", "warning", &args, &stream) == bytes, "{}", format.name);
    }
}
