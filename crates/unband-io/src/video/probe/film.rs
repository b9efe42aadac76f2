//! What a video is, in numbers and names.

use std::path::{Path, PathBuf};
use std::time::SystemTime;
use std::{fmt, io};

use unband_image::{Color, Colorimetry, Depth};

use super::{DynamicHdr, color};
use crate::video::{Images, Samples, VideoError};

/// A file with moving images, as `ffprobe` describes it.
#[derive(Clone, Debug, PartialEq)]
pub struct Film {
    /// As it was given.
    pub path: PathBuf,
    /// The numbered images that it is, where it is no file.
    pub images: Option<Images>,
    /// `FFmpeg`'s names of the container, separated by commas ("matroska,webm").
    pub container: String,
    /// In seconds, where it is known.
    pub duration: Option<f64>,
    /// All streams, in order.
    pub streams: Vec<Stream>,
    /// How many chapters there are.
    pub chapters: usize,
    /// The main stream of images.
    pub video: Video,
    /// Metadata of the main stream that changes from frame to frame.
    pub dynamic: Vec<DynamicHdr>,
}

/// One of the streams in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stream {
    /// Its number in the file, from 0.
    pub index: usize,
    /// What flows in it.
    pub kind: StreamKind,
    /// `FFmpeg`'s name of the codec, where it knows it.
    pub codec: Option<String>,
    /// As tagged ("eng").
    pub language: Option<String>,
    /// Should it be played where nobody chooses?
    pub default: bool,
    /// `FFmpeg`'s names of all that it is marked as ("default", "forced").
    pub dispositions: Vec<String>,
    /// Is it an image about the video (a cover, a thumbnail) and not the video?
    pub attached_picture: bool,
    /// Do containers make it anew from what is copied by itself? The text of chapters and time codes, of which MP4 and `QuickTime`
    /// have tracks.
    pub made_anew: bool,
}

impl fmt::Display for Stream {
    /// "stream 1 (audio, aac, eng)".
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = if self.attached_picture { "picture" } else { self.kind.word() };
        write!(f, "stream {} ({kind}", self.index)?;
        let language = self.language.as_ref().filter(|language| *language != "und");
        for word in self.codec.as_ref().into_iter().chain(language) {
            write!(f, ", {word}")?;
        }
        write!(f, ")")
    }
}

impl StreamKind {
    /// In a word, for people.
    pub fn word(self) -> &'static str {
        match self {
            Self::Video => "video",
            Self::Audio => "audio",
            Self::Subtitle => "subtitles",
            Self::Attachment => "attachment",
            Self::Data => "data",
        }
    }
}

/// What flows in a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StreamKind {
    /// Images; also covers.
    Video,
    /// Sound.
    Audio,
    /// Subtitles, as text or images.
    Subtitle,
    /// A file beside the video, such as a font.
    Attachment,
    /// Anything else, such as time codes.
    Data,
}

/// Which lines of a frame are of one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FieldOrder {
    /// All.
    Progressive,
    /// Every other one; the upper ones come first.
    TopFirst,
    /// Every other one; the lower ones come first.
    BottomFirst,
    /// Nothing is said.
    Unknown,
}

/// A stream of images.
#[derive(Clone, Debug, PartialEq)]
#[allow(clippy::struct_excessive_bools)] // facts that have nothing to do with each other
pub struct Video {
    /// Its number among all streams of the file.
    pub stream: usize,
    /// `FFmpeg`'s name of the codec.
    pub codec: String,
    /// Its profile ("Main 10"), where it has one.
    pub profile: Option<String>,
    /// Width of a frame in samples, before any rotation.
    pub width: usize,
    /// Height of a frame in samples, before any rotation.
    pub height: usize,
    /// `FFmpeg`'s name of how samples are stored.
    pub pix_fmt: String,
    /// Bits per sample.
    pub depth: Depth,
    /// What the samples stand for, alpha aside; codes of a palette are RGB. Nothing for what has no type here, such as XYZ.
    pub samples: Option<Samples>,
    /// Is there alpha too?
    pub alpha: bool,
    /// Is there alpha in packets of its own, beside those that are decoded? As VP8 and VP9 have it.
    pub alpha_beside: bool,
    /// Are there closed captions in its frames (ATSC A/53)?
    pub captions: bool,
    /// Does its decoder add grain to the frames, as the stream describes it?
    pub grain: bool,
    /// Seconds per unit of timestamps, as a fraction.
    pub time_base: Option<(u32, u32)>,
    /// Frames per second on average, as a fraction.
    pub average_rate: Option<(u32, u32)>,
    /// The least rate that has room for all timestamps, as a fraction; a guess of `FFmpeg`'s.
    pub nominal_rate: Option<(u32, u32)>,
    /// Is a frame of the average rate shown longer or shorter than one of the nominal rate, by more than a unit of
    /// timestamps?
    pub variable: bool,
    /// Timestamp of the first frame, in units of `time_base`.
    pub start_pts: Option<i64>,
    /// How long the stream is shown, in units of `time_base`, where the container says it.
    pub duration_ticks: Option<i64>,
    /// How many frames the container says there are.
    pub frames: Option<u64>,
    /// Width to height of a sample, where it is said.
    pub sample_aspect: Option<(u32, u32)>,
    /// Players turn frames by so many degrees anticlockwise, −180 to 180.
    pub rotation: i32,
    /// Do players mirror frames?
    pub mirrored: bool,
    /// As the stream says or, where one of the first frames is interlaced, that frame.
    pub field_order: FieldOrder,
    /// "tv" (limited) or "pc" (full), where it is said.
    pub range: Option<String>,
    /// `FFmpeg`'s name of the colour primaries, where they are said.
    pub primaries: Option<String>,
    /// `FFmpeg`'s name of the transfer characteristics, where they are said.
    pub transfer: Option<String>,
    /// `FFmpeg`'s name of the matrix coefficients, where they are said.
    pub matrix: Option<String>,
    /// `FFmpeg`'s name of where chroma samples lie, where it is said.
    pub chroma_location: Option<String>,
    /// Mastering display and content light level; nothing else.
    pub colorimetry: Colorimetry,
}

impl Video {
    /// Primaries, transfer and matrix by their numbers in ITU-T H.273, and whether the range is full; nothing where nothing is
    /// said.
    pub(in crate::video) fn colours(&self) -> Option<([u8; 3], bool)> {
        let said = [&self.primaries, &self.transfer, &self.matrix, &self.range];
        said.iter().any(|name| name.is_some()).then(|| color::numbers(self))
    }

    /// Are there pixels at an edge that have chroma of their own where others share it? Not all encoders take such sizes.
    pub fn is_odd(&self) -> bool {
        let Some(Samples::Yuv(subsampling)) = self.samples else { return false };
        // Chroma of four pixels becomes that of two where an encoder has no other.
        let (x, y) = (usize::from(subsampling.x.min(2)), usize::from(subsampling.y.min(2)));
        !self.width.is_multiple_of(x) || !self.height.is_multiple_of(y)
    }

    /// Does its codec lose anything?
    pub fn is_lossy(&self) -> bool {
        const LOSSLESS: &[&str] = &[
            "ffv1", "rawvideo", "huffyuv", "ffvhuff", "utvideo", "magicyuv", "png", "qtrle", "v210", "v410",
            "gif",
        ];
        !LOSSLESS.contains(&self.codec.as_str())
    }
}

impl Film {
    /// Seconds per tick of its timestamps as a fraction; a thousandth where nothing is said.
    pub fn time_base(&self) -> (u32, u32) {
        self.video.time_base.filter(|&(n, d)| n > 0 && d > 0).unwrap_or((1, 1000))
    }

    /// Frames per second as a fraction, as encoders reckon bits and levels: that of all timestamps; of a variable rate the average.
    /// Not more than one frame per tick; 25 where nothing is said, as `FFmpeg` takes it.
    pub fn rate(&self) -> (u32, u32) {
        let video = &self.video;
        let rate =
            if video.variable { video.average_rate } else { video.nominal_rate.or(video.average_rate) };
        let (frames, seconds) = rate.filter(|&(n, d)| n > 0 && d > 0).unwrap_or((25, 1));
        let (numerator, denominator) = self.time_base();
        let most = u64::from(denominator) * u64::from(seconds);
        if u64::from(frames) * u64::from(numerator) > most {
            (denominator, numerator)
        } else {
            (frames, seconds)
        }
    }

    /// Units of a second in which ticks, and frames of [`Film::rate`], are whole numbers: how many there are, in a tick, and in a
    /// frame. Where such units are too short, a frame is not whole.
    pub(in crate::video) fn units(&self) -> (u32, i64, i64) {
        let ((frames, seconds), (numerator, denominator)) = (self.rate(), self.time_base());
        let fit = frames / gcd(frames, denominator.saturating_mul(seconds));
        let units = denominator.checked_mul(fit).filter(|&units| units <= 1 << 30).unwrap_or(denominator);
        let tick = i64::from(numerator) * i64::from(units / denominator);
        (units, tick, i64::from(units) * i64::from(seconds) / i64::from(frames))
    }

    /// Bytes of its files, and when the last of them was changed.
    ///
    /// # Errors
    /// Files that are gone.
    pub fn state(&self) -> io::Result<(u64, Option<SystemTime>)> {
        if let Some(images) = &self.images {
            return images.state();
        }
        let metadata = std::fs::metadata(&self.path)?;
        Ok((metadata.len(), metadata.modified().ok()))
    }

    /// A time in seconds as ticks, to the nearest.
    pub fn ticks(&self, seconds: f64) -> i64 {
        let (numerator, denominator) = self.time_base();
        (seconds * f64::from(denominator) / f64::from(numerator)).round() as i64
    }

    /// Ticks in seconds.
    pub fn seconds(&self, ticks: i64) -> f64 {
        let (numerator, denominator) = self.time_base();
        ticks as f64 * f64::from(numerator) / f64::from(denominator)
    }

    pub(in crate::video) fn undecodable(&self, message: &str) -> VideoError {
        VideoError::NotFilm { path: self.path.clone(), message: message.to_owned() }
    }

    pub(in crate::video) fn damaged(&self, message: &str) -> VideoError {
        VideoError::Damaged { path: self.path.clone(), message: message.to_owned() }
    }

    /// What the planes of a frame mean. Where the file says nothing: BT.2020 with its primaries, BT.709 for images larger
    /// than 1279 × 576, else BT.601; full range for RGB, else limited.
    ///
    /// # Errors
    /// [`VideoError::Color`]: matrices and pixel formats that this project has no type for.
    pub fn color(&self) -> Result<Color, VideoError> {
        color::color(&self.video).map_err(|what| VideoError::Color { path: self.path.clone(), what })
    }

    /// Are all lines of a frame of one moment? Restoring two fields as one image would mix their moments.
    ///
    /// # Errors
    /// [`VideoError::Interlaced`].
    pub fn check_progressive(&self) -> Result<(), VideoError> {
        let fields = match self.video.field_order {
            FieldOrder::Progressive | FieldOrder::Unknown => return Ok(()),
            FieldOrder::TopFirst => "top field first",
            FieldOrder::BottomFirst => "bottom field first",
        };
        Err(VideoError::Interlaced { path: self.path.clone(), fields, command: self.deinterlacing() })
    }

    /// The command that makes a video of whole images of it, without loss and with all else that Matroska holds.
    fn deinterlacing(&self) -> String {
        let left_out = |stream: &&Stream| {
            stream.kind == StreamKind::Data
                || matches!(stream.codec.as_deref(), Some("dvb_teletext" | "eia_608"))
        };
        let mut words = vec![format!("ffmpeg -i {} -map 0", shell(&self.path))];
        for stream in self.streams.iter().filter(left_out) {
            words.push(format!("-map -0:{}", stream.index));
        }
        words.push("-c copy".to_owned());
        let kept = self.streams.iter().filter(|stream| !left_out(stream));
        for (number, stream) in kept.enumerate() {
            if stream.codec.as_deref() == Some("mov_text") {
                words.push(format!("-c:{number} srt"));
            }
            if stream.index == self.video.stream {
                words.push(format!("-c:{number} ffv1 -filter:{number} bwdif"));
            }
        }
        let mut name = self.path.file_stem().unwrap_or_default().to_os_string();
        name.push("_progressive.mkv");
        words.push(shell(&self.path.with_file_name(name)));
        words.join(" ")
    }

    /// Is there no metadata that changes from frame to frame, or may it be dropped? Dolby Vision without a base layer of
    /// its own is refused in any case: what is left shows wrong colours.
    ///
    /// # Errors
    /// [`VideoError::DynamicHdr`] and [`VideoError::DolbyVisionBase`].
    pub fn check_dynamic_hdr(&self, drop_dynamic_hdr: bool) -> Result<(), VideoError> {
        for kind in &self.dynamic {
            if let DynamicHdr::DolbyVision { profile: Some(profile), base: false } = *kind {
                return Err(VideoError::DolbyVisionBase { path: self.path.clone(), profile });
            }
        }
        if self.dynamic.is_empty() || drop_dynamic_hdr {
            return Ok(());
        }
        let names: Vec<_> = self.dynamic.iter().map(|kind| kind.name()).collect();
        Err(VideoError::DynamicHdr { path: self.path.clone(), what: names.join(" and ") })
    }
}

/// A name as shells take it.
fn shell(path: &Path) -> String {
    let name = path.display().to_string();
    let plain = |c: char| c.is_alphanumeric() || "_-./+,:@\\".contains(c);
    if name.chars().all(plain) && !name.starts_with('-') {
        return name;
    }
    let name = if name.starts_with('-') { format!("./{name}") } else { name };
    format!("'{}'", name.replace('\'', "'\\''"))
}

fn gcd(a: u32, b: u32) -> u32 {
    if b == 0 { a.max(1) } else { gcd(b, a % b) }
}
