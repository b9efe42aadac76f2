//! Networks that nobody trained yet, with numbers to run them all the same.

use std::fs;
use std::path::{Path, PathBuf};

use unband_nets::checkpoint::write_safetensors;
use unband_nets::state::init::{self, Init};

use super::super::models::export;
use crate::interrupt::Busy;
use crate::talk::Failure;

/// What stands behind the names of their rows.
pub const MARK: &str = "untrained";

/// What readers are told of such rows.
pub const NOTE: &str = "Untrained: PyTorch's default initialisation, seed 0. Costs are those of the network; what it makes of \
                        images says nothing.";

const SEED: u64 = 0;

/// Writes the checkpoint of a network, `NAME` or `NAME:VARIANT`, as PyTorch starts it: the same bytes each time.
///
/// # Errors
/// A name that is none; what the system refuses.
pub fn checkpoint(network: &str, folder: &Path) -> Result<PathBuf, Failure> {
    let what = export::source(network).map_err(|what| Failure::at(network.to_owned(), what, None))?;
    let state = init::state(&export::graph(&what)?, &Init::default(), SEED);
    let file = folder.join(format!("{}.safetensors", network.replace(':', "-")));
    let fail = |what: String, hint| Failure::at(file.display().to_string(), what, hint);
    fs::create_dir_all(folder).map_err(|error| fail(crate::inputs::reason(&error), None))?;
    let facts = [(MARK.to_owned(), format!("PyTorch's default initialisation, seed {SEED}"))];
    let _busy = Busy::begin();
    unband_io::write_bytes(&write_safetensors(&state, &facts), &file, true)
        .map_err(|error| fail(error.to_string(), error.hint()))?;
    Ok(file)
}
