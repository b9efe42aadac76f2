//! Factor on the surface's correction, from the density of level changes nearby and
//! farther around.

use unband_image::Window;
use unband_simd::Level;

use super::density::{Density, Raster};
use super::grid::Grid;

/// Radius of the wide box.
pub(super) const WIDE: usize = 12;
/// Radius of the near box.
pub(super) const NEAR: usize = 2;

pub(super) const NEAR_AXIS: [f32; 9] = [0.0, 0.15, 0.3, 0.5, 0.7, 0.9, 1.15, 1.5, 2.2];
pub(super) const WIDE_AXIS: [f32; 12] = [0.0, 0.035, 0.075, 0.15, 0.25, 0.38, 0.52, 0.7, 0.9, 1.15, 1.5, 2.0];

/// Least-squares factor between the surface's correction and the true error, per density of level changes
/// near (rows) and wide (columns); the same in interval units for steps of 1, 4 and 8 codes.
const TABLE: [[f32; 12]; 9] = [
    [1.5, 1.5, 1.35, 1.0, 0.7, 0.45, 0.28, 0.15, 0.0, 0.0, 0.0, 0.0],
    [1.5, 1.45, 1.35, 1.15, 0.95, 0.75, 0.5, 0.4, 0.35, 0.3, 0.2, 0.15],
    [1.3, 1.3, 1.2, 1.12, 1.03, 0.93, 0.8, 0.69, 0.68, 0.65, 0.55, 0.5],
    [1.2, 1.2, 1.15, 1.06, 0.98, 0.9, 0.8, 0.65, 0.65, 0.65, 0.58, 0.52],
    [1.1, 1.1, 1.1, 1.02, 0.94, 0.87, 0.77, 0.64, 0.6, 0.6, 0.55, 0.5],
    [1.0, 1.0, 1.0, 1.0, 0.88, 0.82, 0.74, 0.63, 0.55, 0.52, 0.5, 0.47],
    [0.8, 0.8, 0.8, 0.8, 0.7, 0.68, 0.65, 0.58, 0.5, 0.45, 0.4, 0.4],
    [0.4, 0.4, 0.4, 0.4, 0.4, 0.36, 0.36, 0.4, 0.42, 0.37, 0.32, 0.28],
    [0.0; 12],
];

/// The table with the strength applied.
pub(super) struct Gate(Raster);

impl Gate {
    /// `strength` 1 is the measured table; lower values scale it down, higher ones move it towards 1.
    pub(super) fn new(strength: f32) -> Self {
        let shape = |g: f32| if strength <= 1.0 { g * strength } else { g.powf(1.0 / (strength * strength)) };
        Self(Raster::new(&NEAR_AXIS, &WIDE_AXIS, &TABLE, shape))
    }

    /// The table at 64 × 64 points up to the ends of both axes; the wide one along a row.
    pub(super) fn raster(&self) -> &[f32] {
        self.0.values()
    }

    /// Writes the factors of the samples of `core` within the padded grid `v` (interval units), which has a
    /// margin of 13 samples on each side unless the image ends there.
    pub(super) fn factors(
        &self,
        level: Level,
        out: &mut Grid,
        v: &Grid,
        core: Window,
        density: &mut Density,
        wide: &mut Grid,
    ) {
        density.count(level, v, 1.0);
        density.means(level, out, core, NEAR, self.0.scale.0);
        density.means(level, wide, core, WIDE, self.0.scale.1);
        let mut near = vec![0.0; out.width];
        for y in 0..out.height {
            near.copy_from_slice(out.row(y));
            self.0.look_up(level, out.row_mut(y), &near, wide.row(y));
        }
    }
}
