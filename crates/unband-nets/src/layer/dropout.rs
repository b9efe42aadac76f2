//! Dropout and stochastic depth: without effect outside training, except for dropout in a mode of executors.

use serde::{Deserialize, Serialize};

use super::{OpRole, Operation};
use crate::onnx::Builder;
use crate::{Net, Op, Value};

/// Zeroes samples in training, or if a network runs in that mode.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Dropout {
    /// Share of the samples, 0 to 1.
    pub share: f32,
}

impl Operation for Dropout {
    fn label(&self) -> String {
        format!("dropout {}", self.share)
    }

    fn role(&self) -> OpRole {
        OpRole::Arrange
    }

    fn onnx(&self, _: &mut Builder<'_>, x: &[&str]) -> String {
        x[0].to_owned()
    }
}

/// Stochastic depth: in training, drops all samples of a share of the images.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct DropPath {
    /// Share of the images, 0 to 1.
    pub share: f32,
}

impl Operation for DropPath {
    fn label(&self) -> String {
        // The share differs from block to block and would hide that the blocks are alike.
        "drop path".into()
    }

    fn onnx(&self, _: &mut Builder<'_>, x: &[&str]) -> String {
        x[0].to_owned()
    }
}

impl Net {
    /// Dropout: in training, zeroes a share of the samples and scales up the others.
    pub fn dropout(&mut self, x: Value, share: f32) -> Value {
        let channels = self.channels(x);
        self.push(Op::Dropout(Dropout { share }), &[x], channels)
    }

    /// Stochastic depth: in training, zeroes all samples of a share of the images and scales up the other
    /// images. Does nothing for a share of 0.
    ///
    /// Source: Huang et al., "Deep networks with stochastic depth", ECCV 2016.
    pub fn drop_path(&mut self, x: Value, share: f32) -> Value {
        let channels = self.channels(x);
        if share > 0.0 { self.push(Op::DropPath(DropPath { share }), &[x], channels) } else { x }
    }
}
