//! Metrics of image quality and of banding.
//!
//! Every metric is one file and one row of [`METRICS`]. They take RGB or grey [`Image`]s of any depth and
//! work in 8-bit codes (255 × the sample) with sums in `f64`. A value is never NaN: where a metric is
//! undefined, it returns an error with its name and the reason. Values are independent of the number of
//! threads.
//!
//! Images of a pair may differ in depth: samples share one scale, and an 8-bit result is compared with its
//! 16-bit reference without rounding. Only metrics defined on integer codes round, to those of the deeper
//! image.
#![forbid(unsafe_code)]

pub mod banding_classifier;
pub mod bband;
pub mod cambi;
mod ciede2000;
pub mod clean;
pub mod contour_jump;
pub mod dbi;
mod eigen;
mod error;
pub mod false_steps;
mod field;
pub mod flat_psnr;
pub mod gmsd;
mod gradient_gap;
mod grey;
mod linear_light;
mod lpips;
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
pub mod video_psnr;

/// Source and licence of the model parameters of NIQE.
pub const NIQE_NOTICE: &str = include_str!("niqe/NOTICE.txt");

pub use clean::Clean;
pub use error::{Fault, MetricError};
pub use field::Field;

use std::any::Any;
use std::fmt;
use std::path::Path;
use std::sync::Arc;

use unband_image::params::AnyParams;
use unband_image::{Context, Image, Model, ParamError, ParamInfo, Plane};

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

/// Kind of input of a metric.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Domain {
    /// Images, and frames as images.
    Image,
    /// Frames of a video and its reference, as stored.
    Video,
}

/// Second image of a metric.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ComparedWith {
    /// None: the image alone.
    Nothing,
    /// The clean image.
    Reference,
    /// The image before restoration.
    Input,
}

/// Minimum image size of a metric.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MinSize {
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
    pub fn from_value(value: f64) -> Self {
        Self { value, details: Vec::new() }
    }
}

/// Scores an image against another, or alone, with the threads and instruction set of the context.
type ScoreFn = fn(&Image, Option<&Image>, &Context<'_>) -> Result<Score, MetricError>;

/// As [`ScoreFn`], with checked parameters.
type TunedFn = fn(&dyn Any, &Image, Option<&Image>, &Context<'_>) -> Result<Score, MetricError>;

/// Parameters of a metric.
#[derive(Clone)]
pub struct Tuning {
    /// Their descriptions.
    pub params: &'static [ParamInfo],
    defaults: fn() -> Box<dyn AnyParams>,
    score: TunedFn,
    /// Those that differ from the defaults, and the name with them.
    set: Option<Arc<(String, Box<dyn AnyParams>)>>,
}

/// A metric in the registry, or one of them with parameters. Copies share their parameters.
#[derive(Clone)]
pub struct Metric {
    /// Name in kebab-case, without parameters.
    name: &'static str,
    /// Short title.
    pub title: &'static str,
    /// Purpose and limits for users: a sentence or two.
    pub purpose: &'static str,
    /// Kind of its input.
    pub domain: Domain,
    /// Direction of improvement.
    pub better: Better,
    /// Kind of the second image.
    pub compared_with: ComparedWith,
    /// Possible values, in words.
    pub range: &'static str,
    /// Unit, in words; empty where there is none.
    pub unit: &'static str,
    /// Minimum image size.
    pub min_size: MinSize,
    /// Name in [`unband_nets::zoo`] of the weights that it needs in [`Context::models`]; none are part of
    /// unband.
    pub network: Option<&'static str>,
    /// Its parameters; `None` where there are none.
    pub tuning: Option<Tuning>,
    /// Paper or file that defines it.
    pub source: &'static str,
    score: ScoreFn,
}

impl fmt::Debug for Metric {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Metric {
    /// Fields of most metrics: of images of any size, with neither unit, network nor parameters. Every metric
    /// gives all others.
    pub(crate) const PLAIN: Self = Self {
        name: "",
        title: "",
        purpose: "",
        domain: Domain::Image,
        better: Better::Lower,
        compared_with: ComparedWith::Nothing,
        range: "",
        unit: "",
        min_size: MinSize::Sample,
        network: None,
        tuning: None,
        source: "",
        score: |_, _, _| Err(Fault::NoNumber.into()),
    };

    /// Checks that its network is in the folder of models.
    ///
    /// # Errors
    /// The weights of its network were not imported.
    pub fn ready(&self, models: Option<&Path>) -> Result<(), MetricError> {
        match self.network {
            Some(network) if !network::is_there(network, models) => {
                Err(Fault::NoNetwork(network).of(self.name().to_owned()))
            }
            _ => Ok(()),
        }
    }

    /// Name in kebab-case; with its parameters, where some were set: `cambi:topk=0.5`.
    pub fn name(&self) -> &str {
        self.set().map_or(self.name, |(name, _)| name)
    }

    /// Name in the registry, without parameters.
    pub fn base(&self) -> &'static str {
        self.name
    }

    fn set(&self) -> Option<&(String, Box<dyn AnyParams>)> {
        self.tuning.as_ref()?.set.as_deref()
    }

    /// This metric with parameters from text, such as `topk=0.5:window_size=31`.
    ///
    /// # Errors
    /// Unknown names, malformed values, values out of range.
    pub fn tuned(&self, settings: &str) -> Result<Self, ParamError> {
        let known = || self.tuning.iter().flat_map(|tuning| tuning.params).map(|param| param.name).collect();
        let unknown =
            |name: &str| ParamError::Unknown { method: self.name, name: name.to_owned(), known: known() };
        let Some(tuning) = &self.tuning else {
            return Err(unknown(settings.split('=').next().unwrap_or_default()));
        };
        let mut set = (tuning.defaults)();
        let defaults = set.texts();
        for setting in settings.split(':') {
            let (name, text) = setting.split_once('=').ok_or_else(|| unknown(setting))?;
            set.set_text(self.name, name.trim(), text)?;
        }
        let given = set.texts().into_iter().zip(defaults).filter(|(now, default)| now != default);
        let name =
            given.fold(self.name.to_owned(), |text, ((name, value), _)| format!("{text}:{name}={value}"));
        let set = (name != self.name).then(|| Arc::new((name, set)));
        Ok(Self { tuning: Some(Tuning { set, ..tuning.clone() }), ..self.clone() })
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

    /// Scores an image, against the second image of [`Metric::compared_with`]. The value is independent of
    /// the number of threads and the instruction set, and never NaN.
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
            return Err(MetricError::from(Fault::Cancelled));
        }
        let score = match &self.tuning {
            Some(Tuning { score, set: Some(set), .. }) => score(set.1.as_any(), image, other, ctx),
            _ => (self.score)(image, other, ctx),
        };
        let named = |fault: Fault| fault.of(self.name().to_owned());
        let score = score.map_err(|error| named(error.fault))?;
        if score.value.is_nan() { Err(named(Fault::NoNumber)) } else { Ok(score) }
    }
}

/// All metrics: a row for each file, its variants together.
pub static METRICS: &[&[Metric]] = &[
    &[psnr::ENTRY, psnr::ENTRY_Y, psnr::ENTRY_Y_ROUNDED],
    video_psnr::ENTRIES,
    &[ssim::ENTRY, ssim::ENTRY_Y, ssim::ENTRY_UNIFORM7, ssim::ENTRY_MATLAB_GRAY],
    &[ms_ssim::ENTRY, ms_ssim::ENTRY_RGB],
    &[gmsd::ENTRY],
    &[ssimulacra2::ENTRY],
    &[ciede2000::ENTRY],
    &[lpips::ENTRY, lpips::ENTRY_VGG, lpips::ENTRY_SQUEEZE],
    &[flat_psnr::ENTRY],
    &[false_steps::ENTRY],
    &[contour_jump::ENTRY],
    &[texture_change::ENTRY],
    &[gradient_gap::ENTRY],
    &[cambi::ENTRY, cambi::ENTRY_COARSE, cambi::ENTRY_REFERENCE, cambi::ENTRY_FULL_REFERENCE],
    &[bband::ENTRY],
    &[dbi::ENTRY],
    &[banding_classifier::ENTRY],
    &[niqe::ENTRY, niqe::ENTRY_GAP],
    &[nrqm::ENTRY],
    &[pi::ENTRY, pi::ENTRY_PIRM],
];

/// The metrics of a domain, in order.
pub fn metrics(domain: Domain) -> impl Iterator<Item = &'static Metric> {
    METRICS.iter().copied().flatten().filter(move |metric| metric.domain == domain)
}

/// The metric of images with this name. A variant may be written with a colon, as variants of networks:
/// `psnr:y` is `psnr-y`.
pub fn find(name: &str) -> Option<Metric> {
    named(Domain::Image, name)
}

/// The metric of that domain with this name, as [`find`].
pub fn named(domain: Domain, name: &str) -> Option<Metric> {
    parse(domain, name).ok().flatten()
}

/// The metric of that domain with this name and parameters, such as `cambi:topk=0.5`; `None` if there is no
/// such name.
///
/// # Errors
/// As [`Metric::tuned`].
pub fn parse(domain: Domain, text: &str) -> Result<Option<Metric>, ParamError> {
    let at = text.find('=').and_then(|sign| text[..sign].rfind(':'));
    let (name, settings) = at.map_or((text, None), |at| (&text[..at], Some(&text[at + 1..])));
    let name = name.replacen(':', "-", 1);
    let found = metrics(domain).find(|metric| metric.name == name);
    match (found, settings) {
        (Some(metric), Some(settings)) => metric.tuned(settings).map(Some),
        (found, _) => Ok(found.cloned()),
    }
}

/// Both images, or an error if one is missing, they differ in size or colour model, or are neither RGB nor
/// grey.
pub(crate) fn both<'a>(
    metric: &'static str,
    with: &'static str,
    image: &'a Image,
    other: Option<&'a Image>,
) -> Result<(&'a Image, &'a Image), MetricError> {
    let other = other.ok_or(Fault::Missing(with).of(metric))?;
    whole(metric, image)?;
    whole(metric, other)?;
    same_size(metric, (image.width(), image.height()), (other.width(), other.height()))?;
    check(metric, image)?;
    check(metric, other)?;
    let (model, other_model) = (image.color.model, other.color.model);
    if model != other_model {
        return Err(Fault::Models(model, other_model).of(metric));
    }
    Ok((image, other))
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
    Err(Fault::TooSmall { needed, size: (width, height) }.of(metric))
}

pub(crate) fn same_size(
    metric: &'static str,
    (width, height): (usize, usize),
    (other_width, other_height): (usize, usize),
) -> Result<(), MetricError> {
    if (width, height) == (other_width, other_height) {
        return Ok(());
    }
    Err(Fault::Size { size: (width, height), other: (other_width, other_height) }.of(metric))
}

/// An error unless the image is RGB or grey and consistent, and all its samples are finite.
pub(crate) fn check(metric: &'static str, image: &Image) -> Result<(), MetricError> {
    whole(metric, image)?;
    if image.is_yuv() {
        return Err(Fault::Model(image.color.model).of(metric));
    }
    image.planes.iter().try_for_each(|plane| finite(metric, plane))
}

/// An error unless the planes match the colour model, have one size, and hold that number of samples. Only
/// the luma plane of YUV is checked for size.
pub(crate) fn whole(metric: &'static str, image: &Image) -> Result<(), MetricError> {
    let (model, got) = (image.color.model, image.planes.len());
    let needed = if model == Model::Gray { 1 } else { 3 };
    if got != needed {
        return Err(Fault::Planes { model, needed, got }.of(metric));
    }
    let (width, height) = (image.width(), image.height());
    for plane in &image.planes[..if image.is_yuv() { 1 } else { needed }] {
        let got = plane.data.len();
        let one_size = (plane.width, plane.height) == (width, height);
        if !one_size || got == 0 || width.checked_mul(height) != Some(got) {
            return Err(Fault::Samples { got, size: (width, height) }.of(metric));
        }
    }
    Ok(())
}

/// An error unless all samples are finite.
pub(crate) fn finite(metric: &'static str, plane: &Plane) -> Result<(), MetricError> {
    // The compiler vectorises a fold without an early exit.
    let finite = plane.data.iter().fold(true, |finite, v| finite & v.is_finite());
    if finite { Ok(()) } else { Err(Fault::NotFinite.of(metric)) }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_freed_with_the_last_copy_of_a_metric() {
        let metric = find("cambi:topk=0.5").unwrap();
        let set = Arc::downgrade(metric.tuning.as_ref().unwrap().set.as_ref().unwrap());
        let copy = metric.clone();
        drop(metric);
        assert_eq!(copy.name(), "cambi:topk=0.5");
        assert!(set.upgrade().is_some());
        drop(copy);
        assert!(set.upgrade().is_none());
    }
}
