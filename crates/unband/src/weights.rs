//! Source of a network's weights.

use std::path::PathBuf;

use unband_image::{ParamError, ParamKind, ParamValue};
use unband_infer::models;

/// Weights of a network.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Weights {
    /// Those of the program; only its own networks have them.
    #[default]
    BuiltIn,
    /// A checkpoint in any format that unband reads.
    File(PathBuf),
    /// A model in the folder of imported models, by name.
    Imported(String),
}

impl Weights {
    /// No file; for networks without built-in weights.
    pub const NONE: Self = Self::BuiltIn;

    /// The checkpoint; `None` for built-in weights.
    ///
    /// # Errors
    /// An imported model on a system without a folder for models.
    pub fn file(&self) -> Result<Option<PathBuf>, ParamError> {
        match self {
            Self::BuiltIn => Ok(None),
            Self::File(path) => Ok(Some(path.clone())),
            Self::Imported(name) => {
                let folder = models::folder().ok_or_else(|| ParamError::File {
                    path: name.clone(),
                    what: "there is no folder of imported models".to_owned(),
                    hint: Some("name the weights file itself".to_owned()),
                })?;
                Ok(Some(models::file(&folder, name)))
            }
        }
    }
}

impl ParamValue for Weights {
    const KIND: ParamKind = ParamKind::File;

    /// A path. Programs replace those that name an imported model.
    fn parse(text: &str) -> Option<Self> {
        PathBuf::parse(text).map(Self::File)
    }

    fn show(&self) -> String {
        match self {
            Self::BuiltIn => String::new(),
            Self::File(path) => path.show(),
            Self::Imported(name) => name.clone(),
        }
    }
}
