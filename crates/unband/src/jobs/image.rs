//! Debanding of one image in memory: inspection and choice, then the [stages](super::stages).

use unband_image::findings::Findings;
use unband_image::{Context, Image, Origin};

use super::alpha;
use super::check::check;
use super::rgb::into_rgb;
use super::stages::Stages;
use super::turned::Oriented;
use crate::choose::{Choices, choose, find};
use crate::{Error, Options, Reason, Report};

/// Debands an image: default method, same depth, blue-noise dither. An image with nothing to repair comes
/// back with identical samples.
///
/// # Errors
/// When the planes do not fit together.
pub fn deband(image: &Image) -> Result<Image, Error> {
    Ok(deband_with(image.clone(), &Options::default(), &Context::default())?.0)
}

/// Debands an image in place, with options; returns a report. Needs memory for two bands of tiles besides the
/// image itself.
///
/// The same bytes come out for any number of threads and any tile size. Alpha changes only on request
/// ([`Options::alpha`]). The
/// samples of a changed image are codes of its depth, and its [`Origin`] is reset: it is not the file's
/// content any more.
///
/// # Errors
/// Unknown methods and settings, options out of range, too little memory allowed, planes that do not fit
/// together, or cancelled.
pub fn deband_with(image: Image, options: &Options, ctx: &Context<'_>) -> Result<(Image, Report), Error> {
    check(&image)?;
    ctx.check()?;
    let findings = find(&image, options, ctx);
    let choices = choose(&image, &findings, options)?;
    deband_as(image, findings, &choices, options, Colours::Own, ctx)
}

/// As [`deband_with`], for known findings (from [`crate::inspect`], or better).
///
/// # Errors
/// As [`deband_with`].
pub fn deband_found(
    image: Image,
    findings: Findings,
    options: &Options,
    ctx: &Context<'_>,
) -> Result<(Image, Report), Error> {
    check(&image)?;
    let choices = choose(&image, &findings, options)?;
    deband_as(image, findings, &choices, options, Colours::Own, ctx)
}

/// Colour model of a result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Colours {
    /// That of the image.
    Own,
    /// RGB in place of YUV.
    #[cfg_attr(not(feature = "video"), allow(dead_code))]
    Rgb,
}

/// Runs the plan on a still image: colours, then alpha where that was chosen.
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
    let (mut image, mut report) = deband_colours(image, findings, choices, options, ctx)?;
    if let (true, Some(grid)) = (choices.alpha, &report.findings.alpha) {
        alpha::repair(&mut image, grid, options, ctx)?;
        image.origin = Origin::default();
        (report.alpha_repaired, report.changed) = (true, true);
        if !matches!(report.reason, Reason::Restored | Reason::DepthOnly) {
            report.reason = Reason::AlphaOnly;
        }
    }
    Ok((image, report))
}

/// As [`deband_as`], without alpha. unband's own methods work on one canonical orientation, the same for all
/// turns and mirrors.
fn deband_colours(
    mut image: Image,
    findings: Findings,
    choices: &Choices,
    options: &Options,
    ctx: &Context<'_>,
) -> Result<(Image, Report), Error> {
    let stages = Stages { choices, options, counted: true };
    let Some(oriented) = Oriented::of(&image, &findings, choices, options, ctx)? else {
        return stages.run(image, findings, ctx);
    };
    let turned = oriented.turn(&mut image, &findings, ctx);
    let (mut image, mut report) = stages.run(image, turned, ctx)?;
    oriented.turn_back(&mut image, ctx);
    report.findings = findings;
    Ok((image, report))
}

/// As [`deband_as`] for a video frame, without a report. Frames are never reoriented: the canonical
/// orientation of the next one may differ.
#[cfg(feature = "video")]
pub(crate) fn deband_frame(
    image: Image,
    findings: Findings,
    choices: &Choices,
    options: &Options,
    ctx: &Context<'_>,
) -> Result<Image, Error> {
    Ok(Stages { choices, options, counted: false }.run(image, findings, ctx)?.0)
}
