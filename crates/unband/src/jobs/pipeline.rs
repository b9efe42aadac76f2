//! Restorer with interval clamping, dither and change counts, by window or by whole rows.

use unband_image::context::NoProgress;
use unband_image::dither::{Grid, Quantizer};
use unband_image::findings::{Cause, Findings};
use unband_image::restorer::{Passage, Rows};
use unband_image::tile::{Band, restore_in_place};
use unband_image::{
    Context, Depth, Image, Model, Needs, Plane, RestoreError, Restorer, TileIn, TileOut, Window, With,
    is_transparent,
};
use unband_simd::Level;

use super::confine::{confine, limits_of};
use super::finishing::{ResultRows, scales};
use super::round::quantize;
use super::tally::Tally;
use crate::choose::Choices;
use crate::faithful::Cells;
use crate::repair::black_white::BlackWhiteRange;
use crate::repair::grey::GreyAreas;

/// A restorer with everything that follows it: clamping to intervals, dither, counting.
pub(super) struct Pipeline<'a> {
    pub inner: Option<&'a dyn Restorer>,
    pub cells: Option<Cells>,
    pub quantizer: Quantizer,
    pub model: Model,
    pub depth: Depth,
    /// Does the dither need the distance to the edge of an interval?
    pub careful: bool,
    /// Are samples outside banded areas new too: another depth, or centred levels?
    pub changes_all: bool,
    /// Areas of exact black and white.
    pub ends: Option<BlackWhiteRange>,
    /// Grey areas.
    pub neutral: Option<GreyAreas>,
    /// Codes of each plane that are already the output's best code for them: they stay.
    pub settled: Option<Vec<Vec<bool>>>,
    /// Share of each plane's correction that is applied; `None`: all of it.
    pub shares: Option<Vec<f32>>,
    pub tally: Tally,
}

impl Restorer for Pipeline<'_> {
    fn needs(&self) -> Needs {
        self.inner.map_or(Needs::halo(0), Restorer::needs)
    }

    fn working_bytes(&self, size: (usize, usize), at_once: usize, ctx: &Context<'_>) -> u64 {
        self.inner.map_or(0, |inner| inner.working_bytes(size, at_once, ctx))
    }

    fn touches(&self, input: &TileIn<'_>) -> bool {
        self.changes_all || self.inner.is_some_and(|inner| inner.touches(input))
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
                self.end(&mut ResultRows::of_tile(input, output), ctx);
            }
            _ => self.round(&mut ResultRows::of_tile(input, output), ctx.level),
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
        let Some(mut rows) = self.inner.next(image, ctx)? else { return Ok(None) };
        let Band { window, planes } = &mut rows.band;
        let parts = ResultRows::split(Some(image), &scales(image), *window, planes);
        ctx.map_parts(parts, |_, mut part| self.pipeline.end(&mut part, ctx));
        Ok(Some(rows))
    }
}

impl Pipeline<'_> {
    /// Everything that follows the restorer.
    fn end(&self, part: &mut ResultRows<'_>, ctx: &Context<'_>) {
        self.keep(part, ctx);
        self.round(part, ctx.level);
    }

    /// Clamps samples to their intervals and to the output's range of codes; keeps fully transparent samples
    /// unchanged.
    fn keep(&self, part: &mut ResultRows<'_>, ctx: &Context<'_>) {
        // Areas before intervals: both move values towards their source.
        self.keep_ends(part);
        if let Some(cells) = &self.cells {
            let limits = limits_of(self.model, part.planes.len(), self.depth);
            confine(part, cells, &limits, ctx.level);
            if !cells.joint() {
                self.keep_settled(part);
            }
        }
        self.keep_neutral(part);
        leave_unseen(part);
    }

    /// Restores settled codes, and applies shares of the correction.
    fn keep_settled(&self, part: &mut ResultRows<'_>) {
        for p in 0..part.planes.len() {
            let settled = self.settled.as_ref().map(|settled| &settled[p]);
            let share = self.shares.as_ref().map(|shares| shares[p]).filter(|&share| share < 1.0);
            let Some(depth) = part.source.map(|source| source.depth) else { return };
            if settled.is_none() && share.is_none() {
                continue;
            }
            for y in 0..part.planes[p].window.height() {
                let (values, source) = part.rows(p, y);
                for (value, &source) in values.iter_mut().zip(&*source) {
                    if settled.is_some_and(|settled| settled[depth.code(source) as usize]) {
                        *value = source;
                    }
                    if let Some(share) = share {
                        *value = source + share * (*value - source);
                    }
                }
            }
        }
    }

    /// Keeps areas of black and white.
    fn keep_ends(&self, part: &mut ResultRows<'_>) {
        let (Some(ends), Some(cells)) = (&self.ends, &self.cells) else { return };
        let (core, planes) = (part.window, part.planes.len());
        let halves: Vec<f32> =
            (0..planes).map(|p| cells.half_codes(if cells.joint() { 0 } else { p }) / 255.0).collect();
        for y in 0..core.height() {
            let sources: Option<Vec<&[f32]>> = (0..planes).map(|p| part.source_row(p, y)).collect();
            let Some(sources) = sources else { return };
            let mut rows: Vec<&mut [f32]> = part.planes.iter_mut().map(|plane| plane.row_mut(y)).collect();
            ends.keep(core.x0, core.y0 + y, &mut rows, &sources, &halves, cells.joint());
        }
    }

    /// Keeps grey areas grey. The channels of a pixel have one interval, which holds their mean too.
    fn keep_neutral(&self, part: &mut ResultRows<'_>) {
        let Some(neutral) = &self.neutral else { return };
        let core = part.window;
        for y in 0..core.height() {
            let mut rows: Vec<&mut [f32]> = part.planes.iter_mut().map(|plane| plane.row_mut(y)).collect();
            neutral.keep(core.x0, core.y0 + y, &mut rows);
        }
    }

    /// Dithers and rounds, where that needs no rows before.
    fn round(&self, part: &mut ResultRows<'_>, level: Level) {
        if self.quantizer.diffuses() {
            return;
        }
        let tight = self.careful.then(|| self.tight(part)).flatten();
        quantize(&self.quantizer, part, tight.as_deref(), Some((&self.tally, level)));
    }

    /// Samples so close to the edge of their interval that noise of two codes would move them out of it by a
    /// whole code.
    fn tight(&self, part: &ResultRows<'_>) -> Option<Vec<Vec<bool>>> {
        let cells = self.cells.as_ref()?;
        let room = |p| {
            0.5 / Grid::new(self.model, p, self.depth).map_or(f64::INFINITY, |grid| f64::from(grid.scale))
        };
        if cells.joint() {
            let [r, g, b] = part.planes.as_slice() else { return None };
            let (source, window) = (part.source?, part.window);
            let width = window.width();
            let mut near = vec![false; width * window.height()];
            for rows in cells.rows(window.y0, window.height()) {
                for columns in cells.columns(window.x0, width) {
                    let places = || rows.clone().flat_map(|y| columns.clone().map(move |x| (x, y)));
                    let pair = |(x, y): (usize, usize)| {
                        let before = |p: usize| source.planes[p].row(window.y0 + y)[window.x0 + x];
                        ([0, 1, 2].map(before), [r, g, b].map(|plane| plane.row(y)[x]))
                    };
                    let at = (window.x0 + columns.start, window.y0 + rows.start);
                    let mut tight = false;
                    cells.excess(at, &places().map(pair).collect::<Vec<_>>(), |e| tight |= e > -room(0));
                    places().for_each(|(x, y)| near[y * width + x] = tight);
                }
            }
            return Some(vec![near.clone(), near.clone(), near]);
        }
        let plane = |p: usize| {
            let plane = &part.planes[p];
            let Window { x0, y0, .. } = plane.window;
            let mut near = Vec::new();
            for y in 0..plane.window.height() {
                let pairs = plane.row(y).iter().zip(part.source_row(p, y)?).enumerate();
                let excess = |(x, (&value, &source))| cells.excess_sample(p, (x0 + x, y0 + y), source, value);
                near.extend(pairs.map(|pair| excess(pair) > -room(p)));
            }
            Some(near)
        };
        (0..part.planes.len()).map(plane).collect()
    }
}

/// Restores the colours of fully transparent samples: programs keep data of their own there.
fn leave_unseen(part: &mut ResultRows<'_>) {
    let Some(source) = part.source else { return };
    let Some(alpha) = &source.alpha else { return };
    for p in (0..part.planes.len()).filter(|&p| source.plane_scale(p) == (1, 1)) {
        let window = part.planes[p].window;
        for y in 0..window.height() {
            let clear = &alpha.row(window.y0 + y)[window.x0..window.x1];
            let (values, source) = part.rows(p, y);
            let values = values.iter_mut().zip(&*source);
            values.zip(clear).filter(|(_, clear)| is_transparent(**clear)).for_each(|((v, s), _)| *v = *s);
        }
    }
}

/// After a tone curve, a code whose two neighbours are both in use stands for exactly one code of the output.
/// Dither would add noise there and could not show intermediate values.
pub(super) fn settled(image: &Image, findings: &Findings, choices: &Choices) -> Option<Vec<Vec<bool>>> {
    let same =
        choices.depth == image.depth && choices.method.entry().ours && findings.cause == Cause::ToneCurve;
    if !same || matches!(image.color.model, Model::Yuv { .. }) {
        return None;
    }
    let own = 255.0 * image.depth.step();
    let of = |grid: &unband_image::findings::PlaneGrid| {
        let steps = grid.steps_by_code.as_ref()?;
        let codes = 0..=image.depth.max_code() as usize;
        Some(codes.map(|c| steps.get(c).is_none_or(|&step| step < 1.25 * own)).collect::<Vec<bool>>())
    };
    findings.grids.iter().map(of).collect()
}

/// Limit for the mean shift of an image of one-code steps, in 8-bit codes, with a margin for dither.
const MOST_SHIFT_CODES: f32 = 0.095;

/// The share of each plane's correction that keeps the mean. Processes the image without changing it.
///
/// Reimplementations round their results in ways that can move the mean of a whole image by more than a tenth
/// of a code even inside the intervals.
pub(super) fn bounded_shares(
    image: &mut Image,
    pipeline: &Pipeline<'_>,
    tile: usize,
    ctx: &Context<'_>,
) -> Result<Option<Vec<f32>>, RestoreError> {
    let rehearsal = Rehearsal { pipeline, tally: Tally::new(image, pipeline.depth, true) };
    let quiet = (*ctx).but(|new| {
        new.progress = &NoProgress;
        new.extra_output = None;
    });
    restore_in_place(image, &rehearsal, tile, &mut |_, _| {}, &quiet)?;
    let share =
        |shift: f32| if shift.abs() > MOST_SHIFT_CODES { MOST_SHIFT_CODES / shift.abs() } else { 1.0 };
    let shares: Vec<f32> = rehearsal.tally.mean_shifts_codes(seen(image)).into_iter().map(share).collect();
    Ok(shares.iter().any(|&share| share < 1.0).then_some(shares))
}

/// Restores, counts, and restores the source samples.
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
        self.pipeline.keep(&mut ResultRows::of_tile(input, output), ctx);
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

/// Number of visible samples of each plane: fully transparent ones stay and are not included in means.
pub(super) fn seen(image: &Image) -> impl Iterator<Item = usize> {
    let clear = |alpha: &Plane| alpha.data.iter().filter(|&&alpha| is_transparent(alpha)).count();
    let (size, clear) = ((image.width(), image.height()), image.alpha.as_ref().map_or(0, clear));
    let whole = move |plane: &Plane| (plane.width, plane.height) == size;
    image.planes.iter().map(move |plane| plane.data.len() - if whole(plane) { clear } else { 0 })
}
