//! `unband eval TABLE`: benchmark of methods on image pairs, with a results table.

mod fault;
mod formats;
mod listing;
mod page;

use std::path::{Path, PathBuf};

use clap::Args;
use unband::evaluate::{
    EvaluateOptions, Evaluation, PairSource, Recipe, Row, Runs, Table, WeightsPolicy, of_bytes,
};
use unband::io::{Access, Saving};
use unband::recipes::{SMALL, TABLES, find_unless_file};
use unband::{Context, With, models};
use unband_report::Listing;

use crate::args::{ReporterArgs, ThreadArgs};
use crate::bar::Bar;
use crate::card::DeviceArgs;
use crate::inputs::failures;
use crate::interrupt::{self, Busy};
use crate::outcome::Outcome;
use crate::reporter::{Failure, Loudness, Reporter};
use crate::result::print_text;
use crate::runner;
use fault::failure;

const AFTER: &str = "\
Examples:
  unband eval bdinn-1                         the pairs in data/fhd/test, as published
  unband eval bdinn-1 --small --data photos   a few clean images, degraded by unband
  unband eval bdinn-1 --only GGDBN,BitNet     only these two rows
  unband eval mine.toml -o results/mine       your own table

A table, mine.toml, for a folder of clean images (docs/guide/evaluation.md has all keys):
  title = \"Skies\"
  metrics = [\"psnr\", \"false-steps\"]
  [data]
  kind = \"clean\"
  folder = \"photos\"
  degradations = [\"rgb-6\", \"jpeg-50\"]
  [[method]]
  name = \"unband\"
  method = \"default\"
  [[method]]
  name = \"gradfun\"
  method = \"gradfun\"

The same command resumes an interrupted table: results of each image are cached in OUT/kept.

Exit codes:
  0    every row and every pair is in the table
  1    a pair was skipped, or a method could not run
  2    wrong usage, nothing was started
  130  interrupted";

/// Arguments of `unband eval`.
#[derive(Debug, Args)]
#[command(after_long_help = AFTER)]
pub(crate) struct EvalArgs {
    /// Table: a TOML file, or a built-in one (`unband list tables`)
    #[arg(value_name = "TABLE", value_hint = clap::ValueHint::FilePath)]
    pub table: PathBuf,
    /// Run on a few clean images: `--with small.toml` of the table's folder
    #[arg(long)]
    pub small: bool,
    /// Override keys of the table with those of further TOML files
    #[arg(long = "with", value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
    pub with: Vec<PathBuf>,
    /// Run untrained networks (PyTorch's default initialisation) to measure cost only
    #[arg(long)]
    pub untrained: bool,
    /// Only these rows of the table, by name
    #[arg(long, value_name = "ROW,…", value_delimiter = ',')]
    pub only: Vec<String>,
    /// Image folder, instead of the table's
    #[arg(long, value_name = "DIR", value_hint = clap::ValueHint::DirPath)]
    pub data: Option<PathBuf>,
    /// Output folder [default: eval/NAME of the table]
    #[arg(short, long, visible_alias = "output", value_name = "DIR", value_hint = clap::ValueHint::DirPath)]
    pub out: Option<PathBuf>,
    /// Threads.
    #[command(flatten)]
    pub threads: ThreadArgs,
    /// Device for networks.
    #[command(flatten)]
    pub device: DeviceArgs,
    /// Verbosity.
    #[command(flatten)]
    pub reporter: ReporterArgs,
}

/// Makes the table, prints it and writes its files.
pub(crate) fn run(args: &EvalArgs) -> Outcome {
    let loudness = args.reporter.loudness();
    match EvalJob::new(args) {
        Ok(job) => {
            let ctx = interrupt::context(job.threads).but(|new| new.models = job.models.as_deref());
            let show = loudness > Loudness::Quiet;
            let bar = Bar::new(job.evaluation.pairs.len(), show).with_lines(show);
            job.run(&Reporter { loudness, bar: &bar }, &ctx)
        }
        Err(failure) => {
            failure.print();
            Outcome::Usage
        }
    }
}

struct EvalJob {
    evaluation: Evaluation,
    out: PathBuf,
    threads: usize,
    models: Option<PathBuf>,
}

impl EvalJob {
    /// Checks everything before the first image is read.
    fn new(args: &EvalArgs) -> Result<Self, Failure> {
        let recipe = recipe(args)?;
        let (models, threads) = (models::folder(), args.threads.count());
        let name = args.table.file_stem().unwrap_or_default();
        let out = args.out.clone().unwrap_or_else(|| Path::new("eval").join(name));
        let options = EvaluateOptions::with(|new| {
            new.output = Some(out.clone());
            new.program = build();
        });
        let ctx = Context::with(|new| {
            new.threads = threads;
            new.models = models.as_deref();
        });
        let evaluation = Evaluation::new(recipe, &options, &ctx).map_err(|error| failure(&error))?;
        Ok(Self { evaluation, out, threads, models })
    }

    fn run(&self, reporter: &Reporter<'_>, ctx: &Context<'_>) -> Outcome {
        // Ctrl-C stops the running methods and prints how to resume.
        let _busy = Busy::begin();
        let evaluation = &self.evaluation;
        let one = |pair: &PairSource, ctx: &Context<'_>| {
            evaluation.measure(pair, ctx).map_err(|error| failure(&error))
        };
        let failures = failures(&evaluation.unpaired);
        let Some((all, failed)) =
            runner::each(&evaluation.pairs, &failures, reporter, &one, &mut |_| {}, ctx)
        else {
            reporter.note(&"run the same command to resume");
            return Outcome::Interrupted;
        };
        if all.is_empty() {
            return Outcome::SomeFailed;
        }
        let mut outcome = if failed.is_empty() { Outcome::Done } else { Outcome::SomeFailed };
        let mut table = evaluation.table(all);
        for (row, chosen) in evaluation.rows.iter().zip(&table.chosen) {
            outcome = outcome.max(self.reported(row, chosen, reporter));
        }
        if !failed.is_empty() {
            let names: Vec<&str> = failed.iter().map(|failure| failure.file.as_str()).collect();
            table.notes.push(format!("Skipped: {}.", names.join(", ")));
        }
        let listings: Vec<Listing> =
            table.groups.iter().map(|group| listing::listing(&table, group)).collect();
        outcome = outcome.max(self.write_tables(&listings, &table, reporter));
        if let Some(first) = listings.first() {
            outcome = outcome.max(print_text(&formats::text(first)));
        }
        match self.page(&listings, &table, reporter, ctx) {
            _ if ctx.cancelled() => return Outcome::Interrupted,
            Ok(html) => outcome = outcome.max(self.write("table.html", html.as_bytes(), reporter)),
            Err(failure) => {
                reporter.failure(&failure);
                outcome = outcome.max(Outcome::SomeFailed);
            }
        }
        reporter.line(&format_args!("{} images → {}", table.pairs.len(), self.out.display()));
        outcome
    }

    /// Reports a row that did not run.
    fn reported(&self, row: &Row, chosen: &Result<usize, String>, reporter: &Reporter<'_>) -> Outcome {
        let Err(why) = chosen else { return Outcome::Done };
        match &row.runs {
            Runs::Nothing => Outcome::Done,
            Runs::Missing(_) | Runs::Absent(_)
                if self.evaluation.recipe.weights == WeightsPolicy::Optional =>
            {
                reporter.detail(&format_args!("{}: {why}", row.recipe.name));
                Outcome::Done
            }
            Runs::Missing(error) | Runs::Absent(error) => {
                let failure = failure(error);
                let message = format!("not run: {}", failure.text());
                reporter.failure(&Failure::at(row.recipe.name.clone(), message, failure.hint));
                Outcome::SomeFailed
            }
            Runs::Input | Runs::Settings(_) => {
                reporter.failure(&Failure::at(row.recipe.name.clone(), why.clone(), None));
                Outcome::SomeFailed
            }
        }
    }

    fn write_tables(&self, listings: &[Listing], table: &Table, reporter: &Reporter<'_>) -> Outcome {
        let markdown: Vec<String> = listings.iter().map(formats::markdown).collect();
        let latex: Vec<String> = listings.iter().map(formats::latex).collect();
        let mut outcome = self.write("table.md", markdown.join("\n").as_bytes(), reporter);
        outcome = outcome.max(self.write("table.tex", latex.join("\n").as_bytes(), reporter));
        let tables = [
            ("table.csv", formats::means_csv(&table.columns, &table.groups)),
            ("images.csv", formats::images_csv(&self.evaluation.rows, table)),
        ];
        for (name, table) in tables {
            outcome = outcome.max(match table {
                Ok(bytes) => self.write(name, &bytes, reporter),
                Err(error) => {
                    reporter.failure(&Failure::at(name.to_owned(), error.to_string(), None));
                    Outcome::SomeFailed
                }
            });
        }
        outcome
    }

    /// Writes a file of the table's folder atomically.
    fn write(&self, name: &str, bytes: &[u8], reporter: &Reporter<'_>) -> Outcome {
        let _busy = Busy::begin();
        let path = self.out.join(name);
        let access = Access::from_paths(self.evaluation.pairs.iter().flat_map(PairSource::files));
        match unband::io::write_bytes(bytes, &path, Saving::from(true).but(|new| new.access = access)) {
            Ok(()) => Outcome::Done,
            Err(error) => {
                reporter.failure(&Failure::from_error(path.display().to_string(), &error));
                Outcome::SomeFailed
            }
        }
    }
}

/// Hash of the running program: another build may give other results.
fn build() -> String {
    let own = std::env::current_exe().and_then(std::fs::read);
    own.map_or_else(|_| env!("CARGO_PKG_VERSION").to_owned(), |bytes| of_bytes(&bytes))
}

fn recipe(args: &EvalArgs) -> Result<Recipe, Failure> {
    let mut with = args.with.clone();
    if args.small {
        // For a built-in table, the built-in file is used.
        let small = match find_unless_file(TABLES, &args.table) {
            Some(_) => PathBuf::from(SMALL),
            None => args.table.with_file_name("small.toml"),
        };
        with.insert(0, small);
    }
    let mut recipe = Recipe::load(&args.table, &with).map_err(|error| failure(&error))?;
    recipe.keep_only(&args.only).map_err(|error| failure(&error))?;
    if args.untrained {
        recipe.weights = WeightsPolicy::Untrained;
    }
    if let Some(other) = &args.data {
        recipe.data.set_folder(other.clone());
    }
    Ok(recipe)
}

impl runner::WorkItem for PairSource {
    fn name(&self) -> String {
        self.name.clone()
    }

    fn pixels(&self) -> u64 {
        0
    }

    fn threads(&self, _: u64, _: usize) -> usize {
        self.threads
    }
}
