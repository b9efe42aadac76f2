//! Spatial discontinuity features: singular values of the block matrix.

use crate::eigen::singular_values;
use crate::field::Field;

/// Side of the blocks.
const SIDE: usize = 5;

/// Number of features of an image at one scale: the number of samples in a block.
pub(super) const COUNT: usize = SIDE * SIDE;

/// Singular values, largest first, of the matrix whose columns are adjacent blocks of 5×5 samples. Samples
/// beyond the image are 0. Needs 25 blocks at least.
pub(super) fn features(field: &Field) -> [f64; COUNT] {
    let (columns, rows) = (field.width.div_ceil(SIDE), field.height.div_ceil(SIDE));
    let samples: [Vec<f64>; COUNT] = std::array::from_fn(|i| {
        let mut out = Vec::with_capacity(columns * rows);
        for y in (i / SIDE..rows * SIDE).step_by(SIDE) {
            let row: &[f64] = if y < field.height { field.row(y) } else { &[] };
            let places = (i % SIDE..columns * SIDE).step_by(SIDE);
            out.extend(places.map(|x| row.get(x).copied().unwrap_or(0.0)));
        }
        out
    });
    singular_values(samples)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flat_image_spreads_in_one_direction() {
        let flat = Field { width: 40, height: 30, data: vec![0.5; 1200] };
        let values = features(&flat);
        // All of its energy: 1200 samples of 0.5.
        assert!((values[0] - (1200.0_f64 * 0.25).sqrt()).abs() < 1e-12);
        assert!(values[1..].iter().all(|v| v.abs() < 1e-12));
        let noise =
            Field { width: 41, height: 33, data: (0..41 * 33).map(|i| f64::from(i * i % 101)).collect() };
        let energy: f64 = noise.data.iter().map(|v| v * v).sum();
        let got: f64 = features(&noise).iter().map(|v| v * v).sum();
        assert!((got / energy - 1.0).abs() < 1e-12);
    }
}
