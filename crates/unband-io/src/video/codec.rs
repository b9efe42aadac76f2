//! How videos are encoded: a codec for what they are for and where they go, and what its encoder is told.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use super::probe::{content_light_words, svt_mastering_display, x265_master_display};
use super::{Ffmpeg, Film, PixelFormat, Programs, Samples, Video, VideoError, stills};
use crate::Error;

/// What a video is for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Purpose {
    /// Watching at home: nothing of the images is lost that can be seen.
    #[default]
    Player,
    /// Sending to browsers: smaller.
    Web,
    /// Keeping and editing: no loss.
    Archive,
}

impl Purpose {
    /// All.
    pub const ALL: [Self; 3] = [Self::Web, Self::Archive, Self::Player];

    /// As it is typed.
    pub fn word(self) -> &'static str {
        match self {
            Self::Player => "player",
            Self::Web => "web",
            Self::Archive => "archive",
        }
    }
}

/// An encoder of `FFmpeg`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Codec {
    /// HEVC by x265.
    X265,
    /// AV1 by SVT-AV1.
    SvtAv1,
    /// VP9 by libvpx.
    Vp9,
    /// FFV1, without loss.
    Ffv1,
    /// Another, as `-c:v` names it.
    Other(String),
}

impl Codec {
    /// `FFmpeg`'s name.
    pub fn name(&self) -> &str {
        match self {
            Self::X265 => "libx265",
            Self::SvtAv1 => "libsvtav1",
            Self::Vp9 => "libvpx-vp9",
            Self::Ffv1 => "ffv1",
            Self::Other(name) => name,
        }
    }

    /// As people call it.
    fn word(&self) -> &str {
        match self {
            Self::X265 => "x265",
            Self::SvtAv1 => "AV1 (SVT)",
            Self::Vp9 => "VP9",
            Self::Ffv1 => "FFV1",
            Self::Other(name) => name,
        }
    }

    /// Does it take only sizes at which all pixels share chroma? Known of those that HEVC's own rules bind, and of some more.
    fn wants_even(&self) -> bool {
        matches!(self, Self::X265 | Self::SvtAv1) || self.name() == "libx264"
    }

    /// The container that its finished parts wait in. Both have fragments; MP4 has no codes for some codecs, `QuickTime` none
    /// for others.
    pub(super) fn part_container(&self) -> &'static str {
        let name = self.name();
        if name.contains("av1") || name.contains("vp9") { "mp4" } else { "mov" }
    }
}

/// A container that videos are written to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(clippy::struct_excessive_bools)] // facts that have nothing to do with each other
pub struct Container {
    /// `FFmpeg`'s name of what writes it.
    pub muxer: &'static str,
    extensions: &'static [&'static str],
    /// Has it codes for FFV1?
    pub ffv1: bool,
    /// Is HEVC known in it to players that go by the code `hvc1` only?
    tagged: bool,
    /// Has each stream a unit of time of its own?
    pub(super) times_of_tracks: bool,
    /// Are its times in thousandths of a second?
    pub(super) rounds: bool,
    /// Has it a place for mastering display and content light level?
    light: bool,
}

/// One that can do nothing of what not all can.
const PLAIN: Container = Container {
    muxer: "",
    extensions: &[],
    ffv1: false,
    tagged: false,
    times_of_tracks: false,
    rounds: false,
    light: false,
};

const CONTAINERS: &[Container] = &[
    Container { muxer: "matroska", extensions: &["mkv"], ffv1: true, rounds: true, light: true, ..PLAIN },
    Container { muxer: "webm", extensions: &["webm"], rounds: true, light: true, ..PLAIN },
    Container {
        muxer: "mp4",
        extensions: &["mp4", "m4v"],
        tagged: true,
        times_of_tracks: true,
        light: true,
        ..PLAIN
    },
    Container {
        muxer: "mov",
        extensions: &["mov"],
        ffv1: true,
        tagged: true,
        times_of_tracks: true,
        rounds: false,
        light: true,
    },
    Container { muxer: "nut", extensions: &["nut"], ffv1: true, ..PLAIN },
    Container { muxer: "mpegts", extensions: &["ts", "m2ts", "mts"], ..PLAIN },
];

/// Numbered images.
static PICTURES: Container = Container { muxer: "image2", ffv1: true, ..PLAIN };

/// The container of that file name's extension, numbered images for a pattern of such; nothing where videos are not written under it.
pub fn container_of(path: &Path) -> Option<&'static Container> {
    if stills::are_named(path) {
        return Some(&PICTURES);
    }
    let extension = path.extension()?.to_str()?.to_ascii_lowercase();
    CONTAINERS.iter().find(|container| container.extensions.contains(&extension.as_str()))
}

/// What `FFmpeg` takes as an option for what it calls that when it describes a video: some names differ.
fn as_option<'a>(option: &str, value: &'a str) -> &'a str {
    match (option, value) {
        ("-colorspace", "gbr") => "rgb",
        ("-color_trc", "bt470m") => "gamma22",
        ("-color_trc", "bt470bg") => "gamma28",
        _ => value,
    }
}

/// Videos below this size on a side cannot be cut into slices, in pixels.
const TINY: usize = 16;

/// A codec, its quality, and further arguments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Encoding {
    /// The codec; of finished parts, where frames become images.
    pub codec: Codec,
    /// Bits per sample of the frames that it gets.
    pub bits: u8,
    args: Vec<String>,
    container: &'static Container,
    output: PathBuf,
}

impl Encoding {
    /// Chooses for a video, a container and a purpose. `args` are `FFmpeg`'s for the encoder: with `-c:v` among them they are all that
    /// it is told, else they follow what is chosen here. `bits`: of the frames.
    ///
    /// # Errors
    /// Containers that videos are not written to, codecs that do not go into them, encoders that are missing.
    pub fn choose(
        video: &Video,
        (output, purpose): (&Path, Purpose),
        args: &[String],
        bits: u8,
        ffmpeg: &Ffmpeg,
    ) -> Result<Self, VideoError> {
        let refused =
            |what: String, instead| VideoError::Container { path: output.to_owned(), what, instead };
        let container = container_of(output).ok_or_else(|| {
            let extension = output.extension().unwrap_or_default().to_string_lossy();
            refused(
                format!("videos are not written as `.{extension}`"),
                "name a file with .mkv, .mp4, .mov or .webm, or images such as `out/%04d.png`",
            )
        })?;
        // Filters may change the size, and other samples share no chroma.
        let changed = |arg: &String| ["-vf", "-filter", "-pix_fmt"].iter().any(|name| arg.starts_with(name));
        let odd = video.is_odd() && !args.iter().any(changed);
        let own = args.iter().position(|arg| arg == "-c:v" || arg == "-vcodec" || arg == "-codec:v");
        if let (true, Some(at)) = (container.muxer == PICTURES.muxer, own.or((!args.is_empty()).then_some(0)))
        {
            let what = format!("images of frames have no encoder that takes `{}`", args[at]);
            return Err(refused(what, "leave `--ffmpeg-args` out: images are made without loss"));
        }
        let codec = match own {
            Some(at) => {
                let name = args.get(at + 1).map(String::as_str).unwrap_or_default();
                if name == "copy" {
                    let what = "the images cannot be copied: they are what changes".to_owned();
                    return Err(refused(what, "leave `-c:v copy` out"));
                }
                known(name)
            }
            None => default_codec(container, purpose, odd, ffmpeg),
        };
        if odd && codec.wants_even() {
            let (encoder, path) = (codec.name().to_owned(), output.to_owned());
            return Err(VideoError::Odd { path, encoder, width: video.width, height: video.height });
        }
        if codec == Codec::Ffv1 && !container.ffv1 {
            let what = format!("{} holds no FFV1, the codec without loss", container.muxer);
            return Err(refused(what, "write to a file with .mkv"));
        }
        if !ffmpeg.encodes(codec.name()) {
            return Err(VideoError::NoEncoder { path: output.to_owned(), encoder: codec.name().to_owned() });
        }
        let mut all = if own.is_some() { Vec::new() } else { settings(&codec, purpose, bits) };
        all.extend(args.iter().cloned());
        Ok(Self { codec, bits, args: all, container, output: output.to_owned() })
    }

    /// Settles what the encoder stores of frames in that format, which then have as many bits. `asked`: with that depth and no
    /// other; else it may have fewer bits, or more where it has no fewer.
    ///
    /// # Errors
    /// [`VideoError::Depth`]; an `ffmpeg` that does not answer.
    pub fn fit(
        &mut self,
        frames: &'static PixelFormat,
        asked: bool,
        output: &Path,
        programs: &Programs,
    ) -> Result<&'static PixelFormat, VideoError> {
        self.bits = frames.bits;
        if self.codec == Codec::Ffv1 {
            return Ok(frames);
        }
        let mut all = Ffmpeg::stores(self.codec.name(), programs).map_err(|error| error.in_file(output))?;
        // Its alpha lies in frames of its own, which are not taken along.
        all.retain(|format| self.codec != Codec::Vp9 || !format.alpha);
        let stored = match stored(frames, &all) {
            Some(stored) if asked && stored.bits != frames.bits => {
                let mut has: Vec<u8> = of_samples(frames, &all).iter().map(|format| format.bits).collect();
                has.sort_unstable();
                has.dedup();
                let (path, encoder) = (output.to_owned(), self.codec.word().to_owned());
                return Err(VideoError::Depth { path, encoder, asked: frames.bits, has });
            }
            Some(stored) => stored,
            None => frames,
        };
        self.bits = stored.bits;
        Ok(stored)
    }

    /// What the encoder is told, `-c:v` included: settings, colours, and the light that the video says of itself.
    pub(super) fn args(&self, film: &Film, pixels: &PixelFormat) -> Vec<OsString> {
        let mut args: Vec<String> = self.args.clone();
        // Alpha would be encoded in frames of its own, of 8 bits, which are not taken along.
        let opaque = PixelFormat::planar(pixels.samples, pixels.bits, false);
        let pixels = opaque.filter(|_| self.codec == Codec::Vp9).unwrap_or(pixels);
        args.extend(["-pix_fmt".to_owned(), pixels.name.to_owned()]);
        let video = &film.video;
        let named = [
            ("-color_primaries", &video.primaries),
            ("-color_trc", &video.transfer),
            ("-colorspace", &video.matrix),
            ("-color_range", &video.range),
            ("-chroma_sample_location", &video.chroma_location),
        ];
        for (option, value) in named {
            if let Some(value) = value {
                args.extend([option.to_owned(), as_option(option, value).to_owned()]);
            }
        }
        if self.codec == Codec::X265 && self.container.tagged && !args.iter().any(|arg| arg == "-tag:v") {
            args.extend(["-tag:v".to_owned(), "hvc1".to_owned()]);
        }
        // Twelve slices need room; left to choose, FFV1 takes as many as a tiny video has.
        if self.codec == Codec::Ffv1
            && video.width.min(video.height) < TINY
            && let Some(at) = args.iter().position(|arg| arg == "-slices")
        {
            args.drain(at..(at + 2).min(args.len()));
        }
        self.light(film, &mut args);
        args.into_iter().map(OsString::from).collect()
    }

    /// Mastering display and content light level, for the encoders that write them into their stream.
    fn light(&self, film: &Film, args: &mut Vec<String>) {
        let light = &film.video.colorimetry;
        let mut params = Vec::new();
        let option = match self.codec {
            Codec::X265 => {
                params.extend(
                    light.mastering.as_ref().map(|m| format!("master-display={}", x265_master_display(m))),
                );
                params.extend(light.content_light.map(|l| format!("max-cll={}", content_light_words(l))));
                if !params.is_empty() {
                    params.push("hdr10=1".to_owned());
                }
                params.push("log-level=error".to_owned());
                "-x265-params"
            }
            Codec::SvtAv1 => {
                params.extend(
                    light
                        .mastering
                        .as_ref()
                        .map(|m| format!("mastering-display={}", svt_mastering_display(m))),
                );
                params
                    .extend(light.content_light.map(|l| format!("content-light={}", content_light_words(l))));
                "-svtav1-params"
            }
            _ => return,
        };
        // FFmpeg goes by the last of an option. People's own parameters come last and win.
        while let Some(at) = args.iter().position(|arg| arg == option) {
            let end = (at + 2).min(args.len());
            params.extend(args.drain(at..end).skip(1));
        }
        if !params.is_empty() {
            args.extend([option.to_owned(), params.join(":")]);
        }
    }

    /// Can the container or the codec say what the video says of its light?
    pub(super) fn keeps_light(&self) -> bool {
        self.container.light || matches!(self.codec, Codec::X265 | Codec::SvtAv1)
    }

    /// Does alpha go along?
    pub(super) fn keeps_alpha(&self, programs: &Programs) -> Result<bool, Error> {
        // VP9 has it in packets of its own, which do not go through the container of a part.
        Ok(self.codec != Codec::Vp9 && Ffmpeg::takes_alpha(self.codec.name(), programs)?)
    }

    /// The pattern of the images that frames become, if they do.
    pub(super) fn pictures(&self) -> Option<&Path> {
        (self.container.muxer == PICTURES.muxer).then_some(&*self.output)
    }

    pub(super) fn container(&self) -> &'static Container {
        self.container
    }

    /// The encoder, what it stores and what its quality is set to, in a few words: "x265 4:2:2 10 bits CRF 16".
    pub fn words(&self, pixels: &PixelFormat) -> String {
        if let Some(pictures) = self.pictures() {
            return stills::words(pictures, pixels);
        }
        let samples = match pixels.samples {
            Samples::Yuv(subsampling) => match (subsampling.x, subsampling.y) {
                (1, 1) => " 4:4:4",
                (2, 1) => " 4:2:2",
                (1, 2) => " 4:4:0",
                (4, 1) => " 4:1:1",
                (4, 4) => " 4:1:0",
                _ => "",
            },
            Samples::Rgb => " RGB",
            Samples::Gray => " grey",
        };
        let alpha = if pixels.alpha { " with alpha" } else { "" };
        let quality = [("-crf", "CRF "), ("-qp", "QP "), ("-q:v", "q "), ("-qscale:v", "q "), ("-b:v", "")];
        let quality = quality.iter().find_map(|(option, word)| {
            let at = self.args.iter().rposition(|arg| arg == option)?;
            let value = self.args.get(at + 1).filter(|value| *option != "-b:v" || *value != "0")?;
            Some(format!(" {word}{value}"))
        });
        let quality = quality.unwrap_or_default();
        format!("{}{samples} {} bits{alpha}{quality}", self.codec.word(), pixels.bits)
    }

    /// `FFmpeg`'s name of the container.
    pub fn muxer(&self) -> &'static str {
        self.container.muxer
    }

    /// In one line, for people and for telling whether a run that goes on is the same.
    pub fn describe(&self) -> String {
        format!("{} {}", self.container.muxer, self.args.join(" "))
    }
}

/// Those of the formats that have the same samples; all, where none has.
fn of_samples(frames: &PixelFormat, all: &[&'static PixelFormat]) -> Vec<&'static PixelFormat> {
    let same: Vec<_> = all.iter().copied().filter(|format| format.samples == frames.samples).collect();
    if same.is_empty() { all.to_vec() } else { same }
}

/// Which of these formats frames are stored in: with the same samples, as many bits, and alpha, in this order, where there is
/// one; of fewer bits the most, of more the fewest.
fn stored(frames: &PixelFormat, all: &[&'static PixelFormat]) -> Option<&'static PixelFormat> {
    let rank = |format: &&'static PixelFormat| {
        let more = format.bits > frames.bits;
        let apart = format.bits.abs_diff(frames.bits);
        (more, apart, format.alpha != frames.alpha)
    };
    of_samples(frames, all).into_iter().min_by_key(rank)
}

fn known(name: &str) -> Codec {
    [Codec::X265, Codec::SvtAv1, Codec::Vp9, Codec::Ffv1]
        .into_iter()
        .find(|codec| codec.name() == name)
        .unwrap_or_else(|| Codec::Other(name.to_owned()))
}

fn default_codec(container: &Container, purpose: Purpose, odd: bool, ffmpeg: &Ffmpeg) -> Codec {
    let av1 = || if ffmpeg.encodes(Codec::SvtAv1.name()) { Codec::SvtAv1 } else { Codec::Vp9 };
    match (purpose, container.muxer) {
        (Purpose::Archive, _) | (_, "image2") => Codec::Ffv1,
        (_, "webm" | "mp4" | "matroska") if odd => Codec::Vp9,
        (_, "webm") | (Purpose::Web, "mp4" | "matroska") => av1(),
        _ => Codec::X265,
    }
}

/// Visually without loss for people's players; a third of that for the web. `bits`: of the frames.
fn settings(codec: &Codec, purpose: Purpose, bits: u8) -> Vec<String> {
    let web = purpose == Purpose::Web;
    let eight = bits <= 8;
    let text = match codec {
        Codec::X265 if web => "-c:v libx265 -preset medium -crf 21",
        Codec::X265 => "-c:v libx265 -preset medium -crf 16",
        // Tuned for PSNR, it wipes the dither of 8 bits out of fades (docs/results/film-encoders.md).
        Codec::SvtAv1 if web && eight => "-c:v libsvtav1 -preset 7 -crf 28 -svtav1-params tune=0",
        Codec::SvtAv1 if eight => "-c:v libsvtav1 -preset 6 -crf 18 -svtav1-params tune=0",
        Codec::SvtAv1 if web => "-c:v libsvtav1 -preset 7 -crf 28",
        Codec::SvtAv1 => "-c:v libsvtav1 -preset 6 -crf 18",
        Codec::Vp9 if web => "-c:v libvpx-vp9 -b:v 0 -crf 28 -row-mt 1 -cpu-used 3",
        Codec::Vp9 => "-c:v libvpx-vp9 -b:v 0 -crf 18 -row-mt 1 -cpu-used 3",
        // Version 3 with sums for each slice, every frame on its own.
        Codec::Ffv1 => "-c:v ffv1 -level 3 -g 1 -slicecrc 1 -slices 12",
        Codec::Other(name) => return vec!["-c:v".to_owned(), name.clone()],
    };
    text.split(' ').map(str::to_owned).collect()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn eight_bits_of_av1_keep_their_dither() {
        for purpose in [Purpose::Player, Purpose::Web] {
            for (bits, tuned) in [(8, true), (10, false)] {
                let settings = settings(&Codec::SvtAv1, purpose, bits);
                assert_eq!(settings.iter().any(|word| word == "tune=0"), tuned, "{purpose:?}, {bits} bits");
            }
        }
    }

    #[test]
    fn what_an_encoder_stores_is_the_nearest_that_it_has() {
        let formats = |names: &[&str]| -> Vec<&'static PixelFormat> {
            names.iter().map(|name| PixelFormat::by_name(name).unwrap()).collect()
        };
        let of = |frames: &str, all: &[&str]| {
            stored(PixelFormat::by_name(frames).unwrap(), &formats(all)).map(|format| format.name)
        };
        let x265 = ["yuv420p", "yuv420p10le", "yuv422p10le", "yuv420p12le", "gray"];
        assert_eq!(of("yuv420p16le", &x265), Some("yuv420p12le"));
        assert_eq!(of("yuv420p10le", &x265), Some("yuv420p10le"));
        assert_eq!(of("yuva420p10le", &x265), Some("yuv420p10le"));
        assert_eq!(of("yuv422p12le", &x265), Some("yuv422p10le"), "its samples come first");
        assert_eq!(of("yuv422p", &["yuv422p10le"]), Some("yuv422p10le"));
        assert_eq!(of("yuv444p10le", &["yuv420p", "yuv420p10le"]), Some("yuv420p10le"));
        assert_eq!(of("gray", &[]), None);
    }
}
