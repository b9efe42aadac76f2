//! Networks of files: where imported ones are kept, and engines that images of a batch share.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use unband_nets::arch::{Architecture, Purpose};
use unband_nets::checkpoint;
use unband_simd::{Level, Precision};

use crate::Engine;

/// The extension of all models.
pub const EXTENSION: &str = "safetensors";

/// The folder of models: `UNBAND_MODELS`, or one of the platform's for data of programs. Programs ask for it and hand it on in
/// their [`Context`](unband_image::Context).
pub fn folder() -> Option<PathBuf> {
    match std::env::var_os("UNBAND_MODELS") {
        Some(folder) if !folder.is_empty() => Some(PathBuf::from(folder)),
        _ => Some(dirs::data_dir()?.join("unband").join("models")),
    }
}

/// The file of the model of that name.
pub fn file(folder: &Path, name: &str) -> PathBuf {
    folder.join(format!("{name}.{EXTENSION}"))
}

/// Names of the models in a folder, sorted.
pub fn names(folder: &Path) -> Vec<String> {
    let paths = std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    let name = |path: PathBuf| {
        let ours = path.is_file() && path.extension().is_some_and(|end| end == EXTENSION);
        ours.then(|| path.file_stem().map(|stem| stem.to_string_lossy().into_owned())).flatten()
    };
    let mut names: Vec<String> = paths.filter_map(name).collect();
    names.sort();
    names
}

/// A file that gives no engine.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}: {what}", path.display())]
pub struct ModelError {
    /// The file.
    pub path: PathBuf,
    /// What is wrong with it.
    pub what: String,
    /// What to do about it.
    pub hint: Option<String>,
}

/// What tells one file from another without reading it.
#[derive(Clone, Debug, PartialEq)]
struct Seen {
    path: PathBuf,
    bytes: u64,
    changed: Option<SystemTime>,
    name: &'static str,
}

/// What was made of files lately, the newest at the end.
#[derive(Debug)]
pub struct Kept<T> {
    most: usize,
    made: Vec<(Seen, Arc<T>)>,
}

impl<T> Kept<T> {
    /// Room for so many, one at least.
    pub const fn new(most: usize) -> Self {
        Self { most, made: Vec::new() }
    }
}

/// What is made of a file: what was made of the same file lately is given again. `name` tells apart what is made of one file in
/// several ways. Others wait while it is made.
///
/// # Errors
/// A file that the system does not give, or as `make`.
pub fn shared<T>(
    kept: &Mutex<Kept<T>>,
    name: &'static str,
    file: &Path,
    make: impl FnOnce() -> Result<T, ModelError>,
) -> Result<Arc<T>, ModelError> {
    let fault =
        |error: std::io::Error| ModelError { path: file.to_path_buf(), what: error.to_string(), hint: None };
    let meta = std::fs::metadata(file).map_err(fault)?;
    let seen = Seen { path: file.to_path_buf(), bytes: meta.len(), changed: meta.modified().ok(), name };
    let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
    let known = match kept.made.iter().position(|(known, _)| *known == seen) {
        Some(at) => kept.made.remove(at),
        None => (seen, Arc::new(make()?)),
    };
    let made = Arc::clone(&known.1);
    if kept.made.len() >= kept.most {
        kept.made.remove(0);
    }
    kept.made.push(known);
    Ok(made)
}

/// As many engines as measures and methods of one run use side by side; each holds its numbers about twice.
static ENGINES: Mutex<Kept<Engine>> = Mutex::new(Kept::new(4));
/// Those with products of 16 bits.
static HALF: Mutex<Kept<Engine>> = Mutex::new(Kept::new(2));

/// The engine of a network with the numbers of a file; one that was made from the same file lately is given again.
///
/// # Errors
/// A file that the system does not give, that is no checkpoint, or one of another network.
pub fn engine(
    architecture: &'static Architecture,
    file: &Path,
    precision: Precision,
) -> Result<Arc<Engine>, ModelError> {
    let engines = match precision {
        Precision::F32 => &ENGINES,
        Precision::Bf16 => &HALF,
    };
    shared(engines, architecture.name, file, || made(architecture, file, precision))
}

fn made(
    architecture: &'static Architecture,
    file: &Path,
    precision: Precision,
) -> Result<Engine, ModelError> {
    let fault = |what: String, hint| ModelError { path: file.to_path_buf(), what, hint };
    let checkpoint = checkpoint::open(file).map_err(|error| fault(error.to_string(), error.hint()))?;
    let network = checkpoint.network().map_err(|error| fault(error.to_string(), error.hint()))?;
    if !network.architecture.shares_files_with(architecture) {
        let (got, asked) = (network.architecture.name, architecture.name);
        let debands = |architecture: &Architecture| architecture.use_as.purpose == Purpose::Deband;
        let hint = if debands(architecture) && debands(network.architecture) {
            format!("run it with `--method {got}`")
        } else {
            format!("it takes a file of {asked}; `unband models info FILE` tells what a file holds")
        };
        return Err(fault(format!("holds the network {got}, not {asked}"), Some(hint)));
    }
    Ok(Engine::with_precision(network.graph, network.weights, Level::best(), precision))
}

/// The engine of a network whose numbers are part of the program.
///
/// # Errors
/// Numbers that cannot be read, as text: a fault of the build.
pub fn built_in(bytes: &[u8], precision: Precision) -> Result<(&'static Architecture, Engine), String> {
    let network = checkpoint::read(bytes).map_err(|error| error.to_string())?;
    let network = network.network().map_err(|error| error.to_string())?;
    let engine = Engine::with_precision(network.graph, network.weights, Level::best(), precision);
    Ok((network.architecture, engine))
}
