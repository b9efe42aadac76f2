//! Peak signal-to-noise ratio.
//!
//! Samples of 8 bits, 16 bits and floating point share one scale, 0 black and 255 white, and the peak is
//! always 255. The same difference has the same value at every depth.

use unband_image::Image;

use crate::field::Field;
use crate::{Better, ComparedWith, Metric, MetricError, Score, both};

/// 10·log₁₀(255² / mean squared error) for an error in 8-bit codes; infinite for no error.
pub fn from_mse(mse: f64) -> f64 {
    10.0 * (255.0 * 255.0 / mse).log10()
}

/// PSNR over all pixels and all channels together, in dB; infinite for equal images. A grey image is treated
/// as three equal channels. Samples of any depth are compared without rounding.
///
/// # Errors
/// When the images differ in size or colour model, are not RGB or grey, or have samples that are not finite.
fn of_channels(image: &Image, reference: Option<&Image>) -> Result<Score, MetricError> {
    let (image, reference) = both(ENTRY.name, "a reference", image, reference)?;
    let (mut sum, mut count) = (0.0, 0usize);
    for c in 0..image.planes.len() {
        let (a, b) = (Field::plane(image, c), Field::plane(reference, c));
        sum += a.squared_error(&b);
        count += a.data.len();
    }
    Ok(Score::from_value(from_mse(sum / count as f64)))
}

/// PSNR of BT.601 studio luma, 16 + (65.481 R + 128.553 G + 24.966 B)/255, peak 255, in dB. `rounded` rounds
/// to integer 8-bit codes first, like tools that work on bytes, whatever the depth.
///
/// # Errors
/// As [`of_channels`].
fn of_luma(image: &Image, reference: Option<&Image>, rounded: bool) -> Result<Score, MetricError> {
    let name = if rounded { ENTRY_Y_ROUNDED.name } else { ENTRY_Y.name };
    let (image, reference) = both(name, "a reference", image, reference)?;
    let (a, b) = (studio_luma(image, rounded), studio_luma(reference, rounded));
    Ok(Score::from_value(from_mse(a.squared_error(&b) / a.data.len() as f64)))
}

/// BT.601 luma in studio range (16..=235). Rounded as in the original: ties to even after a sum in
/// thousandths, because ties do occur.
pub(crate) fn studio_luma(image: &Image, rounded: bool) -> Field {
    let mut y = Field::weighted(image, [65.481, 128.553, 24.966], 0.0);
    for v in &mut y.data {
        *v = *v / 255.0 + 16.0;
        if rounded {
            *v = v.round_ties_even();
        }
    }
    y
}

/// On RGB.
pub const ENTRY: Metric = Metric {
    name: "psnr",
    title: "Peak signal-to-noise ratio over all channels",
    purpose: "The error over the whole image in one value, comparable between papers. Its position does not matter: a contour of one code in a sky hardly changes it.",
    better: Better::Higher,
    compared_with: ComparedWith::Reference,
    range: "0 and more, infinite for equal images",
    unit: "dB",
    source: "KAIR `utils/utils_image.py`, calculate_psnr",
    score: |image, reference, _| of_channels(image, reference),
    ..Metric::PLAIN
};

/// On luma.
pub(crate) const ENTRY_Y: Metric = Metric {
    name: "psnr-y",
    title: "Peak signal-to-noise ratio of luma",
    purpose: "The same for brightness alone, as papers on super-resolution report it.",
    source: "BasicSR `metrics/psnr_ssim.py`, calculate_psnr with test_y_channel",
    score: |image, reference, _| of_luma(image, reference, false),
    ..ENTRY
};

/// On luma rounded to integer codes.
pub(crate) const ENTRY_Y_ROUNDED: Metric = Metric {
    name: "psnr-y-rounded",
    title: "Peak signal-to-noise ratio of luma rounded to 8 bits",
    purpose: "For tables of programs that work on bytes: brightness is rounded first.",
    source: "KAIR `utils/utils_image.py`, bgr2ycbcr on bytes, then calculate_psnr",
    score: |image, reference, _| of_luma(image, reference, true),
    ..ENTRY
};
