//! Degradations with fixed settings, as measured in the results tables.

use super::rgb_bits::RgbBits;
use super::{Degradation, chain, codec, fhd, jpeg, palette, planes, tone, webp};

/// A degradation with fixed settings: one row of the results tables.
#[derive(Clone, Copy)]
#[non_exhaustive]
pub struct FixedDegradation {
    /// Name in kebab-case.
    pub name: &'static str,
    /// Short title.
    pub title: &'static str,
    /// Publication or program that defines it.
    pub source: &'static str,
    /// The result is smaller than the image: pass the whole image, not a patch.
    pub needs_room: bool,
    /// The degradation with its settings.
    pub degradation: &'static dyn Degradation,
}

const OWN: &str = "own; docs/results/quality.md";
const KAPOOR: &str = "Kapoor et al. 2021, Dataset-Generation";

const fn fixed(
    name: &'static str,
    title: &'static str,
    source: &'static str,
    degradation: &'static dyn Degradation,
) -> FixedDegradation {
    FixedDegradation { name, title, source, needs_room: false, degradation }
}

/// All degradations with fixed settings, in the order of the results table.
pub static FIXED_DEGRADATIONS: &[FixedDegradation] = &[
    fixed("8-bit", "Rounded to 8 bits", OWN, &RgbBits::nearest(8)),
    fixed("rgb-7", "RGB at 7 bits", OWN, &RgbBits::nearest(7)),
    fixed("rgb-6", "RGB at 6 bits", OWN, &RgbBits::nearest(6)),
    fixed("rgb-5", "RGB at 5 bits", OWN, &RgbBits::nearest(5)),
    fixed("rgb-4", "RGB at 4 bits", OWN, &RgbBits::nearest(4)),
    fixed("luma-6", "4:2:0, luma at 6 bits", KAPOOR, &planes::bits(6, 8, 8)),
    fixed("u-5", "4:2:0, U at 5 bits", KAPOOR, &planes::bits(8, 5, 8)),
    fixed("chroma-6", "4:2:0, U and V at 6 bits", KAPOOR, &planes::bits(8, 6, 6)),
    fixed("yuv420-8", "4:2:0, all planes at 8 bits", OWN, &planes::bits(8, 8, 8)),
    fixed("tone-curve", "Rounded to 8 bits, then a tone curve", OWN, &tone::DrawnTone),
    fixed("jpeg-35", "JPEG, quality 35", "libjpeg", &jpeg::at(35)),
    fixed("jpeg-50", "JPEG, quality 50", "libjpeg", &jpeg::at(50)),
    fixed("jpeg-80", "JPEG, quality 80", "libjpeg", &jpeg::at(80)),
    fixed("jpeg-90", "JPEG, quality 90", "libjpeg", &jpeg::at(90)),
    fixed("x264-24", "H.264, quantiser 24", "x264", &codec::X264_24),
    fixed("x264-34", "H.264, quantiser 34", "x264", &codec::X264_34),
    fhd("fhd-luma-6", "Luma at 6 bits, then MPEG-4", &fhd::bits([6, 8, 8], fhd::Truth::Frame)),
    fhd("fhd-chroma-6", "Luma and chroma at 6 bits, then MPEG-4", &fhd::bits([6, 6, 6], fhd::Truth::Frame)),
    fhd("fhd-chroma-5", "Luma at 6, chroma at 5 bits, then MPEG-4", &fhd::bits([6, 5, 5], fhd::Truth::Frame)),
    fhd(
        "photo-luma-6",
        "As fhd-luma-6, with the photo itself as the clean side",
        &fhd::bits([6, 8, 8], fhd::Truth::Photo),
    ),
    fhd(
        "photo-chroma-6",
        "As fhd-chroma-6, with the photo itself as the clean side",
        &fhd::bits([6, 6, 6], fhd::Truth::Photo),
    ),
    fhd(
        "photo-chroma-5",
        "As fhd-chroma-5, with the photo itself as the clean side",
        &fhd::bits([6, 5, 5], fhd::Truth::Photo),
    ),
    fhd("mpeg4", "All planes at 8 bits, then MPEG-4", &fhd::bits([8, 8, 8], fhd::Truth::Frame)),
    fixed("palette-256", "256 colours, no dither", "FFmpeg palettegen", &palette::ffmpeg(256)),
    fixed("palette-64", "64 colours, no dither", "FFmpeg palettegen", &palette::ffmpeg(64)),
    fixed("webp-50", "WebP, quality 50", "libwebp", &webp::WebP { quality: 50 }),
    fixed("webp-80", "WebP, quality 80", "libwebp", &webp::WebP { quality: 80 }),
    fixed("x265-28", "H.265, rate factor 28", "x265", &codec::X265_28),
    fixed("vp9-36", "VP9, rate factor 36", "libvpx", &codec::VP9_36),
    fixed("av1-34", "AV1, rate factor 34", "libaom", &codec::AV1_34),
    fixed("avif-30", "AV1 still, full range, rate factor 30", "libaom", &codec::AVIF_30),
    fixed("jpeg-x264", "JPEG at quality 75, then H.264", OWN, &chain::JPEG_X264),
    fixed("rgb-6-jpeg", "RGB at 6 bits, then JPEG at quality 90", OWN, &chain::RGB_6_JPEG),
];

const fn fhd(
    name: &'static str,
    title: &'static str,
    degradation: &'static dyn Degradation,
) -> FixedDegradation {
    FixedDegradation { name, title, source: KAPOOR, needs_room: true, degradation }
}

/// The entry with this name.
pub fn find(name: &str) -> Option<&'static FixedDegradation> {
    FIXED_DEGRADATIONS.iter().find(|c| c.name == name)
}
