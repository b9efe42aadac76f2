//! Videos through decoder, encoder and joining with the installed `FFmpeg`.
//!
//! Nothing but the frames may change.

#![allow(missing_docs, clippy::unwrap_used, clippy::print_stdout)]

mod faults;
mod kept;
mod rate;

use std::path::{Path, PathBuf};
use std::process::Command;

use unband_io::Limits;
use unband_video::{
    DecodeOptions, Decoder, Encoder, Encoding, Ffmpeg, OtherStreams, Programs, Purpose, Segment,
    StreamChoice, VideoFile,
};

/// The videos of the repository.
const VIDEOS: [&str; 4] =
    ["sky_pan_h264.mkv", "fog_zoom_fade_vfr_hevc.mp4", "bokeh_fade_vp9.webm", "sunset_pan_hdr10.mkv"];

/// Path of one of them.
fn file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../golden/film").join(name)
}

/// Whether `FFmpeg` is installed; reports it if not.
fn have_ffmpeg() -> bool {
    let have = Ffmpeg::find(&Programs::default()).is_ok();
    if !have {
        unband_skips::program("ffmpeg");
    }
    have
}

/// Output of a program, which must succeed.
fn printed(program: &str, args: &[&str]) -> String {
    let output = Command::new(program).args(args).output().unwrap();
    assert!(output.status.success(), "{program} {args:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// All frames of a video and their times.
fn decode(file: &VideoFile) -> (Vec<i64>, Vec<Vec<u8>>) {
    let mut decoder = Decoder::open(file, &DecodeOptions::default(), &Limits::default()).unwrap();
    let (mut times, mut frames, mut buffer) = (Vec::new(), Vec::new(), Vec::new());
    while let Some(ticks) = decoder.next_frame(&mut buffer).unwrap() {
        times.push(ticks);
        frames.push(buffer.clone());
    }
    (times, frames)
}

/// The video re-encoded in segments of this many frames, with `args` for `FFmpeg`, and joined again.
fn copied(path: &Path, args: &[&str], bits: u8, each: usize, output: &Path) -> VideoFile {
    let file = unband_video::probe(path, &Programs::default()).unwrap();
    let ffmpeg = Ffmpeg::find(&Programs::default()).unwrap();
    let args: Vec<String> = args.iter().map(ToString::to_string).collect();
    let encoding = Encoding::choose(&file.video, output, Purpose::Player, &args, bits, &ffmpeg).unwrap();
    let times = unband_video::Times { keep_start: true, part: None };
    let file = file.with_timeline(&encoding, times, &Programs::default());
    let decoder = Decoder::open(&file, &DecodeOptions::default(), &Limits::default()).unwrap();
    let format = *decoder.format();
    drop(decoder);
    let to = format.with_bits(bits).unwrap();
    let (times, frames) = decode(&file);
    let folder = tempfile::tempdir().unwrap();
    let mut segments: Vec<Segment> = Vec::new();
    let mut wide = Vec::new();
    for (i, (times, frames)) in times.chunks(each).zip(frames.chunks(each)).enumerate() {
        let path = folder.path().join(format!("{i}.seg"));
        let mut encoder = Encoder::new(&file, &to, &encoding, &path, &Programs::default()).unwrap();
        for (&ticks, frame) in times.iter().zip(frames) {
            format.widen(frame, &to, &mut wide).unwrap();
            encoder.write_frame(ticks, &wide).unwrap();
        }
        segments.push(encoder.finish().unwrap());
    }
    let (choice, programs) = (StreamChoice::default(), Programs::default());
    let other_streams =
        OtherStreams::check(&file, &encoding, &choice, output, false, &ffmpeg, &programs).unwrap();
    unband_video::join(&file, &segments, &other_streams, None, &encoding, &ffmpeg, output).unwrap();
    file
}
