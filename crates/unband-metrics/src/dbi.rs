//! Deep Banding Index: share of an image that a patch classifier labels as banded.
//!
//! The classifier must be imported, because its authors give no licence for it. Clean steps in drawings cause
//! false positives; never use it alone.

use std::collections::HashMap;

use unband_image::{Context, Image, With};
use unband_infer::dbi::{self, Mixing, PATCH};
use unband_infer::{Engine, Map};

use crate::{Better, ComparedWith, Fault, Metric, MetricError, MinSize, Score, at_least, check, network};

const NAME: &str = "dbi";

/// Banding probability per sample, 0 to 1. Slow: 57,460 patches for 1920×1080. `classifier` is the network
/// `dbi`. See [`unband_infer::dbi::banding_map`].
///
/// # Errors
/// When a side is below 235 samples, the image is not RGB or grey, or has samples that are not finite; when
/// `classifier` is another network, or when cancelled.
pub fn dbi_map(image: &Image, classifier: &Engine, ctx: &Context<'_>) -> Result<Map<f32>, MetricError> {
    fitting(image)?;
    let size = (image.height(), image.width());
    let known = probabilities(image, &dbi::windows(size), classifier, ctx)?;
    let map =
        dbi::banding_map(size.0, size.1, |row, column| known.get(&(row, column)).copied().ok_or(Unasked))?;
    map.ok_or_else(|| too_small(size))
}

pub(crate) fn fitting(image: &Image) -> Result<(), MetricError> {
    check(NAME, image)?;
    at_least(NAME, PATCH, image.width(), image.height())
}

fn too_small((height, width): (usize, usize)) -> MetricError {
    Fault::TooSmall { needed: PATCH, size: (width, height) }.of(NAME)
}

/// A patch that was not classified before: a fault of unband.
pub(crate) struct Unasked;

impl From<Unasked> for MetricError {
    fn from(_: Unasked) -> Self {
        Fault::Network { what: "a patch was skipped".to_owned(), hint: None }.of(NAME)
    }
}

/// Probability that a patch has no banding, for patches at these rows and columns, batched.
pub(crate) fn probabilities(
    image: &Image,
    places: &[(usize, usize)],
    classifier: &Engine,
    ctx: &Context<'_>,
) -> Result<HashMap<(usize, usize), f32>, MetricError> {
    let samples = network::rgb(image);
    let single = (*ctx).but(|new| new.threads = 1);
    let one = |i: usize| {
        let patch = dbi::patch(&samples, places[i].0, places[i].1).ok_or(Unasked)?;
        let made = network::run(NAME, classifier, patch, &single)?;
        Ok((places[i], *made.first().and_then(|map| map.data.first()).ok_or(Unasked)?))
    };
    ctx.map(places.len(), one).into_iter().collect()
}

/// The index of an image, 0 to 1; higher means more banding. Independent of the number of threads.
///
/// A grey image is treated as three equal channels; samples are used unrounded, at any depth. Cost: 4 patches
/// of 235×235 for every 235×235 of the image. See [`unband_infer::dbi::score`].
fn score(image: &Image, _: Option<&Image>, ctx: &Context<'_>) -> Result<Score, MetricError> {
    fitting(image)?;
    let classifier = network::engine(NAME, "dbi", ctx)?;
    let size = (image.height(), image.width());
    let known = probabilities(image, &dbi::patches(size), &classifier, ctx)?;
    let of = |row, column| known.get(&(row, column)).copied().ok_or(Unasked);
    let score = dbi::score(size, Mixing::Feedback, of)?.ok_or_else(|| too_small(size))?;
    let names = ["upper_left", "lower_left", "upper_right", "lower_right"];
    Ok(Score { value: score.value, details: names.into_iter().zip(score.grids).collect() })
}

/// Registry entry.
pub const ENTRY: Metric = Metric {
    name: NAME,
    title: "Share of patches that a classifier labels as banded",
    purpose: "Banding without a reference, as papers on debanding report it, for photographs of 1920×1080; other sizes are an extension. Clean steps in drawings cause false positives: never use it alone.",
    better: Better::Lower,
    compared_with: ComparedWith::Nothing,
    range: "0..=1",
    min_size: MinSize::Sides(PATCH),
    network: Some("dbi"),
    source: "Kapoor, Sapra, Wang, ICASSP 2021; akshay-kap/Meng-699-Image-Banding-detection `Demo/predict.py`",
    score,
    ..Metric::PLAIN
};
