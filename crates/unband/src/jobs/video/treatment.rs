//! Treatment of a shot, with its findings, its method and the steps on one frame.

use unband_filters::smooth;
use unband_image::findings::{Findings, PlaneGrid};
use unband_image::{Context, Depth, Image, Method, Model};
use unband_video::FrameFormat;

use crate::choose::{Act, Choices, choose};
use crate::faithful::cells;
use crate::jobs::image::deband_frame;
use crate::jobs::round::{self, Rounding};
use crate::verdict::{Grade, GradedFindings, look_at_frame};
use crate::{Choice, Error, Options, OutputDepth};

/// Settings for all frames of a shot.
pub(super) struct Treatment {
    pub(super) findings: Findings,
    pub(super) choices: Choices,
}

impl Treatment {
    /// The treatment for given findings.
    ///
    /// # Errors
    /// As [`choose`].
    pub(super) fn new(image: &Image, findings: Findings, options: &Options, bits: u8) -> Result<Self, Error> {
        let choices = plan(image, &findings, options, bits)?;
        Ok(Self { findings, choices })
    }

    /// Do its frames stay unchanged?
    pub(super) fn leaves(&self) -> bool {
        matches!(self.choices.act, Act::Leave(_) | Act::Regrid)
    }
}

/// Findings on a frame. Reimplemented methods do not use them.
pub(super) fn look(image: &Image, options: &Options, ctx: &Context<'_>) -> GradedFindings {
    let plain = Findings::plain(image.planes.len(), image.depth.bits());
    let named = choose(image, &plain, options);
    match named {
        Ok(choices) if !choices.method.entry().ours && !choices.faithful.keeps() => {
            GradedFindings { findings: plain, grade: Grade::None }
        }
        _ => look_at_frame(image, ctx),
    }
}

/// The choices for a frame. A frame that needs no repair at its own depth stays unchanged: a higher output
/// depth alone is not a reason to change it.
fn plan(image: &Image, findings: &Findings, options: &Options, bits: u8) -> Result<Choices, Error> {
    let own_depth = Options { depth: OutputDepth::Keep, ..options.clone() };
    let choices = choose(image, findings, &own_depth)?;
    let own = choices.method.entry().ours || choices.faithful.keeps();
    let depth = if own { Depth::F32 } else { Depth::Int(bits) };
    Ok(Choices { depth, ..choices })
}

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
    let smooth = Options { method: Choice::Named(Method::new(&smooth::ENTRY)), ..options.clone() };
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

/// Clamps a mean over time to the intervals of the frame's own samples.
pub(super) fn keep(
    result: &mut Image,
    source: &Image,
    findings: &Findings,
    choices: &Choices,
    ctx: &Context<'_>,
) {
    if !choices.faithful.keeps() {
        return;
    }
    let cells = cells(source, findings);
    let limits = (f32::NEG_INFINITY, f32::INFINITY);
    if let (true, [r, g, b]) = (cells.joint(), result.planes.as_mut_slice()) {
        for y in 0..r.height {
            let rows = [0, 1, 2].map(|p: usize| source.planes[p].row(y));
            cells.keep_pixels(ctx.level, (0, y), [r.row_mut(y), g.row_mut(y), b.row_mut(y)], rows, limits);
        }
        return;
    }
    for (p, plane) in result.planes.iter_mut().enumerate() {
        let width = plane.width.max(1);
        let rows: Vec<&mut [f32]> = plane.data.chunks_exact_mut(width).collect();
        ctx.map_parts(rows, |y, row| cells.keep(ctx.level, p, (0, y), row, source.planes[p].row(y), limits));
    }
}

/// Dithers and rounds to the codes of the output.
pub(super) fn round(
    image: &mut Image,
    source: &Image,
    options: &Options,
    to: &FrameFormat,
    ctx: &Context<'_>,
) {
    let depth = Depth::Int(to.pixels.bits);
    let how = Rounding { depth, dither: options.dither, locked: options.locked };
    round::round(image, Some(source), how, ctx);
}
