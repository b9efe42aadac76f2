//! Coarse levels of an image that was resized, from its flat 3×3 windows.

use std::ops::RangeInclusive;

use super::evidence::Evidence;
use super::levels::{self, Levels, agreed, by_their_ends, level_grids};
use super::planes::Codes;
use super::spread::{places, stride};
use unband_image::With;
use unband_image::findings::{Cause, Findings, Space};

/// Rows that are read have about this many pixels.
const PIXELS: usize = 1 << 20;
/// Share of flat windows from which levels can be recognised.
const LEAST_FLAT: f64 = 0.01;
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
/// The same for fewer levels: no other code is flat.
const ALONE: f64 = 0.99;
/// Contours of one step that are needed: usually, and where the levels are sure.
const CONTOURS: u32 = 20;
const SURE_CONTOURS: u32 = 4;
/// Greatest distance between two flat runs, in samples, that may be one contour.
const CONTOUR: usize = 10;

/// Levels of a channel, from its flat windows.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct RunLevels {
    pub levels: Levels,
    /// Hardly any flat window is off the levels, and contours are one step.
    pub sure: bool,
}

/// Contours between flat windows of rows and columns.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct StepContours {
    /// Of one step.
    pub one: u32,
    /// Of more steps.
    pub more: u32,
}

impl StepContours {
    /// Counts a row or a column: the level at each flat window, `None` elsewhere.
    pub(crate) fn count(&mut self, row: impl Iterator<Item = Option<usize>>) {
        let mut last: Option<(usize, usize)> = None;
        for (x, level) in row.enumerate() {
            let Some(level) = level else { continue };
            if let Some((from, at)) = last
                && from != level
                && x - at <= CONTOUR
            {
                let step = from.abs_diff(level);
                self.one += u32::from(step == 1);
                self.more += u32::from(step > 1);
            }
            last = Some((level, x));
        }
    }

    /// Are most contours one step, and at least `least`?
    pub(crate) fn single(self, least: u32) -> bool {
        self.one >= least && self.one >= 3 * self.more
    }
}

/// Flat windows of a channel that are on a set of levels.
#[derive(Clone, Copy, Debug, Default)]
struct OnLevels {
    /// Their share.
    share: f64,
    /// The same for the square roots of the counts.
    roots: f64,
    /// Levels with enough of them.
    occupied: usize,
    /// Pairs of neighbouring levels with enough of them.
    pairs: usize,
}

impl OnLevels {
    fn all(self, share: f64) -> bool {
        self.share >= share && self.roots >= share
    }
}

/// Flat windows by code of their channel.
pub(super) struct FlatRuns {
    /// Samples in flat windows: per channel and code.
    pub histograms: Vec<[u32; 256]>,
    /// Share of the windows read that are flat in the channel with most of them.
    pub share: f64,
    rows: Vec<usize>,
    columns: Vec<usize>,
}

/// Is a window of 3×3 codes flat? The first index is that of its left column.
fn flat(rows: [&[u8]; 3], x: usize) -> bool {
    let code = rows[1][x + 1];
    rows.iter().all(|row| row[x] == code && row[x + 1] == code && row[x + 2] == code)
}

/// Which windows of three rows are flat? In plain loops, which become vector instructions.
fn mark_flat(flats: &mut [bool], rows: [&[u8]; 3]) {
    flats.fill(true);
    let width = flats.len();
    let mut equal = |a: &[u8], b: &[u8]| {
        flats.iter_mut().zip(&a[..width]).zip(&b[..width]).for_each(|((flat, a), b)| *flat &= a == b);
    };
    for row in rows {
        equal(row, &row[1..]);
        equal(&row[1..], &row[2..]);
    }
    equal(rows[0], rows[1]);
    equal(rows[1], rows[2]);
}

impl FlatRuns {
    pub(crate) fn new(codes: &Codes) -> Self {
        let (width, height) = (codes.width, codes.height);
        let mut runs = Self {
            histograms: vec![[0; 256]; codes.planes.len()],
            share: 0.0,
            rows: Vec::new(),
            columns: Vec::new(),
        };
        if width < 3 || height < 3 {
            return runs;
        }
        let every = stride(width, height, PIXELS).pow(2);
        runs.rows = places(height - 2, every).map(|y| y + 1).collect();
        runs.columns = places(width - 2, every).collect();
        let read = runs.rows.len() * (width - 2);
        let mut flats = vec![false; width - 2];
        for (p, histogram) in runs.histograms.iter_mut().enumerate() {
            let mut count = 0usize;
            for &y in &runs.rows {
                let rows = [y - 1, y, y + 1].map(|y| codes.row(p, y));
                mark_flat(&mut flats, rows);
                for (&code, _) in rows[1][1..].iter().zip(&flats).filter(|(_, flat)| **flat) {
                    histogram[usize::from(code)] += 1;
                    count += 1;
                }
            }
            runs.share = runs.share.max(count as f64 / read.max(1) as f64);
        }
        runs
    }

    /// Levels of 4 to 6 bits of a channel, if the flat windows are on them and the contours between flat
    /// windows are single steps. Where the levels are sure, a few contours are enough, or more whatever their
    /// steps: texture has large ones.
    pub(crate) fn levels(&self, codes: &Codes, channel: usize) -> Option<RunLevels> {
        let all = levels::sets_of(4..=6, 255).map(|set| (set, self.held(channel, set)));
        let (levels, held) = all.into_iter().find(|(_, held)| {
            held.share >= ON_LEVELS && held.roots >= ROOTS && held.occupied >= OCCUPIED && held.pairs >= PAIRS
        })?;
        let sure = held.all(ALONE) || (held.all(SURE) && held.occupied >= SURELY_OCCUPIED);
        let contours = self.contours(codes, channel, levels);
        let single = contours.single(if sure { SURE_CONTOURS } else { CONTOURS });
        (single || (sure && contours.one >= CONTOURS)).then_some(RunLevels { levels, sure: sure && single })
    }

    /// Levels of a channel with few of them next to others that have levels: two neighbours, and nothing
    /// else.
    pub(crate) fn alone(&self, channel: usize, bits: RangeInclusive<u8>) -> Option<Levels> {
        levels::sets_of(bits, 255).find(|&set| {
            let held = self.held(channel, set);
            held.all(ALONE) && held.pairs > 0
        })
    }

    /// Flat windows on a set of levels. Black and white say nothing; the roots of counts say whether other
    /// codes are as common as levels.
    fn held(&self, channel: usize, set: Levels) -> OnLevels {
        let histogram = &self.histograms[channel];
        let inner = &histogram[1..255];
        let total: f64 = inner.iter().map(|&n| f64::from(n)).sum();
        let roots: f64 = inner.iter().map(|&n| f64::from(n).sqrt()).sum();
        let least = ((total / 4000.0) as u32).max(12);
        let mut held = OnLevels::default();
        let mut before = false;
        for k in 0..set.count() {
            let code = set.code(k, 8).min(255);
            let n = histogram[code];
            if (1..255).contains(&code) {
                held.share += f64::from(n) / total.max(1.0);
                held.roots += f64::from(n).sqrt() / roots.max(1.0);
            }
            held.occupied += usize::from(n > least);
            held.pairs += usize::from(before && n > least);
            before = n > least;
        }
        held
    }

    /// Contours of the rows and columns that are read.
    fn contours(&self, codes: &Codes, channel: usize, set: Levels) -> StepContours {
        let mut level_of = [None; 256];
        for k in 0..1usize << set.bits {
            level_of[set.code(k, 8).min(255)] = Some(k);
        }
        let level = |x: usize, y: usize| {
            let rows = [y - 1, y, y + 1].map(|y| codes.row(channel, y));
            flat(rows, x).then(|| level_of[usize::from(rows[1][x + 1])]).flatten()
        };
        let mut contours = StepContours::default();
        for &y in &self.rows {
            contours.count((0..codes.width - 2).map(|x| level(x, y)));
        }
        for &x in &self.columns {
            contours.count((1..codes.height - 1).map(|y| level(x, y)));
        }
        contours
    }
}

/// Findings of channels that were resized after they lost levels, and whether these are sure.
pub(super) fn of_channels(evidence: &Evidence<'_>) -> Option<(Findings, bool)> {
    if evidence.lossy() || evidence.flat_runs().share < LEAST_FLAT {
        return None;
    }
    let runs = evidence.flat_runs();
    let each: Vec<_> = (0..evidence.codes.planes.len()).map(|c| runs.levels(&evidence.codes, c)).collect();
    let mut levels: Vec<_> = each.iter().map(|found| found.map(|found| found.levels)).collect();
    if !agreed(&levels) {
        return None;
    }
    let bits = || each.iter().flatten().map(|found| found.levels.bits);
    if let (3, Some(missing)) = (each.len(), each.iter().position(Option::is_none)) {
        let (least, most) = (bits().min().unwrap_or(8), bits().max().unwrap_or(8));
        levels[missing] = runs.alone(missing, least - 1..=most + 1);
    }
    let sure = each.iter().flatten().all(|found| found.sure);
    let flats: Vec<Vec<u32>> = runs.histograms.iter().map(|histogram| histogram.to_vec()).collect();
    let levels = by_their_ends(&levels, &flats);
    let grids = level_grids(&levels, evidence.unit(), if sure { 1.0 } else { 0.9 });
    let found = evidence.findings(Cause::Levels, Space::Native, grids);
    Some((found.but(|new| new.resized = true), sure))
}
