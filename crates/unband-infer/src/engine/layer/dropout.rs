//! Dropout.

use unband_image::Rng;
use unband_nets::layer::dropout::{DropPath, Dropout};

use super::{FetchedOp, InPlaceOp};
use crate::engine::in_place::RowPlace;

/// Outside its mode, it keeps all samples.
impl FetchedOp for Dropout {}

impl InPlaceOp for Dropout {
    /// The dropped samples depend only on the seed, the node, the channel and the position.
    fn apply(&self, at: &RowPlace<'_>, row: &mut [f32]) {
        let Some(seed) = at.mode.dropout else { return };
        let shape = at.shape();
        let (rng, kept) = (Rng::new(seed), 1.0 / (1.0 - self.share));
        for (x, sample) in row.chunks_exact_mut(shape.channels.max(1)).enumerate() {
            for (c, v) in sample.iter_mut().enumerate() {
                let out =
                    rng.unit_at(at.node as u32, 0, x as u32, (c * shape.height + at.y) as u32) < self.share;
                *v = if out { 0.0 } else { *v * kept };
            }
        }
    }
}

impl InPlaceOp for DropPath {
    /// Has an effect only in training.
    fn apply(&self, _: &RowPlace<'_>, _: &mut [f32]) {}
}
