//! Deformable convolution: a convolution with a learned offset per tap and position.

use crate::param::ParamId;
use crate::shape::Shape;

/// A convolution with an offset for each tap at each position, computed by a 3×3 convolution of the same
/// input.
///
/// out[o, y, x] = Σ weight[o, i, a, b] · in[i, y + a − kh div 2 + Δrow, x + b − kw div 2 + Δcolumn],
/// bilinear, zero outside;
/// tap n = a · kw + b takes Δrow from channel 2n and Δcolumn from channel 2n + 1 of the offsets. No mask, no
/// bias.
///
/// Source: Dai et al., "Deformable convolutional networks", ICCV 2017; order of channels as in torchvision's
/// `deform_conv2d`.
#[derive(Clone, Debug, PartialEq)]
pub struct DeformConv {
    /// `conv.weight`: `[output, input, kh, kw]`.
    pub weight: ParamId,
    /// `offset.{weight,bias}`: `[2 · kh · kw, input, 3, 3]`, `[2 · kh · kw]`.
    pub offset: [ParamId; 2],
    /// Input channels.
    pub input: usize,
    /// Output channels.
    pub output: usize,
    /// Rows and columns of the kernel.
    pub kernel: (usize, usize),
}

impl DeformConv {
    pub(crate) fn shape(&self, x: Shape) -> Result<Shape, String> {
        if x.channels != self.input {
            return Err(format!("takes {} channels, got {}", self.input, x.channels));
        }
        Ok(x.with_channels(self.output))
    }

    pub(crate) fn multiply_adds_per_place(&self) -> u64 {
        let taps = self.kernel.0 * self.kernel.1;
        (self.output * self.input * taps + 9 * self.input * 2 * taps) as u64
    }
}
