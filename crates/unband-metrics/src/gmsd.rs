//! Gradient magnitude similarity deviation.

use unband_image::{Context, Image};

use crate::field::Field;
use crate::grey::grey_pair;
use crate::{Better, ComparedWith, Metric, MetricError, MinSize, Score, at_least, both};

/// Constant that keeps the similarity of weak gradients near 1, for samples in 8-bit codes.
const T: f64 = 170.0;

/// Minimum side: one whole 3×3 filter on the halved image.
pub const LEAST_SIDE: usize = 6;

/// Standard deviation of the similarity of gradient magnitudes of grey (0.299, 0.587, 0.114) at half size, 0
/// for equal images. The detail `gms_mean` is the mean of the similarity, 0..=1; less informative, according
/// to its authors.
///
/// Grey is rounded to integer codes of the deeper image, like `rgb2gray`: 8-bit codes for an 8-bit pair,
/// 16-bit codes for a 16-bit pair, no rounding for floating point.
/// Source: Xue et al., "Gradient Magnitude Similarity Deviation: A Highly Efficient Perceptual Image Quality
/// Index", 2014; `GMSD.m`.
///
/// # Errors
/// When the images differ in size or colour model, have a side below [`LEAST_SIDE`], are not RGB or grey, or
/// have samples that are not finite.
fn score(image: &Image, reference: Option<&Image>, _: &Context<'_>) -> Result<Score, MetricError> {
    let (image, reference) = both(ENTRY.name, "a reference", image, reference)?;
    at_least(ENTRY.name, LEAST_SIDE, image.width(), image.height())?;
    let (a, b) = grey_pair(image, reference);
    let (a, b) = (magnitudes(&halved(&a)), magnitudes(&halved(&b)));
    let similarity: Vec<f64> =
        a.data.iter().zip(&b.data).map(|(a, b)| (2.0 * a * b + T) / (a * a + b * b + T)).collect();
    let count = similarity.len() as f64;
    let mean = similarity.iter().sum::<f64>() / count;
    let squares: f64 = similarity.iter().map(|v| (v - mean) * (v - mean)).sum();
    Ok(Score { value: (squares / (count - 1.0)).sqrt(), details: vec![("gms_mean", mean)] })
}

/// Means of 2×2; the border is padded with black.
fn halved(field: &Field) -> Field {
    let (w, h) = (field.width, field.height);
    let mut out = Field::zeros(w.div_ceil(2), h.div_ceil(2));
    let nothing = vec![0.0; w];
    for y in 0..out.height {
        let upper = field.row(2 * y);
        let lower = if 2 * y + 1 < h { field.row(2 * y + 1) } else { &nothing };
        let pairs = upper.chunks(2).zip(lower.chunks(2));
        for (o, (upper, lower)) in out.row_mut(y).iter_mut().zip(pairs) {
            *o = (upper.iter().sum::<f64>() + lower.iter().sum::<f64>()) / 4.0;
        }
    }
    out
}

/// Gradient magnitude by Prewitt's filter, each of its sides summing to 1; the border is padded with black.
fn magnitudes(field: &Field) -> Field {
    let (w, h) = (field.width, field.height);
    let mut out = Field::zeros(w, h);
    let nothing = vec![0.0; w];
    // Sums and differences of three rows, padded with a zero at both ends.
    let (mut sums, mut steps) = (vec![0.0; w + 2], vec![0.0; w + 2]);
    for y in 0..h {
        let above = if y > 0 { field.row(y - 1) } else { &nothing };
        let below = if y + 1 < h { field.row(y + 1) } else { &nothing };
        let here = field.row(y);
        for x in 0..w {
            sums[x + 1] = above[x] + here[x] + below[x];
            steps[x + 1] = below[x] - above[x];
        }
        for (x, o) in out.row_mut(y).iter_mut().enumerate() {
            let across = (sums[x + 2] - sums[x]) / 3.0;
            let down = (steps[x] + steps[x + 1] + steps[x + 2]) / 3.0;
            *o = (across * across + down * down).sqrt();
        }
    }
    out
}

/// Registry entry.
pub const ENTRY: Metric = Metric {
    name: "gmsd",
    title: "Gradient magnitude similarity deviation",
    purpose: "Uneven damage to edges. Bands add edges where the clean image has none.",
    better: Better::Lower,
    compared_with: ComparedWith::Reference,
    range: "0..=0.5, 0 for equal images",
    min_size: MinSize::Sides(LEAST_SIDE),
    source: "Xue et al. 2014; the authors' `GMSD.m`",
    score,
    ..Metric::PLAIN
};
