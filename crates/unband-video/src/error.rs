//! Errors of videos, with hints.

use std::path::{Path, PathBuf};
use unband_image::Hint;

use super::complaint::{Fault, fault};
use super::container::Container;
use super::probe::Stream;
use unband_io::{Error, amount};

/// Why a video could not be processed. All but the first include the file name.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum VideoError {
    /// An operating-system error, or `FFmpeg` is missing or failed.
    #[error(transparent)]
    File(#[from] Error),
    /// `ffprobe` does not recognise the file.
    #[error("{}: not a video that FFmpeg can read: {message}", path.display())]
    NotVideo {
        /// The file.
        path: PathBuf,
        /// Its error message.
        message: String,
    },
    /// Text, which `FFmpeg` might take as a list of other files.
    #[error("{}: {what}, not a video", path.display())]
    Text {
        /// The file.
        path: PathBuf,
        /// The kind of text ("a playlist (M3U)").
        what: &'static str,
    },
    /// A container that is not opened.
    #[error("{}: not a video in a supported container", path.display())]
    Unopened {
        /// The file.
        path: PathBuf,
    },
    /// No video stream.
    #[error("{}: no video in it, only {holds}", path.display())]
    NoVideo {
        /// The file.
        path: PathBuf,
        /// The file's content ("audio and a cover image").
        holds: String,
    },
    /// Not one frame can be decoded.
    #[error("{}: no frame can be decoded from the first {packets} packets of video stream {stream}", path.display())]
    NoFrames {
        /// The video.
        path: PathBuf,
        /// The stream's index.
        stream: usize,
        /// Number of packets tried.
        packets: u32,
    },
    /// Frames that only a key opens.
    #[error("{}: the video is encrypted", path.display())]
    Encrypted {
        /// The video.
        path: PathBuf,
    },
    /// A single image.
    #[error("{}: an image, not a video", path.display())]
    Image {
        /// The file.
        path: PathBuf,
    },
    /// Each frame consists of two fields from different moments.
    #[error("{}: the video is interlaced, {fields}", path.display())]
    Interlaced {
        /// The video.
        path: PathBuf,
        /// Which field comes first.
        fields: &'static str,
        /// Command that deinterlaces it.
        command: String,
    },
    /// Per-frame metadata that only fits the original frames.
    #[error("{}: {what} would be lost: it only fits the original frames", path.display())]
    DynamicHdr {
        /// The video.
        path: PathBuf,
        /// Name of the metadata.
        what: String,
    },
    /// Dolby Vision with a base layer that is useless without its metadata.
    #[error("{}: Dolby Vision without a base layer that other players understand (profile {profile})", path.display())]
    DolbyVisionBase {
        /// The video.
        path: PathBuf,
        /// Its profile; 5 is the known case.
        profile: i64,
    },
    /// The file is damaged, or `FFmpeg` failed on it.
    #[error("{}: the video is damaged or cut off: {message}", path.display())]
    Damaged {
        /// The video.
        path: PathBuf,
        /// `FFmpeg`'s error message.
        message: String,
    },
    /// An `FFmpeg` with other arguments.
    #[error("{}: this FFmpeg refuses an argument of unband: {message}", path.display())]
    Arguments {
        /// The video.
        path: PathBuf,
        /// Its error message.
        message: String,
    },
    /// Frames of several sizes or formats.
    #[error("{}: its frames change in the middle: {what}", path.display())]
    Changes {
        /// The video.
        path: PathBuf,
        /// The first property that changes, before and after.
        what: String,
    },
    /// `FFmpeg` failed while writing.
    #[error("{}: FFmpeg cannot {doing}: {message}", path.display())]
    NotWritten {
        /// The output.
        path: PathBuf,
        /// "encode", "join the video" or "copy the video".
        doing: &'static str,
        /// Its error message.
        message: String,
    },
    /// The installed `FFmpeg` lacks an encoder.
    #[error("{}: this FFmpeg has no encoder `{encoder}`", path.display())]
    NoEncoder {
        /// The output.
        path: PathBuf,
        /// Its name.
        encoder: String,
    },
    /// A container that cannot be written, or not with that codec.
    #[error("{}: {what}", path.display())]
    Container {
        /// The output.
        path: PathBuf,
        /// The mismatch.
        what: String,
        /// An alternative.
        instead: &'static str,
    },
    /// Non-video streams that a container cannot hold.
    #[error("{}: {} cannot hold {}: {message}", path.display(), container.muxer, listed(streams))]
    NotHeld {
        /// The output.
        path: PathBuf,
        /// Its container.
        container: &'static Container,
        /// The streams refused individually; empty if they are refused only in combination.
        streams: Vec<Stream>,
        /// `FFmpeg`'s error message.
        message: String,
        /// A container that holds all streams, if there is one.
        instead: Option<&'static Container>,
    },
    /// A stream selection that is not in the video, or is invalid.
    #[error("{}: {what}; there are {}", path.display(), listed(streams))]
    NoStream {
        /// The video.
        path: PathBuf,
        /// The reason.
        what: String,
        /// All streams of the video.
        streams: Vec<Stream>,
    },
    /// Odd width or height, with an encoder that needs even ones for shared chroma.
    #[error("{}: {encoder} cannot encode the odd size {width}×{height} with subsampled chroma", path.display())]
    Odd {
        /// The output.
        path: PathBuf,
        /// Its name.
        encoder: String,
        /// Width of the video.
        width: usize,
        /// Height of the video.
        height: usize,
    },
    /// A folder or pattern of numbered images that do not form one video.
    #[error("{}: {what}", path.display())]
    Series {
        /// The folder or pattern as given.
        path: PathBuf,
        /// The reason.
        what: String,
    },
    /// Not all frames were written.
    #[error("{}: {found} frames were written, expected {expected}", path.display())]
    Frames {
        /// The output.
        path: PathBuf,
        /// Frames in it.
        found: u64,
        /// Frames expected.
        expected: u64,
    },
    /// A result that would not play like its video.
    #[error("{}: the result would play differently: {what}{}", path.display(), kept_as(kept.as_deref()))]
    Times {
        /// The output.
        path: PathBuf,
        /// The first difference.
        what: String,
        /// The whole result under another name, if it was kept.
        kept: Option<PathBuf>,
    },
    /// A time range of a video whose clock jumps.
    #[error("{}: its clock jumps, so no time names a part of it", path.display())]
    Jumps {
        /// The video.
        path: PathBuf,
    },
    /// A time range without any frame.
    #[error("{}: no frame between {from} s and {to}", path.display())]
    EmptyPart {
        /// The video.
        path: PathBuf,
        /// Start of the range, in seconds.
        from: f64,
        /// End of the range ("its end", "24 s").
        to: String,
    },
    /// A range of time to repair that the video does not have.
    #[error("{}: the range {range} is outside: {holds}", path.display())]
    OutsideVideo {
        /// The video.
        path: PathBuf,
        /// The range ("60 s to 90 s").
        range: String,
        /// The times that it has ("the video ends at 12.5 s").
        holds: String,
    },
    /// Unfinished work that cannot be resumed.
    #[error("{}: this unfinished work is for another video or used other options", path.display())]
    Unfinished {
        /// The folder.
        path: PathBuf,
    },
    /// Another run writes the same result.
    #[error("{}: another run{} is writing it", path.display(), of_process(*process))]
    Busy {
        /// The output.
        path: PathBuf,
        /// Its process, where known.
        process: Option<u32>,
    },
    /// Unfinished work that would be lost.
    #[error(
        "{}: {segments} finished {} of an earlier run, {seconds:.1} s of the video",
        path.display(), if *segments == 1 { "part" } else { "parts" }
    )]
    Waiting {
        /// The folder.
        path: PathBuf,
        /// Number of finished segments.
        segments: usize,
        /// Duration of the video that they cover.
        seconds: f64,
        /// Whether they can be resumed: same video, same options.
        same: bool,
    },
    /// An encoder that does not support the requested depth.
    #[error("{}: {encoder} stores {} bits per sample for this video, not {asked}", path.display(), either(has))]
    Depth {
        /// The output.
        path: PathBuf,
        /// The encoder.
        encoder: String,
        /// Requested bits.
        asked: u8,
        /// Supported bits.
        has: Vec<u8>,
    },
    /// A disk without enough free space.
    #[error(
        "{}: at least {} are needed on the disk, {} are free",
        path.display(), amount(*needed), amount(*free)
    )]
    Disk {
        /// The output.
        path: PathBuf,
        /// Bytes needed at least.
        needed: u64,
        /// Free bytes.
        free: u64,
    },
    /// Planes that are not RGB or plain luma and chroma.
    #[error("{}: {what} is not supported", path.display())]
    Color {
        /// The video.
        path: PathBuf,
        /// Meaning of the planes ("the colour matrix `ictcp`").
        what: String,
    },
}

/// "stream 1 (audio, aac, eng) and stream 2 (data, klv)".
fn listed(streams: &[Stream]) -> String {
    let names: Vec<String> = streams.iter().map(ToString::to_string).collect();
    match names.as_slice() {
        [] => "the combination of its streams".to_owned(),
        [one] => one.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

const OTHER_RELEASE: &str =
    "unband is tested with FFmpeg 5.1 to 9.0: install one of these, and please report the message";

impl Hint for VideoError {
    fn hint(&self) -> Option<String> {
        let text = match self {
            Self::File(error) => return error.hint(),
            Self::NotVideo { .. } => {
                "copy or download the file again; `ffprobe FILE` shows whether FFmpeg supports its format"
            }
            Self::Text { .. } => {
                "use the video itself: the contents of lists and playlists are never opened. If you trust it, convert it with `ffmpeg -i FILE -c copy OUT.mkv`"
            }
            Self::Unopened { .. } => {
                return Some(format!(
                    "`ffprobe FILE` shows its format; supported are {}. If you trust the file, convert it with `ffmpeg -i FILE -c copy OUT.mkv`",
                    super::ffmpeg::opened()
                ));
            }
            Self::NoVideo { .. } => "use a file with a video stream",
            Self::NoFrames { .. } => {
                "check whether `ffplay FILE` plays it; if so, cut off its beginning with `ffmpeg -ss 10 -i FILE -c copy OUT`"
            }
            Self::Encrypted { .. } => "decrypt it first, with the program or service that it comes from",
            Self::Image { .. } => {
                "restore it as an image: convert it to PNG first if its format is not supported"
            }
            Self::Interlaced { command, .. } => {
                return Some(format!(
                    "deinterlace it first: `{command}`; if its frames are progressive nevertheless (PsF), add `--progressive`"
                ));
            }
            Self::DynamicHdr { .. } => "drop it with `--drop-dynamic-hdr`; plain HDR10 or HLG is kept",
            Self::DolbyVisionBase { .. } => {
                "convert it to HDR10 first, for example with FFmpeg's filter `libplacebo`"
            }
            Self::Damaged { .. } => {
                "copy or download it again; `--keep-going` keeps everything that can be decoded"
            }
            Self::Arguments { .. } => OTHER_RELEASE,
            Self::Changes { .. } => {
                "make them uniform first, for example with `ffmpeg -i FILE -vf scale=1920:1080 -c:a copy OUT`"
            }
            Self::NotWritten { doing, message, .. } => of_not_written(doing, message),
            Self::NoEncoder { .. } => {
                "install an FFmpeg with this encoder, or choose another with `--for archive`, `--lossless` or `--ffmpeg-args`"
            }
            Self::Container { instead, .. } => instead,
            Self::Series { .. } => {
                "select one series with a pattern such as `folder/shot_%04d.png`; its numbers must be consecutive"
            }
            Self::Odd { .. } => {
                "use VP9, the default for such videos in .mkv, .mp4 and .webm, or `--lossless` (.mkv, .mov)"
            }
            Self::NotHeld { streams, container, instead, .. } => {
                return Some(of_not_held(streams, container.muxer, *instead));
            }
            Self::NoStream { .. } => {
                "select streams by index or kind: `2`, `a` (audio), `s` (subtitles), `d` (data), `t` (attachments), `a:1` (second audio stream), `d?` (data, if any)"
            }
            Self::Busy { .. } => "wait until it ends, or choose another name with `-o`",
            Self::Unfinished { .. } => {
                "use the options of the earlier run, or `--overwrite` instead of `--resume` to start over"
            }
            Self::Depth { .. } => {
                "choose one of these with `--depth`, or drop `--depth`; `--lossless` stores up to 16 bits"
            }
            Self::Waiting { same: true, .. } => {
                "`--resume` continues after them, `--overwrite` deletes them and starts over"
            }
            Self::Waiting { same: false, .. } => {
                "they are for another video or used other options: `--overwrite` deletes them and starts over"
            }
            Self::Disk { .. } => {
                "free some disk space, or choose another disk with `-o`: it must hold the finished parts and the result at the same time. `--for player` needs far less"
            }
            Self::EmptyPart { .. } => "check its duration with `ffprobe FILE`",
            Self::OutsideVideo { .. } => {
                "name times before the end, as players show them from the start of the video on"
            }
            Self::Jumps { .. } => {
                "restore it as a whole, or write a copy with a steady clock first: `ffmpeg -fflags +genpts -i FILE -c copy OUT.mkv`"
            }
            Self::Times { kept: Some(kept), .. } => {
                return Some(format!(
                    "play it with `ffplay {0}`: if sound and subtitles fit the frames, rename it; please report this as a bug, with what `ffprobe -show_streams {0}` prints",
                    super::probe::shell(kept)
                ));
            }
            Self::Frames { .. } | Self::Times { .. } => "this is a bug in unband; please report it",
            Self::Color { what, .. } if what.contains("bt2020c") || what.contains("ictcp") => {
                "convert it first, without loss: `ffmpeg -i FILE -map 0 -c copy -c:v ffv1 -vf zscale=matrix=2020_ncl OUT.mkv`"
            }
            Self::Color { .. } => {
                "convert it first, without loss: `ffmpeg -i FILE -map 0 -c copy -c:v ffv1 -vf zscale=matrix=709 OUT.mkv`"
            }
        };
        Some(text.to_owned())
    }
}

/// The next action for streams that a container does not hold.
fn of_not_held(streams: &[Stream], muxer: &str, instead: Option<&Container>) -> String {
    let numbers: Vec<String> = streams.iter().map(|stream| stream.index.to_string()).collect();
    let numbers = if numbers.is_empty() { "NUMBER".to_owned() } else { numbers.join(",") };
    let article = |extension: &str| if extension.starts_with('m') { "an" } else { "a" };
    let other = instead
        .map(Container::extension)
        .map_or_else(String::new, |extension| format!(", or write {} .{extension} file", article(extension)));
    let sound = streams.iter().any(|stream| stream.kind == super::probe::StreamKind::Audio);
    let opus = if muxer == "webm" && sound {
        ", or convert the audio to Opus first: `ffmpeg -i FILE -map 0 -c copy -c:a libopus OUT.mkv`"
    } else {
        ""
    };
    format!("skip these streams with `--drop-stream {numbers}`{other}{opus}")
}

/// The next action after `ffmpeg` failed while writing.
fn of_not_written(doing: &str, message: &str) -> &'static str {
    match fault(message) {
        Fault::Disk => {
            "free some disk space, or choose another disk with `-o`; finished parts stay, and `--resume` continues after them"
        }
        Fault::Killed => {
            "the system may have run out of memory; finished parts stay, and `--resume` continues after them"
        }
        Fault::Argument if doing == "encode" => {
            "check `--ffmpeg-args`; without it, this FFmpeg is too new: unband is tested with 5.1 to 9.0"
        }
        Fault::Argument => OTHER_RELEASE,
        Fault::Other if doing == "encode" => {
            "choose another encoder with `--for web`, `--lossless` or `--ffmpeg-args`"
        }
        Fault::Other => "write an .mkv file, or skip streams with `--drop-stream`",
    }
}

/// "; it is kept as film.unverified.mkv".
fn kept_as(kept: Option<&Path>) -> String {
    kept.map_or_else(String::new, |kept| format!("; it is kept as {}", kept.display()))
}

/// " (process 1234)".
fn of_process(process: Option<u32>) -> String {
    process.map_or_else(String::new, |process| format!(" (process {process})"))
}

/// "8, 10 or 12".
fn either(numbers: &[u8]) -> String {
    let words: Vec<String> = numbers.iter().map(u8::to_string).collect();
    match words.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} or {last}", rest.join(", ")),
        _ => words.concat(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_small_disk_has_more_than_no_space() {
        let error = VideoError::Disk { path: "l.mkv".into(), needed: 1_234_567, free: 28_001 };
        assert_eq!(error.to_string(), "l.mkv: at least 1.2 MB are needed on the disk, 29 KB are free");
    }
}
