//! `smooth`: debanding without weights, by the smoothest surface inside the quantisation intervals.
//!
//! The detected grid defines the interval of each sample's value before rounding. Each plane is processed in
//! units of its own intervals: a pyramid of 2×2 means; from coarse to fine, a few weighted Jacobi sweeps
//! between neighbours at most one level apart, always clamped to the interval; then a factor on the
//! correction that falls with local activity. Coarse levels are solved once for the whole image, the two
//! finest ones per window.

mod compose;
mod correct;
mod coupling;
mod density;
mod gate;
mod grid;
mod intended_plateaus;
mod intervals;
mod neutral;
mod palette;
mod plan;
mod plate;
pub mod shader;
mod source;
mod surface;

use unband_image::findings::{Cause, Findings, GridRegions, Space};
use unband_image::method::defaults;
use unband_image::{
    Context, Entry, Image, Model, Needs, Params, RestoreError, Restorer, SparePool, TileIn, TileOut, Window,
};
use unband_simd::filters::smooth as rows;

use self::correct::{NEUTRAL_RIM, RIM};
use self::coupling::Coupling;
use self::density::Density;
use self::gate::Gate;
use self::grid::Grid;
use self::intended_plateaus::IntendedPlateaus;
use self::palette::PaletteSurface;
use self::plan::PlanePlan;
use self::plate::Plates;
use self::source::PlaneSource;
use self::surface::{Goal, Scratch};

unband_image::params! {
    /// Settings of `smooth`.
    pub struct SmoothParams {
        /// Strength of the correction. 0 changes nothing, 1 is the measured optimum, 2 leaves the fewest
        /// steps and starts to remove faint texture; higher values add little.
        strength: f32 = 1.0, 0.0..=4.0;
    }
}

/// The registry entry.
pub const ENTRY: Entry = Entry {
    name: "smooth",
    title: "Smoothest surface inside the detected quantisation intervals",
    source: "unband (docs/how/smooth.md)",
    ours: true,
    rgb: false,
    params: SmoothParams::INFO,
    defaults: defaults::<SmoothParams>,
    build: |method| {
        let params = method.params::<SmoothParams>();
        Ok(Box::new(move |image, findings, ctx| Ok(Box::new(Smooth::new(&params, image, findings, ctx)?))))
    },
};

/// `smooth`, prepared for one image.
pub struct Smooth {
    planes: Vec<PlanePlan>,
    space: Space,
    half_chroma: bool,
    /// Luma samples per sample of the smallest plane.
    scale: usize,
    /// Where the grids apply, if not everywhere.
    regions: Option<GridRegions>,
    gate: Gate,
    /// Intended plateaus of a compressed image, if any.
    intended_plateaus: Option<IntendedPlateaus>,
    coupling: Option<Coupling>,
    /// Palette images: all channels share intervals.
    palette: Option<PaletteSurface>,
    /// Planes without noise.
    plates: Option<Plates>,
    buffers: SparePool<Buffers>,
}

/// Working memory of one thread.
#[derive(Default)]
struct Buffers {
    /// Samples, in 8-bit codes, where intervals differ from code to code.
    codes: Grid,
    /// Samples of the other chroma plane, in codes.
    other: Grid,
    /// Middles of the intervals at the two finest levels, in interval units; so are `m` and `u`.
    v: [Grid; 2],
    /// Preferred values inside the intervals.
    m: [Grid; 2],
    /// Surfaces.
    u: [Grid; 2],
    /// Factors of the gate; luma's density at the size of chroma.
    factor: Grid,
    /// Means of level changes over a small box.
    busy: Grid,
    /// Rows of a surface between sweeps.
    scratch: Scratch,
    /// Level changes.
    density: Density,
    /// Means of level changes over the gate's wide box.
    wide: Grid,
    /// Corrections of each plane, in codes.
    corrections: [Grid; 3],
    /// Samples of coupled channels, in codes.
    originals: [Grid; 3],
    /// The same with their corrections.
    restored: [Grid; 3],
    /// Corrections that channels take from each other, in codes.
    shared: [Grid; 3],
    /// Differences between channels, and their densities.
    coupling: coupling::Scratch,
}

/// Selects one of a strip's two grids.
type Pick<'a> = &'a dyn Fn(&(Grid, Option<Grid>)) -> Option<&Grid>;

impl Smooth {
    /// Solves the coarse levels of an image with detected grids.
    ///
    /// # Errors
    /// When cancelled.
    pub fn new(
        params: &SmoothParams,
        image: &Image,
        findings: &Findings,
        ctx: &Context<'_>,
    ) -> Result<Self, RestoreError> {
        let strength = params.strength;
        let palette = (findings.cause == Cause::Palette && strength > 0.0)
            .then(|| PaletteSurface::new(image, strength, ctx))
            .flatten();
        let planes = if palette.is_some() { Vec::new() } else { plan::plan(image, findings, strength, ctx) };
        let mut smooth = Self {
            planes,
            palette,
            plates: None,
            space: findings.space,
            half_chroma: plan::halved(image, findings),
            scale: 1,
            regions: findings.regions.clone(),
            gate: Gate::new(strength),
            intended_plateaus: None,
            coupling: plan::couples(image, findings).map(|steps| Coupling::new(steps, strength)),
            buffers: SparePool::default(),
        };
        for plan in &smooth.planes {
            let (sx, sy) = plan.source.scale(image);
            smooth.scale = smooth.scale.max(sx).max(sy);
        }
        if strength > 0.0 {
            ctx.check()?;
            smooth.intended_plateaus = IntendedPlateaus::find(image, findings, ctx);
            let coarse = ctx.map(smooth.planes.len(), |i| smooth.solve_coarse(i, image, ctx));
            smooth.planes.iter_mut().zip(coarse).for_each(|(plan, coarse)| plan.coarse = coarse);
            smooth.plates = Plates::new(image, findings, strength, ctx)?;
        } else {
            smooth.planes.clear();
        }
        Ok(smooth)
    }

    /// Levels 2 and up of one plane, for the whole image.
    fn solve_coarse(&self, index: usize, image: &Image, ctx: &Context<'_>) -> Option<Grid> {
        const STRIP: usize = 64;
        let plan = &self.planes[index];
        if plan.levels < 3 {
            return None;
        }
        let (width, height) = plan.source.size(image);
        let strips = ctx.map(height.div_ceil(STRIP), |s| {
            let (y0, y1) = (s * STRIP, ((s + 1) * STRIP).min(height));
            let mut b = self.buffers.take().unwrap_or_default();
            let rim = if plan.neutral.is_some() { NEUTRAL_RIM } else { 0 };
            let (top, bottom) = (y0.saturating_sub(rim), (y1 + rim).min(height));
            plan.fill(ctx.level, image, Window { x0: 0, y0: top, x1: width, y1: bottom }, &mut b);
            let mut strip = (Grid::default(), plan.neutral.is_some().then(Grid::default));
            let quarter = |full: &Grid, half: &mut Grid, out: &mut Grid| {
                surface::halve_rows(ctx.level, half, full, y0 - top..y1 - top);
                surface::halve(ctx.level, out, half);
            };
            let [full, half] = &mut b.v;
            quarter(full, half, &mut strip.0);
            if let Some(target) = &mut strip.1 {
                let [full, half] = &mut b.m;
                quarter(full, half, target);
            }
            self.buffers.give(b);
            strip
        });
        let (w2, h2) = (width.div_ceil(2).div_ceil(2), height.div_ceil(2).div_ceil(2));
        let join = |pick: Pick<'_>| {
            let mut whole = Grid::new(w2, h2);
            let mut y = 0;
            for strip in &strips {
                let part = pick(strip)?;
                for row in 0..part.height {
                    whole.row_mut(y).copy_from_slice(part.row(row));
                    y += 1;
                }
            }
            Some(whole)
        };
        let mut v = vec![join(&|s| Some(&s.0))?];
        let mut m: Vec<Option<Grid>> = vec![join(&|s| s.1.as_ref())];
        for l in 3..plan.levels {
            let mut next = Grid::default();
            surface::halve(ctx.level, &mut next, &v[l - 3]);
            v.push(next);
            m.push(m[l - 3].as_ref().map(|m| {
                let mut next = Grid::default();
                surface::halve(ctx.level, &mut next, m);
                next
            }));
        }
        let mut scratch = Scratch::default();
        let mut coarser: Option<Grid> = None;
        for l in (2..plan.levels).rev() {
            let (v, m) = (&v[l - 2], m[l - 2].as_ref());
            let window = Window { x0: 0, y0: 0, x1: v.width, y1: v.height };
            let begin = |y: usize, row: &mut [f32]| match &coarser {
                Some(coarser) => surface::double(ctx.level, row, coarser, 0, y),
                None => row.copy_from_slice(m.unwrap_or(v).row(y)),
            };
            let mut u = Grid::default();
            let goal = Goal { v, m, window, pull: plan.pull[l] };
            surface::solve(ctx.level, &mut u, &goal, &begin, &mut scratch);
            u.pad();
            coarser = Some(u);
        }
        coarser
    }
}

/// Working memory of `at_once` windows of that size, in bytes.
pub fn working_bytes((width, height): (usize, usize), at_once: usize) -> u64 {
    /// Planes per window: values, corrections and their neighbours of three planes, and two coarser levels of
    /// one.
    const PLANES: usize = 36;
    (4 * PLANES * width * height * at_once) as u64
}

impl Restorer for Smooth {
    fn working_bytes(&self, size: (usize, usize), at_once: usize, _: &Context<'_>) -> u64 {
        working_bytes(size, at_once)
    }

    fn needs(&self) -> Needs {
        // Windows have a margin of 20 samples of a plane, rounded to multiples of 4, and a few for later
        // steps.
        Needs { halo: self.scale * (RIM + 12), align: 4 * self.scale, full_width: false, whole_image: false }
    }

    fn restore(
        &self,
        input: &TileIn<'_>,
        output: &mut TileOut,
        ctx: &Context<'_>,
    ) -> Result<(), RestoreError> {
        ctx.check()?;
        if let Some(palette) = &self.palette {
            palette.restore(input, output, ctx.level);
            return Ok(());
        }
        if self.planes.is_empty() {
            return Ok(());
        }
        let mut b = self.buffers.take().unwrap_or_default();
        let image = input.image;
        for i in 0..self.planes.len() {
            let (w, h) = self.planes[i].source.size(image);
            let core = match self.planes[i].source {
                // Coupling between channels reads a few more samples.
                PlaneSource::Stored { plane, .. } if self.coupling.is_some() => {
                    input.core_on(plane).grown(coupling::RIM, w, h)
                }
                PlaneSource::Stored { plane, .. } => input.core_on(plane),
                PlaneSource::Yuv { half: false, .. } => input.core,
                // An extra sample around, for upsampling.
                PlaneSource::Yuv { half: true, .. } => input.core.on_plane(2, 2).grown(1, w, h),
            };
            self.correct(i, image, core, ctx.level, &mut b);
        }
        match self.space {
            Space::Yuv { matrix, .. } if image.color.model == Model::Rgb => {
                self.add_yuv(input, output, matrix, ctx.level, &b);
            }
            _ if self.coupling.is_some() => self.add_coupled(input, output, ctx.level, &mut b),
            _ => {
                for (p, plan) in self.planes.iter().enumerate() {
                    let PlaneSource::Stored { plane: target, .. } = plan.source else { continue };
                    for y in 0..output.planes[target].height {
                        rows::add_scaled_row(
                            ctx.level,
                            output.planes[target].row_mut(y),
                            b.corrections[p].row(y),
                            1.0 / 255.0,
                        );
                    }
                }
            }
        }
        self.buffers.give(b);
        if let Some(plates) = &self.plates {
            plates.apply(input, output);
        }
        Ok(())
    }
}
