//! Normalisation layers.

use unband_nets::layer::norm::{BatchNorm, LayerNorm, UnitChannels};
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
        let (scales, offsets) = scales(self, input);
        input.ctx.map_parts(lines, |y, line: &mut [f32]| {
            input.fetch.row(input.value, y, line);
            net::affine_each(input.level(), line, &scales, &offsets);
            done(y, line);
        });
    }
}

/// Scale and offset once the image's own mean and biased variance are known.
fn scales(norm: &BatchNorm, input: &Whole<'_>) -> (Vec<f32>, Vec<f32>) {
    let shape = input.shape();
    let zeros = || vec![0.0f64; shape.channels];
    let rows = input.of_rows(|row| {
        let (mut sums, mut squares) = (zeros(), zeros());
        norm::add_moments(input.level(), &mut sums, &mut squares, row);
        (sums, squares)
    });
    let (sums, squares): (Vec<_>, Vec<_>) = rows.into_iter().unzip();
    let (sums, squares) = (added(sums, shape.channels), added(squares, shape.channels));
    let n = (shape.height * shape.width) as f64;
    let [weight, bias] = [norm.params[0], norm.params[1]].map(|id| input.param(id));
    let of = |c: usize| {
        let mean = sums[c] / n;
        let variance = (squares[c] / n - mean * mean).max(0.0);
        let scale = f64::from(weight[c]) / (variance + norm.eps).sqrt();
        (scale as f32, (f64::from(bias[c]) - mean * scale) as f32)
    };
    (0..shape.channels).map(of).unzip()
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
