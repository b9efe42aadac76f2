//! Networks as data: architectures, checkpoints, published weights, export to ONNX.
//!
//! Example: the [tour](crate#models).

pub use unband_nets::{
    Convention, Graph, ShapeError, StateDict, arch, checkpoint, convention, onnx, state, zoo,
};
