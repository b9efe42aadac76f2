//! Windows with more local contrast, which makes faint bands visible without clipping.

use crate::Window;

/// Means along the longer side of a window, and more for more contrast. Fewer would clip, more would remove
/// wide bands.
const CELLS: f32 = 4.0;
/// Samples along the longer side that means are computed from.
const SAMPLES: usize = 160;
/// Control points before and after those of the window.
const PAD: usize = 2;

/// Smooth means of the surroundings in a window, as control points of a cubic B-spline.
#[derive(Clone, Debug)]
pub struct Surroundings {
    window: Window,
    columns: usize,
    rows: usize,
    /// Values of 0 to 1, three per point.
    points: Vec<[f32; 3]>,
}

/// Samples of a window, each the mean of `every × every`: red, green, blue and alpha of 0 to 1.
pub(super) struct Samples {
    pub window: Window,
    pub every: usize,
    pub width: usize,
    pub height: usize,
    pub values: Vec<[f32; 4]>,
}

/// The step between samples that means of this window are computed from.
pub(super) fn coarse(window: Window) -> usize {
    window.width().max(window.height()).div_ceil(SAMPLES).max(1)
}

impl Surroundings {
    /// From coarse samples of the window, for a factor of contrast.
    pub(super) fn new(samples: &Samples, factor: f32) -> Self {
        let (across, down) = (samples.width, samples.height);
        let side = (across.max(down) as f32 / (CELLS + factor)).ceil().max(1.0);
        let cells = |length: usize| ((length as f32 / side).round() as usize).max(1);
        let (columns, rows) = (cells(across), cells(down));
        let stride = columns + 2 * PAD + 1;
        let mut points = vec![[0.0; 3]; stride * (rows + 2 * PAD + 1)];
        let part = |k: usize, count: usize, length: usize| {
            let begin = k * length / count;
            begin..((k + 1) * length / count).max(begin + 1).min(length)
        };
        for row in 0..rows {
            for column in 0..columns {
                let (mut sums, mut count) = ([0.0; 3], 0);
                for y in part(row, rows, down) {
                    for x in part(column, columns, across) {
                        let value = &samples.values[y * across + x];
                        sums.iter_mut().zip(value).for_each(|(sum, value)| *sum += value);
                        count += 1;
                    }
                }
                points[(row + PAD) * stride + column + PAD] = sums.map(|sum| sum / count.max(1) as f32);
            }
        }
        // Straight continuation: a repeated border would darken or lighten the margins.
        for row in 0..rows {
            extend(&mut points, (row + PAD) * stride, 1, columns);
        }
        for column in 0..stride {
            extend(&mut points, column, stride, rows);
        }
        Self { window: samples.window, columns, rows, points }
    }

    /// Pixels as RGBA of 8 bits, with differences from the surroundings multiplied.
    pub(super) fn amplified(&self, samples: &Samples, factor: f32) -> Vec<u8> {
        let place = |at: usize, from: usize, begin: usize, length: usize, count: usize| {
            let middle = (from + at * samples.every) as f32 + 0.5 * samples.every as f32 - begin as f32;
            SplinePlace::new(middle * count as f32 / length.max(1) as f32 - 0.5, count)
        };
        let of = self.window;
        let column = |x| place(x, samples.window.x0, of.x0, of.width(), self.columns);
        let columns: Vec<SplinePlace> = (0..samples.width).map(column).collect();
        let stride = self.columns + 2 * PAD + 1;
        let mut pixels = Vec::with_capacity(4 * samples.values.len());
        for y in 0..samples.height {
            let at = place(y, samples.window.y0, of.y0, of.height(), self.rows);
            let line: Vec<[f32; 3]> =
                (0..stride).map(|x| at.mean(|k| self.points[(at.first + k) * stride + x])).collect();
            let row = &samples.values[y * samples.width..][..samples.width];
            for (value, at) in row.iter().zip(&columns) {
                let means = at.mean(|k| line[at.first + k]);
                let [r, g, b] = [0, 1, 2].map(|c| means[c] + factor * (value[c] - means[c]));
                pixels.extend([r, g, b, value[3]].map(code));
            }
        }
        pixels
    }
}

/// A value of 0 to 1 as a code of 8 bits.
pub(super) fn code(value: f32) -> u8 {
    (255.0 * value + 0.5).clamp(0.0, 255.0) as u8
}

/// Continues the control points in one direction: `count` of them, `step` apart, after [`PAD`] from `first`.
fn extend(points: &mut [[f32; 3]], first: usize, step: usize, count: usize) {
    let at = |k: usize| first + k * step;
    let slope = f32::from(u8::from(count > 1));
    let beyond =
        |from: [f32; 3], a: [f32; 3], b: [f32; 3]| std::array::from_fn(|c| from[c] + slope * (a[c] - b[c]));
    for k in (0..PAD).rev() {
        let neighbour = at(PAD + usize::from(count > 1));
        points[at(k)] = beyond(points[at(k + 1)], points[at(PAD)], points[neighbour]);
    }
    let last = PAD + count - 1;
    for k in last + 1..=last + PAD + 1 {
        let neighbour = at(last - usize::from(count > 1));
        points[at(k)] = beyond(points[at(k - 1)], points[at(last)], points[neighbour]);
    }
}

/// The four control points around a place, and their weights.
struct SplinePlace {
    first: usize,
    weights: [f32; 4],
}

impl SplinePlace {
    fn new(position: f32, count: usize) -> Self {
        let p = position.clamp(-1.0, count as f32);
        let i = p.floor().min(count as f32 - 1.0);
        let f = p - i;
        let g = 1.0 - f;
        let weights =
            [g * g * g, 4.0 - 6.0 * f * f + 3.0 * f * f * f, 4.0 - 6.0 * g * g + 3.0 * g * g * g, f * f * f];
        Self { first: (i + 1.0) as usize, weights: weights.map(|weight| weight / 6.0) }
    }

    fn mean(&self, of: impl Fn(usize) -> [f32; 3]) -> [f32; 3] {
        let points = [0, 1, 2, 3].map(of);
        std::array::from_fn(|c| (0..4).map(|k| self.weights[k] * points[k][c]).sum())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ramp(window: Window, every: usize) -> Samples {
        let (width, height) = (window.width().div_ceil(every), window.height().div_ceil(every));
        let value = |i: usize| {
            let (x, y) = (window.x0 + i % width * every, window.y0 + i / width * every);
            let middle = (every - 1) as f32 / 2.0;
            let v = (x as f32 + middle) * 0.0008 + (y as f32 + middle) * 0.0005;
            [v, 0.5, 1.0 - v, 0.25]
        };
        Samples { window, every, width, height, values: (0..width * height).map(value).collect() }
    }

    #[test]
    fn a_ramp_stays_a_ramp_and_alpha_stays() {
        let window = Window { x0: 100, y0: 40, x1: 740, y1: 440 };
        let samples = ramp(window, 1);
        // Cells of one size: 20 × 20 of the coarse samples.
        let means = Surroundings::new(&ramp(window, coarse(window)), 4.0);
        let plain: Vec<u8> = samples.values.iter().flat_map(|value| value.map(code)).collect();
        let made = means.amplified(&samples, 4.0);
        let far = made.iter().zip(&plain).map(|(a, b)| a.abs_diff(*b)).max();
        assert!(far <= Some(2), "{far:?}");
    }

    #[test]
    fn a_step_of_one_code_becomes_many() {
        let window = Window { x0: 0, y0: 0, x1: 400, y1: 200 };
        let mut samples = ramp(window, 1);
        for (i, value) in samples.values.iter_mut().enumerate() {
            *value = [(100.0 + f32::from(u8::from(i % 400 >= 200))) / 255.0; 4];
        }
        let means = Surroundings::new(&samples, 8.0);
        let row = &means.amplified(&samples, 8.0)[4 * 400 * 100..][..1600];
        let step = f32::from(row[4 * 200]) - f32::from(row[4 * 199]);
        assert!((7.0..=9.0).contains(&step), "{step}");
    }

    #[test]
    fn windows_of_one_sample_are_drawn() {
        let window = Window { x0: 5, y0: 6, x1: 6, y1: 7 };
        let samples = ramp(window, 1);
        let means = Surroundings::new(&samples, 16.0);
        assert_eq!(means.amplified(&samples, 16.0).len(), 4);
    }
}
