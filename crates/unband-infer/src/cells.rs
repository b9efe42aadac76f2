//! Conditioning inputs of grid-guided networks ([`Sees::Cells`](unband_nets::arch::Sees)).

use unband_image::findings::{Findings, GridRegions, PlaneGrid, Space};
use unband_image::{Image, Matrix, Model, Window};
use unband_nets::arch::unband_lite::{CELL_PLANES, FOUND, GRID_INPUTS, IS_YUV};
use unband_simd::Level;
use unband_simd::filters::smooth::add_scaled_row;
use unband_simd::infer::cells as kernels;

use crate::conditioning::{Conditioning, SurfaceWindow};

/// Finest step assumed, in 8-bit codes: one code of 16 bits.
const LEAST: f32 = 1.0 / 257.0;

/// The quantisation grid of an image, as conditioning input of a network.
#[derive(Clone, Debug, PartialEq)]
pub struct Cells {
    /// Quantisation steps of Y, U and V in 8-bit codes.
    steps: [f32; 3],
    /// For each plane of the detected space with a grid: its weights of R, G and B in codes, step, offset.
    grids: [Option<PlaneCells>; 3],
    /// Whether chroma has half the size: its positions are those of 2×2 means.
    half: bool,
    regions: Option<GridRegions>,
    scalars: [f32; GRID_INPUTS],
}

#[derive(Clone, Copy, Debug, PartialEq)]
struct PlaneCells {
    weights: [f32; 3],
    step: f32,
    offset: f32,
}

impl Cells {
    /// Derived from the findings for a red, green and blue (or grey) image.
    pub fn new(findings: &Findings) -> Self {
        let grid = |i: usize| findings.grids.get(i).or(findings.grids.last());
        let step = |i: usize| grid(i).map_or(1.0, usual_step).max(LEAST);
        let (steps, matrix) = match findings.space {
            Space::Yuv { matrix, .. } => ([step(0), step(1), step(2)], Some(matrix)),
            Space::Native | Space::Rgb => ([step(0).max(step(1)).max(step(2)); 3], None),
        };
        let plane = |i: usize| {
            let grid = grid(i).filter(|grid| even(grid))?;
            let weights = matrix.map_or_else(|| unit(i), |matrix| matrix.weights_of(i));
            Some(PlaneCells { weights, step: grid.step_codes, offset: grid.offset_codes })
        };
        let grids = [plane(0), plane(1), plane(2)];
        let mut scalars = [0.0; GRID_INPUTS];
        for i in 0..3 {
            scalars[i] = steps[i] / 255.0;
            scalars[3 + i] = steps[i].log2();
            scalars[FOUND + i] = f32::from(u8::from(grids[i].is_some()));
        }
        let half = findings.half_chroma && matrix.is_some();
        for (to, holds) in scalars[IS_YUV..].iter_mut().zip([matrix.is_some(), half, findings.lossy]) {
            *to = f32::from(u8::from(holds));
        }
        Self { steps, grids, half, regions: findings.regions.clone(), scalars }
    }

    /// Whether a grid was found in any plane. Without one, a network has no more information than the smooth
    /// surface. Such images are left to the surface, in use and in training.
    pub fn gridded(findings: &Findings) -> bool {
        findings.grids.iter().take(3).any(even)
    }

    /// Triangle waves of the position in a quantisation interval: 1 on a level and −1 between two levels, and
    /// the same wave shifted by a quarter interval.
    fn waves(
        &self,
        image: &Image,
        window: Window,
        plane: usize,
        grid: PlaneCells,
        out: &mut [f32],
        level: Level,
    ) {
        let (w, h) = (window.width(), window.height());
        let (first, second) = out.split_at_mut(w * h);
        let half = self.half && plane > 0;
        let scale = 255.0 / grid.step;
        let mut places = vec![0.0f32; w];
        let mut other = vec![0.0f32; w];
        for y in 0..h {
            let fill = |y: usize, places: &mut [f32]| {
                places.fill(-grid.offset / grid.step);
                for (c, k) in grid.weights.iter().enumerate() {
                    let row = image.planes[c.min(image.planes.len() - 1)].row(window.y0 + y);
                    let row = &row[window.x0..window.x1];
                    add_scaled_row(level, places, row, k * scale);
                }
            };
            fill(y, &mut places);
            if half {
                fill((y ^ 1).min(h - 1), &mut other);
                places.iter_mut().zip(&other).for_each(|(p, o)| *p = 0.5 * (*p + o));
                for pair in places.chunks_exact_mut(2) {
                    pair.fill(0.5 * (pair[0] + pair[1]));
                }
            }
            let line = y * w..(y + 1) * w;
            kernels::waves(level, &mut first[line.clone()], &mut second[line], &places);
            if let Some(regions) = &self.regions {
                for x in regions.outside(plane, window.x0, window.y0 + y, w, (1, 1)) {
                    first[y * w + x] = 0.0;
                    second[y * w + x] = 0.0;
                }
            }
        }
    }
}

impl Conditioning for Cells {
    fn channels(&self) -> usize {
        CELL_PLANES
    }

    fn scalars(&self) -> Vec<f32> {
        self.scalars.to_vec()
    }

    fn regions(&self) -> Option<&GridRegions> {
        self.regions.as_ref()
    }

    fn planes(&self, image: &Image, surface: &SurfaceWindow<'_>, window: Window, level: Level) -> Vec<f32> {
        debug_assert!(!matches!(image.color.model, Model::Yuv { .. }));
        let (w, area) = (window.width(), window.width() * window.height());
        let mut out = vec![0.0; CELL_PLANES * area];
        let (changes, places) = out.split_at_mut(3 * area);
        for (i, change) in changes.chunks_exact_mut(area).enumerate() {
            let k = Matrix::Bt601.weights_of(i).map(|k| k * 255.0 / self.steps[i]);
            for (y, row) in change.chunks_exact_mut(w).enumerate() {
                for (c, &k) in k.iter().enumerate() {
                    let now = &image.planes[c.min(image.planes.len() - 1)].row(window.y0 + y)[window.x0..];
                    kernels::add_change(level, row, now, surface.row(c, window.y0 + y, window), k);
                }
            }
        }
        for (i, waves) in places.chunks_exact_mut(2 * area).enumerate() {
            if let Some(grid) = self.grids[i] {
                self.waves(image, window, i, grid, waves, level);
            }
        }
        out
    }
}

/// Whether a grid of equal steps was found.
fn even(grid: &PlaneGrid) -> bool {
    grid.found && grid.steps_by_code.is_none() && grid.step_codes > 0.0
}

/// The middle of the steps that follow a tone curve; otherwise the step.
fn usual_step(grid: &PlaneGrid) -> f32 {
    let Some(steps) = grid.steps_by_code.as_ref().filter(|steps| !steps.is_empty()) else {
        return grid.step_codes;
    };
    let mut sorted = steps.clone();
    sorted.sort_by(f32::total_cmp);
    sorted[sorted.len() / 2]
}

/// Red, green or blue only.
fn unit(i: usize) -> [f32; 3] {
    let mut weights = [0.0; 3];
    weights[i] = 1.0;
    weights
}

#[cfg(test)]
mod tests;
