//! `smooth`: our method without weights. It knows from the detected grid which cell each sample's value stood
//! for before it was rounded, and rebuilds the smoothest surface inside the cells.
//!
//! Each plane, in units of its own cells: a pyramid of 2×2 means; from coarse to fine, a few weighted Jacobi
//! sweeps between neighbours at most one level apart, always kept inside the cell; then a factor on the
//! correction from how busy the neighbourhood is. Coarse levels are solved once for the whole picture, the
//! two finest ones per window.

mod coupling;
mod density;
mod gate;
mod grid;
mod neutral;
mod source;
mod surface;

use std::sync::Mutex;

use unband_image::inspect::{Cause, Findings, Space};
use unband_image::{
    Context, Entry, Image, Model, Needs, Params, RestoreError, Restorer, TileIn, TileOut, Window,
};
use unband_simd::{Level, smooth_rows as rows};

use self::coupling::Coupling;
use self::density::{Core, Density};
use self::gate::Gate;
use self::grid::Grid;
use self::neutral::Neutral;
use self::source::{Cells, Component, Source};
use self::surface::{LEVELS, PULL, Scratch};

unband_image::params! {
    /// Settings of `smooth`.
    pub struct SmoothParams {
        /// How far to trust the surface. 0 changes nothing, 1 is the measured optimum, 2 leaves the fewest
        /// steps and starts to iron faint texture; more hardly helps.
        strength: f32 = 1.0, 0.0..=4.0;
    }
}

/// The registry's line.
pub const ENTRY: Entry = Entry {
    name: "smooth",
    title: "Smoothest surface inside the cells of the detected grid",
    source: "unband (docs/smooth.md)",
    ours: true,
    params: SmoothParams::INFO,
    build: |settings| {
        let params = SmoothParams::from_settings("smooth", settings)?;
        Ok(Box::new(move |image, findings, ctx| Ok(Box::new(Smooth::new(&params, image, findings, ctx)?))))
    },
};

/// Samples that influence a window, in samples of the worked plane: 4 sweeps at full size, 4 at half size and
/// the interpolation between (14 together); the wide box of the gate needs 13.
const RIM: usize = 16;

/// One plane's part of the plan.
struct PlanePlan {
    source: Source,
    cells: Cells,
    /// Surface of the second pyramid level for the whole picture; `None` for pictures too small for one.
    coarse: Option<Grid>,
    levels: usize,
    /// Wide chroma cells: the prior, the other chroma plane, and what of it counts as grey.
    neutral: Option<(Neutral, Source, f32)>,
    /// Luma's index in the plan: chroma without a coarse grid follows luma's level changes.
    follows: Option<usize>,
}

/// `smooth`, prepared for one image.
pub struct Smooth {
    planes: Vec<PlanePlan>,
    space: Space,
    half_chroma: bool,
    /// Luma samples per sample of the smallest plane.
    scale: usize,
    gate: Gate,
    coupling: Option<Coupling>,
    pull: [f32; LEVELS],
    buffers: Mutex<Vec<Buffers>>,
}

/// Working memory of one thread.
#[derive(Default)]
struct Buffers {
    codes: Grid,
    other: Grid,
    v: [Grid; 2],
    m: [Grid; 2],
    u: [Grid; 2],
    factor: Grid,
    busy: Grid,
    scratch: Scratch,
    density: Density,
    wide: Grid,
    corrections: [Grid; 3],
    originals: [Grid; 3],
    restored: [Grid; 3],
    shared: [Grid; 3],
    coupling: coupling::Scratch,
}

impl Smooth {
    /// Solves the coarse levels of an image whose grids were found.
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
        let mut smooth = Self {
            planes: plan(image, findings),
            space: findings.space,
            half_chroma: halved(image, findings),
            scale: 1,
            gate: Gate::new(strength),
            coupling: couples(image, findings).map(|steps| Coupling::new(steps, strength)),
            pull: PULL.map(|pull| if strength > 1.0 { pull / strength } else { pull }),
            buffers: Mutex::default(),
        };
        for plan in &smooth.planes {
            let (w, h) = plan.source.size(image);
            smooth.scale = smooth.scale.max(image.width().div_ceil(w)).max(image.height().div_ceil(h));
        }
        if strength > 0.0 {
            for i in 0..smooth.planes.len() {
                ctx.check()?;
                let coarse = smooth.solve_coarse(i, image, ctx);
                smooth.planes[i].coarse = coarse;
            }
        } else {
            smooth.planes.clear();
        }
        Ok(smooth)
    }

    /// Levels 2 and up of one plane, for the whole picture.
    fn solve_coarse(&self, index: usize, image: &Image, ctx: &Context<'_>) -> Option<Grid> {
        const STRIP: usize = 64;
        let plan = &self.planes[index];
        if plan.levels < 3 {
            return None;
        }
        let (width, height) = plan.source.size(image);
        let strips = ctx.map(height.div_ceil(STRIP), |s| {
            let (y0, y1) = (s * STRIP, ((s + 1) * STRIP).min(height));
            let mut b = self.take();
            let rim = if plan.neutral.is_some() { 4 } else { 0 };
            let (top, bottom) = (y0.saturating_sub(rim), (y1 + rim).min(height));
            plan.fill(ctx.level, image, (0, top, width, bottom), &mut b);
            let mut strip = (Grid::default(), plan.neutral.is_some().then(Grid::default));
            let quarter = |full: &Grid, half: &mut Grid, out: &mut Grid| {
                let mut own = Grid::new(width, y1 - y0);
                for y in y0..y1 {
                    own.row_mut(y - y0).copy_from_slice(full.row(y - top));
                }
                surface::halve(ctx.level, half, &own);
                surface::halve(ctx.level, out, half);
            };
            let [full, half] = &mut b.v;
            quarter(full, half, &mut strip.0);
            if let Some(target) = &mut strip.1 {
                let [full, half] = &mut b.m;
                quarter(full, half, target);
            }
            self.give(b);
            strip
        });
        let (w2, h2) = (width.div_ceil(2).div_ceil(2), height.div_ceil(2).div_ceil(2));
        let join = |pick: &dyn Fn(&(Grid, Option<Grid>)) -> Option<&Grid>| {
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
        let mut u = Grid::default();
        for l in (2..plan.levels).rev() {
            let (v, m) = (&v[l - 2], m[l - 2].as_ref());
            let mut start = Grid::new(v.width, v.height);
            if l == plan.levels - 1 {
                start.copy_from(m.unwrap_or(v));
            } else {
                u.pad();
                surface::double(ctx.level, &mut start, &u, 0, 0);
            }
            surface::solve(ctx.level, &mut start, v, m, self.pull[l], &mut scratch);
            u = start;
        }
        u.pad();
        Some(u)
    }

    fn take(&self) -> Buffers {
        self.buffers.lock().ok().and_then(|mut pool| pool.pop()).unwrap_or_default()
    }

    fn give(&self, buffers: Buffers) {
        if let Ok(mut pool) = self.buffers.lock() {
            pool.push(buffers);
        }
    }

    /// Correction in codes of one plane over `core` (in its own samples), into `b.corrections[index]`.
    fn correct(&self, index: usize, image: &Image, core: Window, level: Level, b: &mut Buffers) {
        let plan = &self.planes[index];
        let (width, height) = plan.source.size(image);
        // Even at every level that the window holds, so that its 2×2 means are the picture's.
        let rim = RIM + if plan.neutral.is_some() { 4 } else { 0 };
        let outer = core.grown(rim, width, height);
        let outer = Window {
            x0: outer.x0 & !3,
            y0: outer.y0 & !3,
            x1: (outer.x1.div_ceil(4) * 4).min(width),
            y1: (outer.y1.div_ceil(4) * 4).min(height),
        };
        plan.fill(level, image, (outer.x0, outer.y0, outer.x1, outer.y1), b);
        let towards = plan.neutral.is_some();
        if plan.levels > 1 {
            let (fine, half) = b.v.split_at_mut(1);
            surface::halve(level, &mut half[0], &fine[0]);
            if towards {
                let (fine, half) = b.m.split_at_mut(1);
                surface::halve(level, &mut half[0], &fine[0]);
            }
            let (w1, h1) = (b.v[1].width, b.v[1].height);
            b.u[1].reshape(w1, h1);
            match &plan.coarse {
                Some(coarse) => surface::double(level, &mut b.u[1], coarse, outer.x0 / 2, outer.y0 / 2),
                None => b.u[1].copy_from(if towards { &b.m[1] } else { &b.v[1] }),
            }
            surface::solve(
                level,
                &mut b.u[1],
                &b.v[1],
                towards.then_some(&b.m[1]),
                self.pull[1],
                &mut b.scratch,
            );
            b.u[1].pad();
            let (fine, half) = b.u.split_at_mut(1);
            fine[0].reshape(b.v[0].width, b.v[0].height);
            surface::double(level, &mut fine[0], &half[0], 0, 0);
        } else {
            b.u[0].copy_from(if towards { &b.m[0] } else { &b.v[0] });
        }
        surface::solve(level, &mut b.u[0], &b.v[0], towards.then_some(&b.m[0]), self.pull[0], &mut b.scratch);
        let inner = Core {
            x0: core.x0 - outer.x0,
            y0: core.y0 - outer.y0,
            x1: core.x1 - outer.x0,
            y1: core.y1 - outer.y0,
        };
        self.gate.factors(level, &mut b.factor, &b.v[0], inner, &mut b.density, &mut b.wide);
        let out = &mut b.corrections[index];
        out.reshape(core.width(), core.height());
        // One width for all, or cells first and their widths after.
        let cell = if let Cells::Even(step) = plan.cells { step } else { 1.0 };
        for y in 0..core.height() {
            let columns = inner.x0..inner.x1;
            let (v, u) =
                (&b.v[0].row(inner.y0 + y)[columns.clone()], &b.u[0].row(inner.y0 + y)[columns.clone()]);
            let (factor, out) = (b.factor.row(y), out.row_mut(y));
            if towards {
                let m = &b.m[0].row(inner.y0 + y)[columns.clone()];
                rows::compose_row_towards(level, out, u, v, m, factor, cell);
            } else {
                rows::compose_row(level, out, u, v, factor, cell);
            }
            if let Cells::ByCode(cells) = &plan.cells {
                cells.leave(out, &b.codes.row(inner.y0 + y)[columns]);
            }
        }
        if let Some(luma) = plan.follows {
            self.follow(luma, image, core, (width, height), level, b, index);
        }
    }

    /// Fades a chroma correction out where luma changes level often: colour there is texture.
    #[allow(clippy::too_many_arguments)]
    fn follow(
        &self,
        luma: usize,
        image: &Image,
        core: Window,
        size: (usize, usize),
        level: Level,
        b: &mut Buffers,
        index: usize,
    ) {
        const RADIUS: usize = 4;
        let plan = &self.planes[luma];
        let (width, height) = plan.source.size(image);
        let (sx, sy) = (width.div_ceil(size.0), height.div_ceil(size.1));
        let wanted = Window {
            x0: core.x0 * sx,
            y0: core.y0 * sy,
            x1: (core.x1 * sx).min(width),
            y1: (core.y1 * sy).min(height),
        };
        let outer = wanted.grown(RADIUS + 2, width, height);
        plan.fill(level, image, (outer.x0, outer.y0, outer.x1, outer.y1), b);
        let inner = Core {
            x0: wanted.x0 - outer.x0,
            y0: wanted.y0 - outer.y0,
            x1: wanted.x1 - outer.x0,
            y1: wanted.y1 - outer.y0,
        };
        b.density.count(level, &b.v[0], 1.0);
        b.density.means(level, &mut b.busy, inner, RADIUS, 1.0);
        // Luma's density at the size of the chroma plane.
        if (sx, sy) == (2, 2) {
            surface::halve(level, &mut b.factor, &b.busy);
        } else {
            average(&mut b.factor, &b.busy, sx, sy);
        }
        let out = &mut b.corrections[index];
        for y in 0..out.height {
            rows::fade_row(level, out.row_mut(y), b.factor.row(y));
        }
    }
}

/// Means over blocks of `sx` × `sy`; the last row and column repeat.
fn average(out: &mut Grid, source: &Grid, sx: usize, sy: usize) {
    out.reshape(source.width.div_ceil(sx), source.height.div_ceil(sy));
    for y in 0..out.height {
        for x in 0..out.width {
            let mut sum = 0.0;
            for j in 0..sy {
                let row = source.row((y * sy + j).min(source.height - 1));
                sum += (0..sx).map(|i| row[(x * sx + i).min(source.width - 1)]).sum::<f32>();
            }
            out.row_mut(y)[x] = sum / (sx * sy) as f32;
        }
    }
}

impl PlanePlan {
    /// Fills `b.v[0]` (cell units) and, with a prior, `b.m[0]` over a window x0, y0, x1, y1.
    fn fill(&self, level: Level, image: &Image, window: (usize, usize, usize, usize), b: &mut Buffers) {
        let (x0, y0, x1, y1) = window;
        b.v[0].reshape(x1 - x0, y1 - y0);
        self.cells.fill(level, image, self.source, (x0, y0), &mut b.v[0], &mut b.codes);
        if let Some((neutral, other, floor)) = &self.neutral {
            b.other.reshape(x1 - x0, y1 - y0);
            other.fill(level, image, x0, y0, 1.0, &mut b.other);
            let (spread, target) = b.m.split_at_mut(1);
            neutral::spread(&mut spread[0], &b.other, *floor, &mut target[0]);
            for y in 0..b.v[0].height {
                for (m, &v) in spread[0].row_mut(y).iter_mut().zip(b.v[0].row(y)) {
                    *m = neutral.target(v, *m);
                }
            }
        }
    }
}

/// Is chroma behind RGB worked on at half size?
fn halved(image: &Image, findings: &Findings) -> bool {
    matches!(findings.space, Space::Yuv { .. }) && image.color.model == Model::Rgb && findings.half_chroma
}

/// Cell widths of R, G and B where these can tell about each other: as long as no lossy coding mixed them.
fn couples(image: &Image, findings: &Findings) -> Option<[f32; 3]> {
    let rgb = image.color.model == Model::Rgb && findings.space == Space::Native && !findings.lossy;
    let steps = [0, 1, 2].map(|c| findings.grids.get(c).map_or(0.0, |grid| grid.step_codes));
    (rgb && steps.iter().all(|&s| s > 0.0)).then_some(steps)
}

fn plan(image: &Image, findings: &Findings) -> Vec<PlanePlan> {
    let half = halved(image, findings);
    let sources: Vec<Source> = match (findings.space, image.color.model) {
        (Space::Yuv { matrix, .. }, Model::Rgb) => (0..3)
            .map(|c| Source { component: Component::Yuv(c, matrix, half && c > 0), zero: 0.0 })
            .collect(),
        (_, model) => (0..image.planes.len())
            .map(|p| {
                let chroma = p > 0 && matches!(model, Model::Yuv { .. });
                Source { component: Component::Native(p), zero: if chroma { 0.5 } else { 0.0 } }
            })
            .collect(),
    };
    let is_yuv =
        matches!(findings.space, Space::Yuv { .. }) || matches!(image.color.model, Model::Yuv { .. });
    let depth = match findings.space {
        Space::Native => image.depth,
        Space::Yuv { .. } => unband_image::Depth::F32,
    };
    let coded = findings.lossy || matches!(findings.cause, Cause::Coded | Cause::Jpeg);
    let mut plans = Vec::new();
    for (i, (&source, grid)) in sources.iter().zip(&findings.grids).enumerate() {
        let samples: &[f32] = match source.component {
            Component::Native(p) => &image.planes[p].data,
            Component::Yuv(..) => &[],
        };
        let Some(cells) = Cells::new(grid, depth, samples) else { return Vec::new() };
        let (w, h) = source.size(image);
        let chroma = is_yuv && i > 0;
        let wide = chroma && grid.step_codes > 2.0;
        let neutral = (wide && sources.len() == 3).then(|| {
            let other = &findings.grids[3 - i];
            let floor = if other.step_codes > 2.0 { other.step_codes / 2.0 } else { 0.6 };
            (Neutral::new(grid.step_codes), sources[3 - i], floor)
        });
        plans.push(PlanePlan {
            source,
            cells,
            coarse: None,
            levels: surface::level_count(w, h),
            neutral,
            follows: (chroma && !wide && !coded).then_some(0),
        });
    }
    plans
}

impl Restorer for Smooth {
    fn needs(&self) -> Needs {
        // Windows reach 20 samples of a plane beyond their core, rounded to multiples of 4, and a few for what
        // follows.
        Needs { halo: self.scale * (RIM + 12), align: 4 * self.scale, full_width: false, whole_image: false }
    }

    fn restore(
        &self,
        input: &TileIn<'_>,
        output: &mut TileOut,
        ctx: &Context<'_>,
    ) -> Result<(), RestoreError> {
        ctx.check()?;
        if self.planes.is_empty() {
            return Ok(());
        }
        let mut b = self.take();
        let image = input.image;
        for i in 0..self.planes.len() {
            let (w, h) = self.planes[i].source.size(image);
            let core = match self.planes[i].source.component {
                // Sharing between channels reads a few samples more.
                Component::Native(p) if self.coupling.is_some() => {
                    input.core_on(p).grown(coupling::RIM, w, h)
                }
                Component::Native(p) => input.core_on(p),
                Component::Yuv(_, _, false) => input.core,
                // One more sample around, for the way back to full size.
                Component::Yuv(_, _, true) => input.core.on_plane(2, 2).grown(1, w, h),
            };
            self.correct(i, image, core, ctx.level, &mut b);
        }
        match self.space {
            Space::Yuv { matrix, .. } if image.color.model == Model::Rgb => {
                self.add_yuv(input, output, matrix, ctx.level, &b)
            }
            _ if self.coupling.is_some() => self.add_coupled(input, output, ctx.level, &mut b),
            _ => {
                for (p, plan) in self.planes.iter().enumerate() {
                    let Component::Native(target) = plan.source.component else { continue };
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
        self.give(b);
        Ok(())
    }
}

impl Smooth {
    /// Adds the corrections of R, G and B and what they share.
    fn add_coupled(&self, input: &TileIn<'_>, output: &mut TileOut, level: Level, b: &mut Buffers) {
        let Some(coupling) = &self.coupling else { return };
        let (image, core) = (input.image, input.core);
        let outer = core.grown(coupling::RIM, image.width(), image.height());
        for (i, plan) in self.planes.iter().enumerate() {
            b.originals[i].reshape(outer.width(), outer.height());
            plan.source.fill(level, image, outer.x0, outer.y0, 1.0, &mut b.originals[i]);
            b.originals[i].pad();
            b.restored[i].reshape(outer.width(), outer.height());
            for y in 0..outer.height() {
                rows::sum_row(
                    level,
                    b.restored[i].row_mut(y),
                    b.originals[i].row(y),
                    b.corrections[i].row(y),
                );
            }
            b.restored[i].pad();
        }
        let inner = Core {
            x0: core.x0 - outer.x0,
            y0: core.y0 - outer.y0,
            x1: core.x1 - outer.x0,
            y1: core.y1 - outer.y0,
        };
        let ([o0, o1, o2], [r0, r1, r2]) = (&b.originals, &b.restored);
        coupling.share(level, &mut b.shared, [o0, o1, o2], [r0, r1, r2], inner, &mut b.coupling);
        let mut sum = Vec::new();
        for (i, plan) in self.planes.iter().enumerate() {
            for y in 0..core.height() {
                let columns = inner.x0..inner.x1;
                let own = &b.corrections[i].row(inner.y0 + y)[columns.clone()];
                let codes = &b.originals[i].row(inner.y0 + y)[columns];
                let shared = b.shared[i].row(y);
                let out = output.planes[i].row_mut(y);
                match &plan.cells {
                    Cells::Even(step) => rows::add_held_row(level, out, own, shared, 0.5 * step, 1.0 / 255.0),
                    Cells::ByCode(cells) => {
                        sum.resize(own.len(), 0.0);
                        rows::sum_row(level, &mut sum, own, shared);
                        cells.hold(&mut sum, codes);
                        rows::add_scaled_row(level, out, &sum, 1.0 / 255.0);
                    }
                }
            }
        }
    }

    /// Adds corrections of Y, U and V to RGB samples.
    fn add_yuv(
        &self,
        input: &TileIn<'_>,
        output: &mut TileOut,
        matrix: unband_image::Matrix,
        level: Level,
        b: &Buffers,
    ) {
        let core = input.core;
        let (w, h) = (core.width(), core.height());
        let mut chroma = [Grid::new(w, h), Grid::new(w, h)];
        for (c, full) in chroma.iter_mut().enumerate() {
            let small = &b.corrections[c + 1];
            if !self.half_chroma {
                full.copy_from(small);
                continue;
            }
            // Bring the window with its extra border to full size, repeating samples at the picture's ends.
            let (pw, ph) = self.planes[c + 1].source.size(input.image);
            let (cx, cy) = (core.x0 / 2, core.y0 / 2);
            let (left, top) = (usize::from(cx > 0), usize::from(cy > 0));
            let need = w.div_ceil(2);
            let line = |y: usize| -> Vec<f32> {
                let row = small.row(y);
                let mut line = Vec::with_capacity(need + 2);
                line.push(row[0]);
                line.extend_from_slice(&row[left..left + need]);
                line.push(row[(left + need).min(row.len() - 1)]);
                line
            };
            let _ = (pw, ph);
            for y in 0..h {
                let at = top + y / 2;
                let other = if y % 2 == 1 { (at + 1).min(small.height - 1) } else { at.saturating_sub(1) };
                rows::double_row(level, full.row_mut(y), &line(at), &line(other));
            }
        }
        let unit = |yuv| matrix.to_rgb(yuv).map(|v: f32| v * (1.0 / 255.0));
        let (ky, ku, kv) = (unit([1.0, 0.0, 0.0]), unit([0.0, 1.0, 0.0]), unit([0.0, 0.0, 1.0]));
        for y in 0..h {
            let (dy, du, dv) = (b.corrections[0].row(y), chroma[0].row(y), chroma[1].row(y));
            for c in 0..3 {
                rows::add_mix_row(level, output.planes[c].row_mut(y), dy, du, dv, [ky[c], ku[c], kv[c]]);
            }
        }
    }
}
