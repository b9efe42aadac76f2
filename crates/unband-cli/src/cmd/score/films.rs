//! `unband score FILM…`: banding metrics of videos, frame by frame.

mod checks;
mod frames;
pub mod reader;
pub mod rows;
pub mod summary;
pub mod tell;
pub mod worst;

use std::cell::Cell;
use std::io::{Cursor, Read};
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use clap::Args;
use unband::Context;
use unband::show::Picture;
use unband_image::Depth;
use unband_infer::models;
use unband_io::video::{self, Programs, is_film, promises_film};
use unband_io::{Limits, Y4mReader};
use unband_metrics::Metric;

use super::{FailureRecord, Gate, MeasureArgs, ScoreArgs, USE, Use, work};
use crate::inputs::{Gather, exact, readable};
use crate::interrupt;
use crate::outcome::Outcome;
use crate::piped::SHOWN;
use crate::result::print_json;
use crate::talk::{Failure, Talk};
use frames::{Measured, Plan, Source, failure, measured};
use rows::Rows;
use summary::{Scored, Tally, clock};
use tell::{FilmRecord, Record};
use worst::Worst;

/// Options for videos only.
#[derive(Debug, Args)]
pub struct FilmArgs {
    /// Analyse every N-th frame and the first of each shot [default: 15]
    ///
    /// CAMBI is computed for every frame.
    #[arg(long, value_name = "N", help_heading = "Videos")]
    pub every: Option<NonZeroUsize>,
    /// Plot CAMBI over time, with the shots, as SVG
    #[arg(long, value_name = "FILE.svg", value_hint = clap::ValueHint::FilePath, help_heading = "Videos")]
    pub plot: Option<PathBuf>,
    /// Write the worst frames as PNG into this folder, named by their times
    #[arg(long, value_name = "FOLDER", value_hint = clap::ValueHint::DirPath, help_heading = "Videos")]
    pub thumbnails: Option<PathBuf>,
}

pub const EVERY: usize = 15;
/// The metric of every frame: it is fast.
const LEAD: &str = "cambi";
/// Number of worst frames that are reported.
const WORST: usize = 6;
/// Width of the plot, in pixels.
pub const PLOT: usize = 1200;

/// The kinds of files among the inputs, if one is a video.
pub struct Sorted {
    films: Vec<Source>,
    failures: Vec<Failure>,
    /// The first input that is not a video.
    other: Option<PathBuf>,
}

impl Sorted {
    /// Scores frames from standard input; `begins` are the bytes already read.
    ///
    /// # Errors
    /// An invalid header.
    pub fn piped(begins: Vec<u8>) -> Result<Self, Failure> {
        interrupt::listen();
        let input = Cursor::new(begins).chain(std::io::stdin());
        let piped = Y4mReader::of_any(input, &Limits::default())
            .map_err(|error| Failure::of(SHOWN.to_owned(), &error))?;
        Ok(Self { films: vec![Source::Piped(Mutex::new(Some(piped)))], failures: Vec::new(), other: None })
    }
}

/// The inputs, if one is a video or a folder of videos only.
pub fn sort(args: &ScoreArgs) -> Option<Sorted> {
    let is_one = |path: &Path| path.is_file() && is_film(path);
    let gather = Gather {
        recursive: args.measure.recursive,
        output_folder: None,
        results_too: true,
        readable: &|path| readable(path) || promises_film(path),
    };
    let found = gather.run(&args.inputs);
    let named = args.inputs.iter().any(|path| is_one(path));
    let (films, others): (Vec<PathBuf>, Vec<PathBuf>) =
        found.inputs.into_iter().map(|input| input.path).partition(|path| is_one(path));
    if films.is_empty() || !(named || others.is_empty()) {
        return None;
    }
    // Nothing is written yet, so Ctrl-C ends the program and its child processes.
    interrupt::listen();
    let mut sorted = Sorted { films: Vec::new(), failures: found.failures, other: others.into_iter().next() };
    for path in &films {
        match video::probe(path, &Programs::default()) {
            Ok(film) => sorted.films.push(Source::Film(Box::new(film))),
            Err(error) => sorted.failures.push(failure(path, &error)),
        }
    }
    Some(sorted)
}

impl FilmArgs {
    /// The first given option that applies to images only.
    pub fn named(&self) -> Option<&'static str> {
        let all = [
            ("--every", self.every.is_some()),
            ("--plot", self.plot.is_some()),
            ("--thumbnails", self.thumbnails.is_some()),
        ];
        all.into_iter().find_map(|(option, given)| given.then_some(option))
    }
}

/// A measured video.
struct Done {
    scored: Scored,
    measured: Measured,
    worst: Worst,
    /// `FFmpeg`'s name of its codec.
    codec: String,
}

/// A job that scores videos.
pub struct Job<'a> {
    args: &'a MeasureArgs,
    film: &'a FilmArgs,
    films: Vec<Source>,
    metrics: Vec<&'static Metric>,
    gates: Vec<Gate>,
    models: Option<PathBuf>,
}

impl<'a> Job<'a> {
    /// Checks everything before the first frame is decoded.
    pub fn new(args: &'a ScoreArgs, sorted: Sorted) -> Result<(Self, Vec<Failure>), (Outcome, Failure)> {
        let usage = |message: String, hint: &str| Err((Outcome::Usage, Failure::usage(message, hint)));
        let Sorted { films, failures, other } = sorted;
        if let Some(other) = other {
            let message = format!("{} is not a video, others are", other.display());
            return usage(message, "score videos and images separately");
        }
        let measure = &args.measure;
        let report = measure.report.as_ref().map(|_| "--report");
        if let Some(option) = measure.of_one_picture().or(report) {
            return usage(
                format!("`{option}` applies to images, but videos were named"),
                "for videos, use `--plot`, `--thumbnails` or `--csv`",
            );
        }
        measure.for_images_only().map_err(|failure| (Outcome::Usage, failure))?;
        let film = &args.film;
        if film.plot.is_some() && films.len() > 1 {
            return usage("`--plot` draws one video, several were named".to_owned(), "name one video");
        }
        let models = models::folder();
        let (metrics, gates) = measure
            .measures(&Use { films: true, ..USE }, models.as_deref())
            .map_err(|failure| (Outcome::Usage, failure))?;
        let paths: Vec<&Path> = films.iter().map(Source::path).collect();
        measure.check_outputs_and(film.plot.as_ref(), &paths)?;
        Ok((Self { args: measure, film, films, metrics, gates, models }, failures))
    }

    /// The leading metric: CAMBI, or else the first one asked for.
    fn lead(&self) -> usize {
        self.metrics.iter().position(|metric| metric.name == LEAD).unwrap_or(0)
    }

    /// `None` when interrupted.
    fn one(
        &self,
        source: &Source,
        rows: Option<&mut Rows>,
        step: &dyn Fn(),
        ctx: &Context<'_>,
    ) -> Result<Option<Done>, Failure> {
        let ctx = Context { models: self.models.as_deref(), ..*ctx };
        let plan = Plan {
            metrics: &self.metrics,
            lead: self.lead(),
            every: self.film.every.map_or(EVERY, NonZeroUsize::get),
        };
        let name = exact(source.path());
        let draw = self.film.plot.is_some();
        let mut tally = Tally::new(name, &self.metrics, &self.gates, self.lead(), draw, rows);
        let mut worst = Worst::new(WORST);
        let Some(measured) = measured(source, &plan, &ctx, &mut tally, &mut worst, step)? else {
            return Ok(None);
        };
        let scored = tally.finish(Depth::Int(measured.format.pixels.bits));
        Ok(Some(Done { scored, measured, worst, codec: source.codec().to_owned() }))
    }

    /// Writes the plot and the worst frames.
    fn draw(&self, done: &Done, ctx: &Context<'_>) -> Result<(), Failure> {
        let Done { scored, measured, worst, .. } = done;
        if let (Some(path), Some(metric)) = (&self.film.plot, self.metrics.get(self.lead())) {
            self.args.write(path, tell::timeline(scored, metric).svg(PLOT).as_bytes(), ctx)?;
        }
        let Some(folder) = &self.film.thumbnails else { return Ok(()) };
        let failed = |text: String| Failure::at(folder.display().to_string(), text, None);
        std::fs::create_dir_all(folder).map_err(|error| failed(crate::inputs::reason(&error)))?;
        let stem =
            Path::new(&scored.file).file_stem().map_or_else(String::new, |s| s.to_string_lossy().into());
        for spot in worst.spots() {
            let image = reader::image(&measured.format, &spot.bytes).map_err(failed)?;
            let png = Picture::of(&image, ctx).and_then(|picture| picture.png());
            let png = png.map_err(|error| failed(error.to_string()))?;
            // Some systems do not allow colons in names.
            let time = clock(spot.place.seconds).replace(':', "-");
            self.args.write(&folder.join(format!("{stem}_{time}.png")), &png, ctx)?;
        }
        Ok(())
    }

    fn text(&self, done: &Done) -> String {
        let Done { scored, measured, worst, codec } = done;
        let head = tell::head(&scored.file, codec, &measured.format, scored, measured.damage.is_some());
        tell::text(head, scored, worst.spots(), &self.metrics, self.lead())
    }

    fn record<'r>(&self, done: &'r Done) -> FilmRecord<'r> {
        let Done { scored, measured, worst, codec } = done;
        let partial = measured.damage.is_some();
        FilmRecord::new(scored, (codec, None), &measured.format, partial, worst.spots(), &self.metrics)
    }
}

impl work::Job for Job<'_> {
    /// The number of frames, for the bar.
    fn count(&self) -> usize {
        self.films.iter().map(Source::expected).sum::<usize>().max(2)
    }

    fn run(&self, failures: &[Failure], talk: &Talk<'_>, ctx: &Context<'_>) -> Outcome {
        let mut failed: Vec<FailureRecord> = Vec::new();
        let mut fail = |failure: &Failure| {
            talk.failure(failure);
            failed.push(FailureRecord::new(failure));
        };
        failures.iter().for_each(&mut fail);
        let mut rows = match Rows::new(self.args, &self.metrics) {
            Ok(rows) => rows,
            Err(failure) => {
                talk.failure(&failure);
                return Outcome::SomeFailed;
            }
        };
        let (mut all, step) = (Vec::new(), Steps::new(talk, self.count()));
        for film in &self.films {
            let done = match self.one(film, rows.as_mut(), &|| step.put(), ctx) {
                Ok(Some(done)) => done,
                Ok(None) => {
                    talk.note(&format!("interrupted after {} frames", step.done()));
                    return Outcome::Interrupted;
                }
                Err(failure) => {
                    fail(&failure);
                    continue;
                }
            };
            if !self.args.json {
                talk.values(&self.text(&done));
            }
            if let Some(damage) = &done.measured.damage {
                fail(damage);
            }
            if let Err(failure) = self.draw(&done, ctx) {
                fail(&failure);
            }
            all.push(done);
        }
        talk.bar.finish();
        let mut outcome = if failed.is_empty() { Outcome::Done } else { Outcome::SomeFailed };
        if self.args.json {
            let films = all.iter().map(|done| self.record(done)).collect();
            outcome =
                outcome.max(print_json(&Record::new("unband-score-films/1", films, failed, &self.metrics)));
        }
        outcome = outcome.max(rows.map_or(Outcome::Done, |rows| rows.write(self.args, talk, ctx)));
        if ctx.cancelled() {
            return Outcome::Interrupted;
        }
        for Done { scored, .. } in &all {
            outcome = outcome.max(tell::failed(scored, talk));
        }
        outcome
    }
}

/// Counts frames on the bar.
pub struct Steps<'a> {
    talk: &'a Talk<'a>,
    done: Cell<usize>,
    total: usize,
}

impl<'a> Steps<'a> {
    /// Starts with this total.
    pub fn new(talk: &'a Talk<'a>, total: usize) -> Self {
        Self { talk, done: Cell::new(0), total }
    }

    /// One more frame.
    pub fn put(&self) {
        self.done.set(self.done.get() + 1);
        drop(self.talk.bar.picture());
        self.talk.bar.done(self.done.get(), self.total.max(self.done.get()));
    }

    /// Frames so far.
    pub fn done(&self) -> usize {
        self.done.get()
    }
}
