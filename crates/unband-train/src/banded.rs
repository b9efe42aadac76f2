//! Detection of clearly visible banding in training pairs.

use unband_image::{Image, Matrix, Plane};

/// A patch is banded if false steps cover this share of it: between one and two contours from side to side.
const LEAST_SHARE: f64 = 0.03;
/// Minimum excess over the clean image's steps, in codes. Rounding to 8 bits, also present in clean images,
/// stays below 1.
const LEAST_STEP_CODES: f32 = 1.5;
/// Where the clean image steps by more, half a code per sample, an edge or a steep slope hides contours.
const LEVEL_CODES: f32 = 3.0;
/// Side of the boxes, in samples, even.
const BOX: usize = 6;
/// Weight of red, green and blue steps relative to luma: steps of colour alone must be twice as high to be
/// seen.
const OF_COLOR: f32 = 0.5;

/// Whether banding of a degraded patch is clearly visible. A position is included if the clean image is level
/// and the degraded one has a step higher than the variation on both sides: grain, texture and dither hide
/// lower steps. Luma, red, green and blue are tested separately, so that contours of colour are included.
///
/// Steps are differences of means of neighbouring boxes. Unlike PSNR, they ignore noise, blur and texture.
pub(crate) fn is_banded(lq: &Image, gt: &Image) -> bool {
    let shows = |lq: &Plane, gt: &Plane, factor: f32| {
        let (found, before) = (steps(lq), steps(gt));
        let counts = |(f, b): (&Step, &Step)| {
            let more = f.height - b.height;
            b.height < LEVEL_CODES && factor * more >= LEAST_STEP_CODES && more >= f.spread
        };
        let places = found.iter().zip(&before).filter(|&pair| counts(pair)).count();
        places as f64 >= LEAST_SHARE * lq.data.len() as f64
    };
    let colors = lq.planes.iter().zip(&gt.planes).take(3);
    shows(&luma(lq), &luma(gt), 1.0) || colors.into_iter().any(|(lq, gt)| shows(lq, gt, OF_COLOR))
}

fn luma(image: &Image) -> Plane {
    let [red, green, blue] = [0, 1, 2].map(|c| &image.planes[c.min(image.planes.len() - 1)]);
    let rows = red.data.iter().zip(&green.data).zip(&blue.data);
    let data = rows.map(|((&r, &g), &b)| Matrix::Bt709.to_yuv([r, g, b])[0]).collect();
    Plane { data, ..*red }
}

/// Step between two boxes, in 8-bit codes.
struct Step {
    /// Difference of their means.
    height: f32,
    /// Standard deviation within them.
    spread: f32,
}

/// For each sample with enough room around it: the step between two boxes of [`BOX`] squared that meet there,
/// horizontally or vertically, whichever is higher.
fn steps(plane: &Plane) -> Vec<Step> {
    let (w, h) = (plane.width, plane.height);
    let codes: Vec<f32> = plane.data.iter().map(|v| 255.0 * v).collect();
    let means = box_means(&codes, w, h);
    let squares = box_means(&codes.iter().map(|v| v * v).collect::<Vec<f32>>(), w, h);
    let wide = w + 1 - BOX;
    let between = |a: usize, b: usize| Step {
        height: (means[a] - means[b]).abs(),
        // Rounding may make a variance of 0 negative.
        spread: variance(squares[a], means[a]).midpoint(variance(squares[b], means[b])).max(0.0).sqrt(),
    };
    let half = BOX / 2;
    let mut steps = Vec::with_capacity(w * h);
    for y in half..(h + 1).saturating_sub(BOX + half) {
        for x in half..(w + 1).saturating_sub(BOX + half) {
            let at = y * wide + x;
            let across = between(at - half, at + half);
            let down = between(at - half * wide, at + half * wide);
            steps.push(if across.height >= down.height { across } else { down });
        }
    }
    steps
}

fn variance(square: f32, mean: f32) -> f32 {
    square - mean * mean
}

/// Means of all boxes that fit.
fn box_means(values: &[f32], w: usize, h: usize) -> Vec<f32> {
    let wide = w + 1 - BOX;
    let sums = |row: &[f32]| -> Vec<f32> { row.windows(BOX).map(|run| run.iter().sum()).collect() };
    let across: Vec<f32> = values.chunks_exact(w).flat_map(sums).collect();
    let mean = |i: usize| (0..BOX).map(|k| across[i + k * wide]).sum::<f32>() / (BOX * BOX) as f32;
    (0..wide * (h + 1 - BOX)).map(mean).collect()
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
        // A step in a single channel is enough, if it is high enough to be seen.
        let blue =
            |step: f32| move |x, y, c| if c == 2 { (ramp(x, y) / step).round() * step } else { ramp(x, y) };
        assert!(is_banded(&image(blue(8.0)), &clean));
        assert!(!is_banded(&image(blue(2.5)), &clean));
    }

    #[test]
    fn texture_hides_contours() {
        // Noise of columns, so that means of boxes, 6 wide, stay unchanged.
        let textured = |height: f32| {
            let texture = move |x: usize| if x.is_multiple_of(2) { height } else { -height };
            let clean = image(move |x, y, _| ramp(x, y) + texture(x));
            let lq = image(move |x, y, _| (ramp(x, y) / 4.0).round() * 4.0 + texture(x));
            is_banded(&lq, &clean)
        };
        assert!(textured(1.0) && !textured(8.0));
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
        // Dither on the coarse grid hides its contours.
        let dithered = |x, y, c| (ramp(x, y) / 4.0 + noise(x, y, c)).round() * 4.0;
        assert!(!is_banded(&image(dithered), &clean));
    }

    #[test]
    fn edges_that_were_there_do_not_count() {
        let stairs = |x: usize| (x / 8 * 8) as f32;
        let clean = image(|x, _, _| stairs(x));
        assert!(!is_banded(&clean, &clean));
        // Magnified steps are still steps of the image.
        assert!(!is_banded(&image(|x, _, _| 2.0 * stairs(x)), &clean));
    }

    #[test]
    fn steps_are_those_of_the_image_in_codes() {
        let edge = image(|x, _, _| if x < SIDE / 2 { 50.0 } else { 57.0 });
        let found = steps(&edge.planes[0]);
        let most = found.iter().fold(0.0f32, |m, step| m.max(step.height));
        assert!((most - 7.0).abs() < 0.01, "{most}");
        let there = found.iter().filter(|step| step.height > 0.01).count();
        // Boxes of 6 meet within 5 samples of the edge; 3 rows at each end have no room.
        assert!(there == (SIDE + 1 - 2 * BOX) * (2 * BOX - 1), "{there}");
        // Where the boxes meet at the edge, neither varies. Half a box further, the edge halves one of them:
        // 3.5 codes up and down.
        let row = &found[..SIDE + 1 - 2 * BOX];
        let (at, off) = (&row[SIDE / 2 - BOX], &row[SIDE / 2 - BOX + BOX / 2]);
        assert!((at.height - 7.0).abs() < 0.01 && at.spread < 0.1, "{} {}", at.height, at.spread);
        let half = 3.5 / 2.0f32.sqrt();
        assert!((off.height - 3.5).abs() < 0.01 && (off.spread - half).abs() < 0.01, "{}", off.spread);
    }
}
