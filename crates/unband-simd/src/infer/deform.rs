//! Deformable convolution: tap positions and bilinear sampling.
#![allow(clippy::inline_always)] // `dispatch!` needs it

use crate::dispatch;
use crate::infer::math::tanh_of;

/// Kernel geometry at each position of a run: sine and cosine of the rotation, stretch of its rows, and size.
/// In 64 bits, because an error of a position is multiplied by the contrast there.
#[derive(Clone, Debug, Default)]
pub struct Turns {
    sine: Vec<f64>,
    cosine: Vec<f64>,
    stretch: Vec<f64>,
    whole: Vec<f64>,
}

impl Turns {
    /// Takes the geometry of a run: sine and cosine of the rotation, stretch, and size.
    pub fn set(&mut self, maps: [&[f32]; 4]) {
        let lists = [&mut self.sine, &mut self.cosine, &mut self.stretch, &mut self.whole];
        for (list, map) in lists.into_iter().zip(maps) {
            list.clear();
            list.extend(map.iter().copied().map(f64::from));
        }
    }

    /// Sine, cosine, stretch, size.
    pub(super) fn maps(&self) -> (&[f64], &[f64], &[f64], &[f64]) {
        (&self.sine, &self.cosine, &self.stretch, &self.whole)
    }
}

/// Outputs of the generators of a banded kernel: sine, cosine, stretch, growth.
pub const GENERATED: usize = 4;

#[inline(always)]
fn generate_body(
    out: &mut [f64],
    near: &[&[f32]],
    channels: usize,
    weights: &[[f64; GENERATED]],
    bias: [f64; GENERATED],
) {
    // Several positions at once: each sum alone waits for its own last addition.
    const PLACES: usize = 4;
    let (count, line) = (out.len() / GENERATED, 3 * channels);
    for first in (0..count).step_by(PLACES) {
        let at: [usize; PLACES] = std::array::from_fn(|i| (first + i).min(count - 1) * channels);
        let mut sums = [bias; PLACES];
        for (row, weights) in near.iter().zip(weights.chunks_exact(line)) {
            let places = at.map(|at| &row[at..at + line]);
            for (k, weight) in weights.iter().enumerate() {
                for (sums, place) in sums.iter_mut().zip(&places) {
                    let value = f64::from(place[k]);
                    for (sum, weight) in sums.iter_mut().zip(weight) {
                        *sum += value * weight;
                    }
                }
            }
        }
        for (out, sums) in out[GENERATED * first..].chunks_exact_mut(GENERATED).zip(sums) {
            out.copy_from_slice(&sums);
        }
    }
}

#[inline(always)]
fn turn_body(turns: &mut Turns, raw: &[f64], limits: Option<(f32, f32)>) {
    let places = raw.len() / GENERATED;
    let Turns { sine, cosine, stretch, whole } = turns;
    for list in [&mut *sine, &mut *cosine, &mut *stretch, &mut *whole] {
        list.resize(places, 1.0);
    }
    let lists = sine.iter_mut().zip(cosine).zip(stretch.iter_mut()).zip(whole);
    for ((((sine, cosine), stretch), whole), raw) in lists.zip(raw.chunks_exact(GENERATED)) {
        let norm = (raw[0] * raw[0] + raw[1] * raw[1] + 1e-6).sqrt();
        (*sine, *cosine) = (raw[0] / norm, raw[1] / norm);
        *stretch = raw[2];
        *whole = 1.0 + raw[3].max(0.0);
    }
    match limits {
        Some((min, max)) => {
            let (min, max) = (f64::from(min), f64::from(max));
            let (half, middle) = ((max - min) / 2.0, max.midpoint(min));
            for v in stretch {
                *v = f64::from(tanh_of::<false>(*v as f32)) * half + middle;
            }
        }
        None => {
            for v in stretch {
                *v = v.max(0.0);
            }
        }
    }
}

#[inline(always)]
fn place_body(rows: &mut [f64], columns: &mut [f64], turns: &Turns, tap: (f64, f64)) {
    let Turns { sine, cosine, stretch, whole } = turns;
    let n = rows.len().min(columns.len()).min(sine.len());
    let (rows, columns) = (&mut rows[..n], &mut columns[..n]);
    let (sine, cosine, stretch, whole) = (&sine[..n], &cosine[..n], &stretch[..n], &whole[..n]);
    for i in 0..n {
        let (u, v) = (whole[i] * (stretch[i] * tap.0), whole[i] * tap.1);
        rows[i] = cosine[i] * u + sine[i] * v;
        columns[i] = cosine[i] * v - sine[i] * u;
    }
}

/// Rows of an image with interleaved channels.
#[derive(Clone, Copy, Debug)]
pub struct ImageRows<'a> {
    /// The available rows.
    pub rows: &'a [&'a [f32]],
    /// Index of the first of them.
    pub first: usize,
    /// Rows of the whole image.
    pub height: usize,
    /// Columns.
    pub width: usize,
    /// Channels.
    pub channels: usize,
    /// Zeroes, one per channel.
    pub zeros: &'a [f32],
}

impl<'a> ImageRows<'a> {
    /// The channels of a sample; zeroes outside the image.
    #[inline(always)]
    pub(super) fn at(&self, y: i32, x: i32) -> &'a [f32] {
        if y < 0 || x < 0 || y as usize >= self.height || x as usize >= self.width {
            return &self.zeros[..self.channels];
        }
        &self.rows[y as usize - self.first][x as usize * self.channels..][..self.channels]
    }
}

#[inline(always)]
fn gather_body(
    out: &mut [f32],
    step: usize,
    rows: &[f64],
    columns: &[f64],
    (y, x): (usize, usize),
    image: &ImageRows<'_>,
) {
    let (height, width) = (image.height as f64, image.width as f64);
    for (i, ((out, &down), &across)) in out.chunks_mut(step).zip(rows).zip(columns).enumerate() {
        let out = &mut out[..image.channels];
        let (row, column) = (y as f64 + down, (x + i) as f64 + across);
        if !(row > -1.0 && row < height && column > -1.0 && column < width) {
            out.fill(0.0);
            continue;
        }
        let (top, left) = (down.floor(), across.floor());
        let (down, across) = ((down - top) as f32, (across - left) as f32);
        let (top, left) = ((top + y as f64) as i32, (left + (x + i) as f64) as i32);
        let (a, b) = (image.at(top, left), image.at(top, left + 1));
        let (c, d) = (image.at(top + 1, left), image.at(top + 1, left + 1));
        let shares =
            [(1.0 - down) * (1.0 - across), (1.0 - down) * across, down * (1.0 - across), down * across];
        for ((((out, a), b), c), d) in out.iter_mut().zip(a).zip(b).zip(c).zip(d) {
            *out = a * shares[0] + b * shares[1] + c * shares[2] + d * shares[3];
        }
    }
}

dispatch! {
    /// A 3×3 convolution with four outputs, in 64 bits: `near` are three rows from one sample before the
    /// first position on, `weights` row by row, column by column, channel by channel.
    pub fn generate(
        level, out: &mut [f64], near: &[&[f32]], channels: usize, weights: &[[f64; GENERATED]],
        bias: [f64; GENERATED],
    ) = generate_body;
    /// Kernel geometry from the generators' outputs: per position sine, cosine, stretch, growth. The stretch
    /// is mapped into the limits, or clamped to at least 0 without them.
    pub fn turn(level, turns: &mut Turns, raw: &[f64], limits: Option<(f32, f32)>) = turn_body;
    /// Offsets in rows and columns of tap (u, v) of a banded kernel: (c·u′ + s·v′, −s·u′ + c·v′), with u′ =
    /// size · stretch · u and v′ = size · v.
    pub fn place(
        level, rows: &mut [f64], columns: &mut [f64], turns: &Turns, tap: (f64, f64),
    ) = place_body;
    /// Bilinear samples at fractional offsets from the positions of a row, from column x on, `step` floats
    /// apart in `out`; zero outside the image. All rows that are read must be available.
    pub fn gather(
        level, out: &mut [f32], step: usize, rows: &[f64], columns: &[f64], from: (usize, usize),
        image: &ImageRows<'_>,
    ) = gather_body;
}

#[cfg(test)]
#[allow(clippy::float_cmp)] // these numbers are exact
mod tests {
    use super::*;
    use crate::Level;
    use crate::test_numbers::scaled as numbers;

    #[test]
    fn all_levels_give_equal_bits() {
        for channels in [1, 5, 16, 40] {
            let data = numbers(6 * 9 * channels, 1, 1.0);
            let lines: Vec<&[f32]> = data.chunks(9 * channels).collect();
            let zeros = vec![0.0; channels];
            let image = ImageRows { rows: &lines, first: 0, height: 6, width: 9, channels, zeros: &zeros };
            let near = [lines[0], lines[1], lines[2]];
            let weights: Vec<[f64; 4]> = numbers(4 * 9 * channels, 2, 0.5)
                .as_chunks()
                .0
                .iter()
                .map(|w: &[f32; 4]| w.map(f64::from))
                .collect();
            for limits in [None, Some((0.5, 3.0))] {
                let run = |level| {
                    let (mut turns, mut rows, mut columns) = (Turns::default(), [0.0; 7], [0.0; 7]);
                    let mut out = vec![0.0; 7 * (channels + 2)];
                    let mut raw = [0.0; 7 * GENERATED];
                    generate(level, &mut raw, &near, channels, &weights, [0.1, 0.9, 0.3, 0.2]);
                    raw[4] = f64::NAN;
                    turn(level, &mut turns, &raw, limits);
                    place(level, &mut rows, &mut columns, &turns, (1.0, -2.0));
                    gather(level, &mut out, channels + 2, &rows, &columns, (3, 0), &image);
                    let all = out.into_iter().map(f64::from).chain(raw).chain(rows).chain(columns);
                    all.map(|v| if v.is_nan() { 1 } else { v.to_bits() }).collect::<Vec<_>>()
                };
                let want = run(Level::Scalar);
                assert!(Level::all().all(|level| run(level) == want), "{channels} {limits:?}");
            }
        }
    }

    #[test]
    fn samples_lie_between_their_neighbours_and_fade_out_at_the_border() {
        let (upper, lower) = ([1.0, 2.0], [5.0, 6.0]);
        let image =
            ImageRows { rows: &[&upper, &lower], first: 0, height: 2, width: 2, channels: 1, zeros: &[0.0] };
        let mut out = [9.0; 6];
        let rows = [-0.5, -1.0, -1.5, 0.75, 1.0, f64::NAN];
        let columns = [0.25, 0.0, -2.0, -2.0, -4.0, -5.0];
        gather(Level::best(), &mut out, 1, &rows, &columns, (1, 0), &image);
        assert!(out == [3.25, 2.0, 0.5, 1.5, 0.0, 0.0]);
    }
}
