//! Debanding of one image in memory: inspection and choice, then the work on a [still](super::still).

use unband_image::findings::Findings;
use unband_image::{Context, Image};

use super::check::check;
use super::still::deband_own;
use crate::choose::{choose, find};
use crate::{Error, Options, Report};

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
/// ([`Options::alpha`]). The samples of a changed image are codes of its depth, and its
/// [`Origin`](unband_image::Origin) is reset: it is not the file's content any more.
///
/// # Errors
/// Unknown methods and settings, options out of range, too little memory allowed, planes that do not fit
/// together, or cancelled.
pub fn deband_with(image: Image, options: &Options, ctx: &Context<'_>) -> Result<(Image, Report), Error> {
    check(&image)?;
    ctx.check()?;
    let findings = find(&image, options, ctx);
    let choices = choose(&image, &findings, options)?;
    deband_own(image, findings, &choices, options, ctx)
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
    deband_own(image, findings, &choices, options, ctx)
}
