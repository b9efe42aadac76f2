//! Intervals of luma and colour differences behind red, green and blue: those of a pixel or, where chroma was
//! stored at half the size, of luma at each pixel and of the mean chroma of 2×2 pixels.

use std::ops::Range;

use unband_filters::chroma_guide::half_size;
use unband_image::findings::{Cause, Findings, Space};
use unband_image::{Context, Image, Model};

use super::{Cells, SLACK};

/// Red, green and blue before and after the work.
pub(crate) type Pair = ([f32; 3], [f32; 3]);

/// Rows of red, green and blue: of the result, and before the work.
pub(crate) type Rows<'a> = ([&'a mut [f32]; 3], [&'a [f32]; 3]);

impl Cells {
    /// Side of the blocks of pixels whose chroma has one interval, for its mean.
    pub(crate) fn side(&self) -> usize {
        if self.halved.is_some() { 2 } else { 1 }
    }

    /// Rows `y0..y0 + n` in parts that share their chroma.
    pub(crate) fn rows(&self, y0: usize, n: usize) -> impl Iterator<Item = Range<usize>> + use<> {
        blocks(y0 + self.halved.map_or(0, |first| first.1), n, self.side())
    }

    /// The same of columns.
    pub(crate) fn columns(&self, x0: usize, n: usize) -> impl Iterator<Item = Range<usize>> + use<> {
        blocks(x0 + self.halved.map_or(0, |first| first.0), n, self.side())
    }

    /// Calls `count` with the distance of each interval of a block of pixels, in values; negative inside. The
    /// mean chroma of a block that is not all in the image is not known.
    pub(crate) fn excess(&self, at: (usize, usize), block: &[Pair], mut count: impl FnMut(f64)) {
        let Some(matrix) = self.matrix else { return };
        let halves = self.halves(at).map(|half| f64::from(half) + f64::from(SLACK));
        let (kr, kb) = matrix.weights();
        let (kr, kb) = (f64::from(kr), f64::from(kb));
        let mut sums = [0.0; 2];
        for (source, value) in block {
            let [r, g, b] = [0, 1, 2].map(|c: usize| f64::from(value[c]) - f64::from(source[c]));
            let y = kr * r + (1.0 - kr - kb) * g + kb * b;
            count(y.abs() - halves[0]);
            sums[0] += (b - y) / (2.0 * (1.0 - kb));
            sums[1] += (r - y) / (2.0 * (1.0 - kr));
        }
        let cut = self.halved.is_some_and(|(x, y)| (x == 1 && at.0 == 0) || (y == 1 && at.1 == 0));
        for (sum, half) in sums.iter().zip(&halves[1..]).filter(|_| !cut) {
            count((sum / block.len() as f64).abs() - half);
        }
    }

    /// Clamps rows of an image with half-size chroma, at most two that share their chroma, starting at pixel
    /// `at`: luma of each pixel, then the mean chroma of each block, whose pixels keep their differences.
    /// Where that leaves `limits`, the correction of the whole block shrinks.
    pub(crate) fn keep_blocks(&self, at: (usize, usize), rows: &mut [Rows<'_>], limits: (f32, f32)) {
        let (low, high) = limits;
        let Some(matrix) = self.matrix else { return };
        let [hy, hu, hv] = self.halves(at);
        let (kr, kb) = matrix.weights();
        let kg = 1.0 - kr - kb;
        let (u_scale, v_scale) = (2.0 * (1.0 - kb), 2.0 * (1.0 - kr));
        let to_yuv = |[r, g, b]: [f32; 3]| {
            let y = kr * r + kg * g + kb * b;
            [y, (b - y) / u_scale, (r - y) / v_scale]
        };
        let width = rows.first().map_or(0, |(_, source)| source[0].len());
        for columns in self.columns(at.0, width) {
            let mut moved = [[0.0f32; 3]; 4];
            let n = columns.len() * rows.len();
            let places = || (0..rows.len()).flat_map(|y| columns.clone().map(move |x| (y, x)));
            for (to, (y, x)) in moved.iter_mut().zip(places()) {
                let (values, source) = &rows[y];
                *to = to_yuv([0, 1, 2].map(|c: usize| values[c][x] - source[c][x]));
            }
            let mean = |moved: &[[f32; 3]; 4], p: usize| {
                moved[..n].iter().map(|pixel| pixel[p]).sum::<f32>() / n as f32
            };
            let (u, v) = (mean(&moved, 1), mean(&moved, 2));
            let back = (u.max(-hu).min(hu) - u, v.max(-hv).min(hv) - v);
            for (pixel, (row, x)) in moved.iter_mut().zip(places()) {
                let [y, u, v] = [pixel[0].max(-hy).min(hy), pixel[1] + back.0, pixel[2] + back.1];
                let (r, b) = (y + v_scale * v, y + u_scale * u);
                let g = (y - kr * r - kb * b) / kg;
                let source = [0, 1, 2].map(|c: usize| rows[row].1[c][x]);
                let held = |s: f32, d: f32| (s + d).max(low.min(s)).min(high.max(s)) - s;
                *pixel = to_yuv([held(source[0], r), held(source[1], g), held(source[2], b)]);
            }
            let (u, v) = (mean(&moved, 1), mean(&moved, 2));
            let luma = moved[..n].iter().fold(0.0f32, |most, pixel| most.max(pixel[0].abs()));
            let share = (hy / luma).min(hu / u.abs()).min(hv / v.abs()).min(1.0);
            // One of them is NaN where a value is: the block stays.
            let finite = moved[..n].iter().flatten().sum::<f32>().is_finite();
            let share = if finite && share > 0.0 { share } else { 0.0 };
            for (&[y, u, v], (row, x)) in moved.iter().zip(places().collect::<Vec<_>>()) {
                let (r, b) = (y + v_scale * v, y + u_scale * u);
                let change = [r, (y - kr * r - kb * b) / kg, b];
                let (values, source) = &mut rows[row];
                for c in 0..3 {
                    values[c][x] = if share > 0.0 { source[c][x] + share * change[c] } else { source[c][x] };
                }
            }
        }
    }
}

/// Can the chroma behind red, green and blue be that of 2×2 pixels? Frames that were quantised and then coded
/// keep theirs: the coding's errors are in the way.
pub(crate) fn may_have_half_chroma(findings: &Findings) -> bool {
    let recoded = findings.cause == Cause::RecodedGrid && findings.lossy;
    findings.half_chroma && !recoded && !findings.resized && findings.regions.is_none()
}

/// The first pixel within its 2×2 pixels of one chroma sample, across and down, each 0 or 1; `None` where
/// chroma has its full size.
pub(crate) fn half_chroma(image: &Image, findings: &Findings, ctx: &Context<'_>) -> Option<(usize, usize)> {
    match findings.space {
        Space::Yuv { matrix, .. } if image.color.model == Model::Rgb && may_have_half_chroma(findings) => {
            half_size(image, matrix, ctx)
        }
        _ => None,
    }
}

/// Parts of `n` samples, starting at `x0`, that are in one block of that side.
fn blocks(x0: usize, n: usize, side: usize) -> impl Iterator<Item = Range<usize>> + use<> {
    let mut start = 0;
    std::iter::from_fn(move || {
        let end = (start + side - (x0 + start) % side).min(n);
        let block = (start < n).then_some(start..end);
        start = end;
        block
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use unband_image::findings::PlaneGrid;
    use unband_image::{Matrix, Range as CodeRange, Rng, With};
    use unband_simd::Level;

    use super::super::cells;
    use super::*;

    /// Half-size chroma of 64×64 pixels, each sample repeated, on luma of its own.
    fn image() -> (Image, Findings) {
        let rng = Rng::new(1);
        let code = |n: usize| 128.0 * rng.unit_at(0, 0, n as u32, 0);
        let mut codes = Vec::new();
        for (y, x) in (0..64).flat_map(|y| (0..64).map(move |x| (y, x))) {
            let block = (y / 2) * 32 + x / 2;
            let yuv = [64.0 + code(9000 + y * 64 + x), code(2 * block) - 64.0, code(2 * block + 1) - 64.0];
            codes.extend(Matrix::Bt601.to_rgb(yuv).map(|v: f32| v.round().clamp(0.0, 255.0) as u8));
        }
        let findings = Findings::plain(3, 8).but(|new| {
            new.space = Space::Yuv { matrix: Matrix::Bt601, range: CodeRange::Full };
            new.half_chroma = true;
            new.grids = vec![PlaneGrid::plain(2.0); 3];
        });
        (Image::from_rgb8(64, 64, &codes).unwrap(), findings)
    }

    #[test]
    fn chroma_of_blocks_keeps_its_mean_and_not_its_pixels() {
        let (image, findings) = image();
        let cells = cells(&image, &findings, &Context::default());
        assert_eq!(cells.side(), 2);
        let rng = Rng::new(2);
        let noise = |n: usize| 0.3 * (rng.unit_at(0, 0, n as u32, 0) - 0.5);
        let mut most = 0.0f32;
        // Parts that begin inside a block, too.
        for (x0, y0) in [(0, 0), (1, 0), (3, 1), (0, 63)] {
            let height = if y0 % 2 == 1 { 1 } else { 2 };
            let source = |c: usize, y: usize| &image.planes[c].row(y)[x0..];
            let mut made: Vec<[Vec<f32>; 3]> = (y0..y0 + height)
                .map(|y| {
                    [0, 1, 2].map(|c: usize| {
                        let values = source(c, y).iter().enumerate();
                        values.map(|(x, v)| v + noise((y * 64 + x) * 3 + c)).collect()
                    })
                })
                .collect();
            made[0][1][5] = f32::NAN;
            let rows = made.iter_mut().zip(y0..);
            let mut rows: Vec<Rows<'_>> = rows
                .map(|(row, y)| (row.each_mut().map(Vec::as_mut_slice), [0, 1, 2].map(|c| source(c, y))))
                .collect();
            cells.keep_pixels(Level::best(), (x0, y0), &mut rows, (0.0, 1.0));
            for columns in blocks(x0, 64 - x0, 2) {
                let places = (0..height).flat_map(|y| columns.clone().map(move |x| (y, x)));
                let pair = |(y, x): (usize, usize)| {
                    let before = [0, 1, 2].map(|c: usize| source(c, y0 + y)[x]);
                    (before, [0, 1, 2].map(|c: usize| made[y][c][x]))
                };
                let block: Vec<Pair> = places.map(pair).collect();
                cells.excess((x0 + columns.start, y0), &block, |excess| assert!(excess <= 0.0));
                let blue = |(before, after): &Pair| 255.0 * (after[2] - before[2]).abs();
                most = block.iter().map(blue).fold(most, f32::max);
            }
            assert!(made.iter().flatten().flatten().all(|v| (0.0..=1.0).contains(v)));
        }
        assert!(most > 12.0, "{most}");
    }

    #[test]
    fn other_chroma_has_an_interval_for_each_pixel() {
        let (mut image, findings) = image();
        image.planes[2].data.iter_mut().enumerate().for_each(|(i, v)| *v = (i * 37 % 101) as f32 / 100.0);
        assert_eq!(cells(&image, &findings, &Context::default()).side(), 1);
    }
}
