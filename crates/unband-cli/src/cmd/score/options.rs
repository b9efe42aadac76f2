//! Command line options and output files shared by `score` and `compare`.

use std::collections::HashSet;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use unband_image::Hint;

use clap::Args;
use unband::show::{HeatMap, Line, Picture, Profile, Series, overlay, segments, worst_spots};
use unband::{Context, Image};

use super::gates::Gate;
use super::measures::Use;
use crate::args::{TalkArgs, bytes};
use crate::extras;
use crate::interrupt::Busy;
use crate::outcome::Outcome;
use crate::outputs::check_folder_of;
use crate::pictures;
use crate::talk::{Failure, Talk};
use unband_io::{Access, Saving};
use unband_metrics::Metric;

/// Options of both commands.
#[derive(Debug, Args)]
pub struct MeasureArgs {
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
    #[arg(long, visible_alias = "map", value_name = "FILE.png", value_hint = clap::ValueHint::FilePath, help_heading = "Output")]
    pub save_map: Option<PathBuf>,
    /// Draw the regions of equal colour into this PNG
    ///
    /// In a comparison, those of the result.
    #[arg(long, value_name = "FILE.png", value_hint = clap::ValueHint::FilePath, help_heading = "Output")]
    pub save_segmentation: Option<PathBuf>,
    /// Draw the values along a line through the worst place into this PNG
    ///
    /// In a comparison, the worst place of the input, or else of the image with the most banding.
    #[arg(long, value_name = "FILE.png", value_hint = clap::ValueHint::FilePath, help_heading = "Output")]
    pub save_profile: Option<PathBuf>,
    /// Replace existing files
    #[arg(long, help_heading = "Output")]
    pub overwrite: bool,

    /// Number of threads [default: all processors]
    #[arg(short = 'j', long, value_name = "N", help_heading = "General")]
    pub threads: Option<NonZeroUsize>,
    /// Memory limit, such as 800M or 2G; for images
    #[arg(long, value_name = "SIZE", value_parser = bytes, help_heading = "General", hide_short_help = true)]
    pub max_memory: Option<u64>,

    /// Verbosity.
    #[command(flatten)]
    pub talk: TalkArgs,

    /// Permissions of all output files: those of the inputs, once these are known.
    #[arg(skip)]
    access: OnceLock<Access>,
}

/// An image to draw.
#[derive(Clone, Copy)]
pub struct Drawing<'a> {
    /// Its name.
    pub name: &'a str,
    /// RGB or grey.
    pub image: &'a Image,
    /// Where it is banded.
    pub map: &'a HeatMap,
}

impl Drawing<'_> {
    /// Amount of banding in its worst place, 0 to 1.
    pub fn strength(&self) -> f32 {
        let size = (self.image.width(), self.image.height());
        worst_spots(self.map, size, 1, WORST).first().map_or(0.0, |spot| spot.strength)
    }
}

/// Side of the worst place, in pixels.
const WORST: usize = 256;
/// Width of the profile drawing, in pixels.
const PROFILE_WIDTH: usize = 1600;
/// Seed of the colours of regions.
const COLOURS: u64 = 0;

impl MeasureArgs {
    /// The metrics and the checks; metrics that only a check needs are included.
    ///
    /// # Errors
    /// Invalid names and checks, and metrics whose network is not imported.
    pub fn measures(
        &self,
        usage: &Use,
        models: Option<&Path>,
    ) -> Result<(Vec<&'static Metric>, Vec<Gate>), Failure> {
        let gates =
            self.fail_if.iter().map(|text| Gate::parse(text, usage)).collect::<Result<Vec<_>, _>>()?;
        let mut metrics = usage.choose(self.metrics.as_deref(), models)?;
        for needed in gates.iter().filter_map(Gate::metric) {
            if metrics.iter().all(|metric| metric.name != needed.name) {
                metrics.push(needed);
            }
        }
        for metric in &metrics {
            metric
                .ready(models)
                .map_err(|error| Failure::usage(error.to_string(), error.hint().unwrap_or_default()))?;
        }
        Ok((metrics, gates))
    }

    /// Threads for all images together.
    pub fn threads(&self) -> usize {
        pictures::threads(self.threads)
    }

    /// Options whose file shows one image.
    pub fn of_one_picture(&self) -> Option<&'static str> {
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
    pub fn for_images_only(&self) -> Result<(), Failure> {
        if self.max_memory.is_none() {
            return Ok(());
        }
        let hint = "drop it, or use fewer threads with `-j`";
        Err(Failure::usage("`--max-memory` applies to images, but videos were named", hint))
    }

    /// Checks before the work that the files can be written, and do not replace the images.
    ///
    /// # Errors
    /// Existing files, missing folders, one name for two files; with the exit code.
    pub fn check_outputs(&self, pictures: &[&Path]) -> Result<(), (Outcome, Failure)> {
        self.check_outputs_and(None, pictures)
    }

    /// As [`check_outputs`](Self::check_outputs), with one more output file.
    ///
    /// # Errors
    /// The same.
    pub fn check_outputs_and(
        &self,
        more: Option<&PathBuf>,
        pictures: &[&Path],
    ) -> Result<(), (Outcome, Failure)> {
        self.access.get_or_init(|| Access::of(pictures));
        let sources = extras::Inputs::of(pictures);
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
        Saving { access, cancel: Some(ctx.cancel), overwrite: self.overwrite }
    }

    /// Writes a file atomically. Ctrl-C does not end the program meanwhile.
    ///
    /// # Errors
    /// I/O errors.
    pub fn write(&self, path: &Path, bytes: &[u8], ctx: &Context<'_>) -> Result<(), Failure> {
        let _busy = Busy::begin();
        unband_io::write_bytes(bytes, path, self.saving(ctx))
            .map_err(|error| Failure::of(path.display().to_string(), &error))
    }

    /// As [`write`](Self::write), for contents too large for memory.
    ///
    /// # Errors
    /// I/O errors.
    pub fn write_from(
        &self,
        path: &Path,
        source: &mut dyn std::io::Read,
        ctx: &Context<'_>,
    ) -> Result<(), Failure> {
        let _busy = Busy::begin();
        unband_io::write_from(source, path, self.saving(ctx))
            .map_err(|error| Failure::of(path.display().to_string(), &error))
    }

    /// Writes the requested drawings: map and regions of the first image, the profile of all along its worst
    /// place.
    ///
    /// # Errors
    /// Drawing and I/O errors.
    pub fn draw(
        &self,
        picture: Drawing<'_>,
        profile: &[Drawing<'_>],
        talk: &Talk<'_>,
        ctx: &Context<'_>,
    ) -> Result<(), Failure> {
        let Drawing { name, image, map } = picture;
        let save = |path: &Path, picture: Result<Picture, unband::show::ShowError>| {
            let png = picture.and_then(|picture| picture.png());
            let bytes =
                png.map_err(|error| Failure::at(path.display().to_string(), error.to_string(), None))?;
            self.write(path, &bytes, ctx)
        };
        if let Some(path) = &self.save_map {
            save(path, Picture::of(image, ctx).map(|picture| overlay(&picture, map)))?;
            if picture.strength() <= 0.0 {
                talk.note(&format!("{}: no orange areas, as no banding was found in {name}", path.display()));
            }
        }
        if let Some(path) = &self.save_segmentation {
            save(path, segments(image, 0).map(|segments| segments.picture(COLOURS)))?;
        }
        if let (Some(path), Some(first)) = (&self.save_profile, profile.first()) {
            let series: Vec<Series<'_>> =
                profile.iter().map(|part| Series::new(part.name, part.image)).collect();
            let line = Line::worst(first.image, first.map);
            save(path, Profile::along(line, &series).and_then(|profile| profile.picture(PROFILE_WIDTH)))?;
        }
        Ok(())
    }
}
