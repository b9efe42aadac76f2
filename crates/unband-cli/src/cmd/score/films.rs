//! `unband score FILM…`: how banded films are, frame by frame.

mod frames;
mod summary;
mod tell;
mod worst;

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use clap::Args;
use unband::NoProgress;
use unband::show::Picture;
use unband_infer::models;
use unband_io::video::{self, Film, is_film};
use unband_metrics::Metric;

use super::{FailureRecord, Gate, MeasureArgs, ScoreArgs, USE, tell_failed, work};
use crate::Outcome;
use crate::interrupt;
use crate::result::{print_data, print_json};
use crate::talk::{Failure, Talk};
use frames::{Plan, failure, measured};
use summary::{Scored, clock};

/// What is for films only.
#[derive(Debug, Args)]
pub struct FilmArgs {
    /// Of a film, look at each N-th frame and the first of each shot; CAMBI is taken of every frame [default: 15]
    #[arg(long, value_name = "N", help_heading = "Films")]
    pub every: Option<NonZeroUsize>,
    /// Draw CAMBI over the time of a film, with its shots, into this SVG
    #[arg(long, value_name = "FILE.svg", value_hint = clap::ValueHint::FilePath, help_heading = "Films")]
    pub plot: Option<PathBuf>,
    /// Write the worst frames as PNG into this folder, their times in their names
    #[arg(long, value_name = "FOLDER", value_hint = clap::ValueHint::DirPath, help_heading = "Films")]
    pub thumbnails: Option<PathBuf>,
}

const EVERY: usize = 15;
/// The measure of every frame: it is quick.
const LEAD: &str = "cambi";
/// Worst frames that are named.
const WORST: usize = 6;
/// Width of the plot, in pixels.
const PLOT: usize = 1200;

/// What the names are, where one of them is a film.
pub struct Sorted {
    films: Vec<Film>,
    failures: Vec<Failure>,
    /// The first that is none.
    other: Option<PathBuf>,
}

/// What the names are, if there is a film among them.
pub fn sort(inputs: &[PathBuf]) -> Option<Sorted> {
    let (films, others): (Vec<&PathBuf>, Vec<&PathBuf>) =
        inputs.iter().partition(|path| path.is_file() && is_film(path));
    if films.is_empty() {
        return None;
    }
    let mut sorted =
        Sorted { films: Vec::new(), failures: Vec::new(), other: others.first().map(|path| (*path).clone()) };
    for path in films {
        match video::probe(path) {
            Ok(film) => sorted.films.push(film),
            Err(error) => sorted.failures.push(failure(path, &error)),
        }
    }
    Some(sorted)
}

impl FilmArgs {
    /// An option that says nothing about pictures.
    pub fn named(&self) -> Option<&'static str> {
        let all = [
            ("--every", self.every.is_some()),
            ("--plot", self.plot.is_some()),
            ("--thumbnails", self.thumbnails.is_some()),
        ];
        all.into_iter().find_map(|(option, given)| given.then_some(option))
    }
}

/// Films to score.
pub struct Job<'a> {
    args: &'a MeasureArgs,
    film: &'a FilmArgs,
    films: Vec<Film>,
    metrics: Vec<&'static Metric>,
    gates: Vec<Gate>,
    models: Option<PathBuf>,
}

impl<'a> Job<'a> {
    /// Settles everything before the first frame is decoded.
    pub fn new(args: &'a ScoreArgs, sorted: Sorted) -> Result<(Self, Vec<Failure>), (Outcome, Failure)> {
        let usage = |message: String, hint: &str| Err((Outcome::Usage, Failure::usage(message, hint)));
        let Sorted { films, failures, other } = sorted;
        if let Some(other) = other {
            let message = format!("{} is no film, others are", other.display());
            return usage(message, "score films and pictures in runs of their own");
        }
        let measure = &args.measure;
        let report = measure.report.as_ref().map(|_| "--report");
        if let Some(option) = measure.of_one_picture().or(report) {
            return usage(
                format!("`{option}` is about pictures, films were named"),
                "for films there are `--plot`, `--thumbnails` and `--csv`",
            );
        }
        let film = &args.film;
        if film.plot.is_some() && films.len() > 1 {
            return usage("`--plot` draws one film, several were named".to_owned(), "name one film");
        }
        let models = models::folder();
        let (metrics, gates) =
            measure.measures(&USE, models.as_deref()).map_err(|failure| (Outcome::Usage, failure))?;
        let paths: Vec<&Path> = films.iter().map(|film| film.path.as_path()).collect();
        measure.check_outputs_and(film.plot.as_ref(), &paths)?;
        Ok((Self { args: measure, film, films, metrics, gates, models }, failures))
    }

    /// CAMBI, or else the first measure that was asked for.
    fn lead(&self) -> usize {
        self.metrics.iter().position(|metric| metric.name == LEAD).unwrap_or(0)
    }

    /// Nothing when interrupted.
    fn one(&self, film: &Film, step: &dyn Fn()) -> Result<Option<Scored>, Failure> {
        let ctx = MeasureArgs::context(self.args.threads(), &NoProgress, self.models.as_deref());
        let plan = Plan {
            metrics: &self.metrics,
            lead: self.lead(),
            every: self.film.every.map_or(EVERY, NonZeroUsize::get),
            keep: WORST,
        };
        let Some(measured) = measured(film, &plan, &ctx, step)? else { return Ok(None) };
        let (name, codec) = (film.path.display().to_string(), film.video.codec.clone());
        let scored = Scored::new(name, codec, measured, &self.metrics, &self.gates);
        Ok(Some(scored))
    }

    /// Plot and worst frames.
    fn draw(&self, scored: &Scored) -> Result<(), Failure> {
        let lead = self.lead();
        if let (Some(path), Some(metric)) = (&self.film.plot, self.metrics.get(lead)) {
            self.args.write(path, tell::timeline(scored, metric, lead).svg(PLOT).as_bytes())?;
        }
        let Some(folder) = &self.film.thumbnails else { return Ok(()) };
        let failed = |text: String| Failure::at(folder.display().to_string(), text, None);
        std::fs::create_dir_all(folder).map_err(|error| failed(crate::inputs::reason(&error)))?;
        let ctx = MeasureArgs::context(self.args.threads(), &NoProgress, None);
        let stem =
            Path::new(&scored.file).file_stem().map_or_else(String::new, |s| s.to_string_lossy().into());
        for spot in scored.measured.worst.spots() {
            let image = frames::image(&scored.measured.format, &spot.bytes).map_err(failed)?;
            let png = Picture::of(&image, &ctx).and_then(|picture| picture.png());
            let png = png.map_err(|error| failed(error.to_string()))?;
            // Colons are not allowed in names everywhere.
            let time = clock(spot.seconds).replace(':', "-");
            self.args.write(&folder.join(format!("{stem}_{time}.png")), &png)?;
        }
        Ok(())
    }
}

/// How many frames there may be.
fn expected(film: &Film) -> usize {
    let rate = film.video.average_rate.map(|(n, d)| f64::from(n) / f64::from(d.max(1)));
    let guess = || Some((film.duration? * rate?).round().max(0.0) as u64);
    film.video.frames.or_else(guess).unwrap_or(0) as usize
}

impl work::Job for Job<'_> {
    /// Frames: the bar goes by them.
    fn count(&self) -> usize {
        self.films.iter().map(expected).sum::<usize>().max(2)
    }

    fn run(&self, failures: &[Failure], talk: &Talk<'_>) -> Outcome {
        let mut failed: Vec<FailureRecord> = Vec::new();
        let mut fail = |failure: &Failure| {
            talk.failure(failure);
            failed.push(FailureRecord::new(failure));
        };
        failures.iter().for_each(&mut fail);
        let (mut all, total) = (Vec::new(), self.count());
        let done = std::cell::Cell::new(0usize);
        let step = || {
            done.set(done.get() + 1);
            drop(talk.bar.picture());
            talk.bar.done(done.get(), total.max(done.get()));
        };
        for film in &self.films {
            let scored = match self.one(film, &step) {
                Ok(Some(scored)) => scored,
                Ok(None) => {
                    talk.note(&format!("interrupted after {} frames", done.get()));
                    return Outcome::Interrupted;
                }
                Err(failure) => {
                    fail(&failure);
                    continue;
                }
            };
            if !self.args.json {
                let text = tell::text(&scored, &self.metrics, self.lead());
                talk.bar.aside(|| print_data(text.as_bytes()));
            }
            if let Some(damage) = &scored.measured.damage {
                fail(damage);
            }
            if let Err(failure) = self.draw(&scored) {
                fail(&failure);
            }
            all.push(scored);
        }
        talk.bar.finish();
        let mut outcome = if failed.is_empty() { Outcome::Done } else { Outcome::SomeFailed };
        if self.args.json {
            outcome = outcome.max(print_json(&tell::Record::new(&all, failed, &self.metrics)));
        }
        outcome = outcome.max(work::write_files(self.args, || tell::csv(&all, &self.metrics), None, talk));
        if interrupt::asked() {
            return Outcome::Interrupted;
        }
        for scored in &all {
            let told = tell_failed(&scored.file, &scored.row, &self.metrics, &self.gates, talk);
            outcome = outcome.max(told);
        }
        outcome
    }
}
