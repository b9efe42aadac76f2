//! Inputs of a graph as its first operations.

use serde::{Deserialize, Serialize};

use super::Operation;
use crate::onnx::Builder;

/// Index of an input in [`crate::Graph::inputs`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InputIndex(pub usize);

impl Operation for InputIndex {
    fn label(&self) -> String {
        "input".into()
    }

    fn onnx(&self, b: &mut Builder<'_>, _: &[&str]) -> String {
        b.graph.inputs[self.0].name.clone()
    }
}
