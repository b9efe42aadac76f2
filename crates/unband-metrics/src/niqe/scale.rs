//! Local contrasts of luma, and halving of its size.

use unband_image::Context;

use super::aggd::Block;
use super::pristine;
use crate::field::Field;

/// Half of the window, in samples.
const RADIUS: usize = pristine::SIDE / 2;
const WINDOW: usize = pristine::SIDE;

/// Rows per work item.
const BAND: usize = 32;

/// A block of contrasts.
pub(super) fn block(field: &Field, x: usize, y: usize, side: usize) -> Block {
    let data = (y..y + side).flat_map(|y| &field.row(y)[x..x + side]).copied().collect();
    Block { side, data }
}

/// `(y - mean) / (deviation + 1)` in a Gaussian window at each sample, the border repeated.
///
/// Both sums run over the window sample by sample, as in the original. In exactly flat areas the deviation
/// consists only of their rounding errors, and the sign of those matters.
pub(super) fn contrasts(luma: &Field, ctx: &Context<'_>) -> Field {
    let (width, height) = (luma.width, luma.height);
    let weights = pristine::window();
    let bands = ctx.map(height.div_ceil(BAND), |band| {
        let (y0, y1) = (band * BAND, ((band + 1) * BAND).min(height));
        let mut out = Vec::with_capacity((y1 - y0) * width);
        // Rows y-3..=y+3 with three samples of padding on each side, and their squares.
        let padded = |y: usize| {
            let row = luma.row((y.saturating_sub(RADIUS)).min(height - 1));
            let mut wide = vec![row[0]; RADIUS];
            wide.extend_from_slice(row);
            wide.resize(width + 2 * RADIUS, row[width - 1]);
            let squares: Vec<f64> = wide.iter().map(|v| v * v).collect();
            [wide, squares]
        };
        let mut rows: Vec<[Vec<f64>; 2]> = (y0..y0 + WINDOW - 1).map(padded).collect();
        let (mut mean, mut square) = (vec![0.0; width], vec![0.0; width]);
        for y in y0..y1 {
            rows.push(padded(y + WINDOW - 1));
            mean.fill(0.0);
            square.fill(0.0);
            for ([wide, squares], weights) in rows.iter().zip(&weights) {
                for (sums, row) in [(&mut mean, wide), (&mut square, squares)] {
                    add_weighed(sums, row, weights);
                }
            }
            for ((v, mean), square) in luma.row(y).iter().zip(&mean).zip(&square) {
                out.push((v - mean) / ((square - mean * mean).abs().sqrt() + 1.0));
            }
            rows.remove(0);
        }
        out
    });
    Field { width, height, data: bands.concat() }
}

/// `sums[x] += weights[0]·row[x]`, then `+= weights[1]·row[x + 1]` and so on.
fn add_weighed(sums: &mut [f64], row: &[f64], weights: &[f64; WINDOW]) {
    let n = sums.len();
    let shifted: [&[f64]; WINDOW] = std::array::from_fn(|i| &row[i..][..n]);
    for (x, sum) in sums.iter_mut().enumerate() {
        *sum = (0..WINDOW).fold(*sum, |sum, i| sum + weights[i] * shifted[i][x]);
    }
}

/// Halves the size by MATLAB's bicubic with antialiasing. Values are scaled to 0..1 as in the original,
/// because in flat areas the last bits matter.
pub(super) fn halved(luma: &Field) -> Field {
    let unit = Field { data: luma.data.iter().map(|v| v / 255.0).collect(), ..*luma };
    let mut out = unit.resized(luma.width / 2, luma.height / 2);
    for v in &mut out.data {
        *v *= 255.0;
    }
    out
}
