//! Degradations, one per file, and the recipes that combine them.

pub(crate) mod anisotropic_blur;
pub(crate) mod avif;
pub(crate) mod bars;
mod blur;
pub mod bsrgan;
pub(crate) mod camera;
pub(crate) mod chain;
mod channels;
pub mod codec;
pub mod convolve;
pub(crate) mod decimate;
mod degrader;
pub mod entry;
pub mod fhd;
pub(crate) mod fit;
pub mod fixed;
pub(crate) mod gaussian_blur;
pub(crate) mod gaussian_noise;
pub(crate) mod grade;
pub(crate) mod gradient;
pub(crate) mod grain;
pub(crate) mod inverse_tone_mapping;
pub(crate) mod jpeg;
pub mod kernel;
pub mod mpeg4_intra;
pub(crate) mod noise;
pub mod palette;
pub mod planes;
pub(crate) mod poisson;
pub mod recipe;
pub mod record;
pub(crate) mod resize;
pub mod rgb_bits;
pub(crate) mod sharpen;
pub(crate) mod shifted_downsample;
pub(crate) mod speckle;
pub(crate) mod tone;
pub(crate) mod unsharp_mask;
pub(crate) mod webp;

pub use degrader::Degrader;

use unband_image::{Hint, Image, ImageError, Model, ParamError, Rng};

/// An image before and after degradation.
#[derive(Clone, Debug, PartialEq)]
pub struct Pair {
    /// The degraded side.
    pub lq: Image,
    /// The clean side: the result of a perfect repair.
    pub gt: Image,
}

impl Pair {
    /// A pair whose sides are the same clean image.
    pub fn from_clean(clean: Image) -> Self {
        Self { lq: clean.clone(), gt: clean }
    }
}

/// Why an image could not be degraded.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DegradeError {
    /// A program is not installed, or failed.
    #[error(transparent)]
    Program(#[from] unband_io::Error),
    /// The output of a program is not as expected.
    #[error("`{program}` returned {what}")]
    Answer {
        /// The program.
        program: &'static str,
        /// The fault.
        what: String,
    },
    /// A built-in encoder rejected the image.
    #[error("{format}: {what}")]
    Coder {
        /// The format.
        format: &'static str,
        /// The reason.
        what: String,
    },
    /// The image is too small for the degradation.
    #[error("the image has {width}×{height} samples, at least {least_width}×{least_height} are needed")]
    TooSmall {
        /// Width given.
        width: usize,
        /// Height given.
        height: usize,
        /// Minimum width.
        least_width: usize,
        /// Minimum height.
        least_height: usize,
    },
    /// A record leaves the degraded side in another size than its scale.
    #[error(
        "the degraded side has {width}×{height} samples, the clean one {gt_width}×{gt_height}: not {scale} times as large"
    )]
    Scale {
        /// Width of the degraded side.
        width: usize,
        /// Height of the degraded side.
        height: usize,
        /// Width of the clean side.
        gt_width: usize,
        /// Height of the clean side.
        gt_height: usize,
        /// The scale of the record.
        scale: u32,
    },
    /// The image is not RGB.
    #[error(transparent)]
    Image(#[from] ImageError),
    /// A record contains an unknown name.
    #[error("unknown degradation `{0}`")]
    Unknown(String),
    /// A record contains an invalid setting.
    #[error(transparent)]
    Setting(#[from] ParamError),
    /// A recipe cannot be used.
    #[error(transparent)]
    Recipe(Box<recipe::DegradationRecipeError>),
}

impl DegradeError {
    /// Whether a program or encoder is missing, and the image is not at fault.
    pub fn is_missing_program(&self) -> bool {
        match self {
            Self::Program(unband_io::Error::NoProgram { .. }) => true,
            Self::Program(unband_io::Error::Program { message, .. }) => {
                ["Unknown encoder", "Encoder not found"].iter().any(|words| message.contains(words))
            }
            _ => false,
        }
    }
}

impl Hint for DegradeError {
    fn hint(&self) -> Option<String> {
        let install = match self {
            Self::Program(unband_io::Error::NoProgram { install, .. }) => *install,
            _ if self.is_missing_program() => "install an FFmpeg with that encoder",
            Self::TooSmall { .. } => return Some("use larger images".to_owned()),
            Self::Scale { .. } => {
                return Some("end the recipe with the step `fit` and the same `scale`".to_owned());
            }
            _ => return None,
        };
        Some(format!("{install}, or use a recipe that starts no program: fhd, rgb or `images`"))
    }
}

/// A degradation of a pair.
pub trait Degradation: Send + Sync {
    /// Degrades `pair.lq`. Where that changes the result of a perfect repair, `pair.gt` changes too. Equal
    /// pairs and generators give equal results, given equal versions of the programs.
    ///
    /// # Errors
    /// When a program it needs is missing or fails, or the image is not RGB or too small.
    fn apply(&self, pair: &mut Pair, rng: Rng) -> Result<(), DegradeError>;

    /// For a lossy file format: the extension and the bytes of the file that [`Self::apply`] decodes.
    ///
    /// # Errors
    /// As [`Self::apply`].
    fn file(&self, _clean: &Image) -> Result<Option<(&'static str, Vec<u8>)>, DegradeError> {
        Ok(None)
    }
}

/// An error unless the image is RGB.
pub(crate) fn check_rgb(image: &Image) -> Result<(), DegradeError> {
    if image.color.model == Model::Rgb {
        return Ok(());
    }
    Err(ImageError::Model { got: image.color.model, needed: "an RGB image" }.into())
}

/// Clamps all samples to black and white.
pub(crate) fn clamp(image: &mut Image) {
    for v in image.planes.iter_mut().flat_map(|plane| &mut plane.data) {
        *v = v.clamp(0.0, 1.0);
    }
}
