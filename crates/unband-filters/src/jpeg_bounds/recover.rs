//! Coefficients of a JPEG coding that the file does not record: of blocks decoded to a lossless file, or of a
//! coarse JPEG that was saved again as a fine one.
//!
//! The table is one of libjpeg's, scaled by a quality; the coefficients of the samples must be on its steps.

use std::f32::consts::TAU;
use std::sync::Arc;

use unband_image::{Image, JpegCoefficients, JpegPlane, Model};
use unband_simd::{Level, io::jpeg_dct};

use super::{BLUE, GREEN, RED};

/// Luma steps of quality 50 in natural order. Source: ITU-T T.81, table K.1.
const LUMA: [u16; 64] = [
    16, 11, 10, 16, 24, 40, 51, 61, 12, 12, 14, 19, 26, 58, 60, 55, 14, 13, 16, 24, 40, 57, 69, 56, 14, 17,
    22, 29, 51, 87, 80, 62, 18, 22, 37, 56, 68, 109, 103, 77, 24, 35, 55, 64, 81, 104, 113, 92, 49, 64, 78,
    87, 103, 121, 120, 101, 72, 92, 95, 98, 112, 100, 103, 99,
];
/// Blocks that are compared with a table, at most.
const BLOCKS: usize = 3000;
/// Least mean of the coefficients' cosines.
const LEAST: f32 = 0.6;
/// Coefficients away from 0 that are enough.
const ENOUGH: usize = 400;

/// libjpeg's luma table of a quality. Source: libjpeg, jcparam.c.
fn table(quality: u32) -> [u16; 64] {
    let scale = if quality < 50 { 5000 / quality } else { 200 - 2 * quality };
    LUMA.map(|step| ((u32::from(step) * scale + 50) / 100).clamp(1, 255) as u16)
}

/// The coefficients of luma on a table.
struct Fit {
    strength: f32,
    luma: Vec<f32>,
    steps: [u16; 64],
    lead: (usize, usize),
}

/// Luma of the blocks of an image as coefficients of the table whose first step is `first`, chroma in steps
/// of one code; `None` where no such table fits.
pub fn recover(image: &Image, first: u16, level: Level) -> Option<JpegCoefficients> {
    if image.color.model != Model::Rgb && image.color.model != Model::Gray {
        return None;
    }
    let grey = image.planes.len() == 1;
    let weights = if grey { [1.0, 0.0, 0.0] } else { [RED, GREEN, BLUE] };
    let tables: Vec<[u16; 64]> = (5..=95).map(table).filter(|table| table[0] == first).collect();
    let mut best: Option<Fit> = None;
    for lead in leads(image) {
        let luma = coefficients(image, weights, 128.0, lead, level);
        for steps in tables.iter().flat_map(|&steps| [steps, transposed(&steps)]) {
            let found = strength(&luma, &steps);
            if found >= best.as_ref().map_or(LEAST, |best| best.strength) {
                best = Some(Fit { strength: found, luma: luma.clone(), steps, lead });
            }
        }
    }
    let Fit { luma, steps, lead, .. } = best?;
    let mut planes = vec![plane(image, &luma, steps, lead)];
    if !grey {
        let (u, v) = (0.5 / (1.0 - BLUE), 0.5 / (1.0 - RED));
        for weights in [[-RED * u, -GREEN * u, (1.0 - BLUE) * u], [(1.0 - RED) * v, -GREEN * v, -BLUE * v]] {
            planes.push(plane(image, &coefficients(image, weights, 0.0, lead, level), [8; 64], lead));
        }
    }
    Some(JpegCoefficients { planes, ycc: !grey, bits: 8 })
}

/// Samples of the first blocks outside the image: none, or as many as at the other end where it was turned.
fn leads(image: &Image) -> Vec<(usize, usize)> {
    let ends = |side: usize| if side.is_multiple_of(8) { vec![0] } else { vec![0, 8 - side % 8] };
    let down = ends(image.height());
    ends(image.width()).into_iter().flat_map(|x| down.iter().map(move |&y| (x, y))).collect()
}

fn transposed(steps: &[u16; 64]) -> [u16; 64] {
    std::array::from_fn(|i| steps[i % 8 * 8 + i / 8])
}

/// Number of blocks across and down.
fn blocks(image: &Image, lead: (usize, usize)) -> (usize, usize) {
    ((image.width() + lead.0).div_ceil(8), (image.height() + lead.1).div_ceil(8))
}

/// Coefficients of all blocks, in codes; beyond the image its outer rows and columns are repeated.
fn coefficients(
    image: &Image,
    weights: [f32; 3],
    middle: f32,
    lead: (usize, usize),
    level: Level,
) -> Vec<f32> {
    let (width, height) = (image.width(), image.height());
    let (across, down) = blocks(image, lead);
    let mut blocks = vec![-middle; 64 * across * down];
    for (plane, weight) in image.planes.iter().zip(weights) {
        for y in 0..8 * down {
            let row = plane.row(y.saturating_sub(lead.1).min(height - 1));
            for x in 0..8 * across {
                let at = 64 * (y / 8 * across + x / 8) + y % 8 * 8 + x % 8;
                blocks[at] += 255.0 * weight * row[x.saturating_sub(lead.0).min(width - 1)];
            }
        }
    }
    jpeg_dct::forward(level, &mut blocks);
    blocks
}

/// Mean cosine of the coefficients in turns of their steps: 1 on the steps, 0 by chance. Those near 0 say
/// nothing.
fn strength(blocks: &[f32], steps: &[u16; 64]) -> f32 {
    let every = (blocks.len() / 64 / BLOCKS).max(1);
    let (mut sum, mut count) = (0.0, 0usize);
    for block in blocks.chunks_exact(64).step_by(every) {
        for (value, &step) in block.iter().zip(steps) {
            let turns = value / f32::from(step);
            if step > 3 && turns.abs() > 0.6 {
                sum += (TAU * turns).cos();
                count += 1;
            }
        }
    }
    if count < ENOUGH { 0.0 } else { sum / count as f32 }
}

fn plane(image: &Image, values: &[f32], steps: [u16; 64], lead: (usize, usize)) -> JpegPlane {
    let (blocks_across, blocks_down) = blocks(image, lead);
    let coefficients = values.chunks_exact(64).flat_map(|block| {
        block.iter().zip(&steps).map(|(value, &step)| (value / f32::from(step)).round_ties_even() as i16)
    });
    JpegPlane {
        blocks_across,
        blocks_down,
        lead,
        scale: (1, 1),
        steps,
        coefficients: Arc::new(coefficients.collect()),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use unband_image::Rng;

    /// Waves and grain as decoded from luma blocks of this quality, rounded to 8 bits.
    fn decoded(quality: u32) -> Image {
        let (width, height) = (160, 128);
        let rng = Rng::new(3);
        let value = |x: usize, y: usize| {
            let wave = 60.0 * (x as f32 / 19.0).sin() * (y as f32 / 23.0).cos();
            wave + 40.0 * (rng.unit_at(0, 0, x as u32, y as u32) - 0.5)
        };
        let steps = table(quality);
        let mut blocks = vec![0.0f32; width * height];
        let at = |x: usize, y: usize| 64 * (y / 8 * (width / 8) + x / 8) + y % 8 * 8 + x % 8;
        (0..width * height).for_each(|i| blocks[at(i % width, i / width)] = value(i % width, i / width));
        jpeg_dct::forward(Level::Scalar, &mut blocks);
        for block in blocks.chunks_exact_mut(64) {
            block.iter_mut().zip(&steps).for_each(|(v, &s)| *v = (*v / f32::from(s)).round() * f32::from(s));
        }
        jpeg_dct::inverse(Level::Scalar, &mut blocks);
        let code = |i: usize| (blocks[at(i % width, i / width)] + 128.0).round().clamp(0.0, 255.0) as u8;
        Image::from_gray(width, height, &(0..width * height).map(code).collect::<Vec<_>>()).unwrap()
    }

    #[test]
    fn steps_and_integers_of_decoded_blocks_are_recovered() {
        for quality in [20, 45, 70] {
            let image = decoded(quality);
            let steps = table(quality);
            let found = recover(&image, steps[0], Level::Scalar).unwrap();
            assert_eq!(found.planes[0].steps, steps);
            let own = coefficients(&image, [1.0, 0.0, 0.0], 128.0, (0, 0), Level::Scalar);
            let far =
                found.planes[0].coefficients.iter().zip(&own).enumerate().filter(|(i, (number, value))| {
                    (f32::from(**number) * f32::from(steps[i % 64]) - **value).abs() > 2.0
                });
            assert!(far.count() * 100 < own.len(), "quality {quality}");
        }
        assert!(recover(&decoded(70), 40, Level::Scalar).is_none());
    }
}
