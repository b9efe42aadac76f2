//! Restoration of the RGB image that a YUV image came from. The YUV planes get its change.

use unband_image::findings::{Findings, Space};
use unband_image::{Context, Depth, Image, Model, With};

use super::stages::Stages;
use crate::choose::Choices;
use crate::{Error, Options, Report};

/// Share of a change that is kept where a lossy codec coded the luma and chroma: texture near the size of a
/// step is lost in the channels, not in these. Of 0.5, 0.7 and 1, the best mean over five photos in 16-bit
/// colour and in 5 bits, by x264 and VP9.
const AFTER_LOSS: f32 = 0.7;

/// Restores the RGB image that a YUV image came from: the findings describe either of them.
///
/// # Errors
/// As [`Stages::run`].
pub(super) fn restored(
    stages: &Stages<'_>,
    image: Image,
    findings: Findings,
    ctx: &Context<'_>,
) -> Result<(Image, Report), Error> {
    let before = image.clone().into_rgb(ctx).map_err(|error| Error::Image(error.to_string()))?;
    let float = Choices { depth: Depth::F32, ..stages.choices.clone() };
    let inner = Stages { choices: &float, options: stages.options, still: stages.still };
    let of_rgb = findings.space == Space::Rgb;
    let (after, report) = if of_rgb {
        let native = findings.clone().but(|new| (new.space, new.stored_yuv) = (Space::Native, false));
        inner.run(before.clone(), native, ctx)?
    } else {
        inner.run(image.clone(), findings.clone(), ctx)?
    };
    let share = if of_rgb && image.origin.is_lossy() { AFTER_LOSS } else { 1.0 };
    Ok((with_difference(image, &before, &after, share), report.but(|new| new.findings = findings)))
}

/// As [`restored`] for a video frame, without a report.
pub(crate) fn restored_frame(
    image: Image,
    findings: &Findings,
    choices: &Choices,
    options: &Options,
    ctx: &Context<'_>,
) -> Result<Image, Error> {
    Ok(restored(&Stages { choices, options, still: false }, image, findings.clone(), ctx)?.0)
}

/// Adds a share of a method's change in RGB to the YUV samples of the frame: pixels that the method did not
/// change keep their codes.
fn with_difference(mut image: Image, before: &Image, after: &Image, share: f32) -> Image {
    let Model::Yuv { matrix, subsampling, .. } = image.color.model else { return image };
    let (width, height) = (image.width(), image.height());
    let (sx, sy) = (usize::from(subsampling.x), usize::from(subsampling.y));
    let chroma_width = image.planes[1].width;
    let part = |x: usize, y: usize| {
        // Pixels that share a chroma sample, fewer at the border.
        let (w, h) = ((width - x / sx * sx).min(sx), (height - y / sy * sy).min(sy));
        1.0 / (w * h) as f32
    };
    for y in 0..height {
        for x in 0..width {
            let at = y * width + x;
            let change = [0, 1, 2].map(|p| share * (after.planes[p].data[at] - before.planes[p].data[at]));
            let [luma, u, v] = matrix.to_yuv(change);
            image.planes[0].data[at] += luma;
            let chroma = y / sy * chroma_width + x / sx;
            image.planes[1].data[chroma] += part(x, y) * u;
            image.planes[2].data[chroma] += part(x, y) * v;
        }
    }
    image
}
