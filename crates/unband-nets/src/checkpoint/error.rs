//! Checkpoint errors and their hints.

use std::path::PathBuf;
use unband_image::Hint;

use crate::arch;
use crate::net::BuildError;
use crate::state::BindError;

use super::Container;

/// A file that is not a checkpoint, is incomplete, or must not be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CheckpointError {
    /// The file could not be read.
    #[error("{path}: {source}", path = .path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// The system's error.
        source: std::io::Error,
    },
    /// Another type of file.
    #[error("not a checkpoint: {looks}")]
    Other {
        /// What it looks like.
        looks: &'static str,
    },
    /// The bytes contradict each other, or end too early.
    #[error("damaged {container}, byte {offset}: {what}")]
    Damaged {
        /// Type of file.
        container: Container,
        /// Byte offset from the start of the file; for a compressed entry, within the entry.
        offset: u64,
        /// The fault.
        what: String,
    },
    /// A valid variant of the format that is not supported.
    #[error("unsupported {container}: {what}")]
    Unsupported {
        /// Type of file.
        container: Container,
        /// The unsupported feature.
        what: String,
    },
    /// A pickle with a function that would act on the machine when Python opens the file.
    #[error("the file would call `{call}` when opened with Python (byte {offset}); refused")]
    Hostile {
        /// Module and name.
        call: String,
        /// Byte offset.
        offset: u64,
    },
    /// More of something than any checkpoint needs.
    #[error("{what}: more than {limit}")]
    Limit {
        /// The limited quantity.
        what: &'static str,
        /// The limit.
        limit: u64,
    },
    /// The file was read, but has no state dict.
    #[error("no tensors; the file holds {holds}")]
    NoTensors {
        /// Top-level names.
        holds: String,
    },
    /// Several state dicts, none of which is known to be the right one.
    #[error("several state dicts: {}", .candidates.join(", "))]
    Several {
        /// Their names.
        candidates: Vec<String>,
    },
    /// A tensor whose elements cannot be read.
    #[error("tensor {name}: {fault}")]
    Tensor {
        /// Its name.
        name: String,
        /// The fault.
        fault: TensorFault,
    },
}

/// Fault of a tensor.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TensorFault {
    /// Extends past its storage.
    #[error("extends to element {last} of {stored} stored")]
    Outside {
        /// The last element it reads.
        last: u64,
        /// Elements stored.
        stored: u64,
    },
    /// Sizes that overflow, are negative, or do not match.
    #[error("invalid tensor: shape {shape:?}, strides {stride:?}, offset {offset}")]
    Layout {
        /// Sizes.
        shape: Vec<i64>,
        /// Strides.
        stride: Vec<i64>,
        /// First element.
        offset: i64,
    },
    /// Unsupported element type.
    #[error("element type {0} is not supported")]
    Type(String),
    /// Its storage is missing.
    #[error("its storage `{0}` is not in the file")]
    Missing(String),
    /// The length of its storage differs from the length that the file states.
    #[error("its storage `{key}` has {bytes} bytes instead of {wanted}")]
    Storage {
        /// Name of the storage.
        key: String,
        /// Actual bytes.
        bytes: u64,
        /// Expected bytes.
        wanted: u64,
    },
}

impl Hint for CheckpointError {
    fn hint(&self) -> Option<String> {
        Some(
            match self {
                Self::Io { .. } => return None,
                Self::Other { .. } => {
                    "supported: safetensors, PyTorch .pth, .pt and .ckpt, TorchScript archives and MATLAB files, under any name, and folders of TensorFlow models"
                }
                Self::Damaged { .. } => "the file may be truncated: compare its size with the publisher's, or download it again",
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
                    "save only the state dict you need: `torch.save(checkpoint[NAME], FILE)`"
                }
                Self::Tensor { fault: TensorFault::Type(_), .. } => {
                    "convert the tensors to floats before saving: `{k: v.float() for k, v in state.items()}`"
                }
                Self::Tensor { .. } => "the file may be truncated or hand-made: download it again",
            }
            .to_owned(),
        )
    }
}

/// A checkpoint that cannot be put into a network.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum NetworkError {
    /// No known network has these tensors.
    #[error("no known network has these {tensors} tensors ({first}, …)")]
    Unknown {
        /// Number of tensors.
        tensors: usize,
        /// The first one's name.
        first: String,
    },
    /// A network that is recognised, but not run.
    #[error("{family}: not supported")]
    NotSupported {
        /// Its name.
        family: &'static str,
    },
    /// A training checkpoint to resume from: weights together with the optimiser's state.
    #[error("a training checkpoint (with optimiser state), not weights")]
    Training,
    /// Widths that give no valid network.
    #[error(transparent)]
    Build(#[from] BuildError),
    /// The network was recognised, but tensors are missing.
    #[error(transparent)]
    Bind(#[from] BindError),
}

impl Hint for NetworkError {
    fn hint(&self) -> Option<String> {
        match self {
            Self::Unknown { .. } | Self::NotSupported { .. } => {
                let names = arch::names(&[arch::Purpose::Deband, arch::Purpose::Upscale]);
                Some(format!("networks that deband or upscale: {names}"))
            }
            Self::Training => {
                Some("use best.safetensors next to it, or weights.safetensors (last step)".to_owned())
            }
            Self::Bind(error) if error.is_damaged() => Some(
                "the file is damaged, or training diverged: download it again, or use an earlier checkpoint"
                    .to_owned(),
            ),
            Self::Build(_) | Self::Bind(_) => {
                Some("the checkpoint belongs to another version of the network, or is incomplete".to_owned())
            }
        }
    }
}
