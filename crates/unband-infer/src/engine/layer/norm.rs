//! Normalisation layers.

use unband_nets::ParamId;
use unband_nets::layer::norm::{BatchNorm, GroupNorm, LayerNorm, UnitChannels};
use unband_nets::state::Weights;
use unband_simd::{infer::net, infer::norm};

use super::{InPlaceOp, WholeOp};
use crate::engine::in_place::{PerChannel, RowPlace};
use crate::engine::whole::{Whole, added};

impl InPlaceOp for BatchNorm {
    fn apply(&self, at: &RowPlace<'_>, row: &mut [f32]) {
        at.per_channel(row);
    }

    fn per_channel(&self, weights: &Weights) -> Option<PerChannel> {
        let [weight, bias, mean, variance] = self.params.map(|id| weights.get(id));
        let scales: Vec<f32> =
            weight.iter().zip(variance).map(|(w, v)| w / (v + self.eps as f32).sqrt()).collect();
        let offsets = bias.iter().zip(mean).zip(&scales).map(|((b, m), s)| b - m * s).collect();
        Some(PerChannel { scales, offsets })
    }
}

impl WholeOp for BatchNorm {
    fn make(&self, input: &Whole<'_>, lines: Vec<&mut [f32]>, done: &(dyn Fn(usize, &mut [f32]) + Sync)) {
        let [weight, bias, ..] = self.params;
        normalised(input, [weight, bias], (1, self.eps), lines, done);
    }
}

impl WholeOp for GroupNorm {
    fn make(&self, input: &Whole<'_>, lines: Vec<&mut [f32]>, done: &(dyn Fn(usize, &mut [f32]) + Sync)) {
        normalised(input, self.params, (self.channels / self.groups, self.eps), lines, done);
    }
}

/// By the image's own mean and biased variance over `together` neighbouring channels.
fn normalised(
    input: &Whole<'_>,
    params: [ParamId; 2],
    (together, eps): (usize, f64),
    lines: Vec<&mut [f32]>,
    done: &(dyn Fn(usize, &mut [f32]) + Sync),
) {
    let shape = input.shape();
    let zeros = || vec![0.0f64; shape.channels];
    let rows = input.of_rows(|row| {
        let (mut sums, mut squares) = (zeros(), zeros());
        norm::add_moments(input.level(), &mut sums, &mut squares, row);
        (sums, squares)
    });
    let (sums, squares): (Vec<_>, Vec<_>) = rows.into_iter().unzip();
    let (sums, squares) = (added(sums, shape.channels), added(squares, shape.channels));
    let n = (together * shape.height * shape.width) as f64;
    let [weight, bias] = params.map(|id| input.param(id));
    let of = |c: usize| {
        let group = c / together * together..(c / together + 1) * together;
        let mean = sums[group.clone()].iter().sum::<f64>() / n;
        let variance = (squares[group].iter().sum::<f64>() / n - mean * mean).max(0.0);
        let scale = f64::from(weight[c]) / (variance + eps).sqrt();
        (scale as f32, (f64::from(bias[c]) - mean * scale) as f32)
    };
    let (scales, offsets): (Vec<f32>, Vec<f32>) = (0..shape.channels).map(of).unzip();
    input.ctx.map_parts(lines, |y, line: &mut [f32]| {
        input.fetch.row(input.value, y, line);
        net::affine_each(input.level(), line, &scales, &offsets);
        done(y, line);
    });
}

impl InPlaceOp for LayerNorm {
    fn apply(&self, at: &RowPlace<'_>, row: &mut [f32]) {
        let [weights, biases] = self.params.map(|id| at.param(id));
        norm::layer(at.level(), row, weights, biases, self.eps as f32);
    }
}

impl InPlaceOp for UnitChannels {
    fn apply(&self, at: &RowPlace<'_>, row: &mut [f32]) {
        norm::unit(at.level(), row, at.shape().channels, self.eps as f32);
    }
}
