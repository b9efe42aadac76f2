//! Changes of half-size chroma by luma.

use unband_image::{Matrix, Plane};
use unband_simd::Level;
use unband_simd::filters::chroma_guide as kernels;
use unband_simd::filters::smooth::mix_row;

use crate::area::{Area, Upsampling};

/// Variance that counts as none, in squared values: of luma for slopes and filter, of chroma.
const LUMA_NOISE: f32 = 1.0 / (255.0 * 255.0);
const FILTER_NOISE: f32 = 4.0 * LUMA_NOISE;
const CHROMA_NOISE: f32 = 0.05 * LUMA_NOISE;
/// Corrections of the means.
const PASSES: usize = 3;

/// Red, green and blue, whose first pixel is the first of a chroma sample of `scale` columns and rows.
pub(super) struct Pixels<'a> {
    pub planes: [&'a Plane; 3],
    pub matrix: Matrix,
    pub scale: (usize, usize),
    pub level: Level,
}

impl Pixels<'_> {
    fn size(&self) -> (usize, usize) {
        (self.planes[0].width, self.planes[0].height)
    }

    fn row(&self, component: usize, y: usize, out: &mut [f32]) {
        let [r, g, b] = self.planes.map(|plane| plane.row(y));
        mix_row(self.level, out, r, g, b, self.matrix.weights_of(component));
    }

    /// Luma and both colour differences.
    fn components(&self, areas: &mut [Area; 3]) {
        let (width, height) = self.size();
        for area in &mut *areas {
            area.reshape(0, 0, width, height);
        }
        // By rows: those of red, green and blue are read from memory once.
        for y in 0..height {
            for (c, area) in areas.iter_mut().enumerate() {
                self.row(c, y, area.row_mut(y));
            }
        }
    }

    /// Changes of the means of both colour differences by a guided filter. `full`: working memory.
    pub(super) fn denoised(&self, full: &mut [Area; 3]) -> [Area; 2] {
        self.components(full);
        let [luma, chroma @ ..] = full.each_ref().map(|component| component.reduced(self.scale));
        let around_luma = framed(&luma, (false, false));
        chroma.map(|chroma| {
            let sums = Sums::new(&around_luma, &framed(&chroma, (false, false)), self.level);
            let (mut slopes, mut offsets) = (luma.clone(), luma.clone());
            for y in 0..luma.height {
                let (slopes, offsets) = (slopes.row_mut(y), offsets.row_mut(y));
                kernels::lines(self.level, slopes, offsets, sums.row(y), FILTER_NOISE);
            }
            let (mut change, offsets) = (self.mean_of_nine(&slopes), self.mean_of_nine(&offsets));
            let values = luma.data.iter().zip(&offsets.data).zip(&chroma.data);
            for (change, ((luma, offset), chroma)) in change.data.iter_mut().zip(values) {
                *change = *change * luma + offset - chroma;
            }
            change
        })
    }

    /// Changes of both colour differences that add luma's detail and keep the means. `full`: working memory.
    pub(super) fn upsampled<'a>(&self, full: &'a mut [Area; 3]) -> &'a [Area; 2] {
        let smooth = Upsampling::smooth(self.scale);
        self.components(full);
        let [detail, changes @ ..] = full;
        let luma = detail.reduced(self.scale);
        self.subtract_upsampled(detail, &luma);
        let luma = framed(&luma, (false, false));
        let mut tall = Vec::new();
        let (mut slope, mut base) = (vec![0.0; detail.width], vec![0.0; detail.width]);
        for change in &mut *changes {
            let chroma = change.reduced(self.scale);
            let sums = Sums::new(&luma, &framed(&chroma, (false, false)), self.level);
            let mut slopes = chroma.clone();
            for y in 0..slopes.height {
                let noise = (LUMA_NOISE, CHROMA_NOISE);
                kernels::correlated_slopes(self.level, slopes.row_mut(y), sums.row(y), noise);
            }
            let slopes = self.mean_of_nine(&slopes);
            for y in 0..change.height {
                slopes.upsampled_row(self.level, smooth, y, &mut tall, &mut slope);
                chroma.upsampled_row(self.level, smooth, y, &mut tall, &mut base);
                let values = slope.iter().zip(&base).zip(detail.row(y));
                for (change, ((slope, base), detail)) in change.row_mut(y).iter_mut().zip(values) {
                    *change = slope * detail + base - *change;
                }
            }
            self.keep_means(change);
        }
        changes
    }

    /// Squared differences of both colour differences, summed over all samples but those within `rim` of a
    /// side: to their repeated means, to their interpolated means, and between these two.
    pub(super) fn differences(&self, rim: usize) -> [f64; 3] {
        let (width, height) = self.size();
        let mut sums = [0.0; 3];
        let mut components = <[Area; 3]>::default();
        self.components(&mut components);
        for chroma in &components[1..] {
            let means = chroma.reduced(self.scale);
            let upsampled = |by| means.upsampled(self.level, by, (width, height));
            let repeated = upsampled(Upsampling::repeating(self.scale));
            let smooth = upsampled(Upsampling::smooth(self.scale));
            let mut off = smooth.clone();
            off.data.iter_mut().zip(&chroma.data).for_each(|(off, v)| *off -= v);
            self.keep_means(&mut off);
            for y in rim..height.saturating_sub(rim) {
                for at in y * width + rim..((y + 1) * width).saturating_sub(rim) {
                    let repeated = repeated.data[at];
                    let apart = [chroma.data[at] - repeated, off.data[at], smooth.data[at] - repeated];
                    sums.iter_mut().zip(apart).for_each(|(sum, d)| *sum += f64::from(d * d));
                }
            }
        }
        sums
    }

    /// Takes the means out of a change.
    fn keep_means(&self, change: &mut Area) {
        let (width, height) = self.size();
        let (sx, sy) = self.scale;
        // An odd end has one pixel, a quarter of the way to the sample before.
        let odd = (sx == 2 && !width.is_multiple_of(2), sy == 2 && !height.is_multiple_of(2));
        // The means of an upsampled change are blurred.
        let weight = |scale: usize| if scale == 2 { 0.125 } else { 0.0 };
        let mut off = change.reduced(self.scale);
        let mut sum = off.clone();
        for _ in 1..PASSES {
            let around = framed(&off, odd);
            let mut blurred = vec![0.0; off.width];
            for y in 0..off.height {
                let [above, here, below] = [0, 1, 2].map(|dy| around.row(y + dy));
                kernels::blurred(self.level, &mut blurred, above, here, below, weight(sx), weight(sy));
                off.row_mut(y).iter_mut().zip(&blurred).for_each(|(off, v)| *off -= v);
            }
            sum.data.iter_mut().zip(&off.data).for_each(|(sum, v)| *sum += v);
        }
        self.subtract_upsampled(change, &sum);
    }

    fn subtract_upsampled(&self, from: &mut Area, small: &Area) {
        let smooth = Upsampling::smooth(self.scale);
        let (mut tall, mut row) = (Vec::new(), vec![0.0; from.width]);
        for y in 0..from.height {
            small.upsampled_row(self.level, smooth, y, &mut tall, &mut row);
            from.row_mut(y).iter_mut().zip(&row).for_each(|(from, v)| *from -= v);
        }
    }

    /// Means of the 3×3 samples around each.
    fn mean_of_nine(&self, area: &Area) -> Area {
        let around = framed(area, (false, false));
        let mut out = area.clone();
        for y in 0..area.height {
            let [above, here, below] = [0, 1, 2].map(|dy| around.row(y + dy));
            kernels::means_of_nine(self.level, out.row_mut(y), above, here, below);
        }
        out
    }
}

/// Sums over three rows, for each row of a component: of luma, chroma, their squares, and their product.
struct Sums([Area; 5]);

impl Sums {
    /// Of components with a frame of one sample.
    fn new(luma: &Area, chroma: &Area, level: Level) -> Self {
        let mut sums = [(); 5].map(|()| Area::zeros(luma.width, luma.height - 2));
        for y in 0..luma.height - 2 {
            let rows = sums.each_mut().map(|area| area.row_mut(y));
            let luma = [0, 1, 2].map(|dy| luma.row(y + dy));
            let chroma = [0, 1, 2].map(|dy| chroma.row(y + dy));
            kernels::column_sums(level, rows, luma, chroma);
        }
        Self(sums)
    }

    fn row(&self, y: usize) -> [&[f32]; 5] {
        self.0.each_ref().map(|area| area.row(y))
    }
}

/// With one sample more at each side: the nearest, or the next to it at the right and the bottom where `odd`
/// says so.
fn framed(area: &Area, odd: (bool, bool)) -> Area {
    let inner = |i: usize, len: usize, odd: bool| match i.checked_sub(1) {
        Some(at) if at < len => at,
        Some(at) => at.saturating_sub(if odd { 2 } else { 1 }),
        None => 0,
    };
    let mut out = Area::zeros(area.width + 2, area.height + 2);
    let last = inner(area.width + 1, area.width, odd.0);
    for y in 0..out.height {
        let from = area.row(inner(y, area.height, odd.1));
        let row = out.row_mut(y);
        row[1..=area.width].copy_from_slice(from);
        (row[0], row[area.width + 1]) = (from[0], from[last]);
    }
    out
}
