//! Neural network descriptions, checkpoints and ONNX export.
//!
//! A network is a graph of typed operations with PyTorch's parameter names, plus its tensors. An architecture
//! is described once, in `arch/`. The CPU engine and the trainer both execute that description.
#![forbid(unsafe_code)]

pub mod arch;
pub mod checkpoint;
pub mod convention;
mod describe;
mod graph;
pub mod layer;
mod net;
pub mod onnx;
mod op;
pub mod param;
pub mod shape;
pub mod state;
pub mod zoo;

pub use convention::Convention;
pub use graph::{Graph, Input, Node, Value};
pub use net::{BuildError, Net};
pub use op::Op;
pub use param::{Form, Param, ParamId, Role};
pub use shape::{Shape, ShapeError};
pub use state::{Data, StateDict, Tensor};
