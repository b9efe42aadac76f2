//! Table definitions in TOML, with unknown keys refused.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use toml::Table;
use unband_data::recipe::{self, RecipeError};
use unband_image::ParamValue;
use unband_recipes::TABLES;

use super::checkpoints::Roots;
use super::{EvaluateError, EvaluateFault};
use crate::{Dither, OutputDepth};

/// A whole table. Keys are spelled with hyphens in TOML, as in training recipes.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[non_exhaustive]
pub struct Recipe {
    /// The table's title.
    pub title: String,
    /// Remarks for readers.
    #[serde(default)]
    pub notes: Vec<String>,
    /// Seed of the degradations.
    #[serde(default)]
    pub seed: u64,
    /// Names of metrics, in the order of the columns.
    pub metrics: Vec<String>,
    /// Costs of the methods, as further columns.
    #[serde(default)]
    pub costs: Vec<CostColumn>,
    /// Treatment of networks without a checkpoint.
    #[serde(default)]
    pub weights: WeightsPolicy,
    /// Folder of kept checkpoints: where that of a row is missing, the one named after its folder is used,
    /// `KEPT/bitnet.safetensors` for `runs/bitnet/best.safetensors`. Relative to the current folder, to those
    /// above the recipe, or to the clone that the program was built in.
    #[serde(default)]
    pub kept: Option<PathBuf>,
    /// Size of clean images over that of degraded ones, for upscaling methods; 1 for restoration.
    #[serde(default = "one")]
    pub scale: usize,
    /// Number of images, evenly spread over the names; 0 for all.
    #[serde(default)]
    pub images: usize,
    /// Side of the window of each image, in samples of the clean one: the window with the most smooth area,
    /// with a scale the centre; 0 for whole images.
    #[serde(default)]
    pub crop: usize,
    /// Images shown on the page.
    #[serde(default)]
    pub page_images: usize,
    /// Source of the images.
    pub data: Data,
    /// The rows.
    pub method: Vec<RecipeRow>,
    /// Folders that the names of checkpoints refer to.
    #[serde(skip)]
    pub roots: Roots,
}

/// Source of the images; the same words as in training recipes.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, tag = "kind", rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Data {
    /// A folder with `lq` and `gt`, which hold images of the same names, and of the same sizes apart from the
    /// scale, optionally in one folder per degradation.
    Pairs {
        /// The folder.
        folder: PathBuf,
    },
    /// A folder of clean images, degraded when needed, by each degradation and each recipe.
    Clean {
        /// The folder.
        folder: PathBuf,
        /// Degradations of `unband-data`; recipes by their names or files.
        degradations: Vec<String>,
    },
}

impl Data {
    /// The folder.
    pub fn folder(&self) -> &Path {
        match self {
            Self::Pairs { folder } | Self::Clean { folder, .. } => folder,
        }
    }

    /// Takes the images from another folder.
    pub fn set_folder(&mut self, other: PathBuf) {
        match self {
            Self::Pairs { folder } | Self::Clean { folder, .. } => *folder = other,
        }
    }
}

/// A cost of a method.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum CostColumn {
    /// Wall-clock seconds per image.
    Seconds,
    /// Parameters, in millions.
    Parameters,
    /// Multiply-adds of one pass over 256×256 samples, in thousand millions.
    MultiplyAdds,
}

impl CostColumn {
    /// All costs.
    pub const ALL: [Self; 3] = [Self::Seconds, Self::Parameters, Self::MultiplyAdds];

    /// Name as written in a recipe.
    pub fn name(self) -> &'static str {
        match self {
            Self::Seconds => "seconds",
            Self::Parameters => "parameters",
            Self::MultiplyAdds => "multiply-adds",
        }
    }

    /// Unit, where the name does not contain it.
    pub fn unit(self) -> &'static str {
        match self {
            Self::Seconds => "",
            Self::Parameters => "M",
            Self::MultiplyAdds => "G",
        }
    }
}

/// Treatment of a network without a checkpoint.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum WeightsPolicy {
    /// A row that failed; the exit code reports it.
    #[default]
    Required,
    /// A row that says so, without failure.
    Optional,
    /// PyTorch's default initialisation, and a row that says so.
    Untrained,
}

/// Sample format for a method.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Planes {
    /// RGB, as read.
    #[default]
    Rgb,
    /// 8-bit 4:2:0 of BT.601, limited range, as video is stored; the result is converted back to RGB.
    Yuv420p,
}

/// A row: a method, or published values, or both.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[non_exhaustive]
pub struct RecipeRow {
    /// The row's unique name.
    pub name: String,
    /// `NAME` or `NAME:key=value,…` as for `--method`; without it nothing runs.
    #[serde(default)]
    pub method: Option<String>,
    /// Several `key=value,…`: all are run, and the best becomes the row.
    #[serde(default)]
    pub settings: Vec<String>,
    /// Name of the metric whose mean over all images determines the best setting.
    #[serde(default)]
    pub best: Option<String>,
    /// Bits per sample of the result, as for `--depth`; rounded with `dither`.
    #[serde(default = "eight", deserialize_with = "depth")]
    pub depth: OutputDepth,
    /// Dithering method, as for `--dither`, with the same default; `none` rounds to the nearest, as the
    /// papers' scripts do. A table's own `dither` is the default of its rows.
    #[serde(default, deserialize_with = "dither")]
    pub dither: Option<Dither>,
    /// Sample format of its inputs.
    #[serde(default)]
    pub planes: Planes,
    /// Checkpoint; without it, or if the file is missing, the imported one.
    #[serde(default)]
    pub weights: Option<PathBuf>,
    /// Training recipe that makes the checkpoint.
    #[serde(default)]
    pub train: Option<String>,
    /// Configuration whose parameters and multiply-adds are counted without a checkpoint: `NAME` or
    /// `NAME:VARIANT`.
    #[serde(default)]
    pub network: Option<String>,
    /// Published values by metric or cost, in the units of the table.
    #[serde(default)]
    pub published: BTreeMap<String, f64>,
}

impl RecipeRow {
    /// A row that runs a method, written as for `--method`, with the settings that a table has by default.
    pub fn new(name: impl Into<String>, method: impl Into<String>) -> Self {
        Self { method: Some(method.into()), ..Self::blank(name.into()) }
    }

    /// A row without a method and published values.
    pub(super) fn blank(name: String) -> Self {
        Self {
            name,
            method: None,
            settings: Vec::new(),
            best: None,
            depth: eight(),
            dither: None,
            planes: Planes::Rgb,
            weights: None,
            train: None,
            network: None,
            published: BTreeMap::new(),
        }
    }
}

fn one() -> usize {
    1
}

fn eight() -> OutputDepth {
    OutputDepth::Bits(8)
}

fn depth<'de, D: serde::Deserializer<'de>>(from: D) -> Result<OutputDepth, D::Error> {
    String::deserialize(from)?.parse().map_err(serde::de::Error::custom)
}

fn dither<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Option<Dither>, D::Error> {
    let text = String::deserialize(from)?;
    let all = <Dither as ParamValue>::KIND;
    let found = <Dither as ParamValue>::parse(&text);
    found.map(Some).ok_or_else(|| serde::de::Error::custom(format!("the dithers are {all}")))
}

impl Recipe {
    /// A table of whole images without rows.
    pub fn new(title: impl Into<String>, metrics: &[&str], data: Data) -> Self {
        Self {
            title: title.into(),
            notes: Vec::new(),
            seed: 0,
            metrics: metrics.iter().map(ToString::to_string).collect(),
            costs: Vec::new(),
            weights: WeightsPolicy::default(),
            kept: None,
            scale: one(),
            images: 0,
            crop: 0,
            page_images: 0,
            data,
            method: Vec::new(),
            roots: Roots::from_paths([]),
        }
    }

    /// Reads a recipe, then those whose keys override it: tables are merged key by key, everything else is
    /// replaced.
    ///
    /// # Errors
    /// Unreadable files and invalid TOML; unknown or missing keys, values out of range: with the files, the
    /// key and the allowed values.
    pub fn load(file: &Path, overrides: &[PathBuf]) -> Result<Self, EvaluateError> {
        let roots = Roots::from_paths(overrides.iter().map(PathBuf::as_path).chain([file]));
        let mut table = read(file)?;
        let mut names = file.display().to_string();
        for over in overrides {
            recipe::merge(&mut table, read(over)?);
            names = format!("{names} + {}", over.display());
        }
        Self::typed(table, names, roots)
    }

    /// Parses a recipe; `name` is its name in errors.
    ///
    /// # Errors
    /// As [`load`](Self::load), without files.
    pub fn parse(text: &str, name: &str) -> Result<Self, EvaluateError> {
        Self::typed(recipe::parse(text, name).map_err(failure)?, name.to_owned(), Roots::from_paths([]))
    }

    fn typed(mut table: Table, names: String, roots: Roots) -> Result<Self, EvaluateError> {
        spread_dither(&mut table);
        let recipe = Self { roots, ..recipe::typed(table, &names).map_err(failure)? };
        if (1..=8).contains(&recipe.scale) {
            return Ok(recipe);
        }
        let what = format!("must be in 1..=8, got {}", recipe.scale);
        Err(failure(RecipeError::Key { file: names, key: "scale".to_owned(), what }))
    }

    /// Keeps only the rows of these names (case-insensitive), in the table's order; all if none is named.
    ///
    /// # Errors
    /// A name without a row.
    pub fn keep_only(&mut self, names: &[String]) -> Result<(), EvaluateError> {
        if names.is_empty() {
            return Ok(());
        }
        let is = |row: &RecipeRow, name: &String| row.name.eq_ignore_ascii_case(name);
        if let Some(name) = names.iter().find(|name| !self.method.iter().any(|row| is(row, name))) {
            let rows = self.method.iter().map(|row| row.name.clone()).collect();
            return Err(EvaluateError::UnknownRow { name: name.clone(), rows });
        }
        self.method.retain(|row| names.iter().any(|name| is(row, name)));
        Ok(())
    }
}

/// Reads a file, or a built-in table.
fn read(file: &Path) -> Result<Table, EvaluateError> {
    match unband_recipes::find_unless_file(TABLES, file) {
        Some(own) => recipe::parse(own.text, own.name),
        None => recipe::read(file),
    }
    .map_err(failure)
}

/// Gives the table's `dither` to rows without one.
fn spread_dither(table: &mut Table) {
    let Some(dither) = table.remove("dither") else { return };
    let rows = table.get_mut("method").and_then(toml::Value::as_array_mut);
    for row in rows.into_iter().flatten().filter_map(toml::Value::as_table_mut) {
        row.entry("dither").or_insert_with(|| dither.clone());
    }
}

fn failure(error: RecipeError) -> EvaluateError {
    match error {
        RecipeError::Read { file, source } => EvaluateFault::NoRecipe { source }.of(file),
        RecipeError::Toml { file, what } => {
            EvaluateFault::Toml { what: what.replacen("TOML parse error", "invalid TOML", 1) }.of(file)
        }
        RecipeError::Key { file, key, what } => EvaluateFault::Key { key, what }.of(file),
        other => EvaluateError::Recipe(other),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;
