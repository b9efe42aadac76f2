//! `unband compare REFERENCE RESULT` for videos: frame-by-frame metrics.

mod pairs;

use std::path::{Path, PathBuf};

use clap::Args;
use unband::Context;
use unband_image::Depth;
use unband_infer::models;
use unband_io::video::{self, Film, Programs, is_film};
use unband_metrics::{Metric, film_psnr};

use super::super::score::films::reader::expected;
use super::super::score::films::rows::Rows;
use super::super::score::films::summary::{Scored, Tally, clock};
use super::super::score::films::tell::{self, FilmRecord, Record};
use super::super::score::films::{EVERY, PLOT, Steps};
use super::super::score::{FailureRecord, Gate, MeasureArgs, Use, reasons, work};
use super::CompareArgs;
use crate::inputs::exact;
use crate::interrupt;
use crate::outcome::Outcome;
use crate::result::print_json;
use crate::talk::{Failure, Talk};
use pairs::{Measured, Plan, failure, measured};

/// Options for videos only.
#[derive(Debug, Args)]
pub struct FilmArgs {
    /// Plot the first metric over time, with the reference's shots, as SVG
    #[arg(long, value_name = "FILE.svg", value_hint = clap::ValueHint::FilePath, help_heading = "Videos")]
    pub plot: Option<PathBuf>,
    /// Compare the frames that both videos have, if one is shorter or damaged
    #[arg(long, help_heading = "Videos")]
    pub keep_going: bool,
}

/// Metrics of frames in luma and chroma, without the plane suffixes.
const YUV: &[&str] = &[
    "film-psnr",
    "film-psnr-y",
    "film-psnr-u",
    "film-psnr-v",
    "flat-psnr",
    "cambi",
    "cambi-reference",
    "cambi-full-reference",
];
const GREY: &[&str] =
    &["film-psnr", "film-psnr-y", "flat-psnr", "cambi", "cambi-reference", "cambi-full-reference"];
const RGB: &[&str] = &[
    "film-psnr",
    "film-psnr-r",
    "film-psnr-g",
    "film-psnr-b",
    "flat-psnr",
    "cambi",
    "cambi-reference",
    "cambi-full-reference",
];

impl FilmArgs {
    /// The first given option that applies to images only.
    pub fn named(&self) -> Option<&'static str> {
        let all = [("--plot", self.plot.is_some()), ("--keep-going", self.keep_going)];
        all.into_iter().find_map(|(option, given)| given.then_some(option))
    }
}

/// The two paths, if either is a video.
pub fn named(args: &CompareArgs) -> Option<[&Path; 2]> {
    let both = [args.reference.as_deref()?, args.second.as_deref()?];
    both.into_iter().any(|path| path.is_file() && is_film(path)).then_some(both)
}

/// A job that compares two videos.
pub struct Job<'a> {
    args: &'a MeasureArgs,
    film: &'a FilmArgs,
    films: [Film; 2],
    metrics: Vec<&'static Metric>,
    gates: Vec<Gate>,
    models: Option<PathBuf>,
}

/// The outcome of a comparison.
struct Done {
    scored: Scored,
    measured: Measured,
}

impl<'a> Job<'a> {
    /// Checks everything before the first frame is decoded.
    pub fn new(args: &'a CompareArgs, paths: [&Path; 2]) -> Result<(Self, Vec<Failure>), (Outcome, Failure)> {
        let usage = |message: String, hint: &str| Err((Outcome::Usage, Failure::usage(message, hint)));
        let measure = &args.measure;
        let of_pictures = [
            ("--pairs", args.pairs.is_some()),
            ("--input", args.input.is_some()),
            ("--method", !args.method.is_empty()),
            ("--report", measure.report.is_some()),
        ];
        let given = of_pictures.into_iter().find_map(|(option, given)| given.then_some(option));
        if let Some(option) = measure.of_one_picture().or(given) {
            return usage(
                format!("`{option}` applies to images, but videos were named"),
                "for videos, use `--plot`, `--csv` or `--json`",
            );
        }
        measure.for_images_only().map_err(|failure| (Outcome::Usage, failure))?;
        let film_and_other = |a: &Path, b: &Path| {
            let message = format!("{} is not a video, {} is", b.display(), a.display());
            usage(message, "compare two videos, or two images")
        };
        match paths.map(is_film) {
            [true, false] => return film_and_other(paths[0], paths[1]),
            [false, true] => return film_and_other(paths[1], paths[0]),
            _ => {}
        }
        // Nothing is written yet, so Ctrl-C ends the program and its child processes.
        interrupt::listen();
        let probe = |path: &Path| {
            video::probe(path, &Programs::default())
                .map_err(|error| (Outcome::SomeFailed, failure(path, &error)))
        };
        let films = [probe(paths[0])?, probe(paths[1])?];
        same_size(&films).map_err(|failure| (Outcome::SomeFailed, failure))?;
        let names = match films[0].video.samples {
            Some(video::Samples::Rgb) => RGB,
            Some(video::Samples::Gray) => GREY,
            _ => YUV,
        };
        let models = models::folder();
        let can = Use { defaults: names, reference: true, input: false, film: names, films: true };
        let (metrics, gates) =
            measure.measures(&can, models.as_deref()).map_err(|failure| (Outcome::Usage, failure))?;
        measure.check_outputs_and(args.film.plot.as_ref(), &paths)?;
        Ok((Self { args: measure, film: &args.film, films, metrics, gates, models }, Vec::new()))
    }

    /// `None` when interrupted.
    fn measure(
        &self,
        rows: Option<&mut Rows>,
        step: &dyn Fn(),
        ctx: &Context<'_>,
    ) -> Result<Option<Done>, Failure> {
        let ctx = Context { models: self.models.as_deref(), ..*ctx };
        let plan = Plan { metrics: &self.metrics, every: EVERY, keep_going: self.film.keep_going };
        let name = exact(&self.films[1].path);
        // Metrics asked for come first, in the order of the request.
        let mut tally = Tally::new(name, &self.metrics, &self.gates, 0, self.film.plot.is_some(), rows);
        let Some(measured) = measured(&self.films, &plan, &ctx, &mut tally, step)? else { return Ok(None) };
        let scored = tally.finish(Depth::Int(measured.format.pixels.bits));
        if let (Some(path), Some(metric)) = (&self.film.plot, self.metrics.first()) {
            self.args.write(path, tell::timeline(&scored, metric).svg(PLOT).as_bytes(), &ctx)?;
        }
        Ok(Some(Done { scored, measured }))
    }

    fn text(&self, done: &Done) -> String {
        let Done { scored, measured } = done;
        let name = format!("{} against {}", scored.file, self.films[0].path.display());
        let codec = &self.films[1].video.codec;
        let mut text = tell::head(&name, codec, &measured.format, scored, measured.more.is_some());
        text += &tell::table(scored, &self.metrics, true);
        if self.metrics.iter().any(|metric| film_psnr::is_one(metric)) {
            text +=
                "  film-psnr of the video and of shots: from the mean squared error of all their frames\n";
        }
        text + &reasons(&scored.file, &scored.row, &self.metrics)
    }

    fn notes(&self, done: &Done, talk: &Talk<'_>) {
        let names = [0, 1].map(|i| self.films[i].path.display().to_string());
        if let Some(apart) = done.measured.apart {
            talk.note(&format!(
                "{}: frame {} is shown at {}, in {} at {}; frames are compared by number",
                names[1],
                apart.frame,
                clock(apart.result),
                names[0],
                clock(apart.reference),
            ));
        }
        if done.measured.other_colors {
            talk.note(&format!(
                "{}: its colour tags differ from those of {}; planes are compared as stored",
                names[1], names[0],
            ));
        }
        if let Some(more) = &done.measured.more {
            talk.note(more);
        }
    }
}

/// An error with both sizes unless they are equal.
fn same_size([reference, result]: &[Film; 2]) -> Result<(), Failure> {
    let size = |film: &Film| (film.video.width, film.video.height);
    if size(reference) == size(result) {
        return Ok(());
    }
    let say = |film: &Film| format!("{}×{}", film.video.width, film.video.height);
    let message =
        format!("is {}, the reference {} is {}", say(result), reference.path.display(), say(reference));
    let hint = "frames are compared sample by sample: crop or scale one of the videos".to_owned();
    Err(Failure::at(result.path.display().to_string(), message, Some(hint)))
}

impl work::Job for Job<'_> {
    /// The number of frames, for the bar.
    fn count(&self) -> usize {
        expected(&self.films[0]).max(2)
    }

    fn run(&self, _: &[Failure], talk: &Talk<'_>, ctx: &Context<'_>) -> Outcome {
        let step = Steps::new(talk, self.count());
        let rows = Rows::new(self.args, &self.metrics);
        let done = rows.and_then(|mut rows| {
            let done = self.measure(rows.as_mut(), &|| step.put(), ctx)?;
            Ok(done.map(|done| (done, rows)))
        });
        talk.bar.finish();
        let (done, rows) = match done {
            Ok(Some(done)) => done,
            Ok(None) => {
                talk.note(&format!("interrupted after {} frames", step.done()));
                return Outcome::Interrupted;
            }
            Err(failure) => {
                talk.failure(&failure);
                if self.args.json {
                    let failures = vec![FailureRecord::new(&failure)];
                    print_json(&Record::new(SCHEMA, Vec::new(), failures, &self.metrics));
                }
                return Outcome::SomeFailed;
            }
        };
        self.notes(&done, talk);
        let Done { scored, measured } = &done;
        let mut outcome = if self.args.json {
            let reference = exact(&self.films[0].path);
            let names = (self.films[1].video.codec.as_str(), Some(reference.as_str()));
            let partial = measured.more.is_some();
            let film = FilmRecord::new(scored, names, &measured.format, partial, &[], &self.metrics);
            print_json(&Record::new(SCHEMA, vec![film], Vec::new(), &self.metrics))
        } else {
            talk.values(&self.text(&done))
        };
        outcome = outcome.max(rows.map_or(Outcome::Done, |rows| rows.write(self.args, talk, ctx)));
        if ctx.cancelled() {
            return Outcome::Interrupted;
        }
        outcome.max(tell::failed(scored, talk))
    }
}

const SCHEMA: &str = "unband-compare-films/1";
