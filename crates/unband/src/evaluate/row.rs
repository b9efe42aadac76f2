//! Table rows that can run: method, settings, checkpoint.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::time::Instant;

use unband_data::degrade::planes::Planes420;
use unband_image::findings::Findings;
use unband_image::{Context, Depth, Hint, Image, Matrix, Range};
use unband_metrics::{Better, Metric};

use super::checkpoints::takes_default;
use super::hash::{of_bytes, sha256, sum_of};
use super::method::{NamedMethod, NamedMethodError};
use super::recipe::{Planes, RecipeRow};
use super::untrained;
use super::upscaling::Upscaling;
use super::{EvaluateError, RowFault};
use crate::models::{self, NetworkSource, file_named, is_network};
use crate::networks::{self, WEIGHTS, built_in};
use crate::{Dither, Options, OutputDepth};

/// A row.
#[non_exhaustive]
pub struct Row {
    /// The row of the recipe.
    pub recipe: RecipeRow,
    /// The job, or why the row cannot run.
    pub runs: Runs,
    /// The metric that chooses among several settings.
    pub best: Option<Metric>,
    /// Parameters in millions, and multiply-adds of one pass over 256×256 samples in thousand millions.
    pub network: Option<(f64, f64)>,
    /// Is it an untrained network?
    pub untrained: bool,
}

/// The job of a row.
pub enum Runs {
    /// The degraded images as they are.
    Input,
    /// The method, with each of its settings.
    Settings(Vec<Setting>),
    /// No method: the row has published values only.
    Nothing,
    /// A method that cannot run.
    Missing(EvaluateError),
    /// A network without a checkpoint.
    Absent(EvaluateError),
}

/// A method with one of its settings.
pub struct Setting {
    /// The setting as written in the recipe; empty if there is only one.
    pub text: String,
    way: Operation,
    depth: OutputDepth,
    /// `None`: as the image needs.
    dither: Option<Dither>,
    planes: Planes,
    weights: String,
}

/// The operation on an image.
enum Operation {
    /// Restoration.
    Restore(Box<NamedMethod>),
    /// Upscaling.
    Upscale(Upscaling),
}

/// Side of the image for which multiply-adds are counted.
pub(super) const SIDE: usize = 256;

impl Row {
    /// The degraded images as a row, upscaled where clean ones are larger.
    pub fn input(scale: usize) -> Self {
        let name = if scale == 1 { "(input)" } else { "(input, bicubic)" }.to_owned();
        let recipe =
            RecipeRow { depth: OutputDepth::Keep, dither: Some(Dither::None), ..RecipeRow::blank(name) };
        Self { recipe, runs: Runs::Input, best: None, network: None, untrained: false }
    }

    /// Reads a row of the recipe; `measures` are the metrics of its columns.
    ///
    /// # Errors
    /// Invalid names and settings. A missing or unreadable checkpoint is not an error: the row reports it.
    pub fn new(
        row: RecipeRow,
        metrics: &[Metric],
        scale: usize,
        models: Option<&Path>,
    ) -> Result<Self, EvaluateError> {
        let about =
            |fault: EvaluateError| EvaluateError::Row { row: row.name.clone(), fault: Box::new(fault) };
        let best = match &row.best {
            None if row.settings.len() > 1 => return Err(about(RowFault::NoBest.into())),
            None => None,
            Some(name) => {
                let metric = metrics.iter().find(|metric| metric.name() == name);
                let other = || about(RowFault::OtherBest { metric: name.clone() }.into());
                Some(metric.ok_or_else(other)?.clone())
            }
        };
        let runs = if scale == 1 { settings(&row, models) } else { upscaling(&row, scale, models) }
            .map_err(about)?;
        let network = counts(&row, &runs, models);
        Ok(Self { recipe: row, runs, best, network, untrained: false })
    }

    /// Gives a network without a checkpoint an untrained one, written to this folder.
    ///
    /// # Errors
    /// An unknown network, no folder, I/O errors.
    pub fn start(&mut self, folder: Option<&Path>, models: Option<&Path>) -> Result<(), EvaluateError> {
        let (Runs::Absent(_), Some(text)) = (&self.runs, &self.recipe.method) else { return Ok(()) };
        let folder = folder.ok_or(EvaluateError::NoFolder)?;
        let network = self.recipe.network.as_deref().unwrap_or_else(|| name(text));
        self.recipe.weights = Some(untrained::checkpoint(network, folder, models)?);
        self.runs = settings(&self.recipe, models)?;
        self.network = counts(&self.recipe, &self.runs, models);
        self.untrained = true;
        Ok(())
    }

    /// Name in tables.
    pub fn shown(&self) -> String {
        let name = &self.recipe.name;
        if self.untrained { format!("{name}, {}", untrained::UNTRAINED) } else { name.clone() }
    }

    /// Number of results per image.
    pub fn count(&self) -> usize {
        match &self.runs {
            Runs::Input => 1,
            Runs::Settings(settings) => settings.len(),
            Runs::Nothing | Runs::Missing(_) | Runs::Absent(_) => 0,
        }
    }

    /// The setting with the best mean, the first one of equals; settings without a mean are skipped.
    pub fn choose(&self, means: &[Option<f64>]) -> Option<usize> {
        let better = self.best.as_ref().map_or(Better::Higher, |metric| metric.better);
        let key = |mean: f64| if better == Better::Higher { mean } else { -mean };
        let mut chosen: Option<(usize, f64)> = None;
        for (i, mean) in means.iter().enumerate() {
            if let Some(mean) = mean.map(key)
                && chosen.is_none_or(|(_, best)| mean > best)
            {
                chosen = Some((i, mean));
            }
        }
        chosen.map(|(i, _)| i)
    }
}

fn settings(row: &RecipeRow, models: Option<&Path>) -> Result<Runs, EvaluateError> {
    let Some(text) = &row.method else { return Ok(Runs::Nothing) };
    let name = name(text);
    let mut given = None;
    if is_network(name) {
        let file = row.weights.as_deref().and_then(|file| file_named(file, models).ok());
        // Neither the automatic choice nor another variant must replace the network that was asked for.
        if let (Some(named), None) = (&row.weights, &file)
            && (built_in(name).is_some() || !takes_default(row, name))
        {
            return Ok(Runs::Absent(absent(row, named, None)));
        }
        given = file;
    } else if row.weights.is_some() {
        return Err(RowFault::NoWeights { method: name.to_owned(), scaled: false }.into());
    }
    let all = if row.settings.is_empty() { vec![String::new()] } else { row.settings.clone() };
    let mut made = Vec::new();
    for setting in all {
        let joined = match (setting.is_empty(), text.contains(':')) {
            (true, _) => text.clone(),
            (false, false) => format!("{text}:{setting}"),
            (false, true) => format!("{text},{setting}"),
        };
        let dither = row.dither.unwrap_or_default();
        let options = Options { depth: row.depth, dither, ..Options::default() };
        match NamedMethod::new(joined, given.as_deref(), &options, models) {
            Ok(method) => made.push(Setting {
                text: setting,
                depth: row.depth,
                dither: Some(dither),
                planes: row.planes,
                weights: of_weights(&method)?,
                way: Operation::Restore(Box::new(method)),
            }),
            Err(error) if is_network(name) => {
                let why = missing(row, given.as_deref(), error.into());
                return Ok(if has_file(text, given.as_deref(), models) {
                    Runs::Missing(why)
                } else {
                    Runs::Absent(why)
                });
            }
            Err(error) => return Err(error.into()),
        }
    }
    Ok(Runs::Settings(made))
}

/// The same for a table with a scale.
fn upscaling(row: &RecipeRow, scale: usize, models: Option<&Path>) -> Result<Runs, EvaluateError> {
    let Some(text) = &row.method else { return Ok(Runs::Nothing) };
    if !row.settings.is_empty() || row.planes != Planes::Rgb {
        let key = if row.settings.is_empty() { "planes" } else { "settings" };
        return Err(RowFault::NotForUpscaling { key }.into());
    }
    if let Some(file) = row.weights.as_deref().filter(|file| file_named(file, models).is_err()) {
        return Ok(Runs::Absent(absent(row, file, None)));
    }
    let way = Upscaling::new(text, row, scale, models)?;
    let (text, weights) = (format!("{text} ×{scale}"), way.weights()?);
    let (depth, dither, planes) = (row.depth, row.dither, row.planes);
    Ok(Runs::Settings(vec![Setting { text, way: Operation::Upscale(way), depth, dither, planes, weights }]))
}

/// The method's name, without its settings.
fn name(text: &str) -> &str {
    text.split_once(':').map_or(text, |(name, _)| name)
}

/// Does the network have a checkpoint: in its row, in one of its settings, or imported?
fn has_file(text: &str, given: Option<&Path>, models: Option<&Path>) -> bool {
    let Ok(mut method) = crate::parse_method(text) else {
        return false;
    };
    // Several imported ones also suffice.
    given.is_some() || models::resolve(&mut method, models).is_err() || method.is_given(WEIGHTS)
}

/// Why a network does not run, and the training that makes its checkpoint.
fn missing(row: &RecipeRow, given: Option<&Path>, error: EvaluateError) -> EvaluateError {
    let Some(file) = row.weights.as_deref().filter(|_| given.is_none()) else { return error };
    absent(row, file, error.hint())
}

/// A missing checkpoint and the training that makes it; `hint` where there is none.
fn absent(row: &RecipeRow, file: &Path, hint: Option<String>) -> EvaluateError {
    let made = row.train.as_ref().map(|recipe| format!("`unband train {recipe}` makes it"));
    RowFault::NoCheckpoint { file: file.to_owned(), hint: made.or(hint) }.into()
}

/// Hash of the checkpoint; empty without one.
fn of_weights(method: &NamedMethod) -> Result<String, EvaluateError> {
    let Some(method) = method.options.method.named() else { return Ok(String::new()) };
    match networks::checkpoint(method).map_err(NamedMethodError::from)? {
        Some(file) => sum_of(&file),
        None => Ok(built_in(method.name()).map(of_bytes).unwrap_or_default()),
    }
}

/// Parameters in millions and multiply-adds in thousand millions, of the checkpoint or else of the
/// configuration.
fn counts(row: &RecipeRow, runs: &Runs, models: Option<&Path>) -> Option<(f64, f64)> {
    if let Runs::Settings(settings) = runs
        && let Some(Setting { way: Operation::Upscale(way), .. }) = settings.first()
    {
        return of_graph(way.graph()?);
    }
    let file = match runs {
        Runs::Settings(settings) => settings.first().and_then(Setting::checkpoint),
        _ => None,
    };
    let name = name(row.method.as_deref()?);
    let what = match file {
        Some(file) => NetworkSource::File(file),
        None if is_network(name) => NetworkSource::parse(row.network.as_deref().unwrap_or(name)).ok()?,
        None => return None,
    };
    of_graph(&what.graph(models).ok()?)
}

fn of_graph(graph: &unband_nets::Graph) -> Option<(f64, f64)> {
    Some((graph.parameter_count() as f64 / 1e6, graph.multiply_adds(SIDE, SIDE).ok()? as f64 / 1e9))
}

impl Setting {
    /// Everything its results depend on besides the image, as text.
    pub fn key(&self) -> String {
        let method = match &self.way {
            Operation::Restore(method) => &method.text,
            Operation::Upscale(_) => &self.text,
        };
        let planes = format!("{:?}", self.planes);
        sha256(&[
            method,
            &self.depth.to_string(),
            self.dither.map_or("", Dither::as_str),
            &planes,
            &self.weights,
        ])
    }

    fn checkpoint(&self) -> Option<PathBuf> {
        let Operation::Restore(method) = &self.way else { return None };
        networks::checkpoint(method.options.method.named()?).ok()?
    }

    /// Runs it on an RGB or grey image; returns the result and the method's seconds. For unband's own methods
    /// they include the analysis of the image.
    ///
    /// # Errors
    /// Inputs that the method does not support, as text.
    pub fn run(&self, input: &Image, ctx: &Context<'_>) -> Result<(Image, f64), String> {
        let run = || self.unguarded(input, ctx);
        catch_unwind(AssertUnwindSafe(run)).unwrap_or_else(|_| Err("unband failed on this image".to_owned()))
    }

    fn unguarded(&self, input: &Image, ctx: &Context<'_>) -> Result<(Image, f64), String> {
        let method = match &self.way {
            Operation::Restore(method) => method,
            Operation::Upscale(way) => {
                let start = Instant::now();
                let larger = way.run(input, ctx)?;
                return Ok((larger, start.elapsed().as_secs_f64()));
            }
        };
        let video = self.planes == Planes::Yuv420p;
        let image = if video { yuv420p(input)? } else { input.clone() };
        let options = &method.options;
        let known: Option<Findings> = (!options.method.is_ours()).then(|| crate::inspect(&image, ctx));
        let start = Instant::now();
        let done = match known {
            Some(findings) => crate::deband_found(image, findings, options, ctx),
            None => crate::deband_with(image, options, ctx),
        };
        let seconds = start.elapsed().as_secs_f64();
        let (mut result, _) = done.map_err(|error| error.to_string())?;
        if video {
            result = result.into_rgb(ctx).map_err(|error| error.to_string())?;
            result.round_to(Depth::EIGHT);
        }
        Ok((result, seconds))
    }
}

/// An image converted as video stores it.
fn yuv420p(image: &Image) -> Result<Image, String> {
    let planes =
        Planes420::from_rgb(image, Matrix::Bt601, Range::Limited).map_err(|error| error.to_string())?;
    let codes = [0, 1, 2].map(|p| planes.codes[p].as_slice());
    Image::from_yuv420(planes.width, planes.height, codes, Matrix::Bt601, Range::Limited)
        .map_err(|error| error.to_string())
}
