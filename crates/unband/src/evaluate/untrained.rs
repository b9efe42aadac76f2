//! Checkpoints of untrained networks, for measuring cost.

use std::fs;
use std::path::{Path, PathBuf};

use unband_nets::checkpoint::{CheckpointError, write_safetensors};
use unband_nets::state::init::{self, Init};

use super::{EvaluateError, EvaluateFault};
use crate::models::{ModelsError, NetworkSource};

/// Suffix of their row names.
pub const UNTRAINED: &str = "untrained";

/// Note for readers of such tables.
pub(super) const NOTE: &str = "Untrained: PyTorch's default initialisation, seed 0. The costs are valid, the image quality is \
                        not meaningful.";

const SEED: u64 = 0;

/// Writes the checkpoint of a network, `NAME` or `NAME:VARIANT`, with PyTorch's default initialisation: the
/// same bytes each time.
///
/// # Errors
/// An unknown name; I/O errors.
pub(super) fn checkpoint(name: &str, folder: &Path, models: Option<&Path>) -> Result<PathBuf, EvaluateError> {
    let what = NetworkSource::parse(name).map_err(|error| EvaluateFault::NoVariant(error).of(name))?;
    let graph = what.graph(models).map_err(unread)?;
    let state = init::state(&graph, &Init::default(), SEED);
    let file = folder.join(format!("{}.safetensors", name.replace(':', "-")));
    let fail = |fault: EvaluateFault| fault.of(file.display().to_string());
    fs::create_dir_all(folder).map_err(|source| fail(EvaluateFault::Folder { source }))?;
    let facts = [(UNTRAINED.to_owned(), format!("PyTorch's default initialisation, seed {SEED}"))];
    unband_io::write_bytes(&write_safetensors(&state, &facts), &file, true)
        .map_err(|error| fail(error.into()))?;
    Ok(file)
}

/// A name that is neither a network nor a file.
fn unread(error: ModelsError) -> EvaluateError {
    match error {
        ModelsError::Read { path, error: CheckpointError::Io { source, .. } } if !path.exists() => {
            EvaluateFault::NoNetwork { source }.of(path.display().to_string())
        }
        error => error.into(),
    }
}
