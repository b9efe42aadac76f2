//! Deep Banding Index (DBI): share of an image that a patch classifier labels as banded.
//!
//! Source: Kapoor, Sapra, Wang, "Capturing banding in images: database construction and objective
//! assessment", ICASSP 2021.
//!
//! The classifier must be imported, because its authors give no licence for it. Clean steps in drawings cause
//! false positives; never use it alone.

pub(crate) mod grids;

use unband_image::{Context, Image, With};
use unband_infer::{Engine, Map};
use unband_nets::Shape;
use unband_nets::arch::dbi::PATCH;

use self::grids::Mixing;
use crate::{Better, ComparedWith, Fault, Metric, MetricError, MinSize, Score, at_least, check, network};

const NAME: &str = "dbi";

/// Banding probability per sample, `[1, H, W]`, 0 to 1. Slow: 57,460 patches for 1920×1080. `classifier` is
/// the network `dbi`.
///
/// Source: akshay-kap/Meng-699-Image-Banding-detection `src/Deep_Banding_Map.py`.
///
/// # Errors
/// When a side is below 235 samples, the image is not RGB or grey, or has samples that are not finite; when
/// `classifier` is another network, or when cancelled.
pub fn dbi_map(image: &Image, classifier: &Engine, ctx: &Context<'_>) -> Result<Map<f32>, MetricError> {
    fitting(image)?;
    let size = (image.height(), image.width());
    let clean = clean_probabilities(image, &grids::windows(size), classifier, ctx)?;
    grids::banding_map(size, &clean).ok_or_else(|| too_small(size))
}

pub(crate) fn fitting(image: &Image) -> Result<(), MetricError> {
    check(NAME, image)?;
    at_least(NAME, PATCH, image.width(), image.height())
}

fn too_small((height, width): (usize, usize)) -> MetricError {
    Fault::TooSmall { needed: PATCH, size: (width, height) }.of(NAME)
}

/// Probability that a patch has no banding, for the patches at these rows and columns, batched.
pub(crate) fn clean_probabilities(
    image: &Image,
    places: &[(usize, usize)],
    classifier: &Engine,
    ctx: &Context<'_>,
) -> Result<Vec<f32>, MetricError> {
    let samples = network::rgb(image);
    let single = (*ctx).but(|new| new.threads = 1);
    let skipped = || Fault::Network { what: "a patch was skipped".to_owned(), hint: None }.of(NAME);
    let one = |i: usize| {
        let patch = patch(&samples, places[i].0, places[i].1).ok_or_else(skipped)?;
        let made = network::run(NAME, classifier, patch, &single)?;
        made.first().and_then(|map| map.data.first()).copied().ok_or_else(skipped)
    };
    ctx.map(places.len(), one).into_iter().collect()
}

/// The patch at a row and column of an image `[3, H, W]`, in the classifier's format; `None` if it does not
/// fit.
fn patch(image: &Map<f32>, row: usize, column: usize) -> Option<Map<f32>> {
    let Shape { channels, height, width } = image.shape;
    if row + PATCH > height || column + PATCH > width || image.data.len() != image.shape.len() {
        return None;
    }
    let mut data = Vec::with_capacity(channels * PATCH * PATCH);
    for plane in image.data.chunks_exact(height * width) {
        for line in plane.chunks_exact(width).skip(row).take(PATCH) {
            data.extend_from_slice(&line[column..column + PATCH]);
        }
    }
    Some(Map { shape: Shape::new(channels, PATCH, PATCH), data })
}

/// The index of an image, 0 to 1; higher means more banding. Independent of the number of threads.
///
/// A grey image is treated as three equal channels; samples are used unrounded, at any depth. Cost: 4 patches
/// of 235×235 for every 235×235 of the image. See [`grids::score`].
fn score(image: &Image, _: Option<&Image>, ctx: &Context<'_>) -> Result<Score, MetricError> {
    fitting(image)?;
    let classifier = network::engine(NAME, "dbi", ctx)?;
    let size = (image.height(), image.width());
    let clean = clean_probabilities(image, &grids::patches(size), &classifier, ctx)?;
    let score = grids::score(size, Mixing::Feedback, &clean).ok_or_else(|| too_small(size))?;
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
