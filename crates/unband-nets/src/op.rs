//! The list of operations of a graph.

use serde::{Deserialize, Serialize};

use crate::layer::Operation;
use crate::layer::activation::Activation;
use crate::layer::arithmetic::{Affine, Combine};
use crate::layer::arrange::{Concat, Crop, Flatten, PixelShuffle, PixelUnshuffle, Slice};
use crate::layer::attention::{WindowAdd, WindowAttention};
use crate::layer::banded_deform_conv::BandedDeformConv;
use crate::layer::conv::Conv;
use crate::layer::conv_transpose::ConvTranspose;
use crate::layer::deform_conv::DeformConv;
use crate::layer::dropout::{DropPath, Dropout};
use crate::layer::input::InputIndex;
use crate::layer::norm::{BatchNorm, GroupNorm, LayerNorm, UnitChannels};
use crate::layer::pool::{MaxPool, Reduce};
use crate::layer::resample::{BilinearLike, UpsampleNearest};
use crate::param::ParamId;
use crate::shape::{Reach, Shape};

macro_rules! operations {
    ($($(#[$doc:meta])* $name:ident($definition:ident),)*) => {
        /// One operation of a graph. Each is defined at its own type in `layer/`.
        #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
        pub enum Op {
            $($(#[$doc])* $name($definition),)*
        }

        impl Op {
            pub(crate) fn definition(&self) -> &dyn Operation {
                match self {
                    $(Self::$name(definition) => definition,)*
                }
            }
        }
    };
}

operations! {
    /// An input of the graph.
    Input(InputIndex),
    /// Convolution, or linear layer (1×1).
    Conv(Conv),
    /// Transposed convolution.
    ConvTranspose(ConvTranspose),
    /// Banded deformable convolution.
    BandedDeformConv(BandedDeformConv),
    /// Deformable convolution.
    DeformConv(DeformConv),
    /// Activation function.
    Activation(Activation),
    /// Batch normalisation.
    BatchNorm(BatchNorm),
    /// Normalisation over channels.
    LayerNorm(LayerNorm),
    /// Normalisation over groups of channels and all positions.
    GroupNorm(GroupNorm),
    /// Normalises channels to unit length.
    UnitChannels(UnitChannels),
    /// Adds one vector per position in a window.
    WindowAdd(WindowAdd),
    /// Self-attention inside windows.
    WindowAttention(WindowAttention),
    /// Sum, difference or product of two.
    Combine(Combine),
    /// Factor plus offset, per channel or for all.
    Affine(Affine),
    /// Concatenation of channels.
    Concat(Concat),
    /// Slice of channels.
    Slice(Slice),
    /// Squares of samples into channels.
    PixelUnshuffle(PixelUnshuffle),
    /// Channels into squares of samples.
    PixelShuffle(PixelShuffle),
    /// Repetition of each sample.
    UpsampleNearest(UpsampleNearest),
    /// Bilinear resizing to the size of the second input.
    BilinearLike(BilinearLike),
    /// Crop to the size of the second input.
    Crop(Crop),
    /// Maximum of a window.
    MaxPool(MaxPool),
    /// Reduction over the whole image.
    Reduce(Reduce),
    /// Flattens everything into channels.
    Flatten(Flatten),
    /// Dropout.
    Dropout(Dropout),
    /// Stochastic depth.
    DropPath(DropPath),
}

impl Op {
    /// Short name for display.
    pub fn label(&self) -> String {
        self.definition().label()
    }

    /// The shape of the result.
    ///
    /// # Errors
    /// The mismatch, as text.
    pub fn shape(&self, inputs: &[Shape]) -> Result<Shape, String> {
        let x = *inputs.first().ok_or("an operation without input")?;
        self.definition().shape(x, inputs)
    }

    /// Its parameters.
    pub fn params(&self) -> Vec<ParamId> {
        self.definition().params()
    }

    /// Multiply-adds as counted in papers: of convolutions, linear layers and attention.
    pub fn multiply_adds(&self, inputs: &[Shape], output: Shape) -> u64 {
        self.definition().multiply_adds(inputs, output)
    }

    /// Receptive field.
    pub fn reach(&self) -> Reach {
        self.definition().reach()
    }
}
