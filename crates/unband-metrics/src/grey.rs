//! Grey conversion and reduction, as in MATLAB programs.

use unband_image::resize::Beyond;
use unband_image::{Depth, Image};

use crate::field::Field;

/// Grey of two images, 0.299 R + 0.587 G + 0.114 B in 8-bit codes, rounded to integer codes of the deeper
/// image. An 8-bit pair is rounded to 8-bit codes, as these metrics are defined, a 16-bit pair to 16-bit
/// codes. An image of fewer than 8 bits is treated as 8 bits; floating point is not rounded.
///
/// A sum that ends in a half is rounded as in `NumPy`: up or down depending on the rounding of the three
/// products, otherwise to even.
pub(crate) fn grey_pair(a: &Image, b: &Image) -> (Field, Field) {
    let grid = match (a.depth, b.depth) {
        (Depth::Int(a), Depth::Int(b)) => Some(Depth::Int(a.max(b).max(8))),
        _ => None,
    };
    (grey(a, grid), grey(b, grid))
}

fn grey(image: &Image, grid: Option<Depth>) -> Field {
    let mut out = Field::weighted(image, [0.299, 0.587, 0.114], 0.0);
    if let Some(grid) = grid {
        let per_code = f64::from(grid.max_code()) / 255.0;
        for v in &mut out.data {
            *v = (*v * per_code).round_ties_even() / per_code;
        }
    }
    out
}

/// Every `factor`-th sample of the mean over `factor`×`factor` samples, starting with the first. Borders are
/// mirrored with the border sample repeated. An even box reaches one sample further right and down than left
/// and up.
pub(crate) fn reduced(field: &Field, factor: usize) -> Field {
    let before = (factor - 1) / 2;
    let places = |len: usize| -> Vec<usize> {
        let taps = len.div_ceil(factor) * factor;
        (0..taps).map(|i| Beyond::Symmetric.index(i.cast_signed() - before.cast_signed(), len)).collect()
    };
    let (columns, rows) = (places(field.width), places(field.height));
    let mut out = Field::zeros(columns.len() / factor, rows.len() / factor);
    let scale = 1.0 / ((factor * factor) as f64);
    let mut sums = vec![0.0; field.width];
    for (y, rows) in rows.chunks_exact(factor).enumerate() {
        sums.fill(0.0);
        for &row in rows {
            sums.iter_mut().zip(field.row(row)).for_each(|(s, v)| *s += v);
        }
        for (o, columns) in out.row_mut(y).iter_mut().zip(columns.chunks_exact(factor)) {
            *o = columns.iter().map(|&x| sums[x]).sum::<f64>() * scale;
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grey_is_rounded_to_the_codes_of_the_deeper_image() {
        // 0.299 · 10 + 0.587 · 20 + 0.114 · 30 = 18.15, and (0.299 + 0.587) · 5 = 4.43.
        let eight = Image::from_rgb8(2, 1, &[10, 20, 30, 5, 5, 0]).unwrap();
        let wide = [10, 20, 30, 5, 5, 0].map(|v| v * 257);
        let sixteen = Image::from_rgb16(2, 1, &wide).unwrap();
        let (a, b) = grey_pair(&eight, &eight);
        assert_eq!((a.data, b.data), (vec![18.0, 4.0], vec![18.0, 4.0]));
        let (a, b) = grey_pair(&eight, &sixteen);
        assert_eq!(a, b);
        assert!((a.data[0] - 18.15).abs() <= 0.5 / 257.0 && (a.data[0] * 257.0).fract().abs() < 1e-9);
        let mut float = eight.clone();
        float.depth = Depth::F32;
        assert!((grey_pair(&float, &eight).0.data[0] - 18.15).abs() < 1e-5);
    }

    #[test]
    fn reducing_takes_means_of_boxes_and_mirrors_what_is_missing() {
        let f = Field { width: 5, height: 1, data: vec![1.0, 2.0, 4.0, 8.0, 16.0] };
        assert_eq!(reduced(&f, 1), f);
        assert_eq!(reduced(&f, 2).data, [1.5, 6.0, 16.0]);
        // Three: columns -1..=1 and 2..=4.
        assert_eq!(reduced(&f, 3).data, [4.0 / 3.0, 28.0 / 3.0].map(|v: f64| v * 9.0 * (1.0 / 9.0)));
        // Four: columns -1..=2, then 3, 4 and the mirrored 4, 3.
        assert_eq!(reduced(&f, 4).data, [2.0, 12.0]);
    }
}
