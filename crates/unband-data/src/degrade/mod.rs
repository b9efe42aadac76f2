//! The causes of banding.

pub mod chain;
pub mod codec;
pub mod fhd;
pub mod jpeg;
pub mod levels;
pub mod palette;
pub mod planes;
pub mod pnm;
pub mod program;
pub mod tone;
pub mod webp;

use unband_image::{Depth, Image, ImageError, Model, Rng};

/// A picture before and after the harm.
#[derive(Clone, Debug, PartialEq)]
pub struct Pair {
    /// Degraded.
    pub lq: Image,
    /// What a perfect repair would give.
    pub gt: Image,
}

impl Pair {
    /// A pair of twice the same clean picture.
    pub fn of(clean: Image) -> Self {
        Self { lq: clean.clone(), gt: clean }
    }
}

/// Why a picture could not be degraded.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DegradeError {
    /// The program is not installed.
    #[error("the program `{0}` is not installed")]
    Missing(&'static str),
    /// The program ran and failed.
    #[error("`{program}` failed: {message}")]
    Program {
        /// The program.
        program: &'static str,
        /// The end of what it said.
        message: String,
    },
    /// The program could not be talked to.
    #[error("`{program}`: {source}")]
    Pipe {
        /// The program.
        program: &'static str,
        /// What the system said.
        source: std::io::Error,
    },
    /// A program's answer is not what was asked for.
    #[error("`{program}` returned {what}")]
    Answer {
        /// The program.
        program: &'static str,
        /// What is wrong with it.
        what: String,
    },
    /// The picture is too small for the cause.
    #[error("the picture has {width}×{height} samples, at least {least_width}×{least_height} are needed")]
    TooSmall {
        /// Width given.
        width: usize,
        /// Height given.
        height: usize,
        /// Least width.
        least_width: usize,
        /// Least height.
        least_height: usize,
    },
    /// The picture is not RGB.
    #[error(transparent)]
    Image(#[from] ImageError),
}

impl DegradeError {
    /// Is this a matter of what is installed, not of the picture?
    pub fn is_missing_program(&self) -> bool {
        match self {
            Self::Missing(_) => true,
            Self::Program { message, .. } => message.contains("Unknown encoder"),
            _ => false,
        }
    }
}

/// One way of harming a pair.
pub trait Degradation: Send + Sync {
    /// Harms `pair.lq`; where the harm changes what a perfect repair would be, `pair.gt` follows. Equal pairs
    /// and generators give equal results, given the same versions of the programs it runs.
    ///
    /// # Errors
    /// When a program it needs is missing or fails, or the picture is not RGB or too small.
    fn apply(&self, pair: &mut Pair, rng: Rng) -> Result<(), DegradeError>;

    /// For a cause that is one lossy file format: extension and bytes of the file that [`Self::apply`] decodes.
    ///
    /// # Errors
    /// As [`Self::apply`].
    fn file(&self, _clean: &Image) -> Result<Option<(&'static str, Vec<u8>)>, DegradeError> {
        Ok(None)
    }
}

/// One cause of banding of the registry.
#[derive(Clone, Copy)]
pub struct Cause {
    /// Kebab-case.
    pub name: &'static str,
    /// A few words.
    pub title: &'static str,
    /// Where the recipe stands.
    pub source: &'static str,
    /// Makes it from a window of the picture that is larger than its result: give it the whole picture.
    pub wants_room: bool,
    /// What it does.
    pub degradation: &'static dyn Degradation,
}

const OWN: &str = "own; docs/results/quality.md";
const KAPOOR: &str = "Kapoor et al. 2021, Dataset-Generation";

const fn cause(
    name: &'static str,
    title: &'static str,
    source: &'static str,
    degradation: &'static dyn Degradation,
) -> Cause {
    Cause { name, title, source, wants_room: false, degradation }
}

/// All causes, in the order of the results table.
pub static CAUSES: &[Cause] = &[
    cause("8-bit", "Rounded to 8 bits", OWN, &levels::RgbBits(8)),
    cause("rgb-7", "RGB on 7 bits", OWN, &levels::RgbBits(7)),
    cause("rgb-6", "RGB on 6 bits", OWN, &levels::RgbBits(6)),
    cause("rgb-5", "RGB on 5 bits", OWN, &levels::RgbBits(5)),
    cause("luma-6", "4:2:0, luma on 6 bits", KAPOOR, &planes::PlaneBits([6, 8, 8])),
    cause("u-5", "4:2:0, U on 5 bits", KAPOOR, &planes::PlaneBits([8, 5, 8])),
    cause("chroma-6", "4:2:0, U and V on 6 bits", KAPOOR, &planes::PlaneBits([8, 6, 6])),
    cause("yuv420-8", "4:2:0, all planes on 8 bits", OWN, &planes::PlaneBits([8, 8, 8])),
    cause("tone-curve", "Rounded to 8 bits, then a tone curve", OWN, &tone::ToneCurve),
    cause("jpeg-35", "JPEG, quality 35", "libjpeg", &jpeg::Jpeg { quality: 35 }),
    cause("jpeg-50", "JPEG, quality 50", "libjpeg", &jpeg::Jpeg { quality: 50 }),
    cause("jpeg-80", "JPEG, quality 80", "libjpeg", &jpeg::Jpeg { quality: 80 }),
    cause("jpeg-90", "JPEG, quality 90", "libjpeg", &jpeg::Jpeg { quality: 90 }),
    cause("x264-24", "H.264, quantiser 24", "x264", &codec::X264_24),
    cause("x264-34", "H.264, quantiser 34", "x264", &codec::X264_34),
    fhd("fhd-luma-6", "Luma on 6 bits, then MPEG-4", &fhd::Fhd { bits: [6, 8, 8], truth: fhd::Truth::Frame }),
    fhd(
        "fhd-chroma-6",
        "Luma and chroma on 6 bits, then MPEG-4",
        &fhd::Fhd { bits: [6, 6, 6], truth: fhd::Truth::Frame },
    ),
    fhd(
        "fhd-chroma-5",
        "Luma on 6, chroma on 5 bits, then MPEG-4",
        &fhd::Fhd { bits: [6, 5, 5], truth: fhd::Truth::Frame },
    ),
    fhd(
        "photo-luma-6",
        "As fhd-luma-6, against the photo itself",
        &fhd::Fhd { bits: [6, 8, 8], truth: fhd::Truth::Photo },
    ),
    fhd(
        "photo-chroma-6",
        "As fhd-chroma-6, against the photo itself",
        &fhd::Fhd { bits: [6, 6, 6], truth: fhd::Truth::Photo },
    ),
    fhd(
        "photo-chroma-5",
        "As fhd-chroma-5, against the photo itself",
        &fhd::Fhd { bits: [6, 5, 5], truth: fhd::Truth::Photo },
    ),
    fhd("mpeg4", "No grid, MPEG-4 alone", &fhd::Fhd { bits: [8, 8, 8], truth: fhd::Truth::Frame }),
    cause("palette-256", "256 colours, no dither", "FFmpeg palettegen", &palette::Palette { colors: 256 }),
    cause("palette-64", "64 colours, no dither", "FFmpeg palettegen", &palette::Palette { colors: 64 }),
    cause("webp-50", "WebP, quality 50", "libwebp", &webp::WebP { quality: 50 }),
    cause("webp-80", "WebP, quality 80", "libwebp", &webp::WebP { quality: 80 }),
    cause("x265-28", "H.265, rate factor 28", "x265", &codec::X265),
    cause("vp9-36", "VP9, rate factor 36", "libvpx", &codec::VP9),
    cause("av1-34", "AV1, rate factor 34", "libaom", &codec::AV1),
    cause("avif-30", "AV1 still, full range, rate factor 30", "libaom", &codec::AVIF),
    cause("jpeg-x264", "JPEG of quality 75, then H.264", OWN, &chain::JPEG_X264),
    cause("rgb-6-jpeg", "RGB on 6 bits, then JPEG of quality 90", OWN, &chain::RGB_6_JPEG),
];

const fn fhd(name: &'static str, title: &'static str, degradation: &'static dyn Degradation) -> Cause {
    Cause { name, title, source: KAPOOR, wants_room: true, degradation }
}

/// The cause of that name.
pub fn find(name: &str) -> Option<&'static Cause> {
    CAUSES.iter().find(|c| c.name == name)
}

/// An error unless the image is RGB.
pub(crate) fn rgb(image: &Image) -> Result<(), DegradeError> {
    if image.color.model == Model::Rgb {
        return Ok(());
    }
    Err(ImageError::Model { got: image.color.model, needed: "an RGB image" }.into())
}

/// Every sample through `f`, then onto the 8-bit grid.
pub(crate) fn to_eight_bits(image: &mut Image, f: impl Fn(f32) -> f32) {
    for plane in &mut image.planes {
        for v in &mut plane.data {
            *v = Depth::EIGHT.value(Depth::EIGHT.code(f(*v)));
        }
    }
    image.depth = Depth::EIGHT;
}
