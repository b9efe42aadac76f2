//! Structural similarity (SSIM), in the four variants reported under one name.

use unband_image::{Context, Image};

use crate::field::Field;
use crate::grey::{grey_pair, reduced};
use crate::psnr::studio_luma;
use crate::ssim_window::Window;
use crate::{Better, ComparedWith, Metric, MetricError, MinSize, Score, at_least, both};

/// SSIM with a window per channel, then the mean over channels, only where the whole window is inside.
/// −1..=1, 1 for equal images.
///
/// Source: Wang et al., "Image Quality Assessment: From Error Visibility to Structural Similarity", 2004.
///
/// # Errors
/// When the images differ in size or colour model, are smaller than the window, are not RGB or grey, or have
/// samples that are not finite.
fn over_channels<const N: usize>(
    name: &'static str,
    image: &Image,
    reference: Option<&Image>,
    window: &Window<N>,
    ctx: &Context<'_>,
) -> Result<Score, MetricError> {
    let (image, reference) = both(name, "a reference", image, reference)?;
    at_least(name, N, image.width(), image.height())?;
    let planes = image.planes.len();
    let channel = |c| window.means(&Field::plane(image, c), &Field::plane(reference, c), ctx);
    let sum: f64 = (0..planes).map(|c| channel(c).map(|m| m.similarity)).sum::<Result<_, _>>()?;
    Ok(Score::from_value(sum / planes as f64))
}

/// SSIM with the 11×11 Gaussian window on BT.601 luma in studio range, not rounded.
fn luma(image: &Image, reference: Option<&Image>, ctx: &Context<'_>) -> Result<Score, MetricError> {
    let (image, reference) = both(ENTRY_Y.name, "a reference", image, reference)?;
    at_least(ENTRY_Y.name, 11, image.width(), image.height())?;
    let (a, b) = (studio_luma(image, false), studio_luma(reference, false));
    Ok(Score::from_value(Window::gaussian().means(&a, &b, ctx)?.similarity))
}

/// SSIM with the 11×11 Gaussian window on grey (0.299, 0.587, 0.114) after downscaling by the integer nearest
/// to `shorter side / 256`, as in the authors' MATLAB program.
///
/// Grey is rounded to integer codes of the deeper image, like `rgb2gray`: 8-bit codes for an 8-bit pair,
/// 16-bit codes for a 16-bit pair, no rounding for floating point.
fn matlab(image: &Image, reference: Option<&Image>, ctx: &Context<'_>) -> Result<Score, MetricError> {
    let name = ENTRY_MATLAB_GRAY.name;
    let (image, reference) = both(name, "a reference", image, reference)?;
    // Below 384 samples nothing is reduced; above, enough samples always remain.
    at_least(name, 11, image.width(), image.height())?;
    let (mut a, mut b) = grey_pair(image, reference);
    let factor = (image.width().min(image.height()) + 128) / 256;
    if factor > 1 {
        (a, b) = (reduced(&a, factor), reduced(&b, factor));
    }
    Ok(Score::from_value(Window::gaussian().means(&a, &b, ctx)?.similarity))
}

/// On RGB, the variant that most papers on restoration report.
pub const ENTRY: Metric = Metric {
    name: "ssim-gauss11-rgb",
    title: "Structural similarity, mean over channels",
    purpose: "Local structure: the SSIM that most papers on restoration report. Faint bands in smooth areas hardly matter.",
    better: Better::Higher,
    compared_with: ComparedWith::Reference,
    range: "-1..=1",
    min_size: MinSize::Sides(11),
    source: "Wang et al. 2004; KAIR `utils/utils_image.py`, calculate_ssim",
    score: |image, reference, ctx| over_channels(ENTRY.name, image, reference, &Window::gaussian(), ctx),
    ..Metric::PLAIN
};

/// On luma (BT.601, studio range).
pub(crate) const ENTRY_Y: Metric = Metric {
    name: "ssim-gauss11-y",
    title: "Structural similarity of luma",
    purpose: "SSIM of brightness alone, as papers on super-resolution report it.",
    source: "Wang et al. 2004; BasicSR `metrics/psnr_ssim.py`, calculate_ssim with test_y_channel",
    score: luma,
    ..ENTRY
};

/// On RGB with scikit-image's defaults.
pub(crate) const ENTRY_UNIFORM7: Metric = Metric {
    name: "ssim-uniform7-rgb",
    title: "Structural similarity with a 7×7 box, mean over channels",
    purpose: "For tables made with scikit-image, whose default this is.",
    min_size: MinSize::Sides(7),
    source: "scikit-image `metrics/_structural_similarity.py`, defaults",
    score: |image, reference, ctx| {
        over_channels(ENTRY_UNIFORM7.name, image, reference, &Window::<7>::uniform(), ctx)
    },
    ..ENTRY
};

/// On grey, downscaled depending on the image size.
pub(crate) const ENTRY_MATLAB_GRAY: Metric = Metric {
    name: "ssim-matlab-gray",
    title: "Structural similarity of grey at about 256 rows",
    purpose: "For tables made with the authors' program: the image is downscaled first.",
    source: "Wang et al. 2004; the authors' `ssim.m` with its automatic reduction",
    score: matlab,
    ..ENTRY
};
