//! Difference in sharpness from the reference.

use unband_image::{Context, Image};

use crate::field::Field;
use crate::{Better, ComparedWith, Fault, Metric, MetricError, Score, both};

const NAME: &str = "gradient-gap";

/// Absolute difference of gradient energy from the reference, in octaves. The energy is the mean of the
/// squared steps of BT.709 luma to the right and down. 0 means equal sharpness; 1 means half or twice the
/// energy.
///
/// # Errors
/// When the sizes differ, the images are not RGB or grey, or one of them is flat.
pub(crate) fn gradient_gap(image: &Image, reference: &Image) -> Result<f64, MetricError> {
    let (image, reference) = both(NAME, "the reference", image, Some(reference))?;
    let (own, wanted) = (energy(&Field::luma(image)), energy(&Field::luma(reference)));
    if own <= 0.0 || wanted <= 0.0 {
        return Err(Fault::TooFew { what: "steps between samples", needed: 1, got: 0 }.of(NAME));
    }
    Ok((own / wanted).log2().abs())
}

/// Gradient energy in squared codes; the last row and column have steps in one direction only.
fn energy(luma: &Field) -> f64 {
    let (w, h) = (luma.width, luma.height);
    let mut sum = 0.0;
    for y in 0..h {
        let row = luma.row(y);
        sum += row.windows(2).map(|pair| (pair[1] - pair[0]).powi(2)).sum::<f64>();
        if y + 1 < h {
            sum += luma.row(y + 1).iter().zip(row).map(|(below, here)| (below - here).powi(2)).sum::<f64>();
        }
    }
    sum / (w * h) as f64
}

fn score(image: &Image, reference: Option<&Image>, _: &Context<'_>) -> Result<Score, MetricError> {
    let (image, reference) = both(NAME, "the reference", image, reference)?;
    gradient_gap(image, reference).map(Score::from_value)
}

/// Registry entry.
pub(crate) const ENTRY: Metric = Metric {
    name: NAME,
    title: "Difference of gradient energy from the reference",
    purpose: "Whether an upscaled or restored image is as sharp as its reference: noise, halos and blur all matter.",
    better: Better::Lower,
    compared_with: ComparedWith::Reference,
    range: "0 and more",
    unit: "octaves",
    source: "own",
    score,
    ..Metric::PLAIN
};

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    /// Grey of 8 bits, `code(x, y)`.
    fn painted(code: impl Fn(usize, usize) -> u8) -> Image {
        let codes: Vec<u8> = (0..16 * 12).flat_map(|i| [code(i % 16, i / 16); 3]).collect();
        Image::from_rgb8(16, 12, &codes).unwrap()
    }

    #[test]
    fn half_the_contrast_is_two_octaves_either_way() {
        let strong = painted(|x, y| (40 + 8 * (x % 3) + 6 * (y % 2)) as u8);
        let weak = painted(|x, y| (40 + 4 * (x % 3) + 3 * (y % 2)) as u8);
        for (a, b) in [(&weak, &strong), (&strong, &weak)] {
            assert!((gradient_gap(a, b).unwrap() - 2.0).abs() < 1e-4);
        }
        assert!(gradient_gap(&strong, &strong).unwrap().abs() < 1e-12);
        assert!(gradient_gap(&painted(|_, _| 9), &strong).is_err());
    }

    #[test]
    fn the_energy_is_that_of_the_definition() {
        let field = Field { width: 2, height: 2, data: vec![1.0, 4.0, 2.0, 2.0] };
        assert!((energy(&field) - (9.0 + 0.0 + 1.0 + 4.0) / 4.0).abs() < 1e-12);
    }
}
