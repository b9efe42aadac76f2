//! Errors of tables, with hints.

use std::path::PathBuf;

use unband_data::recipe::RecipeError;
use unband_data::{DegradationRecipeError, DegradeError, FIXED_DEGRADATIONS};
use unband_image::{Hint, ImageError, Resampling};
use unband_nets::arch::ARCHITECTURES;
use unband_nets::checkpoint::CheckpointError;
use unband_recipes::TABLES;

use super::method::NamedMethodError;
use super::recipe::CostColumn;
use crate::metrics::{self, MetricsError};
use crate::models::{ModelsError, NoVariant};

/// Why a table cannot be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EvaluateError {
    /// A file or a folder.
    #[error("{}", crate::inputs::about(name, fault))]
    File {
        /// Its name.
        name: String,
        /// The fault.
        fault: Box<EvaluateFault>,
    },
    /// Another error of a recipe.
    #[error(transparent)]
    Recipe(RecipeError),
    /// The table has no row of that name.
    #[error("there is no row `{name}`")]
    UnknownRow {
        /// The name given.
        name: String,
        /// Names of the rows.
        rows: Vec<String>,
    },
    /// Two rows have the same name.
    #[error("two rows have the name `{name}`")]
    SameRow {
        /// The name.
        name: String,
    },
    /// A row cannot run.
    #[error("row `{row}`: {fault}")]
    Row {
        /// Its name.
        row: String,
        /// The fault.
        fault: Box<EvaluateError>,
    },
    /// The settings of a row.
    #[error(transparent)]
    Setting(#[from] RowFault),
    /// A published value has no column.
    #[error("row `{row}` has a published `{key}`, but the table has no such column")]
    Published {
        /// The row.
        row: String,
        /// The name given.
        key: String,
    },
    /// There is no metric of that name.
    #[error("there is no metric `{name}`")]
    UnknownMetric {
        /// The name given.
        name: String,
    },
    /// Two degradations have the same name.
    #[error("two degradations have the name `{name}`")]
    SameDegradation {
        /// The name.
        name: String,
    },
    /// A table of clean images without degradations.
    #[error("the table names no `degradations`")]
    NoDegradation,
    /// A degradation that cannot be used.
    #[error("{}", degradation(name, error))]
    Degradation {
        /// The name given.
        name: String,
        /// The fault.
        error: Box<DegradationRecipeError>,
    },
    /// A degradation of another scale than the table.
    #[error("`{name}` makes images {has} times smaller")]
    OtherScale {
        /// The name given.
        name: String,
        /// Its scale.
        has: usize,
        /// The table's scale.
        scale: usize,
    },
    /// Checkpoints of untrained networks need a folder.
    #[error("untrained networks need an output folder")]
    NoFolder,
    /// Images cannot be compared.
    #[error(transparent)]
    Metrics(Box<MetricsError>),
    /// A method cannot run.
    #[error(transparent)]
    Method(Box<NamedMethodError>),
    /// Weights are missing.
    #[error(transparent)]
    Models(Box<ModelsError>),
    /// An upscaling network cannot run.
    #[error(transparent)]
    Upscale(Box<crate::Error>),
    /// The caller cancelled.
    #[error("interrupted")]
    Cancelled,
}

impl From<NamedMethodError> for EvaluateError {
    fn from(error: NamedMethodError) -> Self {
        Self::Method(Box::new(error))
    }
}

impl From<ModelsError> for EvaluateError {
    fn from(error: ModelsError) -> Self {
        Self::Models(Box::new(error))
    }
}

impl From<crate::Error> for EvaluateError {
    fn from(error: crate::Error) -> Self {
        Self::Upscale(Box::new(error))
    }
}

fn degradation(name: &str, error: &DegradationRecipeError) -> String {
    match error {
        DegradationRecipeError::Unknown { .. } => format!("unknown degradation `{name}`"),
        error => error.to_string(),
    }
}

/// A fault of a row's settings.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RowFault {
    /// No metric chooses among the settings.
    #[error("several `settings` but no `best`")]
    NoBest,
    /// The metric that chooses is not one of the table's.
    #[error("`{metric}` is not among the table's metrics")]
    OtherBest {
        /// The name given.
        metric: String,
    },
    /// The method takes no weights.
    #[error("{method} takes no `weights`")]
    NoWeights {
        /// The method.
        method: String,
        /// Does the table have a scale?
        scaled: bool,
    },
    /// The method does not upscale.
    #[error("`{method}` does not upscale")]
    DoesNotUpscale {
        /// The method.
        method: String,
    },
    /// A key that upscaling methods do not have.
    #[error("`{key}` is not allowed for upscaling methods")]
    NotForUpscaling {
        /// The key.
        key: &'static str,
    },
    /// The checkpoint does not exist.
    #[error("{} does not exist", file.display())]
    NoCheckpoint {
        /// The file.
        file: PathBuf,
        /// The training that makes it.
        hint: Option<String>,
    },
}

/// A fault of a file or a folder of a table.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EvaluateFault {
    /// The recipe cannot be read.
    #[error("{}", unband_io::reason(source))]
    NoRecipe {
        /// The error of the system.
        source: std::io::Error,
    },
    /// The recipe is not valid TOML.
    #[error("{what}")]
    Toml {
        /// Line and reason.
        what: String,
    },
    /// A key of the recipe is unknown, missing or has an invalid value.
    #[error("at `{key}`: {what}")]
    Key {
        /// Path of the key.
        key: String,
        /// The fault and the allowed values.
        what: String,
    },
    /// The folder has no pairs.
    #[error("no pairs in `lq` and `gt` of this folder")]
    NoPairs,
    /// The folder has no images.
    #[error("no images in this folder")]
    NoImages,
    /// The folder of clean images does not exist.
    #[error("no such folder")]
    NoFolder,
    /// The folder of results is a file.
    #[error("is not a folder")]
    NotFolder,
    /// The folder of results has other contents.
    #[error("is not empty and holds no earlier run")]
    NotEmpty,
    /// Two images differ in size or colour model.
    #[error(transparent)]
    Unlike(metrics::FileFault),
    /// The image cannot be degraded.
    #[error("{degradation}: {error}")]
    Degrade {
        /// The degradation.
        degradation: String,
        /// The fault.
        error: DegradeError,
    },
    /// Its colours cannot be converted.
    #[error(transparent)]
    Image(#[from] ImageError),
    /// A variant that the network does not have.
    #[error(transparent)]
    NoVariant(NoVariant),
    /// Neither a network nor a file.
    #[error("{}", unband_io::reason(source))]
    NoNetwork {
        /// The error of the system.
        source: std::io::Error,
    },
    /// The checkpoint cannot be read.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// A folder cannot be created.
    #[error("{}", unband_io::reason(source))]
    Folder {
        /// The error of the system.
        source: std::io::Error,
    },
    /// The folder of results cannot be created.
    #[error("{}", unband_io::reason(source))]
    OutputFolder {
        /// The error of the system.
        source: std::io::Error,
    },
    /// A result that cannot be written as JSON.
    #[error(transparent)]
    Json(#[from] serde_json::Error),
    /// It cannot be read or written.
    #[error(transparent)]
    Io(#[from] unband_io::Error),
}

impl EvaluateFault {
    pub(super) fn of(self, name: impl Into<String>) -> EvaluateError {
        EvaluateError::File { name: name.into(), fault: Box::new(self) }
    }
}

impl Hint for EvaluateError {
    fn hint(&self) -> Option<String> {
        Some(match self {
            Self::File { fault, .. } => return fault.hint(),
            Self::Row { fault, .. } => return fault.hint(),
            Self::Setting(fault) => return fault.hint(),
            Self::Method(error) => return error.hint(),
            Self::Models(error) => return error.hint(),
            Self::Upscale(error) => return error.hint(),
            Self::Metrics(error) => return error.hint(),
            Self::Degradation { error, .. } if matches!(**error, DegradationRecipeError::Unknown { .. }) => {
                let causes: Vec<&str> = FIXED_DEGRADATIONS.iter().map(|cause| cause.name).collect();
                format!("the degradations are {}; {}", causes.join(", "), error.hint().unwrap_or_default())
            }
            Self::Degradation { error, .. } => return error.hint(),
            Self::UnknownRow { rows, .. } => format!("the rows are {}", rows.join(", ")),
            Self::SameRow { .. } => "give each its own name".to_owned(),
            Self::Published { .. } => {
                let costs = CostColumn::ALL.map(CostColumn::name);
                format!("`unband list metrics` shows the metrics; costs are {}", costs.join(", "))
            }
            Self::UnknownMetric { .. } => "`unband list metrics` shows all".to_owned(),
            Self::SameDegradation { .. } => "name each once; a recipe has the name of its file".to_owned(),
            Self::NoDegradation => {
                "name degradations or recipes: degradations = [\"rgb-6\", \"codecs\"]".to_owned()
            }
            Self::OtherScale { scale, .. } => {
                format!("use a recipe with `scale = {scale}`, or set the table's `scale` to this recipe's")
            }
            Self::NoFolder => "name one for the checkpoints".to_owned(),
            Self::Recipe(_) | Self::Cancelled => return None,
        })
    }
}

impl Hint for RowFault {
    fn hint(&self) -> Option<String> {
        Some(match self {
            Self::NoBest => "name the metric that chooses: best = \"psnr\"".to_owned(),
            Self::OtherBest { .. } => "`best` must be one of `metrics`".to_owned(),
            Self::NoWeights { scaled: false, .. } => {
                "`unband list methods` shows which methods do".to_owned()
            }
            Self::NoWeights { scaled: true, .. } => {
                "in tables with a scale, only `upscale` takes weights; the other methods are interpolation"
                    .to_owned()
            }
            Self::DoesNotUpscale { .. } => {
                let words: Vec<&str> = Resampling::ALL.iter().map(|way| way.as_str()).collect();
                format!("methods of tables with a scale are `upscale` and {}", words.join(", "))
            }
            Self::NotForUpscaling { .. } => "remove it, or the table's `scale`".to_owned(),
            Self::NoCheckpoint { hint, .. } => return hint.clone(),
        })
    }
}

impl Hint for EvaluateFault {
    fn hint(&self) -> Option<String> {
        Some(match self {
            Self::NoRecipe { .. } => format!(
                "name a file, or a built-in table: {}; `--small` needs small.toml next to the file",
                unband_recipes::names(TABLES)
            ),
            Self::Key { .. } => "`unband eval --help` shows a table, docs/guide/evaluation.md all keys".to_owned(),
            Self::OutputFolder { .. } => "write to another folder with `--out`".to_owned(),
            Self::NoPairs => {
                "`unband dataset kapoor ROOT -o data/fhd --as bdinn` makes them; `--small --data FOLDER` makes some from clean images; `--data` names another folder"
                    .to_owned()
            }
            Self::NoImages | Self::NoFolder => "name a folder of clean images with `--data`".to_owned(),
            Self::NotFolder | Self::NotEmpty => {
                "name an empty folder with `--out`, or one of an earlier run".to_owned()
            }
            Self::Unlike(fault) => return fault.hint(),
            Self::Degrade { error, .. } if error.is_missing_program() => {
                "install it, or remove the degradation from the table".to_owned()
            }
            Self::NoNetwork { .. } => {
                let names: Vec<&str> = ARCHITECTURES.iter().map(|a| a.name).collect();
                format!("the networks are {}", names.join(", "))
            }
            Self::Io(error) => return error.hint(),
            Self::Checkpoint(error) => return error.hint(),
            Self::Toml { .. }
            | Self::Json(_)
            | Self::Degrade { .. }
            | Self::Image(_)
            | Self::NoVariant(_)
            | Self::Folder { .. } => return None,
        })
    }
}
