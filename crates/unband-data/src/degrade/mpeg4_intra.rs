//! MPEG-4 part 2 intra frames, built in.

use std::f32::consts::PI;

use unband_image::{Matrix, Range, Rng, params};

use super::planes::{Planes420, RgbRounding, Upsampling};
use super::{Degradation, DegradeError, Pair};

params! {
    /// Settings of `mpeg4-intra`.
    pub(crate) struct Mpeg4Intra {
        /// Quantiser. 1 to 3 is light compression; from 8 on, blocks of one value show.
        quantiser: u32 = 3, 1..=31;
        /// Luma weights.
        matrix: Matrix = Matrix::Bt601;
        /// Chroma upsampling.
        upsampling: Upsampling = Upsampling::Repeat;
        /// Rounding of the conversion to RGB.
        rounding: RgbRounding = RgbRounding::Nearest;
    }
}

/// Applies the transform and quantisation of MPEG-4 part 2 intra frames (H.263 quantisation) to 8-bit
/// limited-range 4:2:0, and converts back to 8-bit RGB. This gives the loss of such a file in well under a
/// millisecond per patch.
///
/// Source: ISO/IEC 14496-2, 7.4.4 (inverse quantisation, the second method) and table 7-1 (scaler of DC).
impl Degradation for Mpeg4Intra {
    fn apply(&self, pair: &mut Pair, _: Rng) -> Result<(), DegradeError> {
        let mut planes = Planes420::from_rgb(&pair.lq, self.matrix, Range::Limited)?;
        code(&mut planes, self.quantiser);
        pair.lq = planes.to_rgb(self.upsampling, self.rounding);
        Ok(())
    }
}

/// The planes as decoded by ffmpeg from a frame that ffmpeg encoded. They differ only where a coefficient is
/// within a tenth of a threshold.
pub fn code(planes: &mut Planes420, quantiser: u32) {
    let half = (planes.width.div_ceil(2), planes.height.div_ceil(2));
    let sizes = [(planes.width, planes.height), half, half];
    for (plane, (codes, (width, height))) in planes.codes.iter_mut().zip(sizes).enumerate() {
        let dc = dc_scaler(quantiser, plane > 0);
        code_plane(codes, width, height, quantiser as f32, dc as f32);
    }
}

fn dc_scaler(q: u32, chroma: bool) -> u32 {
    match (q, chroma) {
        (..=4, _) => 8,
        (5..=8, false) => 2 * q,
        (9..=24, false) => q + 8,
        (_, false) => 2 * q - 16,
        (5..=24, true) => q.midpoint(13),
        (_, true) => q - 6,
    }
}

/// Codes each 8×8 block of a plane; samples beyond the edges repeat them.
fn code_plane(codes: &mut [u8], width: usize, height: usize, q: f32, dc: f32) {
    let basis = basis();
    for top in (0..height).step_by(8) {
        for left in (0..width).step_by(8) {
            let mut block = [[0f32; 8]; 8];
            for (y, row) in block.iter_mut().enumerate() {
                let line = (top + y).min(height - 1) * width;
                for (x, v) in row.iter_mut().enumerate() {
                    *v = f32::from(codes[line + (left + x).min(width - 1)]);
                }
            }
            let mut block = turned(&basis, &block, true);
            for (y, row) in block.iter_mut().enumerate() {
                for (x, c) in row.iter_mut().enumerate() {
                    *c = if x + y == 0 { (*c / dc + 0.5 + TIE).floor() * dc } else { alternating(*c, q) };
                }
            }
            let block = turned(&basis, &block, false);
            for (y, row) in block.iter().enumerate().take(height - top) {
                let line = (top + y) * width + left;
                for (code, v) in codes[line..].iter_mut().zip(row).take(width - left) {
                    *code = (v - 0.5 - TIE).ceil().clamp(0.0, 255.0) as u8;
                }
            }
        }
    }
}

/// Margin at ties, which are frequent in smooth images: floating-point error must not decide them.
const TIE: f32 = 1e-4;

/// Quantises an AC coefficient: levels are truncated towards 0 and reconstructed in the middle of their
/// quantisation interval.
fn alternating(c: f32, q: f32) -> f32 {
    let level = (c.abs() / (2.0 * q)).floor();
    if level == 0.0 {
        return 0.0;
    }
    let even = if (q as u32).is_multiple_of(2) { 1.0 } else { 0.0 };
    c.signum() * (q * (2.0 * level + 1.0) - even)
}

/// Cosine basis of the transform, `[frequency][position]`.
fn basis() -> [[f32; 8]; 8] {
    std::array::from_fn(|k| {
        let scale = if k == 0 { 0.125f32.sqrt() } else { 0.5 };
        std::array::from_fn(|n| scale * (PI / 16.0 * ((2 * n + 1) * k) as f32).cos())
    })
}

/// The two-dimensional transform, or its inverse.
fn turned(basis: &[[f32; 8]; 8], block: &[[f32; 8]; 8], forward: bool) -> [[f32; 8]; 8] {
    let at = |k: usize, n: usize| if forward { basis[k][n] } else { basis[n][k] };
    let rows: [[f32; 8]; 8] =
        block.map(|row| std::array::from_fn(|k| (0..8).map(|n| at(k, n) * row[n]).sum()));
    std::array::from_fn(|k| std::array::from_fn(|x| (0..8).map(|n| at(k, n) * rows[n][x]).sum()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_transform_is_undone_by_its_inverse() {
        let block = std::array::from_fn(|y| std::array::from_fn(|x| ((31 * x + 57 * y * y) % 256) as f32));
        let back = turned(&basis(), &turned(&basis(), &block, true), false);
        let worst =
            back.iter().flatten().zip(block.iter().flatten()).map(|(a, b): (&f32, &f32)| (a - b).abs());
        assert!(worst.fold(0.0, f32::max) < 1e-3);
    }

    #[test]
    fn coefficients_come_back_as_the_standard_says() {
        // q 4: |level| 3 decodes to 4 · 7 − 1 = 27; q 5: to 35.
        assert!((alternating(27.9, 4.0) - 27.0).abs() < 1e-6);
        assert!((alternating(-31.0, 5.0) + 35.0).abs() < 1e-6);
        assert!(alternating(7.4, 4.0).abs() < 1e-6);
        assert_eq!(
            [dc_scaler(3, true), dc_scaler(8, false), dc_scaler(24, true), dc_scaler(31, false)],
            [8, 16, 18, 46]
        );
    }
}
