//! What a film is: `ffprobe` says it, this makes types of it.
//!
//! Two questions are asked: one about the file, one about the first frames of its main stream of pictures, as some metadata
//! is in frames only.

mod color;
mod film;
mod hdr;
mod json;
mod read;
#[cfg(test)]
mod tests;

use std::ffi::OsString;
use std::io;
use std::path::Path;
use std::time::Duration;

use serde_json::Value;

pub use film::{FieldOrder, Film, Stream, StreamKind, Video};
pub use hdr::{DynamicHdr, content_light_words, svt_mastering_display, x265_master_display};

use super::VideoError;
use super::ffmpeg::FFPROBE;
use crate::Error;
use crate::program::Room;
use json::Node;

pub(super) const INSTALL: &str =
    "install FFmpeg 5.1 or newer (`apt install ffmpeg`, `brew install ffmpeg`, `winget install ffmpeg`)";

/// Long enough for a film on a slow disk.
const MOST: Duration = Duration::from_mins(2);
/// No answer is as long: pixel formats take 0.1 MiB.
const ANSWER_BYTES: u64 = 64 << 20;
/// Packets that are decoded, and as many where these give no frame: recordings may begin far from a key frame.
const PACKETS: [u32; 2] = [8, 600];
/// `libavcodec` of `FFmpeg` 5.1, which brought the option `-fps_mode`; the one that it replaces is going away.
const OLDEST: (i64, i64) = (59, 37);

/// Describes a film.
///
/// # Errors
/// No `ffprobe` or an old one, files that cannot be read, that are no film to `FFmpeg` or only a picture, without a stream of
/// pictures, or none of whose first frames can be decoded. Interlaced films and those with dynamic HDR are described; see
/// [`Film::check_progressive`] and [`Film::check_dynamic_hdr`].
pub fn probe(path: &Path) -> Result<Film, VideoError> {
    exists(path).map_err(|source| Error::Io { action: "read", source }.in_file(path))?;
    let about_file = [
        "-show_program_version",
        "-show_library_versions",
        "-show_pixel_formats",
        "-show_streams",
        "-show_format",
        "-show_chapters",
    ];
    let answer = ask(path, &about_file)?;
    let answer = Node::new(&answer);
    check_version(path, answer)?;
    let main = read::main_stream(path, answer)?;
    let frames = first_frames(path, main)?;
    describe(path, answer, main, Node::new(&frames))
}

/// The film, once both questions are answered.
fn describe(path: &Path, answer: Node<'_>, main: usize, frames: Node<'_>) -> Result<Film, VideoError> {
    let path_buf = || path.to_owned();
    match frames.list("frames").count() {
        count if read::is_picture(answer, main, count) => Err(VideoError::Picture { path: path_buf() }),
        0 => Err(VideoError::NoFrames { path: path_buf(), stream: main, packets: PACKETS[1] }),
        _ => Ok(read::film(path, answer, main, frames)),
    }
}

/// Folders can be opened but are nothing to `ffprobe`, and it would take other names for addresses.
fn exists(path: &Path) -> io::Result<()> {
    if std::fs::File::open(path)?.metadata()?.is_dir() {
        Err(io::ErrorKind::IsADirectory.into())
    } else {
        Ok(())
    }
}

fn first_frames(path: &Path, stream: usize) -> Result<Value, VideoError> {
    let stream = stream.to_string();
    let mut frames = Value::Null;
    for packets in PACKETS {
        let interval = format!("%+#{packets}");
        let about_frames = ["-show_frames", "-select_streams", &stream, "-read_intervals", &interval];
        frames = ask(path, &about_frames)?;
        if Node::new(&frames).list("frames").next().is_some() {
            break;
        }
    }
    Ok(frames)
}

/// Runs `ffprobe` on the file, which keeps to files even where a playlist wants more.
fn ask(path: &Path, question: &[&str]) -> Result<Value, VideoError> {
    let absolute =
        std::path::absolute(path).map_err(|source| Error::Io { action: "find", source }.in_file(path))?;
    let mut input = OsString::from("file:");
    input.push(&absolute);
    let quiet = ["-v", "error", "-of", "json=compact=1", "-protocol_whitelist", "file,crypto,data"];
    let mut args: Vec<OsString> = quiet.iter().chain(question).map(OsString::from).collect();
    args.extend(["-i".into(), input.clone()]);
    let room = Room::new().map_err(|error| error.in_file(path))?;
    let answer = FFPROBE.ask(&room, &args, ANSWER_BYTES, MOST).map_err(|error| match error {
        Error::Program { message, .. } => not_film(path, &message, &input.to_string_lossy()),
        other => other.in_file(path).into(),
    })?;
    serde_json::from_slice(&answer).map_err(|error| {
        if error.is_eof() {
            let message = "its answer is cut off: there is no room for temporary files".to_owned();
            return Error::Program { program: FFPROBE.names[0], message }.in_file(path).into();
        }
        not_film(path, &format!("ffprobe's answer: {error}"), "")
    })
}

/// What `ffprobe` said, without the name that it knows the file by.
fn not_film(path: &Path, message: &str, input: &str) -> VideoError {
    let message =
        if input.is_empty() { message.to_owned() } else { message.replace(&format!("{input}: "), "") };
    VideoError::NotFilm { path: path.to_owned(), message }
}

/// Versions of `libavcodec` grow in development too, where that of the program is only a date.
fn check_version(path: &Path, answer: Node<'_>) -> Result<(), VideoError> {
    let libavcodec =
        answer.list("library_versions").find(|library| library.text("name") == Some("libavcodec"));
    let number = |key| libavcodec?.whole(key);
    match (number("major"), number("minor")) {
        (Some(major), Some(minor)) if (major, minor) < OLDEST => {
            let version = answer.at("program_version").text("version").unwrap_or("one without a version");
            Err(VideoError::TooOld { path: path.to_owned(), version: version.to_owned() })
        }
        _ => Ok(()),
    }
}
