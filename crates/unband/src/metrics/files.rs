//! Metrics of image files, in parallel.

use std::path::{Path, PathBuf};

use unband_image::{Context, With};
use unband_io::Limits;
use unband_metrics::Metric;

use super::{Check, FileFault, Inspected, MetricsError, Scores, Subject, score};
use crate::batch::{self, Cost};
use crate::verdict::Verdict;

/// Image files of a folder, sorted by name, without those of its subfolders.
///
/// # Errors
/// Folders that cannot be read.
pub fn images_in(folder: &Path) -> Result<Vec<PathBuf>, std::io::Error> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_file() && unband_io::by_extension(&path).is_some_and(|format| format.reads) {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

impl Inspected {
    /// Reads and inspects a file.
    ///
    /// # Errors
    /// Unreadable files.
    pub fn open(path: &Path, ctx: &Context<'_>) -> Result<Self, MetricsError> {
        let fail = |fault: FileFault| fault.of(path.display().to_string());
        let (image, _) =
            unband_io::read_file(path, &Limits::default()).map_err(|error| fail(error.into()))?;
        Self::new(image, ctx).map_err(|error| fail(error.into()))
    }
}

/// Scores image files and passes the results to `emit` in the order of the files: small images in parallel,
/// large ones one after the other. Files after a cancellation are skipped.
pub fn score_files(
    files: &[PathBuf],
    metrics: &[Metric],
    checks: &[Check],
    emit: &mut dyn FnMut(&Path, Result<Scores, MetricsError>),
    ctx: &Context<'_>,
) {
    let cost = |path: &PathBuf| Cost {
        threads: batch::threads(batch::declared_pixels(path), ctx.threads),
        memory: 0,
    };
    let costs: Vec<Cost> = files.iter().map(cost).collect();
    let one = |i: usize| {
        let ctx = (*ctx).but(|new| new.threads = costs[i].threads);
        let image = Inspected::open(&files[i], &ctx)?;
        let values = score(&[Subject::alone(&image)], metrics, usize::MAX, &ctx).concat();
        Ok(Scores::new(Verdict::new(&image.findings), values).checked(checks, metrics))
    };
    let limits = Cost { threads: ctx.threads, memory: 0 };
    batch::run(&costs, limits, &|| ctx.cancelled(), &one, &mut |i, scores| emit(&files[i], scores));
}
