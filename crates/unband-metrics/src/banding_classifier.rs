//! Banding probability by unband's own patch classifier.
//!
//! It has the architecture of the Deep Banding Index's classifier, but its own weights, data and labels: see
//! `weights/unband-banding-classifier.md`. Its values are not that index.

use unband_image::{Context, Image};
use unband_infer::{Engine, models};
use unband_nets::arch::dbi::PATCH;
use unband_simd::Precision;

use crate::dbi::{clean_probabilities, fitting, grids};
use crate::{Better, ComparedWith, Fault, Metric, MetricError, MinSize, Score};

const NAME: &str = "unband-banding-classifier";

/// The classifier with built-in weights.
///
/// # Errors
/// Unreadable weights: a fault of the build.
pub fn classifier() -> Result<Engine, MetricError> {
    let made = models::built_in(unband_weights::CLASSIFIER, Precision::F32);
    made.map(|(_, engine)| engine).map_err(|what| Fault::Network { what, hint: None }.of(NAME))
}

/// Mean probability of banding over the patches of 235×235 that cover the image from each corner, 0 to 1.
/// Independent of the number of threads.
fn score(image: &Image, _: Option<&Image>, ctx: &Context<'_>) -> Result<Score, MetricError> {
    fitting(image)?;
    let places = grids::patches((image.height(), image.width()));
    let clean = clean_probabilities(image, &places, &classifier()?, ctx)?;
    let sum = clean.iter().fold(0.0, |sum, &clean| sum + (1.0 - f64::from(clean)));
    Ok(Score::from_value(sum / places.len().max(1) as f64))
}

/// Registry entry.
pub const ENTRY: Metric = Metric {
    name: NAME,
    title: "Probability of banding from unband's own patch classifier",
    purpose: "Banding without a reference or imported models. Not the Deep Banding Index: the same architecture, trained from scratch on unband's own labels. It detects whether an image is banded better than how much.",
    better: Better::Lower,
    compared_with: ComparedWith::Nothing,
    range: "0..=1",
    min_size: MinSize::Sides(PATCH),
    source: "own; weights/unband-banding-classifier.md",
    score,
    ..Metric::PLAIN
};
