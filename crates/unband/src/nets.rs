//! Network architectures, checkpoints, published weights and ONNX export, as data.
//!
//! Example: the [tour](crate#models).

pub use unband_nets::{
    Convention, Graph, ShapeError, StateDict, arch, checkpoint, convention, onnx, state, zoo,
};
