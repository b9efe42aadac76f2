//! `--csv` rows of frames, buffered in a temporary file.

use std::fs::File;
use std::io::{Seek, SeekFrom};

use unband::Context;
use unband::metrics::Metric;
use unband::metrics::video::FrameScores;

use super::csv::{header, name_cell, score_cells};
use crate::args::MetricArgs;
use crate::outcome::Outcome;
use crate::reporter::{Failure, Reporter};

/// A growing table of frames.
pub(crate) struct FrameRows {
    table: csv::Writer<File>,
}

impl FrameRows {
    /// A table with its header, if `--csv` was given.
    ///
    /// # Errors
    /// No space for temporary files.
    pub(crate) fn new(args: &MetricArgs, metrics: &[Metric]) -> Result<Option<Self>, Failure> {
        if args.csv.is_none() {
            return Ok(None);
        }
        let file = tempfile::tempfile().map_err(|error| failed(&error))?;
        let mut table = csv::Writer::from_writer(file);
        let head = header(&["file", "frame", "seconds", "shot"], metrics);
        table.write_record(head).map_err(|error| failed(&error))?;
        Ok(Some(Self { table }))
    }

    /// Adds a frame of the video of this name.
    ///
    /// # Errors
    /// No space for temporary files.
    pub(crate) fn put(&mut self, file: &str, frame: &FrameScores, metrics: &[Metric]) -> Result<(), Failure> {
        let mut cells = vec![
            name_cell(file.to_owned()),
            frame.number.to_string(),
            format!("{:.6}", frame.seconds),
            frame.shot.to_string(),
        ];
        cells.extend(score_cells(frame.verdict.as_ref(), &frame.values, metrics));
        self.table.write_record(&cells).map_err(|error| failed(&error))
    }

    /// Writes the table to its file; reports failures.
    pub(crate) fn write(self, args: &MetricArgs, reporter: &Reporter<'_>, ctx: &Context<'_>) -> Outcome {
        let Some(path) = &args.csv else { return Outcome::Done };
        let file = self.table.into_inner().map_err(|error| failed(error.error()));
        let written = file.and_then(|mut file| {
            file.seek(SeekFrom::Start(0)).map_err(|error| failed(&error))?;
            args.write_from(path, &mut file, ctx)
        });
        match written {
            Ok(()) => Outcome::Done,
            Err(_) if ctx.cancelled() => Outcome::Interrupted,
            Err(failure) => {
                reporter.failure(&failure);
                Outcome::SomeFailed
            }
        }
    }
}

fn failed(error: &dyn std::fmt::Display) -> Failure {
    let folder = std::env::temp_dir().display().to_string();
    let hint = "free some space there, or set TMPDIR to another folder".to_owned();
    Failure::at(folder, format!("cannot write the temporary table of frames: {error}"), Some(hint))
}
