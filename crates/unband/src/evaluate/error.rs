//! Errors of tables, with hints.

use unband_data::recipe::RecipeError;
use unband_image::Hint;
use unband_recipes::TABLES;

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
        fault: FileFault,
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
}

/// A fault of a file or a folder of a table.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FileFault {
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

impl FileFault {
    pub(super) fn of(self, name: impl Into<String>) -> EvaluateError {
        EvaluateError::File { name: name.into(), fault: self }
    }
}

impl Hint for EvaluateError {
    fn hint(&self) -> Option<String> {
        match self {
            Self::File { fault, .. } => fault.hint(),
            Self::Recipe(_) => None,
            Self::UnknownRow { rows, .. } => Some(format!("the rows are {}", rows.join(", "))),
        }
    }
}

impl Hint for FileFault {
    fn hint(&self) -> Option<String> {
        Some(match self {
            Self::NoRecipe { .. } => format!(
                "name a file, or a built-in table: {}; `--small` needs small.toml next to the file",
                unband_recipes::names(TABLES)
            ),
            Self::Key { .. } => "`unband eval --help` shows a table, docs/evaluation.md all keys".to_owned(),
            Self::OutputFolder { .. } => "write to another folder with `--out`".to_owned(),
            Self::Io(error) => return error.hint(),
            Self::Toml { .. } | Self::Json(_) => return None,
        })
    }
}
