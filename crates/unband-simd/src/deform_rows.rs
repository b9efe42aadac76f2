//! Deformable convolution: tap positions and bilinear sampling.
#![allow(clippy::inline_always)] // `dispatch!` needs it

use crate::dispatch;
use crate::math_rows::tanh_of;

/// Kernel geometry at each position of a run: sine and cosine of the rotation, stretch of its rows, and size.
#[derive(Clone, Debug, Default)]
pub struct Turns {
    sine: Vec<f32>,
    cosine: Vec<f32>,
    stretch: Vec<f32>,
    whole: Vec<f32>,
}

#[inline(always)]
fn turn_body(turns: &mut Turns, raw: &[f32], numbers: usize, limits: Option<(f32, f32)>) {
    let places = raw.len() / numbers.max(1);
    let Turns { sine, cosine, stretch, whole } = turns;
    for list in [&mut *sine, &mut *cosine, &mut *stretch, &mut *whole] {
        list.resize(places, 1.0);
    }
    let lists = sine.iter_mut().zip(cosine).zip(stretch.iter_mut()).zip(whole);
    for ((((sine, cosine), stretch), whole), raw) in lists.zip(raw.chunks_exact(numbers.max(1))) {
        let norm = (raw[0] * raw[0] + raw[1] * raw[1] + 1e-6).sqrt();
        (*sine, *cosine) = (raw[0] / norm, raw[1] / norm);
        *stretch = raw[2];
        *whole = 1.0 + if numbers > 3 { raw[3].max(0.0) } else { 0.0 };
    }
    match limits {
        Some((min, max)) => {
            let (half, middle) = ((max - min) / 2.0, max.midpoint(min));
            for v in stretch {
                *v = tanh_of::<false>(*v) * half + middle;
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
fn place_body(rows: &mut [f32], columns: &mut [f32], turns: &Turns, tap: (f32, f32), y: f32, x: f32) {
    let Turns { sine, cosine, stretch, whole } = turns;
    let n = rows.len().min(columns.len()).min(sine.len());
    let (rows, columns) = (&mut rows[..n], &mut columns[..n]);
    let (sine, cosine, stretch, whole) = (&sine[..n], &cosine[..n], &stretch[..n], &whole[..n]);
    for i in 0..n {
        let (u, v) = (whole[i] * (stretch[i] * tap.0), whole[i] * tap.1);
        rows[i] = y + cosine[i] * u + sine[i] * v;
        columns[i] = (x + i as f32) - sine[i] * u + cosine[i] * v;
    }
}

/// Rows of an image with interleaved channels.
#[derive(Clone, Copy, Debug)]
pub struct Picture<'a> {
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

impl<'a> Picture<'a> {
    /// The channels of a sample; zeroes outside the image.
    #[inline(always)]
    fn at(&self, y: i32, x: i32) -> &'a [f32] {
        if y < 0 || x < 0 || y as usize >= self.height || x as usize >= self.width {
            return &self.zeros[..self.channels];
        }
        &self.rows[y as usize - self.first][x as usize * self.channels..][..self.channels]
    }
}

#[inline(always)]
fn gather_body(out: &mut [f32], step: usize, rows: &[f32], columns: &[f32], picture: &Picture<'_>) {
    let (height, width) = (picture.height as f32, picture.width as f32);
    for ((out, &row), &column) in out.chunks_mut(step).zip(rows).zip(columns) {
        let out = &mut out[..picture.channels];
        if !(row > -1.0 && row < height && column > -1.0 && column < width) {
            out.fill(0.0);
            continue;
        }
        let (top, left) = (row.floor(), column.floor());
        let (down, across) = (row - top, column - left);
        let (top, left) = (top as i32, left as i32);
        let (a, b) = (picture.at(top, left), picture.at(top, left + 1));
        let (c, d) = (picture.at(top + 1, left), picture.at(top + 1, left + 1));
        let shares =
            [(1.0 - down) * (1.0 - across), (1.0 - down) * across, down * (1.0 - across), down * across];
        for ((((out, a), b), c), d) in out.iter_mut().zip(a).zip(b).zip(c).zip(d) {
            *out = a * shares[0] + b * shares[1] + c * shares[2] + d * shares[3];
        }
    }
}

dispatch! {
    /// Kernel geometry from the generators' outputs: per position sine, cosine, stretch and, if there are
    /// four values, size. The stretch is mapped into the limits, or clamped to at least 0 without them.
    pub fn turn(level, turns: &mut Turns, raw: &[f32], numbers: usize, limits: Option<(f32, f32)>) = turn_body;
    /// Read positions of tap (u, v) of a banded kernel, for columns from x on in row y: the offset is (c·u′ +
    /// s·v′, −s·u′ + c·v′), with u′ = size · stretch · u and v′ = size · v.
    pub fn place(
        level, rows: &mut [f32], columns: &mut [f32], turns: &Turns, tap: (f32, f32), y: f32, x: f32,
    ) = place_body;
    /// Bilinear samples at fractional rows and columns, `step` floats apart in `out`; zero outside the image.
    /// All rows that are read must be available.
    pub fn gather(
        level, out: &mut [f32], step: usize, rows: &[f32], columns: &[f32], picture: &Picture<'_>,
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
        for (channels, count) in [(1, 3), (5, 4), (16, 4), (40, 3)] {
            let data = numbers(6 * 9 * channels, 1, 1.0);
            let lines: Vec<&[f32]> = data.chunks(9 * channels).collect();
            let zeros = vec![0.0; channels];
            let picture = Picture { rows: &lines, first: 0, height: 6, width: 9, channels, zeros: &zeros };
            let mut raw = numbers(9 * count, 2, 2.0);
            raw[4] = f32::NAN;
            for limits in [None, Some((0.5, 3.0))] {
                let run = |level| {
                    let (mut turns, mut rows, mut columns) = (Turns::default(), [0.0; 9], [0.0; 9]);
                    let mut out = vec![0.0; 9 * (channels + 2)];
                    turn(level, &mut turns, &raw, count, limits);
                    place(level, &mut rows, &mut columns, &turns, (1.0, -2.0), 3.0, 0.0);
                    gather(level, &mut out, channels + 2, &rows, &columns, &picture);
                    out.extend(rows.into_iter().chain(columns));
                    out.into_iter().map(|v| if v.is_nan() { 1 } else { v.to_bits() }).collect::<Vec<_>>()
                };
                let want = run(Level::Scalar);
                assert!(Level::all().all(|level| run(level) == want), "{channels} {limits:?}");
            }
        }
    }

    #[test]
    fn samples_lie_between_their_neighbours_and_fade_out_at_the_border() {
        let (upper, lower) = ([1.0, 2.0], [5.0, 6.0]);
        let picture =
            Picture { rows: &[&upper, &lower], first: 0, height: 2, width: 2, channels: 1, zeros: &[0.0] };
        let mut out = [9.0; 6];
        let rows = [0.5, 0.0, -0.5, 1.75, 2.0, f32::NAN];
        let columns = [0.25, 1.0, 0.0, 1.0, 0.0, 0.0];
        gather(Level::best(), &mut out, 1, &rows, &columns, &picture);
        assert!(out == [3.25, 2.0, 0.5, 1.5, 0.0, 0.0]);
    }
}
