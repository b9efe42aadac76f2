//! PSNR in smooth areas of the clean image, where banding is visible.

use unband_image::{Context, Image};

use crate::clean::Clean;
use crate::{Better, ComparedWith, Fault, Metric, MetricError, Score, both, psnr};

/// Minimum number of smooth samples for a meaningful value.
pub const LEAST_SAMPLES: usize = 2000;

/// PSNR of BT.709 luma over the smooth mask of the clean image, in dB.
///
/// # Errors
/// When the sizes differ, or the clean image has at most [`LEAST_SAMPLES`] smooth samples.
pub fn flat_psnr(image: &Image, clean: &Clean) -> Result<f64, MetricError> {
    let luma = clean.luma_of(ENTRY.name, image)?;
    if clean.count <= LEAST_SAMPLES {
        return Err(
            Fault::TooFew { what: "smooth samples", needed: LEAST_SAMPLES, got: clean.count }.of("flat-psnr")
        );
    }
    let pairs = luma.data.iter().zip(&clean.luma.data).zip(&clean.mask);
    let sum: f64 = pairs.map(|((a, b), &m)| if m { (a - b) * (a - b) } else { 0.0 }).sum();
    Ok(psnr::from_mse(sum / clean.count as f64))
}

fn score(image: &Image, reference: Option<&Image>, _: &Context<'_>) -> Result<Score, MetricError> {
    let (image, reference) = both("flat-psnr", "a reference", image, reference)?;
    let clean = Clean::new(reference)?;
    let value = flat_psnr(image, &clean)?;
    Ok(Score { value, details: vec![("smooth_samples", clean.count as f64)] })
}

/// Registry entry.
pub const ENTRY: Metric = Metric {
    name: "flat-psnr",
    title: "Peak signal-to-noise ratio of luma in smooth areas of the clean image",
    purpose: "The error where banding is visible: in smooth areas of the clean image.",
    better: Better::Higher,
    compared_with: ComparedWith::Reference,
    range: "0 and more, infinite for equal images",
    unit: "dB",
    source: "own; docs/results/quality.md",
    score,
    ..Metric::PLAIN
};
