//! Transposed convolution.

use serde::{Deserialize, Serialize};

use super::Operation;
use crate::onnx::{Attribute, Builder};
use crate::param::ParamId;
use crate::shape::{Reach, Shape};
use crate::{Net, Op, Value};

/// Transposed convolution as PyTorch's `ConvTranspose2d` with equal kernel, stride and padding on both axes.
///
/// Every input sample adds weight[i, o, a, b] · in[i, y, x] to out[o, y·stride + a − padding, x·stride + b −
/// padding].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ConvTranspose {
    /// `[input, output, kernel, kernel]`.
    pub weight: ParamId,
    /// One per output channel.
    pub bias: Option<ParamId>,
    /// Input channels.
    pub input: usize,
    /// Output channels.
    pub output: usize,
    /// Side of the kernel.
    pub kernel: usize,
    /// Samples of the result per sample of the input.
    pub stride: usize,
    /// Padding: samples cut off on every side of the result.
    pub padding: usize,
}

impl Operation for ConvTranspose {
    fn label(&self) -> String {
        format!("transposed conv {0}×{0}", self.kernel)
    }

    fn shape(&self, x: Shape, _: &[Shape]) -> Result<Shape, String> {
        x.check_channels(self.input)?;
        let side = |n: usize| {
            n.checked_sub(1).and_then(|n| (n * self.stride + self.kernel).checked_sub(2 * self.padding))
        };
        let small = || format!("{x} gives an empty result");
        let height = side(x.height).ok_or_else(small)?;
        Ok(Shape::new(self.output, height, side(x.width).ok_or_else(small)?))
    }

    fn params(&self) -> Vec<ParamId> {
        [Some(self.weight), self.bias].into_iter().flatten().collect()
    }

    fn multiply_adds(&self, inputs: &[Shape], _: Shape) -> u64 {
        let per_sample = (self.output * self.input * self.kernel * self.kernel) as u64;
        inputs.first().map_or(0, |x| x.area() * per_sample)
    }

    fn reach(&self) -> Reach {
        let radius = (self.kernel - 1).div_ceil(self.stride) as f64;
        Reach { radius, step: 1.0 / self.stride as f64, global: false }
    }

    fn onnx(&self, b: &mut Builder<'_>, x: &[&str]) -> String {
        let weight = b.param(self.weight);
        let bias = self.bias.map(|bias| b.param(bias));
        let mut inputs = vec![x[0], &weight];
        inputs.extend(bias.as_deref());
        let settings = vec![
            Attribute::ints("kernel_shape", &[self.kernel; 2]),
            Attribute::ints("strides", &[self.stride; 2]),
            Attribute::ints("pads", &[self.padding; 4]),
        ];
        b.with("ConvTranspose", &inputs, settings)
    }
}

impl Net {
    /// A transposed convolution with `NAME.weight` and an optional `NAME.bias`.
    pub fn conv_transpose(
        &mut self,
        name: impl AsRef<str>,
        x: Value,
        output: usize,
        (kernel, stride, padding): (usize, usize, usize),
        bias: bool,
    ) -> Value {
        self.scope(name, |net| {
            let input = net.channels(x);
            let weight = net.trainable("weight", &[input, output, kernel, kernel]);
            let bias = bias.then(|| net.trainable("bias", &[output]));
            let conv = ConvTranspose { weight, bias, input, output, kernel, stride, padding };
            net.push(Op::ConvTranspose(conv), &[x], output)
        })
    }
}
