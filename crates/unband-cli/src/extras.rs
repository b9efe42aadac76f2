//! Checks of outputs besides the results: maps, pages, drawings. They replace neither inputs nor results.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use unband::files::Naming;

use crate::inputs::Input;
use crate::outputs::{Target, place};
use crate::reporter::Failure;

/// The files that must not be replaced, even with `--overwrite`.
pub(crate) struct Inputs(HashSet<PathBuf>);

impl Inputs {
    /// The inputs of a command.
    pub(crate) fn from_paths<P: AsRef<Path>>(inputs: impl IntoIterator<Item = P>) -> Self {
        Self(inputs.into_iter().map(|input| place(input.as_ref())).collect())
    }

    /// Refuses an output that is one of them.
    ///
    /// # Errors
    /// If it is.
    pub(crate) fn keep_from(&self, output: &Path) -> Result<(), Failure> {
        if !self.0.contains(&place(output)) {
            return Ok(());
        }
        let hint = "write to another name".to_owned();
        Err(Failure::at(output.display().to_string(), "is one of the inputs".to_owned(), Some(hint)))
    }
}

/// Refuses an output that may be the result of one of the inputs.
///
/// # Errors
/// If it may.
pub(crate) fn not_a_result(
    output: &Path,
    inputs: &[Input],
    targets: &[Target],
    naming: Naming,
) -> Result<(), Failure> {
    let there = place(output);
    for (input, target) in inputs.iter().zip(targets) {
        if target.possible(input, naming).iter().any(|path| place(path) == there) {
            let message = format!("would replace the result of {}", input.shown());
            let hint = "write to another name".to_owned();
            return Err(Failure::at(output.display().to_string(), message, Some(hint)));
        }
    }
    Ok(())
}
