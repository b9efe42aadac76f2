//! Selection of metrics by name, for images, pairs, videos and pairs of videos.

use std::collections::HashSet;
use std::path::Path;

use unband_image::ParamError;
use unband_metrics::{ComparedWith, Domain, Metric, metrics};

use super::MetricsError;

/// The metrics that can be computed for a kind of input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Scope {
    /// Names of the default metrics; unavailable ones are skipped.
    pub defaults: &'static [&'static str],
    /// Is there a reference?
    pub reference: bool,
    /// Is there an image from before the restoration?
    pub input: bool,
    /// Names of the metrics that are defined only for pairs of videos.
    pub video_pair: &'static [&'static str],
    /// Are videos measured, with values of frames and of shots?
    pub video: bool,
}

/// NIQE takes as long as all others together and hardly depends on banding.
const ALONE: &[&str] = &["cambi", "cambi-coarse", "bband"];

const PAIR: &[&str] = &[
    "psnr",
    "psnr-y",
    "ssim-gauss11-rgb",
    "ms-ssim",
    "gmsd",
    "flat-psnr",
    "false-steps",
    "contour-jump",
    "texture-change",
    "cambi",
];

impl Scope {
    /// An image by itself.
    pub const IMAGE: Self =
        Self { defaults: ALONE, reference: false, input: false, video_pair: &[], video: false };

    /// An image and its reference.
    pub const PAIR: Self =
        Self { defaults: PAIR, reference: true, input: false, video_pair: &[], video: false };

    /// A video by itself.
    pub const VIDEO: Self = Self { video: true, ..Self::IMAGE };

    /// An image, its reference and the image before the restoration.
    pub const RESTORED: Self = Self { input: true, ..Self::PAIR };

    fn takes(&self, metric: &Metric) -> bool {
        let there = match metric.compared_with {
            ComparedWith::Nothing => true,
            ComparedWith::Reference => self.reference,
            ComparedWith::Input => self.input,
        };
        there && (metric.domain == Domain::Image || self.video_pair.contains(&metric.base()))
    }

    /// The metric of that name, if it can be computed.
    pub fn find(&self, name: &str) -> Option<Metric> {
        find(name).filter(|metric| self.takes(metric))
    }

    /// All metrics that can be computed, including those that need a network.
    pub fn all(&self) -> impl Iterator<Item = &'static Metric> {
        metrics(Domain::Image).chain(metrics(Domain::Video)).filter(|metric| self.takes(metric))
    }

    /// Names of all metrics that can be computed.
    pub fn names(&self) -> Vec<&'static str> {
        self.all().map(Metric::base).collect()
    }

    /// The metrics that a text names: `a,b,c`, `all`, or the default for `None`. `all` skips metrics whose
    /// networks are not in the folder of models. Parameters follow a name: `cambi:topk=0.5:window_size=31`.
    ///
    /// # Errors
    /// Unknown names and parameters, values out of range, no name, and metrics that need an image which is
    /// not there.
    pub fn select(&self, text: Option<&str>, models: Option<&Path>) -> Result<Vec<Metric>, MetricsError> {
        let Some(text) = text else {
            return Ok(self.defaults.iter().filter_map(|name| self.find(name)).collect());
        };
        let mut chosen: Vec<Metric> = Vec::new();
        for name in text.split(',').map(str::trim).filter(|name| !name.is_empty()) {
            if name == "all" {
                chosen.extend(self.all().filter(|metric| metric.ready(models).is_ok()).cloned());
            } else {
                chosen.push(self.named(name)?);
            }
        }
        let mut seen = HashSet::new();
        chosen.retain(|metric| seen.insert(metric.name().to_owned()));
        if chosen.is_empty() { Err(MetricsError::NoMetric { known: self.names() }) } else { Ok(chosen) }
    }

    fn named(&self, name: &str) -> Result<Metric, MetricsError> {
        let name_of = || name.to_owned();
        let Some(metric) = parse(name).map_err(MetricsError::Setting)? else {
            return Err(MetricsError::UnknownMetric { name: name_of(), known: self.names() });
        };
        if self.takes(&metric) {
            return Ok(metric);
        }
        Err(match metric.compared_with {
            _ if metric.domain == Domain::Video => {
                MetricsError::NeedsVideos { name: name_of(), known: self.names() }
            }
            ComparedWith::Reference => MetricsError::NeedsReference { name: name_of() },
            ComparedWith::Input | ComparedWith::Nothing => MetricsError::NeedsInput { name: name_of() },
        })
    }
}

/// The metric of that name, for images or videos.
pub fn find(name: &str) -> Option<Metric> {
    parse(name).ok().flatten()
}

/// The metric of that name with its parameters, for images or videos; `None` if there is no such name.
fn parse(text: &str) -> Result<Option<Metric>, ParamError> {
    let of = |domain| unband_metrics::parse(domain, text);
    of(Domain::Image)?.map_or_else(|| of(Domain::Video), |metric| Ok(Some(metric)))
}
