//! Model files: the folder of imported models, and a cache of engines shared by the images of a batch.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;
use unband_image::Hint;
use unband_image::process::PerProcess;

use unband_nets::arch::{Architecture, Purpose};
use unband_nets::{Convention, checkpoint};
use unband_simd::{Level, Precision};

use crate::Engine;

/// The extension of all models.
pub const EXTENSION: &str = "safetensors";

/// The folder of models: `UNBAND_MODELS`, or one in the platform's data directory. The program passes it on
/// in its [`Context`](unband_image::Context).
pub fn folder() -> Option<PathBuf> {
    match std::env::var_os("UNBAND_MODELS") {
        Some(folder) if !folder.is_empty() => Some(PathBuf::from(folder)),
        _ => Some(dirs::data_dir()?.join("unband").join("models")),
    }
}

/// Path of the model of that name.
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

/// A file from which no engine can be built.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}: {what}", path.display())]
pub struct ModelError {
    /// The file.
    pub path: PathBuf,
    /// The fault.
    pub what: String,
    /// The next action for the user.
    pub hint: Option<String>,
}

/// Identity of a file, without reading it.
#[derive(Clone, Debug, PartialEq)]
struct CachedEngine {
    path: PathBuf,
    bytes: u64,
    changed: Option<SystemTime>,
    name: &'static str,
}

/// Recently used objects, the newest last.
#[derive(Debug)]
pub struct RecentlyUsed<T> {
    most: usize,
    made: Vec<(CachedEngine, Arc<T>)>,
}

impl<T> RecentlyUsed<T> {
    /// With this capacity, at least one.
    pub const fn new(most: usize) -> Self {
        Self { most, made: Vec::new() }
    }
}

/// Builds an object from a file, or returns a recent one of the same file. `name` distinguishes several
/// objects of one file. Other callers wait while it is built.
///
/// # Errors
/// A file that cannot be read, or as `make`.
pub fn shared<T>(
    kept: &Mutex<RecentlyUsed<T>>,
    name: &'static str,
    file: &Path,
    make: impl FnOnce() -> Result<T, ModelError>,
) -> Result<Arc<T>, ModelError> {
    let fault =
        |error: std::io::Error| ModelError { path: file.to_path_buf(), what: error.to_string(), hint: None };
    let meta = std::fs::metadata(file).map_err(fault)?;
    let seen =
        CachedEngine { path: file.to_path_buf(), bytes: meta.len(), changed: meta.modified().ok(), name };
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

/// The number of engines that one run's metrics and methods use side by side; each holds its weights about
/// twice.
static ENGINES: PerProcess<Mutex<RecentlyUsed<Engine>>> = PerProcess::new();
/// Engines with 16-bit products.
static HALF: PerProcess<Mutex<RecentlyUsed<Engine>>> = PerProcess::new();

/// The engine of a network with the weights of a file; a recent one of the same file is reused.
///
/// # Errors
/// A file that cannot be read, that is not a checkpoint, or that holds another network.
pub fn engine(
    architecture: &'static Architecture,
    file: &Path,
    precision: Precision,
) -> Result<Arc<Engine>, ModelError> {
    let engines = match precision {
        Precision::F32 => ENGINES.get_or(|| Mutex::new(RecentlyUsed::new(4))),
        Precision::Bf16 => HALF.get_or(|| Mutex::new(RecentlyUsed::new(2))),
    };
    shared(engines, architecture.name, file, || made(architecture, file, precision))
}

/// The fault without the name of its file, with which errors of the system begin.
pub fn without_name(file: &Path, fault: String) -> String {
    fault.strip_prefix(&format!("{}: ", file.display())).map(str::to_owned).unwrap_or(fault)
}

fn made(
    architecture: &'static Architecture,
    file: &Path,
    precision: Precision,
) -> Result<Engine, ModelError> {
    let fault =
        |what: String, hint| ModelError { path: file.to_path_buf(), what: without_name(file, what), hint };
    let source = checkpoint::load(file).map_err(|error| fault(error.to_string(), error.hint()))?;
    let checkpoint = source.read().map_err(|error| fault(error.to_string(), error.hint()))?;
    let convention = Convention::of_file(&source, &checkpoint.facts);
    drop(source);
    let network = checkpoint.network().map_err(|error| fault(error.to_string(), error.hint()))?;
    if !network.architecture.shares_files_with(architecture) {
        let (got, asked) = (network.architecture.name, architecture.name);
        let debands = |architecture: &Architecture| architecture.use_as.purpose == Purpose::Deband;
        let hint = if debands(architecture) && debands(network.architecture) {
            format!("run it with `--method {got}`")
        } else {
            format!("use weights of {asked}; `unband models info FILE` shows the network of a file")
        };
        return Err(fault(format!("holds the network {got}, not {asked}"), Some(hint)));
    }
    let engine = Engine::with_precision(network.graph, network.weights, Level::best(), precision);
    Ok(engine.with_convention(convention))
}

/// The engine of a network whose weights are embedded in the program.
///
/// # Errors
/// Unreadable weights, as text: a fault of the build.
pub fn built_in(bytes: &[u8], precision: Precision) -> Result<(&'static Architecture, Engine), String> {
    let network = checkpoint::read(bytes).map_err(|error| error.to_string())?;
    let network = network.network().map_err(|error| error.to_string())?;
    let engine = Engine::with_precision(network.graph, network.weights, Level::best(), precision);
    Ok((network.architecture, engine))
}
