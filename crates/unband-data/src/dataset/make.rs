//! Creation of the pairs of one source image.

use std::path::Path;

use unband_image::{Context, Image, Window, With};
use unband_io::{Access, Limits};

use super::clean::Draw;
use super::manifest::{Entry, Failed, SIDES, path_of};
use super::patches::{Codes, Tiling};
use super::plan::{DatasetPlan, SourceWork, Task, shown};
use super::store::Cutter;
use super::{DatasetError, SourceFault};
use crate::files::clean_rgb;

/// Errors that stop the work on an image.
enum Stop {
    /// A fault of one of its sources, by index.
    Source(usize, SourceFault),
    /// A fault that would stop all other images too.
    Run(DatasetError),
}

impl DatasetPlan {
    /// Makes the pairs of a source image in a folder whose manifest a [`Journal`](super::Journal) keeps. An
    /// unusable image gives an entry with the reason.
    ///
    /// # Errors
    /// When a file cannot be written or a program is missing: faults that would stop other images too.
    pub fn make(&self, index: usize, folder: &Path) -> Result<Entry, DatasetError> {
        let task = &self.tasks[index];
        let mut entry = blank(task);
        let made = match &task.work {
            SourceWork::Cut { size, windows, dropped, whole } => {
                entry.dropped = *dropped;
                self.cut(task, *size, windows, *whole, folder, &mut entry)
            }
            SourceWork::Degrade { draws, tiling } => self.degrade(task, draws, *tiling, folder, &mut entry),
            SourceWork::Fail(failed) => return Ok(Entry { failed: Some(failed.clone()), ..entry }),
        };
        let Err(stop) = made else { return Ok(entry) };
        // An image has all its pairs or none. Files that cannot be removed are found by verification.
        for (pair, side) in entry.pairs.iter().flat_map(|pair| SIDES.map(|side| (pair, side))) {
            let _ = std::fs::remove_file(path_of(folder, task.split, side, &pair.file));
        }
        match stop {
            Stop::Source(source, fault) => {
                let file = entry.sources[source].clone();
                Ok(Entry { failed: Some(Failed { file, reason: fault.to_string() }), ..blank(task) })
            }
            Stop::Run(error) => Err(error),
        }
    }

    /// The entry of an image on which unband itself failed.
    pub fn failed(&self, index: usize) -> Entry {
        let entry = blank(&self.tasks[index]);
        let reason = "unband failed on this image".to_owned();
        Entry { failed: Some(Failed { file: entry.sources[0].clone(), reason }), ..entry }
    }

    fn cut(
        &self,
        task: &Task,
        expected: (u64, u64),
        windows: &[Window],
        whole: bool,
        folder: &Path,
        entry: &mut Entry,
    ) -> Result<(), Stop> {
        let read = |source: usize| {
            let codes =
                codes(&self.root.join(&task.sources[source])).map_err(|fault| Stop::Source(source, fault))?;
            let size = (codes.width as u64, codes.height as u64);
            if size == expected {
                return Ok(codes);
            }
            Err(Stop::Source(source, SourceFault::Sizes { size, other: "its header", other_size: expected }))
        };
        // Read even if no window is left, so that every preparation reports damaged images.
        let (lq, gt) = (read(0)?, read(1)?);
        let access = self.access(task);
        let cutter =
            Cutter { folder, split: task.split, name: &task.name, lq, gt, degradation: None, access };
        windows.iter().try_for_each(|&window| {
            entry.pairs.push(cutter.write(window, whole).map_err(Stop::Run)?);
            Ok(())
        })
    }

    fn degrade(
        &self,
        task: &Task,
        draws: &[Draw],
        tiling: Tiling,
        folder: &Path,
        entry: &mut Entry,
    ) -> Result<(), Stop> {
        let read = || -> Result<Image, SourceFault> {
            let (image, _) = unband_io::read_file(&self.root.join(&task.sources[0]), &Limits::default())?;
            Ok(clean_rgb(image)?)
        };
        let clean = read().map_err(|fault| Stop::Source(0, fault))?;
        let access = self.access(task);
        draws.iter().try_for_each(|draw| drawn(task, draw, &clean, tiling, folder, access, entry))
    }

    /// Permissions of the pairs of an image.
    fn access(&self, task: &Task) -> Access {
        Access::from_paths(task.sources.iter().map(|source| self.root.join(source)))
    }

    /// Permissions of files about all images.
    pub fn access_of_all(&self) -> Access {
        Access::from_paths(
            self.tasks.iter().flat_map(|task| &task.sources).map(|source| self.root.join(source)),
        )
    }
}

/// The pairs of one degraded version.
fn drawn(
    task: &Task,
    draw: &Draw,
    clean: &Image,
    tiling: Tiling,
    folder: &Path,
    access: Access,
    entry: &mut Entry,
) -> Result<(), Stop> {
    let fault = |fault: SourceFault| Stop::Source(0, fault);
    let (pair, degradation) = draw.apply(clean).map_err(|error| match error {
        SourceFault::Degrade { source, .. } if source.is_missing_program() => {
            Stop::Run(DatasetError::Program(source))
        }
        error => fault(error),
    })?;
    let side = |image: &Image| Codes::new(image).map_err(|error| fault(error.into()));
    let (lq, gt) = (side(&pair.lq)?, side(&pair.gt)?);
    let windows = tiling.windows(lq.width, lq.height);
    if let (Tiling::Patches { side, .. }, []) = (tiling, windows.as_slice()) {
        return Err(fault(SourceFault::Small { size: (lq.width as u64, lq.height as u64), side }));
    }
    let name = format!("{}{}{}", draw.prefix, task.name, draw.suffix);
    let degradation_index = Some(entry.degradations.len());
    let cutter =
        Cutter { folder, split: task.split, name: &name, lq, gt, degradation: degradation_index, access };
    entry.degradations.push(degradation);
    windows.into_iter().try_for_each(|window| {
        entry.pairs.push(cutter.write(window, tiling == Tiling::Whole).map_err(Stop::Run)?);
        Ok(())
    })
}

/// An entry without pairs.
fn blank(task: &Task) -> Entry {
    Entry {
        name: task.name.clone(),
        split: task.split,
        sources: task.sources.iter().map(|path| shown(path)).collect(),
        dropped: 0,
        degradations: Vec::new(),
        pairs: Vec::new(),
        failed: None,
    }
}

/// An image as RGB codes.
fn codes(path: &Path) -> Result<Codes, SourceFault> {
    let (image, _) = unband_io::read_file(path, &Limits::default())?;
    let context = Context::with(|new| new.threads = 1);
    Ok(Codes::new(&image.into_rgb(&context)?)?)
}
