//! Surfaces without texture, and how far samples allow them.
//!
//! Where a surface explains the samples, their distance from it has the energy of the dither's noise alone.
//! More energy is texture, and the result keeps what the blocks left of it.

use unband_simd::Level;
use unband_simd::filters::undither as rows;

use super::noise::diffused_energy;
use crate::area::Area;
use crate::gaussian::{filter, gaussian};

/// Steps of smoothing inside intervals.
const ROUNDS: usize = 24;
/// Spread of the window in which energy is compared, in samples.
const AROUND: f64 = 3.0;
/// Texture at which half of the surface is applied, in squared steps.
const ROOM: f32 = 0.006;
/// Spreads of the means for diffused dither, in samples.
const SPREADS: [f64; 3] = [1.2, 2.2, 4.0];
/// As [`ROOM`], for diffused dither and a spread of 1. It falls with the square of the spread.
const ROOM_DIFFUSED: f32 = 0.0005;
/// Spread of the filter that separates texture from diffused noise.
const LOW: f64 = 1.2;
/// Energy of diffused noise that passes, with a margin: a multiple of that of an independent error.
const MARGIN: f64 = 1.5;

/// Filters of one kind of dither.
pub(super) struct Surfaces {
    /// Ordered dither; otherwise error diffusion.
    pub ordered: bool,
    around: Vec<f32>,
    low: Vec<f32>,
    means: Vec<(Vec<f32>, f32)>,
    noise: f32,
    room: f32,
}

/// Working memory.
#[derive(Default)]
pub(super) struct Scratch {
    padded: Vec<f32>,
    across: Area,
    target: Area,
    next: Area,
    energy: Area,
    smoothed: Area,
}

/// The filter that separates texture from diffused noise, and the energy of such noise that passes, for white
/// noise of 1.
pub(super) fn passed_by_low() -> (Vec<f32>, f64) {
    let low = gaussian(LOW);
    let line = |i: usize| f64::from(low[i.abs_diff(low.len() - 1)]);
    let side = 2 * low.len() - 1;
    let kernel: Vec<Vec<f64>> = (0..side).map(|y| (0..side).map(|x| line(x) * line(y)).collect()).collect();
    (low, diffused_energy(&kernel))
}

impl Surfaces {
    pub(super) fn new(ordered: bool, strength: f32) -> Self {
        let (low, passed) = passed_by_low();
        let passed = MARGIN * passed / 12.0;
        let room = strength.max(1.0) * if ordered { ROOM } else { ROOM_DIFFUSED };
        let means = |spread: f64| (gaussian(spread), room / (spread * spread) as f32);
        Self {
            ordered,
            around: gaussian(AROUND),
            means: SPREADS.map(means).to_vec(),
            noise: if ordered { 1.0 / 12.0 } else { passed as f32 },
            low,
            room,
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
            s.energy.reshape(0, 0, samples.width, samples.height);
            rows::square_difference(level, &mut s.energy.data, &samples.data, &s.target.data);
            filter(level, &s.energy, &mut s.smoothed, &mut s.across, &mut s.padded, &self.around);
            let energy = &s.smoothed.data;
            rows::blend(level, &mut values.data, &s.target.data, energy, noise, self.room * square);
            return;
        }
        for (mean, room) in &self.means {
            filter(level, samples, &mut s.target, &mut s.across, &mut s.padded, mean);
            s.energy.reshape(0, 0, samples.width, samples.height);
            for ((out, a), b) in s.energy.data.iter_mut().zip(&samples.data).zip(&s.target.data) {
                *out = a - b;
            }
            filter(level, &s.energy, &mut s.smoothed, &mut s.across, &mut s.padded, &self.low);
            rows::square(level, &mut s.smoothed.data);
            filter(level, &s.smoothed, &mut s.energy, &mut s.across, &mut s.padded, &self.around);
            rows::blend(level, &mut values.data, &s.target.data, &s.energy.data, noise, room * square);
        }
    }
}

/// The smoothest surface inside the intervals near `values`, into `target`.
fn inside(level: Level, half: f32, samples: &Area, values: &Area, s: &mut Scratch) {
    let (w, h) = (samples.width, samples.height);
    for area in [&mut s.target, &mut s.next] {
        area.reshape(0, 0, w + 2, h);
    }
    let pad = |row: &mut [f32]| {
        row[0] = row[1];
        row[w + 1] = row[w];
    };
    for y in 0..h {
        let row = s.target.row_mut(y);
        row[1..=w].copy_from_slice(values.row(y));
        rows::hold(level, &mut row[1..=w], samples.row(y), half);
        pad(row);
    }
    for _ in 0..ROUNDS {
        for y in 0..h {
            let (above, below) = (s.target.row(y.saturating_sub(1)), s.target.row((y + 1).min(h - 1)));
            let row = s.next.row_mut(y);
            let here = s.target.row(y);
            rows::smooth_within(level, &mut row[1..=w], above, here, below, samples.row(y), half);
            pad(row);
        }
        std::mem::swap(&mut s.target, &mut s.next);
    }
    s.next.reshape(0, 0, w, h);
    for y in 0..h {
        s.next.row_mut(y).copy_from_slice(&s.target.row(y)[1..=w]);
    }
    std::mem::swap(&mut s.target, &mut s.next);
}
