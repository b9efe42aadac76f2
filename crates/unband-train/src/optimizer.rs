//! Burn's optimisers over the rows of a model, with state that fits into checkpoints.

use burn::optim::decay::WeightDecayConfig;
use burn::optim::{
    Adam, AdamConfig, AdamState, AdamW, AdamWConfig, AdamWState, AdaptiveMomentumState, Optimizer as _,
};
use burn::tensor::Tensor;

use crate::recipe::{Optimizer as Settings, OptimizerKind};

#[derive(Clone)]
enum Rule {
    Adam(Adam),
    AdamW(AdamW),
}

/// Updates weights from their gradients.
#[derive(Clone)]
pub struct Optimizer {
    rule: Rule,
    /// State per row; none before the first gradient.
    pub(crate) moments: Vec<Option<AdaptiveMomentumState<1>>>,
}

impl Optimizer {
    /// For this number of tensors, as configured in a recipe; the learning rate is given with each step.
    pub fn new(settings: &Settings, tensors: usize) -> Self {
        let [first, second] = settings.betas.map(|b| b as f32);
        let eps = settings.eps as f32;
        let rule = match settings.kind {
            OptimizerKind::Adam => {
                let decay = (settings.weight_decay > 0.0)
                    .then(|| WeightDecayConfig::new(settings.weight_decay as f32));
                let adam = AdamConfig::new().with_beta_1(first).with_beta_2(second).with_epsilon(eps);
                Rule::Adam(adam.with_weight_decay(decay).build())
            }
            OptimizerKind::Adamw => {
                let adam = AdamWConfig::new().with_beta_1(first).with_beta_2(second).with_epsilon(eps);
                Rule::AdamW(adam.with_weight_decay(settings.weight_decay as f32).build())
            }
        };
        Self { rule, moments: vec![None; tensors] }
    }

    /// The new values of row `i`. All tensors are without gradients.
    pub(crate) fn moved(&mut self, i: usize, rate: f64, row: Tensor<1>, gradient: Tensor<1>) -> Tensor<1> {
        let before = self.moments[i].take();
        let (row, after) = match &self.rule {
            Rule::Adam(adam) => {
                let (row, state) = adam.step(rate, row, gradient, before.map(AdamState::new));
                (row, state.map(|s| s.momentum))
            }
            Rule::AdamW(adam) => {
                let (row, state) = adam.step(rate, row, gradient, before.map(AdamWState::new));
                (row, state.map(|s| s.momentum))
            }
        };
        self.moments[i] = after;
        row
    }
}
