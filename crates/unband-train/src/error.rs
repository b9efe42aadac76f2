use unband_nets::ShapeError;
use unband_nets::state::BindError;

/// Why a network cannot run or learn in Burn.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TrainError {
    /// The tensors are not those of the network.
    #[error(transparent)]
    Bind(#[from] BindError),
    /// The picture's size does not fit.
    #[error(transparent)]
    Shape(#[from] ShapeError),
    /// The inputs are not those of the network.
    #[error("{net} takes {wanted}, got {got}")]
    Inputs {
        /// The network.
        net: String,
        /// What it takes.
        wanted: String,
        /// The shapes that were given.
        got: String,
    },
    /// An operation that is not done here, or not while learning.
    #[error("{at}: no training with {what}")]
    Unsupported {
        /// Path in the state dict.
        at: String,
        /// The operation.
        what: String,
    },
    /// A batch norm that learns needs more than one sample per channel.
    #[error("{at}: one sample per channel has no variance")]
    OneSample {
        /// Path in the state dict.
        at: String,
    },
    /// A tensor could not be brought back from the device.
    #[error("{name} could not be read from the device: {why}")]
    Read {
        /// The tensor.
        name: String,
        /// What the device says.
        why: String,
    },
}
