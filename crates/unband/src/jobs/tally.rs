//! Change statistics of a job, independent of threads and tiles.

use unband_image::dither::Grid;
use unband_image::{Depth, Image};

use std::sync::atomic::{AtomicI64, AtomicU32, AtomicU64, Ordering};

use unband_simd::Level;
use unband_simd::jobs::change::{PARTS, count_changes, shown_row};

/// Samples that are rounded at a time, before comparison.
const PIECE: usize = 256;

/// Sums over all samples of an image.
pub(super) struct Tally {
    counted: bool,
    moved: AtomicU64,
    largest: AtomicU32,
    shift: Vec<AtomicI64>,
    /// Floats below black or above white that were clipped; `None` for integer samples.
    clipped: Option<AtomicU64>,
    /// Code grid of each plane of the input, where the result has the same one. A decoder may return samples
    /// between codes; rounding those is not a change.
    grids: Vec<Option<Grid>>,
}

impl Tally {
    /// For an image whose result has that depth; all sums stay 0 unless `counted`.
    pub(super) fn new(image: &Image, depth: Depth, counted: bool) -> Self {
        let planes = 0..image.planes.len();
        let shift = planes.clone().map(|_| AtomicI64::new(0)).collect();
        let grid = |p| Grid::new(image.color.model, p, depth).filter(|_| depth == image.depth);
        let grids = planes.map(grid).collect();
        let clipped = (image.depth == Depth::F32).then(AtomicU64::default);
        Self { counted, moved: AtomicU64::new(0), largest: AtomicU32::new(0), shift, clipped, grids }
    }

    /// Counts part of a row.
    pub(super) fn count(&self, level: Level, plane: usize, values: &[f32], source: &[f32]) {
        if !self.counted {
            return;
        }
        if let Some(clipped) = &self.clipped {
            let cut = |(value, source): (&f32, &f32)| {
                (*source > 1.0 && *value <= 1.0) || (*source < 0.0 && *value >= 0.0)
            };
            let count = values.iter().zip(source).filter(|&both| cut(both)).count();
            clipped.fetch_add(count as u64, Ordering::Relaxed);
        }
        let Some(grid) = self.grids[plane] else { return self.add(level, plane, values, source) };
        let mut shown_source = [0.0; PIECE];
        for (values, source) in values.chunks(PIECE).zip(source.chunks(PIECE)) {
            let shown_source = &mut shown_source[..source.len()];
            shown_row(level, shown_source, source, grid.scale, grid.zero, grid.max);
            self.add(level, plane, values, shown_source);
        }
    }

    fn add(&self, level: Level, plane: usize, values: &[f32], source: &[f32]) {
        let found = count_changes(level, values, source);
        if found.moved > 0 {
            self.moved.fetch_add(found.moved, Ordering::Relaxed);
            // Bits of positive floats are ordered as the floats are.
            self.largest.fetch_max(found.largest.to_bits(), Ordering::Relaxed);
            self.shift[plane].fetch_add(found.sum, Ordering::Relaxed);
        }
    }

    pub(super) fn moved(&self) -> u64 {
        self.moved.load(Ordering::Relaxed)
    }

    pub(super) fn clipped(&self) -> u64 {
        self.clipped.as_ref().map_or(0, |clipped| clipped.load(Ordering::Relaxed))
    }

    /// The largest change of a sample, in 8-bit codes.
    pub(super) fn max_change_codes(&self) -> f32 {
        f32::from_bits(self.largest.load(Ordering::Relaxed))
    }

    /// Mean shift of each plane, in 8-bit codes; `samples`: number of samples of each.
    pub(super) fn mean_shifts_codes(&self, samples: impl Iterator<Item = usize>) -> Vec<f32> {
        let mean = |(sum, n): (&AtomicI64, usize)| {
            (sum.load(Ordering::Relaxed) as f64 / (f64::from(PARTS) * n.max(1) as f64)) as f32
        };
        self.shift.iter().zip(samples).map(mean).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounding_what_lay_between_codes_is_no_change() {
        let mut image = Image::from_gray::<u8>(4, 1, &[10, 20, 30, 255]).unwrap();
        let codes = image.planes[0].data.clone();
        image.planes[0].data.iter_mut().zip([0.3, -0.4, 0.0, 9.0]).for_each(|(v, off)| *v += off / 255.0);
        let tally = Tally::new(&image, Depth::EIGHT, true);
        tally.count(Level::best(), 0, &codes, &image.planes[0].data);
        assert_eq!(tally.moved(), 0);
        tally.count(Level::best(), 0, &[codes[1]; 4], &image.planes[0].data);
        assert_eq!(tally.moved(), 3);
        assert!((tally.max_change_codes() - 235.0).abs() < 1e-3);
    }

    #[test]
    fn light_beyond_white_that_is_cut_off_is_counted() {
        let mut image = Image::from_gray::<u8>(4, 1, &[0; 4]).unwrap();
        image.depth = Depth::F32;
        let source = [45.0, -0.5, 2.0, 0.5];
        let tally = Tally::new(&image, Depth::F32, true);
        tally.count(Level::best(), 0, &source, &source);
        assert_eq!(tally.clipped(), 0);
        tally.count(Level::best(), 0, &[1.0, 0.0, 1.9, 0.6], &source);
        assert_eq!(tally.clipped(), 2);
        assert_eq!(Tally::new(&Image::from_gray::<u8>(1, 1, &[0]).unwrap(), Depth::F32, true).clipped(), 0);
    }

    #[test]
    fn every_move_counts_where_the_depth_changes() {
        let image = Image::from_gray::<u8>(2, 1, &[10, 20]).unwrap();
        let tally = Tally::new(&image, Depth::SIXTEEN, true);
        tally.count(Level::best(), 0, &[10.3 / 255.0, 20.0 / 255.0], &image.planes[0].data);
        assert_eq!(tally.moved(), 1);
    }
}
