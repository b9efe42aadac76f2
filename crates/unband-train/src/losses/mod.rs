//! Loss functions, one file each. All are means, so a batch in two halves has the mean of their losses.

pub mod charbonnier;
pub mod cross_entropy;
pub mod fft_l1;
pub mod gan;
pub mod gradient;
pub mod indi;
pub mod l1;
pub mod l2;
pub mod l2sum;
pub mod ms_ssim;
pub mod perceptual;
pub mod relative_l1;
pub mod relative_steps;
pub mod ssim;

use burn::tensor::Tensor;

use crate::recipe::{Term, TermKind};
use crate::{Model, TrainError};

/// The weighted sum of a recipe's terms, in one element.
///
/// `outputs` are the network's. `gt` and `lq`, the banded image, are `[N, 3, H, W]`; for a classifier, `gt`
/// holds its labels, `[N, 1, 1, 1]`. For upscaling networks `lq` is smaller. `features` is the network of the
/// `perceptual` loss.
///
/// # Errors
/// A term that reads an output which the network does not have; missing features.
pub fn sum(
    terms: &[Term],
    outputs: &[Tensor<4>],
    gt: &Tensor<4>,
    lq: &Tensor<4>,
    features: Option<&Model>,
) -> Result<Tensor<1>, TrainError> {
    let out = outputs.first().ok_or(TrainError::NoOutput { term: "every loss", output: 0 })?;
    let mut total = Tensor::zeros([1], &gt.device());
    for term in terms {
        if term.term == TermKind::Perceptual && term.is_off() {
            continue;
        }
        let (out, gt) = (out.clone(), gt.clone());
        let loss = match term.term {
            TermKind::L1 => l1::loss(out, gt),
            TermKind::L2 => l2::loss(out, gt),
            TermKind::L2sum => l2sum::loss(out, gt),
            TermKind::Ssim => ssim::loss(out, gt),
            TermKind::Charbonnier => charbonnier::loss(out, gt, term.eps.unwrap_or(1e-3)),
            TermKind::CrossEntropy => cross_entropy::loss(out, gt),
            TermKind::FftL1 => fft_l1::modulus(out, gt),
            TermKind::FftL1Parts => fft_l1::parts(out, gt),
            TermKind::MsSsim => ms_ssim::loss(out, gt)?,
            TermKind::Perceptual => {
                perceptual::loss(features.ok_or(TrainError::NoFeatures { file: None })?, out, gt)?
            }
            TermKind::RelativeL1 => relative_l1::loss(out, gt, lq.clone()),
            TermKind::RelativeSteps => relative_steps::loss(out, gt, lq.clone())?,
            TermKind::Gradient => {
                let gradient = outputs.get(1).ok_or(TrainError::NoOutput { term: "gradient", output: 1 })?;
                gradient::loss(gradient.clone(), gt)
            }
        };
        total = total + loss.mul_scalar(term.weight);
    }
    Ok(total)
}

/// The mean of each patch, `[N, 1]`.
fn patch_means(x: Tensor<4>) -> Tensor<2> {
    let [n, c, h, w] = x.dims();
    x.reshape([n, c * h * w]).mean_dim(1)
}
