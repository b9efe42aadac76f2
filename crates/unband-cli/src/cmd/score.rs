//! `unband score FILE…`: no-reference banding metrics of images and videos.

pub mod films;
mod gates;
mod grade;
pub mod means;
mod measures;
mod options;
mod picture;
mod record;
mod stats;
mod table;
pub mod work;

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::{Path, PathBuf};

use clap::Args;
use serde::Serialize;
use unband::Context;
use unband::show::{Column, Drawn, Page, Section, Side};
use unband_infer::models;
use unband_metrics::Metric;

use crate::bar::Bar;
use crate::batch;
use crate::budget::Budget;
use crate::inputs::{Gather, Input, STDIO, readable};
use crate::outcome::Outcome;
use crate::piped;
use crate::result::print_json;
use crate::talk::{Failure, Loudness, Talk, printable};

pub use gates::Gate;
pub use grade::line;
pub use measures::{
    Forms, Row, Subject, Use, Verdict, about, better, measure, measure_one, measure_within, page_rows, range,
};
pub use options::{Drawing, MeasureArgs};
pub use picture::Loaded;
pub use record::{FailureRecord, MeasureRecord, ValuesRecord, csv, name_cell, summaries};
pub use stats::{Summary, summary, summary_of_groups};
pub use table::{MISSING, Table, cell, number};

const AFTER: &str = "\
Examples:
  unband score sky.png                         grade, share and cause of the banding
  unband score photos --csv scores.csv         a folder, with mean, median and interval
  unband score *.png --fail-if 'cambi>5' --fail-if 'banding>=visible'
  unband score sky.png --metrics all --report sky.html
  unband score film.mkv --csv frames.csv --plot film.svg    a video, by shots and frames
  unband score film.mkv --fail-if 'cambi.worst>8' --fail-if 'cambi.shot>5' --fail-if 'cambi.p95>6'

Exit codes:
  0    every image was measured, and no check failed
  1    some images could not be measured
  2    wrong usage, nothing was started
  3    an image failed a check of `--fail-if`
  130  interrupted";

/// Arguments of `unband score`.
#[derive(Debug, Args)]
#[command(after_long_help = AFTER)]
pub struct ScoreArgs {
    /// Images, videos, folders, patterns, or `-` for standard input
    ///
    /// Images and videos cannot be mixed. Standard input is an image or frames of YUV4MPEG2.
    #[arg(value_name = "FILE", required = true, value_hint = clap::ValueHint::AnyPath)]
    pub inputs: Vec<PathBuf>,
    /// Options shared with `compare`.
    #[command(flatten)]
    pub measure: MeasureArgs,
    /// Options for videos.
    #[command(flatten)]
    pub film: films::FilmArgs,
}

/// NIQE takes as long as all others together and hardly depends on banding.
const USE: Use = Use {
    defaults: &["cambi", "cambi-coarse", "bband"],
    reference: false,
    input: false,
    film: &[],
    films: false,
};

/// Measures images and prints the values on standard output.
pub fn run(args: &ScoreArgs) -> Outcome {
    let mut begins = Vec::new();
    if let [only] = args.inputs.as_slice()
        && only.as_os_str() == STDIO
    {
        let look = match piped::look(false) {
            Ok(look) => look,
            Err(error) => return refused(&args.measure, &piped::unreadable(&error)),
        };
        begins = look.begins;
        if look.is_stream {
            return match films::Sorted::piped(begins) {
                Ok(sorted) => work::start(&args.measure, films::Job::new(args, sorted)),
                Err(failure) => refused(&args.measure, &failure),
            };
        }
    } else if let Some(sorted) = films::sort(args) {
        return work::start(&args.measure, films::Job::new(args, sorted));
    }
    work::start(&args.measure, Job::new(args, begins))
}

/// A failure to read standard input.
fn refused(args: &MeasureArgs, failure: &Failure) -> Outcome {
    let loudness = Loudness::new(args.talk.quiet, args.talk.verbose);
    Talk { loudness, bar: &Bar::none() }.failure(failure);
    Outcome::SomeFailed
}

struct Job<'a> {
    args: &'a MeasureArgs,
    /// Bytes already read from standard input.
    begins: Vec<u8>,
    inputs: Vec<Input>,
    metrics: Vec<&'static Metric>,
    gates: Vec<Gate>,
    models: Option<PathBuf>,
}

/// The result of an image.
struct Scored {
    file: String,
    format: &'static str,
    size: (usize, usize),
    row: Row,
    drawn: Option<Drawn>,
}

impl<'a> Job<'a> {
    /// Checks everything before the first image is read.
    fn new(args: &'a ScoreArgs, begins: Vec<u8>) -> Result<(Self, Vec<Failure>), (Outcome, Failure)> {
        let usage = |failure| (Outcome::Usage, failure);
        if let Some(option) = args.film.named() {
            let message = format!("`{option}` applies to videos, but none was named");
            return Err(usage(Failure::usage(message, "drop it for images")));
        }
        let models = models::folder();
        let (metrics, gates) = args.measure.measures(&USE, models.as_deref()).map_err(usage)?;
        let gather = Gather {
            recursive: args.measure.recursive,
            output_folder: None,
            results_too: true,
            readable: &readable,
        };
        let found = gather.run(&args.inputs);
        if let Some(option) = args.measure.of_one_picture().filter(|_| found.inputs.len() > 1) {
            let message = format!("`{option}` draws one image, several were named");
            return Err(usage(Failure::usage(message, "name one image, or use `--report` for all")));
        }
        let paths: Vec<&Path> = found.inputs.iter().map(|input| input.path.as_path()).collect();
        args.measure.check_outputs(&paths)?;
        let job = Self { args: &args.measure, begins, inputs: found.inputs, metrics, gates, models };
        Ok((job, found.failures))
    }

    fn budget(&self) -> Budget {
        Budget::new(self.args.max_memory, 1, Budget::MEASURE)
    }

    fn one(&self, input: &Input, talk: &Talk<'_>, ctx: &Context<'_>) -> Result<Scored, Failure> {
        let ctx = Context { models: self.models.as_deref(), ..*ctx };
        let budget = self.budget();
        let loaded = Loaded::read_within(input, self.begins.clone(), &budget, &ctx)?;
        let verdict = Verdict::new(&loaded.findings);
        let subject = Subject::alone(&loaded);
        let at_once = budget.at_once((loaded.image.width() * loaded.image.height()) as u64);
        let values = measure_within(&[subject], &self.metrics, at_once, &ctx).concat();
        let row = Row {
            role: "picture".into(),
            file: Some(input.shown()),
            depth: loaded.image.depth,
            verdict,
            values,
            failed: Vec::new(),
        };
        let row = row.checked(&self.gates, &self.metrics);
        let file = input.shown();
        let part = Drawing { name: &file, image: &loaded.image, map: &row.verdict.map };
        self.args.draw(part, &[part], talk, &ctx)?;
        let drawn =
            self.args.report.as_ref().map(|_| self.section(&file, &loaded, &row, &ctx)).transpose()?;
        Ok(Scored {
            file,
            format: loaded.format,
            size: (loaded.image.width(), loaded.image.height()),
            row,
            drawn,
        })
    }

    fn section(&self, file: &str, loaded: &Loaded, row: &Row, ctx: &Context<'_>) -> Result<Drawn, Failure> {
        let section = Section {
            title: file,
            input: Side { name: file, image: &loaded.image, map: Some(&row.verdict.map) },
            results: &[],
            reference: None,
            verdict: &row.verdict.line,
            level: row.verdict.grade,
            columns: &[Column("picture".to_owned())],
            metrics: &page_rows(&self.metrics, &[row]),
            line: None,
        };
        Drawn::new(&section, Page::LONGEST, ctx)
            .map_err(|error| Failure::at(file.to_owned(), error.to_string(), None))
    }

    /// The tables on standard output.
    fn text(&self, all: &[Scored]) -> String {
        let mut text = String::new();
        match all {
            [] => {}
            [one] => {
                let mut table = Table::new(1);
                for (metric, value) in self.metrics.iter().zip(&one.row.values) {
                    let about = about(metric);
                    let cells = [format!("  {}", metric.name), cell(value)];
                    table.row(cells.into_iter().chain([format!("{} ({})", about, range(metric))]));
                }
                let _ = write!(text, "{}", table.left_last());
            }
            several => {
                let mut table = Table::new(1);
                let names = self.metrics.iter().map(|metric| metric.name.to_owned());
                table.row(std::iter::once(String::new()).chain(names));
                for scored in several {
                    table.row(std::iter::once(scored.file.clone()).chain(scored.row.values.iter().map(cell)));
                }
                let rows = several.iter().map(|scored| &scored.row).collect();
                summary_rows(&mut table, &self.metrics, &[(&[], rows)]);
                let _ = write!(text, "\n{table}");
            }
        }
        for scored in all {
            text.push_str(&reasons(&scored.file, &scored.row, &self.metrics));
        }
        text
    }
}

impl work::Job for Job<'_> {
    fn count(&self) -> usize {
        self.inputs.len()
    }

    fn run(&self, failures: &[Failure], talk: &Talk<'_>, ctx: &Context<'_>) -> Outcome {
        let mut page = self.args.report.as_ref().map(|_| Page::new("Banding"));
        let one = |input: &Input, ctx: &Context<'_>| self.one(input, talk, ctx);
        let mut then = |scored: &mut Scored| {
            if !self.args.json {
                let text = format!("{}  {}\n", printable(&scored.file), scored.row.verdict.line);
                talk.values(&text);
                talk.detail(&scored.row.verdict.finding.sentence);
            }
            if let (Some(page), Some(drawn)) = (&mut page, scored.drawn.take()) {
                page.put(&drawn);
            }
        };
        let Some((all, failed)) =
            work::each_within(&self.inputs, self.budget(), failures, talk, &one, &mut then, ctx)
        else {
            return Outcome::Interrupted;
        };
        let mut outcome = if failed.is_empty() { Outcome::Done } else { Outcome::SomeFailed };
        outcome = outcome.max(if self.args.json {
            print_json(&Record::new(&all, failed, &self.metrics))
        } else {
            talk.values(&self.text(&all))
        });
        let rows: Vec<&Row> = all.iter().map(|scored| &scored.row).collect();
        let means = means::listing(&self.metrics, &[("pictures", rows)], &|_| false);
        if let (Some(page), Some(means)) = (&mut page, means) {
            page.lead(&means);
        }
        let rows = all.iter().map(|scored| (vec![scored.file.clone()], &scored.row));
        let table = || csv(&["file"], rows, &self.metrics);
        outcome = outcome.max(work::write_files(self.args, table, page.as_ref(), talk, ctx));
        if ctx.cancelled() {
            return Outcome::Interrupted;
        }
        for scored in &all {
            outcome = outcome.max(tell_failed(&scored.file, &scored.row, &self.metrics, &self.gates, talk));
        }
        outcome
    }
}

impl work::Item for Input {
    fn name(&self) -> String {
        self.shown()
    }

    fn pixels(&self) -> u64 {
        batch::declared_pixels(&self.path)
    }
}

impl Row {
    /// The same with the checks that it fails.
    pub fn checked(mut self, gates: &[Gate], metrics: &[&'static Metric]) -> Self {
        self.failed = gates
            .iter()
            .filter(|gate| gate.fails(metrics, &self).is_some())
            .map(|gate| gate.text.clone())
            .collect();
        self
    }
}

/// Reports an image that failed checks.
pub fn tell_failed(
    name: &str,
    row: &Row,
    metrics: &[&'static Metric],
    gates: &[Gate],
    talk: &Talk<'_>,
) -> Outcome {
    if row.failed.is_empty() {
        return Outcome::Done;
    }
    for why in gates.iter().filter_map(|gate| gate.fails(metrics, row)) {
        talk.failure(&Failure::at(name.to_owned(), format!("check failed, {why}"), None));
    }
    Outcome::CheckFailed
}

/// The reasons of missing values, a line each.
pub fn reasons(name: &str, row: &Row, metrics: &[&'static Metric]) -> String {
    let mut groups: Vec<(Vec<&str>, &str)> = Vec::new();
    for (measure, reason) in row.missing(metrics) {
        let reason = reason.strip_prefix(measure).map_or(reason, str::trim_start);
        match groups.iter_mut().find(|(_, known)| *known == reason) {
            Some((measures, _)) => measures.push(measure),
            None => groups.push((vec![measure], reason)),
        }
    }
    let name = printable(name);
    groups.iter().fold(String::new(), |mut text, (measures, reason)| {
        let colon = if measures.len() > 1 { ":" } else { "" };
        let _ = writeln!(text, "{MISSING} {name}: {}{colon} {reason}", measures.join(", "));
        text
    })
}

/// The least number of images with statistics: fewer say nothing about others.
pub const ENOUGH: usize = 5;

/// Mean, interval and median of each metric as the last rows of a table, for groups of rows: the words of the
/// text columns after the first, and the rows. Nothing for fewer than [`ENOUGH`] images.
pub fn summary_rows(table: &mut Table, metrics: &[&'static Metric], groups: &[(&[&str], Vec<&Row>)]) {
    if groups.iter().all(|(_, rows)| rows.len() < ENOUGH) {
        return;
    }
    let summaries: Vec<_> =
        groups.iter().map(|(_, rows)| summaries(&rows.iter().copied(), metrics)).collect();
    let mut part = |name: &str, part: &dyn Fn(&Summary) -> String| {
        for ((lead, _), summaries) in groups.iter().zip(&summaries) {
            let values =
                metrics.iter().map(|metric| summaries.get(metric.name).map_or_else(String::new, part));
            let lead = lead.iter().map(|&word| word.to_owned());
            table.row(std::iter::once(name.to_owned()).chain(lead).chain(values));
        }
    };
    let whole = |((_, rows), summaries): (&(_, Vec<&Row>), &BTreeMap<_, Summary>)| {
        summaries.values().all(|summary| summary.count == rows.len())
    };
    if !groups.iter().zip(&summaries).all(whole) {
        part("values", &|summary| summary.count.to_string());
    }
    part("mean ± 95 %", &mean_and_interval);
    part("median", &|summary| number(summary.median));
}

/// "48.52 ±0.41": the mean and half of its 95 % interval, to two digits; only the mean if the interval has no
/// width or no end.
fn mean_and_interval(summary: &Summary) -> String {
    let half = (summary.high - summary.low) / 2.0;
    if !half.is_finite() || half <= 0.0 {
        return number(summary.mean);
    }
    let digits = (1.0 - half.log10().floor()).clamp(0.0, 9.0) as usize;
    format!("{} ±{half:.digits$}", number(summary.mean))
}

/// The object of `--json`.
#[derive(Serialize)]
struct Record<'a> {
    schema: &'static str,
    measures: Vec<MeasureRecord>,
    files: Vec<FileRecord<'a>>,
    failures: Vec<FailureRecord>,
    summary: BTreeMap<&'static str, Summary>,
}

#[derive(Serialize)]
struct FileRecord<'a> {
    file: &'a str,
    format: &'static str,
    width: usize,
    height: usize,
    depth: u8,
    #[serde(flatten)]
    values: ValuesRecord,
}

impl<'a> Record<'a> {
    fn new(all: &'a [Scored], failures: Vec<FailureRecord>, metrics: &[&'static Metric]) -> Self {
        let files = all.iter().map(|scored| FileRecord {
            file: &scored.file,
            format: scored.format,
            width: scored.size.0,
            height: scored.size.1,
            depth: scored.row.depth.bits(),
            values: ValuesRecord::new(&scored.row, metrics),
        });
        Self {
            schema: "unband-score/1",
            measures: MeasureRecord::all(metrics),
            files: files.collect(),
            failures,
            summary: summaries(&all.iter().map(|scored| &scored.row), metrics),
        }
    }
}
