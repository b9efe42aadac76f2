//! Removal of contours by scattering and averaging.

use unband_image::{Context, Plane, Window};
use unband_simd::filters::fcdr;

/// Radius of the windows for scattering and averaging.
pub(super) const WINDOW_REACH: usize = 4;
/// Their side.
const SIDE: usize = 2 * WINDOW_REACH + 1;

/// Mask of samples near a contour in a window of a plane.
pub(super) struct Removal {
    core: Window,
    scale: (usize, usize),
    /// The core with a margin of [`WINDOW_REACH`].
    around: Window,
    /// Near a contour? One value per sample of `around`.
    near: Vec<u8>,
    /// Is any sample near a contour?
    any: bool,
}

impl Removal {
    /// For a plane `scale` times smaller than luma: `contours` are those of `luma`. It spans the plane's
    /// window `wide`, which spans `core` and a margin of twice [`WINDOW_REACH`], clipped to the plane.
    pub(super) fn new(
        contours: &[bool],
        luma: Window,
        wide: Window,
        core: Window,
        scale: (usize, usize),
    ) -> Self {
        let (width, height) = (wide.width(), wide.height());
        let mut on = vec![0u8; width * height];
        if luma.width() > 0 {
            for (row, y) in contours.chunks_exact(luma.width()).zip(luma.y0..) {
                let out = &mut on[(y / scale.1 - wide.y0) * width..][..width];
                for (&contour, x) in row.iter().zip(luma.x0..) {
                    out[x / scale.0 - wide.x0] |= u8::from(contour);
                }
            }
        }
        let any = on.contains(&1);
        // `wide` is clipped at the plane's border only, beyond which there are no contours.
        let around = Window {
            x0: core.x0.saturating_sub(WINDOW_REACH),
            y0: core.y0.saturating_sub(WINDOW_REACH),
            x1: (core.x1 + WINDOW_REACH).min(wide.x1),
            y1: (core.y1 + WINDOW_REACH).min(wide.y1),
        };
        let near = if any { dilate(&on, wide, around) } else { Vec::new() };
        Self { core, scale, around, near, any }
    }

    pub(super) fn is_for(&self, core: Window, scale: (usize, usize)) -> bool {
        self.core == core && self.scale == scale
    }

    /// Scatters and averages near contours; `key` selects the random sequence of a plane.
    pub(super) fn apply(&self, plane: &Plane, out: &mut Plane, key: u32, ctx: &Context<'_>) {
        if !self.any {
            return;
        }
        let (core, around) = (self.core, self.around);
        let (count, stride) = (core.width(), core.width() + 2 * WINDOW_REACH);
        // Rows of scattered samples; beyond the plane its border samples repeat.
        let scattered: Vec<Vec<f32>> =
            (around.y0..around.y1).map(|y| self.scattered_row(plane, y, stride, key, ctx)).collect();
        let (mut sums, mut means) = (vec![0.0; stride], vec![0.0; count]);
        for y in core.y0..core.y1 {
            let near = &self.near[(y - around.y0) * around.width() + core.x0 - around.x0..][..count];
            if !near.contains(&1) {
                continue;
            }
            let rows = std::array::from_fn(|dy| {
                let y = (y + dy).saturating_sub(WINDOW_REACH).clamp(around.y0, around.y1 - 1);
                scattered[y - around.y0].as_slice()
            });
            fcdr::sum_of_nine_rows(ctx.level, &mut sums, rows);
            fcdr::mean_of_nine_columns(ctx.level, &mut means, &sums);
            for ((out, &mean), &near) in out.row_mut(y - core.y0).iter_mut().zip(&means).zip(near) {
                *out = if near == 1 { mean } else { *out };
            }
        }
    }

    /// One row, with a margin of [`WINDOW_REACH`] on both sides.
    fn scattered_row(&self, plane: &Plane, y: usize, stride: usize, key: u32, ctx: &Context<'_>) -> Vec<f32> {
        let around = self.around;
        let near = &self.near[(y - around.y0) * around.width()..][..around.width()];
        let mut row = Vec::with_capacity(stride);
        let before = around.x0 + WINDOW_REACH - self.core.x0;
        row.resize(before, 0.0);
        row.extend_from_slice(&plane.row(y)[around.x0..around.x1]);
        for ((value, &near), x) in row[before..].iter_mut().zip(near).zip(around.x0..) {
            if near == 1 {
                let choice = ctx.rng.below_at(SIDE * SIDE, ctx.frame, key, x as u32, y as u32);
                let pick =
                    |at: usize, by: usize, size: usize| (at + by).saturating_sub(WINDOW_REACH).min(size - 1);
                let (x, y) = (pick(x, choice % SIDE, plane.width), pick(y, choice / SIDE, plane.height));
                *value = plane.row(y)[x];
            }
        }
        let (first, last) = (row[before], row[row.len() - 1]);
        row[..before].fill(first);
        row.resize(stride, last);
        row
    }
}

/// Dilation: samples of `around` within [`WINDOW_REACH`] of a set one in `on`, across and down; `on` fills
/// `wide`.
fn dilate(on: &[u8], wide: Window, around: Window) -> Vec<u8> {
    let (width, count) = (wide.width(), around.width());
    let span = |at: usize, low: usize, high: usize| {
        at.saturating_sub(WINDOW_REACH).max(low) - low..(at + WINDOW_REACH + 1).min(high) - low
    };
    let mut across = vec![0u8; count * wide.height()];
    for (out, row) in across.chunks_exact_mut(count).zip(on.chunks_exact(width)) {
        if row.contains(&1) {
            for (out, x) in out.iter_mut().zip(around.x0..) {
                *out = u8::from(row[span(x, wide.x0, wide.x1)].contains(&1));
            }
        }
    }
    let mut near = vec![0u8; count * around.height()];
    for (out, y) in near.chunks_exact_mut(count).zip(around.y0..) {
        for row in across
            .chunks_exact(count)
            .skip(span(y, wide.y0, wide.y1).start)
            .take(span(y, wide.y0, wide.y1).len())
        {
            out.iter_mut().zip(row).for_each(|(out, row)| *out |= row);
        }
    }
    near
}
