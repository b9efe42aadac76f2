//! Element-wise sums and products.

use unband_nets::ParamId;
use unband_nets::layer::arithmetic::{Affine, Combine};
use unband_nets::state::Weights;
use unband_simd::infer::net;

use super::InPlaceOp;
use crate::engine::in_place::{PerChannel, RowPlace};

impl InPlaceOp for Combine {
    fn apply(&self, at: &RowPlace<'_>, row: &mut [f32]) {
        let level = at.level();
        let factors = match self {
            Self::Add => (1.0, 1.0),
            Self::Sub => (1.0, -1.0),
            Self::AddScaled(factor) => (1.0, *factor as f32),
            Self::Mul => return at.with_other(row, |row, other| net::times(level, row, other)),
        };
        let (mine, theirs) = if at.own == 0 { factors } else { (factors.1, factors.0) };
        at.with_other(row, |row, other| net::mix(level, row, other, mine, theirs));
    }
}

impl InPlaceOp for Affine {
    fn apply(&self, at: &RowPlace<'_>, row: &mut [f32]) {
        net::affine(at.level(), row, self.scale as f32, self.offset as f32);
        at.per_channel(row);
    }

    fn per_channel(&self, weights: &Weights) -> Option<PerChannel> {
        let channels = self.channels?;
        let vector = |id: Option<ParamId>, none: f32| {
            id.map_or_else(|| vec![none; channels], |id| weights.get(id).to_vec())
        };
        Some(PerChannel { scales: vector(self.scales, 1.0), offsets: vector(self.offsets, 0.0) })
    }
}
