use burn::tensor::Tensor;
use unband_nets::layer::norm::{BatchNorm, LayerNorm, UnitChannels};
use unband_nets::{Node, ParamId};

use super::{Mode, Run, unsupported};
use crate::TrainError;

/// How far running statistics follow those of a batch.
const MOMENTUM: f64 = 0.1;

impl Run<'_> {
    pub(super) fn batch_norm(
        &mut self,
        norm: &BatchNorm,
        x: Tensor<4>,
        node: &Node,
    ) -> Result<Tensor<4>, TrainError> {
        let [weight, bias, mean_id, variance_id] = norm.params;
        let (mean, variance) = match self.mode {
            Mode::Fixed => (self.channels(mean_id), self.channels(variance_id)),
            Mode::Learning if norm.renorm => return Err(unsupported(node)),
            Mode::Learning => {
                let [n, c, h, w] = x.dims();
                let samples = n * h * w;
                if samples < 2 {
                    return Err(TrainError::OneSample { at: node.scope.clone() });
                }
                let by_channel = x.clone().swap_dims(0, 1).reshape([c, samples]);
                let mean = by_channel.clone().mean_dim(1);
                let variance = (by_channel - mean.clone()).square().mean_dim(1);
                let unbiased = samples as f64 / (samples - 1) as f64;
                self.follow(mean_id, mean.clone());
                self.follow(variance_id, variance.clone().mul_scalar(unbiased));
                (mean.reshape([1, c, 1, 1]), variance.reshape([1, c, 1, 1]))
            }
        };
        let scale = self.channels(weight) / variance.add_scalar(norm.eps).sqrt();
        Ok((x - mean) * scale + self.channels(bias))
    }

    fn follow(&mut self, id: ParamId, batch: Tensor<2>) {
        let before = self.running.get(&id).cloned().unwrap_or_else(|| self.param(id));
        let after = before.mul_scalar(1.0 - MOMENTUM) + batch.detach().reshape([-1]).mul_scalar(MOMENTUM);
        self.running.insert(id, after.detach());
    }

    pub(super) fn layer_norm(&self, norm: &LayerNorm, x: Tensor<4>) -> Tensor<4> {
        let [weight, bias] = norm.params.map(|id| self.channels(id));
        let centred = x.clone() - x.mean_dim(1);
        let variance = centred.clone().square().mean_dim(1);
        centred / variance.add_scalar(norm.eps).sqrt() * weight + bias
    }
}

/// Differs: the root is taken of at least 1e-30, as its slope at 0 is infinite.
pub(super) fn unit_channels(norm: UnitChannels, x: Tensor<4>) -> Tensor<4> {
    let length = x.clone().square().sum_dim(1).clamp_min(1e-30).sqrt();
    x / length.add_scalar(norm.eps)
}
