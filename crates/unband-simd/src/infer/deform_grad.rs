//! Gradients of a banded deformable convolution: of its image, its tap positions and its geometry.
#![allow(clippy::inline_always)] // `dispatch!` needs it

use super::deform::{ImageRows, Turns};
use crate::dispatch;

/// Channels that are summed side by side.
const LANES: usize = 16;

/// Gradients of a run of positions by their geometry.
#[derive(Clone, Debug, Default)]
pub struct TurnGradients {
    /// By the sine and the cosine of the rotation, the stretch and the size.
    pub maps: [Vec<f32>; 4],
}

/// `Σ gradient · value(corner)` over channels, for the four corners.
#[inline(always)]
fn products(gradient: &[f32], corners: [&[f32]; 4]) -> [f32; 4] {
    let mut sums = [[0.0f32; LANES]; 4];
    let (whole, rest) = gradient.as_chunks::<LANES>();
    for (sums, corner) in sums.iter_mut().zip(corners) {
        for (gradient, corner) in whole.iter().zip(corner.as_chunks::<LANES>().0) {
            for ((sum, gradient), corner) in sums.iter_mut().zip(gradient).zip(corner) {
                *sum += gradient * corner;
            }
        }
        let corner = &corner[whole.len() * LANES..];
        for ((sum, gradient), corner) in sums.iter_mut().zip(rest).zip(corner) {
            *sum += gradient * corner;
        }
    }
    sums.map(|sums| {
        let mut sums = sums;
        let mut half = LANES / 2;
        while half > 0 {
            for i in 0..half {
                sums[i] += sums[i + half];
            }
            half /= 2;
        }
        sums[0]
    })
}

#[inline(always)]
fn scatter_body(
    image: &mut [f32],
    slopes: (&mut [f32], &mut [f32]),
    gradients: (&[f32], usize),
    places: (&[f64], &[f64]),
    (y, x): (usize, usize),
    source: &ImageRows<'_>,
) {
    let (height, width, channels) = (source.height as f64, source.width as f64, source.channels);
    let (gradients, step) = gradients;
    let places = places.0.iter().zip(places.1).zip(slopes.0.iter_mut().zip(slopes.1));
    for (i, ((&down, &across), (by_row, by_column))) in places.enumerate() {
        let (row, column) = (y as f64 + down, (x + i) as f64 + across);
        (*by_row, *by_column) = (0.0, 0.0);
        if !(row > -1.0 && row < height && column > -1.0 && column < width) {
            continue;
        }
        let gradient = &gradients[i * step..][..channels];
        let (top, left) = (down.floor(), across.floor());
        let (down, across) = ((down - top) as f32, (across - left) as f32);
        let (top, left) = ((top + y as f64) as i32, (left + (x + i) as f64) as i32);
        let corners = [(top, left), (top, left + 1), (top + 1, left), (top + 1, left + 1)];
        let shares =
            [(1.0 - down) * (1.0 - across), (1.0 - down) * across, down * (1.0 - across), down * across];
        for ((y, x), share) in corners.into_iter().zip(shares) {
            if y < 0 || x < 0 || y as usize >= source.height || x as usize >= source.width {
                continue;
            }
            let at = (y as usize * source.width + x as usize) * channels;
            for (to, gradient) in image[at..at + channels].iter_mut().zip(gradient) {
                *to += share * gradient;
            }
        }
        let [a, b, c, d] = products(gradient, corners.map(|(y, x)| source.at(y, x)));
        *by_row = (c - a) * (1.0 - across) + (d - b) * across;
        *by_column = (b - a) * (1.0 - down) + (d - c) * down;
    }
}

#[inline(always)]
fn turn_back_body(out: &mut TurnGradients, turns: &Turns, slopes: (&[f32], &[f32]), tap: (f64, f64)) {
    let (sine, cosine, stretch, whole) = turns.maps();
    let n = slopes.0.len().min(slopes.1.len()).min(sine.len());
    let (by_row, by_column) = (&slopes.0[..n], &slopes.1[..n]);
    let (sine, cosine, stretch, whole) = (&sine[..n], &cosine[..n], &stretch[..n], &whole[..n]);
    let [to_sine, to_cosine, to_stretch, to_whole] = &mut out.maps;
    let (to_sine, to_cosine) = (&mut to_sine[..n], &mut to_cosine[..n]);
    let (to_stretch, to_whole) = (&mut to_stretch[..n], &mut to_whole[..n]);
    for i in 0..n {
        let (by_row, by_column) = (f64::from(by_row[i]), f64::from(by_column[i]));
        let (along, across) = (stretch[i] * tap.0, tap.1);
        let (u, v) = (whole[i] * along, whole[i] * across);
        let by_u = by_row * cosine[i] - by_column * sine[i];
        let by_v = by_row * sine[i] + by_column * cosine[i];
        to_sine[i] += (by_row * v - by_column * u) as f32;
        to_cosine[i] += (by_row * u + by_column * v) as f32;
        to_stretch[i] += (by_u * whole[i] * tap.0) as f32;
        to_whole[i] += (by_u * along + by_v * across) as f32;
    }
}

dispatch! {
    /// The adjoint of [`super::deform::gather`] for positions of a row from column x on: adds the gradients,
    /// `(floats, step)`, to those of the whole image, channels innermost, and writes the gradients by rows
    /// and columns of the positions. All rows of the image must be available.
    pub fn scatter(
        level, image: &mut [f32], slopes: (&mut [f32], &mut [f32]), gradients: (&[f32], usize),
        places: (&[f64], &[f64]), from: (usize, usize), source: &ImageRows<'_>,
    ) = scatter_body;
    /// Adds the gradients by the geometry that follow from those by rows and columns of tap (u, v); see
    /// [`super::deform::place`].
    pub fn turn_back(
        level, out: &mut TurnGradients, turns: &Turns, slopes: (&[f32], &[f32]), tap: (f64, f64),
    ) = turn_back_body;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Level;
    use crate::infer::deform::{gather, place};
    use crate::test_numbers::scaled as numbers;

    const SIZE: (usize, usize) = (6, 9);

    fn geometry() -> [Vec<f32>; 4] {
        let near = |seed, at: f32| numbers(7, seed, 0.2).into_iter().map(|v| at + v).collect::<Vec<f32>>();
        [near(3, 0.5), near(4, 0.8), near(5, 1.3), near(6, 1.1)]
    }

    /// `Σ weight · sample` over positions and channels of one tap, and its gradients.
    fn run(level: Level, data: &[f32], maps: &[Vec<f32>; 4], weights: &[f32]) -> (f64, Vec<f32>, Vec<f32>) {
        let channels = weights.len() / 7;
        let lines: Vec<&[f32]> = data.chunks(SIZE.1 * channels).collect();
        let zeros = vec![0.0; channels];
        let source =
            ImageRows { rows: &lines, first: 0, height: SIZE.0, width: SIZE.1, channels, zeros: &zeros };
        let mut turns = Turns::default();
        turns.set([&maps[0], &maps[1], &maps[2], &maps[3]]);
        let (mut rows, mut columns, tap) = ([0.0; 7], [0.0; 7], (1.0, -1.0));
        place(level, &mut rows, &mut columns, &turns, tap);
        let mut out = vec![0.0; 7 * channels];
        gather(level, &mut out, channels, &rows, &columns, (3, 1), &source);
        let sum = out.iter().zip(weights).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum();
        let mut image = vec![0.0; data.len()];
        let (mut down, mut across) = ([0.0; 7], [0.0; 7]);
        let (slopes, places) = ((&mut down[..], &mut across[..]), (&rows[..], &columns[..]));
        scatter(level, &mut image, slopes, (weights, channels), places, (3, 1), &source);
        let mut back = TurnGradients { maps: std::array::from_fn(|_| vec![0.0; 7]) };
        turn_back(level, &mut back, &turns, (&down, &across), tap);
        (sum, image, back.maps.concat())
    }

    #[test]
    fn gradients_are_the_slopes_of_the_sum() {
        for channels in [1, 5, 40] {
            let data = numbers(SIZE.0 * SIZE.1 * channels, 1, 1.0);
            let (maps, weights) = (geometry(), numbers(7 * channels, 2, 1.0));
            let (_, image, back) = run(Level::best(), &data, &maps, &weights);
            let sum = |data: &[f32], maps: &[Vec<f32>; 4]| run(Level::best(), data, maps, &weights).0;
            for i in (0..data.len()).step_by(7) {
                let moved = |by: f32| {
                    let mut data = data.clone();
                    data[i] += by;
                    sum(&data, &maps)
                };
                let slope = (moved(0.5) - moved(-0.5)) as f32;
                assert!((slope - image[i]).abs() < 1e-4, "{channels} {i}: {slope} {}", image[i]);
            }
            for (m, i) in [(0, 0), (1, 2), (2, 4), (3, 6)] {
                let moved = |by: f32| {
                    let mut maps = maps.clone();
                    maps[m][i] += by;
                    sum(&data, &maps)
                };
                let slope = ((moved(1e-3) - moved(-1e-3)) / 2e-3) as f32;
                let found = back[7 * m + i];
                assert!(
                    (slope - found).abs() < 0.02 * slope.abs().max(1.0),
                    "{channels} {m}: {slope} {found}"
                );
            }
        }
    }

    #[test]
    fn all_levels_give_equal_bits() {
        for channels in [1, 16, 37] {
            let data = numbers(SIZE.0 * SIZE.1 * channels, 1, 1.0);
            let weights = numbers(7 * channels, 2, 1.0);
            let bits = |level| {
                let (_, image, back) = run(level, &data, &geometry(), &weights);
                image.into_iter().chain(back).map(f32::to_bits).collect::<Vec<_>>()
            };
            let want = bits(Level::Scalar);
            assert!(Level::all().all(|level| bits(level) == want), "{channels}");
        }
    }
}
