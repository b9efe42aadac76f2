//! Table rows that can run: method, settings, checkpoint.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::time::Instant;

use unband::models::{self, is_network};
use unband::networks::{self, WEIGHTS, built_in};
use unband::{Context, Depth, Dither, Findings, Image, Matrix, Options, OutputDepth, Range};
use unband_data::degrade::planes::Planes420;
use unband_metrics::{Better, Metric};
use unband_nets::checkpoint;

use super::data::{of_bytes, rounded, sha256};
use super::enlarge::Enlargement;
use super::untrained;
use crate::methods::{self, Method};
use crate::network;
use crate::talk::Failure;
use unband::evaluate::{Planes, RecipeRow};

/// A row.
pub struct Contender {
    /// The row of the recipe.
    pub row: RecipeRow,
    /// The job, or why the row cannot run.
    pub runs: Runs,
    /// The metric that chooses among several settings.
    pub best: Option<&'static Metric>,
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
    Missing(Failure),
    /// A network without a checkpoint.
    Absent(Failure),
}

/// A method with one of its settings.
pub struct Setting {
    /// The setting as written in the recipe; empty if there is only one.
    pub text: String,
    way: Way,
    depth: OutputDepth,
    dither: Dither,
    planes: Planes,
    weights: String,
}

/// The operation on an image.
enum Way {
    /// Restoration.
    Restore(Box<Method>),
    /// Upscaling.
    Enlarge(Enlargement),
}

/// Side of the image for which multiply-adds are counted.
pub const SIDE: usize = 256;

impl Contender {
    /// The degraded images as a row, upscaled where clean ones are larger.
    pub fn input(scale: usize) -> Self {
        let row = RecipeRow {
            name: if scale == 1 { "(input)" } else { "(input, bicubic)" }.to_owned(),
            method: None,
            settings: Vec::new(),
            best: None,
            depth: unband::OutputDepth::Keep,
            dither: unband::Dither::None,
            planes: Planes::Rgb,
            weights: None,
            train: None,
            network: None,
            published: BTreeMap::new(),
        };
        Self { row, runs: Runs::Input, best: None, network: None, untrained: false }
    }

    /// Reads a row of the recipe; `measures` are the metrics of its columns.
    ///
    /// # Errors
    /// Invalid names and settings. A missing or unreadable checkpoint is not an error: the row reports it.
    pub fn new(row: RecipeRow, metrics: &[&'static Metric], scale: usize) -> Result<Self, Failure> {
        let about = |failure: Failure| Failure {
            message: format!("row `{}`: {}", row.name, failure.message),
            ..failure
        };
        let usage = |message: String, hint: &str| about(Failure::usage(message, hint));
        let best = match &row.best {
            None if row.settings.len() > 1 => {
                return Err(usage(
                    "several `settings` but no `best`".into(),
                    "name the metric that chooses: best = \"psnr\"",
                ));
            }
            None => None,
            Some(name) => Some(*metrics.iter().find(|metric| metric.name == name).ok_or_else(|| {
                usage(format!("`{name}` is not among the table's metrics"), "`best` must be one of `metrics`")
            })?),
        };
        let runs = if scale == 1 { settings(&row) } else { enlargement(&row, scale) }.map_err(about)?;
        let network = counts(&row, &runs);
        Ok(Self { row, runs, best, network, untrained: false })
    }

    /// Gives a network without a checkpoint an untrained one, written to this folder.
    ///
    /// # Errors
    /// As [`untrained::checkpoint`].
    pub fn start(&mut self, folder: &Path) -> Result<(), Failure> {
        let (Runs::Absent(_), Some(text)) = (&self.runs, &self.row.method) else { return Ok(()) };
        let network = self.row.network.as_deref().unwrap_or_else(|| name(text));
        self.row.weights = Some(untrained::checkpoint(network, folder)?);
        self.runs = settings(&self.row)?;
        self.network = counts(&self.row, &self.runs);
        self.untrained = true;
        Ok(())
    }

    /// Name in tables.
    pub fn shown(&self) -> String {
        let name = &self.row.name;
        if self.untrained { format!("{name}, {}", untrained::MARK) } else { name.clone() }
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
        let better = self.best.map_or(Better::Higher, |metric| metric.better);
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

fn settings(row: &RecipeRow) -> Result<Runs, Failure> {
    let Some(text) = &row.method else { return Ok(Runs::Nothing) };
    let name = name(text);
    let mut given = None;
    if is_network(name) {
        let file = row.weights.as_deref().and_then(|file| file_named(file).ok());
        // The automatic choice must not replace the method that was asked for.
        if let (Some(named), None) = (&row.weights, &file)
            && built_in(name).is_some()
        {
            return Ok(Runs::Absent(absent(row, named, None)));
        }
        given = file;
    } else if row.weights.is_some() {
        return Err(Failure::usage(
            format!("{name} takes no `weights`"),
            "`unband list methods` shows which methods do",
        ));
    }
    let all = if row.settings.is_empty() { vec![String::new()] } else { row.settings.clone() };
    let mut made = Vec::new();
    for setting in all {
        let joined = match (setting.is_empty(), text.contains(':')) {
            (true, _) => text.clone(),
            (false, false) => format!("{text}:{setting}"),
            (false, true) => format!("{text},{setting}"),
        };
        let options = Options { depth: row.depth, dither: row.dither, ..Options::default() };
        match methods::method(joined, given.as_deref(), &options) {
            Ok(method) => made.push(Setting {
                text: setting,
                depth: row.depth,
                dither: row.dither,
                planes: row.planes,
                weights: of_weights(&method)?,
                way: Way::Restore(Box::new(method)),
            }),
            Err(failure) if is_network(name) => {
                let why = missing(row, given.as_deref(), failure);
                return Ok(if has_file(text, given.as_deref()) {
                    Runs::Missing(why)
                } else {
                    Runs::Absent(why)
                });
            }
            Err(failure) => return Err(failure),
        }
    }
    Ok(Runs::Settings(made))
}

/// The same for a table with a scale.
fn enlargement(row: &RecipeRow, scale: usize) -> Result<Runs, Failure> {
    let Some(text) = &row.method else { return Ok(Runs::Nothing) };
    if !row.settings.is_empty() || row.planes != Planes::Rgb {
        let key = if row.settings.is_empty() { "planes" } else { "settings" };
        return Err(Failure::usage(
            format!("`{key}` is not allowed for upscaling methods"),
            "remove it, or the table's `scale`",
        ));
    }
    if let Some(file) = row.weights.as_deref().filter(|file| file_named(file).is_err()) {
        return Ok(Runs::Absent(absent(row, file, None)));
    }
    let way = Enlargement::new(text, row, scale)?;
    let (text, weights) = (format!("{text} ×{scale}"), way.weights()?);
    let (depth, dither, planes) = (row.depth, row.dither, row.planes);
    Ok(Runs::Settings(vec![Setting { text, way: Way::Enlarge(way), depth, dither, planes, weights }]))
}

/// The file, or the file of the imported model with that name.
///
/// # Errors
/// Neither.
pub fn file_named(named: &Path) -> Result<PathBuf, models::ModelsError> {
    models::file_named(named, models::folder().as_deref())
}

/// The method's name, without its settings.
fn name(text: &str) -> &str {
    text.split_once(':').map_or(text, |(name, _)| name)
}

/// Does the network have a checkpoint: in its row, in one of its settings, or imported?
fn has_file(text: &str, given: Option<&Path>) -> bool {
    let Ok(mut method) = unband::parse_method(text) else {
        return false;
    };
    // Several imported ones also suffice.
    given.is_some()
        || models::settle(&mut method, models::folder().as_deref()).is_err()
        || method.is_given(WEIGHTS)
}

/// Why a network does not run, and the training that makes its checkpoint.
fn missing(row: &RecipeRow, given: Option<&Path>, failure: Failure) -> Failure {
    let Some(file) = row.weights.as_deref().filter(|_| given.is_none()) else { return failure };
    absent(row, file, failure.hint)
}

/// A missing checkpoint and the training that makes it; `hint` where there is none.
fn absent(row: &RecipeRow, file: &Path, hint: Option<String>) -> Failure {
    let made = row.train.as_ref().map(|recipe| format!("`unband train {recipe}` makes it"));
    Failure { subject: None, message: format!("{} does not exist", file.display()), hint: made.or(hint) }
}

/// Hash of the checkpoint; empty without one.
fn of_weights(method: &Method) -> Result<String, Failure> {
    let Some(method) = method.options.method.named() else { return Ok(String::new()) };
    match networks::checkpoint(method)? {
        Some(file) => sum_of(&file),
        None => Ok(built_in(method.name()).map(of_bytes).unwrap_or_default()),
    }
}

/// Hash of a checkpoint file.
pub fn sum_of(file: &Path) -> Result<String, Failure> {
    let source = checkpoint::load(file).map_err(|error| Failure::of(file.display().to_string(), &error))?;
    Ok(source.sha256())
}

/// Parameters in millions and multiply-adds in thousand millions, of the checkpoint or else of the
/// configuration.
fn counts(row: &RecipeRow, runs: &Runs) -> Option<(f64, f64)> {
    if let Runs::Settings(settings) = runs
        && let Some(Setting { way: Way::Enlarge(way), .. }) = settings.first()
    {
        return of_graph(way.graph()?);
    }
    let file = match runs {
        Runs::Settings(settings) => settings.first().and_then(Setting::checkpoint),
        _ => None,
    };
    let name = name(row.method.as_deref()?);
    let what = match file {
        Some(file) => network::Source::File(file),
        None if is_network(name) => network::source(row.network.as_deref().unwrap_or(name)).ok()?,
        None => return None,
    };
    of_graph(&network::graph(&what).ok()?)
}

fn of_graph(graph: &unband_nets::Graph) -> Option<(f64, f64)> {
    Some((graph.parameter_count() as f64 / 1e6, graph.multiply_adds(SIDE, SIDE).ok()? as f64 / 1e9))
}

impl Setting {
    /// Everything its results depend on besides the image, as text.
    pub fn key(&self) -> String {
        let method = match &self.way {
            Way::Restore(method) => &method.text,
            Way::Enlarge(_) => &self.text,
        };
        let planes = format!("{:?}", self.planes);
        sha256(&[method, &self.depth.to_string(), self.dither.word(), &planes, &self.weights])
    }

    fn checkpoint(&self) -> Option<PathBuf> {
        let Way::Restore(method) = &self.way else { return None };
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
            Way::Restore(method) => method,
            Way::Enlarge(way) => {
                let start = Instant::now();
                let larger = way.run(input, ctx)?;
                return Ok((larger, start.elapsed().as_secs_f64()));
            }
        };
        let video = self.planes == Planes::Yuv420p;
        let picture = if video { yuv420p(input)? } else { input.clone() };
        let options = &method.options;
        let known: Option<Findings> = (!options.method.is_ours()).then(|| unband::inspect(&picture, ctx));
        let start = Instant::now();
        let done = match known {
            Some(findings) => unband::deband_found(picture, findings, options, ctx),
            None => unband::deband_with(picture, options, ctx),
        };
        let seconds = start.elapsed().as_secs_f64();
        let (mut result, _) = done.map_err(|error| error.to_string())?;
        if video {
            result = result.into_rgb(ctx).map_err(|error| error.to_string())?;
            rounded(&mut result, Depth::EIGHT);
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
