//! Multi-scale structural similarity (MS-SSIM).

use unband_image::{Context, Image};

use crate::field::Field;
use crate::grey::{grey_pair, reduced};
use crate::ssim_window::Window;
use crate::{Better, ComparedWith, Metric, MetricError, MinSize, Score, at_least, both};

/// Minimum side: the window of 11 samples at the coarsest of five scales.
pub const LEAST_SIDE: usize = 11 << 4;

/// Exponents of the scales, finest first.
const WEIGHTS: [f64; 5] = [0.0448, 0.2856, 0.3001, 0.2363, 0.1333];

/// Multi-scale SSIM of grey (0.299, 0.587, 0.114): the weighted product of the mean contrast-and-structure
/// terms of four scales and the mean SSIM of the fifth. 0..=1, 1 for equal images.
///
/// Grey is rounded to integer codes of the deeper image, like `rgb2gray`: 8-bit codes for an 8-bit pair,
/// 16-bit codes for a 16-bit pair, no rounding for floating point.
/// Source: Wang, Simoncelli, Bovik, "Multi-scale structural similarity for image quality assessment",
/// 2003; `msssim.m`.
/// Differs: a negative mean is replaced by 0; the original's result is then a complex number.
///
/// # Errors
/// When the images differ in size or colour model, have a side below [`LEAST_SIDE`], are not RGB or grey, or
/// have samples that are not finite.
fn of_grey(image: &Image, reference: Option<&Image>, ctx: &Context<'_>) -> Result<Score, MetricError> {
    let (image, reference) = both(ENTRY.name, "a reference", image, reference)?;
    at_least(ENTRY.name, LEAST_SIDE, image.width(), image.height())?;
    let (a, b) = grey_pair(image, reference);
    product(a, b, &Window::gaussian(), |field| reduced(field, 2), ctx).map(Score::from_value)
}

/// Multi-scale SSIM per channel, then the mean over channels, as used in training and evaluation of networks.
///
/// Source: pytorch-msssim 1.0.0, `ms_ssim` with `data_range` 255: window in single precision, zero padding
/// when images of odd size are halved.
///
/// # Errors
/// As [`of_grey`].
fn of_channels(image: &Image, reference: Option<&Image>, ctx: &Context<'_>) -> Result<Score, MetricError> {
    let (image, reference) = both(ENTRY_RGB.name, "a reference", image, reference)?;
    at_least(ENTRY_RGB.name, LEAST_SIDE, image.width(), image.height())?;
    let window = Window::gaussian_f32();
    let planes = image.planes.len();
    let channel = |c| product(Field::plane(image, c), Field::plane(reference, c), &window, pooled, ctx);
    Ok(Score::from_value((0..planes).map(channel).sum::<Result<f64, _>>()? / planes as f64))
}

fn product(
    mut a: Field,
    mut b: Field,
    window: &Window<11>,
    half: impl Fn(&Field) -> Field,
    ctx: &Context<'_>,
) -> Result<f64, MetricError> {
    let (coarsest, finer) = (WEIGHTS.len() - 1, &WEIGHTS[..WEIGHTS.len() - 1]);
    let mut value = 1.0;
    for weight in finer {
        value *= window.means(&a, &b, ctx)?.contrast.max(0.0).powf(*weight);
        (a, b) = (half(&a), half(&b));
    }
    Ok(value * window.means(&a, &b, ctx)?.similarity.max(0.0).powf(WEIGHTS[coarsest]))
}

/// Means of 2×2; a side of odd length is padded with a zero before its first sample.
fn pooled(field: &Field) -> Field {
    let (w, h) = (field.width, field.height);
    let mut out = Field::zeros(w.div_ceil(2), h.div_ceil(2));
    let nothing = vec![0.0; w];
    let row = |y: usize| if y < h % 2 { nothing.as_slice() } else { field.row(y - h % 2) };
    for y in 0..out.height {
        let (upper, lower) = (row(2 * y), row(2 * y + 1));
        let column = |x: usize| if x < w % 2 { 0.0 } else { upper[x - w % 2] + lower[x - w % 2] };
        for (x, o) in out.row_mut(y).iter_mut().enumerate() {
            *o = (column(2 * x) + column(2 * x + 1)) / 4.0;
        }
    }
    out
}

/// On grey.
pub const ENTRY: Metric = Metric {
    name: "ms-ssim",
    title: "Structural similarity of grey over five scales",
    purpose: "Structure at five sizes: closer than SSIM to what people see from some distance.",
    better: Better::Higher,
    compared_with: ComparedWith::Reference,
    range: "0..=1",
    min_size: MinSize::Sides(LEAST_SIDE),
    source: "Wang, Simoncelli, Bovik 2003; the authors' `msssim.m`",
    score: of_grey,
    ..Metric::PLAIN
};

/// On RGB.
pub(crate) const ENTRY_RGB: Metric = Metric {
    name: "ms-ssim-rgb",
    title: "Structural similarity over five scales, mean over channels",
    purpose: "For tables made with PyTorch programs, which train with it too.",
    source: "Wang, Simoncelli, Bovik 2003; pytorch-msssim 1.0.0",
    score: of_channels,
    ..ENTRY
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_odd_side_is_pooled_with_a_zero_before_it() {
        let f = Field { width: 3, height: 2, data: vec![4.0, 8.0, 12.0, 0.0, 4.0, 8.0] };
        assert_eq!(pooled(&f).data, [1.0, 8.0]);
        let f = Field { width: 2, height: 3, data: vec![4.0, 8.0, 12.0, 0.0, 4.0, 8.0] };
        assert_eq!(pooled(&f).data, [3.0, 6.0]);
    }
}
