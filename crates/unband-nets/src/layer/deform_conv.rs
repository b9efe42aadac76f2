//! Deformable convolution: a convolution with a learned offset per tap and position.

use serde::{Deserialize, Serialize};

use super::Operation;
use crate::onnx::Builder;
use crate::onnx::sample::{Weighing, generated, taps_from_centre, weighed};
use crate::param::ParamId;
use crate::shape::{Reach, Shape};
use crate::{Net, Op, Value};

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
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
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

impl Operation for DeformConv {
    fn label(&self) -> String {
        format!("deformable conv {}×{}", self.kernel.0, self.kernel.1)
    }

    fn shape(&self, x: Shape, _: &[Shape]) -> Result<Shape, String> {
        Ok(x.check_channels(self.input)?.with_channels(self.output))
    }

    fn params(&self) -> Vec<ParamId> {
        [self.weight].into_iter().chain(self.offset).collect()
    }

    fn multiply_adds(&self, _: &[Shape], output: Shape) -> u64 {
        let taps = self.kernel.0 * self.kernel.1;
        output.area() * (self.output * self.input * taps + 9 * self.input * 2 * taps) as u64
    }

    /// Its offsets have no bound.
    fn reach(&self) -> Reach {
        Reach::GLOBAL
    }

    fn onnx(&self, b: &mut Builder<'_>, x: &[&str]) -> String {
        let taps = self.kernel.0 * self.kernel.1;
        let offsets = generated(b, x[0], self.offset, self.input);
        // Rows and columns alternate in the channels.
        let [down, across] = [0, 1].map(|first| {
            let [from, to, axis, step] = [first, 2 * taps as i64, 1, 2].map(|number| b.ints(&[number]));
            b.op("Slice", &[&offsets, &from, &to, &axis, &step])
        });
        let (rows, columns) = taps_from_centre(b, self.kernel.0, self.kernel.1);
        let down = b.op("Add", &[&down, &rows]);
        let across = b.op("Add", &[&across, &columns]);
        let (input, output, kernel) = (self.input, self.output, self.kernel);
        weighed(b, x[0], &down, &across, &Weighing { weight: self.weight, input, output, kernel, groups: 1 })
    }
}

impl Net {
    /// A deformable convolution with parameters below `NAME`; kernels are odd. `[C, H, W] → [output, H, W]`.
    pub fn deform_conv(
        &mut self,
        name: impl AsRef<str>,
        x: Value,
        output: usize,
        kernel: (usize, usize),
    ) -> Value {
        self.scope(name, |net| {
            let input = net.channels(x);
            let (rows, columns) = kernel;
            if rows % 2 == 0 || columns % 2 == 0 {
                net.fault(format!("a deformable kernel is odd, got {rows}×{columns}"));
            }
            let weight = net.trainable("conv.weight", &[output, input, rows, columns]);
            let offset = [
                net.trainable("offset.weight", &[2 * rows * columns, input, 3, 3]),
                net.trainable("offset.bias", &[2 * rows * columns]),
            ];
            let conv = DeformConv { weight, offset, input, output, kernel };
            net.push(Op::DeformConv(conv), &[x], output)
        })
    }
}
