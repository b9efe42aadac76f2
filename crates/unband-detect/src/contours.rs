//! Contours: steps of 1.3 to 12 codes between two flats of three samples, along some rows and columns.
//!
//! False contours of one cause have steps of about one size. In a drawing all channels step at one contour;
//! in a banded image they step at different places, because each was rounded alone.

use crate::planes::Codes;
use crate::spread::counts;
use unband_image::color::Matrix;

/// Samples of a flat.
const FLAT: usize = 3;
/// Steps of false contours, in codes: below, a sample's own rounding, above, an edge.
const JUMPS: std::ops::Range<f32> = 1.3..12.0;
/// Smallest step of a contour whose channels are compared, and the limit of small ones, in codes.
const SURE: f32 = 1.6;
const SMALL: f32 = 3.0;
/// Range of a flat: at most this share of the step, and this many codes.
const UNEVEN: (f32, f32) = (0.25, 0.6);
/// Least share of a step between the samples next to the one between the flats: less is a slope.
const SHARP: f32 = 0.7;
/// Samples in either direction that are enough.
const ENOUGH: usize = 1 << 15;
/// Least share of samples at steps of which the mean counts.
const RARE: f64 = 4e-4;

/// Counts of contours along lines. A sharp step counts twice, with the sample before it and that after it.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Contours {
    samples: u64,
    /// All, and those with steps below [`SMALL`].
    all: u64,
    small: u64,
    /// One channel steps alone, or luma stands still.
    alone: u64,
    /// Channels step together.
    joint: u64,
    /// Sum and number of the steps of luma and both colour differences.
    steps: [(f64, u64); 3],
}

/// Working memory: a line of three channels, and the flats that start at each of its samples.
#[derive(Default)]
struct Line {
    rgb: [Vec<f32>; 3],
    mixed: Vec<f32>,
    flats: [Flats; 3],
}

#[derive(Default)]
struct Flats {
    mean: Vec<f32>,
    range: Vec<f32>,
}

impl Flats {
    fn measure(&mut self, line: &[f32]) {
        self.mean.clear();
        self.range.clear();
        let Some(count) = line.len().checked_sub(FLAT - 1) else { return };
        let (a, b, c) = (&line[..count], &line[1..=count], &line[2..]);
        let three = || a.iter().zip(b).zip(c);
        self.mean.extend(three().map(|((a, b), c)| ((a + c) + b) * (1.0 / 3.0)));
        self.range.extend(three().map(|((a, b), c)| a.max(*b).max(*c) - a.min(*b).min(*c)));
    }

    /// The step from the flat at `x` to that beyond one sample, and the larger range of both.
    fn step(&self, x: usize) -> (f32, f32) {
        let next = x + FLAT + 1;
        (self.mean[next] - self.mean[x], self.range[x].max(self.range[next]))
    }
}

fn are_flat(range: f32, step: f32) -> bool {
    range <= UNEVEN.0 * step + UNEVEN.1
}

impl Contours {
    /// Counts the contours of red, green and blue.
    pub(crate) fn count(codes: &Codes, matrix: Matrix) -> Self {
        let weights = [0, 1, 2].map(|plane| matrix.weights_of(plane));
        let mut all = Self::default();
        let mut line = Line::default();
        let (w, h) = (codes.width, codes.height);
        let every = (w * h).div_ceil(ENOUGH).max(1);
        // First sample, distance to the next, and samples of a line.
        let rows = (0..h).filter(|&y| counts(y, h, every)).map(|y| (y * w, 1, w));
        let columns = (0..w).filter(|&x| counts(x, w, every)).map(|x| (x, w, h));
        for (first, next, length) in rows.chain(columns) {
            for (samples, plane) in line.rgb.iter_mut().zip(&codes.planes) {
                samples.clear();
                samples.extend(plane[first..].iter().step_by(next).take(length).map(|&v| f32::from(v)));
            }
            all.add(&mut line, weights);
        }
        all
    }

    fn add(&mut self, line: &mut Line, weights: [[f32; 3]; 3]) {
        let Line { rgb, mixed, flats } = line;
        let length = rgb[0].len();
        self.samples += length as u64;
        flats.iter_mut().zip(rgb.iter()).for_each(|(flats, line)| flats.measure(line));
        for x in 0..length.saturating_sub(2 * FLAT) {
            self.contour(rgb, flats, x, weights[0]);
        }
        let flats = &mut flats[0];
        for (weights, steps) in weights.into_iter().zip(&mut self.steps) {
            let [r, g, b] = &*rgb;
            let samples = r.iter().zip(g).zip(b);
            mixed.clear();
            mixed.extend(samples.map(|((r, g), b)| weights[0] * r + weights[1] * g + weights[2] * b));
            flats.measure(mixed);
            for x in 0..length.saturating_sub(2 * FLAT) {
                let (step, range) = flats.step(x);
                let sharp = (mixed[x + FLAT + 1] - mixed[x + FLAT - 1]).abs() >= SHARP * step.abs();
                if JUMPS.contains(&step.abs()) && are_flat(range, step.abs()) && sharp {
                    steps.0 += f64::from(step.abs());
                    steps.1 += 1;
                }
            }
        }
    }

    /// Adds the contour after the flat at `x`, if there is one.
    fn contour(&mut self, rgb: &[Vec<f32>; 3], flats: &[Flats; 3], x: usize, luma: [f32; 3]) {
        let steps = [0, 1, 2].map(|c| flats[c].step(x));
        let (mut size, mut range) = (0.0f32, 0.0f32);
        for (step, uneven) in steps {
            (size, range) = (size.max(step.abs()), range.max(uneven));
        }
        if !(SURE..JUMPS.end).contains(&size) || !are_flat(range, size) {
            return;
        }
        let across = |c: usize| (rgb[c][x + FLAT + 1] - rgb[c][x + FLAT - 1]).abs();
        if (0..3).map(across).fold(0.0, f32::max) < SHARP * size {
            return;
        }
        // The sample between belongs to one side, or to both.
        let from = |flat: usize| {
            (0..3).fold(0.0f32, |far, c| far.max((rgb[c][x + FLAT] - flats[c].mean[flat]).abs()))
        };
        let sides = [x, x + FLAT + 1].map(|flat| u64::from(from(flat) >= 0.5 * size));
        let count = sides[0] + sides[1];
        self.all += count;
        self.small += if size < SMALL { count } else { 0 };
        let moving = steps.iter().filter(|(step, _)| step.abs() >= (0.2 * size).max(0.5)).count();
        let light = (0..3).map(|c| luma[c] * steps[c].0).sum::<f32>().abs();
        let least = steps.iter().fold(f32::MAX, |least, (step, _)| least.min(step.abs()));
        if moving == 1 || light <= 0.25 * size {
            self.alone += count;
        } else if size - least > 0.35 * size + 0.35 {
            self.joint += count;
        }
    }

    /// Share of samples with a contour.
    pub(crate) fn density(&self) -> f64 {
        0.5 * self.all as f64 / self.samples.max(1) as f64
    }

    /// Share of the contours with steps below three codes. A clean image has mostly these.
    pub(crate) fn small(&self) -> f64 {
        self.small as f64 / self.all.max(1) as f64
    }

    /// Share of the contours at which channels step apart, among those that are not grey, 0 to 1.
    pub(crate) fn independence(&self) -> f64 {
        self.alone as f64 / (self.alone + self.joint).max(1) as f64
    }

    /// Mean steps of luma and both colour differences, in codes; `None` where they are rare.
    pub(crate) fn mean_steps(&self) -> [Option<f64>; 3] {
        let enough = RARE * self.samples as f64;
        self.steps.map(|(sum, count)| (count as f64 > enough.max(20.0)).then(|| sum / count as f64))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two channels of plateaus ten samples wide; the second starts `apart` samples later.
    fn stairs(apart: usize, step: u8) -> Contours {
        let (width, height) = (200, 64);
        let at = |x: usize| 20 + step * (x / 10 % 20) as u8;
        let row = |shift: usize| (0..width).map(|x| at(x + shift)).collect::<Vec<u8>>().repeat(height);
        let planes = vec![row(apart), row(0), vec![90; width * height]];
        Contours::count(&Codes { width, height, planes }, Matrix::Bt709)
    }

    #[test]
    fn channels_of_a_drawing_step_together() {
        let (together, apart) = (stairs(0, 6), stairs(5, 6));
        assert!(together.independence() < 0.01 && apart.independence() > 0.99, "{together:?} {apart:?}");
        assert_eq!(together.all * 2, apart.all, "{together:?} {apart:?}");
    }

    #[test]
    fn steps_are_measured_in_codes() {
        let six = stairs(5, 6);
        assert!(six.small == 0 && six.density() > 0.05, "{six:?}");
        // BT.709: red and green are 0.2126 and 0.7152 of luma; the first step is below a contour's least.
        assert!((six.mean_steps()[0].unwrap() - 6.0 * 0.7152).abs() < 0.01, "{six:?}");
        assert!(stairs(5, 2).small() > 0.99);
    }
}
