//! Metrics of image quality and of banding.
//!
//! Every metric is one entry of [`METRICS`]. They take RGB or grey [`Image`]s of any depth and work in 8-bit
//! codes (255 × the sample) with sums in `f64`. A value is never NaN: where a metric is undefined, it returns
//! an error with its name and the reason. Values are independent of the number of threads.
//!
//! Images of a pair may differ in depth: samples share one scale, and an 8-bit result is compared with its
//! 16-bit reference without rounding. Only metrics defined on integer codes round, to those of the deeper
//! image.
#![forbid(unsafe_code)]

pub mod banding_classifier;
pub mod bband;
pub mod cambi;
pub mod ciede2000;
pub mod clean;
pub mod contour_jump;
pub mod dbi;
mod eigen;
pub mod false_steps;
pub mod field;
pub mod film_psnr;
pub mod flat_psnr;
pub mod gmsd;
pub mod gradient_gap;
mod grey;
mod light;
pub mod lpips;
pub mod ms_ssim;
mod network;
pub mod niqe;
pub mod nrqm;
pub mod pi;
pub mod psnr;
pub mod ssim;
mod ssim_window;
pub mod ssimulacra2;
pub mod texture_change;

/// Source and licence of the model parameters of NIQE.
pub const NIQE_NOTICE: &str = include_str!("niqe/NOTICE.txt");

pub use clean::Clean;
pub use field::Field;

use std::path::Path;

use unband_image::{Context, Hint, Image, Model, Plane};
use unband_nets::zoo::{self, Published};

/// Direction in which a metric improves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Better {
    /// Higher is better.
    Higher,
    /// Lower is better.
    Lower,
}

impl Better {
    /// "higher is better".
    pub fn words(self) -> &'static str {
        match self {
            Self::Higher => "higher is better",
            Self::Lower => "lower is better",
        }
    }
}

/// Second image of a metric.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Against {
    /// None: the image alone.
    Nothing,
    /// The clean image.
    Reference,
    /// The image before restoration.
    Input,
}

/// Minimum image size of a metric.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Least {
    /// One sample is enough.
    Sample,
    /// Minimum of both sides, in samples.
    Sides(usize),
    /// Minimum of the longer side, in samples.
    OneSide(usize),
}

/// Value of a metric.
#[derive(Clone, Debug, PartialEq)]
pub struct Score {
    /// The value; infinite for the PSNR of equal images, never NaN.
    pub value: f64,
    /// Additional named values.
    pub details: Vec<(&'static str, f64)>,
}

impl Score {
    /// A value without details.
    pub fn of(value: f64) -> Self {
        Self { value, details: Vec::new() }
    }
}

/// Why a metric has no value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MetricError {
    /// The images have different sizes.
    #[error("{metric} needs images of the same size, got {width}×{height} and {other_width}×{other_height}")]
    Size {
        /// Name of the metric.
        metric: &'static str,
        /// Width of the scored image.
        width: usize,
        /// Height of the scored image.
        height: usize,
        /// Width of the second image.
        other_width: usize,
        /// Height of the second image.
        other_height: usize,
    },
    /// The image is smaller than the metric's window.
    #[error("{metric} needs at least {needed}×{needed} samples, got {width}×{height}")]
    TooSmall {
        /// Name of the metric.
        metric: &'static str,
        /// Minimum side.
        needed: usize,
        /// Width of the image.
        width: usize,
        /// Height of the image.
        height: usize,
    },
    /// The image is neither RGB nor grey.
    #[error("{metric} needs RGB or grey, got {}", word(*.model))]
    Model {
        /// Name of the metric.
        metric: &'static str,
        /// Colour model of the image.
        model: Model,
    },
    /// The images have different colour models.
    #[error("{metric} needs images of the same colour model, got {} and {}", word(*.model), word(*.other))]
    Models {
        /// Name of the metric.
        metric: &'static str,
        /// Model of the scored image.
        model: Model,
        /// Model of the second image.
        other: Model,
    },
    /// The images are too large for SSIMULACRA2.
    #[error("ssimulacra2 cannot compare these images: {0}")]
    Ssimulacra2(#[from] fast_ssim2::Ssimulacra2Error),
    /// The second image is missing.
    #[error("{metric} needs {with}, which is missing")]
    Missing {
        /// Name of the metric.
        metric: &'static str,
        /// Its kind.
        with: &'static str,
    },
    /// The image has too few samples or features for this metric.
    #[error("{metric} needs more than {needed} {what}, the image has {got}")]
    TooFew {
        /// Name of the metric.
        metric: &'static str,
        /// Kind of samples or features.
        what: &'static str,
        /// Minimum number, exclusive.
        needed: usize,
        /// Number in the image.
        got: usize,
    },
    /// Both sides are shorter than the minimum of the longer side.
    #[error("{metric} needs a side of at least {needed} samples, got {width}×{height}")]
    Short {
        /// Name of the metric.
        metric: &'static str,
        /// Minimum of the longer side.
        needed: usize,
        /// Width of the image.
        width: usize,
        /// Height of the image.
        height: usize,
    },
    /// The image is so large that the metric's window would overflow its counters.
    #[error(
        "{metric} supports windows of at most {widest} samples, {width}×{height} samples need a wider one"
    )]
    Large {
        /// Name of the metric.
        metric: &'static str,
        /// Widest window.
        widest: usize,
        /// Width of the image.
        width: usize,
        /// Height of the image.
        height: usize,
    },
    /// An option is out of range.
    #[error("`{option}` of {metric} must be in {range}, got {got}")]
    Option {
        /// Name of the metric.
        metric: &'static str,
        /// Name of the option.
        option: &'static str,
        /// Allowed range.
        range: &'static str,
        /// Actual value.
        got: String,
    },
    /// The number of planes does not match the colour model.
    #[error("{metric} needs {needed} planes for {}, got {got}", word(*.model))]
    Planes {
        /// Name of the metric.
        metric: &'static str,
        /// Colour model of the image.
        model: Model,
        /// Expected number of planes.
        needed: usize,
        /// Actual number of planes.
        got: usize,
    },
    /// The number of samples in a buffer does not match its size, or is zero.
    #[error("{metric} got {got} samples for {width}×{height}")]
    Samples {
        /// Name of the metric.
        metric: &'static str,
        /// Given width.
        width: usize,
        /// Given height.
        height: usize,
        /// Actual number of samples.
        got: usize,
    },
    /// A code exceeds the bit depth of its plane.
    #[error("{metric} got the code {got} in a plane of {bits} bits")]
    Code {
        /// Name of the metric.
        metric: &'static str,
        /// Bit depth of the plane.
        bits: u8,
        /// The code.
        got: u16,
    },
    /// The caller cancelled the work.
    #[error("interrupted")]
    Cancelled,
    /// A sample is NaN or infinite.
    #[error("{metric} needs finite samples, the image has NaN or infinite ones")]
    NotFinite {
        /// Name of the metric.
        metric: &'static str,
    },
    /// The weights of the metric's network were not imported.
    #[error("{metric} needs the model {network}, which is not imported")]
    NoNetwork {
        /// Name of the metric.
        metric: &'static str,
        /// Name of the network in [`unband_nets::zoo`].
        network: &'static str,
    },
    /// The metric's network cannot be used.
    #[error("{metric} cannot use its network: {what}")]
    Network {
        /// Name of the metric.
        metric: &'static str,
        /// The error, with the file.
        what: String,
        /// The next action.
        hint: Option<String>,
    },
    /// The value would be NaN.
    #[error("{metric} has no value for samples so far from black and white")]
    NoNumber {
        /// Name of the metric.
        metric: &'static str,
    },
}

impl MetricError {
    /// The same error under the name of another metric, which shares the work.
    #[must_use]
    pub fn of(mut self, name: &'static str) -> Self {
        match &mut self {
            Self::Size { metric, .. }
            | Self::TooSmall { metric, .. }
            | Self::Model { metric, .. }
            | Self::Models { metric, .. }
            | Self::Missing { metric, .. }
            | Self::TooFew { metric, .. }
            | Self::Short { metric, .. }
            | Self::Large { metric, .. }
            | Self::Option { metric, .. }
            | Self::Planes { metric, .. }
            | Self::Samples { metric, .. }
            | Self::Code { metric, .. }
            | Self::NotFinite { metric }
            | Self::NoNetwork { metric, .. }
            | Self::Network { metric, .. }
            | Self::NoNumber { metric } => *metric = name,
            Self::Ssimulacra2(_) | Self::Cancelled => {}
        }
        self
    }
}

impl Hint for MetricError {
    fn hint(&self) -> Option<String> {
        match self {
            Self::NoNetwork { network, .. } => {
                let Published { file, sha256, author, place, .. } = zoo::find(network)?;
                let sum = match &sha256[..sha256.len().min(8)] {
                    "" => String::new(),
                    known => format!(" (SHA-256 {known}…)"),
                };
                Some(format!("get `{file}`{sum} from {author}, {place}, then `unband models import {file}`"))
            }
            Self::Network { hint, .. } => hint.clone(),
            _ => None,
        }
    }
}

fn word(model: Model) -> &'static str {
    match model {
        Model::Gray => "grey",
        Model::Rgb => "RGB",
        Model::Yuv { .. } => "YUV",
    }
}

/// Scores an image against another, or alone, with the threads and instruction set of the context.
type ScoreFn = fn(&Image, Option<&Image>, &Context<'_>) -> Result<Score, MetricError>;

/// A metric in the registry.
#[derive(Clone, Copy)]
pub struct Metric {
    /// Name in kebab-case.
    pub name: &'static str,
    /// Short title.
    pub title: &'static str,
    /// Purpose and limits for users: a sentence or two.
    pub purpose: &'static str,
    /// Direction of improvement.
    pub better: Better,
    /// Kind of the second image.
    pub against: Against,
    /// Possible values, in words.
    pub range: &'static str,
    /// Unit, in words; empty where there is none.
    pub unit: &'static str,
    /// Minimum image size.
    pub least: Least,
    /// Name in [`unband_nets::zoo`] of the weights that it needs in [`Context::models`]; none are part of
    /// unband.
    pub network: Option<&'static str>,
    /// Paper or file that defines it.
    pub source: &'static str,
    score: ScoreFn,
}

impl Metric {
    /// Checks that its network is in the folder of models.
    ///
    /// # Errors
    /// The weights of its network were not imported.
    pub fn ready(&self, models: Option<&Path>) -> Result<(), MetricError> {
        match self.network {
            Some(network) if !network::is_there(network, models) => {
                Err(MetricError::NoNetwork { metric: self.name, network })
            }
            _ => Ok(()),
        }
    }

    /// Unit and direction: "dB, higher is better".
    pub fn about(&self) -> String {
        let better = self.better.words();
        if self.unit.is_empty() { better.to_owned() } else { format!("{}, {better}", self.unit) }
    }

    /// The range in words: "0 to 1".
    pub fn range_words(&self) -> String {
        self.range.replace("..=", " to ")
    }

    /// Scores an image, against the second image of [`Metric::against`]. The value is independent of the
    /// number of threads and the instruction set, and never NaN.
    ///
    /// # Errors
    /// All errors name the metric and its limit. The second image is missing, or differs in size or colour
    /// model. The image is too small, has samples that are not finite, or is YUV for a metric that takes RGB
    /// and grey. It has too few samples or features for the metric. The network is not in
    /// [`Context::models`]. Or the caller cancelled.
    pub fn score(
        &self,
        image: &Image,
        other: Option<&Image>,
        ctx: &Context<'_>,
    ) -> Result<Score, MetricError> {
        if ctx.check().is_err() {
            return Err(MetricError::Cancelled);
        }
        let score = (self.score)(image, other, ctx).map_err(|error| error.of(self.name))?;
        if score.value.is_nan() { Err(MetricError::NoNumber { metric: self.name }) } else { Ok(score) }
    }
}

/// All metrics.
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
    lpips::ENTRY,
    lpips::ENTRY_VGG,
    lpips::ENTRY_SQUEEZE,
    flat_psnr::ENTRY,
    false_steps::ENTRY,
    contour_jump::ENTRY,
    texture_change::ENTRY,
    gradient_gap::ENTRY,
    cambi::ENTRY,
    cambi::ENTRY_COARSE,
    bband::ENTRY,
    dbi::ENTRY,
    banding_classifier::ENTRY,
    niqe::ENTRY,
    niqe::ENTRY_GAP,
    nrqm::ENTRY,
    pi::ENTRY,
    pi::ENTRY_PIRM,
];

/// Metrics of video frames besides the registry: they use frames as stored, or concern the reference.
pub static FILM_METRICS: &[Metric] = &[
    film_psnr::ALL,
    film_psnr::PLANES[0][0],
    film_psnr::PLANES[0][1],
    film_psnr::PLANES[0][2],
    film_psnr::PLANES[1][0],
    film_psnr::PLANES[1][1],
    film_psnr::PLANES[1][2],
    cambi::ENTRY_REFERENCE,
    cambi::ENTRY_FULL_REFERENCE,
];

/// The metric with this name.
pub fn find(name: &str) -> Option<&'static Metric> {
    METRICS.iter().find(|m| m.name == name)
}

/// Both images, or an error if one is missing, they differ in size or colour model, or are neither RGB nor
/// grey.
pub(crate) fn both<'a>(
    metric: &'static str,
    with: &'static str,
    image: &'a Image,
    other: Option<&'a Image>,
) -> Result<(&'a Image, &'a Image), MetricError> {
    let other = other.ok_or(MetricError::Missing { metric, with })?;
    whole(metric, image)?;
    whole(metric, other)?;
    same_size(metric, (image.width(), image.height()), (other.width(), other.height()))?;
    check(metric, image)?;
    check(metric, other)?;
    let (model, other_model) = (image.color.model, other.color.model);
    if model != other_model {
        return Err(MetricError::Models { metric, model, other: other_model });
    }
    Ok((image, other))
}

/// Default context of functions without a context parameter: one thread, never cancelled.
pub(crate) fn alone() -> Context<'static> {
    Context { threads: 1, ..Context::default() }
}

/// An error unless both sides have the metric's minimum.
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

pub(crate) fn same_size(
    metric: &'static str,
    (width, height): (usize, usize),
    (other_width, other_height): (usize, usize),
) -> Result<(), MetricError> {
    if (width, height) == (other_width, other_height) {
        return Ok(());
    }
    Err(MetricError::Size { metric, width, height, other_width, other_height })
}

/// An error unless the image is RGB or grey and consistent, and all its samples are finite.
pub(crate) fn check(metric: &'static str, image: &Image) -> Result<(), MetricError> {
    whole(metric, image)?;
    if image.is_yuv() {
        return Err(MetricError::Model { metric, model: image.color.model });
    }
    image.planes.iter().try_for_each(|plane| finite(metric, plane))
}

/// An error unless the planes match the colour model, have one size, and hold that number of samples. Only
/// the luma plane of YUV is checked for size.
pub(crate) fn whole(metric: &'static str, image: &Image) -> Result<(), MetricError> {
    let (model, got) = (image.color.model, image.planes.len());
    let needed = if model == Model::Gray { 1 } else { 3 };
    if got != needed {
        return Err(MetricError::Planes { metric, model, needed, got });
    }
    let (width, height) = (image.width(), image.height());
    for plane in &image.planes[..if image.is_yuv() { 1 } else { needed }] {
        let got = plane.data.len();
        let one_size = (plane.width, plane.height) == (width, height);
        if !one_size || got == 0 || width.checked_mul(height) != Some(got) {
            return Err(MetricError::Samples { metric, width, height, got });
        }
    }
    Ok(())
}

/// An error unless all samples are finite.
pub(crate) fn finite(metric: &'static str, plane: &Plane) -> Result<(), MetricError> {
    // The compiler vectorises a fold without an early exit.
    let finite = plane.data.iter().fold(true, |finite, v| finite & v.is_finite());
    if finite { Ok(()) } else { Err(MetricError::NotFinite { metric }) }
}
