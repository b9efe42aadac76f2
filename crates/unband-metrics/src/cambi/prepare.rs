//! Preprocessing of CAMBI: 10 bits, dither removal, spatial mask, mode filter, five scales.

use std::sync::{Mutex, PoisonError};

use unband_image::Context;
use unband_simd::metrics::cambi::histogram::{Keys, bits_row};
use unband_simd::metrics::cambi::{NONE, average_row, flat_row, keys_row, mask_row, mode_row, slide_sums};

use super::{Codes, Luma, SCALES};
use crate::{Fault, MetricError};

/// Rows per work item; even, so that halved rows do not share a piece.
const BAND: usize = 64;

/// Ranges of values: histograms hold `low` to `high`; values from `least` to `most` get a contrast.
#[derive(Clone, Copy, Debug)]
pub(super) struct Values {
    pub low: u16,
    pub high: u16,
    pub least: u16,
    pub most: u16,
}

/// Division of images into strips of columns.
#[derive(Clone, Copy, Debug)]
pub(super) struct ColumnStrips {
    /// Half of the window.
    pub radius: usize,
    /// Columns of a strip.
    pub columns: usize,
}

impl ColumnStrips {
    /// Strips that fill whole words, with half a window on both sides. Wider strips need a histogram that
    /// exceeds the cache; narrower ones share less work.
    pub(super) fn new(radius: usize) -> Self {
        Self { radius, columns: (256 + 2 * radius).next_multiple_of(64) - 2 * radius }
    }

    /// Columns of a strip with its margins.
    pub(super) fn width(self) -> usize {
        self.columns + 2 * self.radius
    }

    /// Words of a row, one more than its keys need.
    fn words(self, width: usize) -> usize {
        (width.div_ceil(self.columns) * self.columns + 2 * self.radius).div_ceil(64) + 1
    }
}

/// One of the five scales.
#[derive(Debug)]
pub(super) struct Level {
    pub width: usize,
    pub height: usize,
    /// For each sample its value minus the lowest one in histograms, or `NONE`. Rows consist of whole words;
    /// the first sample comes after half a window.
    keys: Vec<u16>,
    present: Vec<u64>,
    fresh: Vec<u64>,
    words: usize,
    /// Number of samples in flat areas.
    pub masked: u64,
    /// Sum of all smoothed values.
    pub sum: u64,
    /// Number of samples that have a contrast.
    pub scored: u64,
}

impl Level {
    /// `width` keys of row `y` from column `start` on; columns start half a window before the first sample.
    pub(super) fn part(&self, y: usize, start: usize, width: usize) -> Keys<'_> {
        let bits = y * self.words..(y + 1) * self.words;
        let keys = &self.keys[64 * bits.start..64 * bits.end];
        Keys::new(keys, &self.present[bits.clone()], &self.fresh[bits], start, width)
    }

    /// The presence bits for the same range of a row.
    pub(super) fn keys(&self, y: usize, start: usize, width: usize) -> &[u16] {
        &self.keys[64 * y * self.words + start..][..width]
    }
}

/// A plane with its size.
struct Plane<T> {
    width: usize,
    height: usize,
    data: Vec<T>,
}

impl<T: Copy + Default> Plane<T> {
    fn new(width: usize, height: usize) -> Self {
        Self { width, height, data: vec![T::default(); width * height] }
    }

    fn row(&self, y: usize) -> &[T] {
        &self.data[y * self.width..][..self.width]
    }

    fn halved(&self) -> Self {
        let mut out = Self::new(self.width.div_ceil(2), self.height.div_ceil(2));
        for (y, row) in out.data.chunks_exact_mut(out.width).enumerate() {
            halve(row, self.row(2 * y));
        }
        out
    }
}

fn halve<T: Copy>(out: &mut [T], row: &[T]) {
    out.iter_mut().zip(row.iter().step_by(2)).for_each(|(out, &v)| *out = v);
}

/// Passes each band of rows to `work` with the index of its first row.
fn by_bands<T: Send, R: Send>(
    bands: impl Iterator<Item = T>,
    ctx: &Context<'_>,
    work: impl Fn(usize, T) -> R + Sync,
) -> Vec<R> {
    let bands: Vec<Mutex<Option<T>>> = bands.map(|band| Mutex::new(Some(band))).collect();
    let results = ctx.map(bands.len(), |i| {
        let band = bands[i].lock().unwrap_or_else(PoisonError::into_inner).take();
        band.map(|band| work(i * BAND, band))
    });
    results.into_iter().flatten().collect()
}

/// All scales, largest first.
pub(super) fn levels(
    luma: &Luma<'_>,
    (width, height): (usize, usize),
    smooth: bool,
    halve_first: bool,
    values: Values,
    cut: ColumnStrips,
    ctx: &Context<'_>,
) -> Result<Vec<Level>, MetricError> {
    let mut image = ten_bits(luma, width, height, smooth, ctx);
    let mut mask = mask(&image, ctx);
    if halve_first {
        (image, mask) = (image.halved(), mask.halved());
    }
    let mut levels = Vec::with_capacity(SCALES);
    for _ in 0..SCALES {
        if ctx.check().is_err() {
            return Err(MetricError::from(Fault::Cancelled));
        }
        let (level, next, next_mask) = level(&image, &mask, values, cut, ctx);
        levels.push(level);
        (image, mask) = (next, next_mask);
    }
    Ok(levels)
}

/// Nearest sample of `from` for each of `to`, in `f32` steps like the original.
fn nearest(from: usize, to: usize) -> Vec<usize> {
    let ratio = from as f32 / to as f32;
    let mut at = (f64::from(ratio / 2.0) - 0.5) as f32;
    let step = |_| {
        let index = (f64::from(at) + 0.5) as usize;
        at += ratio;
        index.min(from - 1)
    };
    (0..to).map(step).collect()
}

fn ten_bits(luma: &Luma<'_>, width: usize, height: usize, smooth: bool, ctx: &Context<'_>) -> Plane<u16> {
    let same = (width, height) == (luma.width, luma.height);
    let places = (!same).then(|| (nearest(luma.width, width), nearest(luma.height, height)));
    let read = |y: usize, out: &mut [u16]| {
        let Some((columns, rows)) = &places else { return luma.row(y, out, |x| x) };
        luma.row(rows[y], out, |x| columns[x]);
    };
    let mut image = Plane::new(width, height);
    by_bands(image.data.chunks_mut(BAND * width), ctx, |y0, band| {
        if !smooth {
            band.chunks_exact_mut(width).enumerate().for_each(|(i, row)| read(y0 + i, row));
            return;
        }
        let (mut here, mut below) = (vec![0; width], vec![0; width]);
        read(y0, &mut below);
        for (i, out) in band.chunks_exact_mut(width).enumerate() {
            std::mem::swap(&mut here, &mut below);
            if y0 + i + 1 < height {
                read(y0 + i + 1, &mut below);
                average_row(ctx.level, out, &here, &below);
            } else {
                // The last row has no row below: averages of two samples.
                out.copy_from_slice(&here);
                out.iter_mut().zip(here.windows(2)).for_each(|(out, two)| *out = (two[0] + two[1]) >> 1);
            }
        }
    });
    image
}

impl Luma<'_> {
    /// Row `y` at 10 bits; `from` maps each position to its source sample.
    fn row(&self, y: usize, out: &mut [u16], from: impl Fn(usize) -> usize) {
        let bits = u32::from(self.bits);
        let (up, down) = (10u32.saturating_sub(bits), bits.saturating_sub(10));
        let half = if down == 0 { 0 } else { 1u32 << (down - 1) };
        match self.codes {
            Codes::Bytes(codes) => {
                let row = &codes[y * self.width..][..self.width];
                out.iter_mut().enumerate().for_each(|(x, out)| *out = u16::from(row[from(x)]) << up);
            }
            Codes::Words(codes) => {
                let row = &codes[y * self.width..][..self.width];
                let ten = |code: u16| ((u32::from(code) << up) + half) >> down;
                out.iter_mut().enumerate().for_each(|(x, out)| *out = ten(row[from(x)]) as u16);
            }
        }
    }
}

/// A sample is flat if more than this number of its 49 neighbours are flat; −1 means always.
pub(super) fn flat_limit(width: usize, height: usize) -> i32 {
    let blocks = (width >> 6) * (height >> 6);
    let log = if blocks == 0 { 0 } else { blocks.next_power_of_two().trailing_zeros() };
    (49 + 3 * (log.cast_signed() - 11) - 1) >> 1
}

fn mask(image: &Plane<u16>, ctx: &Context<'_>) -> Plane<u8> {
    let (width, height) = (image.width, image.height);
    // There are 49 neighbours: a higher limit is never exceeded.
    let limit = flat_limit(width, height).clamp(0, 49) as u8;
    let mut mask = Plane::new(width, height);
    by_bands(mask.data.chunks_mut(BAND * width), ctx, |y0, band| {
        let flat = |y: usize, out: &mut [u8]| {
            flat_row(ctx.level, out, image.row(y), image.row((y + 1).min(height - 1)));
        };
        // The last seven rows of the flatness mask, and their sums with three zeros on each side.
        let (mut rows, mut sums) = (vec![vec![0u8; width]; 7], vec![0u8; width + 6]);
        let mut new = vec![0u8; width];
        let first = y0.saturating_sub(3);
        for y in first..y0 + band.len() / width + 3 {
            let old = &mut rows[y % 7];
            if y < height {
                flat(y, &mut new);
            } else {
                new.fill(0);
            }
            slide_sums(ctx.level, &mut sums[3..3 + width], &new, old);
            std::mem::swap(&mut new, old);
            if y >= y0 + 3 {
                let out = &mut band[(y - y0 - 3) * width..][..width];
                mask_row(ctx.level, out, &sums, limit);
            }
        }
    });
    mask
}

/// Keys of a scale, and image and mask of the next one.
fn level(
    image: &Plane<u16>,
    mask: &Plane<u8>,
    values: Values,
    cut: ColumnStrips,
    ctx: &Context<'_>,
) -> (Level, Plane<u16>, Plane<u8>) {
    let (width, height) = (image.width, image.height);
    let words = cut.words(width);
    let mut keys = vec![NONE; 64 * words * height];
    let (mut present, mut fresh) = (vec![0; words * height], vec![0; words * height]);
    let (half_width, half_height) = (width.div_ceil(2), height.div_ceil(2));
    let (mut next, mut next_mask) =
        (Plane::new(half_width, half_height), Plane::new(half_width, half_height));
    let half_band = BAND / 2 * half_width;
    let bits = present.chunks_mut(BAND * words).zip(fresh.chunks_mut(BAND * words));
    let bands = keys.chunks_mut(64 * BAND * words).zip(bits);
    let halves = next.data.chunks_mut(half_band).zip(next_mask.data.chunks_mut(half_band));
    let range = [values.low, values.high, values.least, values.most];
    let sums = by_bands(bands.zip(halves), ctx, |y0, ((keys, (present, fresh)), (next, next_mask))| {
        let across = |y: usize, out: &mut [u16]| {
            let row = image.row(y.min(height - 1));
            (out[0], out[width - 1]) = (row[0], row[width - 1]);
            if width > 2 {
                mode_row(ctx.level, &mut out[1..width - 1], row, &row[1..], &row[2..]);
            }
        };
        let mut rows = [(); 3].map(|()| vec![0; width]);
        across(y0.saturating_sub(1), &mut rows[1]);
        across(y0, &mut rows[2]);
        let (mut smooth, mut sums) = (vec![0; width], [0; 3]);
        let bits = present.chunks_exact_mut(words).zip(fresh.chunks_exact_mut(words));
        for (i, (keys, (present, fresh))) in keys.chunks_exact_mut(64 * words).zip(bits).enumerate() {
            let y = y0 + i;
            rows.rotate_left(1);
            across(y + 1, &mut rows[2]);
            let inner = y > 0 && y + 1 < height;
            if inner {
                mode_row(ctx.level, &mut smooth, &rows[0], &rows[1], &rows[2]);
            }
            let row = if inner { &smooth[..] } else { image.row(y) };
            let counts = keys_row(ctx.level, &mut keys[cut.radius..][..width], row, mask.row(y), range);
            bits_row(ctx.level, present, fresh, keys);
            sums.iter_mut().zip(counts).for_each(|(sum, count)| *sum += count);
            if i % 2 == 0 {
                halve(&mut next[i / 2 * half_width..][..half_width], row);
                halve(&mut next_mask[i / 2 * half_width..][..half_width], mask.row(y));
            }
        }
        sums
    });
    let [masked, sum, scored] = sums.iter().fold([0; 3], |[a, b, c], [d, e, f]| [a + d, b + e, c + f]);
    (Level { width, height, keys, present, fresh, words, masked, sum, scored }, next, next_mask)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limit_of_flatness_grows_with_the_image() {
        assert_eq!(flat_limit(480, 270), 15);
        assert_eq!(flat_limit(1920, 1080), 21);
        assert_eq!(flat_limit(216, 1), 7);
    }

    #[test]
    fn nearest_samples_of_half_the_size_are_every_second() {
        assert_eq!(nearest(8, 4), [1, 3, 5, 7]);
        assert_eq!(nearest(5, 5), [0, 1, 2, 3, 4]);
        assert!(nearest(433, 301).iter().all(|&i| i < 433));
    }
}
