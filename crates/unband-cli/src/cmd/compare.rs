//! `unband compare REFERENCE RESULT`: full-reference metrics of images and videos.

mod films;
pub mod methods;
pub mod pairs;
mod record;

use std::fmt::Write;
use std::path::{Path, PathBuf};

use clap::Args;
use unband::show::{Column, Drawn, Page, Section, Side};
use unband::{Context, Image, Model};
use unband_image::Depth;
use unband_infer::models;
use unband_metrics::{Against, Metric};

use super::score::{
    Drawing, Gate, Loaded, MeasureArgs, Row, Subject, Table, Use, Verdict, about, cell, csv, means,
    measure_within, page_rows, reasons, summary_rows, tell_failed, work,
};
use crate::batch;
use crate::budget::Budget;
use crate::inputs::Input;
use crate::outcome::Outcome;
use crate::result::print_json;
use crate::talk::{Failure, Talk, printable};
use methods::Method;
use pairs::{Pair, Pairs};
use record::Record;

const AFTER: &str = "\
Examples:
  unband compare clean.png repaired.png
  unband compare clean.png repaired.png --input banded.png --report repair.html
  unband compare clean/ repaired/ --csv table.csv        pairs by name, whatever the extension
  unband compare --pairs list.csv                        pairs from a list: reference,result[,input]
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
pub struct CompareArgs {
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
    /// Options shared with `score`.
    #[command(flatten)]
    pub measure: MeasureArgs,
    /// Options for videos.
    #[command(flatten)]
    pub film: films::FilmArgs,
}

const DEFAULTS: &[&str] = &[
    "psnr",
    "psnr-y",
    "ssim-gauss11-rgb",
    "ms-ssim",
    "gmsd",
    "flat-psnr",
    "false-steps",
    "contour-jump",
    "texture-change",
    "cambi",
];

/// Row names that are not methods.
const REFERENCE: &str = "reference";
const INPUT: &str = "input";
const RESULT: &str = "result";

/// Compares images and prints the values on standard output.
pub fn run(args: &CompareArgs) -> Outcome {
    if let Some(paths) = films::named(args) {
        return work::start(&args.measure, films::Job::new(args, paths));
    }
    work::start(&args.measure, Job::new(args))
}

struct Job<'a> {
    args: &'a MeasureArgs,
    pairs: Vec<Pair>,
    methods: Vec<Method>,
    metrics: Vec<&'static Metric>,
    gates: Vec<Gate>,
    models: Option<PathBuf>,
}

/// Row names of a pair: the reference, perhaps the input, then the result or the results of methods.
struct Compared {
    name: String,
    rows: Vec<Row>,
    /// Caveats about the values.
    notes: Vec<String>,
    drawn: Option<Drawn>,
}

/// An image of a pair during measurement.
struct Part {
    role: String,
    file: Option<String>,
    loaded: Loaded,
}

impl Part {
    fn named(&self) -> (&str, &Image) {
        (self.file.as_ref().unwrap_or(&self.role), &self.loaded.image)
    }
}

impl<'a> Job<'a> {
    /// Checks everything before the first image is read.
    fn new(args: &'a CompareArgs) -> Result<(Self, Vec<Failure>), (Outcome, Failure)> {
        let usage = |failure| (Outcome::Usage, failure);
        if let Some(option) = args.film.named() {
            let message = format!("`{option}` applies to videos, but none was named");
            return Err(usage(Failure::usage(message, "drop it for images")));
        }
        let methods =
            if args.method.is_empty() { Vec::new() } else { methods::parse(&args.method).map_err(usage)? };
        let Pairs { pairs, failures } = pairs::gather(args).map_err(usage)?;
        let input =
            args.input.is_some() || !methods.is_empty() || pairs.iter().any(|pair| pair.input.is_some());
        let models = models::folder();
        let can = Use { defaults: DEFAULTS, reference: true, input, film: &[], films: false };
        let (metrics, gates) = args.measure.measures(&can, models.as_deref()).map_err(usage)?;
        if let Some(option) = args.measure.of_one_picture() {
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
        args.measure.check_outputs(&paths)?;
        Ok((Self { args: &args.measure, pairs, methods, metrics, gates, models }, failures))
    }

    /// The images of a pair are in memory together. Methods need about as much as metrics.
    fn budget(&self) -> Budget {
        let inputs = self.pairs.iter().any(|pair| pair.input.is_some());
        let images = 2 + usize::from(inputs) + self.methods.len();
        Budget::new(self.args.max_memory, images, Budget::MEASURE)
    }

    /// Reads, runs the methods and measures.
    fn one(&self, pair: &Pair, talk: &Talk<'_>, ctx: &Context<'_>) -> Result<Compared, Failure> {
        let ctx = Context { models: self.models.as_deref(), ..*ctx };
        // The bar follows the metrics; with methods it would advance twice.
        let silent = Context { progress: &unband::NoProgress, ..ctx };
        let budget = self.budget();
        let read = |role: &str, input: &Input| -> Result<Part, Failure> {
            let loaded = Loaded::read_within(input, Vec::new(), &budget, &silent)?;
            Ok(Part { role: role.to_owned(), file: Some(input.shown()), loaded })
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
            comparable(parts[0].named(), part.named(), 1)?;
        }
        for method in &self.methods {
            let loaded = method.run(&parts[1].loaded, &silent).map_err(|error| {
                Failure::at(pair.second.shown(), format!("{}: {error}", method.text), None)
            })?;
            parts.push(Part { role: method.text.clone(), file: None, loaded });
        }
        let image = &parts[0].loaded.image;
        let at_once = budget.at_once((image.width() * image.height()) as u64);
        let rows = self.measured(&parts, at_once, &ctx);
        self.draw(&parts, &rows, talk, &silent)?;
        let drawn = self.section(pair, &parts, &rows, &silent)?;
        Ok(Compared { name: pair.name.clone(), rows, notes: depths(&parts).into_iter().collect(), drawn })
    }

    fn measured(&self, parts: &[Part], at_once: usize, ctx: &Context<'_>) -> Vec<Row> {
        let of = |role: &str| parts.iter().find(|part| part.role == role).map(|part| (&part.loaded).into());
        let subjects: Vec<Subject<'_>> = parts
            .iter()
            .map(|part| Subject {
                image: (&part.loaded).into(),
                reference: of(REFERENCE).filter(|_| part.role != REFERENCE),
                input: of(INPUT).filter(|_| part.role != REFERENCE && part.role != INPUT),
            })
            .collect();
        let values = measure_within(&subjects, &self.metrics, at_once, ctx);
        let row = |(part, values): (&Part, Vec<_>)| {
            let verdict = Verdict::new(&part.loaded.findings);
            let row = Row {
                role: part.role.clone(),
                file: part.file.clone(),
                depth: part.loaded.image.depth,
                verdict,
                values,
                failed: Vec::new(),
            };
            // Checks apply to results, not to inputs.
            if row.is_result() { row.checked(&self.gates, &self.metrics) } else { row }
        };
        parts.iter().zip(values).map(row).collect()
    }

    /// Writes the requested drawings.
    fn draw(&self, parts: &[Part], rows: &[Row], talk: &Talk<'_>, ctx: &Context<'_>) -> Result<(), Failure> {
        let Some(result) = rows.iter().position(Row::is_result) else { return Ok(()) };
        let mut all: Vec<Drawing<'_>> = parts
            .iter()
            .zip(rows)
            .map(|(part, row)| Drawing { name: &part.role, image: &part.loaded.image, map: &row.verdict.map })
            .collect();
        let picture = all[result];
        if self.args.save_profile.is_some() {
            let first = all.remove(followed(rows, &all));
            all.insert(0, first);
        }
        self.args.draw(picture, &all, talk, ctx)
    }

    /// The pair with all its results, for the page.
    fn section(
        &self,
        pair: &Pair,
        parts: &[Part],
        rows: &[Row],
        ctx: &Context<'_>,
    ) -> Result<Option<Drawn>, Failure> {
        if self.args.report.is_none() {
            return Ok(None);
        }
        let side = |i: usize| {
            let name = parts[i].file.as_ref().unwrap_or(&parts[i].role);
            Side { name, image: &parts[i].loaded.image, map: Some(&rows[i].verdict.map) }
        };
        let find = |role: &str| rows.iter().position(|row| row.role == role);
        let all: Vec<usize> = (0..rows.len()).filter(|&i| rows[i].is_result()).collect();
        let (first, after) = match (find(INPUT), &all[..]) {
            (Some(input), all) => (input, all),
            (None, [first, rest @ ..]) => (*first, rest),
            (None, []) => return Ok(None),
        };
        // With several results, none represents the pair.
        let verdict = &rows[if let [only] = all[..] { only } else { first }].verdict;
        let results: Vec<Side<'_>> = after.iter().map(|&i| side(i)).collect();
        let shown: Vec<&Row> = rows.iter().collect();
        let columns: Vec<Column> = shown.iter().map(|row| Column(row.role.clone())).collect();
        let section = Section {
            title: &pair.name,
            input: side(first),
            results: &results,
            reference: find(REFERENCE).map(side),
            verdict: &verdict.line,
            level: verdict.grade,
            columns: &columns,
            metrics: &page_rows(&self.metrics, &shown),
            line: None,
        };
        let drawn = Drawn::new(&section, Page::LONGEST, ctx);
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
    fn is_empty(&self, row: &Row) -> bool {
        row.role == REFERENCE && self.metrics.iter().all(|metric| metric.against != Against::Nothing)
    }

    /// The tables on standard output.
    fn text(&self, all: &[Compared], roles: &[&str]) -> String {
        let mut text = String::new();
        for pair in all {
            for row in pair.rows.iter().filter(|row| row.is_result()) {
                let _ = writeln!(text, "{}  {}", printable(&pair.called(row)), row.verdict.line);
            }
            for note in &pair.notes {
                let _ = writeln!(text, "{}  {note}", printable(&pair.name));
            }
        }
        match all {
            [] => {}
            [pair] if self.methods.is_empty() => {
                let rows: Vec<&Row> = pair.rows.iter().filter(|row| !self.is_empty(row)).collect();
                let mut table = Table::new(1);
                let heads = rows.iter().map(|row| row.role.clone());
                table.row(std::iter::once(String::new()).chain(heads));
                for (m, metric) in self.metrics.iter().enumerate() {
                    let about = about(metric);
                    let values = rows.iter().map(|row| row.values.get(m).map_or_else(String::new, cell));
                    table.row(std::iter::once(format!("  {}", metric.name)).chain(values).chain([about]));
                }
                let _ = write!(text, "{}", table.left_last());
            }
            several => {
                let mut table = Table::new(2);
                let names = self.metrics.iter().map(|metric| metric.name.to_owned());
                table.row([String::new(), String::new()].into_iter().chain(names));
                for pair in several {
                    for row in pair.rows.iter().filter(|row| !self.is_empty(row)) {
                        let head = [pair.name.clone(), row.role.clone()];
                        table.row(head.into_iter().chain(row.values.iter().map(cell)));
                    }
                }
                if several.len() > 1 {
                    let leads: Vec<[&str; 1]> = roles.iter().map(|&role| [role]).collect();
                    let rows = |role: &str| {
                        let all = several.iter().flat_map(|pair| &pair.rows);
                        all.filter(|row| row.role == role).collect::<Vec<_>>()
                    };
                    let groups: Vec<_> = leads.iter().map(|lead| (&lead[..], rows(lead[0]))).collect();
                    summary_rows(&mut table, &self.metrics, &groups);
                }
                let _ = write!(text, "\n{table}");
            }
        }
        for pair in all {
            for row in &pair.rows {
                text.push_str(&reasons(&pair.called(row), row, &self.metrics));
            }
        }
        text
    }
}

impl work::Job for Job<'_> {
    fn count(&self) -> usize {
        self.pairs.len()
    }

    fn run(&self, failures: &[Failure], talk: &Talk<'_>, ctx: &Context<'_>) -> Outcome {
        let mut page = self.args.report.as_ref().map(|_| Page::new("Comparison"));
        let one = |pair: &Pair, ctx: &Context<'_>| self.one(pair, talk, ctx);
        let mut then = |pair: &mut Compared| {
            if let (Some(page), Some(section)) = (&mut page, pair.drawn.take()) {
                page.put(&section);
            }
        };
        let Some((all, failed)) =
            work::each_within(&self.pairs, self.budget(), failures, talk, &one, &mut then, ctx)
        else {
            return Outcome::Interrupted;
        };
        let mut outcome = if failed.is_empty() { Outcome::Done } else { Outcome::SomeFailed };
        let roles = self.roles(&all);
        outcome = outcome.max(if self.args.json {
            print_json(&Record::new(&all, &roles, failed, &self.metrics))
        } else {
            talk.values(&self.text(&all, &roles))
        });
        let of = |role: &str| all.iter().flat_map(|pair| &pair.rows).filter(|row| row.role == role).collect();
        let groups: Vec<(&str, Vec<&Row>)> = roles.iter().map(|&role| (role, of(role))).collect();
        let means = means::listing(&self.metrics, &groups, &|role| role != REFERENCE);
        if let (Some(page), Some(means)) = (&mut page, means) {
            page.lead(&means);
        }
        let rows = all.iter().flat_map(|pair| {
            let head =
                |row: &Row| vec![pair.name.clone(), row.role.clone(), row.file.clone().unwrap_or_default()];
            pair.rows.iter().map(move |row| (head(row), row))
        });
        let table = || csv(&["pair", "role", "file"], rows, &self.metrics);
        outcome = outcome.max(work::write_files(self.args, table, page.as_ref(), talk, ctx));
        if ctx.cancelled() {
            return Outcome::Interrupted;
        }
        for pair in &all {
            for row in &pair.rows {
                let name = pair.called(row);
                outcome = outcome.max(tell_failed(&name, row, &self.metrics, &self.gates, talk));
            }
        }
        outcome
    }
}

impl Row {
    /// Is it a result: neither the reference nor the input?
    fn is_result(&self) -> bool {
        self.role != REFERENCE && self.role != INPUT
    }
}

impl Compared {
    /// A row's file, or the pair and the method.
    fn called(&self, row: &Row) -> String {
        row.file.clone().unwrap_or_else(|| format!("{} by {}", self.name, row.role))
    }
}

impl work::Item for Pair {
    fn name(&self) -> String {
        self.name.clone()
    }

    fn pixels(&self) -> u64 {
        batch::declared_pixels(&self.second.path)
    }
}

/// The depths of the images, where they differ.
fn depths(parts: &[Part]) -> Option<String> {
    let mut groups: Vec<(Depth, Vec<&str>)> = Vec::new();
    for part in parts {
        let depth = part.loaded.image.depth;
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
fn followed(rows: &[Row], drawings: &[Drawing<'_>]) -> usize {
    let strengths: Vec<f32> = drawings.iter().map(Drawing::strength).collect();
    let most = (0..strengths.len()).max_by(|&a, &b| strengths[a].total_cmp(&strengths[b])).unwrap_or(0);
    let input = rows.iter().position(|row| row.role == INPUT);
    input.filter(|&input| strengths[input] > 0.0 || strengths[most] <= 0.0).unwrap_or(most)
}

/// An error unless two images have the same colour model and the first is `scale` times as wide and high.
///
/// # Errors
/// The difference, reported for the second image.
pub fn comparable(reference: (&str, &Image), other: (&str, &Image), scale: usize) -> Result<(), Failure> {
    let about = |image: &Image| {
        let model = if image.color.model == Model::Gray { "grey" } else { "RGB" };
        format!("{}×{} {model}", image.width(), image.height())
    };
    let of = |image: &Image, times: usize| (times * image.width(), times * image.height(), image.color.model);
    let ((clean, reference), (name, other)) = (reference, other);
    if of(reference, 1) == of(other, scale) {
        return Ok(());
    }
    let message = format!("is {}, the reference {clean} is {}", about(other), about(reference));
    let hint = match scale {
        1 => "metrics compare sample by sample: crop or convert one of them".to_owned(),
        _ => format!("the reference must be {scale} times as wide and high, both RGB or grey"),
    };
    Err(Failure::at(name.to_owned(), message, Some(hint)))
}
