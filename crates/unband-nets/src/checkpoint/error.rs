//! What can be wrong with a checkpoint.

use std::path::PathBuf;

use crate::arch;
use crate::net::BuildError;
use crate::state::BindError;

use super::Container;

/// A file that is no checkpoint, or not a whole one, or none that may be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CheckpointError {
    /// The system did not give the file.
    #[error("{path}: {source}", path = .path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// Some other kind of file.
    #[error("no checkpoint: {looks}")]
    Other {
        /// What it looks like.
        looks: &'static str,
    },
    /// The bytes contradict each other, or end too early.
    #[error("damaged {container}, byte {offset}: {what}")]
    Damaged {
        /// The kind of file.
        container: Container,
        /// Where, counted from the beginning of the file; of a compressed entry, within it.
        offset: u64,
        /// What is wrong.
        what: String,
    },
    /// Something that exists and is not read.
    #[error("{container} with {what}, which is not read")]
    Unsupported {
        /// The kind of file.
        container: Container,
        /// What.
        what: String,
    },
    /// A pickle that names a function which would act on the reader's machine when Python opens it.
    #[error("the file would call `{call}` when opened with Python (byte {offset}); it was not read")]
    Hostile {
        /// Module and name.
        call: String,
        /// Where.
        offset: u64,
    },
    /// More of something than a checkpoint can need.
    #[error("{what}: more than {limit}")]
    Limit {
        /// What.
        what: &'static str,
        /// How many are allowed.
        limit: u64,
    },
    /// Read, but without a state dict.
    #[error("no tensors; the file holds {holds}")]
    NoTensors {
        /// Top-level names.
        holds: String,
    },
    /// Several state dicts, none of which is known to be the one.
    #[error("several state dicts: {}", .candidates.join(", "))]
    Several {
        /// Their names.
        candidates: Vec<String>,
    },
    /// A tensor whose numbers cannot be had.
    #[error("tensor {name}: {fault}")]
    Tensor {
        /// Its name.
        name: String,
        /// What is wrong.
        fault: TensorFault,
    },
}

/// What is wrong with a tensor.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TensorFault {
    /// Reaches past what is stored for it.
    #[error("reaches to element {last} of {stored} stored")]
    Outside {
        /// The last element it reads.
        last: u64,
        /// Elements stored.
        stored: u64,
    },
    /// Sizes that overflow, are negative, or do not belong together.
    #[error("shape {shape:?} with strides {stride:?} at {offset} is no tensor")]
    Layout {
        /// Sizes.
        shape: Vec<i64>,
        /// Steps.
        stride: Vec<i64>,
        /// First element.
        offset: i64,
    },
    /// Numbers of a kind that is not read.
    #[error("numbers of type {0} are not read")]
    Type(String),
    /// What it is stored in is missing.
    #[error("its storage `{0}` is not in the file")]
    Missing(String),
    /// Its storage has another length than the file says.
    #[error("its storage `{key}` has {bytes} bytes instead of {wanted}")]
    Storage {
        /// Name of the storage.
        key: String,
        /// What is there.
        bytes: u64,
        /// What it should have.
        wanted: u64,
    },
}

impl CheckpointError {
    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        Some(
            match self {
                Self::Io { .. } => return None,
                Self::Other { .. } => {
                    "safetensors, PyTorch's .pth, .pt and .ckpt, TorchScript archives and MATLAB's files, whatever they are called, and folders of TensorFlow models are read"
                }
                Self::Damaged { .. } => "the file may be cut short: compare its size with the publisher's, or get it again",
                Self::Unsupported { container: Container::TensorBundle, .. } => {
                    "load it with TensorFlow and save it again with `tf.train.Checkpoint`"
                }
                Self::Unsupported { container: Container::Matlab, .. } => {
                    "load it with MATLAB and save it again with `save(FILE, '-v7', NAME)`"
                }
                Self::Unsupported { .. } => {
                    "load it with PyTorch and save its state dict with `torch.save(model.state_dict(), FILE)`"
                }
                Self::Hostile { .. } => "do not open this file with `torch.load`; get it from its publisher",
                Self::Limit { .. } => "save the state dict alone: `torch.save(model.state_dict(), FILE)`",
                Self::NoTensors { .. } | Self::Several { .. } => {
                    "save the state dict that is meant, alone: `torch.save(checkpoint[NAME], FILE)`"
                }
                Self::Tensor { fault: TensorFault::Type(_), .. } => {
                    "turn the tensors into floats before saving: `{k: v.float() for k, v in state.items()}`"
                }
                Self::Tensor { .. } => "the file may be cut short or made by hand: get it again",
            }
            .to_owned(),
        )
    }
}

/// A checkpoint that cannot be put into a network.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum NetworkError {
    /// No network has such tensors.
    #[error("no known network has these {tensors} tensors ({first}, …)")]
    Unknown {
        /// How many there are.
        tensors: usize,
        /// The first one's name.
        first: String,
    },
    /// What a training goes on from: weights beside the state of its optimiser.
    #[error("the checkpoint of a training under way, not weights")]
    Training,
    /// Widths that make no network.
    #[error(transparent)]
    Build(#[from] BuildError),
    /// The network was recognised, but its tensors are not all there.
    #[error(transparent)]
    Bind(#[from] BindError),
}

impl NetworkError {
    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Unknown { .. } => {
                let names: Vec<&str> = arch::ARCHITECTURES.iter().map(|a| a.name).collect();
                Some(format!("networks that are known: {}", names.join(", ")))
            }
            Self::Training => Some(
                "take best.safetensors beside it, or weights.safetensors, those of the last step".to_owned(),
            ),
            Self::Bind(error) if error.is_damaged() => Some(
                "the file is damaged, or its training went wrong: get it again, or take an earlier one"
                    .to_owned(),
            ),
            Self::Build(_) | Self::Bind(_) => {
                Some("the checkpoint belongs to another version of the network, or is not whole".to_owned())
            }
        }
    }
}
