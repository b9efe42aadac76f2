//! Decision table for images stored as `YCbCr`, whose own planes are on grids.

mod coded;
mod exact_grid;
mod noisy_grid;
mod sharp_grid;
mod video;

use std::sync::OnceLock;

use crate::coded::Coding;
use crate::grid::{Grid, flat_histogram, plane_grid};
use crate::noisy::{self, Conversion, Flats, NoisyGrid};
use crate::planes::{Channel, Codes, LazyPlane};
use crate::rule;
use unband_image::color::Range;
use unband_image::findings::{Cause, Findings, PlaneGrid, Space};
use unband_image::image::Image;
use unband_image::{Context, With};

/// Findings where the rule applies.
pub(crate) type Rule = rule::Rule<fn(&Evidence<'_>) -> Option<Findings>>;

/// The table, in order. The last rule always applies.
pub(crate) static RULES: &[Rule] =
    &[exact_grid::RULE, noisy_grid::RULE, sharp_grid::RULE, coded::RULE, video::RULE];

/// Number of samples that is enough for a histogram of flat windows.
const ENOUGH: usize = 700_000;

/// Step of chroma relative to that of luma: its plateaus are wider, and a surface across them bends more.
/// Found on clips of photos kept for choosing, plain and after x264 and VP9: 0.6 and 1 gain less.
const CHROMA: f32 = 0.8;

/// Planes in 8-bit codes of their range, each with its own size, and the parts computed so far.
pub(crate) struct Evidence<'a> {
    pub image: &'a Image,
    pub planes: &'a [Codes; 3],
    /// The planes at their own depth.
    pub sources: &'a [LazyPlane<'a>; 3],
    pub range: Range,
    pub bits: u8,
    pub ctx: &'a Context<'a>,
    blurred: OnceLock<(Option<NoisyGrid>, [Option<Grid>; 3])>,
    coding: OnceLock<(Coding, f64)>,
}

/// The rule that decides, and its findings.
pub(crate) fn decide(evidence: &Evidence<'_>) -> (&'static Rule, Findings) {
    // A table without its last rule.
    let otherwise = || (&video::RULE, video::findings(evidence));
    rule::first(RULES, |applies| applies(evidence)).unwrap_or_else(otherwise)
}

impl<'a> Evidence<'a> {
    pub(crate) fn new(
        image: &'a Image,
        planes: &'a [Codes; 3],
        sources: &'a [LazyPlane<'a>; 3],
        range: Range,
        bits: u8,
        ctx: &'a Context<'a>,
    ) -> Self {
        Self { image, planes, sources, range, bits, ctx, blurred: OnceLock::new(), coding: OnceLock::new() }
    }

    /// Name and value of the parts computed so far.
    pub(crate) fn computed(&self) -> Vec<(&'static str, String)> {
        let mut parts = vec![("bits per sample", self.bits.to_string())];
        if let Some((noisy, sharp)) = self.blurred.get() {
            let bits = noisy.map(|noisy| noisy.bits.map(|bits| bits.unwrap_or(8)));
            parts.push(("blurred grid, bits", bits.map_or("none".to_owned(), |bits| format!("{bits:?}"))));
            let sharp = sharp.iter().map(|grid| grid.map_or(0.0, |grid| grid.strength));
            let sharp: Vec<String> = sharp.map(|strength| format!("{strength:.2}")).collect();
            parts.push(("sharp grids, strength", sharp.join(", ")));
        }
        if let Some((coding, trace)) = self.coding.get() {
            parts.push(("blockiness", format!("{:.2}", coding.blockiness)));
            parts.push(("traces of a codec, codes", format!("{trace:.2}")));
        }
        parts
    }

    /// 8-bit full-scale codes per code of a plane.
    fn unit(&self, plane: usize) -> f32 {
        self.range.unit_codes(plane > 0)
    }

    /// Blurred grids of all planes together, and the sharp grid of each.
    fn blurred(&self) -> &(Option<NoisyGrid>, [Option<Grid>; 3]) {
        self.blurred.get_or_init(|| {
            let rounded = [0, 1, 2].map(|i| LazyPlane::stored(&self.planes[i], 0, self.ctx.level));
            let looked = self.ctx.map(Channel::ALL.len(), |i| {
                let flats = Flats::gather(&rounded[i], Channel::ALL[i], noisy::ENOUGH);
                let hist = flat_histogram(&rounded[i], 1.2 / f64::from(self.unit(i)), ENOUGH);
                (flats, plane_grid(&hist, 0.0, false))
            });
            let (flats, sharp): (Vec<_>, Vec<_>) = looked.into_iter().unzip();
            let scores = noisy::judge(&flats, Conversion::Other);
            let noisy = noisy::decide(&scores, 0.0, || Coding::measure(&rounded[0]).visible());
            (noisy, [0, 1, 2].map(|i| sharp[i]))
        })
    }

    /// Traces of a codec, and their strength in 8-bit codes of luma.
    ///
    /// The codec named by the file is ignored, so that the same frames get the same answer in a mezzanine
    /// file.
    fn coding(&self) -> (Coding, f64) {
        *self.coding.get_or_init(|| {
            let [luma, blue, red] = self.sources;
            let coding = Coding::measure(luma);
            (coding, coding.trace([blue, red]))
        })
    }

    /// Grids that were not coded since.
    fn clean(&self, grids: &[Option<Grid>; 3]) -> Option<Findings> {
        let plain =
            |i: usize| PlaneGrid::plain(self.unit(i) * 255.0 / ((1u32 << self.bits.min(8)) - 1) as f32);
        let named = |i: usize| grids[i].map_or_else(|| plain(i), |g| g.named(self.range, i));
        let found = || self.found(Cause::PlaneGrid, native((0..3).map(named).collect(), self.range), false);
        grids.iter().any(Option::is_some).then(found)
    }

    /// Video without a grid, whose samples `smooth` may move by `step` 8-bit codes.
    fn without_grid(&self, cause: Cause, step: f32) -> Findings {
        let steps = [step, step * CHROMA, step * CHROMA];
        let grids = (0..3).map(|i| PlaneGrid::plain(steps[i] * self.unit(i))).collect();
        let (_, trace) = self.coding();
        self.found(cause, grids, cause == Cause::Coded).but(|new| new.coded_codes = trace as f32)
    }

    fn found(&self, cause: Cause, grids: Vec<PlaneGrid>, lossy: bool) -> Findings {
        let [luma, chroma] = [0, 1].map(|i| &self.image.planes[i]);
        let half_chroma = chroma.width < luma.width || chroma.height < luma.height;
        let plain = Findings::plain(0, self.bits);
        plain.but(|new| {
            new.cause = cause;
            new.space = Space::Native;
            new.grids = grids;
            new.lossy = lossy;
            new.half_chroma = half_chroma;
        })
    }
}

/// Converts offsets of chroma from neutral to offsets from 0.
fn native(mut grids: Vec<PlaneGrid>, range: Range) -> Vec<PlaneGrid> {
    let unit = range.unit_codes(true);
    let neutral = if range == Range::Limited { 112.0 } else { 127.5 } * unit;
    for grid in grids.iter_mut().skip(1).filter(|g| g.found) {
        grid.offset_codes = (grid.offset_codes + neutral).rem_euclid(grid.step_codes);
    }
    grids
}
