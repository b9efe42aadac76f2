//! Network architectures, checkpoints, published weights and ONNX export, as data.

pub use unband_infer::banded_deform_conv;
pub use unband_nets::{
    Convention, Graph, ShapeError, StateDict, arch, checkpoint, convention, onnx, state, zoo,
};
