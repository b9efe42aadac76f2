//! What becomes of each source image.

use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};
use unband_image::Window;

use super::clean::Draw;
use super::manifest::{Failed, Header};
use super::patches::Tiling;
use super::split::Split;
use crate::files::hexadecimal;

/// What becomes of each source image.
#[derive(Debug)]
pub struct Plan {
    /// The first line of the manifest.
    pub header: Header,
    /// The folder that the images' names count from.
    pub root: PathBuf,
    pub(crate) tasks: Vec<Task>,
}

/// What becomes of one.
#[derive(Debug)]
pub(crate) struct Task {
    pub name: String,
    pub split: Split,
    /// Below the root: degraded and clean image, and boxes where they are used; or the clean image alone.
    pub sources: Vec<PathBuf>,
    pub work: Work,
}

#[derive(Debug)]
pub(crate) enum Work {
    /// Both images are there, of this size; windows are cut from them.
    Cut { size: (u64, u64), windows: Vec<Window>, dropped: usize, whole: bool },
    /// The clean one is degraded, then windows are cut.
    Harm { draws: Vec<Draw>, tiling: Tiling },
    /// Known to fail before it begins.
    Fail(Failed),
}

/// How much a plan will make, as far as that is known before.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Expected {
    /// Source images.
    pub pictures: usize,
    /// Pairs, where the sizes of images do not decide it.
    pub pairs: Option<usize>,
    /// Windows of which no pair will be made.
    pub dropped: usize,
}

impl Plan {
    /// The largest image of a source: its file.
    pub fn picture(&self, index: usize) -> PathBuf {
        self.root.join(&self.tasks[index].sources[0])
    }

    /// Name of a source image.
    pub fn name(&self, index: usize) -> &str {
        &self.tasks[index].name
    }

    /// How many source images there are.
    pub fn len(&self) -> usize {
        self.tasks.len()
    }

    /// Are there none?
    pub fn is_empty(&self) -> bool {
        self.tasks.is_empty()
    }

    /// What a part will hold.
    pub fn expected(&self, split: Split) -> Expected {
        let mut expected = Expected { pairs: Some(0), ..Expected::default() };
        for task in self.tasks.iter().filter(|task| task.split == split) {
            expected.pictures += 1;
            let pairs = match &task.work {
                Work::Cut { windows, dropped, .. } => {
                    expected.dropped += dropped;
                    Some(windows.len())
                }
                Work::Harm { draws, tiling: Tiling::Whole } => Some(draws.len()),
                Work::Harm { .. } => None,
                Work::Fail(_) => Some(0),
            };
            expected.pairs = expected.pairs.zip(pairs).map(|(a, b)| a + b);
        }
        expected
    }

    /// Sources that are known to fail.
    pub fn failing(&self) -> impl Iterator<Item = &Failed> {
        self.tasks.iter().filter_map(|task| match &task.work {
            Work::Fail(failed) => Some(failed),
            _ => None,
        })
    }
}

/// A path below the root, with `/`.
pub(crate) fn shown(path: &Path) -> String {
    let parts: Vec<_> = path.components().map(|part| part.as_os_str().to_string_lossy()).collect();
    parts.join("/")
}

/// SHA-256 over names and sizes of files below a root. One that cannot be asked for its size counts with none.
pub(crate) fn sum_of_sources<'a>(root: &Path, files: impl Iterator<Item = &'a PathBuf>) -> String {
    let mut sum = Sha256::new();
    for file in files {
        let size = std::fs::metadata(root.join(file)).map_or(0, |data| data.len());
        sum.update(format!("{}\0{size}\n", shown(file)));
    }
    hexadecimal(&sum.finalize())
}
