//! Surfaces without texture, and how far samples allow them.
//!
//! Where a surface explains the samples, their distance from it has the energy of the dither's noise alone.
//! More energy is texture, and the result keeps what the blocks left of it.

use unband_simd::Level;
use unband_simd::filters::undither as rows;

use super::means::{AROUND, DiffusedMeans, FilterAreas};
use crate::area::Area;
use crate::gaussian::{filter, gaussian};

/// Steps of smoothing inside intervals.
const ROUNDS: usize = 24;
/// Texture at which half of the surface is applied, in squared steps.
const ROOM: f32 = 0.006;
/// As [`ROOM`], for diffused dither and a spread of 1. It falls with the square of the spread.
const ROOM_DIFFUSED: f32 = 0.0005;
/// Energy of diffused noise that passes, with a margin: a multiple of that of an independent error.
const MARGIN: f64 = 1.5;

/// Filters of one kind of dither.
pub(super) struct Surfaces {
    /// Ordered dither; otherwise error diffusion.
    pub ordered: bool,
    around: Vec<f32>,
    means: DiffusedMeans,
    noise: f32,
    room: f32,
}

/// Working memory.
#[derive(Default)]
pub(super) struct Scratch {
    areas: FilterAreas,
    next: Area,
}

impl Surfaces {
    pub(super) fn new(ordered: bool, strength: f32) -> Self {
        let means = DiffusedMeans::new();
        Self {
            ordered,
            around: gaussian(AROUND),
            noise: if ordered { 1.0 / 12.0 } else { (MARGIN * means.passed / 12.0) as f32 },
            means,
            room: strength.max(1.0) * if ordered { ROOM } else { ROOM_DIFFUSED },
        }
    }

    /// Half the width of the intervals, in steps. Each error of a diffusion is at most half a step, and at
    /// most its whole is passed on.
    pub(super) fn half(&self) -> f32 {
        if self.ordered { 0.4995 } else { 0.9995 }
    }

    /// Moves `values` towards the surfaces through `samples`; `step` in the samples' unit.
    pub(super) fn blend(&self, level: Level, step: f32, samples: &Area, values: &mut Area, s: &mut Scratch) {
        let (noise, square) = (self.noise * step * step, step * step);
        if self.ordered {
            inside(level, 0.5 * step, samples, values, s);
            let FilterAreas { target, energy, smoothed, across, padded } = &mut s.areas;
            energy.reshape(0, 0, samples.width, samples.height);
            rows::square_difference(level, &mut energy.data, &samples.data, &target.data);
            filter(level, energy, smoothed, across, padded, &self.around);
            let room = self.room * square;
            rows::blend(level, &mut values.data, &target.data, &smoothed.data, noise, room);
            return;
        }
        self.means.each(level, samples, &mut s.areas, |target, energy, spread| {
            let room = self.room / spread * square;
            rows::blend(level, &mut values.data, &target.data, &energy.data, noise, room);
        });
    }
}

/// The smoothest surface inside the intervals near `values`, into `target`.
fn inside(level: Level, half: f32, samples: &Area, values: &Area, s: &mut Scratch) {
    let (w, h) = (samples.width, samples.height);
    let (target, next) = (&mut s.areas.target, &mut s.next);
    for area in [&mut *target, &mut *next] {
        area.reshape(0, 0, w + 2, h);
    }
    let pad = |row: &mut [f32]| {
        row[0] = row[1];
        row[w + 1] = row[w];
    };
    for y in 0..h {
        let row = target.row_mut(y);
        row[1..=w].copy_from_slice(values.row(y));
        rows::hold(level, &mut row[1..=w], samples.row(y), half);
        pad(row);
    }
    for _ in 0..ROUNDS {
        for y in 0..h {
            let (above, below) = (target.row(y.saturating_sub(1)), target.row((y + 1).min(h - 1)));
            let row = next.row_mut(y);
            let here = target.row(y);
            rows::smooth_within(level, &mut row[1..=w], above, here, below, samples.row(y), half);
            pad(row);
        }
        std::mem::swap(target, next);
    }
    next.reshape(0, 0, w, h);
    for y in 0..h {
        next.row_mut(y).copy_from_slice(&target.row(y)[1..=w]);
    }
    std::mem::swap(target, next);
}
