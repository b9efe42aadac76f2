//! One frame of a shot, restored by itself and not yet rounded.

use unband_filters::smooth;
use unband_image::findings::{Findings, PlaneGrid};
use unband_image::{Context, Depth, Image, Method, Model};

use crate::choose::{Choices, choose};
use crate::jobs::still::deband_frame;
use crate::{Choice, Error, Options, OutputDepth};

/// The restored frame, in its own colour model.
pub(super) fn restored(
    image: Image,
    findings: &Findings,
    choices: &Choices,
    options: &Options,
    ctx: &Context<'_>,
) -> Result<Image, Error> {
    if !(choices.method.entry().rgb && image.is_yuv()) {
        return deband_frame(image, findings.clone(), choices, options, ctx);
    }
    // unband's network knows the planes with a coarse grid; the others are those of `smooth`.
    let known = |grid: &PlaneGrid| grid.found;
    if !choices.method.entry().ours || findings.grids.iter().all(known) {
        return by_rgb(image, findings, choices, options, ctx);
    }
    let method = Choice::Named(Method::new(&smooth::ENTRY));
    let smooth = Options { method, depth: OutputDepth::Keep, ..options.clone() };
    let others = Choices { depth: Depth::F32, ..choose(&image, findings, &smooth)? };
    let mut result = deband_frame(image.clone(), findings.clone(), &others, &smooth, ctx)?;
    if findings.grids.iter().any(known) {
        let own = by_rgb(image, findings, choices, options, ctx)?;
        for ((plane, own), grid) in result.planes.iter_mut().zip(own.planes).zip(&findings.grids) {
            if known(grid) {
                *plane = own;
            }
        }
    }
    Ok(result)
}

/// The frame with the change of a method that works on red, green and blue.
fn by_rgb(
    image: Image,
    findings: &Findings,
    choices: &Choices,
    options: &Options,
    ctx: &Context<'_>,
) -> Result<Image, Error> {
    let wrong = |error: unband_image::ImageError| Error::Image(error.to_string());
    let before = image.clone().into_rgb(ctx).map_err(wrong)?;
    let float = Choices { depth: Depth::F32, ..choices.clone() };
    let after = deband_frame(image.clone(), findings.clone(), &float, options, ctx)?;
    Ok(with_difference(image, &before, &after))
}

/// Adds a method's change in RGB to the YUV samples of the frame: pixels that the method did not change keep
/// their codes.
fn with_difference(mut image: Image, before: &Image, after: &Image) -> Image {
    let Model::Yuv { matrix, subsampling, .. } = image.color.model else { return image };
    let (width, height) = (image.width(), image.height());
    let (sx, sy) = (usize::from(subsampling.x), usize::from(subsampling.y));
    let chroma_width = image.planes[1].width;
    let share = |x: usize, y: usize| {
        // Pixels that share a chroma sample, fewer at the border.
        let (w, h) = ((width - x / sx * sx).min(sx), (height - y / sy * sy).min(sy));
        1.0 / (w * h) as f32
    };
    for y in 0..height {
        for x in 0..width {
            let at = y * width + x;
            let change = [0, 1, 2].map(|p| after.planes[p].data[at] - before.planes[p].data[at]);
            let [luma, u, v] = matrix.to_yuv(change);
            image.planes[0].data[at] += luma;
            let chroma = y / sy * chroma_width + x / sx;
            image.planes[1].data[chroma] += share(x, y) * u;
            image.planes[2].data[chroma] += share(x, y) * v;
        }
    }
    image
}
