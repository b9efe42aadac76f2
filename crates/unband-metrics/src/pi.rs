//! The perceptual index: the mean of how natural an image looks and how good an upscaled one.

use unband_image::{Context, Image};

use crate::nrqm::{self, Model};
use crate::{Against, Better, Least, Metric, MetricError, Score, at_least, check, niqe};

/// Samples that the challenge leaves out on each side.
const SHAVED: usize = 4;

/// The least side that [`pi_pirm`] takes: what is left holds a block of NIQE, whose need is the larger.
const LEAST_SHAVED: usize = niqe::BLOCK + 2 * SHAVED;

/// The index and its parts.
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
    fn of(niqe: f64, nrqm: f64) -> Self {
        Self { value: f64::midpoint(10.0 - nrqm, niqe), niqe, nrqm }
    }
}

/// The index of an image: of what [`fn@crate::niqe::niqe`] and [`fn@crate::nrqm::nrqm`] say of it, the former of its luma, the
/// latter of its grey.
///
/// Source: Y. Blau et al., "The 2018 PIRM challenge on perceptual image super-resolution", ECCV Workshops 2018.
///
/// # Errors
/// As those two.
pub fn pi(image: &Image, model: &Model, ctx: &Context<'_>) -> Result<Index, MetricError> {
    check(ENTRY.name, image)?;
    Ok(Index::of(niqe::niqe(image, ctx)?, nrqm::nrqm(image, model, ctx)?.value))
}

/// The index as the challenge's program takes it: both parts of luma of BT.601 in studio range, rounded to 8 bits, without 4
/// samples on each side.
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
    Ok(Index::of(niqe, model.quality(&nrqm::of_grey(&luma, ctx)?).value))
}

/// One of the two.
type IndexFn = fn(&Image, &Model, &Context<'_>) -> Result<Index, MetricError>;

/// What an image lacks is told before what was not imported.
fn score(
    (name, least): (&'static str, usize),
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

/// Of whole images.
pub const ENTRY: Metric = Metric {
    name: "pi",
    title: "Perceptual index: mean of NIQE and of 10 less NRQM",
    purpose: "Upscaled images without a reference, as papers on super-resolution report it: half of (10 − `nrqm`) + `niqe`. NRQM's model has to be imported.",
    better: Better::Lower,
    against: Against::Nothing,
    range: "about 0 to 10, more for images that are nothing like photographs",
    unit: "",
    least: Least::Sides(niqe::BLOCK),
    network: Some(nrqm::MODEL),
    source: "Blau et al., ECCV Workshops 2018",
    score: |image, _, ctx| score((ENTRY.name, niqe::BLOCK), pi, image, ctx),
};

/// Of luma without a border.
pub const ENTRY_PIRM: Metric = Metric {
    name: "pi-pirm",
    title: "Perceptual index by the rules of the PIRM challenge",
    purpose: "For tables of the challenge: both parts are taken of luma in studio range without 4 samples on each side.",
    least: Least::Sides(LEAST_SHAVED),
    source: "roimehrez/PIRM2018 `utils/calc_scores.m`",
    score: |image, _, ctx| score((ENTRY_PIRM.name, LEAST_SHAVED), pi_pirm, image, ctx),
    ..ENTRY
};
