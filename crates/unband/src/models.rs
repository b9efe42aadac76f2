//! Imported models by name, and the default model of each network.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use serde_json::Value;
use unband_filters::RecipeError;
use unband_image::{Entry, Hint, Method, ParamError};
use unband_infer::models;
use unband_nets::arch::{self, Architecture, Purpose};
use unband_nets::checkpoint::{self, CheckpointError, NetworkError};
use unband_nets::state::BindError;
use unband_nets::zoo::{self, Published};

pub use unband_infer::models::{file, folder, names};

mod chosen;
mod source;

pub use chosen::{Chosen, network_names};
pub use source::{NetworkSource, NoVariant};

use crate::Weights;
use crate::networks::{self, WEIGHTS, takes_weights};

/// The metadata key of an imported file that names its network.
pub const NETWORK: &str = "unband.network";

/// The metadata key of an imported file that names its published checkpoint.
pub const PUBLISHED: &str = "unband.published";

/// File next to the models that stores the default model of each network.
const DEFAULTS: &str = "defaults.json";

/// Safetensors headers are a few hundred kilobytes; larger ones are not read for metadata.
const LONGEST_HEADER: u64 = 16 << 20;

/// Why a model cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ModelsError {
    /// Several models of a network, and none is its default.
    #[error("several models of {network} were imported")]
    Several {
        /// The network.
        network: String,
        /// Their names.
        models: Vec<String>,
    },
    /// Neither a file nor an imported model.
    #[error("{}: no such file or imported model", path.display())]
    NotThere {
        /// The name given.
        path: PathBuf,
        /// Names of the imported models.
        known: Vec<String>,
    },
    /// No published model that invents detail was imported.
    #[error("a crisp result needs Real-ESRGAN, which was not imported")]
    NotCrisp,
    /// A file name that cannot be a setting.
    #[error("the name of {} is not Unicode", path.display())]
    Name {
        /// The file.
        path: PathBuf,
    },
    /// The file cannot be read.
    #[error("{}", unread(path, error))]
    Read {
        /// The file.
        path: PathBuf,
        /// The reason.
        error: CheckpointError,
    },
    /// The file holds no known network.
    #[error("{}", about(path, error))]
    Network {
        /// The file.
        path: PathBuf,
        /// The reason.
        error: Box<NetworkError>,
    },
    /// The checkpoint of another network than requested.
    #[error("{}: holds the network {holds}, not {asked}", path.display())]
    OtherNetwork {
        /// The file.
        path: PathBuf,
        /// Its network.
        holds: &'static str,
        /// The requested one.
        asked: &'static str,
    },
    /// The weights do not fit a variant of their network.
    #[error("{}: {error}", path.display())]
    Weights {
        /// The file.
        path: PathBuf,
        /// The reason.
        error: Box<BindError>,
    },
    /// A built-in network cannot be built.
    #[error("{name}: {what}")]
    Program {
        /// The network.
        name: String,
        /// The reason.
        what: String,
    },
    /// A network that does not deband.
    #[error("{}: holds the network {network}, which does not deband", path.display())]
    OtherPurpose {
        /// The file.
        path: PathBuf,
        /// The network.
        network: &'static str,
        /// Does it upscale?
        upscales: bool,
    },
    /// A network without a method.
    #[error("{}: no method runs it", path.display())]
    NoMethod {
        /// The file.
        path: PathBuf,
    },
    /// The list of defaults cannot be written.
    #[error(transparent)]
    Write(#[from] unband_io::Error),
    /// The method does not take the weights.
    #[error(transparent)]
    Setting(#[from] ParamError),
}

/// The file once: errors of the system begin with it.
fn about(path: &Path, error: &dyn std::fmt::Display) -> String {
    let (path, text) = (path.display().to_string(), error.to_string());
    if text.starts_with(&path) { text } else { format!("{path}: {text}") }
}

/// As [`about`]; the error may name one of a folder's files.
fn unread(path: &Path, error: &CheckpointError) -> String {
    match error {
        CheckpointError::Io { path, source } => about(path, &unband_io::reason(source)),
        _ => about(path, error),
    }
}

impl Hint for ModelsError {
    fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Several { models, .. } => format!(
                "choose one with `--weights NAME`, or permanently with `unband models default NAME`: {}",
                models.join(", ")
            ),
            Self::NotThere { known, .. } if known.is_empty() => {
                "name a file, or import a model with `unband models import FILE`".to_owned()
            }
            Self::NotThere { known, .. } => {
                format!("name a file, or an imported model: {}", known.join(", "))
            }
            Self::NotCrisp => {
                let Published { file, place, .. } = zoo::find(CRISP[1].1)?;
                format!("download {file} ({place}), then `unband models import {file}`")
            }
            Self::Name { .. } => "rename the file".to_owned(),
            Self::Read { path, error: CheckpointError::Io { .. } } if !path.exists() => {
                let names: Vec<&str> = arch::ARCHITECTURES.iter().map(|network| network.name).collect();
                format!("the networks are {}", names.join(", "))
            }
            Self::Read { error, .. } => return error.hint(),
            Self::OtherNetwork { .. } => "drop the network's name".to_owned(),
            Self::Program { .. } => "this is a bug in unband; please report it".to_owned(),
            Self::Network { error, .. } => return error.hint(),
            Self::OtherPurpose { path, upscales: true, .. } => {
                format!("it upscales images: `unband upscale FILE --weights {}`", path.display())
            }
            Self::OtherPurpose { path, .. } => {
                format!("`unband models info {}` shows its purpose", path.display())
            }
            Self::NoMethod { .. } | Self::Weights { .. } => return None,
            Self::Write(error) => return error.hint(),
            Self::Setting(error) => return error.hint(),
        })
    }
}

/// An imported model.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Imported {
    /// Its name.
    pub name: String,
    /// Its file.
    pub file: PathBuf,
    /// Its network, or [`FORESTS`](unband_nets::zoo::FORESTS); `None` if the file holds neither.
    pub network: Option<String>,
    /// Metadata of the file.
    pub facts: BTreeMap<String, String>,
}

/// All imported models.
#[derive(Clone, Debug, Default)]
pub struct Shelf {
    folder: PathBuf,
    /// Sorted by name.
    pub models: Vec<Imported>,
    /// Network → name of its default model.
    defaults: BTreeMap<String, String>,
}

impl Shelf {
    /// Reads the models of a folder; none without a folder.
    pub fn open(folder: &Path) -> Self {
        let model = |name: String| {
            let file = models::file(folder, &name);
            let facts = facts(&file);
            let network = match facts.get(NETWORK) {
                Some(network) => Some(network.clone()),
                // Copied there by hand: its tensors determine the network.
                None => architecture(&file).ok().map(|architecture| architecture.name.to_owned()),
            };
            Imported { name, file, network, facts }
        };
        let text = std::fs::read_to_string(folder.join(DEFAULTS)).unwrap_or_default();
        Self {
            folder: folder.to_path_buf(),
            models: models::names(folder).into_iter().map(model).collect(),
            defaults: serde_json::from_str(&text).unwrap_or_default(),
        }
    }

    /// The models of a network; for a network that shares files with another and has none itself, those of
    /// the other.
    fn of(&self, network: &str) -> Vec<&Imported> {
        let own = |model: &&Imported| model.network.as_deref() == Some(network);
        let exact: Vec<&Imported> = self.models.iter().filter(own).collect();
        if !exact.is_empty() {
            return exact;
        }
        let Some(asked) = arch::find(network) else { return exact };
        let shares = |model: &&Imported| {
            model.network.as_deref().and_then(arch::find).is_some_and(|has| has.shares_files_with(asked))
        };
        self.models.iter().filter(shares).collect()
    }

    /// The default model of a network: the chosen one, the one with the network's name, or the only one.
    ///
    /// # Errors
    /// Several models without a default.
    pub fn default_of(&self, network: &str) -> Result<Option<&Imported>, ModelsError> {
        let all = self.of(network);
        let called = |name: &str| all.iter().find(|model| model.name == name).copied();
        let chosen = self.defaults.get(network).and_then(|name| called(name)).or_else(|| called(network));
        match (chosen, all.as_slice()) {
            (Some(chosen), _) => Ok(Some(chosen)),
            (None, []) => Ok(None),
            (None, [only]) => Ok(Some(only)),
            (None, several) => {
                let models = several.iter().map(|model| model.name.clone()).collect();
                Err(ModelsError::Several { network: network.to_owned(), models })
            }
        }
    }

    /// Is it the default of its network?
    pub fn is_default(&self, model: &Imported) -> bool {
        let network = model.network.as_deref().filter(|network| networks::built_in(network).is_none());
        let default = network.and_then(|network| self.default_of(network).ok().flatten());
        default.is_some_and(|default| default.name == model.name)
    }

    /// Makes a model the default of its network.
    ///
    /// # Errors
    /// I/O errors.
    pub fn make_default(&mut self, network: &str, name: &str) -> Result<(), ModelsError> {
        self.defaults.insert(network.to_owned(), name.to_owned());
        self.write_defaults()
    }

    fn write_defaults(&self) -> Result<(), ModelsError> {
        let path = self.folder.join(DEFAULTS);
        let text = serde_json::to_string_pretty(&self.defaults).unwrap_or_default() + "\n";
        unband_io::write_bytes(text.as_bytes(), &path, true).map_err(|error| error.in_file(&path).into())
    }

    /// Removes a model, and its place as a default. Returns its file.
    ///
    /// # Errors
    /// I/O errors, and names without a model.
    pub fn remove(&mut self, name: &str) -> Result<PathBuf, ModelsError> {
        let file = models::file(&self.folder, name);
        std::fs::remove_file(&file).map_err(|source| {
            ModelsError::from(unband_io::Error::Io { action: "remove", source }.in_file(&file))
        })?;
        self.models.retain(|model| model.name != name);
        if self.defaults.values().any(|default| default == name) {
            self.defaults.retain(|_, default| default != name);
            self.write_defaults()?;
        }
        Ok(file)
    }

    /// The model of that name.
    pub fn named(&self, name: &str) -> Option<&Imported> {
        self.models.iter().find(|model| model.name == name)
    }
}

/// Text that is not a method, with a hint about imported models, which may be named like methods.
#[derive(Debug, thiserror::Error)]
#[error("{error}")]
pub struct MethodError {
    /// The fault.
    pub error: RecipeError,
    hint: Option<String>,
}

impl Hint for MethodError {
    fn hint(&self) -> Option<String> {
        self.hint.clone()
    }
}

/// Parses a method with its settings, or another program's filter string; `folder` holds imported models.
///
/// # Errors
/// Unknown names and invalid settings.
pub fn parse_method(text: &str, folder: Option<&Path>) -> Result<Method, MethodError> {
    crate::parse_method(text).map_err(|error| {
        let imported = match (&error, folder) {
            (RecipeError::UnknownMethod { name, .. }, Some(folder)) => named_model(name, folder),
            _ => None,
        };
        let hint = imported.or_else(|| match &error {
            RecipeError::Setting(error) => networks::setting_hint(error),
            other => other.hint(),
        });
        MethodError { error, hint }
    })
}

/// The hint for a model's name in place of a method's.
fn named_model(name: &str, folder: &Path) -> Option<String> {
    let model = names(folder).into_iter().find(|known| known == name)?;
    let method = method_of(&file(folder, &model)).map_or("NETWORK", |entry| entry.name);
    Some(format!(
        "`{model}` is an imported model: write `--weights {model}`, or `--method {method}:{WEIGHTS}={model}`"
    ))
}

/// The weights file of that path, or of the model with that name in the folder of models.
///
/// # Errors
/// [`ModelsError::NotThere`].
pub fn file_named(named: &Path, folder: Option<&Path>) -> Result<PathBuf, ModelsError> {
    if named.exists() {
        return Ok(named.to_path_buf());
    }
    let known = folder.map(models::names).unwrap_or_default();
    if let (Some(folder), Some(name)) = (folder, named.to_str())
        && known.iter().any(|known| known == name)
    {
        return Ok(models::file(folder, name));
    }
    Err(ModelsError::NotThere { path: named.to_owned(), known })
}

/// Imported models that invent detail, by factor: trained against a discriminator, with the degradations of
/// Real-ESRGAN.
const CRISP: [(f64, &str); 2] = [(2.0, "real-esrgan-x2"), (4.0, "real-esrgan-x4")];

/// The file of the imported model that invents detail: the smallest whose factor reaches the one given, else
/// the largest.
///
/// # Errors
/// [`ModelsError::NotCrisp`].
pub fn crisp(factor: f64, folder: Option<&Path>) -> Result<PathBuf, ModelsError> {
    let files = CRISP.map(|(own, name)| (own, folder.map(|folder| models::file(folder, name))));
    let found = files.into_iter().filter_map(|(own, file)| Some((own, file.filter(|file| file.is_file())?)));
    let found: Vec<(f64, PathBuf)> = found.collect();
    let chosen = found.iter().find(|(own, _)| *own >= factor).or(found.last());
    chosen.map(|(_, file)| file.clone()).ok_or(ModelsError::NotCrisp)
}

/// Completes a method's settings with its weights: a model name becomes a path, and a network without weights
/// gets its default model of the folder.
///
/// # Errors
/// Neither a file nor a model of that name; several models without a default.
pub fn resolve(method: &mut Method, folder: Option<&Path>) -> Result<(), ModelsError> {
    if !is_network(method.name()) {
        return Ok(());
    }
    let file = match method.get::<Weights>(WEIGHTS) {
        Some(Weights::File(named)) => Some(file_named(&named, folder)?),
        // The built-in weights are replaced only on request.
        _ if networks::built_in(method.name()).is_some() => None,
        _ => match folder {
            Some(folder) => Shelf::open(folder).default_of(method.name())?.map(|model| model.file.clone()),
            None => None,
        },
    };
    if let Some(file) = file {
        if file.to_str().is_none() {
            return Err(ModelsError::Name { path: file });
        }
        method.set(WEIGHTS, &Weights::File(file))?;
    }
    Ok(())
}

/// The method that runs a weights file.
///
/// # Errors
/// An unreadable file, or one of a network that does not deband.
pub fn method_of(file: &Path) -> Result<&'static Entry, ModelsError> {
    let named = facts(file).get(NETWORK).and_then(|network| arch::find(network));
    let architecture = named.map_or_else(|| architecture(file), Ok)?;
    let (network, path) = (architecture.name, file.to_owned());
    match architecture.use_as.purpose {
        Purpose::Deband if is_network(network) => {
            crate::method(network).ok_or(ModelsError::NoMethod { path })
        }
        purpose => {
            let upscales = purpose == Purpose::Upscale;
            Err(ModelsError::OtherPurpose { path, network, upscales })
        }
    }
}

/// Is the method of this name a network?
pub fn is_network(method: &str) -> bool {
    crate::method(method).is_some_and(|entry| takes_weights(entry.params))
}

/// The network whose tensors a file holds.
fn architecture(file: &Path) -> Result<&'static Architecture, ModelsError> {
    let path = || file.to_owned();
    let read = checkpoint::open(file).map_err(|error| ModelsError::Read { path: path(), error })?;
    let network =
        read.network().map_err(|error| ModelsError::Network { path: path(), error: error.into() })?;
    Ok(network.architecture)
}

/// Metadata of a safetensors file, from its header alone; empty for other files.
pub(crate) fn facts(file: &Path) -> BTreeMap<String, String> {
    let read = || -> Option<BTreeMap<String, String>> {
        let mut file =
            File::open(file).ok().filter(|file| file.metadata().is_ok_and(|meta| meta.is_file()))?;
        let mut length = [0; 8];
        file.read_exact(&mut length).ok()?;
        let length = u64::from_le_bytes(length);
        let mut header = Vec::new();
        (length <= LONGEST_HEADER).then_some(())?;
        file.take(length).read_to_end(&mut header).ok()?;
        let header: Value = serde_json::from_slice(&header).ok()?;
        let text = |(name, value): (&String, &Value)| Some((name.clone(), value.as_str()?.to_owned()));
        header.get("__metadata__")?.as_object()?.iter().map(text).collect()
    };
    read().unwrap_or_default()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use unband_nets::StateDict;

    fn shelf(models: &[(&str, &str)], defaults: &str) -> (tempfile::TempDir, Shelf) {
        let dir = tempfile::tempdir().unwrap();
        for (name, network) in models {
            let facts = [(NETWORK.to_owned(), (*network).to_owned())];
            let bytes = checkpoint::write_safetensors(&StateDict::new(), &facts);
            std::fs::write(models::file(dir.path(), name), bytes).unwrap();
        }
        std::fs::write(dir.path().join(DEFAULTS), defaults).unwrap();
        let shelf = Shelf::open(dir.path());
        (dir, shelf)
    }

    fn taken(models: &[(&str, &str)], defaults: &str, network: &str) -> Result<Option<String>, String> {
        let (_dir, shelf) = shelf(models, defaults);
        let default = shelf.default_of(network).map(|model| model.map(|model| model.name.clone()));
        default.map_err(|error| error.hint().unwrap())
    }

    #[test]
    fn a_network_takes_its_default_or_its_namesake_or_the_only_one() {
        let two = [("bdinn", "bdinn"), ("first", "ggdbn"), ("second", "ggdbn")];
        let some = |name: &str| Ok(Some(name.to_owned()));
        assert_eq!(taken(&two, "", "bdinn"), some("bdinn"));
        assert_eq!(taken(&two, "", "adnet"), Ok(None));
        assert!(taken(&two, "", "ggdbn").unwrap_err().contains("first, second"));
        assert_eq!(taken(&two, r#"{"ggdbn": "second"}"#, "ggdbn"), some("second"));
        // A removed file cannot be the default.
        assert_eq!(taken(&two[..2], r#"{"ggdbn": "second"}"#, "ggdbn"), some("first"));
        assert_eq!(taken(&[("ggdbn", "ggdbn"), ("x", "ggdbn")], "not JSON", "ggdbn"), some("ggdbn"));
        // The name is not evidence: this one holds another network.
        assert_eq!(taken(&[("ggdbn", "bdinn")], "", "ggdbn"), Ok(None));
        assert_eq!(taken(&[("ggdbn", "bdinn")], "", "bdinn"), some("ggdbn"));
    }

    #[test]
    fn the_two_of_deep_deband_share_files() {
        assert_eq!(taken(&[("f", "deepdeband-f")], "", "deepdeband-w"), Ok(Some("f".to_owned())));
        let both = [("f", "deepdeband-f"), ("w", "deepdeband-w")];
        assert_eq!(taken(&both, "", "deepdeband-w"), Ok(Some("w".to_owned())));
    }

    #[test]
    fn a_default_stays_when_another_is_imported() {
        let (dir, mut shelf) = shelf(&[("mine", "ggdbn")], "");
        shelf.make_default("ggdbn", "mine").unwrap();
        let facts = [(NETWORK.to_owned(), "ggdbn".to_owned())];
        let bytes = checkpoint::write_safetensors(&StateDict::new(), &facts);
        std::fs::write(models::file(dir.path(), "ggdbn"), bytes).unwrap();
        let shelf = Shelf::open(dir.path());
        assert_eq!(shelf.default_of("ggdbn").unwrap().unwrap().name, "mine");
        assert!(shelf.is_default(shelf.named("mine").unwrap()));
        assert!(!shelf.is_default(shelf.named("ggdbn").unwrap()));
    }
}
