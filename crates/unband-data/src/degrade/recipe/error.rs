//! Errors of recipes.

use std::path::PathBuf;
use unband_image::Hint;

/// Why a recipe cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DegradationRecipeError {
    /// Neither a built-in recipe nor a file.
    #[error("unknown recipe `{name}`")]
    Unknown {
        /// The given name.
        name: String,
    },
    /// The degraded side is smaller than the clean one, where both need one size.
    #[error(
        "the recipe `{name}` makes the degraded side {scale} times smaller, but both sides need the same size"
    )]
    Scaled {
        /// Name of the recipe.
        name: String,
        /// Scale of the recipe.
        scale: usize,
    },
    /// The file cannot be read.
    #[error("{}: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// The error of the system.
        source: std::io::Error,
    },
    /// The file is not valid TOML.
    #[error("{file}: {message}")]
    Syntax {
        /// The file.
        file: String,
        /// Position and description of the error.
        message: String,
    },
    /// The value of a key is invalid.
    #[error("{file}: `{key}`: {what}")]
    Key {
        /// The file.
        file: String,
        /// Path of the key, `degrade[2].one-of[0].bits`.
        key: String,
        /// The error and the allowed values.
        what: String,
    },
}

impl Hint for DegradationRecipeError {
    fn hint(&self) -> Option<String> {
        match self {
            Self::Unknown { .. } => {
                let names = unband_recipes::names(unband_recipes::DEGRADATION_RECIPES);
                Some(format!("built-in recipes are {names}; any other value is the path of a TOML file"))
            }
            Self::Scaled { .. } => {
                Some("use a recipe without `scale`, or make pairs with `unband degrade --pairs`".to_owned())
            }
            _ => None,
        }
    }
}
