//! NIQE: distance of an image's statistics from those of pristine photographs.
//!
//! Lower is better; photographs score 2 to 5. It was made for distortions of photographs. It is meaningless
//! on ramps and other drawings, and in exactly flat images its value depends on rounding. Never rank methods
//! by it alone.

mod aggd;
mod pristine;
mod scale;

use unband_image::{Context, Image, Model};

use crate::field::{Field, exact};
use crate::{
    Better, ComparedWith, Fault, Metric, MetricError, MinSize, Score, at_least, both, check, finite, psnr,
    whole,
};

const NAME: &str = "niqe";

/// Side of the blocks at the first scale, in samples.
pub(crate) const BLOCK: usize = 96;

/// Number of features of a block: 18 at each of two scales.
const FEATURES: usize = 36;

/// NIQE of an image's luma, 0 and more; lower is better.
///
/// Luma is BT.601 in studio range, rounded to 8 bits; for YUV images it is the luma plane. Samples beyond the
/// last whole block to the right and below are skipped. Grey is treated as three equal channels. Sums are in
/// `f64`; the value is independent of the number of threads.
///
/// Source: A. Mittal, R. Soundararajan, A. C. Bovik, "Making a completely blind image quality analyzer", IEEE
/// Signal Processing Letters 20(3), 2013, and the software release of the Laboratory for Image and Video
/// Engineering (<http://live.ece.utexas.edu>) of the University of Texas at Austin, whose parameters are used
/// under the notice in `niqe/NOTICE.txt`. Details follow `BasicSR` `metrics/niqe.py` in `f64`.
///
/// # Errors
/// When a side is below 96 samples, when fewer than two blocks have contrasts and products of both signs at
/// both scales, when a sample is not finite, or when cancelled.
pub fn niqe(image: &Image, ctx: &Context<'_>) -> Result<f64, MetricError> {
    of_luma(&rounded_luma(image)?, ctx)
}

/// NIQE of a luma field in studio range.
pub(crate) fn of_luma(luma: &Field, ctx: &Context<'_>) -> Result<f64, MetricError> {
    let (columns, rows) = (luma.width / BLOCK, luma.height / BLOCK);
    at_least(NAME, BLOCK, luma.width, luma.height)?;
    let mut luma = luma.cropped(0, 0, columns * BLOCK, rows * BLOCK);
    let mut blocks = vec![[0.0; FEATURES]; columns * rows];
    let shapes = aggd::Shapes::new();
    for (half, side) in [BLOCK, BLOCK / 2].into_iter().enumerate() {
        if half == 1 {
            luma = scale::halved(&luma);
        }
        if ctx.check().is_err() {
            return Err(MetricError::from(Fault::Cancelled));
        }
        let contrast = scale::contrasts(&luma, ctx);
        let features = ctx.map(columns * rows, |i| {
            let block = scale::block(&contrast, i % columns * side, i / columns * side, side);
            aggd::features(&block, &shapes)
        });
        for (block, features) in blocks.iter_mut().zip(features) {
            block[half * FEATURES / 2..][..FEATURES / 2].copy_from_slice(&features);
        }
    }
    let whole: Vec<&[f64; FEATURES]> =
        blocks.iter().filter(|block| block.iter().all(|v| v.is_finite())).collect();
    let too_few = Fault::TooFew {
        what: "blocks of 96×96 samples with contrast of both signs",
        needed: 1,
        got: whole.len(),
    }
    .of(NAME);
    if whole.len() < 2 {
        return Err(too_few);
    }
    let distance = pristine::distance(&blocks, &whole);
    if distance.is_finite() { Ok(distance) } else { Err(too_few) }
}

/// Luma in studio range, integer 8-bit codes.
pub(crate) fn rounded_luma(image: &Image) -> Result<Field, MetricError> {
    let Model::Yuv { .. } = image.color.model else {
        check(NAME, image)?;
        return Ok(psnr::studio_luma(image, true));
    };
    whole(NAME, image)?;
    let plane = &image.planes[0];
    finite(NAME, plane)?;
    // 8-bit studio codes, whatever the range of the file.
    let code = exact(unband_image::Depth::F32);
    let data = plane.data.iter().map(|v| (code(v) * (219.0 / 255.0) + 16.0).round_ties_even()).collect();
    Ok(Field { width: plane.width, height: plane.height, data })
}

fn score(image: &Image, _: Option<&Image>, ctx: &Context<'_>) -> Result<Score, MetricError> {
    niqe(image, ctx).map(Score::from_value)
}

/// Registry entry.
pub const ENTRY: Metric = Metric {
    name: NAME,
    title: "Distance from the statistics of natural photographs",
    purpose: "Whether an image looks like a photograph. It says little about banding: never rank methods by it alone.",
    better: Better::Lower,
    compared_with: ComparedWith::Nothing,
    range: "0 and more, photographs 2 to 5",
    min_size: MinSize::Sides(BLOCK),
    source: "Mittal, Soundararajan, Bovik, IEEE Signal Processing Letters 20(3), 2013; BasicSR `metrics/niqe.py`",
    score,
    ..Metric::PLAIN
};

fn gap(image: &Image, reference: Option<&Image>, ctx: &Context<'_>) -> Result<Score, MetricError> {
    let (image, reference) = both(ENTRY_GAP.name, "the reference", image, reference)?;
    Ok(Score::from_value((niqe(image, ctx)? - niqe(reference, ctx)?).abs()))
}

/// Registry entry: NIQE with a known clean image.
pub(crate) const ENTRY_GAP: Metric = Metric {
    name: "niqe-gap",
    title: "Difference in NIQE from the reference",
    purpose: "Whether an image looks as much like a photograph as the clean one does. Even a clean window of sky has a high NIQE.",
    better: Better::Lower,
    compared_with: ComparedWith::Reference,
    range: "0 and more",
    score: gap,
    ..ENTRY
};
