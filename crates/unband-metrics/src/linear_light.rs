//! Samples in linear light.

use unband_image::{Depth, Image};

use crate::field::Field;

/// The planes of an image in linear light, 0 to 1; samples are interpreted as sRGB. Nothing is clamped: the
/// linear segment is extended below black, the power curve above white.
///
/// Samples are used as stored in `f32`, so that equal images have exactly equal light at every depth.
pub(crate) fn linear_planes(image: &Image) -> Vec<Field> {
    let depth = image.depth;
    // Floating-point samples that are not codes are converted one by one.
    let table: Vec<f64> = match depth {
        Depth::Int(_) => (0..=depth.max_code()).map(|code| linear(depth.value(code))).collect(),
        Depth::F32 => Vec::new(),
    };
    let light = |v: &f32| {
        let code = depth.code(*v);
        match table.get(code as usize) {
            Some(&value) if depth.value(code).to_bits() == v.to_bits() => value,
            _ => linear(*v),
        }
    };
    let planes = image.planes.iter();
    planes
        .map(|p| Field { width: p.width, height: p.height, data: p.data.iter().map(light).collect() })
        .collect()
}

/// Inverse sRGB transfer function (IEC 61966-2-1).
fn linear(v: f32) -> f64 {
    let v = f64::from(v);
    if v > 0.040_45 { ((v + 0.055) / 1.055).powf(2.4) } else { v / 12.92 }
}

#[cfg(test)]
mod tests {
    use unband_image::{Model, Plane};

    use super::*;

    #[test]
    fn codes_and_what_lies_between_them_follow_one_curve() {
        let data = vec![0.0, 0.02, 0.5, 1.0, 10.0 / 255.0, 10.5 / 255.0, -0.5, 1.5];
        for depth in [Depth::EIGHT, Depth::SIXTEEN, Depth::F32] {
            let plane = Plane { width: data.len(), height: 1, data: data.clone() };
            let planes = linear_planes(&Image::new(vec![plane], Model::Gray, depth));
            for (got, v) in planes[0].data.iter().zip(&data) {
                assert_eq!(got.to_bits(), linear(*v).to_bits(), "{depth:?} {v}");
            }
        }
        assert!((linear(0.5) - 0.214_041_140_482_232_6).abs() < 1e-15);
    }
}
