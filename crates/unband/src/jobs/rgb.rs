//! Debanding of YUV images to an RGB result.

use unband_filters::chroma_guide::upsampled;
use unband_image::dither::Dither;
use unband_image::findings::Findings;
use unband_image::{Context, Depth, Image, Model, Origin, Rng, Subsampling, With};

use super::round::{Rounding, regrid_alpha, round};
use super::still::deband_own;
use crate::choose::{Act, Choices, left_because};
use crate::{Error, Options, Reason, Report};

/// Colour model of a result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Colours {
    /// That of the image.
    Own,
    /// RGB in place of YUV.
    Rgb,
}

/// Debands an image to a result in these colours.
///
/// # Errors
/// As [`deband_own`].
pub(crate) fn deband_as(
    image: Image,
    findings: Findings,
    choices: &Choices,
    options: &Options,
    colours: Colours,
    ctx: &Context<'_>,
) -> Result<(Image, Report), Error> {
    if colours == Colours::Rgb && image.is_yuv() {
        return into_rgb(image, findings, choices, options, ctx);
    }
    deband_own(image, findings, choices, options, ctx)
}

/// As [`deband_own`] of a YUV image, but the result is RGB: restored on the YUV planes, where its grids are,
/// converted, and only then rounded.
///
/// # Errors
/// As [`deband_own`].
fn into_rgb(
    image: Image,
    findings: Findings,
    choices: &Choices,
    options: &Options,
    ctx: &Context<'_>,
) -> Result<(Image, Report), Error> {
    let (model, before, own) =
        (image.color.model, image.depth, choices.method.entry().ours || choices.faithful.keeps());
    // Reimplementations return codes of the result's depth; unband's own results are rounded once, at the
    // end.
    let inner = match choices.act {
        Act::Restore if own => Choices { depth: Depth::F32, ..choices.clone() },
        Act::Restore => choices.clone(),
        Act::Regrid | Act::Leave(_) => {
            Choices { depth: before, act: Act::Leave(Reason::NothingFound), ..choices.clone() }
        }
    };
    let (restored, mut report) = deband_own(image, findings, &inner, options, ctx)?;
    let mut rgb = restored.into_rgb(ctx).map_err(|error| Error::Image(error.to_string()))?;
    if let Model::Yuv { matrix, subsampling: Subsampling { x: x @ 1..=2, y: y @ 1..=2 }, .. } = model
        && x * y > 1
        && choices.method.entry().ours
        && report.samples_moved > 0
    {
        rgb = upsampled(rgb, matrix, (x.into(), y.into()), ctx)?;
    }
    let fewer = choices.depth.bits() < before.bits();
    let dither = if (own && report.samples_moved > 0) || fewer { options.dither } else { Dither::None };
    let ctx = &(*ctx).but(|new| new.rng = Rng::new(options.seed));
    round(&mut rgb, None, Rounding { depth: choices.depth, dither, locked: options.locked }, ctx);
    if choices.depth != before {
        regrid_alpha(&mut rgb, choices.depth);
    }
    report.depth = choices.depth;
    report.changed = report.samples_moved > 0 || choices.depth != before;
    report.reason = match (choices.act, report.samples_moved) {
        (Act::Leave(reason), _) => reason,
        (Act::Restore, 1..) => Reason::Restored,
        _ if choices.depth != before => Reason::DepthOnly,
        _ => left_because(&report.findings, choices.depth),
    };
    if report.changed {
        rgb.origin = Origin::default();
    }
    Ok((rgb, report))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::choose::choose;
    use unband_detect::inspect;
    use unband_image::{Matrix, Range};

    /// A ramp whose luma has steps of four codes.
    fn ramp() -> Image {
        let luma: Vec<u8> =
            (0..160 * 120).map(|i| (40 + (i % 160) / 12 * 4 + i / 160 / 40 * 4) as u8).collect();
        let chroma = [vec![118; 80 * 60], vec![140; 80 * 60]];
        Image::from_yuv420(160, 120, [&luma, &chroma[0], &chroma[1]], Matrix::Bt709, Range::Limited).unwrap()
    }

    fn run(image: Image, options: &Options) -> (Image, Report) {
        let ctx = Context::default();
        let findings = inspect(&image, &ctx);
        let choices = choose(&image, &findings, options).unwrap();
        into_rgb(image, findings, &choices, options, &ctx).unwrap()
    }

    #[test]
    fn a_banded_image_is_restored_and_becomes_rgb_of_whole_codes() {
        let (out, report) = run(ramp(), &Options::default());
        assert_eq!((out.color.model, out.depth, report.reason), (Model::Rgb, Depth::EIGHT, Reason::Restored));
        assert!(report.changed && report.samples_moved > 0);
        for plane in &out.planes {
            assert!(plane.data.iter().all(|&v| (v * 255.0 - (v * 255.0).round()).abs() < 1e-3));
            // More codes than the steps had.
            let codes: std::collections::BTreeSet<u32> =
                plane.data.iter().map(|&v| Depth::EIGHT.code(v)).collect();
            assert!(codes.len() > 40, "{}", codes.len());
        }
    }

    #[test]
    fn an_image_that_needs_no_repair_is_only_converted() {
        let mut image = ramp();
        for (i, v) in image.planes[0].data.iter_mut().enumerate() {
            *v = (40 + (i * 7919) % 173) as f32 / 219.0;
        }
        let (out, report) = run(image.clone(), &Options::default());
        assert!(!report.changed, "{:?}", report.reason);
        let plain = image.into_rgb(&Context::default()).unwrap();
        for (a, b) in out.planes.iter().zip(&plain.planes) {
            assert!(a.data.iter().zip(&b.data).all(|(a, b)| Depth::EIGHT.code(*a) == Depth::EIGHT.code(*b)));
        }
    }

    #[test]
    fn float_results_are_not_rounded() {
        let options = Options { depth: crate::OutputDepth::Float, ..Options::default() };
        let (out, _) = run(ramp(), &options);
        assert_eq!(out.depth, Depth::F32);
        assert!(out.planes[0].data.iter().any(|&v| (v * 255.0 - (v * 255.0).round()).abs() > 0.05));
    }
}
