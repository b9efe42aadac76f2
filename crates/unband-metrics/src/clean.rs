//! Data of a clean image that unband's own metrics share.

use unband_image::Image;
use unband_image::resize::{Beyond, gaussian};

use crate::false_steps::{Steps, steps};
use crate::field::Field;
use crate::{MetricError, check, same_size};

/// A clean image prepared for [`crate::flat_psnr`] and [`crate::false_steps`].
pub struct Clean {
    pub(crate) luma: Field,
    pub(crate) mask: Vec<bool>,
    pub(crate) count: usize,
    pub(crate) steps: Steps,
}

impl Clean {
    /// Prepares an image.
    ///
    /// # Errors
    /// When it is not RGB or grey or has samples that are not finite.
    pub fn new(reference: &Image) -> Result<Self, MetricError> {
        check("the smooth mask", reference)?;
        let luma = Field::luma(reference);
        let mask = smooth_mask(&luma);
        let count = mask.iter().filter(|&&m| m).count();
        let steps = steps(&luma);
        Ok(Self { luma, mask, count, steps })
    }

    /// Number of samples in the smooth mask.
    pub fn smooth_samples(&self) -> usize {
        self.count
    }

    /// The smooth mask, row by row.
    pub fn mask(&self) -> &[bool] {
        &self.mask
    }

    pub(crate) fn luma_of(&self, metric: &'static str, image: &Image) -> Result<Field, MetricError> {
        check(metric, image)?;
        same_size(metric, (image.width(), image.height()), (self.luma.width, self.luma.height))?;
        Ok(Field::luma(image))
    }
}

/// Smooth areas of a clean image. After a Gaussian of σ 3 the slope is below half a code per sample in x and
/// y; the residue of the Gaussian has an rms below one code over 9×9; the value is within 4..=250. All
/// conditions hold in the surrounding 9×9 samples.
pub fn smooth_mask(luma: &Field) -> Vec<bool> {
    let (w, h) = (luma.width, luma.height);
    let g = luma.convolved(&gaussian(25, 3.0 * 3.0), Beyond::Mirror);
    let residue = Field {
        width: w,
        height: h,
        data: luma.data.iter().zip(&g.data).map(|(a, b)| (a - b) * (a - b)).collect(),
    }
    .box_mean(-4..=4, -4..=4, Beyond::Mirror);
    let mirror = |i: isize, n: usize| Beyond::Mirror.index(i, n);
    let mut mask = vec![false; w * h];
    for y in 0..h {
        let [up, here, down] = [-1, 0, 1].map(|d| g.row(mirror(y.cast_signed() + d, h)));
        for x in 0..w {
            let (l, r) = (mirror(x.cast_signed() - 1, w), mirror(x.cast_signed() + 1, w));
            let dx = up[r] - up[l] + 2.0 * (here[r] - here[l]) + down[r] - down[l];
            let dy = down[l] - up[l] + 2.0 * (down[x] - up[x]) + down[r] - up[r];
            let level = here[x];
            mask[y * w + x] =
                dx.abs() < 4.0 && dy.abs() < 4.0 && residue.row(y)[x] < 1.0 && (4.0..=250.0).contains(&level);
        }
    }
    eroded(&mask, w, h, 4)
}

/// Left and top of the window of `(width, height)` samples, at multiples of 16, that contains most samples of
/// a mask; the first one in a tie. A window larger than the image is the image.
pub fn fullest_window(mask: &[bool], size: (usize, usize), window: (usize, usize)) -> (usize, usize) {
    let (w, h) = size;
    let (cw, ch) = (window.0.min(w), window.1.min(h));
    // Mask samples per column: updating these sums at each step needs little memory even for large images.
    let mut columns = vec![0u32; w];
    let add = |columns: &mut [u32], rows: std::ops::Range<usize>, sign: bool| {
        for y in rows {
            for (sum, &there) in columns.iter_mut().zip(&mask[y * w..][..w]) {
                *sum = if sign { *sum + u32::from(there) } else { *sum - u32::from(there) };
            }
        }
    };
    let mut best = (0u64, 0, 0);
    for y in (0..=h - ch).step_by(16) {
        if y == 0 {
            add(&mut columns, 0..ch, true);
        } else {
            add(&mut columns, y - 16..y.min(y - 16 + ch), false);
            add(&mut columns, y.max((y + ch).saturating_sub(16))..y + ch, true);
        }
        for x in (0..=w - cw).step_by(16) {
            let count = columns[x..x + cw].iter().map(|&n| u64::from(n)).sum();
            if count > best.0 {
                best = (count, x, y);
            }
        }
    }
    (best.1, best.2)
}

/// True where the whole square of `2 * radius + 1` is true; samples outside the image are ignored.
fn eroded(mask: &[bool], w: usize, h: usize, radius: usize) -> Vec<bool> {
    let mut across = vec![false; w * h];
    for y in 0..h {
        let row = &mask[y * w..][..w];
        for x in 0..w {
            across[y * w + x] = row[x.saturating_sub(radius)..(x + radius + 1).min(w)].iter().all(|&m| m);
        }
    }
    let mut out = vec![true; w * h];
    for y in 0..h {
        for yy in y.saturating_sub(radius)..(y + radius + 1).min(h) {
            for x in 0..w {
                out[y * w + x] &= across[yy * w + x];
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fullest_window_is_that_of_counting() {
        let (w, h) = (203, 117);
        let mask: Vec<bool> =
            (0..w * h).map(|i| ((i * 2_654_435_761_usize) >> 7) % 4 == 1 && i % w > 60).collect();
        for (cw, ch) in [(64, 48), (1, 1), (203, 117), (500, 20), (16, 112)] {
            let (rw, rh) = (cw.min(w), ch.min(h));
            let count =
                |x: usize, y: usize| (0..rw * rh).filter(|i| mask[(y + i / rw) * w + x + i % rw]).count();
            let (x, y) = fullest_window(&mask, (w, h), (cw, ch));
            let all = (0..=h - rh).step_by(16).flat_map(|y| (0..=w - rw).step_by(16).map(move |x| (x, y)));
            let most = all.map(|(x, y)| count(x, y)).max();
            assert_eq!(Some(count(x, y)), most, "{cw}×{ch} at {x}, {y}");
        }
    }
}
