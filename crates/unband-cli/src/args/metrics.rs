//! Options and output files of the commands that measure.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use clap::Args;
use unband::io::{Access, Saving};
use unband::metrics::Metric;
use unband::metrics::{Check, MetricsError, Scope};
use unband::{Context, Hint, With};

use super::{ReporterArgs, ResourceArgs};
use crate::extras;
use crate::interrupt::Busy;
use crate::outcome::Outcome;
use crate::outputs::check_folder_of;
use crate::reporter::Failure;

/// Options of both commands.
#[derive(Debug, Args)]
#[command(mut_arg("max_memory", |arg| arg.help("Memory limit, such as 800M or 2G; for images")))]
pub(crate) struct MetricArgs {
    /// Metrics: NAME,NAME,… or `all`
    ///
    /// `unband list metrics` shows all names. Metrics that run a network need it imported; `all` skips the
    /// others.
    #[arg(long, value_name = "NAMES", help_heading = "Metrics")]
    pub metrics: Option<String>,
    /// Exit with 3 if this holds: 'cambi>5', 'banding>=visible' (repeatable)
    ///
    /// For a video the value is that of all frames together (`banding`: that of the worst frame).
    /// 'cambi.worst>8' checks the worst frame, 'cambi.shot>5' each shot, 'cambi.p95>6' the value that 95 % of
    /// the frames do not exceed.
    #[arg(long, value_name = "CHECK", help_heading = "Metrics")]
    pub fail_if: Vec<String>,
    /// Process subfolders too
    #[arg(short, long, help_heading = "Metrics")]
    pub recursive: bool,

    /// Print one JSON object about all images on standard output
    #[arg(long, help_heading = "Output")]
    pub json: bool,
    /// Write the values of all images as CSV
    #[arg(long, value_name = "FILE", value_hint = clap::ValueHint::FilePath, help_heading = "Output")]
    pub csv: Option<PathBuf>,
    /// Write a self-contained HTML page about all images
    #[arg(long, value_name = "FILE.html", value_hint = clap::ValueHint::FilePath, help_heading = "Output")]
    pub report: Option<PathBuf>,
    /// Draw a map of the banding into this PNG
    ///
    /// In a comparison, that of the result.
    #[arg(long, visible_alias = "map", value_name = "FILE.png", value_parser = super::png_file, value_hint = clap::ValueHint::FilePath, help_heading = "Output")]
    pub save_map: Option<PathBuf>,
    /// Draw the regions of equal colour into this PNG
    ///
    /// In a comparison, those of the result.
    #[arg(long, value_name = "FILE.png", value_parser = super::png_file, value_hint = clap::ValueHint::FilePath, help_heading = "Output")]
    pub save_segmentation: Option<PathBuf>,
    /// Draw the values along a line through the worst place into this PNG
    ///
    /// In a comparison, the worst place of the input, or else of the image with the most banding.
    #[arg(long, value_name = "FILE.png", value_parser = super::png_file, value_hint = clap::ValueHint::FilePath, help_heading = "Output")]
    pub save_profile: Option<PathBuf>,
    /// Replace existing files
    #[arg(long, help_heading = "Output")]
    pub overwrite: bool,

    /// Threads, memory and device.
    #[command(flatten)]
    pub resources: ResourceArgs,
    /// Verbosity.
    #[command(flatten)]
    pub reporter: ReporterArgs,

    /// Permissions of all output files: those of the inputs, once these are known.
    #[arg(skip)]
    access: OnceLock<Access>,
}

impl MetricArgs {
    /// The metrics and the checks; metrics that only a check needs are included.
    ///
    /// # Errors
    /// Invalid names and checks, and metrics whose network is not imported.
    pub(crate) fn selected(
        &self,
        scope: &Scope,
        models: Option<&Path>,
    ) -> Result<(Vec<Metric>, Vec<Check>), Failure> {
        let parse = |text: &String| Check::parse(text, scope).map_err(|error| failure(error.into()));
        let checks = self.fail_if.iter().map(parse).collect::<Result<Vec<_>, _>>()?;
        let mut metrics = scope.select(self.metrics.as_deref(), models).map_err(failure)?;
        for needed in checks.iter().filter_map(Check::metric) {
            if metrics.iter().all(|metric| metric.name() != needed.name()) {
                metrics.push(needed.clone());
            }
        }
        for metric in &metrics {
            metric
                .ready(models)
                .map_err(|error| Failure::usage(error.to_string(), error.hint().unwrap_or_default()))?;
        }
        Ok((metrics, checks))
    }

    /// Options whose file shows one image.
    pub(crate) fn of_one_image(&self) -> Option<&'static str> {
        let named = [
            ("--save-map", &self.save_map),
            ("--save-segmentation", &self.save_segmentation),
            ("--save-profile", &self.save_profile),
        ];
        named.into_iter().find_map(|(option, path)| path.as_ref().map(|_| option))
    }

    /// Refuses options that videos do not have: these are measured frame by frame.
    ///
    /// # Errors
    /// If one was given.
    pub(crate) fn for_images_only(&self) -> Result<(), Failure> {
        if self.resources.max_memory.is_none() {
            return Ok(());
        }
        let hint = "drop it, or use fewer threads with `-j`";
        Err(Failure::usage("`--max-memory` applies to images, but videos were named", hint))
    }

    /// Checks before the work that the files can be written, and do not replace the images.
    ///
    /// # Errors
    /// Existing files, missing folders, one name for two files; with the exit code.
    pub(crate) fn check_outputs(&self, images: &[&Path]) -> Result<(), (Outcome, Failure)> {
        self.check_outputs_and(None, images)
    }

    /// As [`check_outputs`](Self::check_outputs), with one more output file.
    ///
    /// # Errors
    /// The same.
    pub(crate) fn check_outputs_and(
        &self,
        more: Option<&PathBuf>,
        images: &[&Path],
    ) -> Result<(), (Outcome, Failure)> {
        self.access.get_or_init(|| Access::from_paths(images));
        let sources = extras::Inputs::from_paths(images);
        let outputs = [&self.csv, &self.report, &self.save_map, &self.save_segmentation, &self.save_profile];
        let mut seen = HashSet::new();
        for path in outputs.into_iter().flatten().chain(more) {
            let shown = path.display().to_string();
            let usage = |message: &str, hint: &str| {
                Err((Outcome::Usage, Failure::at(shown.clone(), message.into(), Some(hint.into()))))
            };
            if !seen.insert(path) {
                return usage("two outputs have this name", "give each its own name");
            }
            check_folder_of(path).map_err(|failure| (Outcome::Usage, failure))?;
            sources.keep_from(path).map_err(|failure| (Outcome::Usage, failure))?;
            if path.is_file() && !self.overwrite {
                let hint = "add `--overwrite` to replace it".to_owned();
                return Err((Outcome::SomeFailed, Failure::at(shown, "exists already".into(), Some(hint))));
            }
        }
        Ok(())
    }

    fn saving<'a>(&self, ctx: &Context<'a>) -> Saving<'a> {
        // Waits for the reader of a pipe end with it.
        let access = self.access.get().copied().unwrap_or_default();
        Saving::with(|new| {
            new.access = access;
            new.cancel = Some(ctx.cancel);
            new.overwrite = self.overwrite;
        })
    }

    /// Writes a file atomically. Ctrl-C does not end the program meanwhile.
    ///
    /// # Errors
    /// I/O errors.
    pub(crate) fn write(&self, path: &Path, bytes: &[u8], ctx: &Context<'_>) -> Result<(), Failure> {
        let _busy = Busy::begin();
        unband::io::write_bytes(bytes, path, self.saving(ctx))
            .map_err(|error| Failure::from_error(path.display().to_string(), &error))
    }

    /// As [`write`](Self::write), for contents too large for memory.
    ///
    /// # Errors
    /// I/O errors.
    pub(crate) fn write_from(
        &self,
        path: &Path,
        source: &mut dyn std::io::Read,
        ctx: &Context<'_>,
    ) -> Result<(), Failure> {
        let _busy = Busy::begin();
        unband::io::write_from(source, path, self.saving(ctx))
            .map_err(|error| Failure::from_error(path.display().to_string(), &error))
    }
}

/// A failure to choose or compute metrics, with the option or the file at fault.
pub(crate) fn failure(error: MetricsError) -> Failure {
    let hint = error.hint();
    match error {
        MetricsError::NoMetric { .. } => {
            Failure { subject: None, message: "`--metrics` names no metric".to_owned(), hint }
        }
        MetricsError::Check(error) => {
            let message = format!("`--fail-if {}`: {}", error.text, error.fault);
            Failure { subject: None, message, hint }
        }
        MetricsError::File { name, fault } => Failure::at(name, fault.to_string(), hint),
        error => Failure { subject: None, message: error.to_string(), hint },
    }
}
