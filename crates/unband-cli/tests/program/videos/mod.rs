//! Videos: outputs besides the frames, unchanged data, and failures.

mod alpha;
mod animations;
#[cfg(target_os = "linux")]
mod busy;
mod chosen;
mod damaged;
mod destinations;
#[cfg(unix)]
mod disk;
mod expected;
mod faults;
mod folders;
mod frames;
mod grain;
mod kept;
mod names;
mod notes;
mod only;
#[cfg(unix)]
mod page;
mod parts;
mod piped;
mod playlists;
mod preview;
#[cfg(unix)]
mod private;
#[cfg(unix)]
mod programs;
mod refusals;
#[cfg(target_os = "linux")]
mod resume;
mod said;
mod segments;
#[cfg(target_os = "linux")]
mod signals;
mod tags;
mod timeline;
mod unusual;
#[cfg(unix)]
mod unverified;
mod upscaled;

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::stage::{Ran, Stage, has, root};

/// One of the videos of the repository.
pub(crate) fn video(name: &str) -> PathBuf {
    root().join("golden/film").join(name)
}

/// A video, copied into the stage.
pub(crate) fn staged(stage: &Stage, name: &str, to: &str) -> String {
    std::fs::copy(video(name), stage.path(to)).unwrap();
    to.to_owned()
}

/// The output of ffmpeg or ffprobe; they must succeed.
pub(crate) fn printed(program: &str, args: &[&str]) -> String {
    let output = Command::new(program).args(args).output().unwrap();
    assert!(output.status.success(), "{program} {args:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// A hash for each frame of a video, in a pixel format.
pub(crate) fn sums(path: &Path, pix_fmt: &str) -> Vec<String> {
    let path = path.to_str().unwrap();
    let text = printed(
        "ffmpeg",
        &[
            "-v",
            "error",
            "-i",
            path,
            "-map",
            "0:v:0",
            "-fps_mode",
            "passthrough",
            "-pix_fmt",
            pix_fmt,
            "-f",
            "framemd5",
            "-",
        ],
    );
    let sums = text.lines().filter(|line| !line.starts_with('#'));
    sums.filter_map(|line| line.rsplit(',').next()).map(|sum| sum.trim().to_owned()).collect()
}

/// Times of all frames in seconds.
pub(crate) fn times(path: &Path) -> Vec<String> {
    let entries = ["-show_entries", "frame=pts_time", "-of", "csv=p=0", path.to_str().unwrap()];
    let text = printed("ffprobe", &[&["-v", "error", "-select_streams", "v:0"][..], &entries].concat());
    text.lines().map(|line| line.trim_end_matches(',').to_owned()).filter(|line| !line.is_empty()).collect()
}

/// Three shots of gradients of eleven seconds each, five frames a second, with audio.
pub(crate) fn three_shots(stage: &Stage, name: &str) -> PathBuf {
    let path = stage.path(name);
    let graph = "gradients=s=96x64:r=5:d=11:c0=0x203040:c1=0x405060:x0=0:x1=95:y0=0:y1=0:speed=0.00001[a];\
                 gradients=s=96x64:r=5:d=11:c0=0x804020:c1=0xa06040:x0=0:x1=0:y0=0:y1=63:speed=0.00001[b];\
                 gradients=s=96x64:r=5:d=11:c0=0x103010:c1=0x306030:x0=0:x1=95:y0=0:y1=63:speed=0.00001[c];\
                 [a][b][c]concat=n=3,format=yuv420p[v];sine=r=8000:d=33[s]";
    let args = [
        "-v",
        "error",
        "-filter_complex",
        graph,
        "-map",
        "[v]",
        "-map",
        "[s]",
        "-c:v",
        "libx264",
        "-crf",
        "30",
    ];
    printed("ffmpeg", &[&args[..], &["-c:a", "aac", path.to_str().unwrap()]].concat());
    path
}

/// Is `FFmpeg` there to process videos? Prints a note if not.
pub(crate) fn can() -> bool {
    has("ffmpeg")
}

/// Checks that there is no result and no unfinished work.
#[track_caller]
pub(crate) fn left_nothing(stage: &Stage, before: &[String]) {
    assert_eq!(stage.names(), before);
}

#[track_caller]
pub(crate) fn refused(stage: &Stage, args: &[&str], code: i32, says: &[&str]) {
    let before = stage.names();
    let mut ran: Ran = stage.run(args).code(code);
    for text in says {
        ran = ran.says(text);
    }
    left_nothing(stage, &before);
}

/// A video made by ffmpeg.
pub(crate) fn make(stage: &Stage, name: &str, args: &[&str]) {
    let path = stage.path(name);
    printed("ffmpeg", &[&["-v", "error", "-y"][..], args, &[path.to_str().unwrap()]].concat());
}

/// The same without audio: a graph of filters, and the encoder options.
pub(crate) fn drawn(stage: &Stage, name: &str, graph: &str, encoder: &[&str]) {
    make(stage, name, &[&["-f", "lavfi", "-i", graph][..], encoder].concat());
}

/// Ten small frames, one second.
pub(crate) const TEN: &str = "testsrc=s=64x48:r=10:d=1,format=yuv420p";

/// Programs that still run on files of the stage.
#[cfg(target_os = "linux")]
pub(crate) fn running_in(stage: &Stage) -> Vec<String> {
    let folder = stage.0.path().to_str().unwrap();
    let processes = std::fs::read_dir("/proc").unwrap().flatten().map(|entry| entry.path().join("cmdline"));
    let commands =
        processes.filter_map(|path| Some(String::from_utf8_lossy(&std::fs::read(path).ok()?).into_owned()));
    commands.filter(|line| line.contains(folder)).collect()
}
