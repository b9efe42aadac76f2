//! Measures of image quality and of banding.
//!
//! Every measure is one entry of [`METRICS`]. All of them take RGB or grey [`Image`]s of any depth, work in
//! 8-bit codes (255 × the sample) with sums in `f64`, and never give a value that is not a number: where a
//! measure has no meaning, it is an error that names it and says why. A value is the same for every number of threads.
//!
//! Images of a pair may differ in depth: samples lie on one scale, and an 8-bit result is compared with its 16-bit
//! reference as it is. Only what is defined on whole codes rounds, to those of the deeper of the two.
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

pub use clean::Clean;
pub use field::Field;

use std::path::Path;

use unband_image::{Context, Image, Model, Plane};
use unband_nets::zoo::{self, Published};

/// Which way a measure improves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Better {
    /// More is better.
    Higher,
    /// Less is better.
    Lower,
}

/// What a measure compares an image with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Against {
    /// Nothing: the image alone.
    Nothing,
    /// The clean image.
    Reference,
    /// The image before it was restored.
    Input,
}

/// How large an image must be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Least {
    /// One sample is enough.
    Sample,
    /// Both sides have at least so many samples.
    Sides(usize),
    /// One of the sides has.
    OneSide(usize),
}

/// A measured value.
#[derive(Clone, Debug, PartialEq)]
pub struct Score {
    /// The value; infinite for the PSNR of equal images, never not-a-number.
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
    /// Two images of different size.
    #[error("{metric} compares images of one size, got {width}×{height} and {other_width}×{other_height}")]
    Size {
        /// The measure.
        metric: &'static str,
        /// Width of the scored image.
        width: usize,
        /// Height of the scored image.
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
    #[error("{metric} takes RGB or grey, got {}", word(*.model))]
    Model {
        /// The measure.
        metric: &'static str,
        /// What the image is.
        model: Model,
    },
    /// Two images of different colour models.
    #[error("{metric} compares images of one colour model, got {} and {}", word(*.model), word(*.other))]
    Models {
        /// The measure.
        metric: &'static str,
        /// Model of the scored image.
        model: Model,
        /// Model of the other.
        other: Model,
    },
    /// SSIMULACRA2 cannot take the images: they are too large.
    #[error("ssimulacra2 does not take these images: {0}")]
    Ssimulacra2(#[from] fast_ssim2::Ssimulacra2Error),
    /// An image to compare with is missing.
    #[error("{metric} compares with {with}, which is missing")]
    Missing {
        /// The measure.
        metric: &'static str,
        /// What it compares with.
        with: &'static str,
    },
    /// Nothing to measure in this image.
    #[error("{metric} needs more than {needed} {what}, the image has {got}")]
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
    /// The image is so large that the measure's window exceeds what can be counted.
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
    /// More or fewer planes than the colour model has.
    #[error("{metric} takes {needed} planes for {}, got {got}", word(*.model))]
    Planes {
        /// The measure.
        metric: &'static str,
        /// What the image says it is.
        model: Model,
        /// Planes of such an image.
        needed: usize,
        /// Planes that there are.
        got: usize,
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
    #[error("{metric} takes finite samples, the image holds others")]
    NotFinite {
        /// The measure.
        metric: &'static str,
    },
    /// The numbers of the network that the measure runs were not imported.
    #[error("{metric} needs the numbers of {network}, which were not imported")]
    NoNetwork {
        /// The measure.
        metric: &'static str,
        /// Their name in [`unband_nets::zoo`].
        network: &'static str,
    },
    /// The network of the measure cannot be used.
    #[error("{metric} cannot use its network: {what}")]
    Network {
        /// The measure.
        metric: &'static str,
        /// What is wrong, with the file.
        what: String,
        /// What to do about it.
        hint: Option<String>,
    },
    /// What came out is not a number.
    #[error("{metric} has no number for samples so far from black and white")]
    NoNumber {
        /// The measure.
        metric: &'static str,
    },
}

impl MetricError {
    /// The same of another measure: one that shares its work.
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

    /// What to do about it, if that can be said.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::NoNetwork { network, .. } => {
                let Published { file, sha256, author, place, .. } = zoo::find(network)?;
                let sum = match &sha256[..sha256.len().min(8)] {
                    "" => String::new(),
                    known => format!(" (SHA-256 {known}…)"),
                };
                Some(format!("get `{file}`{sum} of {author}, {place}, then `unband models import {file}`"))
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

/// Scores an image against another, or alone, on the threads and with the instructions of the context.
type ScoreFn = fn(&Image, Option<&Image>, &Context<'_>) -> Result<Score, MetricError>;

/// One measure of the registry.
#[derive(Clone, Copy)]
pub struct Metric {
    /// Kebab-case.
    pub name: &'static str,
    /// A few words.
    pub title: &'static str,
    /// What it is good for, and what not, for people: a sentence or two.
    pub purpose: &'static str,
    /// Which way is better.
    pub better: Better,
    /// What the second image must be.
    pub against: Against,
    /// Possible values, in words.
    pub range: &'static str,
    /// Unit, in words; empty where there is none.
    pub unit: &'static str,
    /// Smaller images have no value.
    pub least: Least,
    /// Name in [`unband_nets::zoo`] of the numbers that it needs in [`Context::models`]; none are part of unband.
    pub network: Option<&'static str>,
    /// Paper, or the place where the definition stands.
    pub source: &'static str,
    score: ScoreFn,
}

impl Metric {
    /// Whether it can be taken with the models in that folder.
    ///
    /// # Errors
    /// The numbers of its network were not imported.
    pub fn ready(&self, models: Option<&Path>) -> Result<(), MetricError> {
        match self.network {
            Some(network) if !network::is_there(network, models) => {
                Err(MetricError::NoNetwork { metric: self.name, network })
            }
            _ => Ok(()),
        }
    }

    /// Measures an image, against the other that [`Metric::against`] asks for. The value is the same for every number
    /// of threads and every instruction set, and never not-a-number.
    ///
    /// # Errors
    /// All of them name the measure and its limit: an image to compare with is missing, or differs in size or colour
    /// model; the image is too small, holds samples that are not finite, or is YUV for a measure that takes RGB and
    /// grey; there is nothing in it that the measure counts; the network that it runs is not in [`Context::models`]; or
    /// when cancelled.
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

/// What is measured of the frames of two videos beside the registry: it takes frames as they are stored, or speaks of the
/// reference.
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

/// The measure of that name.
pub fn find(name: &str) -> Option<&'static Metric> {
    METRICS.iter().find(|m| m.name == name)
}

/// Both images, or an error when one is missing, they differ in size or colour model, or are neither RGB nor grey.
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

/// What functions work with that are not given a context: one thread, never cancelled.
pub(crate) fn alone() -> Context<'static> {
    Context { threads: 1, ..Context::default() }
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

/// An error unless the image is RGB or grey, whole, and all its samples are finite.
pub(crate) fn check(metric: &'static str, image: &Image) -> Result<(), MetricError> {
    whole(metric, image)?;
    if image.is_yuv() {
        return Err(MetricError::Model { metric, model: image.color.model });
    }
    image.planes.iter().try_for_each(|plane| finite(metric, plane))
}

/// An error unless the planes are those of the colour model, of one size, and hold what that asks for. Of YUV only luma
/// counts.
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
    // A fold without an early end is what the compiler turns into vectors.
    let finite = plane.data.iter().fold(true, |finite, v| finite & v.is_finite());
    if finite { Ok(()) } else { Err(MetricError::NotFinite { metric }) }
}
