//! Steps in smooth areas that the clean image does not have.

use unband_image::resize::Beyond;
use unband_image::{Context, Image};

use crate::clean::Clean;
use crate::field::Field;
use crate::flat_psnr::LEAST_SAMPLES;
use crate::{Better, ComparedWith, Fault, Metric, MetricError, Score, both};

/// A false step exceeds the clean image's step by more than this, in 8-bit codes.
const LEAST_EXCESS_CODES: f64 = 0.4;

/// False steps of an image.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FalseSteps {
    /// Number of false steps per 1,000 samples of the smooth mask.
    pub per_thousand: f64,
    /// Mean excess of the false steps, in 8-bit codes; 0 if there are none.
    pub mean_excess_codes: f64,
}

/// Absolute step at each sample, by direction.
pub(crate) struct Steps {
    across: Field,
    down: Field,
}

/// Differences of the means of two neighbouring boxes of 4×5, across and down.
pub(crate) fn steps(luma: &Field) -> Steps {
    let boxed = |dx, dy| luma.box_mean(dx, dy, Beyond::Symmetric);
    let difference = |mut before: Field, after: &Field| {
        before.data.iter_mut().zip(&after.data).for_each(|(b, a)| *b = (a - *b).abs());
        before
    };
    Steps {
        across: difference(boxed(-3..=0, -2..=2), &boxed(1..=4, -2..=2)),
        down: difference(boxed(-2..=2, -3..=0), &boxed(-2..=2, 1..=4)),
    }
}

/// Counts the false steps of an image compared with its clean original. These are samples in the smooth mask
/// where the means of two neighbouring boxes (4 along, 5 across) differ by 0.4 codes more than in the
/// original, in either direction. Dither of a code averages out over 20 samples; a contour of one code does
/// not.
///
/// # Errors
/// When the sizes differ, or the clean image has at most 2,000 smooth samples.
pub fn false_steps(image: &Image, clean: &Clean) -> Result<FalseSteps, MetricError> {
    let luma = clean.luma_of(ENTRY.name, image)?;
    if clean.count <= LEAST_SAMPLES {
        return Err(Fault::TooFew { what: "smooth samples", needed: LEAST_SAMPLES, got: clean.count }
            .of("false-steps"));
    }
    let found = steps(&luma);
    let (mut count, mut sum) = (0usize, 0.0);
    for i in (0..clean.mask.len()).filter(|&i| clean.mask[i]) {
        let across = found.across.data[i] - clean.steps.across.data[i];
        let down = found.down.data[i] - clean.steps.down.data[i];
        let excess = across.max(down);
        if excess > LEAST_EXCESS_CODES {
            count += 1;
            sum += excess;
        }
    }
    Ok(FalseSteps {
        per_thousand: 1000.0 * count as f64 / clean.count as f64,
        mean_excess_codes: if count == 0 { 0.0 } else { sum / count as f64 },
    })
}

fn score(image: &Image, reference: Option<&Image>, _: &Context<'_>) -> Result<Score, MetricError> {
    let (image, reference) = both("false-steps", "a reference", image, reference)?;
    let found = false_steps(image, &Clean::new(reference)?)?;
    Ok(Score { value: found.per_thousand, details: vec![("mean_excess_codes", found.mean_excess_codes)] })
}

/// Registry entry.
pub const ENTRY: Metric = Metric {
    name: "false-steps",
    title: "False steps in smooth areas of the clean image",
    purpose: "Contours that the clean image does not have. Dither is ignored, a contour of one 8-bit code is detected.",
    better: Better::Lower,
    compared_with: ComparedWith::Reference,
    range: "0..=1000",
    unit: "per 1000 smooth samples",
    source: "own; docs/results/quality.md",
    score,
    ..Metric::PLAIN
};
