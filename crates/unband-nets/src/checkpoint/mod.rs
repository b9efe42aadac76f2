//! Checkpoints: files of trained networks, read by their content and never executed.
//!
//! [`open`] and [`read`] give the state dict under our names, whatever wrapped it; [`Checkpoint::network`] puts it into the
//! network that it belongs to.

mod archive;
mod dtype;
mod error;
mod legacy;
mod matlab;
mod pickle;
mod safetensors;
mod sorted_table;
mod source;
mod spelling;
mod structure;
mod tensor_bundle;
mod tree;
mod wire;

use std::collections::HashSet;
use std::fmt;
use std::path::Path;

pub use dtype::Dtype;
pub use error::{CheckpointError, NetworkError, TensorFault};
pub use safetensors::{write as write_safetensors, write_halved as write_halved_safetensors};
pub use source::{Source, load};
pub use spelling::Spelling;

use crate::arch::{self, Architecture};
use crate::state::Weights;
use crate::{Data, Graph, StateDict, Tensor};
use tree::{Group, Storages};

/// A kind of file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Container {
    /// Safetensors.
    Safetensors,
    /// `torch.save` since PyTorch 1.6: a zip archive with a pickle and a file per storage.
    TorchZip,
    /// `torch.save` before: pickles one after the other, then the storages.
    TorchLegacy,
    /// A scripted or traced module with its code.
    TorchScript,
    /// The variables of a TensorFlow model: an index, and files with the numbers.
    TensorBundle,
    /// Variables of MATLAB, level 5.
    Matlab,
}

impl Container {
    /// One word, for machines.
    pub fn word(self) -> &'static str {
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
            Self::TorchLegacy => "PyTorch file of before 1.6",
            Self::TorchScript => "TorchScript archive",
            Self::TensorBundle => "TensorFlow model",
            Self::Matlab => "MATLAB file",
        })
    }
}

/// A checkpoint that was read.
#[derive(Clone, Debug, PartialEq)]
pub struct Checkpoint {
    /// The kind of file.
    pub container: Container,
    /// What the file says of itself: versions, epochs, best values.
    pub facts: Vec<(String, String)>,
    /// Names that lead to the state dict, the outermost first: `params_ema`.
    pub wrapper: Vec<String>,
    /// Other state dicts beside it, which were left alone.
    pub aside: Vec<String>,
    /// What all names began with and was taken off: `module.`.
    pub prefix: String,
    /// Whose names the tensors had.
    pub spellings: Vec<Spelling>,
    /// The tensors, under our names when a network was recognised.
    pub state: StateDict,
}

/// A network with its numbers.
#[derive(Clone)]
pub struct Network {
    /// The registry's line.
    pub architecture: &'static Architecture,
    /// The description, as deep and wide as the checkpoint's tensors.
    pub graph: Graph,
    /// The numbers.
    pub weights: Weights,
}

impl fmt::Debug for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Network").field("architecture", &self.architecture.name).finish_non_exhaustive()
    }
}

/// What a file holds, before anything is chosen from it.
struct Contents<'a> {
    container: Container,
    facts: Vec<(String, String)>,
    root: Group,
    storages: Storages<'a>,
}

/// Reads a file, or the folder of a TensorFlow model.
///
/// The whole file is held in memory while it is read, and its tensors after.
///
/// # Errors
/// A file that the system does not give, or as [`Source::read`].
pub fn open(path: impl AsRef<Path>) -> Result<Checkpoint, CheckpointError> {
    load(path)?.read()
}

/// Reads the bytes of a file: safetensors, PyTorch's archives and older files, TorchScript archives, MATLAB's files.
///
/// Nothing in the file is executed. Memory stays within a small multiple of the file's size.
///
/// # Errors
/// Another kind of file, a damaged one, one that would act on the machine if Python opened it, one without a state dict.
pub fn read(bytes: &[u8]) -> Result<Checkpoint, CheckpointError> {
    chosen(contents(bytes)?, bytes.len() as u64)
}

/// The state dict of what was found in so many bytes.
fn chosen(contents: Contents<'_>, bytes: u64) -> Result<Checkpoint, CheckpointError> {
    let mut facts = contents.facts;
    if contents.container == Container::TorchScript && contents.root.tensors() == 0 {
        let what = "its numbers frozen into its code".to_owned();
        return Err(CheckpointError::Unsupported { container: contents.container, what });
    }
    let found = structure::find(&contents.root)?;
    if !found.wrapper.is_empty() {
        facts.extend(structure::facts(&contents.root));
    }
    // What was compressed counts as what came out.
    let bytes = bytes.max(contents.storages.bytes());
    let state = structure::tensors(found.group, &contents.storages, most_bytes(bytes))?;
    let (state, prefix, spellings) = named(state);
    let (container, wrapper, aside) = (contents.container, found.wrapper, found.aside);
    Ok(Checkpoint { container, facts, wrapper, aside, prefix, spellings, state })
}

/// Numbers are widened up to eight times, and some tensors are there twice.
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

/// Other files that people meet in the place of a checkpoint.
fn looks_like(bytes: &[u8]) -> &'static str {
    let head = bytes.get(..64.min(bytes.len())).unwrap_or_default();
    let text = String::from_utf8_lossy(head).trim_start().to_ascii_lowercase();
    match head {
        [] => "the file is empty",
        _ if text.starts_with("version https://git-lfs") => {
            "the file is a pointer of Git LFS; `git lfs pull` gets what it stands for"
        }
        _ if text.starts_with("<!doctype") || text.starts_with("<html") => "the file is a web page",
        [0x89, b'H', b'D', b'F', ..] => "the file is HDF5, as Keras writes it",
        [0x1f, 0x8b, ..] => "the file is compressed with gzip",
        [b'7', b'z', 0xbc, 0xaf, ..] => "the file is a 7-Zip archive",
        [b'R', b'a', b'r', b'!', ..] => "the file is a RAR archive",
        [0x89, b'P', b'N', b'G', ..] | [0xff, 0xd8, 0xff, ..] => "the file is an image",
        [0x93, b'N', b'U', b'M', b'P', b'Y', ..] => "the file is a NumPy array",
        _ if sorted_table::is_one(bytes) => "the file is the index of a TensorFlow model; its folder is read",
        _ if bytes.get(257..262) == Some(b"ustar") => {
            "the file is a tar archive; PyTorch before 0.2 wrote such, and newer ones can read and save it again"
        }
        _ if bytes.iter().take(4096).all(|&b| b == 0) => "the file holds zeros",
        _ => "nothing that is known",
    }
}

/// Brings names to those of a network that is known: as they are, or without what wraps them.
fn named(state: StateDict) -> (StateDict, String, Vec<Spelling>) {
    /// `module.` around `net.` around a compiler's.
    const MOST_PREFIXES: usize = 3;
    // Names and shapes are enough to try with.
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

    /// Is it what `unband-train` goes on from? Its tensors have the name of a part before theirs: `main/`.
    pub fn is_training(&self) -> bool {
        let says = |fact: &str| self.facts.iter().any(|(name, _)| name == fact);
        says("recipe") && says("step") && self.state.names().any(|name| name.starts_with("main/"))
    }

    /// The network with its numbers.
    ///
    /// # Errors
    /// A training's checkpoint; tensors of no known network; tensors that are missing, extra or of another shape, by name.
    pub fn network(&self) -> Result<Network, NetworkError> {
        let Some((architecture, graph)) = arch::detect(&self.state) else {
            if self.is_training() {
                return Err(NetworkError::Training);
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

    /// Tensors that belong to the file and that the network does without: a classifier behind features, and constants that a
    /// script keeps among its attributes.
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
