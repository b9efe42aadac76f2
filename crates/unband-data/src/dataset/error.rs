//! What can go wrong with a set as a whole, and with one of its images.

use std::path::PathBuf;

use unband_image::ImageError;

use super::boxes::BoxesError;
use super::kapoor::{LAYOUT, SET};
use super::manifest::{COMPLETE, UNFINISHED};
use crate::DegradeError;

/// Why a set could not be made or checked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DatasetError {
    /// The folder is not the published set.
    #[error("{}: not {SET}: {what}", root.display())]
    NotTheSet {
        /// Where it was looked for.
        root: PathBuf,
        /// What is missing, or there twice.
        what: String,
    },
    /// Two images would be written under the same name.
    #[error("{} and {} would both be called `{name}`", first.display(), second.display())]
    Twice {
        /// One.
        first: PathBuf,
        /// The other.
        second: PathBuf,
        /// The name.
        name: String,
    },
    /// There is nothing to make pairs of.
    #[error("no images to make pairs of")]
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
        /// Which.
        file: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The folder of the pairs could not be used.
    #[error("{}: {source}", folder.display())]
    Folder {
        /// Which.
        folder: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A file could not be written.
    #[error(transparent)]
    Write(unband_io::Error),
    /// An image that was made has no size.
    #[error("{}: {source}", file.display())]
    Image {
        /// Where it would have gone.
        file: PathBuf,
        /// What is wrong.
        source: ImageError,
    },
    /// What degrades images is not installed.
    #[error(transparent)]
    Program(DegradeError),
    /// The folder is in use for something else.
    #[error("{}: the folder is not empty, and no run for pairs began in it", folder.display())]
    Occupied {
        /// Which.
        folder: PathBuf,
    },
    /// The folder holds other pairs.
    #[error("{}: the folder holds other pairs: {what}", folder.display())]
    Other {
        /// Which.
        folder: PathBuf,
        /// The first difference.
        what: String,
    },
    /// Another run writes to the folder.
    #[error("{}: another run is writing to this folder", folder.display())]
    Busy {
        /// Which.
        folder: PathBuf,
    },
    /// There is no manifest.
    #[error("{}: there is no {COMPLETE} in this folder", folder.display())]
    NoManifest {
        /// Which.
        folder: PathBuf,
    },
    /// The pairs were not all made.
    #[error("{}: unfinished, {done} of {pictures} images are done", folder.display())]
    Unfinished {
        /// Which.
        folder: PathBuf,
        /// Images that are done.
        done: usize,
        /// All of them.
        pictures: usize,
    },
    /// A manifest is damaged.
    #[error("{}: line {line}: {message}", file.display())]
    Manifest {
        /// Which.
        file: PathBuf,
        /// From 1.
        line: usize,
        /// What is wrong.
        message: String,
    },
}

impl DatasetError {
    /// What to do next.
    pub fn hint(&self) -> Option<String> {
        Some(match self {
            Self::NotTheSet { .. } => LAYOUT.to_owned(),
            Self::Twice { .. } => "give one of them another name".to_owned(),
            Self::Empty => "name a folder that holds images".to_owned(),
            Self::NoOriginal { .. } => "leave `--variant` out".to_owned(),
            Self::Read { .. } => "check that it is there and that you may read it".to_owned(),
            Self::Folder { .. } => "check that the disk has room and that you may write there".to_owned(),
            Self::Write(error) => return error.hint(),
            Self::Image { .. } => return None,
            Self::Program(_) => "install it, or name other causes; the same command then goes on".to_owned(),
            Self::Occupied { .. } => "name a new folder".to_owned(),
            Self::Other { .. } => "name a new folder, or delete this one and begin anew".to_owned(),
            Self::Busy { .. } => "wait for it, or name a new folder".to_owned(),
            Self::NoManifest { .. } => "only folders that `unband dataset` made can be checked".to_owned(),
            Self::Unfinished { .. } => {
                "run the command that began it again; it goes on where it stopped".to_owned()
            }
            Self::Manifest { file, .. } if file.ends_with(UNFINISHED) => {
                "delete the folder and make the pairs anew".to_owned()
            }
            Self::Manifest { .. } => "take the manifest from where the folder came from".to_owned(),
        })
    }
}

/// Why nothing was made of a source image.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SourceFault {
    /// An image could not be read.
    #[error("{}", .0.fault())]
    Picture(#[from] unband_io::Error),
    /// An image has planes of another kind than it says.
    #[error(transparent)]
    Image(#[from] ImageError),
    /// Boxes could not be read.
    #[error(transparent)]
    Boxes(#[from] BoxesError),
    /// Two things that belong together have different sizes.
    #[error("{}×{} pixels, but {other} has {}×{}", size.0, size.1, other_size.0, other_size.1)]
    Sizes {
        /// Width and height.
        size: (u64, u64),
        /// What differs.
        other: &'static str,
        /// Its width and height.
        other_size: (u64, u64),
    },
    /// No patch fits.
    #[error("{}×{} pixels are less than a patch of {side}×{side}", size.0, size.1)]
    Small {
        /// Width and height.
        size: (u64, u64),
        /// Pixels of a patch's side.
        side: usize,
    },
    /// It could not be degraded.
    #[error("{by}: {source}")]
    Degrade {
        /// The cause or the mix, and the seed.
        by: String,
        /// What is wrong.
        source: DegradeError,
    },
}
