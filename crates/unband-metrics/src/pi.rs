//! Perceptual index: the mean of NIQE and 10 − NRQM.

use unband_image::{Context, Image};

use crate::nrqm::{self, Model};
use crate::{Better, ComparedWith, Metric, MetricError, MinSize, Score, at_least, check, niqe};

/// Samples that the challenge crops on each side.
const SHAVED: usize = 4;

/// Minimum side of [`pi_pirm`]: the cropped image must hold a block of NIQE, the larger requirement.
const LEAST_SHAVED: usize = niqe::BLOCK + 2 * SHAVED;

/// The index and its components.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Index {
    /// `((10 − NRQM) + NIQE) / 2`; lower is better.
    pub value: f64,
    /// NIQE.
    pub niqe: f64,
    /// NRQM.
    pub nrqm: f64,
}

impl Index {
    fn new(niqe: f64, nrqm: f64) -> Self {
        Self { value: f64::midpoint(10.0 - nrqm, niqe), niqe, nrqm }
    }
}

/// The index of an image, from [`fn@crate::niqe::niqe`] of its luma and [`fn@crate::nrqm::nrqm`] of its grey.
///
/// Source: Y. Blau et al., "The 2018 PIRM challenge on perceptual image super-resolution", ECCV
/// Workshops 2018.
///
/// # Errors
/// As those two functions.
pub fn pi(image: &Image, model: &Model, ctx: &Context<'_>) -> Result<Index, MetricError> {
    check(ENTRY.name, image)?;
    Ok(Index::new(niqe::niqe(image, ctx)?, nrqm::nrqm(image, model, ctx)?.value))
}

/// The index as in the challenge's program: both parts use BT.601 luma in studio range, rounded to 8 bits,
/// cropped by 4 samples on each side.
///
/// Source: roimehrez/PIRM2018 `utils/calc_scores.m`, `utils/convert_shave_image.m`.
///
/// # Errors
/// When a side is below 104 samples, and as [`pi()`].
pub fn pi_pirm(image: &Image, model: &Model, ctx: &Context<'_>) -> Result<Index, MetricError> {
    check(ENTRY_PIRM.name, image)?;
    let luma = niqe::rounded_luma(image)?;
    at_least(ENTRY_PIRM.name, LEAST_SHAVED, luma.width, luma.height)?;
    let luma = luma.cropped(SHAVED, SHAVED, luma.width - 2 * SHAVED, luma.height - 2 * SHAVED);
    let niqe = niqe::of_luma(&luma, ctx)?;
    Ok(Index::new(niqe, model.quality(&nrqm::of_grey(&luma, ctx)?).value))
}

/// Signature of both functions.
type IndexFn = fn(&Image, &Model, &Context<'_>) -> Result<Index, MetricError>;

/// Reports faults of the image before missing imports.
fn score(
    name: &'static str,
    least: usize,
    of: IndexFn,
    image: &Image,
    ctx: &Context<'_>,
) -> Result<Score, MetricError> {
    check(name, image)?;
    at_least(name, least, image.width(), image.height())?;
    let model = nrqm::imported(name, ctx)?;
    let Index { value, niqe, nrqm } = of(image, &model, ctx)?;
    Ok(Score { value, details: vec![("niqe", niqe), ("nrqm", nrqm)] })
}

/// On whole images.
pub const ENTRY: Metric = Metric {
    name: "pi",
    title: "Perceptual index: mean of NIQE and 10 − NRQM",
    purpose: "Upscaled images without a reference, as papers on super-resolution report it: half of (10 − `nrqm`) + `niqe`. NRQM's model must be imported.",
    better: Better::Lower,
    compared_with: ComparedWith::Nothing,
    range: "about 0 to 10, higher for images unlike photographs",
    min_size: MinSize::Sides(niqe::BLOCK),
    network: Some(nrqm::MODEL),
    source: "Blau et al., ECCV Workshops 2018",
    score: |image, _, ctx| score(ENTRY.name, niqe::BLOCK, pi, image, ctx),
    ..Metric::PLAIN
};

/// On cropped luma.
pub(crate) const ENTRY_PIRM: Metric = Metric {
    name: "pi-pirm",
    title: "Perceptual index by the rules of the PIRM challenge",
    purpose: "For tables of the challenge: both parts use luma in studio range, cropped by 4 samples on each side.",
    min_size: MinSize::Sides(LEAST_SHAVED),
    source: "roimehrez/PIRM2018 `utils/calc_scores.m`",
    score: |image, _, ctx| score(ENTRY_PIRM.name, LEAST_SHAVED, pi_pirm, image, ctx),
    ..ENTRY
};
