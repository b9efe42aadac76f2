//! Evaluation of a recipe: checks, pairs, rows, results.

use std::cell::OnceCell;
use std::path::{Path, PathBuf};

use unband_image::context::NoProgress;
use unband_image::{Context, Hint, Image, With};
use unband_metrics::Metric;

use super::cache::{Cache, Record};
use super::checkpoints;
use super::data::{self, How, PairSource};
use super::hash::sha256;
use super::recipe::{CostColumn, Data, Recipe, RecipeRow, WeightsPolicy};
use super::row::{self, Row, Runs, Setting};
use super::summary::{self, Column, Group, Measured};
use super::untrained;
use super::upscaling::ReadyPair;
use super::{EvaluateError, EvaluateFault};
use crate::batch;
use crate::inputs::InputError;
use crate::metrics::{Subject, Value, score};

/// Where results are stored, and which of them may be used again.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct EvaluateOptions {
    /// Folder of the table; its subfolder `kept` stores results. Without it nothing is stored.
    pub output: Option<PathBuf>,
    /// Identity of the program that measures: stored results of another one are not used.
    pub program: String,
}

impl Default for EvaluateOptions {
    /// Nothing is stored; the program is this version of the library.
    fn default() -> Self {
        Self { output: None, program: concat!("unband ", env!("CARGO_PKG_VERSION")).to_owned() }
    }
}

/// A table whose recipe is checked and whose pairs are found.
pub struct Evaluation {
    /// The recipe, without its rows.
    pub recipe: Recipe,
    /// Columns in the order of the recipe.
    pub columns: Vec<Column>,
    /// The metrics that can be computed.
    pub metrics: Vec<Metric>,
    /// Rows: the degraded images, then those of the recipe.
    pub rows: Vec<Row>,
    /// The pairs.
    pub pairs: Vec<PairSource>,
    /// Images without a partner, and unreadable files.
    pub unpaired: Vec<InputError>,
    /// Notes under the table.
    pub notes: Vec<String>,
    cache: Option<Cache>,
    program: String,
}

/// A finished table.
#[non_exhaustive]
pub struct Table {
    /// Its title.
    pub title: String,
    /// Columns in the order of the recipe.
    pub columns: Vec<Column>,
    /// All values, by pair.
    pub pairs: Vec<Measured>,
    /// The chosen setting of each row, or the reason for its absence.
    pub chosen: Vec<Result<usize, String>>,
    /// Rows over all pairs, then over those of each degradation if there are several.
    pub groups: Vec<Group>,
    /// Notes for readers.
    pub notes: Vec<String>,
    /// Pairs without results.
    pub failed: Vec<EvaluateError>,
}

/// Evaluates a recipe on the threads of the context, small images in parallel.
///
/// # Errors
/// Those of [`Evaluation::new`]; a cancelled job. Pairs that fail are part of the table.
pub fn evaluate(
    recipe: Recipe,
    options: &EvaluateOptions,
    ctx: &Context<'_>,
) -> Result<Table, EvaluateError> {
    Evaluation::new(recipe, options, ctx)?.run(ctx)
}

impl Evaluation {
    /// Checks everything before the first image is read. Threads and imported models are those of the
    /// context.
    ///
    /// # Errors
    /// Unknown metrics, methods and settings; a folder without images; an output folder with other contents.
    pub fn new(
        mut recipe: Recipe,
        options: &EvaluateOptions,
        ctx: &Context<'_>,
    ) -> Result<Self, EvaluateError> {
        let models = ctx.models;
        let columns = columns(&recipe)?;
        let (metrics, missing) = computable(&columns, models);
        let scale = recipe.scale;
        let mut rows = vec![Row::input(scale)];
        for mut row in std::mem::take(&mut recipe.method) {
            let found = checkpoints::of_row(&row, &recipe.roots, recipe.kept.as_deref(), models);
            row.weights = found.or(row.weights);
            check_published(&row)?;
            if rows.iter().any(|known| known.recipe.name == row.name) {
                return Err(EvaluateError::SameRow { name: row.name });
            }
            rows.push(Row::new(row, &metrics, scale, models)?);
        }
        let (mut pairs, unpaired) = data::gather(&recipe)?;
        share_threads(&mut pairs, &recipe, ctx.threads);
        let cache = match &options.output {
            Some(folder) => {
                check_output(folder)?;
                Some(Cache::open(&folder.join("kept"))?)
            }
            None => None,
        };
        if recipe.weights == WeightsPolicy::Untrained {
            let folder = options.output.as_ref().map(|folder| folder.join(untrained::UNTRAINED));
            for row in &mut rows {
                row.start(folder.as_deref(), models)?;
            }
        }
        let notes = notes(&recipe, &rows, missing, ctx.threads);
        let program = options.program.clone();
        Ok(Self { recipe, columns, metrics, rows, pairs, unpaired, notes, cache, program })
    }

    /// All results of a pair; stored ones are not measured again. Incomplete if cancelled.
    ///
    /// # Errors
    /// Files that are not images, images of different size, I/O errors.
    pub fn measure(&self, pair: &PairSource, ctx: &Context<'_>) -> Result<Measured, EvaluateError> {
        let silent = (*ctx).but(|new| new.progress = &NoProgress);
        let (hash, ready) = (pair.hash(self.how(), ctx)?, OnceCell::new());
        let total = self.rows.iter().map(Row::count).sum();
        let mut done = 0;
        let mut all = Vec::new();
        for row in &self.rows {
            let settings: Vec<Option<&Setting>> = match &row.runs {
                Runs::Input => vec![None],
                Runs::Settings(settings) => settings.iter().map(Some).collect(),
                Runs::Nothing | Runs::Missing(_) | Runs::Absent(_) => Vec::new(),
            };
            let mut cells = Vec::new();
            for setting in settings {
                if ctx.cancelled() {
                    break;
                }
                let key = self.key(&hash, setting, ctx);
                let kept = self.cache.as_ref().and_then(|cache| cache.get(&key));
                let record = match kept {
                    Some(record) => Ok(Ok(record)),
                    None => self.fresh(&key, self.once(&ready, pair, &silent)?, setting, &silent),
                };
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
        let (name, cause, scene) = (pair.name.clone(), pair.cause.clone(), pair.scene.clone());
        Ok(Measured { name, cause, scene, cells: all })
    }

    /// Reads or makes a pair.
    ///
    /// # Errors
    /// Files that are not images, images of different size, a missing program.
    pub fn pair(&self, pair: &PairSource, ctx: &Context<'_>) -> Result<ReadyPair, EvaluateError> {
        Ok(ReadyPair::new(pair.pair(self.how(), ctx)?, self.recipe.scale))
    }

    /// Measures all pairs on the threads of the context.
    ///
    /// # Errors
    /// [`EvaluateError::Cancelled`].
    pub fn run(&self, ctx: &Context<'_>) -> Result<Table, EvaluateError> {
        let cost = |pair: &PairSource| batch::Cost { threads: pair.threads, memory: 0 };
        let costs: Vec<batch::Cost> = self.pairs.iter().map(cost).collect();
        let limits = batch::Cost { threads: ctx.threads, memory: 0 };
        let one = |i: usize| self.measure(&self.pairs[i], &(*ctx).but(|new| new.threads = costs[i].threads));
        let (mut all, mut failed) = (Vec::new(), Vec::new());
        batch::run(&costs, limits, &|| ctx.cancelled(), &one, &mut |_, result| match result {
            Ok(measured) => all.push(measured),
            Err(error) => failed.push(error),
        });
        if ctx.cancelled() {
            return Err(EvaluateError::Cancelled);
        }
        Ok(Table { failed, ..self.table(all) })
    }

    /// The table of measured pairs.
    pub fn table(&self, pairs: Vec<Measured>) -> Table {
        let chosen = summary::chosen(&self.rows, &pairs);
        Table {
            title: self.recipe.title.clone(),
            columns: self.columns.clone(),
            groups: summary::groups(&self.columns, &self.rows, &pairs, &chosen),
            notes: self.notes.clone(),
            failed: Vec::new(),
            pairs,
            chosen,
        }
    }

    fn how(&self) -> How {
        How { crop: self.recipe.crop, seed: self.recipe.seed, scale: self.recipe.scale }
    }

    /// Hash of everything a record depends on.
    fn key(&self, hash: &str, setting: Option<&Setting>, ctx: &Context<'_>) -> String {
        let method = setting.map_or_else(|| "input".to_owned(), Setting::key);
        let metrics: Vec<&str> = self.metrics.iter().map(Metric::name).collect();
        let device = ctx.accelerator.map_or("", |device| device.name());
        sha256(&[&self.program, hash, &method, &metrics.join(","), device])
    }

    /// Runs and measures; a method's failure is the inner error.
    fn fresh(
        &self,
        key: &str,
        ready: &ReadyPair,
        setting: Option<&Setting>,
        ctx: &Context<'_>,
    ) -> Result<Result<Record, String>, EvaluateError> {
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
        if let Some(cache) = self.cache.as_ref().filter(|_| !ctx.cancelled()) {
            cache.put(key, &record)?;
        }
        Ok(Ok(record))
    }

    fn values(&self, result: &Image, ready: &ReadyPair, ctx: &Context<'_>) -> Vec<Value> {
        let subject = Subject {
            image: result.into(),
            reference: Some((&ready.pair.gt).into()),
            input: Some(ready.input().into()),
        };
        score(&[subject], &self.metrics, usize::MAX, ctx).concat()
    }

    /// The pair, made on first use.
    fn once<'r>(
        &self,
        ready: &'r OnceCell<ReadyPair>,
        pair: &PairSource,
        ctx: &Context<'_>,
    ) -> Result<&'r ReadyPair, EvaluateError> {
        if let Some(pair) = ready.get() {
            return Ok(pair);
        }
        let made = self.pair(pair, ctx)?;
        Ok(ready.get_or_init(|| made))
    }
}

fn columns(recipe: &Recipe) -> Result<Vec<Column>, EvaluateError> {
    let mut columns = Vec::new();
    for name in &recipe.metrics {
        let metric =
            unband_metrics::find(name).ok_or_else(|| EvaluateError::UnknownMetric { name: name.clone() })?;
        columns.push(Column::Metric(metric));
    }
    columns.extend(recipe.costs.iter().copied().map(Column::Cost));
    Ok(columns)
}

/// The metrics that can be computed, and a note on each other one.
fn computable(columns: &[Column], models: Option<&Path>) -> (Vec<Metric>, Vec<String>) {
    let (mut metrics, mut notes) = (Vec::new(), Vec::new());
    for column in columns {
        let Column::Metric(metric) = column else { continue };
        match metric.ready(models) {
            Ok(()) => metrics.push(metric.clone()),
            Err(error) => {
                let hint = error.hint().map_or(String::new(), |hint| format!(": {hint}"));
                notes.push(format!("Not measured: {error}{hint}."));
            }
        }
    }
    (metrics, notes)
}

fn check_published(row: &RecipeRow) -> Result<(), EvaluateError> {
    let known = |key: &str| {
        unband_metrics::find(key).is_some() || CostColumn::ALL.iter().any(|cost| cost.name() == key)
    };
    match row.published.keys().find(|key| !known(key)) {
        None => Ok(()),
        Some(key) => Err(EvaluateError::Published { row: row.name.clone(), key: key.clone() }),
    }
}

fn share_threads(pairs: &mut [PairSource], recipe: &Recipe, threads: usize) {
    // Images in parallel would distort each other's times.
    let alone = pairs.len() == 1 || recipe.costs.contains(&CostColumn::Seconds);
    for pair in pairs {
        pair.threads = match recipe.crop {
            _ if alone => threads,
            0 => batch::threads(pair.pixels(), threads),
            crop => batch::threads((crop * crop) as u64, threads),
        };
    }
}

fn notes(recipe: &Recipe, rows: &[Row], missing: Vec<String>, threads: usize) -> Vec<String> {
    let mut notes = recipe.notes.clone();
    if recipe.costs.contains(&CostColumn::Seconds) {
        let threads = if threads == 1 { "1 thread".to_owned() } else { format!("{threads} threads") };
        notes.push(format!("Seconds: method only, per image, with {threads}."));
    }
    if recipe.costs.contains(&CostColumn::MultiplyAdds) {
        let side = row::SIDE;
        notes.push(format!("Multiply-adds: one pass over {side}×{side} samples."));
    }
    notes.extend(missing);
    if let Some(kept) = recipe.kept.as_deref().filter(|kept| !recipe.roots.has(kept))
        && rows.iter().any(|row| matches!(row.runs, Runs::Absent(_)))
    {
        notes.push(format!(
            "No folder `{0}`: run it in a clone of unband, or import the files there with `unband models import {0}/*`.",
            kept.display()
        ));
    }
    if rows.iter().any(|row| row.untrained) {
        notes.push(untrained::NOTE.to_owned());
    }
    if matches!(recipe.data, Data::Clean { .. }) && rows.iter().any(|row| !row.recipe.published.is_empty()) {
        notes.push("Published values are for other images.".to_owned());
    }
    notes
}

/// May results be written there? Folders with other contents are left alone.
fn check_output(folder: &Path) -> Result<(), EvaluateError> {
    let wrong = |fault: EvaluateFault| Err(fault.of(folder.display().to_string()));
    if folder.exists() && !folder.is_dir() {
        return wrong(EvaluateFault::NotFolder);
    }
    let holds = std::fs::read_dir(folder).is_ok_and(|mut entries| entries.next().is_some());
    if holds && !folder.join("kept").is_dir() {
        return wrong(EvaluateFault::NotEmpty);
    }
    Ok(())
}
