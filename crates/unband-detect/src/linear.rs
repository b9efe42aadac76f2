//! Codes that were converted to linear light.

use super::spread::{places, stride};
use unband_image::image::Image;

/// Samples that are looked at, per plane.
const ENOUGH: usize = 20_000;
/// Maximum distance from a code, in codes: the precision of 16-bit floats.
const NEAR: f32 = 0.1;
/// Share of the samples that must be near a code.
const NEARLY_ALL: f32 = 0.99;

/// Are the samples 8-bit codes of sRGB, or of fewer bits, in linear light? A curve of another form leaves its
/// steps elsewhere.
pub(super) fn of_eight_bits(image: &Image) -> bool {
    image.planes.iter().all(|plane| {
        let every = stride(plane.width, plane.height, ENOUGH);
        let columns: Vec<usize> = places(plane.width, every).collect();
        let (mut near, mut all) = (0usize, 0usize);
        for y in places(plane.height, every) {
            let row = plane.row(y);
            for &x in &columns {
                let code = 255.0 * srgb(row[x]);
                near += usize::from((code - code.round()).abs() <= NEAR);
                all += 1;
            }
        }
        near as f32 >= NEARLY_ALL * all as f32
    })
}

/// The coded value of linear light. Source: IEC 61966-2-1.
fn srgb(light: f32) -> f32 {
    if light <= 0.003_130_8 { 12.92 * light } else { 1.055 * light.powf(1.0 / 2.4) - 0.055 }
}
