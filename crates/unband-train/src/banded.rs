//! Tells plainly banded pairs from others.

use unband_image::{Image, Plane};

/// A patch is banded when false steps cover this share of it: about one contour from side to side.
const LEAST_SHARE: f64 = 0.02;
/// Codes by which they exceed the clean picture's. Rounding to 8 bits, which clean pictures went through too, stays below 1.
const LEAST_STEP_CODES: f32 = 1.5;
/// Where the clean picture steps by more, half a code per sample, there is an edge or a steep slope, which hides contours.
const LEVEL_CODES: f32 = 3.0;
/// Side of the boxes, in samples, even.
const BOX: usize = 6;

/// Is the banding of a degraded patch plain to see? Places count where the clean picture is level and the degraded one steps. Red,
/// green and blue are looked at one by one, so that contours of colour count.
///
/// Steps are differences of means of neighbouring boxes: unlike PSNR they leave noise, blur and texture out.
pub(crate) fn is_banded(lq: &Image, gt: &Image) -> bool {
    lq.planes.iter().zip(&gt.planes).take(3).any(|(lq, gt)| {
        let (found, before) = (steps(lq), steps(gt));
        let counts = |(f, b): (&f32, &f32)| *b < LEVEL_CODES && f - b >= LEAST_STEP_CODES;
        let places = found.iter().zip(&before).filter(|&(f, b)| counts((f, b))).count();
        places as f64 >= LEAST_SHARE * lq.data.len() as f64
    })
}

/// For each sample that has room around it, how far the means of two boxes of [`BOX`] squared that meet there are apart, across
/// or down, whichever is more; in 8-bit codes.
fn steps(plane: &Plane) -> Vec<f32> {
    let (w, h) = (plane.width, plane.height);
    let means = box_means(plane);
    let wide = w + 1 - BOX;
    let at = |y: usize, x: usize| means[y * wide + x];
    let half = BOX / 2;
    let mut steps = Vec::with_capacity(w * h);
    for y in half..(h + 1).saturating_sub(BOX + half) {
        for x in half..(w + 1).saturating_sub(BOX + half) {
            let across = at(y, x - half) - at(y, x + half);
            let down = at(y - half, x) - at(y + half, x);
            steps.push(across.abs().max(down.abs()));
        }
    }
    steps
}

/// Means of all boxes that fit, in 8-bit codes.
fn box_means(plane: &Plane) -> Vec<f32> {
    let (w, wide) = (plane.width, plane.width + 1 - BOX);
    let sums = |row: &[f32]| -> Vec<f32> { row.windows(BOX).map(|run| run.iter().sum()).collect() };
    let across: Vec<f32> = plane.data.chunks_exact(w).flat_map(sums).collect();
    let scale = 255.0 / (BOX * BOX) as f32;
    let mean = |i: usize| (0..BOX).map(|k| across[i + k * wide]).sum::<f32>() * scale;
    (0..wide * (plane.height + 1 - BOX)).map(mean).collect()
}

#[cfg(test)]
pub(crate) mod tests {
    use unband_image::Rng;

    use super::*;

    pub const SIDE: usize = 64;

    /// Codes of 8 bits by column, row and plane.
    pub fn image(f: impl Fn(usize, usize, usize) -> f32) -> Image {
        let value =
            |i: usize| (f(i / 3 % SIDE, i / 3 / SIDE, i % 3).clamp(0.0, 255.0) * 257.0).round() as u16;
        let data: Vec<u16> = (0..3 * SIDE * SIDE).map(value).collect();
        Image::from_rgb16(SIDE, SIDE, &data).unwrap_or_else(|e| panic!("{e}"))
    }

    fn ramp(x: usize, y: usize) -> f32 {
        80.0 + 0.2 * x as f32 + 0.1 * y as f32
    }

    #[test]
    fn contours_of_several_codes_make_a_patch_banded() {
        let clean = image(|x, y, _| ramp(x, y));
        assert!(is_banded(&image(|x, y, _| (ramp(x, y) / 4.0).round() * 4.0), &clean));
        // In one channel alone too.
        let blue = |x, y, c| if c == 2 { (ramp(x, y) / 8.0).round() * 8.0 } else { ramp(x, y) };
        assert!(is_banded(&image(blue), &clean));
    }

    #[test]
    fn rounding_to_8_bits_noise_and_brightness_do_not() {
        let clean = image(|x, y, _| ramp(x, y));
        let rng = Rng::new(4);
        let noise = |x: usize, y: usize, c: usize| rng.unit_at(c as u32, 0, x as u32, y as u32) - 0.5;
        assert!(!is_banded(&clean, &clean));
        assert!(!is_banded(&image(|x, y, _| ramp(x, y).round()), &clean));
        assert!(!is_banded(&image(|x, y, c| ramp(x, y) + 6.0 * noise(x, y, c)), &clean));
        assert!(!is_banded(&image(|x, y, _| ramp(x, y) + 9.0), &clean));
        // Dither of the coarse grid hides its contours.
        let dithered = |x, y, c| (ramp(x, y) / 4.0 + noise(x, y, c)).round() * 4.0;
        assert!(!is_banded(&image(dithered), &clean));
    }

    #[test]
    fn edges_that_were_there_do_not_count() {
        let stairs = |x: usize| (x / 8 * 8) as f32;
        let clean = image(|x, _, _| stairs(x));
        assert!(!is_banded(&clean, &clean));
        // Steps made higher are steps of the picture all the same.
        assert!(!is_banded(&image(|x, _, _| 2.0 * stairs(x)), &clean));
    }

    #[test]
    fn steps_are_those_of_the_picture_in_codes() {
        let edge = image(|x, _, _| if x < SIDE / 2 { 50.0 } else { 57.0 });
        let found = steps(&edge.planes[0]);
        let most = found.iter().fold(0.0f32, |m, v| m.max(*v));
        assert!((most - 7.0).abs() < 0.01, "{most}");
        let there = found.iter().filter(|v| **v > 0.01).count();
        // Boxes of 6 meet within 5 samples of the edge; 3 rows at each end have no room.
        assert!(there == (SIDE + 1 - 2 * BOX) * (2 * BOX - 1), "{there}");
    }
}
