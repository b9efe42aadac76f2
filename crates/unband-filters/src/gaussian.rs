//! Symmetric filters of whole areas.

use unband_simd::Level;
use unband_simd::filters::undither as rows;

use crate::area::Area;

/// Half of a normalised Gaussian: the middle weight first.
pub(crate) fn gaussian(spread: f64) -> Vec<f32> {
    let reach = (3.0 * spread).ceil() as usize;
    let bell: Vec<f64> = (0..=reach).map(|k| (-0.5 * (k as f64 / spread).powi(2)).exp()).collect();
    let sum = 2.0 * bell.iter().sum::<f64>() - bell[0];
    bell.iter().map(|v| (v / sum) as f32).collect()
}

/// A symmetric filter along both axes; the outermost samples repeat.
pub(crate) fn filter(
    level: Level,
    from: &Area,
    out: &mut Area,
    across: &mut Area,
    padded: &mut Vec<f32>,
    weights: &[f32],
) {
    let (w, h, reach) = (from.width, from.height, weights.len() - 1);
    across.reshape(0, 0, w, h);
    out.reshape(0, 0, w, h);
    padded.resize(w + 2 * reach, 0.0);
    for y in 0..h {
        let row = from.row(y);
        padded[..reach].fill(row[0]);
        padded[reach..reach + w].copy_from_slice(row);
        padded[reach + w..].fill(row[w - 1]);
        rows::filter_across(level, across.row_mut(y), padded, weights);
    }
    for y in 0..h {
        let row = out.row_mut(y);
        rows::weigh(level, row, across.row(y), weights[0]);
        for (k, &weight) in weights.iter().enumerate().skip(1) {
            let (above, below) = (across.row(y.saturating_sub(k)), across.row((y + k).min(h - 1)));
            rows::add_pair(level, row, above, below, weight);
        }
    }
}
