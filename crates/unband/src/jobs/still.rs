//! The plan of one image, carried out: the [stages](super::stages) in a canonical orientation, then repairs
//! of the whole.

use unband_image::findings::Findings;
use unband_image::{Context, Image, Origin, With};

use super::stages::Stages;
use super::turned::Oriented;
use super::whole_blocks::WholeBlocks;
use super::wrapping::Wrapping;
use crate::choose::{Act, Choices, choose, find};
use crate::repair::Done;
use crate::{Error, Options, Reason, Report};

/// Runs the plan on a still image: colours, then alpha where that was chosen.
///
/// # Errors
/// As [`crate::deband_with`].
pub(crate) fn deband_own(
    image: Image,
    findings: Findings,
    choices: &Choices,
    options: &Options,
    ctx: &Context<'_>,
) -> Result<(Image, Report), Error> {
    // An extra output has the size of the image.
    let wraps = choices.act == Act::Restore && ctx.extra_output.is_none();
    let wrapping = Wrapping::new(&image, options.wrap).filter(|_| wraps);
    if let Some(wrapping) = wrapping.filter(|wrapping| wrapping.has_whole_blocks(&image)) {
        let look = |image: &Image, options: &Options| find(image, options, ctx);
        return wrapping.repaired(&image, findings, options, look, |image, findings, options| {
            deband_own(image, findings, choices, options, ctx)
        });
    }
    let (mut image, mut report) = deband_colours(image, findings, choices, options, ctx)?;
    let findings = &report.findings;
    let mut done = Done { image: &mut image, findings, choices, options, alpha_repaired: false };
    let quiet = (*ctx).but(|new| new.extra_output = None);
    done.end(&|image, findings, options| {
        let choices = choose(&image, &findings, options)?;
        Ok(deband_own(image, findings, &choices, options, &quiet)?.0)
    })?;
    if done.alpha_repaired {
        image.origin = Origin::default();
        (report.alpha_repaired, report.changed) = (true, true);
        if !matches!(report.reason, Reason::Restored | Reason::DepthOnly) {
            report.reason = Reason::AlphaOnly;
        }
    }
    Ok((image, report))
}

/// As [`deband_own`], without alpha. Where half-size chroma starts outside the image, unband's own methods
/// work on one with whole chroma samples.
fn deband_colours(
    mut image: Image,
    findings: Findings,
    choices: &Choices,
    options: &Options,
    ctx: &Context<'_>,
) -> Result<(Image, Report), Error> {
    let added = WholeBlocks::add(&mut image, &findings, choices, ctx);
    let (mut image, report) = deband_oriented(image, findings, choices, options, ctx)?;
    if let Some(added) = added {
        added.remove(&mut image);
    }
    Ok((image, report))
}

/// As [`deband_colours`]. unband's own methods work on one canonical orientation, the same for all turns and
/// mirrors.
fn deband_oriented(
    mut image: Image,
    findings: Findings,
    choices: &Choices,
    options: &Options,
    ctx: &Context<'_>,
) -> Result<(Image, Report), Error> {
    let stages = Stages { choices, options, still: true };
    let Some(oriented) = Oriented::new(&image, &findings, choices, options, ctx)? else {
        return stages.run(image, findings, ctx);
    };
    let turned = oriented.turn(&mut image, &findings, ctx);
    let (mut image, mut report) = stages.run(image, turned, ctx)?;
    oriented.turn_back(&mut image, ctx);
    report.findings = findings;
    Ok((image, report))
}

/// As [`deband_own`] for a video frame, without a report. Frames are never reoriented: the canonical
/// orientation of the next one may differ.
pub(crate) fn deband_frame(
    image: Image,
    findings: Findings,
    choices: &Choices,
    options: &Options,
    ctx: &Context<'_>,
) -> Result<Image, Error> {
    Ok(Stages { choices, options, still: false }.run(image, findings, ctx)?.0)
}
