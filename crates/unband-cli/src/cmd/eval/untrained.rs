//! Checkpoints of untrained networks, for measuring cost.

use std::fs;
use std::path::{Path, PathBuf};
use unband_image::Hint;

use unband_nets::checkpoint::write_safetensors;
use unband_nets::state::init::{self, Init};

use crate::interrupt::Busy;
use crate::network;
use crate::talk::Failure;

/// Suffix of their row names.
pub const MARK: &str = "untrained";

/// Note for readers of such tables.
pub const NOTE: &str = "Untrained: PyTorch's default initialisation, seed 0. The costs are valid, the image quality is \
                        not meaningful.";

const SEED: u64 = 0;

/// Writes the checkpoint of a network, `NAME` or `NAME:VARIANT`, with PyTorch's default initialisation: the
/// same bytes each time.
///
/// # Errors
/// An unknown name; I/O errors.
pub fn checkpoint(name: &str, folder: &Path) -> Result<PathBuf, Failure> {
    let what = network::source(name).map_err(|what| Failure::at(name.to_owned(), what, None))?;
    let state = init::state(&network::graph(&what)?, &Init::default(), SEED);
    let file = folder.join(format!("{}.safetensors", name.replace(':', "-")));
    let fail = |what: String, hint| Failure::at(file.display().to_string(), what, hint);
    fs::create_dir_all(folder).map_err(|error| fail(crate::inputs::reason(&error), None))?;
    let facts = [(MARK.to_owned(), format!("PyTorch's default initialisation, seed {SEED}"))];
    let _busy = Busy::begin();
    unband_io::write_bytes(&write_safetensors(&state, &facts), &file, true)
        .map_err(|error| fail(error.to_string(), error.hint()))?;
    Ok(file)
}
