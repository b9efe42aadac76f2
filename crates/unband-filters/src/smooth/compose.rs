//! Composition of plane corrections into samples of the image.

use unband_image::{Matrix, TileIn, TileOut};
use unband_simd::{Level, filters::smooth as rows};

use super::grid::Grid;
use super::intervals::Intervals;
use super::{Buffers, Smooth, coupling};

impl Smooth {
    /// Adds the corrections of R, G and B and their shared part.
    pub(super) fn add_coupled(
        &self,
        input: &TileIn<'_>,
        output: &mut TileOut,
        level: Level,
        b: &mut Buffers,
    ) {
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
        let inner = core.inside(outer);
        let ([o0, o1, o2], [r0, r1, r2]) = (&b.originals, &b.restored);
        coupling.share(level, &mut b.shared, [o0, o1, o2], [r0, r1, r2], inner, &mut b.coupling);
        for (i, shared) in b.shared.iter_mut().enumerate() {
            self.keep_outside(i, core, (1, 1), shared);
        }
        let mut sum = Vec::new();
        for (i, plan) in self.planes.iter().enumerate() {
            for y in 0..core.height() {
                let columns = inner.x0..inner.x1;
                let own = &b.corrections[i].row(inner.y0 + y)[columns.clone()];
                let codes = &b.originals[i].row(inner.y0 + y)[columns];
                let shared = b.shared[i].row(y);
                let out = output.planes[i].row_mut(y);
                match &plan.intervals {
                    Intervals::Even(step) => {
                        rows::add_held_row(level, out, own, shared, 0.5 * step, 1.0 / 255.0);
                    }
                    Intervals::ByCode(intervals) => {
                        sum.resize(own.len(), 0.0);
                        rows::sum_row(level, &mut sum, own, shared);
                        intervals.hold(&mut sum, codes);
                        rows::add_scaled_row(level, out, &sum, 1.0 / 255.0);
                    }
                }
            }
        }
    }

    /// Adds corrections of Y, U and V to RGB samples.
    pub(super) fn add_yuv(
        &self,
        input: &TileIn<'_>,
        output: &mut TileOut,
        matrix: Matrix,
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
            // Upsample the window with its extra border, repeating samples at the image's borders.
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
