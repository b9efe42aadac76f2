//! What can go wrong with a video, and what to do about it.

use std::path::PathBuf;

use super::probe::Stream;
use crate::Error;

/// Why a video could not be worked on. All but the first name the file themselves.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum VideoError {
    /// The operating system refused, or `FFmpeg` is missing or failed.
    #[error(transparent)]
    File(#[from] Error),
    /// An `FFmpeg` that lacks what is needed.
    #[error("{}: video needs FFmpeg 5.1 or newer, found {version}", path.display())]
    TooOld {
        /// The video.
        path: PathBuf,
        /// What `ffprobe` says it is.
        version: String,
    },
    /// `ffprobe` makes nothing of it.
    #[error("{}: not a video that FFmpeg can read: {message}", path.display())]
    NotFilm {
        /// The file.
        path: PathBuf,
        /// What it said.
        message: String,
    },
    /// Text, which `FFmpeg` could take for a list of other files.
    #[error("{}: {what}, not a video", path.display())]
    Text {
        /// The file.
        path: PathBuf,
        /// What it is ("a playlist (M3U)").
        what: &'static str,
    },
    /// A container that is not opened.
    #[error("{}: not a video in any of the containers that are opened", path.display())]
    Unopened {
        /// The file.
        path: PathBuf,
    },
    /// No stream of moving images.
    #[error("{}: no video in it, only {holds}", path.display())]
    NoVideo {
        /// The file.
        path: PathBuf,
        /// What there is ("audio and a cover image").
        holds: String,
    },
    /// Not one frame can be decoded.
    #[error("{}: none of the first {packets} packets of video stream {stream} gives a frame", path.display())]
    NoFrames {
        /// The video.
        path: PathBuf,
        /// The stream's index.
        stream: usize,
        /// As many were tried.
        packets: u32,
    },
    /// One image.
    #[error("{}: an image, not a video", path.display())]
    Picture {
        /// The file.
        path: PathBuf,
    },
    /// Two fields of different moments in a frame.
    #[error("{}: the video is interlaced, {fields}", path.display())]
    Interlaced {
        /// The video.
        path: PathBuf,
        /// Which field comes first.
        fields: &'static str,
        /// What makes a video of whole images of it.
        command: String,
    },
    /// Metadata for each frame that fit the original frames only.
    #[error("{}: {what} would be lost: it describes each frame as it was before", path.display())]
    DynamicHdr {
        /// The video.
        path: PathBuf,
        /// Its name.
        what: String,
    },
    /// Dolby Vision whose images are of no use without its metadata.
    #[error("{}: Dolby Vision without a base layer that other players understand (profile {profile})", path.display())]
    DolbyVisionBase {
        /// The video.
        path: PathBuf,
        /// Its profile; 5 is known for this.
        profile: i64,
    },
    /// Something is wrong with the file, or `FFmpeg` failed on it.
    #[error("{}: the video is damaged or cut off: {message}", path.display())]
    Damaged {
        /// The video.
        path: PathBuf,
        /// What `FFmpeg` said.
        message: String,
    },
    /// Frames of several sizes or formats.
    #[error("{}: its frames change size or format in the middle: {what}", path.display())]
    Changes {
        /// The video.
        path: PathBuf,
        /// What the first other frame is.
        what: String,
    },
    /// `FFmpeg` failed while it wrote.
    #[error("{}: FFmpeg cannot {doing}: {message}", path.display())]
    NotWritten {
        /// What was to be written.
        path: PathBuf,
        /// "encode" or "put the video together".
        doing: &'static str,
        /// What it said.
        message: String,
    },
    /// The installed `FFmpeg` lacks an encoder.
    #[error("{}: this FFmpeg has no encoder `{encoder}`", path.display())]
    NoEncoder {
        /// What was to be written.
        path: PathBuf,
        /// Its name.
        encoder: String,
    },
    /// A container that videos cannot be written to here, or not with that codec.
    #[error("{}: {what}", path.display())]
    Container {
        /// What was to be written.
        path: PathBuf,
        /// What does not fit.
        what: String,
        /// What fits.
        instead: &'static str,
    },
    /// Streams beside the images that a container does not hold.
    #[error("{}: {container} cannot hold {}: {message}", path.display(), told(streams))]
    NotHeld {
        /// What was to be written.
        path: PathBuf,
        /// `FFmpeg`'s name of its container.
        container: &'static str,
        /// Those that it refuses alone; none where it refuses them together only.
        streams: Vec<Stream>,
        /// What `FFmpeg` said.
        message: String,
    },
    /// A choice of streams that the video does not have, or that cannot be.
    #[error("{}: {what}; there are {}", path.display(), told(streams))]
    NoStream {
        /// The video.
        path: PathBuf,
        /// What is wrong with it.
        what: String,
        /// All that the video has.
        streams: Vec<Stream>,
    },
    /// An encoder that takes no pixels beside those that share chroma.
    #[error("{}: {encoder} does not encode {width}×{height} pixels of which two and two share chroma", path.display())]
    Odd {
        /// What was to be written.
        path: PathBuf,
        /// Its name.
        encoder: String,
        /// Width of the video.
        width: usize,
        /// Height of the video.
        height: usize,
    },
    /// A folder or pattern of numbered images that are not one video.
    #[error("{}: {what}", path.display())]
    Series {
        /// As it was named.
        path: PathBuf,
        /// What is wrong.
        what: String,
    },
    /// Frames that went in did not all come out.
    #[error("{}: {found} frames were written, {expected} were given", path.display())]
    Frames {
        /// What was written.
        path: PathBuf,
        /// Frames in it.
        found: u64,
        /// Frames that it should have.
        expected: u64,
    },
    /// A part of a video in which it has no frame.
    #[error("{}: no frame between {from} s and {to}", path.display())]
    EmptyPart {
        /// The video.
        path: PathBuf,
        /// Where the part begins, in seconds.
        from: f64,
        /// Where it ends ("its end", "24 s").
        to: String,
    },
    /// Unfinished work that cannot be gone on with.
    #[error("{}: this unfinished work is of another video, or was done with other options", path.display())]
    Unfinished {
        /// The folder.
        path: PathBuf,
    },
    /// Unfinished work that would be thrown away.
    #[error(
        "{}: {segments} finished {} of an earlier run, {seconds:.1} s of the video",
        path.display(), if *segments == 1 { "part" } else { "parts" }
    )]
    Waiting {
        /// The folder.
        path: PathBuf,
        /// How many are finished.
        segments: usize,
        /// As much of the video is in them.
        seconds: f64,
        /// Can they be gone on with: are they of the same video, made with the same options?
        same: bool,
    },
    /// An encoder that does not store so many bits.
    #[error("{}: {encoder} stores {} bits a sample of such videos, not {asked}", path.display(), either(has))]
    Depth {
        /// What is to be written.
        path: PathBuf,
        /// The encoder.
        encoder: String,
        /// Bits that were asked for.
        asked: u8,
        /// Bits that it stores.
        has: Vec<u8>,
    },
    /// A disk that surely has not the room.
    #[error(
        "{}: at least {:.1} GB are needed on the disk, {:.1} GB are free",
        path.display(), *needed as f64 / 1e9, *free as f64 / 1e9
    )]
    Disk {
        /// What is to be written.
        path: PathBuf,
        /// Bytes that are needed at least.
        needed: u64,
        /// Bytes that are free.
        free: u64,
    },
    /// Planes that stand for something other than RGB or plain luma and chroma.
    #[error("{}: {what} is not supported", path.display())]
    Color {
        /// The video.
        path: PathBuf,
        /// What the planes are ("the colour matrix `ictcp`").
        what: String,
    },
}

/// "stream 1 (audio, aac, eng) and stream 2 (data, klv)".
fn told(streams: &[Stream]) -> String {
    let names: Vec<String> = streams.iter().map(ToString::to_string).collect();
    match names.as_slice() {
        [] => "what the video has".to_owned(),
        [one] => one.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

impl VideoError {
    /// What to do next, where there is something.
    pub fn hint(&self) -> Option<String> {
        let text = match self {
            Self::File(error) => return error.hint(),
            Self::TooOld { .. } => super::probe::INSTALL,
            Self::NotFilm { .. } => {
                "copy or download the file again; `ffprobe FILE` says whether FFmpeg knows its format"
            }
            Self::Text { .. } => {
                "name the video itself: what a list or playlist names is never opened. `ffmpeg -i FILE -c copy OUT.mkv` makes a video of it, if you trust it"
            }
            Self::Unopened { .. } => {
                return Some(format!(
                    "`ffprobe FILE` says what it is; opened are {}. Others become Matroska by `ffmpeg -i FILE -c copy OUT.mkv`, if you trust them",
                    super::ffmpeg::opened()
                ));
            }
            Self::NoVideo { .. } => "name a file with moving images",
            Self::NoFrames { .. } => {
                "see whether `ffplay FILE` shows it; if so, cut its beginning off with `ffmpeg -ss 10 -i FILE -c copy OUT`"
            }
            Self::Picture { .. } => {
                "restore it as an image: convert it to PNG first if its format is not known here"
            }
            Self::Interlaced { command, .. } => {
                return Some(format!(
                    "deinterlace it first: `{command}`; where its frames are whole all the same (PsF), say so with `--progressive`"
                ));
            }
            Self::DynamicHdr { .. } => {
                "allow it to be dropped with `--drop-dynamic-hdr`: plain HDR10 or HLG stays as it is"
            }
            Self::DolbyVisionBase { .. } => {
                "convert it to HDR10 first, for example with FFmpeg's filter `libplacebo`"
            }
            Self::Damaged { .. } => "copy or download it again; `--keep-going` takes what can be decoded",
            Self::Changes { .. } => {
                "make them alike first, for example with `ffmpeg -i FILE -vf scale=1920:1080 -c:a copy OUT`"
            }
            Self::NotWritten { .. } => {
                "see whether the disk is full; an encoder that does not take the video may be replaced with `--for web`, `--lossless` or `--ffmpeg-args`"
            }
            Self::NoEncoder { .. } => {
                "install an FFmpeg that has it, or choose another with `--for archive`, `--lossless` or `--ffmpeg-args`"
            }
            Self::Container { instead, .. } => instead,
            Self::Series { .. } => {
                "name one series by a pattern such as `folder/shot_%04d.png`, whose numbers grow by one"
            }
            Self::Odd { .. } => {
                "VP9 does, which a file with .mkv, .mp4 or .webm gets where no codec is named; so does `--lossless` (.mkv, .mov)"
            }
            Self::NotHeld { streams, container, .. } => {
                let numbers: Vec<String> = streams.iter().map(|stream| stream.index.to_string()).collect();
                let numbers = if numbers.is_empty() { "NUMBER".to_owned() } else { numbers.join(",") };
                let other = if *container == "matroska" { "" } else { ", or write to a file with .mkv" };
                return Some(format!("leave out what does not fit with `--drop-stream {numbers}`{other}"));
            }
            Self::NoStream { .. } => {
                "name streams by their numbers or kinds: `2`, `a` (sound), `s` (subtitles), `d` (data), `t` (attachments), `a:1` (the second of sound), `d?` (if there is any)"
            }
            Self::Unfinished { .. } => {
                "give the options that it was begun with, or `--overwrite` in place of `--resume` to begin anew"
            }
            Self::Depth { .. } => {
                "ask for one of these with `--depth`, or leave it out; `--lossless` stores up to 16 bits"
            }
            Self::Waiting { same: true, .. } => {
                "`--resume` goes on behind them, `--overwrite` throws them away and begins anew"
            }
            Self::Waiting { same: false, .. } => {
                "they are of another video or were done with other options: `--overwrite` throws them away and begins anew"
            }
            Self::Disk { .. } => {
                "make room, or name a file on another disk with `-o`; finished parts and the result lie there together. `--for player` takes a small part of it"
            }
            Self::EmptyPart { .. } => "see how long it is with `ffprobe FILE`",
            Self::Frames { .. } => "this is a fault of the program; please report it",
            Self::Color { .. } => {
                "convert it first, for example with `ffmpeg -i FILE -vf zscale=matrix=709 -c:a copy OUT`"
            }
        };
        Some(text.to_owned())
    }
}

/// "8, 10 or 12".
fn either(numbers: &[u8]) -> String {
    let words: Vec<String> = numbers.iter().map(u8::to_string).collect();
    match words.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} or {last}", rest.join(", ")),
        _ => words.concat(),
    }
}
