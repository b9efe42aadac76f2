//! Networks by name or by checkpoint.

use std::fmt;
use std::path::{Path, PathBuf};

use unband_nets::Graph;
use unband_nets::arch;
use unband_nets::checkpoint;

use super::ModelsError;

/// A network, by name or by checkpoint.
#[derive(Clone, Debug)]
pub enum NetworkSource {
    /// A network by its name, `NAME` or `NAME:VARIANT`.
    Network(String),
    /// A checkpoint, which determines its network.
    File(PathBuf),
}

/// A name without a network.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{what}")]
#[non_exhaustive]
pub struct NoVariant {
    /// The reason, and the variants.
    pub what: String,
}

impl fmt::Display for NetworkSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Network(name) => f.write_str(name),
            Self::File(path) => path.display().fmt(f),
        }
    }
}

impl NetworkSource {
    /// Reads a name or a file; names have priority.
    ///
    /// # Errors
    /// A variant that the network does not have.
    pub fn parse(text: &str) -> Result<Self, NoVariant> {
        let base = text.split_once(':').map_or(text, |(base, _)| base);
        let Some(architecture) = arch::find(base) else { return Ok(Self::File(text.into())) };
        if let Some(built) = arch::build(text) {
            return built
                .map(|_| Self::Network(text.to_owned()))
                .map_err(|error| NoVariant { what: error.to_string() });
        }
        let variants: Vec<&str> = architecture.variants.iter().map(|variant| variant.name).collect();
        let known = if variants.is_empty() { "none".to_owned() } else { variants.join(", ") };
        Err(NoVariant { what: format!("variants of {base}: {known}") })
    }

    /// The network without weights; `folder` holds imported models.
    ///
    /// # Errors
    /// Unreadable files and files without a network.
    pub fn graph(&self, folder: Option<&Path>) -> Result<Graph, ModelsError> {
        let file = match self {
            Self::Network(name) => match arch::build(name) {
                Some(Ok(graph)) => return Ok(graph),
                _ => Path::new(name),
            },
            Self::File(file) => file,
        };
        // If it is neither a file nor a model, the error is that of a missing file.
        let path = super::file_named(file, folder).unwrap_or_else(|_| file.to_path_buf());
        let read =
            checkpoint::open(&path).map_err(|error| ModelsError::Read { path: path.clone(), error })?;
        let network =
            read.network().map_err(|error| ModelsError::Network { path, error: Box::new(error) })?;
        Ok(network.graph)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_come_before_files() {
        let source = NetworkSource::parse;
        assert!(
            matches!(source("bdinn:inverse"), Ok(NetworkSource::Network(name)) if name == "bdinn:inverse")
        );
        assert!(matches!(source("./adnet"), Ok(NetworkSource::File(_))));
        assert!(matches!(source("C:\\mine.pth"), Ok(NetworkSource::File(_))));
        assert!(source("bdinn:nothing").is_err_and(|error| error.what.contains("inverse, unet")));
        assert!(source("dbi:x").is_err_and(|error| error.what == "variants of dbi: none"));
    }
}
