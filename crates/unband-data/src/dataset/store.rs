//! Storage of pairs as PNG files.

use std::path::Path;

use unband_image::{Window, With};
use unband_io::{Access, Saving};

use super::DatasetError;
use super::manifest::{PairEntry, SIDES, path_of, place};
use super::patches::Codes;
use super::split::Split;
use crate::files::write_png;

/// Low compression effort, for many small files that are written once and read often.
const EFFORT: u8 = 1;

/// A pair in memory and its destination.
pub(crate) struct Cutter<'a> {
    /// The folder of the dataset.
    pub folder: &'a Path,
    pub split: Split,
    /// Start of file names.
    pub name: &'a str,
    pub lq: Codes,
    pub gt: Codes,
    /// Index of the image's degradation.
    pub degradation: Option<usize>,
    /// Permissions of its sources.
    pub access: Access,
}

impl Cutter<'_> {
    /// Writes a window of both sides; `whole` omits the position from the name.
    pub(super) fn write(&self, window: Window, whole: bool) -> Result<PairEntry, DatasetError> {
        let file = if whole {
            format!("{}.png", self.name)
        } else {
            format!("{}_x{}_y{}.png", self.name, window.x0, window.y0)
        };
        let mut sums = [const { String::new() }; 2];
        for ((sum, side), codes) in sums.iter_mut().zip(SIDES).zip([&self.lq, &self.gt]) {
            let path = path_of(self.folder, self.split, side, &file);
            let image =
                codes.cut(window).map_err(|source| DatasetError::Image { file: path.clone(), source })?;
            if let Some(folder) = path.parent() {
                let failed = |source| DatasetError::Folder { folder: folder.to_owned(), source };
                std::fs::create_dir_all(folder).map_err(failed)?;
            }
            // A stopped run may have written it already.
            let saving = Saving::from(true).but(|new| new.access = self.access);
            *sum = write_png(&image, &path, EFFORT, saving).map_err(DatasetError::Write)?;
        }
        let [lq_sha256, gt_sha256] = sums;
        Ok(PairEntry { file, window: place(window), degradation: self.degradation, lq_sha256, gt_sha256 })
    }
}
