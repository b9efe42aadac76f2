//! The perceptual index: the mean of how natural a picture looks and how good an upscaled one.

use unband_image::{Context, Image};

use crate::nrqm::{self, Model};
use crate::{Against, Better, Least, Metric, MetricError, Score, at_least, niqe};

const NAME: &str = "pi";

/// Samples left out on each side.
const SHAVED: usize = 4;

/// The least side of a picture: NIQE's blocks are the larger need.
pub const LEAST_SIDE: usize = niqe::BLOCK + 2 * SHAVED;

/// The index and its parts.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Index {
    /// `((10 − NRQM) + NIQE) / 2`; lower is better.
    pub value: f64,
    /// NIQE of the shaved luma.
    pub niqe: f64,
    /// NRQM of the shaved luma.
    pub nrqm: f64,
}

/// The index of a picture, with both parts measured as the index has them: on luma of BT.601 in studio range, rounded to 8
/// bits, without 4 samples on each side. [`fn@crate::niqe::niqe`] and [`fn@crate::nrqm::nrqm`] by themselves look at the whole
/// picture, the latter at its grey, so that their values differ a little.
///
/// Source: Y. Blau et al., "The 2018 PIRM challenge on perceptual image super-resolution", ECCV Workshops 2018;
/// roimehrez/PIRM2018 `utils/calc_scores.m`.
///
/// # Errors
/// When a side is below [`LEAST_SIDE`] samples, and as [`fn@crate::niqe::niqe`] and [`fn@crate::nrqm::nrqm`].
pub fn pi(image: &Image, model: &Model, ctx: &Context<'_>) -> Result<Index, MetricError> {
    let luma = niqe::rounded_luma(image)?;
    at_least(NAME, LEAST_SIDE, luma.width, luma.height)?;
    let luma = luma.cropped(SHAVED, SHAVED, luma.width - 2 * SHAVED, luma.height - 2 * SHAVED);
    let niqe = niqe::of_luma(&luma, ctx)?;
    let nrqm = model.quality(&nrqm::of_grey(&luma, ctx)?).value;
    Ok(Index { value: f64::midpoint(10.0 - nrqm, niqe), niqe, nrqm })
}

fn score(image: &Image, _: Option<&Image>, ctx: &Context<'_>) -> Result<Score, MetricError> {
    niqe::rounded_luma(image)?;
    at_least(NAME, LEAST_SIDE, image.width(), image.height())?;
    let model = nrqm::imported(NAME, ctx)?;
    let Index { value, niqe, nrqm } = pi(image, &model, ctx)?;
    Ok(Score { value, details: vec![("niqe", niqe), ("nrqm", nrqm)] })
}

/// The registry's line.
pub const ENTRY: Metric = Metric {
    name: NAME,
    title: "Perceptual index: mean of NIQE and of 10 less NRQM",
    purpose: "Upscaled pictures without a reference, as challenges and papers on super-resolution rank them. Both parts are taken of shaved luma, so they differ a little from `niqe` and `nrqm`. The model of NRQM has to be imported.",
    better: Better::Lower,
    against: Against::Nothing,
    range: "about 0 to 10, more for pictures that are nothing like photographs",
    unit: "",
    least: Least::Sides(LEAST_SIDE),
    network: Some(nrqm::MODEL),
    source: "Blau et al., ECCV Workshops 2018; roimehrez/PIRM2018 `utils/calc_scores.m`",
    score,
};
