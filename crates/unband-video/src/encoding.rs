//! Settings of an encoding: codec, quality, container, and further arguments of `FFmpeg`.

mod arguments;
mod storage;

use std::path::{Path, PathBuf};

use super::codec::{Codec, default_codec, known, settings};
use super::container::{Container, IMAGES, container_of};
use super::notes::chroma_of_eight;
use super::{Ffmpeg, PixelFormat, Programs, Purpose, Samples, Video, VideoError, stills};
use unband_image::Subsampling;
use unband_io::Error;

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
    /// Samples to which the frames are converted, if any.
    converted: Option<Samples>,
    /// Stored pixel format, once it is chosen.
    stored: Option<&'static PixelFormat>,
    /// Whether frames can be tagged with the place of chroma.
    places_chroma: bool,
    /// The message of an encoder that refuses the video.
    refusal: Option<String>,
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
        output: &Path,
        purpose: Purpose,
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
        let changed = args.iter().any(changed);
        let odd = video.is_odd() && !changed;
        let own = args.iter().position(|arg| arg == "-c:v" || arg == "-vcodec" || arg == "-codec:v");
        if let (true, Some(at)) = (container.muxer == IMAGES.muxer, own.or((!args.is_empty()).then_some(0))) {
            let what = format!("numbered images have no encoder that accepts `{}`", args[at]);
            return Err(refused(what, "drop `--ffmpeg-args`: images are lossless"));
        }
        if own.is_none() && purpose == Purpose::Edit && !matches!(container.muxer, "mov" | "image2") {
            let what = format!("editing programs expect ProRes in .mov files, not in {}", container.muxer);
            return Err(refused(what, "write a .mov file, or choose the encoder with `--ffmpeg-args`"));
        }
        let codec = if let Some(at) = own {
            let name = args.get(at + 1).map(String::as_str).unwrap_or_default();
            if name == "copy" {
                let what = "the video stream cannot be copied, since its frames change".to_owned();
                return Err(refused(what, "drop `-c:v copy`"));
            }
            known(name)
        } else {
            // RGB and grey frames get chroma of half the size.
            let halved = matches!(video.samples, Some(Samples::Rgb | Samples::Gray)) && !changed;
            let odd = odd || (halved && !video.has_even_sides());
            default_codec(container, purpose, video, odd, ffmpeg)
        };
        if codec == Codec::ProRes422
            && let Some(chroma) = chroma_of_eight(video.samples)
        {
            let what = format!("ProRes has at least ten bits, and chroma of {chroma} has eight");
            let hint = "convert it first: `ffmpeg -i FILE -pix_fmt yuv422p -c:v ffv1 OUT.mkv`";
            return Err(refused(what, hint));
        }
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
        let (output, converted) = (output.to_owned(), None);
        let mut encoding = Self {
            codec,
            bits,
            args: all,
            container,
            output,
            converted,
            stored: None,
            places_chroma: false,
            refusal: None,
        };
        encoding.converted = encoding.converts(video, purpose, changed || own.is_some());
        Ok(encoding)
    }

    /// The value of an option that the user gave, the last one of several.
    fn own(&self, option: &str) -> Option<&str> {
        let at = self.args.iter().rposition(|arg| arg == option)?;
        self.args.get(at + 1).map(String::as_str)
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
        let (what, args) = match self.converted.or(video.samples)? {
            Samples::Rgb => (
                "RGB".to_owned(),
                "-vf scale=out_color_matrix=bt709:out_range=tv -pix_fmt yuv420p10le -colorspace bt709 -color_range tv",
            ),
            Samples::Yuv(subsampling) if subsampling.y == 1 => {
                (subsampling.to_string(), "-pix_fmt yuv420p10le")
            }
            _ => return None,
        };
        Some(format!(
            "few players and televisions take HEVC in {what}; `--ffmpeg-args \"{args}\"` writes 4:2:0"
        ))
    }

    /// Whether the container or the codec can store the video's light metadata.
    pub(super) fn keeps_light(&self) -> bool {
        self.container.light || matches!(self.codec, Codec::X265 | Codec::SvtAv1)
    }

    /// Whether alpha is kept.
    pub(super) fn keeps_alpha(&self, programs: &Programs) -> Result<bool, Error> {
        match (&self.codec, self.own("-pix_fmt").and_then(PixelFormat::by_name)) {
            (_, Some(own)) => Ok(own.alpha),
            (Codec::Other(name), None) => Ffmpeg::takes_alpha(name, programs),
            (_, None) => Ok(self.stored.is_some_and(|format| format.alpha)),
        }
    }

    /// Whether it is stored in packets of its own.
    pub(super) fn has_separate_alpha(&self) -> bool {
        self.codec == Codec::Vp9 && self.stored.is_some_and(|format| format.alpha)
    }

    /// The container of finished parts.
    pub(super) fn part_container(&self) -> &'static str {
        self.codec.part_container(self.has_separate_alpha())
    }

    /// The samples to which RGB or grey frames are converted, if any.
    pub(super) fn converted(&self) -> Option<Samples> {
        self.converted
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
            Samples::Yuv(Subsampling::HALF) => String::new(),
            Samples::Yuv(subsampling) => format!(" {subsampling}"),
            Samples::Rgb => " RGB".to_owned(),
            Samples::Gray => " grey".to_owned(),
        };
        let alpha = if pixels.alpha { " with alpha" } else { "" };
        let quality = [("-crf", "CRF "), ("-qp", "QP "), ("-q:v", "q "), ("-qscale:v", "q "), ("-b:v", "")];
        let quality = quality.iter().find_map(|(option, word)| {
            let at = self.args.iter().rposition(|arg| arg == option)?;
            let value = self.args.get(at + 1).filter(|value| *option != "-b:v" || *value != "0")?;
            Some(format!(" {word}{value}"))
        });
        let quality = quality.unwrap_or_default();
        format!("{}{samples} {} bits{alpha}{quality}", self.codec.as_str(), pixels.bits)
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
