//! Degradations: how clean images come to be banded, seeded and repeatable, for tests and training pairs; and [datasets](dataset):
//! folders of such pairs, ours or the published one's.
//!
//! Each degradation is one entry of [`DEGRADATIONS`], with parameters. A [`Mix`] puts them together with
//! probabilities and ranges, and says by a [`Record`] what it drew for an image. [`CAUSES`] are degradations with
//! settings of their own that tables of results measure; a [`Way`] is either.
//!
//! All start from a pair whose two sides are the same clean 16-bit image, and leave in [`Pair::lq`] the degraded
//! image and in [`Pair::gt`] what a perfect repair would give. Some run real encoders; where such a program is
//! missing they say so.
//!
//! ```
//! use unband_data::{Mix, Pair};
//! use unband_image::{Image, Rng};
//!
//! let grey: Vec<u16> = (0..128 * 128 * 3u32).map(|i| 20_000 + i as u16 / 3).collect();
//! let mut pair = Pair::of(Image::from_rgb16(128, 128, &grey)?);
//! let record = Mix::find("rgb")?.apply(&mut pair, Rng::new(1))?;
//! // The record alone makes the same again.
//! let mut again = Pair::of(Image::from_rgb16(128, 128, &grey)?);
//! record.apply(&mut again)?;
//! assert!(pair == again);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
#![forbid(unsafe_code)]

pub mod dataset;
pub mod degrade;
pub mod files;
pub mod recipe;

use degrade::{
    anisotropic_blur, avif, bars, camera, codec, decimate, fhd, fit, gaussian_blur, gaussian_noise, grade,
    gradient, grain, inverse_tone_mapping, jpeg, levels, mpeg4_intra, noise, palette, planes, poisson,
    resize, sharpen, shifted_downsample, speckle, tone, unsharp_mask, webp,
};

pub use degrade::bsrgan::{degradation_bsrgan, degradation_bsrgan_plus};
pub use degrade::causes::{CAUSES, Cause, find};
pub use degrade::entry::{Built, DegradationEntry, Sides, Speed};
pub use degrade::mix::{Mix, MixError, Shipped};
pub use degrade::record::{Applied, Record, Setting};
pub use degrade::{Degradation, DegradeError, Pair, Way};

const OWN: &str = "own";

/// All degradations, those that bring banding first. Help, documentation and shared tests derive from it.
#[rustfmt::skip]
pub static DEGRADATIONS: &[DegradationEntry] = &[
    DegradationEntry::new::<levels::RgbBits>("rgb-bits", "Too few bits of red, green and blue", OWN),
    DegradationEntry::new::<planes::PlaneBits>("planes", "Too few bits of Y, U and V in 4:2:0",
        "Kapoor et al. 2021, Dataset-Generation").room(2),
    DegradationEntry::new::<fhd::Fhd>("fhd", "The full-HD set's recipe: few bits of Y, U and V, then MPEG-4 part 2",
        "Kapoor et al. 2021, Dataset-Generation").slow().room(64),
    DegradationEntry::new::<tone::Tone>("tone", "Gain, gamma and contrast", OWN).on_both_sides(),
    DegradationEntry::new::<grade::Grade>("grade", "Exposure, saturation and tint", OWN).on_both_sides(),
    DegradationEntry::new::<inverse_tone_mapping::InverseToneMapping>("inverse-tone-mapping",
        "Expanded for a brighter display", "Reinhard et al. 2002, equation 4, solved for the light").on_both_sides(),
    DegradationEntry::new::<jpeg::Jpeg>("jpeg", "JPEG", "ITU-T T.81; libjpeg").room(16),
    DegradationEntry::new::<webp::WebP>("webp", "Lossy WebP", "RFC 9649; libwebp").room(32),
    DegradationEntry::new::<palette::Palette>("palette", "Few colours, no dither",
        "Dekker 1994 (NeuQuant); FFmpeg palettegen"),
    DegradationEntry::new::<mpeg4_intra::Mpeg4Intra>("mpeg4-intra", "Intra frames of MPEG-4 part 2",
        "ISO/IEC 14496-2").room(16),
    DegradationEntry::new::<codec::Mpeg4>("mpeg4", "MPEG-4 part 2", "FFmpeg mpeg4").slow().room(32),
    DegradationEntry::new::<codec::X264>("x264", "H.264", "x264").slow().room(32),
    DegradationEntry::new::<codec::X265>("x265", "H.265", "x265").slow().room(64),
    DegradationEntry::new::<codec::Vp9>("vp9", "VP9", "libvpx").slow().room(64),
    DegradationEntry::new::<codec::Av1>("av1", "AV1", "libaom").slow().room(64),
    DegradationEntry::new::<avif::Avif>("avif", "AV1 as still images have it", "libaom").slow().room(64),
    DegradationEntry::new::<grain::Grain>("grain", "Video grain", OWN),
    DegradationEntry::new::<noise::Noise>("noise", "Noise of a sensor", "Foi et al. 2008"),
    DegradationEntry::new::<sharpen::Sharpen>("sharpen", "Unsharp mask", OWN).room(18),
    DegradationEntry::new::<unsharp_mask::UnsharpMask>("unsharp-mask", "Unsharp mask above a threshold",
        "BSRGAN's code, after Real-ESRGAN").room(100),
    DegradationEntry::new::<gaussian_blur::GaussianBlur>("gaussian-blur", "A blur, the same in all directions",
        "Zhang et al. 2021 (BSRGAN)").room(25),
    DegradationEntry::new::<anisotropic_blur::AnisotropicBlur>("anisotropic-blur", "A blur with a direction",
        "Zhang et al. 2021 (BSRGAN)").room(25),
    DegradationEntry::new::<resize::Resize>("resize", "Another size", "OpenCV; MATLAB; Pillow").room(3),
    DegradationEntry::new::<fit::Fit>("fit", "The size that a pair is to have in the end", "OpenCV; MATLAB; Pillow")
        .room(3),
    DegradationEntry::new::<shifted_downsample::ShiftedDownsample>("shifted-downsample",
        "A blur, then every so many-th sample", "Zhang et al. 2021 (BSRGAN)").room(25),
    DegradationEntry::new::<decimate::Decimate>("decimate", "Every so many-th sample", "Zhang et al. 2020 (USRNet)"),
    DegradationEntry::new::<gaussian_noise::GaussianNoise>("gaussian-noise", "Normal noise",
        "Zhang et al. 2021 (BSRGAN)"),
    DegradationEntry::new::<speckle::Speckle>("speckle", "Noise that grows with the light", "BSRGAN's code"),
    DegradationEntry::new::<poisson::Poisson>("poisson", "Noise of counted light", "BSRGAN's code"),
    DegradationEntry::new::<camera::CameraNoise>("camera", "Raw values of a sensor, with noise, developed again",
        "Brooks et al. 2019").room(1),
    DegradationEntry::new::<bars::Bars>("bars", "Letterbox and pillarbox bars", OWN).on_both_sides(),
    DegradationEntry::new::<gradient::Gradient>("gradient", "A slow gradient", OWN).on_both_sides(),
];

/// The degradation of that name.
pub fn degradation(name: &str) -> Option<&'static DegradationEntry> {
    DEGRADATIONS.iter().find(|entry| entry.name == name)
}
