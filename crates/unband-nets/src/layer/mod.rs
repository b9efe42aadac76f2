//! Operations, one file per type or family: definition, ONNX form, and the methods of [`crate::Net`] that add
//! them to a network.
//!
//! All values are channels, rows, columns. A linear layer is a 1×1 convolution; tokens are samples of an
//! image. Slopes, factors and the like are 64 bits wide, as in Python: 0.2 in 32 bits is a different number.
// ONNX uses signed integers; dimensions of data that fits into memory are far below their limit.
#![allow(clippy::cast_possible_wrap)]

pub mod activation;
pub mod arithmetic;
pub mod arrange;
pub mod attention;
pub mod banded_deform_conv;
pub mod conv;
pub mod conv_transpose;
pub mod deform_conv;
pub mod dropout;
pub mod input;
pub mod norm;
pub mod pool;
pub mod resample;

use crate::onnx::Builder;
use crate::param::ParamId;
use crate::shape::{Reach, Shape};
use crate::state::init::InitRole;

/// Definition of an operation.
pub(crate) trait Operation {
    /// Short name for display.
    fn label(&self) -> String;

    /// Shape of the result for inputs of these shapes, of which `x` is the first; or the mismatch, as text.
    fn shape(&self, x: Shape, _inputs: &[Shape]) -> Result<Shape, String> {
        Ok(x)
    }

    /// Adds its ONNX operations; `x` are the names of its inputs, the return value is the name of its result.
    fn onnx(&self, b: &mut Builder<'_>, x: &[&str]) -> String;

    /// Its parameters.
    fn params(&self) -> Vec<ParamId> {
        Vec::new()
    }

    /// Initialisation of its parameters other than weights and their biases.
    fn init(&self) -> Vec<(ParamId, InitRole)> {
        Vec::new()
    }

    /// Multiply-adds as counted in papers: those of convolutions, linear layers and attention.
    fn multiply_adds(&self, _inputs: &[Shape], _output: Shape) -> u64 {
        0
    }

    /// Receptive field.
    fn reach(&self) -> Reach {
        Reach::POINT
    }

    /// Index of the input whose sample size the receptive field's step refers to.
    fn size_input(&self) -> usize {
        0
    }

    /// Role in the table of a network.
    fn role(&self) -> OpRole {
        if self.params().is_empty() { OpRole::Other } else { OpRole::Layer }
    }
}

/// Role of an operation in a line of a network's table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OpRole {
    /// Has parameters, and a line of its own.
    Layer,
    /// An activation or a normalisation: part of the layer before it, whatever its path.
    Finish,
    /// Only rearranges samples.
    Arrange,
    /// Anything else.
    Other,
}
