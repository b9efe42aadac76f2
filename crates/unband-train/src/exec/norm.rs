use burn::tensor::Tensor;
use unband_nets::layer::norm::{BatchNorm, GroupNorm, LayerNorm, UnitChannels};
use unband_nets::{Node, ParamId};

use super::{Execution, Mode};
use crate::TrainError;

/// Momentum of running statistics.
const MOMENTUM: f64 = 0.1;
/// The same with batch renormalisation, as in keras-contrib.
const RENORM_MOMENTUM: f64 = 0.01;

impl Execution<'_> {
    pub(super) fn batch_norm(
        &mut self,
        norm: &BatchNorm,
        x: Tensor<4>,
        node: &Node,
    ) -> Result<Tensor<4>, TrainError> {
        let [weight, bias, mean_id, variance_id] = norm.params;
        let (mean, variance) = match self.mode {
            Mode::Fixed => (self.channels(mean_id), self.channels(variance_id)),
            Mode::Learning(batches) => {
                let [n, c, h, w] = x.dims();
                let samples = n * h * w;
                if samples < 2 {
                    return Err(TrainError::OneSample { at: node.scope.clone() });
                }
                let by_channel = x.clone().swap_dims(0, 1).reshape([c, samples]);
                let mean = by_channel.clone().mean_dim(1);
                let variance = (by_channel - mean.clone()).square().mean_dim(1);
                if norm.renorm {
                    return Ok(self.batch_renorm(norm, x, mean, variance, batches));
                }
                let unbiased = samples as f64 / (samples - 1) as f64;
                self.follow(mean_id, mean.clone(), MOMENTUM);
                self.follow(variance_id, variance.clone().mul_scalar(unbiased), MOMENTUM);
                (mean.reshape([1, c, 1, 1]), variance.reshape([1, c, 1, 1]))
            }
        };
        let scale = self.channels(weight) / variance.add_scalar(norm.eps).sqrt();
        Ok((x - mean) * scale + self.channels(bias))
    }

    /// The statistics of the batch, corrected towards the running ones within the limits for this number of
    /// batches. The correction passes no gradients.
    ///
    /// Source: Ioffe 2017, "Batch Renormalization"; keras-contrib,
    /// `layers/normalization/batchrenormalization.py`.
    fn batch_renorm(
        &mut self,
        norm: &BatchNorm,
        x: Tensor<4>,
        mean: Tensor<2>,
        variance: Tensor<2>,
        batches: u64,
    ) -> Tensor<4> {
        let [weight, bias, mean_id, variance_id] = norm.params;
        let (scale_limit, shift_limit) = renorm_limits(batches);
        let root = |v: Tensor<2>| v.add_scalar(norm.eps).sqrt();
        let column = |id| self.param(id).reshape([-1, 1]);
        let spread = root(variance.clone());
        let running = root(column(variance_id));
        let scale = (spread.clone() / running.clone()).clamp(1.0 / scale_limit, scale_limit).detach();
        let shift = ((mean.clone() - column(mean_id)) / running).clamp(-shift_limit, shift_limit).detach();
        self.follow(mean_id, mean.clone(), RENORM_MOMENTUM);
        self.follow(variance_id, variance, RENORM_MOMENTUM);
        let wide = |v: Tensor<2>| v.reshape([1, -1, 1, 1]);
        let normal = (x - wide(mean)) / wide(spread) * wide(scale) + wide(shift);
        normal * self.channels(weight) + self.channels(bias)
    }

    fn follow(&mut self, id: ParamId, batch: Tensor<2>, share: f64) {
        let before = self.running.get(&id).cloned().unwrap_or_else(|| self.param(id));
        let after = before.mul_scalar(1.0 - share) + batch.detach().reshape([-1]).mul_scalar(share);
        self.running.insert(id, after.detach());
    }

    pub(super) fn layer_norm(&self, norm: &LayerNorm, x: Tensor<4>) -> Tensor<4> {
        let [weight, bias] = norm.params.map(|id| self.channels(id));
        let centred = x.clone() - x.mean_dim(1);
        let variance = centred.clone().square().mean_dim(1);
        centred / variance.add_scalar(norm.eps).sqrt() * weight + bias
    }

    pub(super) fn group_norm(&self, norm: &GroupNorm, x: Tensor<4>) -> Tensor<4> {
        let [weight, bias] = norm.params.map(|id| self.channels(id));
        let shape = x.dims();
        let x = x.reshape([shape[0], norm.groups, 1, norm.channels / norm.groups * shape[2] * shape[3]]);
        let centred = x.clone() - x.mean_dim(3);
        let variance = centred.clone().square().mean_dim(3);
        (centred / variance.add_scalar(norm.eps).sqrt()).reshape(shape) * weight + bias
    }
}

/// Limits of renormalisation's scale and shift after this number of batches: none at first, 3 and 5 in the
/// end.
fn renorm_limits(batches: u64) -> (f64, f64) {
    let Some(t) = batches.checked_sub(1).map(|n| 1e-3 * n as f64) else { return (1.0, 0.0) };
    (3.0 / (1.0 + 2.0 * (-t).exp()), 5.0 / (1.0 + 4999.0 * (-2.0 * t).exp()))
}

/// Differs: takes the root of at least 1e-30, as the slope of the root is infinite at 0.
pub(super) fn unit_channels(norm: UnitChannels, x: Tensor<4>) -> Tensor<4> {
    let length = x.clone().square().sum_dim(1).clamp_min(1e-30).sqrt();
    x / length.add_scalar(norm.eps)
}
