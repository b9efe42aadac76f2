//! Debanding of one image in memory: inspect, choose, restore in tiles, clamp to intervals, dither.

use std::time::Instant;

use unband_image::dither::{Diffusion, Dither, Quantizer};
use unband_image::findings::{Cause, Findings};
use unband_image::tile::{Band, restore_by_rows, restore_in_place};
use unband_image::{Context, Depth, Image, Model, Origin, Restorer, Rng};

use super::alpha;
use super::centred::Centred;
use super::ends::Ends;
use super::memory::{Way, fitting_way};
use super::neutral::Neutral;
use super::not_finite::NotFinite;
use super::pipeline::{Pipeline, bounded_shares, seen, settled};
use super::resized::Resized;
use super::tally::Tally;
use super::turned::Lying;
use crate::choose::{Act, Choices, choose, find, is_meant, left_because};
use crate::faithful::{Faithful, cells, within_earlier_coding, within_file};
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
    let start = Instant::now();
    let findings = find(&image, options, ctx);
    let choices = choose(&image, &findings, options)?;
    let (image, mut report) = deband_as(image, findings, &choices, options, ctx)?;
    report.seconds = start.elapsed().as_secs_f64();
    Ok((image, report))
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
    deband_as(image, findings, &choices, options, ctx)
}

/// The report on an unchanged image.
fn untouched(choices: &Choices, findings: Findings) -> Report {
    Report {
        method: choices.method.name(),
        faithful: choices.faithful,
        changed: false,
        alpha_repaired: false,
        reason: Reason::NothingFound,
        depth: choices.depth,
        mean_shift_codes: 0.0,
        max_change_codes: 0.0,
        samples_moved: 0,
        samples_clipped: 0,
        seconds: 0.0,
        findings,
    }
}

/// Runs the plan on a still image: colours, then alpha where that was chosen.
pub(crate) fn deband_as(
    image: Image,
    findings: Findings,
    choices: &Choices,
    options: &Options,
    ctx: &Context<'_>,
) -> Result<(Image, Report), Error> {
    let start = Instant::now();
    let (mut image, mut report) = deband_colours(image, findings, choices, options, ctx)?;
    if let (true, Some(grid)) = (choices.alpha, &report.findings.alpha) {
        alpha::repair(&mut image, grid, options, ctx)?;
        image.origin = Origin::default();
        (report.alpha_repaired, report.changed) = (true, true);
        if !matches!(report.reason, Reason::Restored | Reason::DepthOnly) {
            report.reason = Reason::AlphaOnly;
        }
        report.seconds = start.elapsed().as_secs_f64();
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
    let start = Instant::now();
    let Some(lying) = Lying::of(&image, &findings, choices, options, ctx)? else {
        return deband_as_it_lies(image, findings, choices, (options, true), ctx);
    };
    let turned = lying.turn(&mut image, &findings, ctx);
    let (mut image, mut report) = deband_as_it_lies(image, turned, choices, (options, true), ctx)?;
    lying.turn_back(&mut image, ctx);
    report.findings = findings;
    report.seconds = start.elapsed().as_secs_f64();
    Ok((image, report))
}

/// As [`deband_as`] for a video frame, without a report. Frames are never reoriented: the canonical
/// orientation of the next one may differ.
pub(crate) fn deband_frame(
    image: Image,
    findings: Findings,
    choices: &Choices,
    options: &Options,
    ctx: &Context<'_>,
) -> Result<Image, Error> {
    Ok(deband_as_it_lies(image, findings, choices, (options, false), ctx)?.0)
}

/// As [`deband_as`], without reorienting the image. Unless `counted`, the report has no numbers of changes.
fn deband_as_it_lies(
    mut image: Image,
    findings: Findings,
    choices: &Choices,
    (options, counted): (&Options, bool),
    ctx: &Context<'_>,
) -> Result<(Image, Report), Error> {
    let start = Instant::now();
    let ctx = &Context { rng: Rng::new(options.seed), output: Some(choices.depth), ..*ctx };
    let mut report = untouched(choices, findings);
    let findings = &report.findings;
    if let Act::Leave(reason) = choices.act {
        report.reason = reason;
        report.seconds = start.elapsed().as_secs_f64();
        return Ok((image, report));
    }
    if choices.method.entry().rgb && image.is_yuv() && choices.act == Act::Restore {
        image = image.into_rgb(ctx).map_err(|error| Error::Image(error.to_string()))?;
    }
    let not_finite = NotFinite::take(&mut image);
    let ours = choices.method.entry().ours;
    let restores = ours && choices.act == Act::Restore;
    let ends = if restores { Ends::find(&image, &end_steps(&image, findings), ctx) } else { None };
    let centred = if restores { Centred::move_to(&mut image, findings, ends.as_ref(), ctx) } else { None };
    let (inner, bounded) = restorer(&image, findings, choices, ctx)?;
    let cells = (choices.faithful.keeps() && inner.is_some() && !bounded).then(|| cells(&image, findings));
    let depth_changes = choices.depth != image.depth;
    // Reimplementations dither and round by themselves; only a lower depth needs unband's dither.
    let leaves = inner.as_ref().and_then(|inner| inner.rounds_to()).unwrap_or(image.depth);
    let exact = !ours && !choices.faithful.keeps() && choices.depth.bits() >= leaves.bits();
    let meant = choices.act == Act::Regrid && is_meant(findings, options);
    let dither = if exact || meant { Dither::None } else { options.dither };
    let quantizer = Quantizer::new(dither, image.color.model, choices.depth, options.locked, ctx);
    let mut pipeline = Pipeline {
        inner: inner.as_deref(),
        cells,
        quantizer,
        model: image.color.model,
        depth: choices.depth,
        careful: dither == Dither::Tpdf && choices.faithful.keeps(),
        changes_all: depth_changes || centred.is_some(),
        ends,
        neutral: if restores { Neutral::find(&image, findings, ctx) } else { None },
        settled: None,
        shares: None,
        tally: Tally::new(&image, choices.depth, counted),
    };
    if dither != Dither::None {
        pipeline.settled = settled(&image, findings, choices);
    }
    let way = fitting_way(&image, &pipeline, options, ctx)?;
    if let Way::Windows(tile) = way
        && pipeline.cells.is_some()
        && !ours
        && findings.cause == Cause::Plain
    {
        pipeline.shares = bounded_shares(&mut image, &pipeline, tile, ctx)?;
    }
    let widths: Vec<usize> = image.planes.iter().map(|plane| plane.width).collect();
    let mut diffusion = quantizer.diffuses().then(|| Diffusion::new(quantizer, &widths));
    let mut finish = |source: &Image, band: &mut Band| {
        let Some(diffusion) = &mut diffusion else { return };
        for (p, plane) in band.planes.iter_mut().enumerate() {
            let (_, sy) = source.plane_scale(p);
            let y0 = band.window.y0 / sy;
            for y in 0..plane.height {
                let source = source.planes[p].row(y0 + y);
                let values = plane.row_mut(y);
                diffusion.row(p, y0 + y, values, source);
                pipeline.tally.count(ctx.level, p, values, source);
            }
        }
    };
    match way {
        Way::Rows => {
            restore_by_rows(&mut image, &pipeline, &mut finish, ctx)?;
        }
        Way::Windows(tile) => restore_in_place(&mut image, &pipeline, tile, &mut finish, ctx)?,
    }
    if depth_changes {
        regrid_alpha(&mut image, choices.depth);
        image.depth = choices.depth;
    }
    not_finite.put_back(&mut image);
    report.samples_moved = pipeline.tally.moved();
    report.samples_clipped = pipeline.tally.clipped();
    report.max_change_codes = pipeline.tally.max_change_codes();
    let mut shifts = pipeline.tally.mean_shifts_codes(seen(&image));
    if let Some(centred) = centred {
        report.max_change_codes += centred.most_codes;
        shifts.iter_mut().zip(centred.mean_codes).for_each(|(shift, more)| *shift += more);
    }
    report.mean_shift_codes = shifts.into_iter().fold(0.0, |a: f32, b| if b.abs() > a.abs() { b } else { a });
    report.changed = depth_changes || report.samples_moved > 0;
    if report.changed {
        // A new image: the file's properties (losses, palettes) no longer apply.
        image.origin = Origin::default();
    }
    report.reason = match (choices.act, report.samples_moved) {
        (Act::Regrid, _) => Reason::DepthOnly,
        (_, 0) if depth_changes => Reason::DepthOnly,
        (_, 0) => left_because(findings, choices.depth),
        _ => Reason::Restored,
    };
    report.seconds = start.elapsed().as_secs_f64();
    Ok((image, report))
}

/// The restorer of an image, and whether its results are inside the intervals of the stored JPEG coefficients,
/// which are tighter than those of samples.
fn restorer(
    image: &Image,
    findings: &Findings,
    choices: &Choices,
    ctx: &Context<'_>,
) -> Result<(Option<Box<dyn Restorer>>, bool), Error> {
    if choices.act != Act::Restore {
        return Ok((None, false));
    }
    let ours = choices.method.entry().ours;
    let inner: Box<dyn Restorer> = if ours && findings.resized && !image.is_yuv() {
        Box::new(Resized::new(image, findings, &choices.prepare, ctx)?)
    } else {
        (choices.prepare)(image, findings, ctx)?
    };
    let (inner, bounded) = if choices.faithful == Faithful::File {
        within_file(image, inner, ours)
    } else {
        (Some(inner), false)
    };
    let earlier = |inner| within_earlier_coding(image, findings, inner, ctx.level);
    Ok((if ours && !bounded { inner.and_then(earlier) } else { inner }, bounded))
}

/// For each plane, the distance from white within which a sample is on the highest level.
fn end_steps(image: &Image, findings: &Findings) -> Vec<f32> {
    let own = 0.5 * image.depth.step();
    let step = |p: usize| match findings.grids.get(p) {
        Some(grid) if grid.found && grid.truncated => (grid.step_codes - 0.1) / 255.0,
        _ => own,
    };
    (0..image.planes.len()).map(step).collect()
}

/// Converts alpha to another depth's grid: exactly where that contains the old one, rounded elsewhere.
pub(crate) fn regrid_alpha(image: &mut Image, depth: Depth) {
    if let (Some(alpha), Depth::Int(_)) = (&mut image.alpha, depth) {
        for value in &mut alpha.data {
            *value = depth.value(depth.code(*value));
        }
    }
}

/// Checks that the planes fit the model and each other.
///
/// # Errors
/// [`Error::Image`], with the fault.
pub fn check(image: &Image) -> Result<(), Error> {
    let wrong = |what: &str| Err(Error::Image(what.to_owned()));
    let Some(first) = image.planes.first() else { return wrong("an image needs at least one plane") };
    let (width, height) = (first.width, first.height);
    if width == 0 || height == 0 {
        return wrong("an image needs at least one pixel");
    }
    let planes = if image.color.model == Model::Gray { 1 } else { 3 };
    if image.planes.len() != planes {
        return Err(Error::Image(format!(
            "the model needs {planes} planes, the image has {}",
            image.planes.len()
        )));
    }
    for (p, plane) in image.planes.iter().chain(&image.alpha).enumerate() {
        let expected = match image.color.model {
            Model::Yuv { subsampling, .. } if p == 1 || p == 2 => {
                if subsampling.x == 0 || subsampling.y == 0 {
                    return wrong("chroma sampling must be at least 1");
                }
                subsampling.chroma_size(width, height)
            }
            _ => (width, height),
        };
        if (plane.width, plane.height) != expected {
            return Err(Error::Image(format!(
                "plane {p} has {}×{} samples, {}×{} are needed",
                plane.width, plane.height, expected.0, expected.1
            )));
        }
        if plane.width.checked_mul(plane.height) != Some(plane.data.len()) {
            return Err(Error::Image(format!("plane {p} holds {} samples", plane.data.len())));
        }
    }
    match image.depth {
        Depth::Int(0 | 17..) => wrong("integer codes have 1 to 16 bits"),
        _ => Ok(()),
    }
}
