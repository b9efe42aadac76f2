//! Unwanted change of texture by a method.

use unband_image::{Context, Image};

use crate::field::Field;
use crate::{Better, ComparedWith, Fault, Metric, MetricError, Score, both};

/// Luma range over 5×5 above which a sample is texture, in 8-bit codes.
const TEXTURE_CODES: f64 = 12.0;

/// Mean absolute change of BT.709 luma over the samples whose 5×5 neighbourhood spans more than 12 codes in
/// the input, in 8-bit codes; dither is included.
///
/// # Errors
/// When the sizes differ, the images are not RGB or grey, or the input has no texture.
pub fn texture_change(image: &Image, input: &Image) -> Result<f64, MetricError> {
    let (image, input) = both("texture-change", "the input", image, Some(input))?;
    let (before, after) = (Field::luma(input), Field::luma(image));
    let low = extreme(&before, f64::min);
    let high = extreme(&before, f64::max);
    let (mut sum, mut count) = (0.0, 0usize);
    for i in 0..before.data.len() {
        if high[i] - low[i] > TEXTURE_CODES {
            sum += (after.data[i] - before.data[i]).abs();
            count += 1;
        }
    }
    if count == 0 {
        return Err(Fault::TooFew { what: "samples in texture", needed: 0, got: 0 }.of("texture-change"));
    }
    Ok(sum / count as f64)
}

/// Running minimum or maximum over 5×5, clipped at the border.
fn extreme(field: &Field, pick: fn(f64, f64) -> f64) -> Vec<f64> {
    let (w, h) = (field.width, field.height);
    let mut across = vec![0.0; w * h];
    for y in 0..h {
        let row = field.row(y);
        for x in 0..w {
            let near = &row[x.saturating_sub(2)..(x + 3).min(w)];
            across[y * w + x] = near.iter().copied().fold(near[0], pick);
        }
    }
    let mut out = across.clone();
    for y in 0..h {
        for yy in y.saturating_sub(2)..(y + 3).min(h) {
            for x in 0..w {
                out[y * w + x] = pick(out[y * w + x], across[yy * w + x]);
            }
        }
    }
    out
}

fn score(image: &Image, input: Option<&Image>, _: &Context<'_>) -> Result<Score, MetricError> {
    let (image, input) = both("texture-change", "the input", image, input)?;
    texture_change(image, input).map(Score::from_value)
}

/// Registry entry.
pub const ENTRY: Metric = Metric {
    name: "texture-change",
    title: "Mean change where the input has texture",
    purpose: "Unwanted change of texture by a repair. Dither is included.",
    better: Better::Lower,
    compared_with: ComparedWith::Input,
    range: "0..=255",
    unit: "8-bit codes",
    source: "own; docs/results/quality.md",
    score,
    ..Metric::PLAIN
};
