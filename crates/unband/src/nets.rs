//! Network architectures, checkpoints, published weights and ONNX export, as data.

pub use unband_infer::banded;
pub use unband_nets::{
    Convention, Graph, ShapeError, StateDict, arch, checkpoint, convention, onnx, state, zoo,
};
