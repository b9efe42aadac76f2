//! Reasons why a metric has no value, with hints.

use std::borrow::Cow;
use std::fmt;

use unband_image::{Hint, Model};
use unband_nets::zoo::{self, Published};

/// Why a metric has no value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MetricError {
    /// Name of the metric.
    pub metric: Cow<'static, str>,
    /// The reason.
    pub fault: Fault,
}

/// The reason of a [`MetricError`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Fault {
    /// The images have different sizes.
    #[error("needs images of the same size, got {}×{} and {}×{}", size.0, size.1, other.0, other.1)]
    Size {
        /// Width and height of the scored image.
        size: (usize, usize),
        /// Width and height of the second image.
        other: (usize, usize),
    },
    /// The image is smaller than the metric's window.
    #[error("needs at least {needed}×{needed} samples, got {}×{}", size.0, size.1)]
    TooSmall {
        /// Minimum side.
        needed: usize,
        /// Width and height of the image.
        size: (usize, usize),
    },
    /// Both sides are shorter than the minimum of the longer side.
    #[error("needs a side of at least {needed} samples, got {}×{}", size.0, size.1)]
    Short {
        /// Minimum of the longer side.
        needed: usize,
        /// Width and height of the image.
        size: (usize, usize),
    },
    /// The image is so large that the metric's window would overflow its counters.
    #[error("supports windows of at most {widest} samples, {}×{} samples need a wider one", size.0, size.1)]
    Large {
        /// Widest window.
        widest: usize,
        /// Width and height of the image.
        size: (usize, usize),
    },
    /// The image is neither RGB nor grey.
    #[error("needs RGB or grey, got {}", word(*.0))]
    Model(Model),
    /// The images have different colour models.
    #[error("needs images of the same colour model, got {} and {}", word(*.0), word(*.1))]
    Models(Model, Model),
    /// The images are too large for SSIMULACRA2.
    #[error("cannot compare these images: {0}")]
    Ssimulacra2(fast_ssim2::Ssimulacra2Error),
    /// The second image, of this kind, is missing.
    #[error("needs {0}, which is missing")]
    Missing(&'static str),
    /// The image has too few samples or features for this metric.
    #[error("needs more than {needed} {what}, the image has {got}")]
    TooFew {
        /// Kind of samples or features.
        what: &'static str,
        /// Minimum number, exclusive.
        needed: usize,
        /// Number in the image.
        got: usize,
    },
    /// An option is out of range.
    #[error("`{option}` must be in {range}, got {got}")]
    Option {
        /// Name of the option.
        option: &'static str,
        /// Allowed range.
        range: &'static str,
        /// Actual value.
        got: String,
    },
    /// The number of planes does not match the colour model.
    #[error("needs {needed} planes for {}, got {got}", word(*.model))]
    Planes {
        /// Colour model of the image.
        model: Model,
        /// Expected number of planes.
        needed: usize,
        /// Actual number of planes.
        got: usize,
    },
    /// The number of samples in a buffer does not match its size, or is zero.
    #[error("got {got} samples for {}×{}", size.0, size.1)]
    Samples {
        /// Given width and height.
        size: (usize, usize),
        /// Actual number of samples.
        got: usize,
    },
    /// A code exceeds the bit depth of its plane.
    #[error("got the code {got} in a plane of {bits} bits")]
    Code {
        /// Bit depth of the plane.
        bits: u8,
        /// The code.
        got: u16,
    },
    /// The caller cancelled the work.
    #[error("interrupted")]
    Cancelled,
    /// A sample is NaN or infinite.
    #[error("needs finite samples, the image has NaN or infinite ones")]
    NotFinite,
    /// The weights of this network in [`unband_nets::zoo`] were not imported.
    #[error("needs the model {0}, which is not imported")]
    NoNetwork(&'static str),
    /// The metric's network cannot be used.
    #[error("cannot use its network: {what}")]
    Network {
        /// The error, with the file.
        what: String,
        /// The next action.
        hint: Option<String>,
    },
    /// The value would be NaN.
    #[error("has no value for samples so far from black and white")]
    NoNumber,
}

impl Fault {
    /// The fault as the error of a metric.
    pub fn of(self, metric: impl Into<Cow<'static, str>>) -> MetricError {
        let metric = if self == Self::Cancelled { Cow::Borrowed("") } else { metric.into() };
        MetricError { metric, fault: self }
    }
}

impl From<Fault> for MetricError {
    /// Without a name, which [`Metric::score`](crate::Metric::score) adds.
    fn from(fault: Fault) -> Self {
        fault.of("")
    }
}

impl fmt::Display for MetricError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.fault {
            Fault::Cancelled => f.write_str("interrupted"),
            Fault::Option { option, range, got } => {
                write!(f, "`{option}` of {} must be in {range}, got {got}", self.metric)
            }
            fault => write!(f, "{} {fault}", self.metric),
        }
    }
}

impl std::error::Error for MetricError {}

impl Hint for MetricError {
    fn hint(&self) -> Option<String> {
        match &self.fault {
            Fault::NoNetwork(network) => {
                let Published { file, sha256, author, place, .. } = zoo::find(network)?;
                let sum = match &sha256[..sha256.len().min(8)] {
                    "" => String::new(),
                    known => format!(" (SHA-256 {known}…)"),
                };
                Some(format!("get `{file}`{sum} from {author}, {place}, then `unband models import {file}`"))
            }
            Fault::Network { hint, .. } => hint.clone(),
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
