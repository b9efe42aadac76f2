//! Step wedges: plateaus from edge to edge, and nothing else.

use super::census::channels;
use unband_image::plateaus::Run;

/// Minimum widths, in pixels, of steps of one width and of several widths.
const NARROWEST: usize = 6;
const NARROW: usize = 4;
/// Maximum number of steps chosen by hand.
const STEPS: usize = 60;
/// Ratio of neighbouring widths from which they are uneven.
const UNEVEN: f64 = 1.4;

/// Steps of one width.
pub(super) fn is_even(steps: &[Run<u32>]) -> bool {
    let widths = || steps.iter().map(Run::length);
    let even = |(least, most): (usize, usize)| least >= NARROWEST && most - least <= 1;
    steps.len() >= 3 && widths().min().zip(widths().max()).is_some_and(even)
}

/// Steps of several widths that do not follow from their colours.
///
/// In a gradient that was given a palette, wide plateaus are far apart in colour. In one that lost levels,
/// each channel steps at its own position.
pub(super) fn is_uneven(steps: &[Run<u32>]) -> bool {
    let inner = steps.get(1..steps.len().saturating_sub(1)).unwrap_or_default();
    if !(6..=STEPS).contains(&inner.len()) || steps.iter().any(|step| step.length() < NARROW) {
        return false;
    }
    let ratio = |pair: &[Run<u32>]| (pair[0].length() as f64 / pair[1].length() as f64).ln().abs();
    let uneven = inner.windows(2).filter(|pair| ratio(pair) >= UNEVEN.ln()).count();
    let differences = inner.windows(2).map(|pair| channels(pair[0].value, pair[1].value));
    let single = differences.clone().filter(|d| d.iter().filter(|d| **d != 0).count() == 1).count();
    let distances: Vec<f64> =
        differences.map(|d| d.iter().map(|d| f64::from(d * d)).sum::<f64>().sqrt()).collect();
    let widths: Vec<f64> =
        inner.windows(2).map(|pair| (pair[0].length() + pair[1].length()) as f64 / 2.0).collect();
    let slopes: Vec<f64> = distances.iter().zip(&widths).map(|(d, w)| d / w).collect();
    let pairs = widths.len();
    5 * uneven >= pairs && 3 * single < pairs && roughness(&slopes) >= roughness(&distances)
}

/// Standard deviation of the logarithmic ratios of neighbours.
fn roughness(values: &[f64]) -> f64 {
    let ratios: Vec<f64> = values.windows(2).map(|pair| (pair[0] / pair[1]).ln()).collect();
    let n = ratios.len().max(1) as f64;
    let mean = ratios.iter().sum::<f64>() / n;
    (ratios.iter().map(|r| (r - mean).powi(2)).sum::<f64>() / n).sqrt()
}
