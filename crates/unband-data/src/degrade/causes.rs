//! The causes of banding that the tables of results measure: degradations with settings of their own.

use super::{Degradation, chain, codec, fhd, jpeg, levels, palette, planes, tone, webp};

/// One cause of banding: a row of the tables of results.
#[derive(Clone, Copy)]
pub struct Cause {
    /// Kebab-case.
    pub name: &'static str,
    /// A few words.
    pub title: &'static str,
    /// Where the recipe stands.
    pub source: &'static str,
    /// Makes it from a window of the image that is larger than its result: give it the whole image.
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
    cause("8-bit", "Rounded to 8 bits", OWN, &levels::to(8)),
    cause("rgb-7", "RGB on 7 bits", OWN, &levels::to(7)),
    cause("rgb-6", "RGB on 6 bits", OWN, &levels::to(6)),
    cause("rgb-5", "RGB on 5 bits", OWN, &levels::to(5)),
    cause("rgb-4", "RGB on 4 bits", OWN, &levels::to(4)),
    cause("luma-6", "4:2:0, luma on 6 bits", KAPOOR, &planes::bits(6, 8, 8)),
    cause("u-5", "4:2:0, U on 5 bits", KAPOOR, &planes::bits(8, 5, 8)),
    cause("chroma-6", "4:2:0, U and V on 6 bits", KAPOOR, &planes::bits(8, 6, 6)),
    cause("yuv420-8", "4:2:0, all planes on 8 bits", OWN, &planes::bits(8, 8, 8)),
    cause("tone-curve", "Rounded to 8 bits, then a tone curve", OWN, &tone::DrawnTone),
    cause("jpeg-35", "JPEG, quality 35", "libjpeg", &jpeg::at(35)),
    cause("jpeg-50", "JPEG, quality 50", "libjpeg", &jpeg::at(50)),
    cause("jpeg-80", "JPEG, quality 80", "libjpeg", &jpeg::at(80)),
    cause("jpeg-90", "JPEG, quality 90", "libjpeg", &jpeg::at(90)),
    cause("x264-24", "H.264, quantiser 24", "x264", &codec::X264_24),
    cause("x264-34", "H.264, quantiser 34", "x264", &codec::X264_34),
    fhd("fhd-luma-6", "Luma on 6 bits, then MPEG-4", &fhd::bits([6, 8, 8], fhd::Truth::Frame)),
    fhd("fhd-chroma-6", "Luma and chroma on 6 bits, then MPEG-4", &fhd::bits([6, 6, 6], fhd::Truth::Frame)),
    fhd("fhd-chroma-5", "Luma on 6, chroma on 5 bits, then MPEG-4", &fhd::bits([6, 5, 5], fhd::Truth::Frame)),
    fhd("photo-luma-6", "As fhd-luma-6, against the photo itself", &fhd::bits([6, 8, 8], fhd::Truth::Photo)),
    fhd(
        "photo-chroma-6",
        "As fhd-chroma-6, against the photo itself",
        &fhd::bits([6, 6, 6], fhd::Truth::Photo),
    ),
    fhd(
        "photo-chroma-5",
        "As fhd-chroma-5, against the photo itself",
        &fhd::bits([6, 5, 5], fhd::Truth::Photo),
    ),
    fhd("mpeg4", "No grid, MPEG-4 alone", &fhd::bits([8, 8, 8], fhd::Truth::Frame)),
    cause("palette-256", "256 colours, no dither", "FFmpeg palettegen", &palette::ffmpeg(256)),
    cause("palette-64", "64 colours, no dither", "FFmpeg palettegen", &palette::ffmpeg(64)),
    cause("webp-50", "WebP, quality 50", "libwebp", &webp::WebP { quality: 50 }),
    cause("webp-80", "WebP, quality 80", "libwebp", &webp::WebP { quality: 80 }),
    cause("x265-28", "H.265, rate factor 28", "x265", &codec::X265_28),
    cause("vp9-36", "VP9, rate factor 36", "libvpx", &codec::VP9_36),
    cause("av1-34", "AV1, rate factor 34", "libaom", &codec::AV1_34),
    cause("avif-30", "AV1 still, full range, rate factor 30", "libaom", &codec::AVIF_30),
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
