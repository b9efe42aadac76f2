//! Video properties, from `ffprobe`.
//!
//! `ffprobe` runs twice: for the file, and for the first frames of its main video stream, as some metadata is
//! only in frames.

mod color;
mod hdr;
mod json;
mod read;
#[cfg(test)]
mod tests;
mod video_file;

use std::io::{self, Read};
use std::path::Path;
use std::time::Duration;

use serde_json::Value;

pub use hdr::{DynamicHdr, content_light_words, svt_mastering_display, x265_master_display};
pub(super) use video_file::shell;
pub use video_file::{FieldOrder, Stream, StreamKind, Video, VideoFile};

use super::ffmpeg::{Args, FFPROBE, file_name, is_opened};
use super::release::Release;
use super::{Ffmpeg, Images, Samples, VideoError, hidden, sniff};
pub(super) use json::Node;
use unband_io::process::Room;
use unband_io::{Error, Programs};

/// Ample time for a video on a slow disk.
const MOST: Duration = Duration::from_mins(2);
/// Limit on an answer: pixel formats take 0.1 MiB.
const ANSWER_BYTES: u64 = 64 << 20;
/// Number of packets decoded, and the number if these give no frame: recordings may begin far from a key
/// frame.
const PACKETS: [u32; 2] = [8, 600];

/// Describes a video. `ffprobe` is run as one of the job's `programs`.
///
/// # Errors
/// No `ffprobe` or an old one. Files that cannot be read, that are text, in none of the opened containers, or
/// not video to `FFmpeg`. Single images, files without a video stream, or none of whose first frames can be
/// decoded. Interlaced videos and those with dynamic HDR are described; see [`VideoFile::check_progressive`]
/// and [`VideoFile::check_dynamic_hdr`].
pub fn probe(path: &Path, programs: &Programs) -> Result<VideoFile, VideoError> {
    probe_as(path, None, programs)
}

/// Describes the video that numbered images form; `path` is their folder or pattern.
///
/// # Errors
/// As [`probe`].
pub fn probe_images(path: &Path, images: Images, programs: &Programs) -> Result<VideoFile, VideoError> {
    let file = probe_as(path, Some(&images), programs)?;
    let mut video = Video { frames: Some(images.count()), ..file.video };
    // RGB has no matrix, although image files declare one.
    if video.samples == Some(Samples::Rgb) {
        video.matrix = None;
    }
    Ok(VideoFile { images: Some(images), video, ..file })
}

fn probe_as(path: &Path, images: Option<&Images>, programs: &Programs) -> Result<VideoFile, VideoError> {
    let first = images.map(Images::head);
    let first = first.as_deref().unwrap_or(path);
    let head = head(first).map_err(|source| Error::Io { action: "read", source }.in_file(first))?;
    if let Some(what) = sniff::text_kind_of(&head) {
        return Err(VideoError::Text { path: path.to_owned(), what });
    }
    let about_file = [
        "-show_program_version",
        "-show_library_versions",
        "-show_pixel_formats",
        "-show_streams",
        "-show_format",
        "-show_chapters",
    ];
    let answer = ask((path, images), &about_file, programs).map_err(|error| match error {
        VideoError::NotVideo { message, .. } if message.contains(NOT_LISTED) => refused(path, &head),
        other => other,
    })?;
    let answer = Node::new(&answer);
    Release::of_answer(answer).check(&FFPROBE).map_err(|error| error.in_file(path))?;
    if images.is_none() && !is_opened(answer.at("format").text("format_name").unwrap_or_default()) {
        return Err(refused(path, &head));
    }
    let main = read::main_stream(path, answer)?;
    let frames = first_frames((path, images), main, programs)?;
    let mut file = describe(path, images.is_some(), answer, main, Node::new(&frames))?;
    if images.is_none() {
        find_alpha(&mut file, programs);
    }
    Ok(file)
}

/// Decoders of alpha in separate packets, by codec.
const ALPHA_DECODERS: [(&str, &str); 2] = [("vp8", "libvpx"), ("vp9", "libvpx-vp9")];

/// Chooses the decoder that gives alpha, where alpha is in separate packets: it decodes alpha of 8 bits in
/// 4:2:0. Without that decoder the video stays as it is.
fn find_alpha(file: &mut VideoFile, programs: &Programs) {
    let video = &mut file.video;
    let decoder = ALPHA_DECODERS.into_iter().find(|(codec, _)| *codec == video.codec);
    let separate = video.separate_alpha && !video.alpha && video.pix_fmt == "yuv420p";
    let Some((_, decoder)) = decoder.filter(|_| separate) else { return };
    // Without `ffmpeg` the video is described all the same.
    if Ffmpeg::decodes(decoder, programs).unwrap_or(false) {
        (video.pix_fmt, video.alpha, video.decoder) = ("yuva420p".to_owned(), true, Some(decoder));
    }
}

/// `FFmpeg`'s message about a container that it was not allowed to open.
const NOT_LISTED: &str = "not on whitelist";

fn refused(path: &Path, head: &[u8]) -> VideoError {
    let path = path.to_owned();
    if unband_io::detect(head).is_some() { VideoError::Image { path } } else { VideoError::Unopened { path } }
}

/// The video described by two answers, under the names `file` and `frames`. The answers are not trusted.
#[cfg(any(test, feature = "fuzzing"))]
pub(crate) fn answered(answers: &Value) -> Result<VideoFile, VideoError> {
    let (path, node) = (Path::new("a.mkv"), Node::new(answers));
    let file = node.at("file");
    Release::of_answer(file).check(&FFPROBE).map_err(|error| error.in_file(path))?;
    describe(path, false, file, read::main_stream(path, file)?, node.at("frames"))
}

/// Builds the description from both answers.
fn describe(
    path: &Path,
    images: bool,
    answer: Node<'_>,
    main: usize,
    frames: Node<'_>,
) -> Result<VideoFile, VideoError> {
    let path_buf = || path.to_owned();
    if !images && hidden::is_encrypted(path) {
        return Err(VideoError::Encrypted { path: path_buf() });
    }
    match frames.list("frames").count() {
        count if !images && read::is_image(answer, main, count) => {
            Err(VideoError::Image { path: path_buf() })
        }
        0 => Err(VideoError::NoFrames { path: path_buf(), stream: main, packets: PACKETS[1] }),
        _ => Ok(read::file(path, answer, main, frames)),
    }
}

/// The first bytes of the file. `ffprobe` cannot read folders, and would take other names for URLs.
fn head(path: &Path) -> io::Result<Vec<u8>> {
    let file = std::fs::File::open(path)?;
    if file.metadata()?.is_dir() {
        return Err(io::ErrorKind::IsADirectory.into());
    }
    let mut head = Vec::new();
    file.take(sniff::HEAD).read_to_end(&mut head)?;
    Ok(head)
}

fn first_frames(
    file: (&Path, Option<&Images>),
    stream: usize,
    programs: &Programs,
) -> Result<Value, VideoError> {
    let stream = stream.to_string();
    let mut frames = Value::Null;
    for packets in PACKETS {
        let interval = format!("%+#{packets}");
        let about_frames = [
            "-show_frames",
            "-select_streams",
            &stream,
            "-read_intervals",
            &interval,
            // The parameters of synthetic grain, which streams do not report from FFmpeg 8 on.
            "-export_side_data",
            "film_grain",
        ];
        frames = ask(file, &about_frames, programs)?;
        if Node::new(&frames).list("frames").next().is_some() {
            break;
        }
    }
    Ok(frames)
}

/// Runs `ffprobe` on the file.
fn ask(
    (path, images): (&Path, Option<&Images>),
    question: &[&str],
    programs: &Programs,
) -> Result<Value, VideoError> {
    let mut args = Args::default();
    args.put(&["-v", "error", "-of", "json=compact=1"]);
    args.put(question);
    args.video(path, images)?;
    let room = Room::new().map_err(|error| error.in_file(path))?;
    let answer = FFPROBE.ask(&room, &args.into_list(), ANSWER_BYTES, MOST, programs);
    let answer = answer.map_err(|error| match error {
        Error::Program { message, .. } => {
            let input = file_name(path).unwrap_or_default();
            not_video(path, &message, &input.to_string_lossy())
        }
        other => other.in_file(path).into(),
    })?;
    serde_json::from_slice(&answer).map_err(|error| {
        if error.is_eof() {
            let message = "its answer is cut off: there is no space for temporary files".to_owned();
            return Error::Program { program: FFPROBE.names[0], message }.in_file(path).into();
        }
        not_video(path, &format!("ffprobe's answer: {error}"), "")
    })
}

/// `ffprobe`'s message, without its name for the file.
fn not_video(path: &Path, message: &str, input: &str) -> VideoError {
    let message =
        if input.is_empty() { message.to_owned() } else { message.replace(&format!("{input}: "), "") };
    VideoError::NotVideo { path: path.to_owned(), message }
}
