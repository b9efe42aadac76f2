//! Errors of a dataset as a whole and of single source images.

use std::path::PathBuf;

use unband_image::{Hint, ImageError};

use super::boxes::BoxesError;
use super::kapoor::{LAYOUT, SET};
use super::manifest::{COMPLETE, UNFINISHED};
use crate::DegradeError;

/// Why a dataset could not be made or verified.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DatasetError {
    /// The folder is not the published set.
    #[error("{}: not {SET}: {what}", root.display())]
    NotTheSet {
        /// The folder that was searched.
        root: PathBuf,
        /// The missing or duplicate folder.
        what: String,
    },
    /// Two images would be written under the same name.
    #[error("{} and {} would both be named `{name}`", first.display(), second.display())]
    Twice {
        /// The first image.
        first: PathBuf,
        /// The second image.
        second: PathBuf,
        /// The name of both.
        name: String,
    },
    /// There are no images.
    #[error("no images to make pairs from")]
    Empty,
    /// The authors of the preparation published no script.
    #[error(
        "`{preparation}` has no variant `original`: its authors published no script that prepares the set"
    )]
    NoOriginal {
        /// Name of the preparation.
        preparation: &'static str,
    },
    /// A folder or a list could not be read.
    #[error("{}: cannot read: {source}", file.display())]
    Read {
        /// The folder or list.
        file: PathBuf,
        /// The error of the system.
        source: std::io::Error,
    },
    /// The output folder could not be used.
    #[error("{}: {source}", folder.display())]
    Folder {
        /// The folder.
        folder: PathBuf,
        /// The error of the system.
        source: std::io::Error,
    },
    /// A file could not be written.
    #[error(transparent)]
    Write(unband_io::Error),
    /// A made image has no size.
    #[error("{}: {source}", file.display())]
    Image {
        /// Its intended file.
        file: PathBuf,
        /// The fault.
        source: ImageError,
    },
    /// A program that a degradation needs is not installed.
    #[error(transparent)]
    Program(DegradeError),
    /// The output folder contains other files.
    #[error("{}: the folder is not empty and not an unfinished dataset", folder.display())]
    Occupied {
        /// The folder.
        folder: PathBuf,
    },
    /// The output folder contains other pairs.
    #[error("{}: the folder contains other pairs: {what}", folder.display())]
    Other {
        /// The folder.
        folder: PathBuf,
        /// The first difference.
        what: String,
    },
    /// Another run writes to the folder.
    #[error("{}: another run is writing to this folder", folder.display())]
    Busy {
        /// The folder.
        folder: PathBuf,
    },
    /// There is no manifest.
    #[error("{}: {COMPLETE} is missing", folder.display())]
    NoManifest {
        /// The folder.
        folder: PathBuf,
    },
    /// The dataset is unfinished.
    #[error("{}: unfinished, {done} of {images} images are done", folder.display())]
    Unfinished {
        /// The folder.
        folder: PathBuf,
        /// Number of finished images.
        done: usize,
        /// Number of images.
        images: usize,
    },
    /// A manifest is damaged.
    #[error("{}: line {line}: {message}", file.display())]
    Manifest {
        /// The manifest.
        file: PathBuf,
        /// Line number, starting at 1.
        line: usize,
        /// The fault.
        message: String,
    },
}

impl Hint for DatasetError {
    fn hint(&self) -> Option<String> {
        Some(match self {
            Self::NotTheSet { .. } => LAYOUT.to_owned(),
            Self::Twice { .. } => "give one of them another name".to_owned(),
            Self::Empty => "name a folder that contains images".to_owned(),
            Self::NoOriginal { .. } => "drop `--variant`".to_owned(),
            Self::Read { .. } => "check that it exists and is readable".to_owned(),
            Self::Folder { .. } => "check free disk space and write permission".to_owned(),
            Self::Write(error) => return error.hint(),
            Self::Image { .. } => return None,
            Self::Program(_) => {
                "install it, or name other degradations; the same command then resumes".to_owned()
            }
            Self::Occupied { .. } => "name a new folder".to_owned(),
            Self::Other { .. } => "name a new folder, or delete this one and start over".to_owned(),
            Self::Busy { .. } => "wait for it, or name a new folder".to_owned(),
            Self::NoManifest { .. } => "only folders made by `unband dataset` can be checked".to_owned(),
            Self::Unfinished { .. } => {
                "run the original command again; it resumes where it stopped".to_owned()
            }
            Self::Manifest { file, .. } if file.ends_with(UNFINISHED) => {
                "delete the folder and make the dataset again".to_owned()
            }
            Self::Manifest { .. } => "copy the manifest again from the source of the folder".to_owned(),
        })
    }
}

/// Why a source image gave no pairs.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SourceFault {
    /// An image could not be read.
    #[error("{}", .0.fault())]
    Read(#[from] unband_io::Error),
    /// The planes of an image do not match its colour model.
    #[error(transparent)]
    Image(#[from] ImageError),
    /// Boxes could not be read.
    #[error(transparent)]
    Boxes(#[from] BoxesError),
    /// Two files that belong together have different sizes.
    #[error("{}×{} pixels, but {other} has {}×{}", size.0, size.1, other_size.0, other_size.1)]
    Sizes {
        /// Width and height.
        size: (u64, u64),
        /// The other file.
        other: &'static str,
        /// Width and height of the other file.
        other_size: (u64, u64),
    },
    /// The image is smaller than a patch.
    #[error("{}×{} pixels, smaller than a patch of {side}×{side}", size.0, size.1)]
    Small {
        /// Width and height.
        size: (u64, u64),
        /// Side of a patch in pixels.
        side: usize,
    },
    /// A degradation failed.
    #[error("{by}: {source}")]
    Degrade {
        /// Name of the degradation or recipe, with the seed.
        by: String,
        /// The error.
        source: DegradeError,
    },
}
