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

/// The same for images that start inside a stored sample, which have three chances, and the squares examined.
const MOST_INSIDE: f64 = 0.2;
const SQUARES_INSIDE: usize = 16;

/// The image's first pixel within its 2×2 pixels of one chroma sample, across and down, each 0 or 1: where
/// each colour difference is that of its 2×2 means, repeated or interpolated. `None` where it is not, and
/// where no square has chroma that tells.
pub fn half_size(image: &Image, matrix: Matrix, ctx: &Context<'_>) -> Option<(usize, usize)> {
    if image.planes.len() != 3 {
        return None;
    }
    let error = |start, squares| error(image, matrix, start, squares, ctx);
    if error((0, 0), SQUARES).is_some_and(|error| error < MOST) {
        return Some((0, 0));
    }
    // The first whole block is one pixel further on.
    let inside = [(1, 0), (0, 1), (1, 1)].map(|start| (error(start, SQUARES_INSIDE), start));
    let known = inside.into_iter().filter_map(|(error, start)| Some((error?, start)));
    let (error, start) = known.min_by(|a, b| a.0.total_cmp(&b.0))?;
    (error < MOST_INSIDE).then_some(start)
}

/// Error of the better of both upsamplings, as a share of the difference between them, for blocks of 2×2
/// pixels from `start` on.
fn error(
    image: &Image,
    matrix: Matrix,
    start: (usize, usize),
    squares: usize,
    ctx: &Context<'_>,
) -> Option<f64> {
    let side = |length: usize, start: usize| length.saturating_sub(start) / SIDE;
    let (across, down) = (side(image.width(), start.0), side(image.height(), start.1));
    let step = (across * down).div_ceil(squares).max(1);
    let sums = ctx.map((across * down).div_ceil(step), |i| {
        let (x0, y0) = (start.0 + i * step % across * SIDE, start.1 + i * step / across * SIDE);
        let square = Window { x0, y0, x1: x0 + SIDE, y1: y0 + SIDE };
        let [r, g, b] = [0, 1, 2].map(|p: usize| image.planes[p].cut(square));
        Pixels { planes: [&r, &g, &b], matrix, scale: (2, 2), level: ctx.level }.differences(RIM)
    });
    let [repeated, interpolated, apart] =
        sums.iter().fold([0.0; 3], |sum, more| [0, 1, 2].map(|i: usize| sum[i] + more[i]));
    let counted = (sums.len() * (SIDE - 2 * RIM).pow(2)) as f64;
    (apart > 0.0).then(|| (repeated.min(interpolated) - ROUNDING * counted) / apart)
}
