//! What can be wrong with a mix.

use std::path::PathBuf;

use super::Shipped;

/// Why a mix cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MixError {
    /// Neither a name nor a file.
    #[error("there is no mix `{name}`")]
    Unknown {
        /// What was given.
        name: String,
    },
    /// The degraded side is smaller than the clean one, where both are to have one size.
    #[error("the mix `{name}` makes the degraded side {scale} times smaller, here both sides need one size")]
    Scaled {
        /// The mix.
        name: String,
        /// Its scale.
        scale: usize,
    },
    /// The file cannot be read.
    #[error("{}: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The file is no TOML.
    #[error("{file}: {message}")]
    Syntax {
        /// The file.
        file: String,
        /// Where and what.
        message: String,
    },
    /// The value of a key cannot be used.
    #[error("{file}: `{key}`: {what}")]
    Key {
        /// The file.
        file: String,
        /// Path of the key, `degrade[2].one-of[0].bits`.
        key: String,
        /// What is wrong, and what is allowed.
        what: String,
    },
}

impl MixError {
    /// What to do about it, if that can be said.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Unknown { .. } => {
                let names = Shipped::names();
                Some(format!("the mixes are {names}; anything else is the path of a TOML file"))
            }
            Self::Scaled { .. } => {
                Some("take a mix without `scale`, or make pairs with `unband degrade --pairs`".to_owned())
            }
            _ => None,
        }
    }
}
