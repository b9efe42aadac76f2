//! Plan of a dataset: the work for each source image.

use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};
use unband_image::Window;

use super::clean::Draw;
use super::manifest::{Failed, Header};
use super::patches::Tiling;
use super::split::Split;
use crate::files::hexadecimal;

/// The work for each source image.
#[derive(Debug)]
pub struct DatasetPlan {
    /// The header line of the manifest.
    pub header: Header,
    /// The folder that the images' names are relative to.
    pub root: PathBuf,
    pub(crate) tasks: Vec<Task>,
}

/// The work for one source image.
#[derive(Debug)]
pub(crate) struct Task {
    pub name: String,
    pub split: Split,
    /// Files below the root: degraded image, clean image and boxes if they are used; or the clean image
    /// alone.
    pub sources: Vec<PathBuf>,
    pub work: SourceWork,
}

#[derive(Debug)]
pub(crate) enum SourceWork {
    /// Both images exist with this size; windows are cut from them.
    Cut { size: (u64, u64), windows: Vec<Window>, dropped: usize, whole: bool },
    /// The clean image is degraded, then windows are cut.
    Degrade { draws: Vec<Draw>, tiling: Tiling },
    /// Known to fail in advance.
    Fail(Failed),
}

/// Size of the dataset, as far as known in advance.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Expected {
    /// Number of source images.
    pub images: usize,
    /// Number of pairs, unless it depends on image sizes.
    pub pairs: Option<usize>,
    /// Number of windows that will be skipped.
    pub dropped: usize,
}

impl DatasetPlan {
    /// The file of a source's largest image.
    pub fn image(&self, index: usize) -> PathBuf {
        self.root.join(&self.tasks[index].sources[0])
    }

    /// Name of a source image.
    pub fn name(&self, index: usize) -> &str {
        &self.tasks[index].name
    }

    /// Number of source images.
    pub fn len(&self) -> usize {
        self.tasks.len()
    }

    /// Whether there are no source images.
    pub fn is_empty(&self) -> bool {
        self.tasks.is_empty()
    }

    /// Expected content of a part.
    pub fn expected(&self, split: Split) -> Expected {
        let mut expected = Expected { pairs: Some(0), ..Expected::default() };
        for task in self.tasks.iter().filter(|task| task.split == split) {
            expected.images += 1;
            let pairs = match &task.work {
                SourceWork::Cut { windows, dropped, .. } => {
                    expected.dropped += dropped;
                    Some(windows.len())
                }
                SourceWork::Degrade { draws, tiling: Tiling::Whole } => Some(draws.len()),
                SourceWork::Degrade { .. } => None,
                SourceWork::Fail(_) => Some(0),
            };
            expected.pairs = expected.pairs.zip(pairs).map(|(a, b)| a + b);
        }
        expected
    }

    /// Sources known to fail.
    pub fn failing(&self) -> impl Iterator<Item = &Failed> {
        self.tasks.iter().filter_map(|task| match &task.work {
            SourceWork::Fail(failed) => Some(failed),
            _ => None,
        })
    }
}

/// A path relative to the root, with `/`.
pub(crate) fn shown(path: &Path) -> String {
    let parts: Vec<_> = path.components().map(|part| part.as_os_str().to_string_lossy()).collect();
    parts.join("/")
}

/// SHA-256 over names and sizes of files below a root. An unreadable size is replaced by 0.
pub(crate) fn sum_of_sources<'a>(root: &Path, files: impl Iterator<Item = &'a PathBuf>) -> String {
    let mut sum = Sha256::new();
    for file in files {
        let size = std::fs::metadata(root.join(file)).map_or(0, |data| data.len());
        sum.update(format!("{}\0{size}\n", shown(file)));
    }
    hexadecimal(&sum.finalize())
}
