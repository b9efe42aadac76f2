//! Steerable pyramid: frequency and direction bands by masks on the Fourier transform.

use std::f64::consts::PI;

use rustfft::{FftDirection, FftPlannerScalar, num_complex::Complex64};
use unband_image::Context;

use crate::field::Field;

/// Directions of each level.
pub(super) const DIRECTIONS: usize = 6;

/// Power of the cosine of a band's angular response.
const ORDER: i32 = 5;

const _: () = assert!(ORDER as usize + 1 == DIRECTIONS);

/// An image in bands.
pub(super) struct Pyramid {
    /// The highest frequencies, in all directions.
    pub high: Field,
    /// Bands by direction; the second level is an octave lower and half as large.
    pub levels: [[Field; DIRECTIONS]; 2],
}

impl Pyramid {
    /// Decomposes a field with sides of at least 16. The border is periodic.
    ///
    /// Source: E. Simoncelli and W. Freeman, "The steerable pyramid", ICIP 1995; matlabPyrTools
    /// `buildSFpyr.m`. Its tables of the masks are kept: 256 steps per octave, 1024 per 180°, linear between.
    pub(super) fn new(field: &Field, ctx: &Context<'_>) -> Self {
        let masks = Masks::new();
        let whole = Spectrum::from_x(field);
        let high = whole.masked(|at| Complex64::from(masks.high(at.octave(0)))).field();
        let low = whole.masked(|at| Complex64::from(masks.low(at.octave(0))));
        let half = low.halved().masked(|at| Complex64::from(masks.low(at.octave(1))));
        // The two levels in sequence, the bands of each in parallel.
        let bands = |level: &Spectrum, octaves: i32| {
            ctx.map(DIRECTIONS, |direction| {
                let mask = |at: &FrequencyPoint| {
                    // (−i)⁵ makes bands of an odd power real.
                    -Complex64::i() * masks.across(at.angle, direction) * masks.high(at.octave(octaves))
                };
                level.masked(mask).field()
            })
        };
        let six = |bands: Vec<Field>| {
            let mut bands = bands.into_iter();
            std::array::from_fn(|_| bands.next().unwrap_or_else(|| Field::zeros(0, 0)))
        };
        Self { high, levels: [six(bands(&low, 1)), six(bands(&half, 2))] }
    }
}

/// Lookup tables of the masks.
struct Masks {
    /// High pass: half a period of a cosine, from -1 to 1 octaves. The low pass gets the rest of the energy.
    above: Vec<f64>,
    below: Vec<f64>,
    /// The power of a cosine from -2π to π, scaled so that the squares of all directions sum to 1.
    power: Vec<f64>,
}

/// Steps per octave, and per 180°.
const OCTAVE: usize = 256;
const HALF_TURN: usize = 1024;

impl Masks {
    fn new() -> Self {
        let steps = OCTAVE + 2;
        // The end values are repeated: beyond them the masks are constant.
        let cosine = |i: usize| (PI * (i as f64 - OCTAVE as f64 - 1.0) / (2 * OCTAVE) as f64).cos().powi(2);
        let above: Vec<f64> = (0..=steps).map(|i| cosine(i.clamp(1, steps - 1)).sqrt()).collect();
        let below = above.iter().map(|v| (1.0 - v * v).sqrt()).collect();
        let factorial = |n: i32| (1..=n).map(f64::from).product::<f64>();
        let energy =
            2.0_f64.powi(2 * ORDER) * factorial(ORDER).powi(2) / (DIRECTIONS as f64 * factorial(2 * ORDER));
        let angle = |i: usize| PI * (i as f64 - (2 * HALF_TURN + 1) as f64) / HALF_TURN as f64;
        let power = (0..=3 * HALF_TURN + 2).map(|i| energy.sqrt() * angle(i).cos().powi(ORDER)).collect();
        Self { above, below, power }
    }

    /// High pass; `octaves` is relative to the frequency at which the mask is fully open.
    fn high(&self, octaves: f64) -> f64 {
        looked_up(&self.above, (octaves + (OCTAVE + 1) as f64 / OCTAVE as f64) * OCTAVE as f64)
    }

    fn low(&self, octaves: f64) -> f64 {
        looked_up(&self.below, (octaves + (OCTAVE + 1) as f64 / OCTAVE as f64) * OCTAVE as f64)
    }

    fn across(&self, angle: f64, direction: usize) -> f64 {
        let first =
            -PI * (2 * HALF_TURN + 1) as f64 / HALF_TURN as f64 + PI * direction as f64 / DIRECTIONS as f64;
        looked_up(&self.power, (angle - first) / (PI / HALF_TURN as f64))
    }
}

/// Linear interpolation in a table.
fn looked_up(table: &[f64], at: f64) -> f64 {
    let i = (at.max(0.0) as usize).min(table.len() - 2);
    table[i] + (table[i + 1] - table[i]) * (at - i as f64)
}

/// A position in the frequency plane.
struct FrequencyPoint {
    /// Binary logarithm of the radial frequency, 0 at half the sampling rate along an axis.
    octaves: f64,
    /// Direction in radians.
    angle: f64,
}

impl FrequencyPoint {
    /// Octaves above the upper end of a level's transition.
    fn octave(&self, level: i32) -> f64 {
        self.octaves + f64::from(level)
    }
}

/// A Fourier transform, row by row: frequency 0, then the positive frequencies, then the negative ones.
struct Spectrum {
    width: usize,
    height: usize,
    /// Size of the transformed image.
    of: (usize, usize),
    data: Vec<Complex64>,
}

/// The frequency at a position along an axis of length `len`.
fn signed(at: usize, len: usize) -> isize {
    let at = at.cast_signed();
    if at >= len.div_ceil(2).cast_signed() { at - len.cast_signed() } else { at }
}

impl Spectrum {
    fn from_x(field: &Field) -> Self {
        let data = field.data.iter().map(|&v| Complex64::from(v)).collect();
        let (width, height) = (field.width, field.height);
        let data = transformed(data, width, height, FftDirection::Forward);
        Self { width, height, of: (width, height), data }
    }

    /// Multiplies each frequency by the mask.
    fn masked(&self, mask: impl Fn(&FrequencyPoint) -> Complex64) -> Self {
        let mut data = Vec::with_capacity(self.data.len());
        for (y, row) in self.data.chunks_exact(self.width).enumerate() {
            let down = signed(y, self.height) as f64 / (self.of.1 as f64 / 2.0);
            for (x, v) in row.iter().enumerate() {
                let across = signed(x, self.width) as f64 / (self.of.0 as f64 / 2.0);
                // Frequency 0 is treated as the first horizontal frequency.
                let length = if x == 0 && y == 0 { 2.0 / self.of.0 as f64 } else { across.hypot(down) };
                data.push(v * mask(&FrequencyPoint { octaves: length.log2(), angle: down.atan2(across) }));
            }
        }
        Self { data, ..*self }
    }

    /// The lower half of the frequencies along both axes.
    fn halved(&self) -> Self {
        let (width, height) = (self.width.div_ceil(2), self.height.div_ceil(2));
        let place = |at: usize, half: usize, whole: usize| {
            let frequency = signed(at, half);
            if frequency < 0 { whole - frequency.unsigned_abs() } else { at }
        };
        let mut data = Vec::with_capacity(width * height);
        for y in 0..height {
            let row = &self.data[place(y, height, self.height) * self.width..][..self.width];
            data.extend((0..width).map(|x| row[place(x, width, self.width)]));
        }
        Self { width, height, of: self.of, data }
    }

    /// The real part of the inverse transform.
    fn field(self) -> Field {
        let (width, height) = (self.width, self.height);
        let scale = 1.0 / (width * height) as f64;
        let data = transformed(self.data, width, height, FftDirection::Inverse);
        Field { width, height, data: data.iter().map(|v| v.re * scale).collect() }
    }
}

/// Transforms along rows, then along columns.
fn transformed(mut data: Vec<Complex64>, width: usize, height: usize, way: FftDirection) -> Vec<Complex64> {
    let mut planner = FftPlannerScalar::new();
    for (wide, high) in [(width, height), (height, width)] {
        planner.plan_fft(wide, way).process(&mut data);
        let mut turned = Vec::with_capacity(data.len());
        // Eight columns at a time use whole cache lines of each row.
        for x0 in (0..wide).step_by(8) {
            for x in x0..(x0 + 8).min(wide) {
                turned.extend((0..high).map(|y| data[y * wide + x]));
            }
        }
        data = turned;
    }
    data
}

#[cfg(test)]
mod tests;
