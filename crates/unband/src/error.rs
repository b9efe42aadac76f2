//! What can go wrong.

use unband_image::{ParamError, RestoreError};

/// Why a job was not done. [`Error::hint`] names the next action.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// No method of that name.
    #[error("there is no method `{name}`")]
    UnknownMethod {
        /// The name given.
        name: String,
        /// The one probably meant.
        near: Option<&'static str>,
    },
    /// A setting of a method cannot be used.
    #[error(transparent)]
    Setting(#[from] ParamError),
    /// An option outside its range.
    #[error("{name} must be {range}, got {got}")]
    Option {
        /// The option.
        name: &'static str,
        /// What it may be.
        range: &'static str,
        /// What it was.
        got: String,
    },
    /// The image's planes do not fit together.
    #[error("{0}")]
    Image(String),
    /// The method gave up.
    #[error(transparent)]
    Restore(RestoreError),
    /// The caller asked to stop.
    #[error("interrupted")]
    Cancelled,
    /// More memory would be needed than allowed.
    #[error("{needed_mib} MiB of memory are needed, {allowed_mib} MiB are allowed")]
    Memory {
        /// Needed at least.
        needed_mib: u64,
        /// Allowed.
        allowed_mib: u64,
        /// The method works on the image as a whole, so that smaller windows are no way out.
        whole: bool,
    },
    /// The cells of luma and chroma cannot be looked at in a file of red, green and blue.
    #[error("the image's luma and chroma become RGB in {format}, where their cells cannot be checked")]
    Unprovable {
        /// The format.
        format: &'static str,
    },
    /// The network enlarges by another factor than was asked for.
    #[error("{}: enlarges {has} times, {asked} times were asked for", file.display())]
    Scale {
        /// The file with its numbers.
        file: std::path::PathBuf,
        /// Its factor.
        has: usize,
        /// The factor asked for.
        asked: usize,
    },
    /// No numbers of ours for that factor.
    #[error("there are no weights of ours that enlarge {scale} times")]
    NoUpscaler {
        /// The factor asked for.
        scale: usize,
    },
    /// The method makes nothing of that name beside its image.
    #[error("{method} has no output `{name}`")]
    NoAside {
        /// The method.
        method: &'static str,
        /// The name given.
        name: String,
        /// What it makes.
        has: Vec<String>,
        /// What networks make, in words.
        others: Vec<String>,
    },
    /// A file could not be read or written.
    #[cfg(feature = "files")]
    #[error(transparent)]
    File(#[from] unband_io::Error),
    /// A video could not be read or written.
    #[cfg(feature = "files")]
    #[error(transparent)]
    Video(#[from] unband_io::video::VideoError),
}

impl From<RestoreError> for Error {
    fn from(error: RestoreError) -> Self {
        match error {
            RestoreError::Cancelled => Self::Cancelled,
            other => Self::Restore(other),
        }
    }
}

impl Error {
    /// Counts bytes that are held beside what needed too many.
    #[cfg(feature = "files")]
    pub(crate) fn with_memory_beside(self, bytes: u64) -> Self {
        match self {
            Self::Memory { needed_mib, allowed_mib, whole } => {
                let mib = bytes.div_ceil(1 << 20);
                Self::Memory { needed_mib: needed_mib + mib, allowed_mib: allowed_mib + mib, whole }
            }
            other => other,
        }
    }

    /// What to do about it, if that can be said.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::UnknownMethod { near: Some(near), .. } => Some(format!("did you mean `{near}`?")),
            Self::UnknownMethod { near: None, .. } => {
                let names: Vec<_> = crate::methods().map(|entry| entry.name).collect();
                Some(format!("the methods are {}", names.join(", ")))
            }
            Self::Setting(error) => error.hint(),
            Self::Memory { needed_mib, whole: true, .. } => Some(format!(
                "the method needs the whole image at once: allow `--max-memory {needed_mib}M`, split the image, or take another method"
            )),
            Self::Memory { needed_mib, whole: false, .. } => Some(format!(
                "allow `--max-memory {needed_mib}M`, use fewer threads with `-j`, or split the image"
            )),
            Self::Restore(RestoreError::NoNumbers { .. }) => {
                Some("take other weights; `unband models info FILE` tells what a file holds".to_owned())
            }
            Self::NoAside { has, others, .. } if has.is_empty() => {
                Some(format!("it makes its image alone; {}", others.join(", ")))
            }
            Self::NoAside { has, .. } => Some(format!("it makes {}", has.join(", "))),
            Self::Scale { has, .. } => {
                Some(format!("say `--scale {has}`, or give the weights of a network that enlarges as asked"))
            }
            Self::NoUpscaler { .. } => Some(
                "ours enlarge 2 and 4 times; give a checkpoint with `--weights FILE`: `unband models list` names published ones"
                    .to_owned(),
            ),
            Self::Unprovable { .. } => Some("write Y4M, or drop `--prove`".to_owned()),
            #[cfg(feature = "files")]
            Self::File(error) => error.hint(),
            #[cfg(feature = "files")]
            Self::Video(error) => error.hint(),
            _ => None,
        }
    }
}
