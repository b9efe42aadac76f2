//! The stages of every image and frame: convert → restore → confine → round → report.
//!
//! [`super::image`] runs them on stills and frames, after inspection and choice; [`super::pipeline`] is what
//! happens to each window.

use std::borrow::Cow;

use unband_image::dither::{Dither, Quantizer};
use unband_image::findings::{Cause, Findings, Space};
use unband_image::tile::{Band, restore_by_rows, restore_in_place};
use unband_image::{Context, Depth, Image, Model, Origin, Restorer, Rng, Subsampling, With};

use super::finishing::{ResultRows, scales};
use super::memory::{Passage, fitting_way, planes};
use super::not_finite::NotFinite;
use super::pipeline::{Pipeline, bounded_shares, seen, settled};
use super::rgb_of_yuv;
use super::round::{diffuse, diffusion, regrid_alpha};
use super::tally::Tally;
use crate::choose::{Act, Choices, is_meant, left_because};
use crate::faithful::cells;
use crate::repair::truncated::CentredCodes;
use crate::repair::{Work, Wrapped};
use crate::{Error, Options, Reason, Report};

/// One run of the stages.
pub(super) struct Stages<'a> {
    /// The plan.
    pub choices: &'a Choices,
    /// Options of the job.
    pub options: &'a Options,
    /// Is it a still image? A frame has no report that counts changes, and neighbours that it must fit.
    pub still: bool,
}

impl Stages<'_> {
    /// Runs the plan on an image as it lies.
    ///
    /// # Errors
    /// Errors of the restorer, too little memory allowed, or cancelled.
    pub(super) fn run(
        &self,
        image: Image,
        findings: Findings,
        ctx: &Context<'_>,
    ) -> Result<(Image, Report), Error> {
        if image.is_yuv() && findings.space == Space::Rgb && self.choices.act == Act::Restore {
            return rgb_of_yuv::restored(self, image, findings, ctx);
        }
        let light = findings.float_codes.is_some_and(|codes| codes.light().is_some());
        if light && self.choices.act == Act::Restore && self.choices.depth != Depth::F32 {
            return self.round_light(image, findings, ctx);
        }
        self.run_on_planes(image, findings, ctx)
    }

    /// As [`Self::run`], for codes in linear light and a result of integers: these are rounded as light.
    fn round_light(
        &self,
        image: Image,
        findings: Findings,
        ctx: &Context<'_>,
    ) -> Result<(Image, Report), Error> {
        let restore = self.choices.clone().but(|new| new.depth = Depth::F32);
        let (options, still) = (self.options, self.still);
        let (image, report) =
            Stages { choices: &restore, options, still }.run_on_planes(image, findings, ctx)?;
        let round = self.choices.clone().but(|new| new.act = Act::Regrid);
        let plain = Findings::plain(image.planes.len(), image.depth.bits());
        let (image, rounded) = Stages { choices: &round, options, still }.run_on_planes(image, plain, ctx)?;
        let reason = if report.samples_moved > 0 { report.reason } else { rounded.reason };
        let (changed, depth, samples_clipped) = (rounded.changed, rounded.depth, rounded.samples_clipped);
        Ok((image, Report { changed, reason, depth, samples_clipped, ..report }))
    }

    /// As [`Self::run`], where the levels are those of the image's planes.
    fn run_on_planes(
        &self,
        mut image: Image,
        findings: Findings,
        ctx: &Context<'_>,
    ) -> Result<(Image, Report), Error> {
        let choices = self.choices;
        let ctx = &(*ctx).but(|new| {
            new.rng = Rng::new(self.options.seed);
            new.output = Some(choices.depth);
        });
        let mut report = untouched(choices, findings);
        if let Act::Leave(reason) = choices.act {
            report.reason = reason;
            return Ok((image, report));
        }
        let mut findings = Cow::Borrowed(&report.findings);
        if let Model::Yuv { matrix, range, subsampling } = image.color.model
            && choices.method.entry().rgb
            && choices.act == Act::Restore
        {
            image = image.into_rgb(ctx).map_err(|error| Error::Image(error.to_string()))?;
            // A grid that was found in luma or chroma now lies behind red, green and blue.
            if findings.grids.iter().any(|grid| grid.found) {
                let findings = findings.to_mut();
                findings.space = Space::Yuv { matrix, range };
                findings.half_chroma = subsampling == Subsampling::HALF;
            }
        }
        let findings = &*findings;
        let own = image.depth;
        let codes = findings.float_codes.filter(|_| choices.act == Act::Restore);
        let uncoded = codes.map(|codes| (codes, codes.put_codes(&mut image)));
        let not_finite = NotFinite::take(&mut image);
        let mut work = Work::begin(&mut image, findings, choices, self.still, ctx);
        let inner = work.restorer()?;
        let (ends, neutral, centred) = (work.ends, work.neutral, work.centred);
        let mut pipeline = self.confined(&image, findings, inner.as_ref(), ctx);
        (pipeline.ends, pipeline.neutral) = (ends, neutral);
        pipeline.changes_all |= centred.is_some();
        let kept = uncoded.as_ref().map_or(0, |_| planes(&image));
        self.restore(&mut image, kept, findings, &mut pipeline, ctx)?;
        if let Some((codes, source)) = uncoded {
            codes.put_back(&mut image, source);
        }
        let depth_changes = choices.depth != own;
        if depth_changes {
            regrid_alpha(&mut image, choices.depth);
            image.depth = choices.depth;
        }
        not_finite.put_back(&mut image);
        count(&mut report, &pipeline.tally, centred.as_ref(), &image);
        report.changed = depth_changes || report.samples_moved > 0;
        if report.changed {
            // A new image: the file's properties (losses, palettes) no longer apply.
            image.origin = Origin::default();
        }
        report.reason = match (choices.act, report.samples_moved) {
            (Act::Regrid, _) => Reason::DepthOnly,
            (_, 0) if depth_changes => Reason::DepthOnly,
            (_, 0) => left_because(&report.findings, choices.depth),
            _ => Reason::Restored,
        };
        Ok((image, report))
    }

    /// The restorer inside everything that follows it: intervals, dither, counts.
    fn confined<'b>(
        &self,
        image: &Image,
        findings: &Findings,
        inner: Option<&'b Wrapped>,
        ctx: &Context<'_>,
    ) -> Pipeline<'b> {
        let (choices, options) = (self.choices, self.options);
        let (inner, bounded): (Option<&dyn Restorer>, _) = match inner {
            Some(Wrapped::Open(inner)) => (Some(&**inner), false),
            Some(Wrapped::Bounded(inner)) => (Some(&**inner), true),
            None => (None, false),
        };
        let ours = choices.method.entry().ours;
        let cells =
            (choices.faithful.keeps() && inner.is_some() && !bounded).then(|| cells(image, findings, ctx));
        // Reimplementations dither and round by themselves; only a lower depth needs unband's dither.
        let leaves = inner.and_then(Restorer::rounds_to).unwrap_or(image.depth);
        let exact = !ours && !choices.faithful.keeps() && choices.depth.bits() >= leaves.bits();
        let meant = choices.act == Act::Regrid && is_meant(findings, options);
        let dither = if exact || meant { Dither::None } else { options.dither };
        Pipeline {
            inner,
            cells,
            quantizer: Quantizer::new(dither, image.color.model, choices.depth, options.locked, ctx),
            model: image.color.model,
            depth: choices.depth,
            careful: dither == Dither::Tpdf && choices.faithful.keeps(),
            changes_all: choices.depth != image.depth,
            ends: None,
            neutral: None,
            settled: if dither == Dither::None { None } else { settled(image, findings, choices) },
            shares: None,
            tally: Tally::new(image, choices.depth, self.still),
        }
    }

    /// Restores and rounds, in windows or in whole rows. `kept`: bytes of samples besides the image.
    fn restore(
        &self,
        image: &mut Image,
        kept: u64,
        findings: &Findings,
        pipeline: &mut Pipeline<'_>,
        ctx: &Context<'_>,
    ) -> Result<(), Error> {
        let way = fitting_way(image, kept, pipeline, self.options, ctx)?;
        if let Passage::Windows(tile) = way
            && pipeline.cells.is_some()
            && !self.choices.method.entry().ours
            && findings.cause == Cause::Plain
        {
            pipeline.shares = bounded_shares(image, pipeline, tile, ctx)?;
        }
        let pipeline = &*pipeline;
        let scales = scales(image);
        let mut diffusion = diffusion(pipeline.quantizer, image);
        let mut finish = |source: &Image, band: &mut Band| {
            let Some(diffusion) = &mut diffusion else { return };
            let mut parts = ResultRows::split(Some(source), &scales, band.window, &mut band.planes);
            for part in &mut parts {
                diffuse(diffusion, part, Some((&pipeline.tally, ctx.level)));
            }
        };
        match way {
            Passage::Rows => {
                restore_by_rows(image, pipeline, &mut finish, ctx)?;
            }
            Passage::Windows(tile) => restore_in_place(image, pipeline, tile, &mut finish, ctx)?,
        }
        Ok(())
    }
}

/// Fills in the changes of a run.
fn count(report: &mut Report, tally: &Tally, centred: Option<&CentredCodes>, image: &Image) {
    report.samples_moved = tally.moved();
    report.samples_clipped = tally.clipped();
    report.max_change_codes = tally.max_change_codes();
    let mut shifts = tally.mean_shifts_codes(seen(image));
    if let Some(centred) = centred {
        report.max_change_codes += centred.most_codes;
        shifts.iter_mut().zip(&centred.mean_codes).for_each(|(shift, more)| *shift += *more);
    }
    report.mean_shift_codes = shifts.into_iter().fold(0.0, |a: f32, b| if b.abs() > a.abs() { b } else { a });
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
        findings,
    }
}
