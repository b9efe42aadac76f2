//! Seeded, repeatable degradations of clean images, for tests and training pairs, and [datasets](dataset) of
//! such pairs.
//!
//! Each degradation is one entry of [`DEGRADATIONS`], with parameters. A recipe ([`DegradationRecipe`])
//! combines them with probabilities and ranges; a [`DegradationRecord`] holds its draws for an image.
//! [`FIXED_DEGRADATIONS`] are degradations with fixed settings, as measured in the results tables; a
//! [`Degrader`] is either.
//!
//! All start from a pair whose sides are the same clean 16-bit image. They leave the degraded image in
//! [`Pair::lq`] and the result of a perfect repair in [`Pair::gt`]. Some run real encoders and return an
//! error if such a program is missing.
//!
//! ```
//! use unband_data::{DegradationRecipe, Pair};
//! use unband_image::{Image, Rng};
//!
//! let grey: Vec<u16> = (0..128 * 128 * 3u32).map(|i| 20_000 + i as u16 / 3).collect();
//! let mut pair = Pair::from_clean(Image::from_rgb16(128, 128, &grey)?);
//! let record = DegradationRecipe::find("rgb")?.apply(&mut pair, Rng::new(1))?;
//! // The record alone reproduces the pair.
//! let mut again = Pair::from_clean(Image::from_rgb16(128, 128, &grey)?);
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
    gradient, grain, inverse_tone_mapping, jpeg, mpeg4_intra, noise, palette, planes, poisson, resize,
    rgb_bits, sharpen, shifted_downsample, speckle, tone, unsharp_mask, webp,
};

pub use degrade::bsrgan::{degradation_bsrgan, degradation_bsrgan_plus};
pub use degrade::entry::{Configured, DegradationEntry, Sides, Speed};
pub use degrade::fixed::{FIXED_DEGRADATIONS, FixedDegradation, find};
pub use degrade::recipe::{DegradationRecipe, DegradationRecipeError};
pub use degrade::record::{Applied, DegradationRecord, Setting};
pub use degrade::{Degradation, DegradeError, Degrader, Pair};

const OWN: &str = "own";

/// All degradations; those that cause banding come first. Help, documentation and shared tests are derived
/// from it.
#[rustfmt::skip]
pub static DEGRADATIONS: &[DegradationEntry] = &[
    DegradationEntry::new::<rgb_bits::RgbBits>("rgb-bits", "Reduced bit depth of red, green and blue", OWN),
    DegradationEntry::new::<planes::PlaneBits>("planes", "Reduced bit depth of Y, U and V in 4:2:0",
        "Kapoor et al. 2021, Dataset-Generation").room(2),
    DegradationEntry::new::<fhd::Fhd>("fhd", "Kapoor's full-HD set: reduced bit depth of Y, U and V, then MPEG-4 part 2",
        "Kapoor et al. 2021, Dataset-Generation").slow().room(64),
    DegradationEntry::new::<tone::Tone>("tone", "Gain, gamma and contrast", OWN).on_both_sides(),
    DegradationEntry::new::<grade::Grade>("grade", "Exposure, saturation and tint", OWN).on_both_sides(),
    DegradationEntry::new::<inverse_tone_mapping::InverseToneMapping>("inverse-tone-mapping",
        "Inverse tone mapping to high dynamic range", "Reinhard et al. 2002, equation 4, solved for the light").on_both_sides(),
    DegradationEntry::new::<jpeg::Jpeg>("jpeg", "JPEG", "ITU-T T.81; libjpeg").room(16),
    DegradationEntry::new::<webp::WebP>("webp", "Lossy WebP", "RFC 9649; libwebp").room(32),
    DegradationEntry::new::<palette::Palette>("palette", "Palette without dither",
        "Dekker 1994 (NeuQuant); FFmpeg palettegen"),
    DegradationEntry::new::<mpeg4_intra::Mpeg4Intra>("mpeg4-intra", "MPEG-4 part 2 intra frames, built in",
        "ISO/IEC 14496-2").room(16),
    DegradationEntry::new::<codec::Mpeg4>("mpeg4", "MPEG-4 part 2", "FFmpeg mpeg4").slow().room(32),
    DegradationEntry::new::<codec::X264>("x264", "H.264", "x264").slow().room(32),
    DegradationEntry::new::<codec::X265>("x265", "H.265", "x265").slow().room(64),
    DegradationEntry::new::<codec::Vp9>("vp9", "VP9", "libvpx").slow().room(64),
    DegradationEntry::new::<codec::Av1>("av1", "AV1", "libaom").slow().room(64),
    DegradationEntry::new::<avif::Avif>("avif", "AVIF (AV1 still image)", "libaom").slow().room(64),
    DegradationEntry::new::<grain::Grain>("grain", "Video grain", OWN),
    DegradationEntry::new::<noise::Noise>("noise", "Sensor noise (shot and read noise)", "Foi et al. 2008"),
    DegradationEntry::new::<sharpen::Sharpen>("sharpen", "Unsharp mask", OWN).room(18),
    DegradationEntry::new::<unsharp_mask::UnsharpMask>("unsharp-mask", "Unsharp mask above a threshold",
        "BSRGAN's code, after Real-ESRGAN").room(100),
    DegradationEntry::new::<gaussian_blur::GaussianBlur>("gaussian-blur", "Isotropic Gaussian blur",
        "Zhang et al. 2021 (BSRGAN)").room(25),
    DegradationEntry::new::<anisotropic_blur::AnisotropicBlur>("anisotropic-blur", "Anisotropic Gaussian blur",
        "Zhang et al. 2021 (BSRGAN)").room(25),
    DegradationEntry::new::<resize::Resize>("resize", "Resize by a factor", "OpenCV; MATLAB; Pillow").room(3),
    DegradationEntry::new::<fit::Fit>("fit", "Final resize to the scale of the pair", "OpenCV; MATLAB; Pillow")
        .room(3),
    DegradationEntry::new::<shifted_downsample::ShiftedDownsample>("shifted-downsample",
        "Blur, then keep every n-th sample", "Zhang et al. 2021 (BSRGAN)").room(25),
    DegradationEntry::new::<decimate::Decimate>("decimate", "Keep every n-th sample", "Zhang et al. 2020 (USRNet)"),
    DegradationEntry::new::<gaussian_noise::GaussianNoise>("gaussian-noise", "Additive Gaussian noise",
        "Zhang et al. 2021 (BSRGAN)"),
    DegradationEntry::new::<speckle::Speckle>("speckle", "Speckle noise, proportional to the value", "BSRGAN's code"),
    DegradationEntry::new::<poisson::Poisson>("poisson", "Poisson noise", "BSRGAN's code"),
    DegradationEntry::new::<camera::CameraNoise>("camera", "Camera pipeline: raw sensor values with noise, developed again",
        "Brooks et al. 2019").room(1),
    DegradationEntry::new::<bars::Bars>("bars", "Letterbox and pillarbox bars", OWN).on_both_sides(),
    DegradationEntry::new::<gradient::Gradient>("gradient", "Synthetic gradient", OWN).on_both_sides(),
];

/// The degradation with this name.
pub fn degradation(name: &str) -> Option<&'static DegradationEntry> {
    DEGRADATIONS.iter().find(|entry| entry.name == name)
}
