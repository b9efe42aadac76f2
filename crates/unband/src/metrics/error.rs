//! Errors of metrics, with hints.

use unband_image::{Hint, ImageError, ParamError};

use super::CheckError;

/// Why metrics could not be chosen or computed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MetricsError {
    /// There is no metric of that name.
    #[error("there is no metric `{name}`")]
    UnknownMetric {
        /// The name given.
        name: String,
        /// Names of the metrics that can be computed.
        known: Vec<&'static str>,
    },
    /// A parameter of a metric.
    #[error(transparent)]
    Setting(ParamError),
    /// A list without names.
    #[error("the list names no metric")]
    NoMetric {
        /// Names of the metrics that can be computed.
        known: Vec<&'static str>,
    },
    /// The metric is defined for pairs of videos.
    #[error("`{name}` compares the frames of two videos")]
    NeedsVideos {
        /// The metric.
        name: String,
        /// Names of the metrics that can be computed.
        known: Vec<&'static str>,
    },
    /// The metric needs a reference.
    #[error("`{name}` compares an image with a reference")]
    NeedsReference {
        /// The metric.
        name: String,
    },
    /// The metric needs the image before its restoration.
    #[error("`{name}` compares a result with the image before its repair")]
    NeedsInput {
        /// The metric.
        name: String,
    },
    /// A check that cannot be made.
    #[error(transparent)]
    Check(#[from] CheckError),
    /// An image or a video could not be measured.
    #[error("{}", about(name, fault))]
    File {
        /// Its name.
        name: String,
        /// The reason.
        fault: FileFault,
    },
    /// The caller cancelled.
    #[error("interrupted")]
    Cancelled,
}

/// Why an image or a video could not be measured.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FileFault {
    /// Two images differ in size or colour model.
    #[error("is {is}, the reference {reference} is {reference_is}")]
    Unlike {
        /// Size and colour model: "640×480 RGB".
        is: String,
        /// Name of the reference.
        reference: String,
        /// The same of the reference.
        reference_is: String,
        /// Required size of the reference over that of the image.
        scale: usize,
    },
    /// Its colours cannot be converted.
    #[error(transparent)]
    Image(#[from] ImageError),
    /// A metric has no value.
    #[error("{reason}")]
    NoValue {
        /// The reason.
        reason: String,
    },
    /// It could not be read.
    #[cfg(feature = "files")]
    #[error(transparent)]
    Read(#[from] unband_io::Error),
    /// The video could not be decoded.
    #[cfg(feature = "video")]
    #[error(transparent)]
    Video(#[from] unband_video::VideoError),
    /// The video could be decoded in part, or not at all; its decoded frames are measured.
    #[cfg(feature = "video")]
    #[error(transparent)]
    Partial(unband_video::VideoError),
    /// A stream can be read only once.
    #[cfg(feature = "files")]
    #[error("it was read already")]
    ReadBefore,
    /// The video has no frames.
    #[cfg(feature = "files")]
    #[error("it has no frames")]
    NoFrames,
    /// The two videos have no frames in common.
    #[cfg(feature = "files")]
    #[error("the videos have no frames in common")]
    NothingInCommon,
    /// Two videos differ in size.
    #[cfg(feature = "files")]
    #[error("is {is}, the reference {reference} is {reference_is}")]
    OtherSize {
        /// Its size: "640×480".
        is: String,
        /// Name of the reference.
        reference: String,
        /// Size of the reference.
        reference_is: String,
    },
    /// The frames of two videos differ in size or planes.
    #[cfg(feature = "files")]
    #[error("is {is}, the reference {reference} is {reference_is}")]
    OtherPlanes {
        /// Size and planes: "640×480 4:2:0".
        is: String,
        /// Name of the reference.
        reference: String,
        /// The same of the reference.
        reference_is: String,
    },
    /// Two videos differ in length.
    #[cfg(feature = "files")]
    #[error("has {frames} frames, the reference {reference} has {reference_frames}")]
    OtherLength {
        /// Number of its frames.
        frames: usize,
        /// Name of the reference.
        reference: String,
        /// Number of the reference's frames.
        reference_frames: usize,
    },
}

#[cfg(feature = "video")]
impl From<unband_image::frame::FrameError> for FileFault {
    fn from(error: unband_image::frame::FrameError) -> Self {
        Self::Read(error.into())
    }
}

impl FileFault {
    pub(super) fn of(self, name: impl Into<String>) -> MetricsError {
        MetricsError::File { name: name.into(), fault: self }
    }
}

/// The name once: errors of videos begin with it.
fn about(name: &str, fault: &FileFault) -> String {
    let text = fault.to_string();
    if text.starts_with(name) { text } else { format!("{name}: {text}") }
}

impl Hint for MetricsError {
    fn hint(&self) -> Option<String> {
        Some(match self {
            Self::UnknownMetric { known, .. }
            | Self::NoMetric { known }
            | Self::NeedsVideos { known, .. } => {
                format!("the metrics are {}, or all", known.join(", "))
            }
            Self::NeedsReference { name } => {
                format!("`unband compare --metrics {name} REFERENCE RESULT` does that")
            }
            Self::NeedsInput { name } => {
                format!("`unband compare --metrics {name} --input BEFORE REFERENCE RESULT` does that")
            }
            Self::Check(error) => return error.hint(),
            Self::Setting(error) => return error.hint(),
            Self::File { fault, .. } => return fault.hint(),
            Self::Cancelled => return None,
        })
    }
}

impl Hint for FileFault {
    fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Unlike { scale: 1, .. } => {
                "metrics compare sample by sample: crop or convert one of them".to_owned()
            }
            Self::Unlike { scale, .. } => {
                format!("the reference must be {scale} times as wide and high, both RGB or grey")
            }
            Self::Image(_) | Self::NoValue { .. } => return None,
            #[cfg(feature = "files")]
            Self::Read(error) => return error.hint(),
            #[cfg(feature = "video")]
            Self::Video(error) => return error.hint(),
            #[cfg(feature = "video")]
            Self::Partial(unband_video::VideoError::Damaged { .. }) => {
                "copy or download it again; what could be decoded is measured".to_owned()
            }
            #[cfg(feature = "video")]
            Self::Partial(error) => return error.hint(),
            #[cfg(feature = "files")]
            Self::OtherSize { .. } => {
                "frames are compared sample by sample: crop or scale one of the videos".to_owned()
            }
            #[cfg(feature = "files")]
            Self::OtherPlanes { .. } => {
                "planes are compared sample by sample: convert one of the videos".to_owned()
            }
            #[cfg(feature = "files")]
            Self::OtherLength { .. } => "add `--keep-going` to compare the common frames".to_owned(),
            #[cfg(feature = "files")]
            Self::ReadBefore | Self::NoFrames | Self::NothingInCommon => return None,
        })
    }
}
