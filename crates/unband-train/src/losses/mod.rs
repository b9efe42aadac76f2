//! Loss functions, one file each. All are means, so a batch in two halves has the mean of their losses.

pub mod banding;
pub mod charbonnier;
mod cross_entropy;
pub mod fft_l1;
pub mod gan;
pub mod gradient;
pub mod indi;
pub mod l1;
pub mod l2;
pub mod l2sum;
pub mod ms_ssim;
pub mod perceptual;
pub mod psnr;
pub mod relative_l1;
pub mod relative_steps;
pub mod ssim;

use std::fmt;

use burn::tensor::Tensor;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::recipe::Term;
use crate::{Model, TrainError};

/// A loss function, by its name in recipes.
pub struct Loss {
    /// Name in kebab-case.
    pub name: &'static str,
    /// Quantity whose mean is the loss.
    pub title: &'static str,
    /// Whether it is relative to the degraded image's error, which then has the size of the clean one.
    pub relative: bool,
    /// Whether it is a sum over the batch.
    pub summed: bool,
    /// Whether it is for classifiers.
    pub labels: bool,
    /// Its own key in a term, `eps` or `features`.
    pub option: Option<&'static str>,
    of: fn(&At<'_>) -> Result<Tensor<1>, TrainError>,
}

/// Tensors and settings of a loss.
struct At<'a> {
    term: &'a Term,
    /// The first output.
    out: &'a Tensor<4>,
    outputs: &'a [Tensor<4>],
    gt: &'a Tensor<4>,
    lq: &'a Tensor<4>,
    features: Option<&'a Model>,
}

/// All losses.
pub(crate) static LOSSES: &[Loss] = &[
    l1::ENTRY,
    l2::ENTRY,
    l2sum::ENTRY,
    psnr::ENTRY,
    ssim::ENTRY,
    charbonnier::ENTRY,
    fft_l1::ENTRY,
    fft_l1::ENTRY_PARTS,
    ms_ssim::ENTRY,
    gradient::ENTRY,
    banding::ENTRY,
    relative_l1::ENTRY,
    relative_steps::ENTRY,
    perceptual::ENTRY,
    cross_entropy::ENTRY,
];

impl Loss {
    /// A mean over images of one size, without settings.
    const PLAIN: Self = Self {
        name: "",
        title: "",
        relative: false,
        summed: false,
        labels: false,
        option: None,
        of: |at| Ok(Tensor::zeros([1], &at.gt.device())),
    };

    /// The loss with this name.
    pub fn find(name: &str) -> Option<&'static Self> {
        LOSSES.iter().find(|loss| loss.name == name)
    }

    /// Whether it compares features of a network that the user supplies.
    pub(crate) fn needs_features(&self) -> bool {
        self.option == Some("features")
    }
}

impl PartialEq for Loss {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl fmt::Debug for Loss {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

impl Serialize for Loss {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(self.name)
    }
}

impl<'de> Deserialize<'de> for &'static Loss {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let name = String::deserialize(from)?;
        Loss::find(&name).ok_or_else(|| {
            let names: Vec<String> = LOSSES.iter().map(|loss| format!("`{}`", loss.name)).collect();
            de::Error::custom(format!("unknown variant `{name}`, expected one of {}", names.join(", ")))
        })
    }
}

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
    for term in terms.iter().filter(|term| !(term.term.needs_features() && term.is_off())) {
        let loss = (term.term.of)(&At { term, out, outputs, gt, lq, features })?;
        total = total + loss.mul_scalar(term.weight);
    }
    Ok(total)
}

/// The mean of each patch, `[N, 1]`.
fn patch_means(x: Tensor<4>) -> Tensor<2> {
    let [n, c, h, w] = x.dims();
    x.reshape([n, c * h * w]).mean_dim(1)
}
