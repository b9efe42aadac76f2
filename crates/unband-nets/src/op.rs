//! Operation types of a graph.

use crate::layer::activation::Activation;
use crate::layer::arithmetic::{AddScaled, Affine};
use crate::layer::arrange::{Crop, Slice};
use crate::layer::attention::{WindowAdd, WindowAttention};
use crate::layer::banded_deform_conv::BandedDeformConv;
use crate::layer::conv::{Conv, ConvTranspose};
use crate::layer::deform_conv::DeformConv;
use crate::layer::norm::{BatchNorm, LayerNorm, UnitChannels};
use crate::layer::pool::{MaxPool, Reduce};
use crate::shape::{Reach, Shape};

/// One operation of a graph. Each is defined at its own type in `layer/`.
#[derive(Clone, Debug, PartialEq)]
pub enum Op {
    /// An input of the graph, by index.
    Input(usize),
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
    /// Normalises channels to unit length.
    UnitChannels(UnitChannels),
    /// Adds one vector per position in a window.
    WindowAdd(WindowAdd),
    /// Self-attention inside windows.
    WindowAttention(WindowAttention),
    /// Sum of two.
    Add,
    /// First minus second.
    Sub,
    /// Product of two.
    Mul,
    /// First plus a multiple of the second.
    AddScaled(AddScaled),
    /// Factor plus offset, per channel or for all.
    Affine(Affine),
    /// Concatenation of channels.
    Concat,
    /// Slice of channels.
    Slice(Slice),
    /// Pixel-unshuffle: squares of samples into channels.
    PixelUnshuffle(usize),
    /// Pixel-shuffle: channels into squares of samples.
    PixelShuffle(usize),
    /// Each sample repeated this many times, down and across.
    UpsampleNearest(usize),
    /// To the size of the second input, bilinear, half-pixel centres.
    BilinearLike,
    /// Crop to the size of the second input: the upper left part.
    Crop(Crop),
    /// Maximum of a window.
    MaxPool(MaxPool),
    /// Reduction over the whole image.
    Reduce(Reduce),
    /// Flattens everything into channels.
    Flatten,
    /// Dropout: zeroes samples in training, or if a network runs in that mode.
    Dropout(f32),
    /// Stochastic depth: in training, drops all samples of a share of the images.
    DropPath(f32),
}

/// Cost of an operation.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Cost {
    /// Multiply-adds as counted in papers: of convolutions, linear layers and attention.
    pub multiply_adds: u64,
}

impl Op {
    /// Short name for display.
    pub fn word(&self) -> String {
        match self {
            Self::Input(_) => "input".into(),
            Self::Conv(conv) => conv.word(),
            Self::ConvTranspose(conv) => format!("transposed conv {0}×{0}", conv.kernel),
            Self::BandedDeformConv(conv) => {
                format!("banded deformable conv {}×{}", conv.kernel.0, conv.kernel.1)
            }
            Self::DeformConv(conv) => format!("deformable conv {}×{}", conv.kernel.0, conv.kernel.1),
            Self::Activation(activation) => activation.word(),
            Self::BatchNorm(_) => "batch norm".into(),
            Self::LayerNorm(_) => "layer norm".into(),
            Self::UnitChannels(_) => "unit channels".into(),
            Self::WindowAdd(_) => "window add".into(),
            Self::WindowAttention(a) => format!("window attention {} heads", a.heads),
            Self::Add => "add".into(),
            Self::Sub => "subtract".into(),
            Self::Mul => "multiply".into(),
            Self::AddScaled(a) => format!("add × {}", a.factor),
            Self::Affine(_) => "affine".into(),
            Self::Concat => "concat".into(),
            Self::Slice(s) => format!("channels {}..{}", s.start, s.start + s.len),
            Self::PixelUnshuffle(f) => format!("pixel unshuffle {f}"),
            Self::PixelShuffle(f) => format!("pixel shuffle {f}"),
            Self::UpsampleNearest(f) => format!("nearest × {f}"),
            Self::BilinearLike => "bilinear".into(),
            Self::Crop(_) => "crop".into(),
            Self::MaxPool(p) => format!("max pool {}", p.kernel),
            Self::Reduce(r) => r.word().into(),
            Self::Flatten => "flatten".into(),
            Self::Dropout(p) => format!("dropout {p}"),
            // The share differs from block to block and would hide that the blocks are alike.
            Self::DropPath(_) => "drop path".into(),
        }
    }

    /// The shape of the result.
    ///
    /// # Errors
    /// The mismatch, as text.
    pub fn shape(&self, inputs: &[Shape]) -> Result<Shape, String> {
        let x = *inputs.first().ok_or("an operation without input")?;
        match self {
            Self::Conv(conv) => conv.shape(x),
            Self::ConvTranspose(conv) => conv.shape(x),
            Self::BandedDeformConv(conv) => conv.shape(x),
            Self::DeformConv(conv) => conv.shape(x),
            Self::Activation(activation) => activation.shape(x),
            Self::BatchNorm(norm) => same_channels(x, norm.channels),
            Self::LayerNorm(norm) => same_channels(x, norm.channels),
            Self::Input(_) | Self::UnitChannels(_) | Self::Dropout(_) | Self::DropPath(_) => Ok(x),
            Self::WindowAdd(add) => add.shape(x),
            Self::WindowAttention(attention) => attention.shape(inputs),
            Self::Add | Self::Sub | Self::Mul | Self::AddScaled(_) => {
                crate::layer::arithmetic::joined(inputs)
            }
            Self::Affine(affine) => affine.shape(x),
            Self::Concat => crate::layer::arrange::concat(inputs),
            Self::Slice(slice) => slice.shape(x),
            Self::PixelUnshuffle(f) => crate::layer::arrange::unshuffled(x, *f),
            Self::PixelShuffle(f) => crate::layer::arrange::shuffled(x, *f),
            Self::UpsampleNearest(f) => Ok(Shape::new(x.channels, x.height * f, x.width * f)),
            Self::BilinearLike => crate::layer::resample::like(inputs),
            Self::Crop(_) => crate::layer::arrange::cropped(inputs),
            Self::MaxPool(pool) => pool.shape(x),
            Self::Reduce(_) => Ok(Shape::new(x.channels, 1, 1)),
            Self::Flatten => Ok(Shape::new(x.len(), 1, 1)),
        }
    }

    /// Cost for these inputs and this result.
    pub fn cost(&self, inputs: &[Shape], output: Shape) -> Cost {
        let area = (output.height * output.width) as u64;
        let multiply_adds = match self {
            Self::Conv(conv) => area * conv.multiply_adds_per_place(),
            Self::ConvTranspose(conv) => {
                inputs.first().map_or(0, |x| (x.height * x.width) as u64) * conv.multiply_adds_per_place()
            }
            Self::BandedDeformConv(conv) => area * conv.multiply_adds_per_place(),
            Self::DeformConv(conv) => area * conv.multiply_adds_per_place(),
            Self::WindowAttention(attention) => area * attention.multiply_adds_per_place(),
            _ => 0,
        };
        Cost { multiply_adds }
    }

    /// Receptive field.
    pub fn reach(&self) -> Reach {
        let near = |radius: f64| Reach { radius, ..Reach::POINT };
        let everywhere = Reach { global: true, ..Reach::POINT };
        match self {
            Self::Conv(conv) => conv.reach(),
            Self::ConvTranspose(conv) => conv.reach(),
            // Their offsets have no bound.
            Self::BandedDeformConv(_) | Self::DeformConv(_) | Self::Reduce(_) | Self::Flatten => everywhere,
            Self::WindowAttention(attention) => near((attention.window - 1) as f64),
            Self::PixelUnshuffle(f) => Reach { radius: (*f - 1) as f64, step: *f as f64, global: false },
            Self::PixelShuffle(f) | Self::UpsampleNearest(f) => {
                Reach { radius: 0.0, step: 1.0 / *f as f64, global: false }
            }
            // Two neighbours on each side; its step is that of the value whose size it takes.
            Self::BilinearLike => near(1.0),
            Self::MaxPool(pool) => pool.reach(),
            _ => Reach::POINT,
        }
    }
}

fn same_channels(x: Shape, channels: usize) -> Result<Shape, String> {
    if x.channels == channels { Ok(x) } else { Err(format!("takes {channels} channels, got {}", x.channels)) }
}

impl Op {
    /// Its parameters.
    pub fn params(&self) -> Vec<crate::ParamId> {
        match self {
            Self::Conv(conv) => [Some(conv.weight), conv.bias].into_iter().flatten().collect(),
            Self::ConvTranspose(conv) => [Some(conv.weight), conv.bias].into_iter().flatten().collect(),
            Self::BandedDeformConv(conv) => {
                let whole = conv.whole.into_iter().flatten();
                [conv.weight].into_iter().chain(conv.rotation).chain(conv.stretch).chain(whole).collect()
            }
            Self::DeformConv(conv) => [conv.weight].into_iter().chain(conv.offset).collect(),
            Self::Activation(Activation::PRelu { weight, .. }) => vec![*weight],
            Self::BatchNorm(norm) => norm.params.to_vec(),
            Self::LayerNorm(norm) => norm.params.to_vec(),
            Self::WindowAdd(add) => vec![add.table],
            Self::WindowAttention(attention) => vec![attention.table],
            Self::Affine(affine) => [affine.scales, affine.offsets].into_iter().flatten().collect(),
            _ => Vec::new(),
        }
    }
}
