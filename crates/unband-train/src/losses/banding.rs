//! Loss of an image's banding, of networks that separate it from the image.

use burn::tensor::Tensor;

use super::{Loss, l1};
use crate::TrainError;

/// Registry entry.
///
/// Source: BDINN, table 6; the paper supervises the banding only there.
pub const ENTRY: Loss = Loss {
    name: "banding",
    title: "absolute difference of the second output and the banding, degraded minus clean",
    of: |at| {
        let banding = at.outputs.get(1).ok_or(TrainError::NoOutput { term: "banding", output: 1 })?;
        Ok(loss(banding.clone(), at.lq.clone(), at.gt.clone()))
    },
    ..Loss::PLAIN
};

/// Mean of |banding − (lq − gt)|, in one element.
pub fn loss(banding: Tensor<4>, lq: Tensor<4>, gt: Tensor<4>) -> Tensor<1> {
    l1::loss(banding, lq - gt)
}
