//! Samples in linear light.

use unband_image::Image;

use crate::field::Field;

/// The planes of a picture as linear light, 0 to 1, its samples taken for sRGB. Nothing is clamped: below black the
/// straight piece goes on, above white the curve.
pub(crate) fn linear_planes(image: &Image) -> Vec<Field> {
    let steps = image.depth.max_code();
    // What floating point has in place of codes is computed sample by sample.
    let table: Vec<f64> = match steps {
        0 => Vec::new(),
        _ => (0..=steps).map(|code| linear(f64::from(code) / f64::from(steps))).collect(),
    };
    let per_code = f64::from(steps) / 255.0;
    let mut planes: Vec<Field> = (0..image.planes.len()).map(|c| Field::plane(image, c)).collect();
    for v in planes.iter_mut().flat_map(|plane| &mut plane.data) {
        let code = *v * per_code;
        let near = (code + 0.5) as usize;
        *v = match table.get(near) {
            Some(&value) if (code - near as f64).abs() < 1e-9 => value,
            _ => linear(*v / 255.0),
        };
    }
    planes
}

/// The sRGB curve undone (IEC 61966-2-1).
fn linear(v: f64) -> f64 {
    if v > 0.040_45 { ((v + 0.055) / 1.055).powf(2.4) } else { v / 12.92 }
}

#[cfg(test)]
mod tests {
    use unband_image::{Depth, Model, Plane};

    use super::*;

    #[test]
    fn codes_and_what_lies_between_them_follow_one_curve() {
        let data = vec![0.0, 0.02, 0.5, 1.0, 10.0 / 255.0, 10.5 / 255.0, -0.5, 1.5];
        for depth in [Depth::EIGHT, Depth::SIXTEEN, Depth::F32] {
            let plane = Plane { width: data.len(), height: 1, data: data.clone() };
            let planes = linear_planes(&Image::new(vec![plane], Model::Gray, depth));
            for (got, v) in planes[0].data.iter().zip(&data) {
                let want = linear(f64::from(*v));
                assert!((got - want).abs() <= 1e-7 * want.abs(), "{depth:?} {v}: {got}, {want}");
            }
        }
        assert!((linear(0.5) - 0.214_041_140_482_232_6).abs() < 1e-15);
    }
}
