//! The main job on one image in memory: inspect, choose, restore in tiles, keep faithful, dither.

use std::time::Instant;

use unband_image::dither::{Diffusion, Dither, Grid, Quantizer};
use unband_image::inspect::{Cause, Findings, inspect};
use unband_image::restorer::{NoProgress, Passage, Rows};
use unband_image::tile::{Band, restore_by_rows, restore_in_place};
use unband_image::{
    Context, Depth, Image, Model, Needs, Origin, Plane, RestoreError, Restorer, Rng, TileIn, TileOut, Window,
};
use unband_simd::Level;

use super::memory::{Way, fitting_way};
use super::not_finite::NotFinite;
use super::tally::Tally;
use crate::choose::{Act, Choices, choose, is_meant, left_because};
use crate::faithful::{Cells, cells, within_file};
use crate::{Error, Options, Reason, Report};

/// Takes the banding out of an image: our method, same depth, blue-noise dither. A picture with nothing to
/// repair comes back with identical samples.
///
/// # Errors
/// When the planes do not fit together.
pub fn deband(image: &Image) -> Result<Image, Error> {
    Ok(deband_with(image.clone(), &Options::default(), &Context::default())?.0)
}

/// Takes the banding out of an image as asked, in place: beside the image itself, memory for two bands of
/// tiles is needed. Says what was found and done.
///
/// The same bytes come out for any number of threads and any tile size. Transparency is never touched. A picture
/// that was changed lies on the codes of its depth and has no [`Origin`] any more: it is not what the file held.
///
/// # Errors
/// Unknown methods and settings, options out of range, too little memory allowed, planes that do not fit
/// together, or cancelled.
pub fn deband_with(image: Image, options: &Options, ctx: &Context<'_>) -> Result<(Image, Report), Error> {
    check(&image)?;
    ctx.check()?;
    let start = Instant::now();
    let findings = inspect(&image, ctx);
    let choices = choose(&image, &findings, options)?;
    let (image, mut report) = deband_as(image, findings, &choices, options, ctx)?;
    report.seconds = start.elapsed().as_secs_f64();
    Ok((image, report))
}

/// As [`deband_with`], for findings that are known already (from [`inspect`], or better).
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

/// The report on a picture that nothing was done to.
fn untouched(choices: &Choices, findings: Findings) -> Report {
    Report {
        method: choices.entry.name,
        faithful: choices.faithful,
        changed: false,
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

/// The part after the plan is made.
pub(crate) fn deband_as(
    mut image: Image,
    findings: Findings,
    choices: &Choices,
    options: &Options,
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
    if choices.entry.rgb && image.is_yuv() && choices.act == Act::Restore {
        image = image.into_rgb(ctx).map_err(|error| Error::Image(error.to_string()))?;
    }
    let not_finite = NotFinite::take(&mut image);
    let inner = match choices.act {
        Act::Restore => Some((choices.entry.build)(&choices.settings)?(&image, findings, ctx)?),
        _ => None,
    };
    // What a JPEG file stores is a tighter bound than any cell of its samples.
    let (inner, bounded) = match inner {
        Some(inner) if choices.faithful => within_file(&image, inner, choices.entry.ours),
        inner => (inner, false),
    };
    let cells = (choices.faithful && inner.is_some() && !bounded).then(|| cells(&image, findings));
    let depth_changes = choices.depth != image.depth;
    // Originals bring their own dither and leave whole codes; only fewer bits than they had need ours.
    let leaves = inner.as_ref().and_then(|inner| inner.rounds_to()).unwrap_or(image.depth);
    let exact = !choices.entry.ours && !choices.faithful && choices.depth.bits() >= leaves.bits();
    let meant = choices.act == Act::Regrid && is_meant(findings, options);
    let dither = if exact || meant { Dither::None } else { options.dither };
    let quantizer = Quantizer::new(dither, image.color.model, choices.depth, options.locked, ctx);
    let mut pipeline = Pipeline {
        inner: inner.as_deref(),
        cells,
        quantizer,
        model: image.color.model,
        depth: choices.depth,
        careful: dither == Dither::Tpdf && choices.faithful,
        depth_changes,
        settled: None,
        shares: None,
        tally: Tally::new(&image, choices.depth),
    };
    if dither != Dither::None {
        pipeline.settled = settled(&image, findings, choices);
    }
    let way = fitting_way(&image, &pipeline, options, ctx)?;
    if let Way::Windows(tile) = way
        && pipeline.cells.is_some()
        && !choices.entry.ours
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
    let shifts = pipeline.tally.mean_shifts_codes(samples(&image));
    report.mean_shift_codes = shifts.into_iter().fold(0.0, |a: f32, b| if b.abs() > a.abs() { b } else { a });
    report.changed = depth_changes || report.samples_moved > 0;
    if report.changed {
        // A new picture: what its file said of losses and palettes holds no longer.
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

/// A restorer with everything that follows it: cells, dither, counting.
struct Pipeline<'a> {
    inner: Option<&'a dyn Restorer>,
    cells: Option<Cells>,
    quantizer: Quantizer,
    model: Model,
    depth: Depth,
    /// Does the dither need to know how near the edge of a cell is?
    careful: bool,
    depth_changes: bool,
    /// Codes of each plane that no other code of the output could stand for better: they stay.
    settled: Option<Vec<Vec<bool>>>,
    /// How much of each plane's correction is taken; all of it where nothing is said.
    shares: Option<Vec<f32>>,
    tally: Tally,
}

impl Restorer for Pipeline<'_> {
    fn needs(&self) -> Needs {
        self.inner.map_or(Needs::halo(0), Restorer::needs)
    }

    fn working_bytes(&self, size: (usize, usize), at_once: usize, ctx: &Context<'_>) -> u64 {
        self.inner.map_or(0, |inner| inner.working_bytes(size, at_once, ctx))
    }

    fn touches(&self, input: &TileIn<'_>) -> bool {
        self.depth_changes || self.inner.is_some_and(|inner| inner.touches(input))
    }

    fn restore(
        &self,
        input: &TileIn<'_>,
        output: &mut TileOut,
        ctx: &Context<'_>,
    ) -> Result<(), RestoreError> {
        match self.inner {
            Some(inner) if inner.touches(input) => {
                inner.restore(input, output, ctx)?;
                self.keep(input, output, ctx);
                leave_unseen(input, output);
            }
            _ => {}
        }
        if !self.quantizer.diffuses() {
            self.round(input, output, ctx.level);
        }
        Ok(())
    }

    fn spreads(&self) -> bool {
        self.inner.is_some_and(Restorer::spreads)
    }

    fn passage_bytes(&self, size: (usize, usize), ctx: &Context<'_>) -> Option<u64> {
        self.inner?.passage_bytes(size, ctx)
    }

    fn passage<'a>(
        &'a self,
        image: &Image,
        ctx: &Context<'_>,
    ) -> Result<Option<Box<dyn Passage + 'a>>, RestoreError> {
        let Some(inner) = self.inner else { return Ok(None) };
        let inner = inner.passage(image, ctx)?;
        Ok(inner.map(|inner| Box::new(Through { pipeline: self, inner }) as Box<dyn Passage>))
    }
}

/// A restorer's rows, with everything that follows.
struct Through<'a> {
    pipeline: &'a Pipeline<'a>,
    inner: Box<dyn Passage + 'a>,
}

impl Passage for Through<'_> {
    fn next(&mut self, image: &Image, ctx: &Context<'_>) -> Result<Option<Rows>, RestoreError> {
        /// Rows for a thread.
        const PART: usize = 16;
        let Some(mut rows) = self.inner.next(image, ctx)? else { return Ok(None) };
        let Band { window, planes } = &mut rows.band;
        let parts = (0..window.height().div_ceil(PART)).map(|i| {
            let y0 = window.y0 + i * PART;
            let core = Window { y0, y1: (y0 + PART).min(window.y1), ..*window };
            let cut = |(p, plane): (usize, &Plane)| {
                let (sx, sy) = image.plane_scale(p);
                let (part, all) = (core.on_plane(sx, sy), window.on_plane(sx, sy));
                let data = &plane.data[(part.y0 - all.y0) * plane.width..(part.y1 - all.y0) * plane.width];
                Plane { width: plane.width, height: part.height(), data: data.to_vec() }
            };
            (core, TileOut { planes: planes.iter().enumerate().map(cut).collect() })
        });
        let parts = ctx.map_parts(parts.collect(), |_, (core, mut output): (Window, TileOut)| {
            let input = TileIn { image, core, outer: core };
            self.pipeline.keep(&input, &mut output, ctx);
            leave_unseen(&input, &mut output);
            if !self.pipeline.quantizer.diffuses() {
                self.pipeline.round(&input, &mut output, ctx.level);
            }
            output
        });
        for (p, plane) in planes.iter_mut().enumerate() {
            plane.data.clear();
            for part in &parts {
                plane.data.extend_from_slice(&part.planes[p].data);
            }
        }
        Ok(Some(rows))
    }
}

impl Pipeline<'_> {
    /// Keeps the samples inside their cells and inside what the output has codes for.
    fn keep(&self, input: &TileIn<'_>, output: &mut TileOut, ctx: &Context<'_>) {
        let Some(cells) = &self.cells else { return };
        let limits =
            |p| Grid::new(self.model, p, self.depth).map_or((f32::NEG_INFINITY, f32::INFINITY), Grid::limits);
        if let (true, [r, g, b]) = (cells.joint(), output.planes.as_mut_slice()) {
            let core = input.core;
            for y in 0..r.height {
                let source = [0, 1, 2].map(|p| input.core_row(p, core.y0 + y));
                let values = [r.row_mut(y), g.row_mut(y), b.row_mut(y)];
                cells.keep_pixels(ctx.level, (core.x0, core.y0 + y), values, source, limits(0));
            }
            return;
        }
        for (p, plane) in output.planes.iter_mut().enumerate() {
            let core = input.core_on(p);
            for y in 0..plane.height {
                let (values, source) = (plane.row_mut(y), input.core_row(p, core.y0 + y));
                cells.keep(ctx.level, p, (core.x0, core.y0 + y), values, source, limits(p));
                if let Some(settled) = &self.settled {
                    let stays = |s: f32| settled[p][input.image.depth.code(s) as usize];
                    values.iter_mut().zip(source).filter(|&(_, &s)| stays(s)).for_each(|(v, &s)| *v = s);
                }
                if let Some(share) = self.shares.as_ref().map(|shares| shares[p]).filter(|&share| share < 1.0)
                {
                    values.iter_mut().zip(source).for_each(|(v, s)| *v = s + share * (*v - s));
                }
            }
        }
    }

    /// Dithers and rounds.
    fn round(&self, input: &TileIn<'_>, output: &mut TileOut, level: Level) {
        let tight = self.careful.then(|| self.tight(input, output)).flatten();
        for (p, plane) in output.planes.iter_mut().enumerate() {
            let core = input.core_on(p);
            for y in 0..plane.height {
                let source = input.core_row(p, core.y0 + y);
                let width = plane.width;
                let tight = tight.as_ref().map(|tight| &tight[p][y * width..][..width]);
                let values = plane.row_mut(y);
                self.quantizer.row(p, (core.x0, core.y0 + y), values, source, tight);
                self.tally.count(level, p, values, source);
            }
        }
    }

    /// Which samples are so near the edge of their cell that noise of two codes would carry them out of it by
    /// a whole code.
    fn tight(&self, input: &TileIn<'_>, output: &TileOut) -> Option<Vec<Vec<bool>>> {
        let cells = self.cells.as_ref()?;
        let room = |p| {
            0.5 / Grid::new(self.model, p, self.depth).map_or(f64::INFINITY, |grid| f64::from(grid.scale))
        };
        if cells.joint() {
            let [r, g, b] = output.planes.as_slice() else { return None };
            let core = input.core;
            let mut near = Vec::with_capacity(r.data.len());
            for y in 0..r.height {
                let source = [0, 1, 2].map(|p| input.core_row(p, core.y0 + y));
                for x in 0..r.width {
                    let pixel = |rows: [&[f32]; 3]| rows.map(|row| row[x]);
                    let (source, value) = (pixel(source), pixel([r.row(y), g.row(y), b.row(y)]));
                    let excess = cells.excess_pixel((core.x0 + x, core.y0 + y), source, value);
                    near.push(excess.into_iter().any(|e| e > -room(0)));
                }
            }
            return Some(vec![near.clone(), near.clone(), near]);
        }
        let plane = |p: usize| {
            let (plane, core) = (&output.planes[p], input.core_on(p));
            let mut near = Vec::with_capacity(plane.data.len());
            for y in 0..plane.height {
                let pairs = plane.row(y).iter().zip(input.core_row(p, core.y0 + y)).enumerate();
                let excess =
                    |(x, (&value, &source))| cells.excess(p, (core.x0 + x, core.y0 + y), source, value);
                near.extend(pairs.map(|pair| excess(pair) > -room(p)));
            }
            near
        };
        Some((0..output.planes.len()).map(plane).collect())
    }
}

/// Colours that nobody sees, where the picture is wholly transparent, stay: programs keep things of their own there.
fn leave_unseen(input: &TileIn<'_>, output: &mut TileOut) {
    let Some(alpha) = &input.image.alpha else { return };
    for (p, plane) in output.planes.iter_mut().enumerate().filter(|(p, _)| input.scale(*p) == (1, 1)) {
        let core = input.core_on(p);
        for y in 0..plane.height {
            let clear = &alpha.row(core.y0 + y)[core.x0..core.x1];
            let values = plane.row_mut(y).iter_mut().zip(input.core_row(p, core.y0 + y));
            values.zip(clear).filter(|(_, clear)| **clear == 0.0).for_each(|((v, s), _)| *v = *s);
        }
    }
}

/// After a tone curve, codes whose neighbours on both sides are in use stand for one code of the output and no more:
/// dither would add noise and could not show what was found between them.
fn settled(image: &Image, findings: &Findings, choices: &Choices) -> Option<Vec<Vec<bool>>> {
    let same = choices.depth == image.depth && choices.entry.ours && findings.cause == Cause::ToneCurve;
    if !same || matches!(image.color.model, Model::Yuv { .. }) {
        return None;
    }
    let own = 255.0 * image.depth.step();
    let of = |grid: &unband_image::inspect::PlaneGrid| {
        let steps = grid.steps_by_code.as_ref()?;
        let codes = 0..=image.depth.max_code() as usize;
        Some(codes.map(|c| steps.get(c).is_none_or(|&step| step < 1.25 * own)).collect::<Vec<bool>>())
    };
    findings.grids.iter().map(of).collect()
}

/// Most that the mean of a picture of one-code steps may move, in 8-bit codes, with room for dither.
const MOST_SHIFT_CODES: f32 = 0.095;

/// Originals round their results in ways that can move the mean of a whole picture by more than a tenth of a
/// code even inside the cells. Works through the picture without changing it and says how much of each
/// plane's correction keeps the mean.
fn bounded_shares(
    image: &mut Image,
    pipeline: &Pipeline<'_>,
    tile: usize,
    ctx: &Context<'_>,
) -> Result<Option<Vec<f32>>, RestoreError> {
    let rehearsal = Rehearsal { pipeline, tally: Tally::new(image, pipeline.depth) };
    let quiet = Context { progress: &NoProgress, aside: None, ..*ctx };
    restore_in_place(image, &rehearsal, tile, &mut |_, _| {}, &quiet)?;
    let share =
        |shift: f32| if shift.abs() > MOST_SHIFT_CODES { MOST_SHIFT_CODES / shift.abs() } else { 1.0 };
    let shares: Vec<f32> = rehearsal.tally.mean_shifts_codes(samples(image)).into_iter().map(share).collect();
    Ok(shares.iter().any(|&share| share < 1.0).then_some(shares))
}

/// Restores, counts, and puts everything back.
struct Rehearsal<'a> {
    pipeline: &'a Pipeline<'a>,
    tally: Tally,
}

impl Restorer for Rehearsal<'_> {
    fn needs(&self) -> Needs {
        self.pipeline.needs()
    }

    fn touches(&self, input: &TileIn<'_>) -> bool {
        self.pipeline.inner.is_some_and(|inner| inner.touches(input))
    }

    fn restore(
        &self,
        input: &TileIn<'_>,
        output: &mut TileOut,
        ctx: &Context<'_>,
    ) -> Result<(), RestoreError> {
        let Some(inner) = self.pipeline.inner else { return Ok(()) };
        inner.restore(input, output, ctx)?;
        self.pipeline.keep(input, output, ctx);
        for (p, plane) in output.planes.iter_mut().enumerate() {
            let y0 = input.core_on(p).y0;
            for y in 0..plane.height {
                let source = input.core_row(p, y0 + y);
                self.tally.count(ctx.level, p, plane.row(y), source);
                plane.row_mut(y).copy_from_slice(source);
            }
        }
        Ok(())
    }
}

/// Samples of each plane.
fn samples(image: &Image) -> impl Iterator<Item = usize> {
    image.planes.iter().map(|plane| plane.data.len())
}

/// Puts transparency on another depth's grid: exactly where that contains the old one, rounded elsewhere.
pub(crate) fn regrid_alpha(image: &mut Image, depth: Depth) {
    if let (Some(alpha), Depth::Int(_)) = (&mut image.alpha, depth) {
        for value in &mut alpha.data {
            *value = depth.value(depth.code(*value));
        }
    }
}

/// Do the planes fit the model and each other?
pub(crate) fn check(image: &Image) -> Result<(), Error> {
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
        Depth::Int(0 | 17..) => wrong("whole codes have 1 to 16 bits"),
        _ => Ok(()),
    }
}
