//! Errors of all jobs, with hints.

use std::path::PathBuf;

use unband_image::frame::FrameError;
use unband_image::{Hint, ParamError, RestoreError};

/// Why a job failed. [`Error::hint`] names the next action.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A setting of a method cannot be used.
    #[error(transparent)]
    Setting(#[from] ParamError),
    /// An option outside its range.
    #[error("{name} must be {range}, got {got}")]
    Option {
        /// The option.
        name: &'static str,
        /// Its range.
        range: &'static str,
        /// The value given.
        got: String,
    },
    /// The name of a result promises another format than the requested one.
    #[error("the format {format} and the name {} disagree", path.display())]
    Disagreement {
        /// Extension of the requested format.
        format: String,
        /// The result.
        path: PathBuf,
    },
    /// The image's planes do not fit together.
    #[error("{0}")]
    Image(String),
    /// The method failed.
    #[error(transparent)]
    Restore(RestoreError),
    /// The caller cancelled.
    #[error("interrupted")]
    Cancelled,
    /// The job needs more memory than allowed.
    #[error("{needed_mib} MiB of memory are needed, the limit is {allowed_mib} MiB")]
    Memory {
        /// Needed at least, in MiB.
        needed_mib: u64,
        /// Allowed, in MiB.
        allowed_mib: u64,
        /// The method needs the whole image at once; smaller windows do not help.
        whole: bool,
    },
    /// The system does not have the memory that the job needs.
    #[error("{needed_mib} MiB of memory are needed, more than the system gives")]
    NoMemory {
        /// Needed at least, in MiB.
        needed_mib: u64,
    },
    /// An RGB file cannot be checked against the quantisation intervals of luma and chroma.
    #[error("{format} stores RGB, so the quantisation intervals of luma and chroma cannot be checked")]
    Unprovable {
        /// The format.
        format: &'static str,
    },
    /// The network's scale factor is below the requested one.
    #[error("{}: upscales {has} times, {asked} times were requested", file.display())]
    Scale {
        /// The file with its weights.
        file: std::path::PathBuf,
        /// Its scale factor.
        has: usize,
        /// The requested scale factor.
        asked: f64,
    },
    /// No built-in weights for that scale factor.
    #[error("no built-in weights upscale {scale} times")]
    NoUpscaler {
        /// The requested scale factor.
        scale: f64,
    },
    /// The method has no extra output of that name.
    #[error("{method} has no output `{name}`")]
    NoExtraOutput {
        /// The method.
        method: &'static str,
        /// The name given.
        name: String,
        /// The outputs that it has.
        has: Vec<String>,
        /// Outputs of other networks, as text.
        others: Vec<String>,
    },
    /// A file could not be read or written.
    #[cfg(feature = "codecs")]
    #[error(transparent)]
    File(#[from] unband_io::Error),
    /// A video could not be read or written.
    #[cfg(feature = "video")]
    #[error(transparent)]
    Video(#[from] unband_video::VideoError),
}

impl From<RestoreError> for Error {
    fn from(error: RestoreError) -> Self {
        match error {
            RestoreError::Cancelled => Self::Cancelled,
            other => Self::Restore(other),
        }
    }
}

impl From<FrameError> for Error {
    #[cfg(feature = "codecs")]
    fn from(error: FrameError) -> Self {
        unband_io::Error::from(error).into()
    }

    #[cfg(not(feature = "codecs"))]
    fn from(error: FrameError) -> Self {
        Self::Image(error.to_string())
    }
}

/// Kind of an error, for hosts with classes of errors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ErrorKind {
    /// An option outside its range.
    Option,
    /// An image or file that cannot be used.
    Input,
    /// Something that the method or format does not support.
    Unsupported,
    /// Not enough memory.
    Limit,
    /// A file that the system refuses.
    File,
    /// The caller cancelled.
    Cancelled,
    /// Anything else.
    Other,
}

#[cfg(feature = "codecs")]
fn kind_of_file(error: &unband_io::Error) -> ErrorKind {
    use unband_io::Error;
    match error.fault() {
        Error::Io { .. } | Error::Exists | Error::Name { .. } => ErrorKind::File,
        Error::Stopped => ErrorKind::Cancelled,
        Error::Memory { .. } | Error::Limit { .. } => ErrorKind::Limit,
        Error::Unsupported { .. } => ErrorKind::Unsupported,
        _ => ErrorKind::Input,
    }
}

impl Error {
    /// Its kind.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Setting(_) | Self::Option { .. } | Self::Disagreement { .. } => ErrorKind::Option,
            Self::Scale { .. } | Self::NoUpscaler { .. } => ErrorKind::Option,
            Self::Image(_) => ErrorKind::Input,
            Self::Cancelled => ErrorKind::Cancelled,
            Self::Memory { .. } | Self::NoMemory { .. } => ErrorKind::Limit,
            Self::Restore(_) | Self::Unprovable { .. } => ErrorKind::Unsupported,
            #[cfg(feature = "codecs")]
            Self::File(file) => kind_of_file(file),
            #[cfg(feature = "video")]
            Self::Video(unband_video::VideoError::File(file)) => kind_of_file(file),
            #[cfg(feature = "video")]
            Self::Video(unband_video::VideoError::Image { .. }) => ErrorKind::Input,
            _ => ErrorKind::Other,
        }
    }

    /// The option at fault, by its name in the library.
    pub fn option(&self) -> Option<&str> {
        match self {
            Self::Setting(error) => error.parameter(),
            Self::Option { name, .. } => Some(name),
            Self::Disagreement { .. } => Some("format"),
            Self::Scale { .. } | Self::NoUpscaler { .. } => Some("scale"),
            Self::Image(_) => Some("image"),
            _ => None,
        }
    }

    /// Adds bytes held elsewhere to those of an [`Error::Memory`].
    #[cfg(feature = "files")]
    pub(crate) fn with_more_memory(self, bytes: u64) -> Self {
        match self {
            Self::Memory { needed_mib, allowed_mib, whole } => {
                let mib = bytes.div_ceil(1 << 20);
                Self::Memory { needed_mib: needed_mib + mib, allowed_mib: allowed_mib + mib, whole }
            }
            other => other,
        }
    }
}

impl Hint for Error {
    fn hint(&self) -> Option<String> {
        match self {
            Self::Setting(error) => error.hint(),
            Self::Disagreement { format, path } => Some(format!(
                "drop the format, or name the file {}",
                path.with_extension(format).display()
            )),
            Self::Memory { needed_mib, whole: true, .. } => Some(format!(
                "the method needs the whole image at once: allow `--max-memory {needed_mib}M`, split the image, or use another method"
            )),
            Self::Memory { needed_mib, whole: false, .. } => Some(format!(
                "allow `--max-memory {needed_mib}M`, use fewer threads with `-j`, or split the image"
            )),
            Self::NoMemory { .. } => {
                Some("close other programs, raise the limit (`ulimit -v`), or split the image".to_owned())
            }
            Self::Restore(RestoreError::NoNumbers { .. }) => {
                Some("use other weights; `unband models info FILE` shows the network of a file".to_owned())
            }
            Self::NoExtraOutput { has, others, .. } if has.is_empty() => {
                Some(format!("it has no extra outputs; {}", others.join(", ")))
            }
            Self::NoExtraOutput { has, .. } => Some(format!("its extra outputs: {}", has.join(", "))),
            Self::Scale { has, .. } => {
                Some(format!("use `--scale {has}`, or weights of a network with the requested factor"))
            }
            Self::NoUpscaler { .. } => Some(
                "the built-in factors reach 4; `--width`, `--height` and `--fit` interpolate beyond, or use a checkpoint with `--weights FILE`"
                    .to_owned(),
            ),
            Self::Unprovable { .. } => Some("write Y4M, or drop `--prove`".to_owned()),
            #[cfg(feature = "codecs")]
            Self::File(error) => error.hint(),
            #[cfg(feature = "video")]
            Self::Video(error) => error.hint(),
            _ => None,
        }
    }
}
