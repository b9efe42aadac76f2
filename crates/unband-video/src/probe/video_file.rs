//! Description of a video: streams, sizes, rates and colours.

use std::path::{Path, PathBuf};
use std::time::SystemTime;
use std::{fmt, io};

use unband_image::{Color, Colorimetry, Depth, Model};

use super::{DynamicHdr, color};
use crate::complaint::{Fault, fault};
use crate::{Images, Samples, Timeline, VideoError};

/// A video file, as described by `ffprobe`.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct VideoFile {
    /// The path as given.
    pub path: PathBuf,
    /// The numbered images, if it is not a single file.
    pub images: Option<Images>,
    /// `FFmpeg`'s names of the container, separated by commas ("matroska,webm").
    pub container: String,
    /// In seconds, if known.
    pub duration: Option<f64>,
    /// First time on the clock of its container, in seconds.
    pub start: f64,
    /// All streams, in order.
    pub streams: Vec<Stream>,
    /// Number of chapters.
    pub chapters: usize,
    /// The main video stream.
    pub video: Video,
    /// Metadata of the main stream that changes from frame to frame.
    pub dynamic: Vec<DynamicHdr>,
    /// The times of its result; empty until they are decided.
    pub timeline: Timeline,
}

/// One of the streams in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Stream {
    /// Its index in the file, from 0.
    pub index: usize,
    /// Kind of content.
    pub kind: StreamKind,
    /// `FFmpeg`'s name of the codec, if it has one.
    pub codec: Option<String>,
    /// As tagged ("eng").
    pub language: Option<String>,
    /// Its title, as tagged.
    pub title: Option<String>,
    /// Audio samples per second.
    pub sample_rate: Option<u32>,
    /// Whether it is played by default.
    pub default: bool,
    /// `FFmpeg`'s names of its dispositions ("default", "forced").
    pub dispositions: Vec<String>,
    /// Whether it is an image about the video (a cover, a thumbnail) and not the video.
    pub attached_image: bool,
    /// Whether containers regenerate it from other copied data: the text of chapters, and time codes, for
    /// which MP4 and `QuickTime` have tracks.
    pub regenerated: bool,
}

impl fmt::Display for Stream {
    /// "stream 1 (audio, aac, eng)".
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = if self.attached_image { "picture" } else { self.kind.as_str() };
        write!(f, "stream {} ({kind}", self.index)?;
        let language = self.language.as_ref().filter(|language| *language != "und");
        for word in self.codec.as_ref().into_iter().chain(language) {
            write!(f, ", {word}")?;
        }
        write!(f, ")")
    }
}

impl StreamKind {
    /// By `FFmpeg`'s name.
    pub(crate) fn from_name(name: &str) -> Self {
        match name {
            "video" => Self::Video,
            "audio" => Self::Audio,
            "subtitle" => Self::Subtitle,
            "attachment" => Self::Attachment,
            _ => Self::Data,
        }
    }

    /// `FFmpeg`'s name, for machine-readable output.
    pub fn name(self) -> &'static str {
        match self {
            Self::Video => "video",
            Self::Audio => "audio",
            Self::Subtitle => "subtitle",
            Self::Attachment => "attachment",
            Self::Data => "data",
        }
    }

    /// In a word, for messages.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Video => "video",
            Self::Audio => "audio",
            Self::Subtitle => "subtitles",
            Self::Attachment => "attachment",
            Self::Data => "data",
        }
    }
}

/// Kind of a stream's content.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum StreamKind {
    /// Video; also covers.
    Video,
    /// Audio.
    Audio,
    /// Subtitles, as text or images.
    Subtitle,
    /// An attached file, such as a font.
    Attachment,
    /// Other data, such as time codes.
    Data,
}

/// Field order of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FieldOrder {
    /// Progressive: all lines are from the same moment.
    Progressive,
    /// Interlaced, upper lines first.
    TopFirst,
    /// Interlaced, lower lines first.
    BottomFirst,
    /// Not specified.
    Unknown,
}

/// A video stream.
#[derive(Clone, Debug, PartialEq)]
#[allow(clippy::struct_excessive_bools)] // facts that have nothing to do with each other
#[non_exhaustive]
pub struct Video {
    /// Its index among all streams of the file.
    pub stream: usize,
    /// `FFmpeg`'s name of the codec.
    pub codec: String,
    /// Its profile ("Main 10"), if any.
    pub profile: Option<String>,
    /// Width of a frame in samples, before rotation.
    pub width: usize,
    /// Height of a frame in samples, before rotation.
    pub height: usize,
    /// `FFmpeg`'s name of the pixel format.
    pub pix_fmt: String,
    /// Bits per sample.
    pub depth: Depth,
    /// Meaning of the samples besides alpha; palettes are RGB. `None` without a type here, such as XYZ.
    pub samples: Option<Samples>,
    /// Whether there is alpha.
    pub alpha: bool,
    /// Whether alpha is in separate packets, as in VP8 and VP9. Only `libvpx` decodes them.
    pub separate_alpha: bool,
    /// The decoder, where `FFmpeg`'s choice would decode no alpha.
    pub decoder: Option<&'static str>,
    /// Whether its frames contain closed captions (ATSC A/53).
    pub captions: bool,
    /// Whether its decoder adds synthetic grain to the frames, as the stream describes it.
    pub grain: bool,
    /// Whether its container (Matroska) asks players to crop it.
    pub cropped: bool,
    /// Whether it is shown in a sphere around the viewer.
    pub spherical: bool,
    /// Seconds per tick, as a fraction.
    pub time_base: Option<(u32, u32)>,
    /// Frames per second on average, as a fraction.
    pub average_rate: Option<(u32, u32)>,
    /// The lowest rate that can represent all timestamps, as a fraction; a guess of `FFmpeg`'s.
    pub nominal_rate: Option<(u32, u32)>,
    /// Whether the average and the nominal frame duration differ by more than one tick.
    pub variable: bool,
    /// Timestamp of the first frame, in units of `time_base`.
    pub start_pts: Option<i64>,
    /// Duration of the stream in units of `time_base`, if the container declares it.
    pub duration_ticks: Option<i64>,
    /// Number of frames, if the container declares it.
    pub frames: Option<u64>,
    /// Time code of the first frame ("01:00:00:00"), if any.
    pub time_code: Option<String>,
    /// Width to height of a sample, if specified.
    pub sample_aspect: Option<(u32, u32)>,
    /// Rotation for display in degrees counterclockwise, −180 to 180.
    pub rotation: i32,
    /// Whether frames are mirrored for display.
    pub mirrored: bool,
    /// As the stream declares or, if one of the first frames is interlaced, as that frame does.
    pub field_order: FieldOrder,
    /// "tv" (limited) or "pc" (full), if specified.
    pub range: Option<String>,
    /// `FFmpeg`'s name of the colour primaries, if specified.
    pub primaries: Option<String>,
    /// `FFmpeg`'s name of the transfer characteristics, if specified.
    pub transfer: Option<String>,
    /// `FFmpeg`'s name of the matrix coefficients, if specified.
    pub matrix: Option<String>,
    /// `FFmpeg`'s name of the chroma sample location, if specified.
    pub chroma_location: Option<String>,
    /// Mastering display and content light level; nothing else.
    pub colorimetry: Colorimetry,
}

impl Video {
    /// ITU-T H.273 codes of primaries, transfer and matrix, and whether the range is full; `None` if nothing
    /// is specified.
    pub(crate) fn colours(&self) -> Option<([u8; 3], bool)> {
        let said = [&self.primaries, &self.transfer, &self.matrix, &self.range];
        said.iter().any(|name| name.is_some()).then(|| color::numbers(self))
    }

    /// Whether pixels at an edge have a chroma sample of their own where others share one. Not all encoders
    /// accept such sizes.
    pub(crate) fn is_odd(&self) -> bool {
        let Some(Samples::Yuv(subsampling)) = self.samples else { return false };
        // An encoder without 4:1:0 and the like uses 4:2:0, with chroma shared by two pixels.
        let (x, y) = (usize::from(subsampling.x.min(2)), usize::from(subsampling.y.min(2)));
        !self.width.is_multiple_of(x) || !self.height.is_multiple_of(y)
    }

    /// Whether both sides are even.
    pub(crate) fn has_even_sides(&self) -> bool {
        self.width.is_multiple_of(2) && self.height.is_multiple_of(2)
    }

    /// Whether its codec is lossy.
    pub fn is_lossy(&self) -> bool {
        const LOSSLESS: &[&str] = &[
            "ffv1", "rawvideo", "huffyuv", "ffvhuff", "utvideo", "magicyuv", "png", "qtrle", "v210", "v410",
            "gif", "apng",
        ];
        !LOSSLESS.contains(&self.codec.as_str())
    }
}

impl VideoFile {
    /// Seconds per tick as a fraction; a millisecond if not specified.
    pub fn time_base(&self) -> (u32, u32) {
        self.video.time_base.filter(|&(n, d)| n > 0 && d > 0).unwrap_or((1, 1000))
    }

    /// Frames per second as a fraction, for encoders' bit rates and levels: the nominal rate, or the average
    /// of a variable rate. At most one frame per tick; 25 if not specified, as in `FFmpeg`.
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

    /// Units in which ticks and frames of [`VideoFile::rate`] are integers: units per second, per tick, and
    /// per frame. MP4 stores durations in 31 bits: where such units would be too short for a pause of
    /// minutes, units are ticks, and the frame duration is rounded.
    pub(crate) fn units(&self) -> (u32, i64, i64) {
        let ((frames, seconds), (numerator, denominator)) = (self.rate(), self.time_base());
        let fit = frames / gcd(frames, denominator.saturating_mul(seconds));
        let units = denominator.checked_mul(fit).filter(|&units| units <= 1 << 20).unwrap_or(denominator);
        let tick = i64::from(numerator) * i64::from(units / denominator);
        (units, tick, i64::from(units) * i64::from(seconds) / i64::from(frames))
    }

    /// Total size of its files in bytes, and their latest modification time.
    ///
    /// # Errors
    /// If a file no longer exists.
    pub fn state(&self) -> io::Result<(u64, Option<SystemTime>)> {
        if let Some(images) = &self.images {
            return images.state();
        }
        let metadata = std::fs::metadata(&self.path)?;
        Ok((metadata.len(), metadata.modified().ok()))
    }

    /// A time in seconds as ticks, rounded to the nearest.
    pub fn ticks(&self, seconds: f64) -> i64 {
        let (numerator, denominator) = self.time_base();
        (seconds * f64::from(denominator) / f64::from(numerator)).round() as i64
    }

    /// Ticks in seconds.
    pub fn seconds(&self, ticks: i64) -> f64 {
        let (numerator, denominator) = self.time_base();
        ticks as f64 * f64::from(numerator) / f64::from(denominator)
    }

    pub(crate) fn undecodable(&self, message: &str) -> VideoError {
        let (path, message) = (self.path.clone(), message.to_owned());
        match fault(&message) {
            Fault::Argument => VideoError::Arguments { path, message },
            _ => VideoError::NotVideo { path, message },
        }
    }

    pub(crate) fn damaged(&self, message: &str) -> VideoError {
        let (path, message) = (self.path.clone(), message.to_owned());
        match fault(&message) {
            Fault::Argument => VideoError::Arguments { path, message },
            _ => VideoError::Damaged { path, message },
        }
    }

    /// Colour of a frame's planes. If not specified: BT.2020 with its primaries, BT.709 for images larger
    /// than 1279 × 576, else BT.601; full range for RGB, else limited.
    ///
    /// # Errors
    /// [`VideoError::Color`]: matrices and pixel formats without a type in this project.
    pub fn color(&self) -> Result<Color, VideoError> {
        color::color(&self.video).map_err(|what| VideoError::Color { path: self.path.clone(), what })
    }

    /// The same video with frames of another size, as an encoder and a container take them. Its colours stay:
    /// a matrix that players would take from the size is stated.
    ///
    /// # Errors
    /// As [`VideoFile::color`].
    pub fn with_size(&self, (width, height): (usize, usize)) -> Result<Self, VideoError> {
        let mut video = self.video.clone();
        (video.width, video.height) = (width, height);
        if video.matrix.is_none()
            && let Model::Yuv { matrix, .. } = self.color()?.model
        {
            video.matrix = Some(color::matrix_name(matrix).to_owned());
        }
        Ok(Self { video, ..self.clone() })
    }

    /// Checks that frames are progressive. Restoring two fields as one image would combine two moments.
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

    /// The command that deinterlaces it, lossless and with all other streams that Matroska can hold.
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

    /// Checks that there is no per-frame metadata, or that it may be dropped. Dolby Vision without a base
    /// layer of its own is refused in any case: the rest would have wrong colours.
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

/// A name quoted for a shell.
pub(crate) fn shell(path: &Path) -> String {
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
