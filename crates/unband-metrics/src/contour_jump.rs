//! Remaining height of the input's contours in a result.

use unband_image::resize::Beyond;
use unband_image::{Context, Depth, Image};

use crate::field::Field;
use crate::{Better, ComparedWith, Fault, Metric, MetricError, Score, both};

/// Exclusive upper limit of a contour's step, in 8-bit codes.
const EDGE_CODES: u8 = 12;

/// Contours of an input and their remaining jump.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ContourJump {
    /// Mean jump at the contours, in 8-bit codes.
    pub codes: f64,
    /// Number of contour samples in the input, across and down together.
    pub samples: usize,
}

/// Mean jump of the result's BT.709 luma across the contours of the input.
///
/// A contour is between two columns if four samples on either side are equal in R, G and B, and the step
/// between them is 1 to 11 codes in its strongest channel (input in 8-bit codes). Contours between rows are
/// found in the same way. The jump is the difference between the means of 3×5 boxes one sample away on either
/// side. Noise cannot hide a band from it; blur and true repair lower it; a true gradient keeps its slope.
///
/// # Errors
/// When the sizes differ, the images are not RGB or grey, or the input has no contour.
pub fn contour_jump(image: &Image, input: &Image) -> Result<ContourJump, MetricError> {
    let (image, input) = both("contour-jump", "the input", image, Some(input))?;
    let codes: Vec<Vec<u8>> =
        input.planes.iter().map(|p| p.data.iter().map(|&v| Depth::EIGHT.code(v) as u8).collect()).collect();
    let luma = Field::luma(image);
    let (w, h) = (luma.width, luma.height);
    let (mut sum, mut samples) = jumps(&luma, &codes);
    let turned: Vec<Vec<u8>> = codes.iter().map(|c| transposed(c, w, h)).collect();
    let (sum_down, samples_down) = jumps(&luma.transposed(), &turned);
    sum += sum_down;
    samples += samples_down;
    if samples == 0 {
        return Err(Fault::TooFew { what: "contour samples", needed: 0, got: 0 }.of("contour-jump"));
    }
    Ok(ContourJump { codes: sum / samples as f64, samples })
}

/// Sum and number of jumps across columns.
fn jumps(luma: &Field, codes: &[Vec<u8>]) -> (f64, usize) {
    let w = luma.width;
    let mean = luma.box_mean(-1..=1, -2..=2, Beyond::Symmetric);
    let (mut sum, mut samples) = (0.0, 0);
    let mut step = vec![0u8; w];
    for y in 0..luma.height {
        step.fill(0);
        for plane in codes {
            let row = &plane[y * w..][..w];
            for (s, pair) in step.iter_mut().zip(row.windows(2)) {
                *s = (*s).max(pair[0].abs_diff(pair[1]));
            }
        }
        let mean = mean.row(y);
        for x in 3..w.saturating_sub(4) {
            let isolated = step[x - 3..x].iter().chain(&step[x + 1..x + 4]).all(|&s| s == 0);
            if isolated && (1..EDGE_CODES).contains(&step[x]) {
                sum += (mean[x - 1] - mean[x + 2]).abs();
                samples += 1;
            }
        }
    }
    (sum, samples)
}

fn transposed(codes: &[u8], w: usize, h: usize) -> Vec<u8> {
    (0..w * h).map(|i| codes[(i % h) * w + i / h]).collect()
}

fn score(image: &Image, input: Option<&Image>, _: &Context<'_>) -> Result<Score, MetricError> {
    let (image, input) = both("contour-jump", "the input", image, input)?;
    let after = contour_jump(image, input)?;
    let before = contour_jump(input, input)?;
    let details = vec![("input_codes", before.codes), ("contour_samples", after.samples as f64)];
    Ok(Score { value: after.codes, details })
}

/// Registry entry.
pub const ENTRY: Metric = Metric {
    name: "contour-jump",
    title: "Mean remaining jump at the contours of the input",
    purpose: "Height of the input's contours after a repair. Noise cannot hide a band from it; a true gradient keeps its own slope.",
    better: Better::Lower,
    compared_with: ComparedWith::Input,
    range: "0 and more",
    unit: "8-bit codes",
    source: "own; docs/results/quality.md",
    score,
    ..Metric::PLAIN
};
