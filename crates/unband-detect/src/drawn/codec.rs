//! Traces of a codec in the colours of a drawing: all are whole codes of luma and chroma.

use unband_image::color::{Matrix, Range};

/// Colours that are enough.
const ENOUGH: usize = 512;
/// Minimum number of colours: about a quarter of all colours are on the lattice by chance.
const LEAST: usize = 8;
/// Matrices and ranges that codecs use.
const KINDS: [(Matrix, Range); 3] =
    [(Matrix::Bt601, Range::Full), (Matrix::Bt601, Range::Limited), (Matrix::Bt709, Range::Limited)];

/// Are nine of ten colours rounded values of whole codes of luma and chroma? Greys and clipped colours are
/// skipped.
pub(super) fn has_codec_colours(colours: impl Iterator<Item = u32>) -> bool {
    let parts = colours.map(|color| [16, 8, 0].map(|shift| (color >> shift & 255) as u8));
    let inside = |[r, g, b]: &[u8; 3]| !(r == g && g == b) && r.min(g).min(b) > &0 && r.max(g).max(b) < &255;
    let mut colours: Vec<[u8; 3]> = parts.filter(inside).collect();
    colours.sort_unstable();
    let some: Vec<[u8; 3]> = colours.iter().step_by(colours.len().div_ceil(ENOUGH).max(1)).copied().collect();
    let on = |kind| some.iter().filter(|&&color| is_on(color, kind)).count();
    some.len() >= LEAST && KINDS.into_iter().any(|kind| 10 * on(kind) >= 9 * some.len())
}

/// Is a colour the rounded value of whole codes?
fn is_on(color: [u8; 3], (matrix, range): (Matrix, Range)) -> bool {
    let units = [false, true, true].map(|chroma| range.unit_codes(chroma));
    let near = matrix.to_yuv(color.map(f32::from));
    let codes = [0, 1, 2].map(|p| (near[p] / units[p]).round());
    // Rounding of the colour moves a plane by a code at most.
    (0..27i16).any(|i| {
        let by = [i % 3, i / 3 % 3, i / 9].map(|v| f32::from(v - 1));
        let rgb = matrix.to_rgb([0, 1, 2].map(|p| (codes[p] + by[p]) * units[p]));
        rgb.iter().zip(color).all(|(v, code)| (v.round() - f32::from(code)).abs() < 0.5)
    })
}
