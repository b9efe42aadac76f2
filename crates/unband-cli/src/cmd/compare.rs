//! `unband compare REFERENCE RESULT`: full-reference metrics of images and videos.

mod record;
mod videos;

use std::fmt::Write;
use std::path::{Path, PathBuf};

use clap::Args;
use unband::evaluate::{NamedMethod, parse_methods};
use unband::metrics::{Check, Inspected, Scope, Scores, Subject, comparable, score};
use unband::metrics::{ComparedWith, Metric};
use unband::pairs::{self, Pair, Pairs};
use unband::verdict::Verdict;
use unband::{Context, Depth, Image, With, batch, models};
use unband_report::{Column, HeatMap, Page, Section, SectionHtml, Side};

use crate::args::{MetricArgs, failure, png_file};
use crate::budget::Budget;
use crate::inputs::{self, Input, failures};
use crate::metric_images::{DrawnImage, draw, draw_difference};
use crate::outcome::Outcome;
use crate::print::csv::csv;
use crate::print::means;
use crate::print::page::metric_rows;
use crate::print::table::{Table, cell};
use crate::print::text::{reasons, report_failed, summary_rows};
use crate::reporter::{Failure, Reporter, printable};
use crate::result::print_json;
use crate::runner;
use record::CompareRecord;

const AFTER: &str = "\
Examples:
  unband compare clean.png repaired.png
  unband compare clean.png repaired.png --input banded.png --report repair.html
  unband compare clean/ repaired/ --csv table.csv        pairs by name, whatever the extension
  unband compare --pairs list.csv                        pairs from a list: reference,result[,input]
  unband compare clean.png repaired.png --save-difference difference.png
  unband compare clean.png banded.png --method smooth,gradfun,f3kdb
  unband compare clean/ repaired/ --fail-if 'psnr<40' --fail-if 'false-steps>20'
  unband compare film.mkv encoded.mp4 --csv frames.csv   two videos, frame by frame

Exit codes:
  0    every pair was measured, and no check failed
  1    some images had no partner or could not be measured
  2    wrong usage, nothing was started
  3    a result failed a check of `--fail-if`
  130  interrupted";

/// Arguments of `unband compare`.
#[derive(Debug, Args)]
#[command(
    after_long_help = AFTER,
    override_usage = "unband compare [OPTIONS] <REFERENCE> <RESULT>\n       unband compare [OPTIONS] --method <METHODS> <REFERENCE> <INPUT>\n       unband compare [OPTIONS] --pairs <FILE.csv>"
)]
pub(crate) struct CompareArgs {
    /// Reference: a clean image, a folder, or a video
    #[arg(value_name = "REFERENCE", required_unless_present = "pairs", requires = "second", value_hint = clap::ValueHint::AnyPath)]
    pub reference: Option<PathBuf>,
    /// Result: an image, a folder, or a video; with `--method` the banded input
    #[arg(value_name = "RESULT", value_hint = clap::ValueHint::AnyPath)]
    pub second: Option<PathBuf>,
    /// Image or folder before the repair, for metrics that need it
    #[arg(long, value_name = "FILE", conflicts_with_all = ["method", "pairs"], value_hint = clap::ValueHint::AnyPath, help_heading = "Metrics")]
    pub input: Option<PathBuf>,
    /// Run these methods on the input: NAME,NAME:KEY=VALUE,…
    ///
    /// Their results are measured. `default` is the automatic choice of `unband deband`.
    #[arg(short, long, value_name = "METHODS", help_heading = "Metrics")]
    pub method: Vec<String>,
    /// Read pairs from a table: reference,result[,input]
    ///
    /// Paths are relative to the two folders, if given, else to the list's folder.
    #[arg(long, value_name = "FILE.csv", value_hint = clap::ValueHint::FilePath, help_heading = "Metrics")]
    pub pairs: Option<PathBuf>,
    /// Draw the result minus the reference, amplified, into this PNG
    ///
    /// Mid-grey: no difference. The amplification is printed.
    #[arg(
        long,
        value_name = "FILE.png",
        value_parser = png_file,
        value_hint = clap::ValueHint::FilePath,
        help_heading = "Output",
        verbatim_doc_comment
    )]
    pub save_difference: Option<PathBuf>,
    /// Options shared with `score`.
    #[command(flatten)]
    pub measure: MetricArgs,
    /// Options for videos.
    #[command(flatten)]
    pub video: videos::VideoArgs,
}

/// Row names that are not methods.
const REFERENCE: &str = "reference";
const INPUT: &str = "input";
const RESULT: &str = "result";

/// Compares images and prints the values on standard output.
pub(crate) fn run(args: &CompareArgs) -> Outcome {
    if let Some(paths) = videos::named(args) {
        return runner::start(&args.measure, videos::CompareVideosJob::new(args, paths));
    }
    runner::start(&args.measure, CompareJob::new(args))
}

struct CompareJob<'a> {
    args: &'a MetricArgs,
    difference: Option<&'a Path>,
    pairs: Vec<Pair>,
    methods: Vec<NamedMethod>,
    metrics: Vec<Metric>,
    checks: Vec<Check>,
    models: Option<PathBuf>,
}

/// A pair with the scores of its images: the reference, perhaps the input, then the result or the results of
/// methods.
struct Compared {
    name: String,
    rows: Vec<MeasuredImage>,
    /// Caveats about the values.
    notes: Vec<String>,
    drawn: Option<SectionHtml>,
}

/// The scores of the images in a role, over all pairs.
fn scores_of<'a>(all: &'a [Compared], role: &str) -> Vec<&'a Scores> {
    let rows = all.iter().flat_map(|pair| &pair.rows).filter(|row| row.role == role);
    rows.map(|row| &row.scores).collect()
}

/// The measured image of a row.
struct MeasuredImage {
    /// `reference`, `input`, `result`, or a method.
    role: String,
    /// Its file, if there is one.
    file: Option<String>,
    depth: Depth,
    map: HeatMap,
    scores: Scores,
}

/// An image of a pair during measurement.
struct PairImage {
    role: String,
    file: Option<String>,
    image: Inspected,
}

impl PairImage {
    fn named(&self) -> (&str, &Image) {
        (self.file.as_ref().unwrap_or(&self.role), &self.image.image)
    }
}

impl<'a> CompareJob<'a> {
    /// Checks everything before the first image is read.
    fn new(args: &'a CompareArgs) -> Result<(Self, Vec<Failure>), (Outcome, Failure)> {
        let usage = |failure| (Outcome::Usage, failure);
        if let Some(option) = args.video.named() {
            let message = format!("`{option}` applies to videos, but none was named");
            return Err(usage(Failure::usage(message, "drop it for images")));
        }
        let methods = match &args.method[..] {
            [] => Vec::new(),
            named => parse_methods(named, models::folder().as_deref())
                .map_err(|error| usage(Failure::from(error)))?,
        };
        let Pairs { pairs, failures: unpaired, .. } = gather(args).map_err(usage)?;
        let input =
            args.input.is_some() || !methods.is_empty() || pairs.iter().any(|pair| pair.input.is_some());
        let models = models::folder();
        let scope = if input { Scope::RESTORED } else { Scope::PAIR };
        let (metrics, checks) = args.measure.selected(&scope, models.as_deref()).map_err(usage)?;
        let difference = args.save_difference.as_ref().map(|_| "--save-difference");
        if let Some(option) = args.measure.of_one_image().or(difference) {
            let drawn = if option == "--save-profile" { 1 } else { methods.len().max(1) };
            if pairs.len() * drawn > 1 {
                let message = format!("`{option}` draws one image, several were named");
                let hint = "name one pair and one method, or use `--report` for all";
                return Err(usage(Failure::usage(message, hint)));
            }
        }
        let paths: Vec<&Path> = pairs
            .iter()
            .flat_map(|pair| [Some(&pair.reference), Some(&pair.second), pair.input.as_ref()])
            .flatten()
            .map(|input| input.path.as_path())
            .chain(args.pairs.as_deref())
            .collect();
        args.measure.check_outputs_and(args.save_difference.as_ref(), &paths)?;
        let (difference, args) = (args.save_difference.as_deref(), &args.measure);
        Ok((Self { args, difference, pairs, methods, metrics, checks, models }, failures(&unpaired)))
    }

    /// The images of a pair are in memory together. Methods need about as much as metrics.
    fn budget(&self) -> Budget {
        let inputs = self.pairs.iter().any(|pair| pair.input.is_some());
        let images = 2 + usize::from(inputs) + self.methods.len();
        Budget::new(self.args.resources.max_memory, images, Budget::METRICS)
    }

    /// Reads, runs the methods and measures.
    fn one(&self, pair: &Pair, reporter: &Reporter<'_>, ctx: &Context<'_>) -> Result<Compared, Failure> {
        let ctx = (*ctx).but(|new| new.models = self.models.as_deref());
        // The bar follows the metrics; with methods it would advance twice.
        let silent = ctx.but(|new| new.progress = &unband::NoProgress);
        let budget = self.budget();
        let read = |role: &str, input: &Input| -> Result<PairImage, Failure> {
            let (image, _) = budget.inspected(input, Vec::new(), &silent)?;
            Ok(PairImage { role: role.to_owned(), file: Some(input.shown()), image })
        };
        let mut parts = vec![read(REFERENCE, &pair.reference)?];
        if self.methods.is_empty() {
            if let Some(input) = &pair.input {
                parts.push(read(INPUT, input)?);
            }
            parts.push(read(RESULT, &pair.second)?);
        } else {
            parts.push(read(INPUT, &pair.second)?);
        }
        for part in &parts[1..] {
            comparable(parts[0].named(), part.named(), 1).map_err(failure)?;
        }
        for method in &self.methods {
            let image = method.run(&parts[1].image, &silent).map_err(|error| {
                Failure::at(pair.second.shown(), format!("{}: {error}", method.text), None)
            })?;
            parts.push(PairImage { role: method.text.clone(), file: None, image });
        }
        let image = &parts[0].image.image;
        let at_once = budget.at_once((image.width() * image.height()) as u64);
        let rows = self.measured(&parts, at_once, &ctx);
        self.draw(&parts, &rows, reporter, &silent)?;
        let drawn = self.section(pair, &parts, &rows, &silent)?;
        Ok(Compared { name: pair.name.clone(), rows, notes: depths(&parts).into_iter().collect(), drawn })
    }

    fn measured(&self, parts: &[PairImage], at_once: usize, ctx: &Context<'_>) -> Vec<MeasuredImage> {
        let of = |role: &str| parts.iter().find(|part| part.role == role).map(|part| (&part.image).into());
        let subjects: Vec<Subject<'_>> = parts
            .iter()
            .map(|part| {
                Subject::alone(&part.image).but(|new| {
                    new.reference = of(REFERENCE).filter(|_| part.role != REFERENCE);
                    new.input = of(INPUT).filter(|_| part.role != REFERENCE && part.role != INPUT);
                })
            })
            .collect();
        let values = score(&subjects, &self.metrics, at_once, ctx);
        let row = |(part, values): (&PairImage, Vec<_>)| {
            let scores = Scores::new(Verdict::new(&part.image.findings), values);
            // Checks apply to results, not to inputs.
            let is_result = is_result(&part.role);
            MeasuredImage {
                role: part.role.clone(),
                file: part.file.clone(),
                depth: part.image.image.depth,
                map: HeatMap::from_findings(&part.image.findings),
                scores: if is_result { scores.checked(&self.checks, &self.metrics) } else { scores },
            }
        };
        parts.iter().zip(values).map(row).collect()
    }

    /// Writes the requested drawings.
    fn draw(
        &self,
        parts: &[PairImage],
        rows: &[MeasuredImage],
        reporter: &Reporter<'_>,
        ctx: &Context<'_>,
    ) -> Result<(), Failure> {
        let Some(result) = rows.iter().position(MeasuredImage::is_result) else { return Ok(()) };
        let mut all: Vec<DrawnImage<'_>> = parts
            .iter()
            .zip(rows)
            .map(|(part, row)| DrawnImage { name: &part.role, image: &part.image.image, map: &row.map })
            .collect();
        let image = all[result];
        if let (Some(path), Some(reference)) = (self.difference, all.first().filter(|_| result > 0)) {
            draw_difference(self.args, path, *reference, image, reporter, ctx)?;
        }
        if self.args.save_profile.is_some() {
            let first = all.remove(followed(rows, &all));
            all.insert(0, first);
        }
        draw(self.args, image, &all, reporter, ctx)
    }

    /// The pair with all its results, for the page.
    fn section(
        &self,
        pair: &Pair,
        parts: &[PairImage],
        rows: &[MeasuredImage],
        ctx: &Context<'_>,
    ) -> Result<Option<SectionHtml>, Failure> {
        if self.args.report.is_none() {
            return Ok(None);
        }
        let side = |i: usize| {
            let name = parts[i].file.as_ref().unwrap_or(&parts[i].role);
            Side { name, image: &parts[i].image.image, map: Some(&rows[i].map) }
        };
        let find = |role: &str| rows.iter().position(|row| row.role == role);
        let all: Vec<usize> = (0..rows.len()).filter(|&i| rows[i].is_result()).collect();
        let (first, after) = match (find(INPUT), &all[..]) {
            (Some(input), all) => (input, all),
            (None, [first, rest @ ..]) => (*first, rest),
            (None, []) => return Ok(None),
        };
        // With several results, none represents the pair.
        let verdict = &rows[if let [only] = all[..] { only } else { first }].scores.verdict;
        let results: Vec<Side<'_>> = after.iter().map(|&i| side(i)).collect();
        let values: Vec<_> = rows.iter().map(|row| row.scores.values.as_slice()).collect();
        let columns: Vec<Column> = rows.iter().map(|row| Column(row.role.clone())).collect();
        let section = Section {
            title: &pair.name,
            input: side(first),
            results: &results,
            reference: find(REFERENCE).map(side),
            verdict: &verdict.line,
            level: verdict.grade,
            columns: &columns,
            metrics: &metric_rows(&self.metrics, &values),
            line: None,
        };
        let drawn = SectionHtml::new(&section, Page::LONGEST, ctx);
        drawn.map(Some).map_err(|error| Failure::at(pair.name.clone(), error.to_string(), None))
    }

    /// Row names in the order of the tables.
    fn roles<'r>(&self, all: &'r [Compared]) -> Vec<&'r str> {
        let mut roles: Vec<&str> = Vec::new();
        for row in all.iter().flat_map(|pair| &pair.rows) {
            if !roles.contains(&row.role.as_str()) && !self.is_empty(row) {
                roles.push(&row.role);
            }
        }
        roles
    }

    /// A reference has no values of its own when all metrics compare with it.
    fn is_empty(&self, row: &MeasuredImage) -> bool {
        row.role == REFERENCE
            && self.metrics.iter().all(|metric| metric.compared_with != ComparedWith::Nothing)
    }

    /// The tables on standard output.
    fn text(&self, all: &[Compared], roles: &[&str]) -> String {
        let mut text = String::new();
        for pair in all {
            for row in pair.rows.iter().filter(|row| row.is_result()) {
                let _ = writeln!(text, "{}  {}", printable(&pair.called(row)), row.scores.verdict.line);
            }
            for note in &pair.notes {
                let _ = writeln!(text, "{}  {note}", printable(&pair.name));
            }
        }
        match all {
            [] => {}
            [pair] if self.methods.is_empty() => {
                let rows: Vec<&MeasuredImage> = pair.rows.iter().filter(|row| !self.is_empty(row)).collect();
                let mut table = Table::new(1);
                let heads = rows.iter().map(|row| row.role.clone());
                table.row(std::iter::once(String::new()).chain(heads));
                for (m, metric) in self.metrics.iter().enumerate() {
                    let values =
                        rows.iter().map(|row| row.scores.values.get(m).map_or_else(String::new, cell));
                    table.row(
                        std::iter::once(format!("  {}", metric.name())).chain(values).chain([metric.about()]),
                    );
                }
                let _ = write!(text, "{}", table.left_last());
            }
            several => {
                let mut table = Table::new(2);
                let names = self.metrics.iter().map(|metric| metric.name().to_owned());
                table.row([String::new(), String::new()].into_iter().chain(names));
                for pair in several {
                    for row in pair.rows.iter().filter(|row| !self.is_empty(row)) {
                        let head = [pair.name.clone(), row.role.clone()];
                        table.row(head.into_iter().chain(row.scores.values.iter().map(cell)));
                    }
                }
                if several.len() > 1 {
                    let leads: Vec<[&str; 1]> = roles.iter().map(|&role| [role]).collect();
                    let scores = |role| scores_of(several, role);
                    let groups: Vec<_> = leads.iter().map(|lead| (&lead[..], scores(lead[0]))).collect();
                    summary_rows(&mut table, &self.metrics, &groups);
                }
                let _ = write!(text, "\n{table}");
            }
        }
        for pair in all {
            for row in &pair.rows {
                text.push_str(&reasons(&pair.called(row), &row.scores, &self.metrics));
            }
        }
        text
    }
}

impl runner::MetricJob for CompareJob<'_> {
    fn count(&self) -> usize {
        self.pairs.len()
    }

    fn run(&self, failures: &[Failure], reporter: &Reporter<'_>, ctx: &Context<'_>) -> Outcome {
        let mut page = self.args.report.as_ref().map(|_| Page::new("Comparison"));
        let one = |pair: &Pair, ctx: &Context<'_>| self.one(pair, reporter, ctx);
        let mut then = |pair: &mut Compared| {
            if let (Some(page), Some(section)) = (&mut page, pair.drawn.take()) {
                page.put(&section);
            }
        };
        let Some((all, failed)) =
            runner::each_within(&self.pairs, self.budget(), failures, reporter, &one, &mut then, ctx)
        else {
            return Outcome::Interrupted;
        };
        let mut outcome = if failed.is_empty() { Outcome::Done } else { Outcome::SomeFailed };
        let roles = self.roles(&all);
        outcome = outcome.max(if self.args.json {
            print_json(&CompareRecord::new(&all, &roles, failed, &self.metrics))
        } else {
            reporter.values(&self.text(&all, &roles))
        });
        let groups: Vec<(&str, Vec<&Scores>)> =
            roles.iter().map(|&role| (role, scores_of(&all, role))).collect();
        let means = means::listing(&self.metrics, &groups, &|role| role != REFERENCE);
        if let (Some(page), Some(means)) = (&mut page, means) {
            page.lead(&means);
        }
        let rows = all.iter().flat_map(|pair| {
            let head = |row: &MeasuredImage| {
                vec![pair.name.clone(), row.role.clone(), row.file.clone().unwrap_or_default()]
            };
            pair.rows.iter().map(move |row| (head(row), &row.scores))
        });
        let table = || csv(&["pair", "role", "file"], rows, &self.metrics);
        outcome = outcome.max(runner::write_files(self.args, table, page.as_ref(), reporter, ctx));
        if ctx.cancelled() {
            return Outcome::Interrupted;
        }
        for pair in &all {
            for row in &pair.rows {
                let name = pair.called(row);
                outcome =
                    outcome.max(report_failed(&name, &row.scores, &self.metrics, &self.checks, reporter));
            }
        }
        outcome
    }
}

impl MeasuredImage {
    /// Is it a result: neither the reference nor the input?
    fn is_result(&self) -> bool {
        is_result(&self.role)
    }
}

fn is_result(role: &str) -> bool {
    role != REFERENCE && role != INPUT
}

impl Compared {
    /// A row's file, or the pair and the method.
    fn called(&self, row: &MeasuredImage) -> String {
        row.file.clone().unwrap_or_else(|| format!("{} by {}", self.name, row.role))
    }
}

impl runner::WorkItem for Pair {
    fn name(&self) -> String {
        self.name.clone()
    }

    fn pixels(&self) -> u64 {
        batch::declared_pixels(&self.second.path)
    }
}

/// Finds the pairs that the arguments name.
///
/// # Errors
/// Arguments without images, and the errors of [`pairs::of_list`] and [`pairs::of_paths`].
fn gather(args: &CompareArgs) -> Result<Pairs, Failure> {
    let both = args.reference.as_deref().zip(args.second.as_deref());
    match (&args.pairs, both) {
        (Some(list), folders) => {
            if let Some((reference, second)) = folders
                && let Some(file) = [reference, second].into_iter().find(|path| !path.is_dir())
            {
                let hint = "with `--pairs`, the two arguments must be folders: the paths in the list are relative to them";
                return Err(Failure::usage(format!("{} is not a folder", file.display()), hint));
            }
            pairs::of_list(list, folders).map_err(|error| inputs::failure(&error))
        }
        (None, Some((reference, second))) => {
            pairs::of_paths(reference, second, args.input.as_deref(), args.measure.recursive)
                .map_err(Failure::from)
        }
        (None, None) => Err(Failure::usage("nothing to compare", "name a reference and a result")),
    }
}

/// The depths of the images, where they differ.
fn depths(parts: &[PairImage]) -> Option<String> {
    let mut groups: Vec<(Depth, Vec<&str>)> = Vec::new();
    for part in parts {
        let depth = part.image.image.depth;
        match groups.iter_mut().find(|(known, _)| *known == depth) {
            Some((_, roles)) => roles.push(&part.role),
            None => groups.push((depth, vec![&part.role])),
        }
    }
    let words: Vec<String> =
        groups.iter().map(|(depth, roles)| format!("{} {depth}", roles.join(", "))).collect();
    (groups.len() > 1)
        .then(|| format!("{}; samples are compared on one scale, without rounding", words.join("; ")))
}

/// The image whose worst place the profile shows: the input if it has banding, else the image with the most
/// banding.
fn followed(rows: &[MeasuredImage], drawings: &[DrawnImage<'_>]) -> usize {
    let strengths: Vec<f32> = drawings.iter().map(DrawnImage::strength).collect();
    let most = (0..strengths.len()).max_by(|&a, &b| strengths[a].total_cmp(&strengths[b])).unwrap_or(0);
    let input = rows.iter().position(|row| row.role == INPUT);
    input.filter(|&input| strengths[input] > 0.0 || strengths[most] <= 0.0).unwrap_or(most)
}
