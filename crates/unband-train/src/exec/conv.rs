use burn::tensor::Tensor;
use burn::tensor::module::conv_transpose2d;
use burn::tensor::ops::{ConvOptions, ConvTransposeOptions};
use unband_nets::ParamId;
use unband_nets::layer::conv::Conv;
use unband_nets::layer::conv_transpose::ConvTranspose;

use super::Execution;
use crate::conv::conv2d;

impl Execution<'_> {
    pub(super) fn conv(&self, conv: &Conv, x: Tensor<4>) -> Tensor<4> {
        let (rows, columns) = conv.kernel;
        let weight = self.param(conv.weight).reshape([conv.output, conv.input / conv.groups, rows, columns]);
        let padding = [conv.padding.0, conv.padding.1];
        let options = ConvOptions::new([conv.stride; 2], padding, [conv.dilation; 2], conv.groups);
        conv2d(x, weight, conv.bias.map(|id| self.param(id)), options)
    }

    pub(super) fn conv_transpose(&self, conv: &ConvTranspose, x: Tensor<4>) -> Tensor<4> {
        let weight = self.param(conv.weight).reshape([conv.input, conv.output, conv.kernel, conv.kernel]);
        let options = ConvTransposeOptions::new([conv.stride; 2], [conv.padding; 2], [0; 2], [1; 2], 1);
        conv_transpose2d(x, weight, conv.bias.map(|id| self.param(id)), options)
    }

    /// The 3×3 convolution that computes the tap offsets.
    pub(super) fn generator(&self, [weight, bias]: [ParamId; 2], x: Tensor<4>, outputs: usize) -> Tensor<4> {
        let weight = self.param(weight).reshape([outputs, x.dims()[1], 3, 3]);
        conv2d(x, weight, Some(self.param(bias)), ConvOptions::new([1; 2], [1; 2], [1; 2], 1))
    }
}
