//! Settings of an encoding: codec, pixel format, and `FFmpeg` arguments.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use super::codec::{Codec, default_codec, known, settings};
use super::container::{Container, IMAGES, container_of};
use super::probe::{content_light_words, svt_mastering_display, x265_master_display};
use super::{Ffmpeg, PixelFormat, Programs, Purpose, Samples, Video, VideoError, VideoFile, stills};
use crate::Error;

/// Tags the frames too: some encoders store the tags of frames, and pipes have none.
fn tag_frames(args: &mut Vec<String>, named: &[(&str, &Option<String>); 5]) {
    let keys = [
        ("-color_primaries", "color_primaries"),
        ("-color_trc", "color_trc"),
        ("-colorspace", "colorspace"),
        ("-color_range", "range"),
    ];
    let tags = keys.iter().filter_map(|(option, key)| {
        let (_, value) = named.iter().find(|(name, _)| name == option)?;
        Some(format!("{key}={}", value.as_deref()?))
    });
    let tags: Vec<String> = tags.collect();
    if tags.is_empty() {
        return;
    }
    let filter = format!("setparams={}", tags.join(":"));
    match args.iter().rposition(|arg| arg == "-vf" || arg == "-filter:v") {
        Some(at) if at + 1 < args.len() => args[at + 1] = format!("{filter},{}", args[at + 1]),
        _ => args.extend(["-vf".to_owned(), filter]),
    }
}

/// The name that `FFmpeg` reports for an option value: the reverse of [`as_option`].
fn as_reported(value: &str) -> &str {
    match value {
        "rgb" => "gbr",
        "gamma22" => "bt470m",
        "gamma28" => "bt470bg",
        other => other,
    }
}

/// The option value for a name that `FFmpeg` reports about a video: some names differ.
fn as_option<'a>(option: &str, value: &'a str) -> &'a str {
    match (option, value) {
        ("-colorspace", "gbr") => "rgb",
        ("-color_trc", "bt470m") => "gamma22",
        ("-color_trc", "bt470bg") => "gamma28",
        _ => value,
    }
}

/// Below this side length in pixels, videos cannot be cut into slices.
const TINY: usize = 16;

/// A codec, its quality, and further arguments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Encoding {
    /// The codec; for numbered images, that of the finished parts.
    pub codec: Codec,
    /// Bits per sample of the input frames.
    pub bits: u8,
    args: Vec<String>,
    container: &'static Container,
    output: PathBuf,
}

impl Encoding {
    /// Chooses settings for a video, a container and a purpose. `args` are `FFmpeg` arguments for the
    /// encoder. With `-c:v` among them they replace all settings, else they follow those chosen here. `bits`:
    /// of the frames.
    ///
    /// # Errors
    /// Containers that cannot be written, codecs that they cannot hold, encoders that are missing.
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
                format!("videos cannot be written as `.{extension}`"),
                "use .mkv, .mp4, .mov or .webm, or numbered images such as `out/%04d.png`",
            )
        })?;
        // Filters may change the size, and other pixel formats have no subsampled chroma.
        let changed = |arg: &String| ["-vf", "-filter", "-pix_fmt"].iter().any(|name| arg.starts_with(name));
        let odd = video.is_odd() && !args.iter().any(changed);
        let own = args.iter().position(|arg| arg == "-c:v" || arg == "-vcodec" || arg == "-codec:v");
        if let (true, Some(at)) = (container.muxer == IMAGES.muxer, own.or((!args.is_empty()).then_some(0))) {
            let what = format!("numbered images have no encoder that accepts `{}`", args[at]);
            return Err(refused(what, "drop `--ffmpeg-args`: images are lossless"));
        }
        let codec = match own {
            Some(at) => {
                let name = args.get(at + 1).map(String::as_str).unwrap_or_default();
                if name == "copy" {
                    let what = "the video stream cannot be copied, since its frames change".to_owned();
                    return Err(refused(what, "drop `-c:v copy`"));
                }
                known(name)
            }
            None => default_codec(container, purpose, odd, ffmpeg),
        };
        if odd && codec.needs_even() {
            let (encoder, path) = (codec.name().to_owned(), output.to_owned());
            return Err(VideoError::Odd { path, encoder, width: video.width, height: video.height });
        }
        if codec == Codec::Ffv1 && !container.ffv1 {
            let what = format!("{} cannot hold FFV1, the lossless codec", container.muxer);
            return Err(refused(what, "write an .mkv file"));
        }
        if !ffmpeg.encodes(codec.name()) {
            return Err(VideoError::NoEncoder { path: output.to_owned(), encoder: codec.name().to_owned() });
        }
        let mut all = if own.is_some() { Vec::new() } else { settings(&codec, purpose, bits) };
        all.extend(args.iter().cloned());
        Ok(Self { codec, bits, args: all, container, output: output.to_owned() })
    }

    /// Chooses the stored pixel format for frames in `frames`, and sets the bits accordingly. `asked`: only
    /// exactly that depth. Otherwise fewer bits are possible, or more if the encoder has no fewer.
    ///
    /// # Errors
    /// [`VideoError::Depth`], or an `ffmpeg` that does not answer.
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
        // VP9 stores alpha in separate frames, which are not copied.
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

    /// The encoder's arguments, `-c:v` included: settings, colours, and the video's light metadata.
    pub(super) fn args(&self, file: &VideoFile, pixels: &PixelFormat) -> Vec<OsString> {
        let mut args: Vec<String> = self.args.clone();
        // VP9 would encode alpha in separate 8-bit frames, which are not copied.
        let opaque = PixelFormat::planar(pixels.samples, pixels.bits, false);
        let pixels = opaque.filter(|_| self.codec == Codec::Vp9).unwrap_or(pixels);
        if self.own("-pix_fmt").is_none() {
            args.extend(["-pix_fmt".to_owned(), pixels.name.to_owned()]);
        }
        let video = &file.video;
        let named = [
            ("-color_primaries", &video.primaries),
            ("-color_trc", &video.transfer),
            ("-colorspace", &video.matrix),
            ("-color_range", &video.range),
            ("-chroma_sample_location", &video.chroma_location),
        ];
        if matches!(self.codec, Codec::Other(_)) {
            tag_frames(&mut args, &named);
        }
        for (option, value) in named {
            if let Some(value) = value.as_ref().filter(|_| self.own(option).is_none()) {
                args.extend([option.to_owned(), as_option(option, value).to_owned()]);
            }
        }
        if self.codec == Codec::X265 && self.container.tagged && !args.iter().any(|arg| arg == "-tag:v") {
            args.extend(["-tag:v".to_owned(), "hvc1".to_owned()]);
        }
        // Twelve slices need a minimum size; left to itself, FFV1 uses as many as a tiny video allows.
        if self.codec == Codec::Ffv1
            && video.width.min(video.height) < TINY
            && let Some(at) = args.iter().position(|arg| arg == "-slices")
        {
            args.drain(at..(at + 2).min(args.len()));
        }
        self.light(file, &mut args);
        args.into_iter().map(OsString::from).collect()
    }

    /// The value of an option that the user gave, the last one of several.
    fn own(&self, option: &str) -> Option<&str> {
        let at = self.args.iter().rposition(|arg| arg == option)?;
        self.args.get(at + 1).map(String::as_str)
    }

    /// The tags of the result: the video's, or those that the user gave.
    pub(super) fn tagged(&self, video: &Video) -> Video {
        let mut video = video.clone();
        for (option, value) in [
            ("-color_primaries", &mut video.primaries),
            ("-color_trc", &mut video.transfer),
            ("-colorspace", &mut video.matrix),
            ("-color_range", &mut video.range),
        ] {
            if let Some(own) = self.own(option) {
                *value = Some(as_reported(own).to_owned());
            }
        }
        video
    }

    /// Whether neither codec nor container can store the chroma siting.
    pub(super) fn hides_siting(&self) -> bool {
        self.codec == Codec::Ffv1 && self.container.muxer != "matroska"
    }

    /// A note on a result that few players take, with the arguments for one that they take.
    pub(super) fn few_players(&self, video: &Video) -> Option<String> {
        if self.codec != Codec::X265 || self.own("-pix_fmt").is_some() {
            return None;
        }
        let (what, args) = match video.samples? {
            Samples::Rgb => (
                "RGB",
                "-vf scale=out_color_matrix=bt709:out_range=tv -pix_fmt yuv420p10le -colorspace bt709 -color_range tv",
            ),
            Samples::Yuv(subsampling) if subsampling.y == 1 => {
                (if subsampling.x == 1 { "4:4:4" } else { "4:2:2" }, "-pix_fmt yuv420p10le")
            }
            _ => return None,
        };
        Some(format!(
            "few players and televisions take HEVC in {what}; `--ffmpeg-args \"{args}\"` writes 4:2:0"
        ))
    }

    /// Mastering display and content light level, for encoders that write them into the stream.
    fn light(&self, file: &VideoFile, args: &mut Vec<String>) {
        let light = &file.video.colorimetry;
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
        // FFmpeg uses the last of several equal options. The user's own parameters come last and take
        // precedence.
        while let Some(at) = args.iter().position(|arg| arg == option) {
            let end = (at + 2).min(args.len());
            params.extend(args.drain(at..end).skip(1));
        }
        if !params.is_empty() {
            args.extend([option.to_owned(), params.join(":")]);
        }
    }

    /// Whether the container or the codec can store the video's light metadata.
    pub(super) fn keeps_light(&self) -> bool {
        self.container.light || matches!(self.codec, Codec::X265 | Codec::SvtAv1)
    }

    /// Whether alpha is kept.
    pub(super) fn keeps_alpha(&self, programs: &Programs) -> Result<bool, Error> {
        // VP9 stores it in separate packets, which are lost in the container of a part.
        Ok(self.codec != Codec::Vp9 && Ffmpeg::takes_alpha(self.codec.name(), programs)?)
    }

    /// The pattern of the images that frames become, if any.
    pub(super) fn images(&self) -> Option<&Path> {
        (self.container.muxer == IMAGES.muxer).then_some(&*self.output)
    }

    pub(super) fn container(&self) -> &'static Container {
        self.container
    }

    /// The encoder, its pixel format and its quality, in a few words: "x265 4:2:2 10 bits CRF 16".
    pub fn words(&self, pixels: &PixelFormat) -> String {
        if let Some(images) = self.images() {
            return stills::words(images, pixels);
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

    /// A one-line description, shown to users and compared to decide whether a run can be resumed.
    pub fn describe(&self) -> String {
        format!("{} {}", self.container.muxer, self.args.join(" "))
    }
}

/// The formats with the same samples as `frames`; all, if there are none.
fn of_samples(frames: &PixelFormat, all: &[&'static PixelFormat]) -> Vec<&'static PixelFormat> {
    let same: Vec<_> = all.iter().copied().filter(|format| format.samples == frames.samples).collect();
    if same.is_empty() { all.to_vec() } else { same }
}

/// The format in which frames are stored: the same samples, as many bits, and alpha, in this order of
/// priority. Of those with fewer bits it takes the most, of those with more the fewest.
fn stored(frames: &PixelFormat, all: &[&'static PixelFormat]) -> Option<&'static PixelFormat> {
    let rank = |format: &&'static PixelFormat| {
        let more = format.bits > frames.bits;
        let apart = format.bits.abs_diff(frames.bits);
        (more, apart, format.alpha != frames.alpha)
    };
    of_samples(frames, all).into_iter().min_by_key(rank)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

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
