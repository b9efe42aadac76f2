//! One frame of a shot, restored by itself and not yet rounded.

use unband_filters::smooth;
use unband_image::findings::{Findings, PlaneGrid, Space};
use unband_image::{Context, Depth, Image, Method};

use crate::choose::{Choices, choose};
use crate::jobs::rgb_of_yuv;
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
    if !(choices.method.entry().rgb && image.is_yuv()) || findings.space == Space::Rgb {
        return deband_frame(image, findings.clone(), choices, options, ctx);
    }
    // unband's network knows the planes with a coarse grid; the others are those of `smooth`.
    let known = |grid: &PlaneGrid| grid.found;
    if !choices.method.entry().ours || findings.grids.iter().all(known) {
        return rgb_of_yuv::restored_frame(image, findings, choices, options, ctx);
    }
    let method = Choice::Named(Method::new(&smooth::ENTRY));
    let smooth = Options { method, depth: OutputDepth::Keep, ..options.clone() };
    let others = Choices { depth: Depth::F32, ..choose(&image, findings, &smooth)? };
    let mut result = deband_frame(image.clone(), findings.clone(), &others, &smooth, ctx)?;
    if findings.grids.iter().any(known) {
        let own = rgb_of_yuv::restored_frame(image, findings, choices, options, ctx)?;
        for ((plane, own), grid) in result.planes.iter_mut().zip(own.planes).zip(&findings.grids) {
            if known(grid) {
                *plane = own;
            }
        }
    }
    Ok(result)
}
