//! JPEG evidence: quantiser steps from block means, and steps at block borders.

use std::f64::consts::TAU;

use unband_image::Window;

use super::phasor::CONTROL;
use super::planes::{LazyPlane, UNIT};
use unband_simd::detect::inspect as rows;

/// Histogram bins per code of the block means.
const BINS: usize = 32;
/// Sample units per bin.
const PER_BIN: i32 = UNIT / 32;

/// Histogram, in 1/32 codes, of the means of whole blocks of `side` samples from `start` on. Only blocks with
/// a range below `limit` codes are included.
pub(super) fn block_means(
    source: &LazyPlane<'_>,
    side: usize,
    start: (usize, usize),
    limit: i32,
    squares: &[Window],
) -> Vec<u32> {
    let mut hist = vec![0u32; 257 * BINS];
    let (mut line, mut sum, mut low, mut high) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let unit = PER_BIN * i32::from((side * side) as u16);
    for square in squares {
        let first = |from: usize, start: usize| from + (start + side - from % side) % side;
        let (left, top) = (first(square.x0, start.0), first(square.y0, start.1));
        let (across, down) = (square.x1.saturating_sub(left) / side, square.y1.saturating_sub(top) / side);
        let width = across * side;
        line.resize(width, 0i16);
        for block in 0..if across > 0 { down } else { 0 } {
            refill(&mut sum, width, 0i32);
            refill(&mut low, width, i16::MAX);
            refill(&mut high, width, i16::MIN);
            for y in top + block * side..top + (block + 1) * side {
                source.fill_from(left, y, &mut line);
                rows::add_to_columns(source.level(), &mut high, &mut low, &mut sum, &line);
            }
            let blocks = high.chunks_exact(side).zip(low.chunks_exact(side)).zip(sum.chunks_exact(side));
            for ((high, low), sum) in blocks {
                let high = high.iter().copied().fold(i16::MIN, i16::max);
                let low = low.iter().copied().fold(i16::MAX, i16::min);
                if i32::from(high) - i32::from(low) < limit * UNIT {
                    let bin = (sum.iter().sum::<i32>().max(0) + unit / 2) / unit;
                    hist[(bin as usize).min(257 * BINS - 1)] += 1;
                }
            }
        }
    }
    hist
}

/// `len` times `value` in a row that keeps its memory.
fn refill<T: Copy>(row: &mut Vec<T>, len: usize, value: T) {
    row.clear();
    row.resize(len, value);
}

/// The quantiser step of the block means of a plane (luma around 0, chroma around 128 codes), 6..=99.
pub(super) fn dc_step(source: &LazyPlane<'_>, chroma: bool, enough: usize) -> Option<u16> {
    let mut accepted: Vec<(f64, u16)> = Vec::new();
    let sides: &[usize] = if chroma { &[8, 16] } else { &[8] };
    let squares = source.squares(enough);
    let starts = Borders::count(source, &squares).starts(source.width(), source.height());
    let cosines = Cosines::new();
    for &side in sides {
        // Chroma blocks start at a luma block.
        let start = |start: usize, of: usize| if start == 0 { 0 } else { of % side };
        let start = (start(starts.0, source.width()), start(starts.1, source.height()));
        let hist = block_means(source, side, start, if chroma { 6 } else { 60 }, &squares);
        let total: u64 = hist.iter().map(|&n| u64::from(n)).sum();
        if total < 60 {
            continue;
        }
        let bins: Vec<(f64, f64)> = hist
            .iter()
            .enumerate()
            .filter(|(_, n)| **n > 0)
            .map(|(i, &n)| (i as f64 / BINS as f64 - 128.0, f64::from(n) / total as f64))
            .collect();
        for q in 6..100u16 {
            let period = f64::from(q) / 8.0;
            let real: f64 = bins.iter().map(|&(x, n)| n * cosines.at(x / period)).sum();
            if real < 0.5 {
                continue;
            }
            let other = CONTROL
                .iter()
                .map(|f| {
                    let (c, s) = bins.iter().fold((0.0, 0.0), |(c, s), &(x, n)| {
                        let turns = x / (period * f);
                        (c + n * cosines.at(turns), s + n * cosines.at(turns - 0.25))
                    });
                    c.hypot(s)
                })
                .fold(0.0, f64::max);
            let mut levels: Vec<i32> = bins.iter().map(|(x, _)| (x / period).round() as i32).collect();
            levels.dedup();
            if real - other > 0.25 && levels.len() >= 4 {
                accepted.push((real, q));
            }
        }
    }
    let best = accepted.iter().map(|a| a.0).fold(0.0, f64::max);
    // All divisors of the true step pass as well.
    accepted.iter().filter(|a| a.0 > 0.8 * best).map(|a| a.1).max()
}

/// Are samples everywhere on levels that are `step` codes apart, with contours at any column? Then samples
/// were quantised: quantised means of blocks leave samples between the levels, or contours at every eighth
/// column.
pub(super) fn samples_on_levels(source: &LazyPlane<'_>, step: f64) -> bool {
    const ENOUGH: usize = 200_000;
    const NEAR: f64 = 0.75;
    let (mut on, mut all, mut contours) = (0u64, 0u64, [0u64; 8]);
    let mut line = Vec::new();
    for Window { x0, y0, x1, y1 } in source.squares(ENOUGH) {
        line.resize(x1 - x0, 0i16);
        for y in y0..y1 {
            source.fill_from(x0, y, &mut line);
            let mut before = None;
            for (i, &value) in line.iter().enumerate() {
                let code = f64::from(value) / f64::from(UNIT);
                let level = (code / step).round();
                on += u64::from((code - level * step).abs() < NEAR);
                let changed = before.is_some_and(|before: f64| (before - level).abs() > 0.5);
                contours[(x0 + i) % 8] += u64::from(changed);
                before = Some(level);
            }
            all += line.len() as u64;
        }
    }
    let (sum, most) = (contours.iter().sum::<u64>(), contours.into_iter().max().unwrap_or(0));
    step >= 3.0 && on * 100 >= all * 97 && sum >= 200 && most * 10 < sum * 3
}

/// Table of cosines over one turn, fine enough for means over many blocks.
struct Cosines(Vec<f64>);

impl Cosines {
    const STEPS: usize = 4096;

    fn new() -> Self {
        Self((0..Self::STEPS).map(|i| ((i as f64 + 0.5) / Self::STEPS as f64 * TAU).cos()).collect())
    }

    /// Cosine of an angle in turns.
    fn at(&self, turns: f64) -> f64 {
        let part = turns - turns.floor();
        self.0[((part * Self::STEPS as f64) as usize).min(Self::STEPS - 1)]
    }
}

/// Number of small steps between neighbours, and of all neighbours, by the position of the first one modulo
/// 8.
struct Borders {
    across: [(u64, u64); 8],
    down: [(u64, u64); 8],
}

impl Borders {
    fn count(source: &LazyPlane<'_>, squares: &[Window]) -> Self {
        let (low, high) = ((0.6 * f64::from(UNIT)) as i16, 4 * UNIT as i16);
        let mut all = Self { across: [(0, 0); 8], down: [(0, 0); 8] };
        let (mut line, mut next) = (Vec::new(), Vec::new());
        for &Window { x0, y0, x1, y1 } in squares {
            let w = x1 - x0;
            line.resize(w, 0i16);
            next.resize(w, 0i16);
            let mut across = [0u32; 8];
            source.fill_from(x0, y0, &mut line);
            for y in y0..y1 {
                rows::count_steps_across(source.level(), &mut across, &line, low, high);
                if y + 1 < y1 {
                    source.fill_from(x0, y + 1, &mut next);
                    let down = &mut all.down[y % 8];
                    down.0 += u64::from(rows::count_steps_down(source.level(), &line, &next, low, high));
                    down.1 += w as u64;
                    std::mem::swap(&mut line, &mut next);
                }
            }
            for (i, &n) in across.iter().enumerate() {
                let border = &mut all.across[(x0 + i) % 8];
                border.0 += u64::from(n);
                border.1 += ((w - 1 + 7 - i) / 8 * (y1 - y0)) as u64;
            }
        }
        all
    }

    /// Start of the first whole block: 0, or, on a side that is not a multiple of 8, its position in a
    /// mirrored image if steps are more frequent at the borders there.
    fn starts(&self, width: usize, height: usize) -> (usize, usize) {
        let start = |borders: &[(u64, u64); 8], side: usize| {
            let steps = |start: usize| {
                let (n, of) = borders[(start + 7) % 8];
                n as f64 / (of.max(1)) as f64
            };
            if steps(side % 8) > steps(0) { side % 8 } else { 0 }
        };
        (start(&self.across, width), start(&self.down, height))
    }
}

/// Frequency of small steps on the borders of 8×8 blocks relative to elsewhere: 1 for none.
pub(super) fn blockiness(source: &LazyPlane<'_>, squares: &[Window]) -> f64 {
    let (w, h) = (source.width(), source.height());
    if w < 32 || h < 32 {
        return 1.0;
    }
    let borders = Borders::count(source, squares);
    let ratio = |borders: &[(u64, u64); 8], side: usize| {
        let share = borders.map(|(n, of)| n as f64 / of.max(1) as f64);
        let at = |start: usize| {
            let share = |i: usize| share[(start + i) % 8];
            // Chroma at half size changes at every other column; only those are comparable.
            share(7) / ((share(1) + share(5) + share(3)) / 3.0 + 1e-3)
        };
        at(0).max(at(side % 8))
    };
    f64::midpoint(ratio(&borders.across, w), ratio(&borders.down, h))
}
