//! Coarse levels in a part of an image, from histograms of squares.

use unband_image::With;

use super::BandingMap;
use super::GridRegions;
use super::levels::{Levels, PAIRS, by_their_ends, levels, on_levels};
use super::planes::Codes;
use super::spread;

/// Histograms of the channels in squares of [`BandingMap::SIDE`], from every other row and column.
pub(super) struct TileHistograms {
    columns: usize,
    rows: usize,
    channels: usize,
    counts: Vec<u16>,
}

/// Stride in rows and columns.
const EVERY: usize = 2;

impl TileHistograms {
    pub(crate) fn new(codes: &Codes) -> Self {
        let side = BandingMap::SIDE;
        let channels = codes.planes.len();
        let (columns, rows) = (codes.width.div_ceil(side), codes.height.div_ceil(side));
        let mut counts = vec![0u16; columns * rows * channels * 256];
        // Small images need all their samples.
        let every = if codes.len() < 300_000 { 1 } else { EVERY };
        let places: Vec<Vec<usize>> = (0..columns)
            .map(|column| {
                let (from, to) = (column * side, ((column + 1) * side).min(codes.width));
                (from..to).filter(|&x| spread::counts(x, codes.width, every)).collect()
            })
            .collect();
        for y in spread::places(codes.height, every) {
            let band = y / side * columns;
            for channel in 0..channels {
                let row = codes.row(channel, y);
                for (column, places) in places.iter().enumerate() {
                    let at = ((band + column) * channels + channel) * 256;
                    let hist = &mut counts[at..at + 256];
                    for &x in places {
                        hist[usize::from(row[x])] += 1;
                    }
                }
            }
        }
        Self { columns, rows, channels, counts }
    }

    fn tile(&self, tile: usize, channel: usize) -> &[u16] {
        &self.counts[(tile * self.channels + channel) * 256..][..256]
    }

    /// Histogram of a channel over the whole image.
    pub(crate) fn whole(&self, channel: usize) -> Vec<u32> {
        let mut sum = vec![0u32; 256];
        for tile in 0..self.columns * self.rows {
            sum.iter_mut().zip(self.tile(tile, channel)).for_each(|(s, &n)| *s += u32::from(n));
        }
        sum
    }

    /// Levels of a part of an image: the set that enough squares agree on.
    pub(crate) fn partial_levels(&self) -> Option<Vec<Option<Levels>>> {
        let tiles = self.columns * self.rows;
        let all: Vec<Vec<Option<Levels>>> = (0..tiles)
            .map(|tile| (0..self.channels).map(|c| self.tile_levels(tile, c)).collect::<Vec<_>>())
            .filter(|each| each.iter().flatten().count() * 3 >= each.len().max(1) * 2)
            .collect();
        if all.len() < 4 || all.len() * 40 < tiles {
            return None;
        }
        // Per channel the levels with the most votes.
        let each: Vec<Option<Levels>> = (0..self.channels)
            .map(|channel| {
                let mut votes: Vec<(Levels, usize)> = Vec::new();
                for level in all.iter().filter_map(|each| each[channel]) {
                    match votes.iter_mut().find(|(kind, _)| *kind == level) {
                        Some((_, n)) => *n += 1,
                        None => votes.push((level, 1)),
                    }
                }
                let (level, n) = votes.into_iter().max_by_key(|(_, n)| *n)?;
                (n >= 4 && n * 4 >= all.len()).then_some(level)
            })
            .collect();
        each.iter().any(Option::is_some).then(|| self.by_their_ends(&each))
    }

    /// The same levels, rounded where the squares that have them say so: those with white on top are few.
    fn by_their_ends(&self, each: &[Option<Levels>]) -> Vec<Option<Levels>> {
        let mut hists = vec![vec![0u32; 256]; self.channels];
        for tile in 0..self.columns * self.rows {
            for (channel, level) in each.iter().enumerate() {
                let hist = self.tile(tile, channel);
                if level.is_some_and(|level| on_most(hist, level.clipped())) {
                    hists[channel].iter_mut().zip(hist).for_each(|(sum, &n)| *sum += u32::from(n));
                }
            }
        }
        by_their_ends(each, &hists)
    }

    fn tile_levels(&self, tile: usize, channel: usize) -> Option<Levels> {
        let hist = self.tile(tile, channel);
        // A 7-bit grid is at most one code off 8 bits; only a whole image has enough evidence for it.
        let occupied = hist.iter().filter(|&&n| n > 0).count();
        if !(5..=64).contains(&occupied) {
            return None;
        }
        let wide: Vec<u32> = hist.iter().map(|&n| u32::from(n) * 8).collect();
        // All squares together decide on the ends.
        levels(&wide, 4..=6, PAIRS).map(Levels::masked)
    }

    /// Squares on the levels: those with at least 98 % of their samples on them.
    pub(crate) fn regions(&self, each: &[Option<Levels>]) -> GridRegions {
        let mut holds = Vec::with_capacity(self.columns * self.rows);
        for tile in 0..self.columns * self.rows {
            let mut planes = [false; 3];
            for (channel, level) in each.iter().enumerate().take(3) {
                planes[channel] = level.is_some_and(|level| on_most(self.tile(tile, channel), level));
            }
            holds.push(planes);
        }
        GridRegions::with(|new| {
            new.columns = self.columns;
            new.rows = self.rows;
            new.holds = holds;
            new.origin = (0, 0);
        })
    }
}

/// Are at least 98 % of the samples on the levels?
fn on_most(hist: &[u16], levels: Levels) -> bool {
    let total: u32 = hist.iter().map(|&n| u32::from(n)).sum();
    f64::from(on_levels(hist, levels)) >= 0.98 * f64::from(total)
}
