//! `unband eval TABLE`: benchmark of methods on image pairs, with a results table.

mod contender;
mod data;
mod enlarge;
mod fault;
mod formats;
mod listing;
mod means;
mod page;
mod untrained;

use std::cell::OnceCell;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use unband_image::Hint;

use clap::Args;
use unband::metrics::{Subject, Value, score};
use unband::models;
use unband::show::Listing;
use unband::{Context, Image, batch};
use unband_io::{Access, Saving};
use unband_metrics::Metric;

use crate::args::TalkArgs;
use crate::bar::Bar;
use crate::interrupt::{self, Busy};
use crate::outcome::Outcome;
use crate::pictures;
use crate::result::print_text;
use crate::talk::{Failure, Loudness, Talk};
use crate::work;
use contender::{Contender, Runs, Setting};
use data::{How, Item};
use enlarge::Ready;
use fault::failure;
use means::{Column, Measured};
use unband::evaluate::{Cache, Cost, Data, Recipe, RecipeRow, Record, Weights};
use unband_recipes::{SMALL, TABLES, find_unless_file};

const AFTER: &str = "\
Examples:
  unband eval bdinn-1                         the pairs in data/fhd/test, as published
  unband eval bdinn-1 --small --data photos   a few clean images, degraded by unband
  unband eval bdinn-1 --only GGDBN,BitNet     only these two rows
  unband eval mine.toml -o results/mine       your own table

A table, mine.toml, for a folder of clean images (docs/evaluation.md has all keys):
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
pub struct EvalArgs {
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
    /// Number of threads [default: all processors]
    #[arg(short = 'j', long, value_name = "N")]
    pub threads: Option<NonZeroUsize>,
    /// Verbosity.
    #[command(flatten)]
    pub talk: TalkArgs,
}

/// Makes the table, prints it and writes its files.
pub fn run(args: &EvalArgs) -> Outcome {
    let loudness = Loudness::new(args.talk.quiet, args.talk.verbose);
    match Job::new(args) {
        Ok((job, failures)) => {
            let ctx = interrupt::context(job.threads);
            let show = loudness > Loudness::Quiet;
            let bar = Bar::new(job.items.len(), show).with_lines(show);
            job.run(&failures, &Talk { loudness, bar: &bar }, &ctx)
        }
        Err(failure) => {
            Talk { loudness, bar: &Bar::none() }.failure(&failure);
            Outcome::Usage
        }
    }
}

struct Job {
    recipe: Recipe,
    columns: Vec<Column>,
    /// The metrics that can be computed.
    metrics: Vec<&'static Metric>,
    contenders: Vec<Contender>,
    items: Vec<Item>,
    cache: Cache,
    out: PathBuf,
    /// Notes under the table.
    notes: Vec<String>,
    threads: usize,
    models: Option<PathBuf>,
    build: String,
}

impl Job {
    /// Checks everything before the first image is read.
    fn new(args: &EvalArgs) -> Result<(Self, Vec<Failure>), Failure> {
        let mut recipe = recipe(args)?;
        let models = models::folder();
        let columns = columns(&recipe)?;
        let (metrics, missing) = ready(&columns, models.as_deref());
        let scale = recipe.scale;
        let mut contenders = vec![Contender::input(scale)];
        for row in std::mem::take(&mut recipe.method) {
            check_published(&row)?;
            if contenders.iter().any(|known| known.row.name == row.name) {
                return Err(Failure::usage(
                    format!("two rows have the name `{}`", row.name),
                    "give each its own name",
                ));
            }
            contenders.push(Contender::new(row, &metrics, scale)?);
        }
        let (mut items, failures) = data::gather(&recipe)?;
        let threads = pictures::threads(args.threads);
        let timed = recipe.costs.contains(&Cost::Seconds);
        for item in &mut items {
            item.threads = match recipe.crop {
                // Images in parallel would distort each other's times.
                _ if timed => threads,
                0 => batch::threads(item.pixels(), threads),
                crop => batch::threads((crop * crop) as u64, threads),
            };
        }
        let name = args.table.file_stem().unwrap_or_default();
        let out = args.out.clone().unwrap_or_else(|| Path::new("eval").join(name));
        check_out(&out)?;
        let cache = Cache::open(&out.join("kept")).map_err(failure)?;
        if recipe.weights == Weights::Untrained {
            for contender in &mut contenders {
                contender.start(&out.join(untrained::MARK))?;
            }
        }
        let mut notes = recipe.notes.clone();
        if timed {
            let threads = if threads == 1 { "1 thread".to_owned() } else { format!("{threads} threads") };
            notes.push(format!("Seconds: method only, per image, with {threads}."));
        }
        if recipe.costs.contains(&Cost::MultiplyAdds) {
            let side = contender::SIDE;
            notes.push(format!("Multiply-adds: one pass over {side}×{side} samples."));
        }
        notes.extend(missing);
        if contenders.iter().any(|contender| contender.untrained) {
            notes.push(untrained::NOTE.to_owned());
        }
        if matches!(recipe.data, Data::Clean { .. }) && contenders.iter().any(|c| !c.row.published.is_empty())
        {
            notes.push("Published values are for other images.".to_owned());
        }
        let job = Self {
            columns,
            metrics,
            contenders,
            items,
            cache,
            out,
            notes,
            threads,
            models,
            build: build(),
            recipe,
        };
        Ok((job, failures))
    }

    fn how(&self) -> How {
        How { crop: self.recipe.crop, seed: self.recipe.seed, scale: self.recipe.scale }
    }

    /// All values of a pair; cached ones are not measured again.
    fn one(&self, item: &Item, ctx: &Context<'_>) -> Result<Measured, Failure> {
        let ctx = Context { models: self.models.as_deref(), ..*ctx };
        let silent = Context { progress: &unband::NoProgress, ..ctx };
        let (hash, ready) = (item.hash(self.how(), &ctx)?, OnceCell::new());
        let total = self.contenders.iter().map(Contender::count).sum();
        let mut done = 0;
        let mut all = Vec::new();
        for contender in &self.contenders {
            let settings: Vec<Option<&Setting>> = match &contender.runs {
                Runs::Input => vec![None],
                Runs::Settings(settings) => settings.iter().map(Some).collect(),
                Runs::Nothing | Runs::Missing(_) | Runs::Absent(_) => Vec::new(),
            };
            let mut cells = Vec::new();
            for setting in settings {
                if ctx.cancelled() {
                    break;
                }
                let key = self.key(&hash, setting);
                let kept = self.cache.get(&key).map(|record| Ok(Ok(record)));
                let record = kept.unwrap_or_else(|| {
                    self.fresh(&key, pair(&ready, item, self.how(), &silent)?, setting, &silent)
                });
                // An interruption is not a failure; the results are not used then.
                if ctx.cancelled() {
                    break;
                }
                cells.push(record?);
                done += 1;
                ctx.progress.advance(done, total);
            }
            all.push(cells);
        }
        Ok(Measured {
            name: item.name.clone(),
            cause: item.cause.clone(),
            scene: item.scene.clone(),
            cells: all,
        })
    }

    /// Hash of everything a record depends on.
    fn key(&self, hash: &str, setting: Option<&Setting>) -> String {
        let method = setting.map_or_else(|| "input".to_owned(), Setting::key);
        let metrics: Vec<&str> = self.metrics.iter().map(|metric| metric.name).collect();
        data::sha256(&[&self.build, hash, &method, &metrics.join(",")])
    }

    /// Runs and measures; a method's failure is the inner error.
    fn fresh(
        &self,
        key: &str,
        ready: &Ready,
        setting: Option<&Setting>,
        ctx: &Context<'_>,
    ) -> Result<Result<Record, String>, Failure> {
        let ran = match setting {
            None => Ok((ready.input().clone(), 0.0)),
            Some(setting) => setting.run(&ready.pair.lq, ctx),
        };
        let (result, seconds) = match ran {
            Ok(ran) => ran,
            Err(why) => return Ok(Err(why)),
        };
        let record = Record::new(&self.metrics, &self.values(&result, ready, ctx), seconds);
        // An interrupted result must not be stored as a value.
        if !ctx.cancelled() {
            self.cache.put(key, &record).map_err(failure)?;
        }
        Ok(Ok(record))
    }

    fn values(&self, result: &Image, ready: &Ready, ctx: &Context<'_>) -> Vec<Value> {
        let subject = Subject {
            image: result.into(),
            reference: Some((&ready.pair.gt).into()),
            input: Some(ready.input().into()),
        };
        score(&[subject], &self.metrics, usize::MAX, ctx).concat()
    }

    fn run(&self, failures: &[Failure], talk: &Talk<'_>, ctx: &Context<'_>) -> Outcome {
        // Ctrl-C stops the running methods and prints how to resume.
        let _busy = Busy::begin();
        let one = |item: &Item, ctx: &Context<'_>| self.one(item, ctx);
        let Some((all, failed)) = work::each(&self.items, failures, talk, &one, &mut |_| {}, ctx) else {
            talk.note(&"run the same command to resume");
            return Outcome::Interrupted;
        };
        if all.is_empty() {
            return Outcome::SomeFailed;
        }
        let mut outcome = if failed.is_empty() { Outcome::Done } else { Outcome::SomeFailed };
        let chosen = means::chosen(&self.contenders, &all);
        for (contender, chosen) in self.contenders.iter().zip(&chosen) {
            outcome = outcome.max(self.told(contender, chosen, talk));
        }
        let groups = means::groups(&self.columns, &self.contenders, &all, &chosen);
        let mut notes = self.notes.clone();
        if !failed.is_empty() {
            let names: Vec<&str> = failed.iter().map(|failure| failure.file.as_str()).collect();
            notes.push(format!("Skipped: {}.", names.join(", ")));
        }
        let listings: Vec<Listing> = groups
            .iter()
            .map(|group| listing::listing(&self.recipe.title, &notes, &self.columns, group))
            .collect();
        outcome = outcome.max(self.write_tables(&listings, &groups, &all, talk));
        if let Some(first) = listings.first() {
            outcome = outcome.max(print_text(&formats::text(first)));
        }
        match self.page(&listings, &groups, &all, &chosen, talk, ctx) {
            _ if ctx.cancelled() => return Outcome::Interrupted,
            Ok(html) => outcome = outcome.max(self.write("table.html", html.as_bytes(), talk)),
            Err(failure) => {
                talk.failure(&failure);
                outcome = outcome.max(Outcome::SomeFailed);
            }
        }
        talk.line(&format_args!("{} images → {}", all.len(), self.out.display()));
        outcome
    }

    /// Reports a row that did not run.
    fn told(&self, contender: &Contender, chosen: &Result<usize, String>, talk: &Talk<'_>) -> Outcome {
        let Err(why) = chosen else { return Outcome::Done };
        match &contender.runs {
            Runs::Nothing => Outcome::Done,
            Runs::Missing(_) | Runs::Absent(_) if self.recipe.weights == Weights::Optional => {
                talk.detail(&format_args!("{}: {why}", contender.row.name));
                Outcome::Done
            }
            Runs::Missing(failure) | Runs::Absent(failure) => {
                let message = format!("not run: {}", failure.text());
                talk.failure(&Failure::at(contender.row.name.clone(), message, failure.hint.clone()));
                Outcome::SomeFailed
            }
            Runs::Input | Runs::Settings(_) => {
                talk.failure(&Failure::at(contender.row.name.clone(), why.clone(), None));
                Outcome::SomeFailed
            }
        }
    }

    fn write_tables(
        &self,
        listings: &[Listing],
        groups: &[means::Group],
        all: &[Measured],
        talk: &Talk<'_>,
    ) -> Outcome {
        let markdown: Vec<String> = listings.iter().map(formats::markdown).collect();
        let latex: Vec<String> = listings.iter().map(formats::latex).collect();
        let mut outcome = self.write("table.md", markdown.join("\n").as_bytes(), talk);
        outcome = outcome.max(self.write("table.tex", latex.join("\n").as_bytes(), talk));
        let tables = [
            ("table.csv", formats::means_csv(&self.columns, groups)),
            ("pictures.csv", formats::pictures_csv(&self.columns, &self.contenders, all)),
        ];
        for (name, table) in tables {
            outcome = outcome.max(match table {
                Ok(bytes) => self.write(name, &bytes, talk),
                Err(error) => {
                    talk.failure(&Failure::at(name.to_owned(), error.to_string(), None));
                    Outcome::SomeFailed
                }
            });
        }
        outcome
    }

    /// Writes a file of the table's folder atomically.
    fn write(&self, name: &str, bytes: &[u8], talk: &Talk<'_>) -> Outcome {
        let _busy = Busy::begin();
        let path = self.out.join(name);
        let access = Access::of(self.items.iter().flat_map(Item::files));
        match unband_io::write_bytes(bytes, &path, Saving { access, ..true.into() }) {
            Ok(()) => Outcome::Done,
            Err(error) => {
                talk.failure(&Failure::of(path.display().to_string(), &error));
                Outcome::SomeFailed
            }
        }
    }
}

/// Hash of the running program: another build may give other results.
fn build() -> String {
    let own = std::env::current_exe().and_then(std::fs::read);
    own.map_or_else(|_| env!("CARGO_PKG_VERSION").to_owned(), |bytes| data::of_bytes(&bytes))
}

/// The pair, made on first use.
fn pair<'r>(
    ready: &'r OnceCell<Ready>,
    item: &Item,
    how: How,
    ctx: &Context<'_>,
) -> Result<&'r Ready, Failure> {
    if let Some(pair) = ready.get() {
        return Ok(pair);
    }
    let made = Ready::new(item.pair(how, ctx)?, how.scale);
    Ok(ready.get_or_init(|| made))
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
    let mut recipe = Recipe::load(&args.table, &with).map_err(failure)?;
    recipe.keep_only(&args.only).map_err(failure)?;
    if args.untrained {
        recipe.weights = Weights::Untrained;
    }
    if let Some(other) = &args.data {
        match &mut recipe.data {
            Data::Pairs { folder } | Data::Clean { folder, .. } => folder.clone_from(other),
        }
    }
    Ok(recipe)
}

fn columns(recipe: &Recipe) -> Result<Vec<Column>, Failure> {
    let mut columns = Vec::new();
    for name in &recipe.metrics {
        let metric = unband_metrics::find(name).ok_or_else(|| {
            Failure::usage(format!("there is no metric `{name}`"), "`unband list metrics` shows all")
        })?;
        columns.push(Column::Measure(metric));
    }
    columns.extend(recipe.costs.iter().copied().map(Column::Cost));
    Ok(columns)
}

/// The metrics that can be computed, and a note on each other one.
fn ready(columns: &[Column], models: Option<&Path>) -> (Vec<&'static Metric>, Vec<String>) {
    let (mut metrics, mut notes) = (Vec::new(), Vec::new());
    for column in columns {
        let Column::Measure(metric) = column else { continue };
        match metric.ready(models) {
            Ok(()) => metrics.push(*metric),
            Err(error) => {
                let hint = error.hint().map_or(String::new(), |hint| format!(": {hint}"));
                notes.push(format!("Not measured: {error}{hint}."));
            }
        }
    }
    (metrics, notes)
}

fn check_published(row: &RecipeRow) -> Result<(), Failure> {
    let costs = [Cost::Seconds, Cost::Parameters, Cost::MultiplyAdds].map(Cost::name);
    match row
        .published
        .keys()
        .find(|key| unband_metrics::find(key).is_none() && !costs.contains(&key.as_str()))
    {
        None => Ok(()),
        Some(key) => {
            let hint = format!("`unband list metrics` shows the metrics; costs are {}", costs.join(", "));
            Err(Failure::usage(
                format!("row `{}` has a published `{key}`, but the table has no such column", row.name),
                hint,
            ))
        }
    }
}

/// May results be written there? Folders with other contents are left alone.
fn check_out(out: &Path) -> Result<(), Failure> {
    let wrong = |what: &str| {
        let hint = "name an empty folder with `--out`, or one of an earlier run".to_owned();
        Err(Failure::at(out.display().to_string(), what.to_owned(), Some(hint)))
    };
    if out.exists() && !out.is_dir() {
        return wrong("is not a folder");
    }
    let holds = std::fs::read_dir(out).is_ok_and(|mut entries| entries.next().is_some());
    if holds && !out.join("kept").is_dir() {
        return wrong("is not empty and holds no earlier run");
    }
    Ok(())
}
