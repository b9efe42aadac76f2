//! Correction of one plane in one window: the two finest levels, the gate, and the influence of luma on
//! chroma.

use unband_image::{Image, Window};
use unband_simd::{Level, filters::smooth as rows};

use super::grid::Grid;
use super::intervals::Intervals;
use super::plan::PlanePlan;
use super::surface::{self, Goal};
use super::{Buffers, Smooth};

/// Radius of influence, in samples of the processed plane: 4 sweeps at full size, 4 at half size and the
/// interpolation between (14 together); the wide box of the gate needs 13.
pub(super) const RIM: usize = 16;
/// Additional margin of a plane with a prior, whose values need 2 samples around; a multiple of 4.
pub(super) const NEUTRAL_RIM: usize = 4;

impl Smooth {
    /// Correction of one plane over `core` (in its own samples) in codes, into `b.corrections[index]`.
    pub(super) fn correct(&self, index: usize, image: &Image, core: Window, level: Level, b: &mut Buffers) {
        let plan = &self.planes[index];
        let ((width, height), scale) = (plan.source.size(image), plan.source.scale(image));
        // Even coordinates at every level of the window, so that its 2×2 means are those of the image.
        let rim = RIM + if plan.neutral.is_some() { NEUTRAL_RIM } else { 0 };
        let outer = core.grown(rim, width, height).aligned(4, width, height);
        plan.fill(level, image, outer, b);
        let towards = plan.neutral.is_some();
        let inner = core.inside(outer);
        self.gate.factors(level, &mut b.factor, &b.v[0], inner, &mut b.density, &mut b.wide);
        // Texture does not use the surface, so it is not computed there: that saves most of the work.
        if !towards && plan.lift <= 0.0 && b.factor.is_zero() {
            let out = &mut b.corrections[index];
            out.reshape(core.width(), core.height());
            out.clear();
            return;
        }
        if plan.levels > 1 {
            solve_half(plan, outer.x0 / 2, outer.y0 / 2, level, b);
        }
        // At full size only the samples that those of the core depend on.
        let near = inner.grown(surface::SWEEPS, b.v[0].width, b.v[0].height);
        let near = near.aligned(2, b.v[0].width, b.v[0].height);
        let goal = Goal { v: &b.v[0], m: towards.then_some(&b.m[0]), window: near, pull: plan.pull[0] };
        let [fine, half] = &mut b.u;
        let begin = |y: usize, row: &mut [f32]| {
            if plan.levels > 1 {
                surface::double(level, row, half, near.x0, near.y0 + y);
            } else {
                row.copy_from_slice(&goal.m.unwrap_or(goal.v).row(near.y0 + y)[near.x0..near.x1]);
            }
        };
        surface::solve(level, fine, &goal, &begin, &mut b.scratch);
        let solved = inner.inside(near);
        let out = &mut b.corrections[index];
        out.reshape(core.width(), core.height());
        // One width for all, or intervals first and their widths after.
        let interval = if let Intervals::Even(step) = plan.intervals { step } else { 1.0 };
        for y in 0..core.height() {
            let columns = inner.x0..inner.x1;
            let v = &b.v[0].row(inner.y0 + y)[columns.clone()];
            let u = &b.u[0].row(solved.y0 + y)[solved.x0..solved.x1];
            let (factor, out) = (b.factor.row(y), out.row_mut(y));
            if towards {
                let m = &b.m[0].row(inner.y0 + y)[columns.clone()];
                rows::compose_row_towards(level, out, u, v, m, factor, interval);
            } else {
                rows::compose_row(level, out, u, v, factor, interval);
            }
            if let Intervals::ByCode(intervals) = &plan.intervals {
                intervals.leave(out, &b.codes.row(inner.y0 + y)[columns]);
            }
        }
        if let Some(intended_plateaus) = &self.intended_plateaus {
            intended_plateaus.hold(&mut b.corrections[index], core, scale.0, scale.1);
        }
        if plan.lift > 0.0 {
            b.density.means(level, &mut b.busy, inner, 2, 1.0);
            lift(&mut b.corrections[index], &b.v[0], &b.busy, inner, interval, plan.lift);
        }
        self.keep_outside(index, core, scale, &mut b.corrections[index]);
        if let Some(luma) = plan.follows {
            self.follow(luma, image, core, level, b, index);
        }
    }

    /// Clears corrections in squares where the plane's grid does not apply.
    pub(super) fn keep_outside(
        &self,
        plane: usize,
        core: Window,
        scale: (usize, usize),
        corrections: &mut Grid,
    ) {
        let Some(regions) = &self.regions else { return };
        for y in 0..corrections.height {
            let row = corrections.row_mut(y);
            regions.outside(plane, core.x0, core.y0 + y, row.len(), scale).for_each(|x| row[x] = 0.0);
        }
    }

    /// Fades a chroma correction out where luma changes level often: chroma variation there is texture.
    fn follow(&self, luma: usize, image: &Image, core: Window, level: Level, b: &mut Buffers, index: usize) {
        const RADIUS: usize = 4;
        let plan = &self.planes[luma];
        let (width, height) = plan.source.size(image);
        let (sx, sy) = self.planes[index].source.scale(image);
        let wanted = Window {
            x0: core.x0 * sx,
            y0: core.y0 * sy,
            x1: (core.x1 * sx).min(width),
            y1: (core.y1 * sy).min(height),
        };
        let outer = wanted.grown(RADIUS + 2, width, height);
        plan.fill(level, image, outer, b);
        let inner = wanted.inside(outer);
        b.density.count(level, &b.v[0], 1.0);
        b.density.means(level, &mut b.busy, inner, RADIUS, 1.0);
        // Luma's density at the chroma plane's size.
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

/// The surface of a window at half size, whose corner is given, in `b.u[1]`.
fn solve_half(plan: &PlanePlan, x0: usize, y0: usize, level: Level, b: &mut Buffers) {
    let towards = plan.neutral.is_some();
    let (fine, half) = b.v.split_at_mut(1);
    surface::halve(level, &mut half[0], &fine[0]);
    if towards {
        let (fine, half) = b.m.split_at_mut(1);
        surface::halve(level, &mut half[0], &fine[0]);
    }
    let half = &b.v[1];
    let goal = Goal {
        v: half,
        m: towards.then_some(&b.m[1]),
        window: Window { x0: 0, y0: 0, x1: half.width, y1: half.height },
        pull: plan.pull[1],
    };
    let begin = |y: usize, row: &mut [f32]| match &plan.coarse {
        Some(coarse) => surface::double(level, row, coarse, x0, y0 + y),
        None => row.copy_from_slice(goal.m.unwrap_or(half).row(y)),
    };
    surface::solve(level, &mut b.u[1], &goal, &begin, &mut b.scratch);
    b.u[1].pad();
}

/// Restores the luma that a conversion removed. Black stayed black. Texture and edges, where luma changes
/// level often, stay unchanged, as the difference is invisible there.
///
/// Full correction up to 0.2 level changes per sample over 5×5 (which includes a contour), none from 0.5 on.
fn lift(corrections: &mut Grid, v: &Grid, busy: &Grid, core: Window, interval: f32, codes: f32) {
    for y in 0..corrections.height {
        let luma = &v.row(core.y0 + y)[core.x0..core.x1];
        for ((d, &v), &busy) in corrections.row_mut(y).iter_mut().zip(luma).zip(busy.row(y)) {
            let bright = ((v * interval - 1.0) * 0.25).clamp(0.0, 1.0);
            let calm = ((0.5 - busy) * (1.0 / 0.3)).clamp(0.0, 1.0);
            *d += codes * bright * calm;
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
