//! Checkpoint reader: files of trained networks, read as data and never executed.
//!
//! [`open`] and [`read`] return the state dict under unband's names, whatever wrapped it.
//! [`Checkpoint::network`] loads it into its network.

mod archive;
mod dtype;
mod error;
mod family;
mod folding;
mod legacy;
mod matlab;
mod pickle;
mod safetensors;
mod sorted_table;
mod source;
mod spelling;
mod state_dict;
mod tensor_bundle;
mod tree;

use std::collections::HashSet;
use std::fmt;
use std::path::Path;

pub use dtype::Dtype;
pub use error::{CheckpointError, NetworkError, TensorFault};
pub use safetensors::{write as write_safetensors, write_halved as write_halved_safetensors};
pub use source::{CheckpointFiles, load};
pub use spelling::Spelling;

use crate::arch::{self, Architecture};
use crate::net::BuildError;
use crate::state::Weights;
use crate::{Data, Graph, StateDict, Tensor};
use tree::{Group, Storages};

/// File format of a checkpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Container {
    /// Safetensors.
    Safetensors,
    /// `torch.save` since PyTorch 1.6: a zip archive with a pickle and a file per storage.
    TorchZip,
    /// `torch.save` before PyTorch 1.6: a sequence of pickles, then the storages.
    TorchLegacy,
    /// A scripted or traced module with its code.
    TorchScript,
    /// The variables of a TensorFlow model: an index and data files.
    TensorBundle,
    /// MATLAB variables, level 5.
    Matlab,
}

impl Container {
    /// Identifier for machine-readable output.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Safetensors => "safetensors",
            Self::TorchZip => "torch-zip",
            Self::TorchLegacy => "torch-legacy",
            Self::TorchScript => "torchscript",
            Self::TensorBundle => "tensorflow",
            Self::Matlab => "matlab",
        }
    }
}

impl fmt::Display for Container {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Safetensors => "safetensors file",
            Self::TorchZip => "PyTorch archive",
            Self::TorchLegacy => "PyTorch file from before 1.6",
            Self::TorchScript => "TorchScript archive",
            Self::TensorBundle => "TensorFlow model",
            Self::Matlab => "MATLAB file",
        })
    }
}

/// A checkpoint that was read.
#[derive(Clone, Debug, PartialEq)]
pub struct Checkpoint {
    /// File format.
    pub container: Container,
    /// Metadata of the file: versions, epochs, best values.
    pub facts: Vec<(String, String)>,
    /// Names of the groups that wrap the state dict, outermost first: `params_ema`.
    pub wrapper: Vec<String>,
    /// Other state dicts in the same file, which were ignored.
    pub alternatives: Vec<String>,
    /// Common prefix that was removed from all names: `module.`.
    pub prefix: String,
    /// Naming scheme of the tensors.
    pub spellings: Vec<Spelling>,
    /// The tensors; under unband's names if a network was recognised.
    pub state: StateDict,
}

/// A network with its weights.
#[derive(Clone)]
pub struct Network {
    /// Registry entry.
    pub architecture: &'static Architecture,
    /// The graph, with the depth and width of the checkpoint's tensors.
    pub graph: Graph,
    /// The weights.
    pub weights: Weights,
}

impl fmt::Debug for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Network").field("architecture", &self.architecture.name).finish_non_exhaustive()
    }
}

/// Contents of a file, before a state dict is selected.
struct Contents<'a> {
    container: Container,
    facts: Vec<(String, String)>,
    root: Group,
    storages: Storages<'a>,
}

/// Reads a file, or the folder of a TensorFlow model.
///
/// Memory holds the whole file while it is read, and its tensors afterwards.
///
/// # Errors
/// A file that cannot be read, or as [`CheckpointFiles::read`].
pub fn open(path: impl AsRef<Path>) -> Result<Checkpoint, CheckpointError> {
    load(path)?.read()
}

/// Reads the bytes of a file: safetensors, PyTorch archives and older files, TorchScript archives, MATLAB
/// files.
///
/// Nothing in the file is executed. Memory stays within a small multiple of the file's size.
///
/// # Errors
/// Another type of file, a damaged file, one that would act on the machine if Python opened it, one without a
/// state dict.
pub fn read(bytes: &[u8]) -> Result<Checkpoint, CheckpointError> {
    chosen(contents(bytes)?, bytes.len() as u64)
}

/// Selects the state dict from the contents of a file of `bytes` bytes.
fn chosen(contents: Contents<'_>, bytes: u64) -> Result<Checkpoint, CheckpointError> {
    let mut facts = contents.facts;
    if contents.container == Container::TorchScript && contents.root.tensors() == 0 {
        let what = "weights frozen into its code".to_owned();
        return Err(CheckpointError::Unsupported { container: contents.container, what });
    }
    let found = state_dict::find(&contents.root)?;
    if !found.wrapper.is_empty() {
        facts.extend(contents.root.facts());
    }
    // Compressed data is included at its decompressed size.
    let bytes = bytes.max(contents.storages.bytes());
    let state = found.group.state_dict(&contents.storages, most_bytes(bytes))?;
    let (state, prefix, spellings) = named(state);
    let (container, wrapper, alternatives) = (contents.container, found.wrapper, found.alternatives);
    Ok(Checkpoint { container, facts, wrapper, alternatives, prefix, spellings, state })
}

/// Elements are widened by a factor of up to eight, and some tensors are present twice.
fn most_bytes(file: u64) -> u64 {
    file.saturating_mul(8).saturating_add(1 << 20)
}

fn contents(bytes: &[u8]) -> Result<Contents<'_>, CheckpointError> {
    if safetensors::is_one(bytes) {
        return safetensors::read(bytes);
    }
    if archive::is_one(bytes) {
        return archive::read(bytes);
    }
    if legacy::is_one(bytes) {
        return legacy::read(bytes);
    }
    if matlab::is_one(bytes) {
        return matlab::read(bytes);
    }
    Err(CheckpointError::Other { looks: looks_like(bytes) })
}

/// Other files that are commonly mistaken for checkpoints.
fn looks_like(bytes: &[u8]) -> &'static str {
    let head = bytes.get(..64.min(bytes.len())).unwrap_or_default();
    let text = String::from_utf8_lossy(head).trim_start().to_ascii_lowercase();
    match head {
        [] => "the file is empty",
        _ if text.starts_with("version https://git-lfs") => {
            "the file is a Git LFS pointer; `git lfs pull` downloads its content"
        }
        _ if text.starts_with("<!doctype") || text.starts_with("<html") => "the file is a web page",
        [0x89, b'H', b'D', b'F', ..] => "the file is HDF5, as Keras writes it",
        [0x1f, 0x8b, ..] => "the file is compressed with gzip",
        [b'7', b'z', 0xbc, 0xaf, ..] => "the file is a 7-Zip archive",
        [b'R', b'a', b'r', b'!', ..] => "the file is a RAR archive",
        [0x89, b'P', b'N', b'G', ..] | [0xff, 0xd8, 0xff, ..] => "the file is an image",
        [0x93, b'N', b'U', b'M', b'P', b'Y', ..] => "the file is a NumPy array",
        _ if sorted_table::is_one(bytes) => "the file is the index of a TensorFlow model; give its folder",
        _ if bytes.get(257..262) == Some(b"ustar") => {
            "the file is a tar archive of PyTorch before 0.2; load and save it with a newer PyTorch"
        }
        _ if bytes.iter().take(4096).all(|&b| b == 0) => "the file holds only zeros",
        _ => "unknown file type",
    }
}

/// Maps names to those of a known network: as they are, or without a wrapping prefix.
fn named(state: StateDict) -> (StateDict, String, Vec<Spelling>) {
    /// Nested prefixes: `module.` around `net.` around a compiler's.
    const MOST_PREFIXES: usize = 3;
    // Names and shapes suffice for a trial.
    let bare = |(name, tensor): (&str, &Tensor)| {
        (name.to_owned(), Tensor { shape: tensor.shape.clone(), data: Data::F32(Vec::new()) })
    };
    let (mut tried, mut prefix): (StateDict, String) = (state.iter().map(bare).collect(), String::new());
    for _ in 0..=MOST_PREFIXES {
        if arch::detect(&spelling::respell(tried.clone()).0).is_some() {
            let (ours, spellings) = spelling::respell(spelling::without(state, &prefix));
            return (ours, prefix, spellings);
        }
        let Some(more) = spelling::prefix(&tried) else { break };
        tried = spelling::without(tried, more);
        prefix.push_str(more);
    }
    (state, String::new(), Vec::new())
}

impl Checkpoint {
    /// The network that the tensors belong to.
    pub fn architecture(&self) -> Option<&'static Architecture> {
        arch::detect(&self.state).map(|(architecture, _)| architecture)
    }

    /// The network of the tensors and its graph, by the name it was trained under if the file states one.
    pub fn detected(&self) -> Option<(&'static Architecture, Result<Graph, BuildError>)> {
        arch::detect_as(&self.state, self.trained_as())
    }

    /// The name of the network that the trainer wrote into the file.
    pub fn trained_as(&self) -> Option<&str> {
        self.facts.iter().find(|(name, _)| name == "network").map(|(_, name)| name.as_str())
    }

    /// Whether this is a training checkpoint to resume from. Its tensors carry the name of a part as prefix:
    /// `main/`.
    pub fn is_training(&self) -> bool {
        let says = |fact: &str| self.facts.iter().any(|(name, _)| name == fact);
        says("recipe") && says("step") && self.state.names().any(|name| name.starts_with("main/"))
    }

    /// The family of a network that is recognised and not supported.
    pub fn family(&self) -> Option<&'static str> {
        if self.detected().is_some() { None } else { family::family(&self.state) }
    }

    /// The network with its weights.
    ///
    /// # Errors
    /// A training checkpoint; tensors of no supported network; tensors that are missing, extra or of another
    /// shape, by name.
    pub fn network(&self) -> Result<Network, NetworkError> {
        let Some((architecture, graph)) = self.detected() else {
            if self.is_training() {
                return Err(NetworkError::Training);
            }
            if let Some(family) = self.family() {
                return Err(NetworkError::NotSupported { family });
            }
            let first = self.state.names().next().unwrap_or_default().chars().take(60).collect();
            return Err(NetworkError::Unknown { tensors: self.state.len(), first });
        };
        let graph = graph?;
        let weights = match self.unread(architecture, &graph) {
            unread if unread.is_empty() => Weights::bind(&graph, &self.state)?,
            unread => {
                let own = |name: &str| (!unread.contains(name)).then(|| name.to_owned());
                Weights::bind(&graph, &self.state.clone().renamed(own))?
            }
        };
        Ok(Network { architecture, graph, weights })
    }

    /// Tensors of the file that the network does not use: a classifier after the features, and constants that
    /// a script stores as attributes.
    pub fn unread(&self, architecture: &Architecture, graph: &Graph) -> HashSet<String> {
        let names = |state: &StateDict| state.names().map(str::to_owned).collect::<HashSet<_>>();
        let all = names(&self.state);
        if self.container == Container::TorchScript {
            let stored: HashSet<String> = graph.stored().into_iter().map(|stored| stored.name).collect();
            return all.difference(&stored).cloned().collect();
        }
        let bare: StateDict = self.state.names().map(|name| (name.to_owned(), EMPTY)).collect();
        all.difference(&names(&architecture.own_tensors(bare))).cloned().collect()
    }
}

const EMPTY: Tensor = Tensor { shape: Vec::new(), data: Data::F32(Vec::new()) };
