//! Measures of picture quality and of banding.
//!
//! Every measure is one entry of [`METRICS`]. All of them take RGB or grey [`Image`]s of any depth, work in
//! 8-bit codes (255 × the sample) with sums in `f64`, and never give a value that is not a number: where a
//! measure has no meaning, it is an error that says why.
#![forbid(unsafe_code)]

pub mod bband;
pub mod cambi;
pub mod ciede2000;
pub mod clean;
pub mod contour_jump;
pub mod false_steps;
pub mod field;
pub mod flat_psnr;
pub mod gmsd;
mod grey;
mod light;
pub mod ms_ssim;
pub mod niqe;
pub mod psnr;
pub mod ssim;
mod ssim_window;
pub mod ssimulacra2;
pub mod texture_change;

pub use clean::Clean;
pub use field::Field;

use unband_image::{Image, Model};

/// Which way a measure improves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Better {
    /// More is better.
    Higher,
    /// Less is better.
    Lower,
}

/// What a measure compares a picture with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Against {
    /// Nothing: the picture alone.
    Nothing,
    /// The clean picture.
    Reference,
    /// The picture before it was restored.
    Input,
}

/// A measured value.
#[derive(Clone, Debug, PartialEq)]
pub struct Score {
    /// The value; infinite for the PSNR of equal pictures, never not-a-number.
    pub value: f64,
    /// Further numbers that belong to it, by name.
    pub details: Vec<(&'static str, f64)>,
}

impl Score {
    /// A value alone.
    pub fn of(value: f64) -> Self {
        Self { value, details: Vec::new() }
    }
}

/// Why a measure has no value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MetricError {
    /// Two pictures of different size.
    #[error("the pictures differ in size: {width}×{height} and {other_width}×{other_height}")]
    Size {
        /// Width of the scored picture.
        width: usize,
        /// Height of the scored picture.
        height: usize,
        /// Width of the other.
        other_width: usize,
        /// Height of the other.
        other_height: usize,
    },
    /// Smaller than the measure's window.
    #[error("{metric} needs at least {needed}×{needed} samples, got {width}×{height}")]
    TooSmall {
        /// The measure.
        metric: &'static str,
        /// Least side.
        needed: usize,
        /// Width given.
        width: usize,
        /// Height given.
        height: usize,
    },
    /// Neither RGB nor grey.
    #[error("the picture is {0:?}, RGB or grey is needed")]
    Model(Model),
    /// Two pictures of different colour models.
    #[error("{metric} compares pictures of one colour model, got {model:?} and {other:?}")]
    Models {
        /// The measure.
        metric: &'static str,
        /// Model of the scored picture.
        model: Model,
        /// Model of the other.
        other: Model,
    },
    /// SSIMULACRA2 cannot take the pictures: they are too large.
    #[error("ssimulacra2: {0}")]
    Ssimulacra2(#[from] fast_ssim2::Ssimulacra2Error),
    /// A picture to compare with is missing.
    #[error("{metric} compares with {with}, which is missing")]
    Missing {
        /// The measure.
        metric: &'static str,
        /// What it compares with.
        with: &'static str,
    },
    /// Nothing to measure in this picture.
    #[error("{metric} needs more than {needed} {what}, the picture has {got}")]
    TooFew {
        /// The measure.
        metric: &'static str,
        /// What is counted.
        what: &'static str,
        /// Needed.
        needed: usize,
        /// There are.
        got: usize,
    },
    /// Both sides are shorter than the measure needs one to be.
    #[error("{metric} needs a side of at least {needed} samples, got {width}×{height}")]
    Short {
        /// The measure.
        metric: &'static str,
        /// Least length of the longer side.
        needed: usize,
        /// Width given.
        width: usize,
        /// Height given.
        height: usize,
    },
    /// The picture is so large that the measure's window exceeds what can be counted.
    #[error("{metric} has a window of at most {widest} samples, {width}×{height} samples need a wider one")]
    Large {
        /// The measure.
        metric: &'static str,
        /// Widest window.
        widest: usize,
        /// Width given.
        width: usize,
        /// Height given.
        height: usize,
    },
    /// An option is out of range.
    #[error("`{option}` of {metric} must lie in {range}, got {got}")]
    Option {
        /// The measure.
        metric: &'static str,
        /// The option.
        option: &'static str,
        /// What it may be.
        range: &'static str,
        /// What it was.
        got: String,
    },
    /// A buffer holds more or fewer samples than its size asks for, or none.
    #[error("{metric} got {got} samples for {width}×{height}")]
    Samples {
        /// The measure.
        metric: &'static str,
        /// Width given.
        width: usize,
        /// Height given.
        height: usize,
        /// Samples given.
        got: usize,
    },
    /// A code has more bits than its plane.
    #[error("{metric} got the code {got} in a plane of {bits} bits")]
    Code {
        /// The measure.
        metric: &'static str,
        /// Bits of the plane.
        bits: u8,
        /// The code.
        got: u16,
    },
    /// The caller asked to stop.
    #[error("interrupted")]
    Cancelled,
    /// A sample is not a number or infinite.
    #[error("the picture holds samples that are no finite numbers")]
    NotFinite,
}

/// Scores a picture against another, or alone.
pub type ScoreFn = fn(&Image, Option<&Image>) -> Result<Score, MetricError>;

/// One measure of the registry.
#[derive(Clone, Copy)]
pub struct Metric {
    /// Kebab-case.
    pub name: &'static str,
    /// A few words.
    pub title: &'static str,
    /// Which way is better.
    pub better: Better,
    /// What the second picture must be.
    pub against: Against,
    /// Possible values, in words.
    pub range: &'static str,
    /// Unit, in words.
    pub unit: &'static str,
    /// Paper, or the place where the definition stands.
    pub source: &'static str,
    /// Computes it: the picture, then what it is compared with.
    pub score: ScoreFn,
}

/// All measures.
pub static METRICS: &[Metric] = &[
    psnr::ENTRY,
    psnr::ENTRY_Y,
    psnr::ENTRY_Y_ROUNDED,
    ssim::ENTRY,
    ssim::ENTRY_Y,
    ssim::ENTRY_UNIFORM7,
    ssim::ENTRY_MATLAB_GRAY,
    ms_ssim::ENTRY,
    ms_ssim::ENTRY_RGB,
    gmsd::ENTRY,
    ssimulacra2::ENTRY,
    ciede2000::ENTRY,
    flat_psnr::ENTRY,
    false_steps::ENTRY,
    contour_jump::ENTRY,
    texture_change::ENTRY,
    cambi::ENTRY,
    cambi::ENTRY_COARSE,
    bband::ENTRY,
    niqe::ENTRY,
];

/// The measure of that name.
pub fn find(name: &str) -> Option<&'static Metric> {
    METRICS.iter().find(|m| m.name == name)
}

/// Both pictures, or an error when one is missing, they differ in size or colour model, or are neither RGB nor grey.
pub(crate) fn both<'a>(
    metric: &'static str,
    with: &'static str,
    image: &'a Image,
    other: Option<&'a Image>,
) -> Result<(&'a Image, &'a Image), MetricError> {
    let other = other.ok_or(MetricError::Missing { metric, with })?;
    same_size(image, other)?;
    check(image)?;
    check(other)?;
    let (model, other_model) = (image.color.model, other.color.model);
    if model != other_model {
        return Err(MetricError::Models { metric, model, other: other_model });
    }
    Ok((image, other))
}

/// An error unless both sides have the samples that a measure needs.
pub(crate) fn at_least(
    metric: &'static str,
    needed: usize,
    width: usize,
    height: usize,
) -> Result<(), MetricError> {
    if width.min(height) >= needed {
        return Ok(());
    }
    Err(MetricError::TooSmall { metric, needed, width, height })
}

fn same_size(image: &Image, other: &Image) -> Result<(), MetricError> {
    let (width, height) = (image.width(), image.height());
    let (other_width, other_height) = (other.width(), other.height());
    if (width, height) == (other_width, other_height) {
        return Ok(());
    }
    Err(MetricError::Size { width, height, other_width, other_height })
}

/// An error unless the picture is RGB or grey and all its samples are finite.
pub(crate) fn check(image: &Image) -> Result<(), MetricError> {
    if matches!(image.color.model, Model::Yuv { .. }) {
        return Err(MetricError::Model(image.color.model));
    }
    let finite = |p: &unband_image::Plane| p.data.iter().all(|v| v.is_finite());
    if image.planes.iter().all(finite) { Ok(()) } else { Err(MetricError::NotFinite) }
}
