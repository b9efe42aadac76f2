//! `unband score FILE…`: no-reference banding metrics of images and videos.

mod videos;

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::{Path, PathBuf};

use clap::Args;
use serde::Serialize;
use unband::metrics::Metric;
use unband::metrics::{Check, Scope, Scores, Subject, score};
use unband::records::{FailureRecord, MetricRecord, SummaryRecord, ValuesRecord};
use unband::verdict::Verdict;
use unband::{Context, Depth, With, batch, models};
use unband_report::{Column, HeatMap, Page, Section, SectionHtml, Side};

use crate::args::MetricArgs;
use crate::budget::Budget;
use crate::inputs::{Gather, Input, STDIO, failures, readable};
use crate::metric_images::{DrawnImage, draw};
use crate::outcome::Outcome;
use crate::piped;
use crate::print::csv::csv;
use crate::print::means;
use crate::print::page::metric_rows;
use crate::print::table::{Table, cell};
use crate::print::text::{reasons, report_failed, summary_rows};
use crate::reporter::{Failure, Reporter, printable};
use crate::result::print_json;
use crate::runner;

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
pub(crate) struct ScoreArgs {
    /// Images, videos, folders, patterns, or `-` for standard input
    ///
    /// Images and videos cannot be mixed. Standard input is an image or frames of YUV4MPEG2.
    #[arg(value_name = "FILE", required = true, value_hint = clap::ValueHint::AnyPath)]
    pub inputs: Vec<PathBuf>,
    /// Options shared with `compare`.
    #[command(flatten)]
    pub measure: MetricArgs,
    /// Options for videos.
    #[command(flatten)]
    pub video: videos::VideoArgs,
}

/// Measures images and prints the values on standard output.
pub(crate) fn run(args: &ScoreArgs) -> Outcome {
    let mut begins = Vec::new();
    if let [only] = args.inputs.as_slice()
        && only.as_os_str() == STDIO
    {
        let look = match piped::look(false) {
            Ok(look) => look,
            Err(error) => return refused(&piped::unreadable(&error)),
        };
        begins = look.begins;
        if look.is_stream {
            return match videos::Sorted::piped(begins) {
                Ok(sorted) => runner::start(&args.measure, videos::ScoreVideosJob::new(args, sorted)),
                Err(failure) => refused(&failure),
            };
        }
    } else if let Some(sorted) = videos::sort(args) {
        return runner::start(&args.measure, videos::ScoreVideosJob::new(args, sorted));
    }
    runner::start(&args.measure, ScoreJob::new(args, begins))
}

/// A failure to read standard input.
fn refused(failure: &Failure) -> Outcome {
    failure.print();
    Outcome::SomeFailed
}

struct ScoreJob<'a> {
    args: &'a MetricArgs,
    /// Bytes already read from standard input.
    begins: Vec<u8>,
    inputs: Vec<Input>,
    metrics: Vec<Metric>,
    checks: Vec<Check>,
    models: Option<PathBuf>,
}

/// The result of an image.
struct Scored {
    file: String,
    format: &'static str,
    size: (usize, usize),
    depth: Depth,
    scores: Scores,
    drawn: Option<SectionHtml>,
}

impl<'a> ScoreJob<'a> {
    /// Checks everything before the first image is read.
    fn new(args: &'a ScoreArgs, begins: Vec<u8>) -> Result<(Self, Vec<Failure>), (Outcome, Failure)> {
        let usage = |failure| (Outcome::Usage, failure);
        if let Some(option) = args.video.named() {
            let message = format!("`{option}` applies to videos, but none was named");
            return Err(usage(Failure::usage(message, "drop it for images")));
        }
        let models = models::folder();
        let (metrics, checks) = args.measure.selected(&Scope::IMAGE, models.as_deref()).map_err(usage)?;
        let gather = Gather::new(&readable).but(|new| {
            new.recursive = args.measure.recursive;
            new.results_too = true;
        });
        let found = gather.run(&args.inputs);
        if let Some(option) = args.measure.of_one_image().filter(|_| found.inputs.len() > 1) {
            let message = format!("`{option}` draws one image, several were named");
            return Err(usage(Failure::usage(message, "name one image, or use `--report` for all")));
        }
        let paths: Vec<&Path> = found.inputs.iter().map(|input| input.path.as_path()).collect();
        args.measure.check_outputs(&paths)?;
        let job = Self { args: &args.measure, begins, inputs: found.inputs, metrics, checks, models };
        Ok((job, failures(&found.failures)))
    }

    fn budget(&self) -> Budget {
        Budget::new(self.args.resources.max_memory, 1, Budget::METRICS)
    }

    fn one(&self, input: &Input, reporter: &Reporter<'_>, ctx: &Context<'_>) -> Result<Scored, Failure> {
        let ctx = (*ctx).but(|new| new.models = self.models.as_deref());
        let budget = self.budget();
        let (image, format) = budget.inspected(input, self.begins.clone(), &ctx)?;
        let size = (image.image.width(), image.image.height());
        let at_once = budget.at_once((size.0 * size.1) as u64);
        let values = score(&[Subject::alone(&image)], &self.metrics, at_once, &ctx).concat();
        let scores = Scores::new(Verdict::new(&image.findings), values).checked(&self.checks, &self.metrics);
        let (file, map) = (input.shown(), HeatMap::from_findings(&image.findings));
        let drawing = DrawnImage { name: &file, image: &image.image, map: &map };
        draw(self.args, drawing, &[drawing], reporter, &ctx)?;
        let drawn = self.args.report.as_ref().map(|_| self.section(drawing, &scores, &ctx)).transpose()?;
        Ok(Scored { file, format, size, depth: image.image.depth, scores, drawn })
    }

    fn section(
        &self,
        image: DrawnImage<'_>,
        scores: &Scores,
        ctx: &Context<'_>,
    ) -> Result<SectionHtml, Failure> {
        let section = Section {
            title: image.name,
            input: Side { name: image.name, image: image.image, map: Some(image.map) },
            results: &[],
            reference: None,
            verdict: &scores.verdict.line,
            level: scores.verdict.grade,
            columns: &[Column("image".to_owned())],
            metrics: &metric_rows(&self.metrics, &[&scores.values]),
            line: None,
        };
        SectionHtml::new(&section, Page::LONGEST, ctx)
            .map_err(|error| Failure::at(image.name.to_owned(), error.to_string(), None))
    }

    /// The tables on standard output.
    fn text(&self, all: &[Scored]) -> String {
        let mut text = String::new();
        match all {
            [] => {}
            [one] => {
                let mut table = Table::new(1);
                for (metric, value) in self.metrics.iter().zip(&one.scores.values) {
                    let cells = [format!("  {}", metric.name()), cell(value)];
                    table.row(cells.into_iter().chain([format!(
                        "{} ({})",
                        metric.about(),
                        metric.range_words()
                    )]));
                }
                let _ = write!(text, "{}", table.left_last());
            }
            several => {
                let mut table = Table::new(1);
                let names = self.metrics.iter().map(|metric| metric.name().to_owned());
                table.row(std::iter::once(String::new()).chain(names));
                for scored in several {
                    table.row(
                        std::iter::once(scored.file.clone()).chain(scored.scores.values.iter().map(cell)),
                    );
                }
                let images = several.iter().map(|scored| &scored.scores).collect();
                summary_rows(&mut table, &self.metrics, &[(&[], images)]);
                let _ = write!(text, "\n{table}");
            }
        }
        for scored in all {
            text.push_str(&reasons(&scored.file, &scored.scores, &self.metrics));
        }
        text
    }
}

impl runner::MetricJob for ScoreJob<'_> {
    fn count(&self) -> usize {
        self.inputs.len()
    }

    fn run(&self, failures: &[Failure], reporter: &Reporter<'_>, ctx: &Context<'_>) -> Outcome {
        let mut page = self.args.report.as_ref().map(|_| Page::new("Banding"));
        let one = |input: &Input, ctx: &Context<'_>| self.one(input, reporter, ctx);
        let mut then = |scored: &mut Scored| {
            if !self.args.json {
                let text = format!("{}  {}\n", printable(&scored.file), scored.scores.verdict.line);
                reporter.values(&text);
                reporter.detail(&scored.scores.verdict.finding.sentence);
            }
            if let (Some(page), Some(drawn)) = (&mut page, scored.drawn.take()) {
                page.put(&drawn);
            }
        };
        let Some((all, failed)) =
            runner::each_within(&self.inputs, self.budget(), failures, reporter, &one, &mut then, ctx)
        else {
            return Outcome::Interrupted;
        };
        let mut outcome = if failed.is_empty() { Outcome::Done } else { Outcome::SomeFailed };
        outcome = outcome.max(if self.args.json {
            print_json(&ScoreRecord::new(&all, failed, &self.metrics))
        } else {
            reporter.values(&self.text(&all))
        });
        let images: Vec<&Scores> = all.iter().map(|scored| &scored.scores).collect();
        let means = means::listing(&self.metrics, &[("images", images)], &|_| false);
        if let (Some(page), Some(means)) = (&mut page, means) {
            page.lead(&means);
        }
        let rows = all.iter().map(|scored| (vec![scored.file.clone()], &scored.scores));
        let table = || csv(&["file"], rows, &self.metrics);
        outcome = outcome.max(runner::write_files(self.args, table, page.as_ref(), reporter, ctx));
        if ctx.cancelled() {
            return Outcome::Interrupted;
        }
        for scored in &all {
            outcome = outcome.max(report_failed(
                &scored.file,
                &scored.scores,
                &self.metrics,
                &self.checks,
                reporter,
            ));
        }
        outcome
    }
}

impl runner::WorkItem for Input {
    fn name(&self) -> String {
        self.shown()
    }

    fn pixels(&self) -> u64 {
        batch::declared_pixels(&self.path)
    }
}

/// The object of `--json`.
#[derive(Serialize)]
struct ScoreRecord<'a> {
    schema: &'static str,
    metrics: Vec<MetricRecord>,
    files: Vec<FileRecord<'a>>,
    failures: Vec<FailureRecord>,
    summary: BTreeMap<String, SummaryRecord>,
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

impl<'a> ScoreRecord<'a> {
    fn new(all: &'a [Scored], failures: Vec<FailureRecord>, metrics: &[Metric]) -> Self {
        let files = all.iter().map(|scored| FileRecord {
            file: &scored.file,
            format: scored.format,
            width: scored.size.0,
            height: scored.size.1,
            depth: scored.depth.bits(),
            values: ValuesRecord::new(&scored.scores, metrics),
        });
        Self {
            schema: "unband-score/1",
            metrics: MetricRecord::all(metrics),
            files: files.collect(),
            failures,
            summary: SummaryRecord::all(&all.iter().map(|scored| &scored.scores), metrics),
        }
    }
}
