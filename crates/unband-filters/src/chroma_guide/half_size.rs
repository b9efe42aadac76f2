//! Check that chroma behind red, green and blue really has half the size.

use unband_image::{Context, Image, Matrix, Window};

use super::guide::Pixels;

/// Side of the squares that are examined, and their maximum number.
const SIDE: usize = 64;
const SQUARES: usize = 64;
/// Margin that is not counted: interpolation stops there.
const RIM: usize = 4;
/// Variance of both colour differences by rounding red, green and blue to 8 bits, in squared values.
const ROUNDING: f64 = 0.16 / (255.0 * 255.0);
/// Maximum of the error of the better of both upsamplings, as a share of the difference between them. Of 35
/// validation images at half size, repeated, interpolated, or as WebP and AVIF of quality 70 to 90: at most
/// 0.26. Of the same at full size: median 0.9.
const MOST: f64 = 0.3;

/// Is each colour difference that of its 2×2 means, repeated or interpolated, starting at the first sample?
/// False where no square has chroma that tells.
pub fn half_size(image: &Image, matrix: Matrix, ctx: &Context<'_>) -> bool {
    if image.planes.len() != 3 {
        return false;
    }
    let (across, down) = (image.width() / SIDE, image.height() / SIDE);
    let step = (across * down).div_ceil(SQUARES).max(1);
    let sums = ctx.map((across * down).div_ceil(step), |i| {
        let (x0, y0) = (i * step % across * SIDE, i * step / across * SIDE);
        let square = Window { x0, y0, x1: x0 + SIDE, y1: y0 + SIDE };
        let [r, g, b] = [0, 1, 2].map(|p: usize| image.planes[p].cut(square));
        Pixels { planes: [&r, &g, &b], matrix, scale: (2, 2), level: ctx.level }.differences(RIM)
    });
    let [repeated, interpolated, apart] =
        sums.iter().fold([0.0; 3], |sum, more| [0, 1, 2].map(|i: usize| sum[i] + more[i]));
    let counted = (sums.len() * (SIDE - 2 * RIM).pow(2)) as f64;
    let error = repeated.min(interpolated) - ROUNDING * counted;
    apart > 0.0 && error < MOST * apart
}
