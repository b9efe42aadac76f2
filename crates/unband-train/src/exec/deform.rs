use burn::tensor::module::deform_conv2d;
use burn::tensor::ops::{ConvOptions, DeformConvOptions};
use burn::tensor::{Device, Tensor, TensorData, activation};
use unband_nets::layer::banded_deform_conv::BandedDeformConv;
use unband_nets::layer::deform_conv::DeformConv;

use super::Execution;
use crate::conv::conv2d;
use crate::conv::sample::sample;

impl Execution<'_> {
    pub(super) fn deform_conv(&self, conv: &DeformConv, x: Tensor<4>) -> Tensor<4> {
        let (rows, columns) = conv.kernel;
        let offsets = self.generator(conv.offset, x.clone(), 2 * rows * columns);
        let weight = self.param(conv.weight).reshape([conv.output, conv.input, rows, columns]);
        deformed(x, offsets, weight, 1)
    }

    pub(super) fn banded_deform_conv(&self, conv: &BandedDeformConv, x: Tensor<4>) -> Tensor<4> {
        let (rows, columns) = conv.kernel;
        let bend = Bend {
            rotation: self.generator(conv.rotation, x.clone(), 2),
            stretch: self.generator(conv.stretch, x.clone(), 1),
            whole: conv.whole.map(|whole| self.generator(whole, x.clone(), 1)),
            limits: conv.limits,
        };
        let weight = self.param(conv.weight).reshape([conv.output, conv.input / conv.groups, rows, columns]);
        bent(x, bend, weight, conv.groups)
    }
}

/// Outputs of a banded layer's generators, `[N, 1 or 2, H, W]`.
pub(crate) struct Bend {
    /// Sine and cosine, of any common length.
    pub rotation: Tensor<4>,
    pub stretch: Tensor<4>,
    pub whole: Option<Tensor<4>>,
    /// Minimum and maximum stretch.
    pub limits: Option<(f32, f32)>,
}

/// Banded deformable convolution of `x`, `[N, I, H, W]`, with `weight`, `[O, I / groups, rows, columns]`.
pub(crate) fn bent(x: Tensor<4>, bend: Bend, weight: Tensor<4>, groups: usize) -> Tensor<4> {
    let [n, _, h, w] = x.dims();
    let [_, _, rows, columns] = weight.dims();
    let taps = rows * columns;
    let length = bend.rotation.clone().square().sum_dim(1).add_scalar(1e-6).sqrt();
    let rotation = bend.rotation / length;
    let (sine, cosine) = (rotation.clone().narrow(1, 0, 1), rotation.narrow(1, 1, 1));
    let stretch = match bend.limits {
        Some((min, max)) => {
            let (min, max) = (f64::from(min), f64::from(max));
            let (half, middle) = ((max - min) / 2.0, f64::midpoint(min, max));
            bend.stretch.tanh().mul_scalar(half).add_scalar(middle)
        }
        None => activation::relu(bend.stretch),
    };
    // Tap positions relative to the centre: [1, taps, 1, 1].
    let taps_of = |at: &dyn Fn(usize) -> usize, half: usize| {
        let values: Vec<f32> = (0..taps).map(|t| at(t) as f32 - half as f32).collect();
        Tensor::<4>::from_data(TensorData::new(values, [1, taps, 1, 1]), &x.device())
    };
    let u = taps_of(&|t| t / columns, rows / 2);
    let v = taps_of(&|t| t % columns, columns / 2);
    let (mut down, mut across) = (stretch * u.clone(), v.clone().expand([n, taps, h, w]));
    if let Some(whole) = bend.whole {
        let whole = activation::relu(whole).add_scalar(1.0);
        (down, across) = (down * whole.clone(), across * whole);
    }
    // Burn adds the taps' own positions.
    let row = cosine.clone() * down.clone() + sine.clone() * across.clone() - u;
    let column = cosine * across - sine * down - v;
    let offsets = Tensor::stack::<5>(vec![row, column], 2).reshape([n, 2 * taps, h, w]);
    deformed(x, offsets, weight, groups)
}

/// Samples `x`, `[N, I, H, W]`, where `offsets`, `[N, 2 · taps, H, W]`, move the taps of `weight`, `[O, I /
/// groups, rows, columns]`.
fn deformed(x: Tensor<4>, offsets: Tensor<4>, weight: Tensor<4>, groups: usize) -> Tensor<4> {
    let [outputs, inputs, rows, columns] = weight.dims();
    if x.device().inner() == Device::flex() {
        let samples = sample(x, offsets, [rows, columns]);
        let weight = weight.reshape([outputs, inputs * rows * columns, 1, 1]);
        return conv2d(samples, weight, None, ConvOptions::new([1; 2], [0; 2], [1; 2], groups));
    }
    // Tap by tap: on graphics cards, Burn gives the offsets of all taps the gradients of the first.
    let tap = |t: usize| {
        let (row, column) = (t / columns, t % columns);
        let place = [row as f32 - (rows / 2) as f32, column as f32 - (columns / 2) as f32];
        let place = Tensor::<4>::from_data(TensorData::new(place.to_vec(), [1, 2, 1, 1]), &x.device());
        let weight = weight.clone().narrow(2, row, 1).narrow(3, column, 1);
        deform_conv2d(
            x.clone(),
            offsets.clone().narrow(1, 2 * t, 2) + place,
            weight,
            None,
            None,
            DeformConvOptions::new([1; 2], [0; 2], [1; 2], groups, 1),
        )
    };
    (1..rows * columns).fold(tap(0), |sum, t| sum + tap(t))
}
