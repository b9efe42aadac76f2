//! Coarse levels of an image that was resized, from its flat 3×3 windows.

use super::levels::{self, Levels};
use super::planes::Codes;
use super::spread::{places, stride};

/// Rows that are read have about this many pixels.
const PIXELS: usize = 1 << 20;
/// Share of the flat samples that must be on levels.
const ON_LEVELS: f64 = 0.8;
/// The same for the square roots of the counts.
const ROOTS: f64 = 0.6;
/// Levels that must be occupied.
const OCCUPIED: usize = 8;
/// Pairs of neighbouring levels that must be occupied.
const PAIRS: usize = 6;
/// Share and number of levels from which they are sure.
const SURE: f64 = 0.95;
const SURELY_OCCUPIED: usize = 12;
/// Greatest distance between two flat runs, in samples, that may be one contour.
const CONTOUR: usize = 10;

/// Flat windows by code of their channel.
pub(super) struct FlatRuns {
    /// Samples in flat windows: per channel and code.
    pub histograms: Vec<[u32; 256]>,
    /// Share of the windows read that are flat in the channel with most of them.
    pub share: f64,
    rows: Vec<usize>,
}

/// Is a window of 3×3 codes flat? The first index is that of its left column.
fn flat(rows: [&[u8]; 3], x: usize) -> bool {
    let code = rows[1][x + 1];
    rows.iter().all(|row| row[x] == code && row[x + 1] == code && row[x + 2] == code)
}

impl FlatRuns {
    pub fn new(codes: &Codes) -> Self {
        let (width, height) = (codes.width, codes.height);
        let mut runs = Self { histograms: vec![[0; 256]; codes.planes.len()], share: 0.0, rows: Vec::new() };
        if width < 3 || height < 3 {
            return runs;
        }
        let every = stride(width, height, PIXELS).pow(2);
        runs.rows = places(height - 2, every).map(|y| y + 1).collect();
        let read = runs.rows.len() * (width - 2);
        for (p, histogram) in runs.histograms.iter_mut().enumerate() {
            let mut count = 0usize;
            for &y in &runs.rows {
                let rows = [y - 1, y, y + 1].map(|y| codes.row(p, y));
                for x in (0..width - 2).filter(|&x| flat(rows, x)) {
                    histogram[usize::from(rows[1][x + 1])] += 1;
                    count += 1;
                }
            }
            runs.share = runs.share.max(count as f64 / read.max(1) as f64);
        }
        runs
    }

    /// Levels of 4 to 6 bits of a channel, if the flat windows are on them and the contours between flat
    /// windows are single steps. Black and white say nothing; the roots of counts say whether other codes are
    /// as common as levels.
    pub fn levels(&self, codes: &Codes, channel: usize) -> Option<Levels> {
        let histogram = &self.histograms[channel];
        let inner = &histogram[1..255];
        let total: u64 = inner.iter().map(|&n| u64::from(n)).sum();
        let roots: f64 = inner.iter().map(|&n| f64::from(n).sqrt()).sum();
        let least = ((total / 4000) as u32).max(12);
        let mut sure = false;
        let found = levels::sets_of(4..=6, 255).find(|&set| {
            let (mut held, mut held_roots, mut occupied, mut pairs, mut before) = (0u64, 0.0, 0, 0, false);
            for k in 0..1usize << set.bits {
                let code = set.code(k, 8).min(255);
                let n = histogram[code];
                if (1..255).contains(&code) {
                    held += u64::from(n);
                    held_roots += f64::from(n).sqrt();
                }
                occupied += usize::from(n > least);
                pairs += usize::from(before && n > least);
                before = n > least;
            }
            let common = held as f64 >= ON_LEVELS * total as f64 && held_roots >= ROOTS * roots;
            sure = held as f64 >= SURE * total as f64
                && held_roots >= SURE * roots
                && occupied >= SURELY_OCCUPIED;
            common && occupied >= OCCUPIED && pairs >= PAIRS
        })?;
        self.single_steps(codes, channel, found, sure).then_some(found)
    }

    /// Are most contours between flat windows of a row one step of the levels? Where the levels are sure, a
    /// few are enough: texture has large steps.
    fn single_steps(&self, codes: &Codes, channel: usize, set: Levels, sure: bool) -> bool {
        let mut level_of = [None; 256];
        for k in 0..1usize << set.bits {
            level_of[set.code(k, 8).min(255)] = Some(k);
        }
        let (mut one, mut more) = (0u32, 0u32);
        for &y in &self.rows {
            let rows = [y - 1, y, y + 1].map(|y| codes.row(channel, y));
            let mut last: Option<(usize, usize)> = None;
            for x in 0..codes.width - 2 {
                if !flat(rows, x) {
                    continue;
                }
                let Some(level) = level_of[usize::from(rows[1][x + 1])] else { continue };
                if let Some((from, at)) = last
                    && from != level
                    && x - at <= CONTOUR
                {
                    let step = from.abs_diff(level);
                    one += u32::from(step == 1);
                    more += u32::from(step > 1);
                }
                last = Some((level, x));
            }
        }
        one >= 20 && (sure || one >= 3 * more)
    }
}
