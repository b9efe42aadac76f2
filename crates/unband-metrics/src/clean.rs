//! What our own measures need to know of the clean picture, computed once.

use unband_image::Image;

use crate::false_steps::{Steps, steps};
use crate::field::{Border, Field, gaussian};
use crate::{MetricError, check, same_size};

/// A clean picture prepared for [`crate::flat_psnr`] and [`crate::false_steps`].
pub struct Clean {
    pub(crate) luma: Field,
    pub(crate) mask: Vec<bool>,
    pub(crate) count: usize,
    pub(crate) steps: Steps,
}

impl Clean {
    /// Prepares a picture.
    ///
    /// # Errors
    /// When it is not RGB or grey or holds samples that are not finite.
    pub fn of(reference: &Image) -> Result<Self, MetricError> {
        check("the smooth mask", reference)?;
        let luma = Field::luma(reference);
        let mask = smooth_mask(&luma);
        let count = mask.iter().filter(|&&m| m).count();
        let steps = steps(&luma);
        Ok(Self { luma, mask, count, steps })
    }

    /// Samples of the smooth mask.
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

/// Where a clean picture is smooth: after a Gaussian of σ 3 its slope is below half a code per sample in x
/// and in y, what the Gaussian took away has an rms below one code over 9×9, the value lies within 4..=250,
/// and all of that holds in the whole 9×9 around.
pub fn smooth_mask(luma: &Field) -> Vec<bool> {
    let (w, h) = (luma.width, luma.height);
    let g = luma.convolved(&gaussian(3.0, 12), Border::Mirror);
    let residue = Field {
        width: w,
        height: h,
        data: luma.data.iter().zip(&g.data).map(|(a, b)| (a - b) * (a - b)).collect(),
    }
    .box_mean(-4..=4, -4..=4, Border::Mirror);
    let mirror = |i: isize, n: usize| Border::Mirror.index(i, n);
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

/// True where the whole square of `2 * radius + 1` is; what lies outside the picture does not count.
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
