//! Quantiser steps of JPEG, found in the means of its blocks, and edges at the borders of blocks.

use std::f64::consts::TAU;

use super::phasor::CONTROL;
use super::planes::{Source, UNIT};
use unband_simd::inspect_rows as rows;

/// Bins per code of the histogram of block means.
const BINS: usize = 32;
/// Units of a sample per such bin.
const PER_BIN: i32 = UNIT / 32;

/// Means of aligned square blocks whose range stays below `limit` codes, as a histogram in 1/32 codes.
fn block_means(source: &Source<'_>, side: usize, limit: i32, every: usize) -> Vec<u32> {
    let (w, h) = (source.width(), source.height());
    let across = w / side;
    let mut hist = vec![0u32; 257 * BINS];
    let mut line = vec![0i16; w];
    let (mut sum, mut low, mut high) = (vec![0i32; across], vec![0i16; across], vec![0i16; across]);
    for block in (0..h / side).step_by(every) {
        sum.fill(0);
        low.fill(i16::MAX);
        high.fill(i16::MIN);
        for y in block * side..(block + 1) * side {
            source.fill(y, &mut line);
            for (i, chunk) in line.chunks_exact(side).enumerate() {
                let (mut s, mut l, mut m) = (0i32, low[i], high[i]);
                for &v in chunk {
                    s += i32::from(v);
                    l = l.min(v);
                    m = m.max(v);
                }
                sum[i] += s;
                low[i] = l;
                high[i] = m;
            }
        }
        let count = (side * side) as u16;
        for i in 0..across {
            if i32::from(high[i]) - i32::from(low[i]) < limit * UNIT {
                let unit = PER_BIN * i32::from(count);
                let bin = (sum[i].max(0) + unit / 2) / unit;
                hist[(bin as usize).min(257 * BINS - 1)] += 1;
            }
        }
    }
    hist
}

/// The quantiser step of the block means of a plane (luma around 0, chroma around 128 codes), 6..=99.
pub(super) fn dc_step(source: &Source<'_>, chroma: bool, enough: usize) -> Option<u16> {
    let mut accepted: Vec<(f64, u16)> = Vec::new();
    let sides: &[usize] = if chroma { &[8, 16] } else { &[8] };
    let every = (source.width() * source.height()).div_ceil(enough.max(1)).max(1);
    let cosines = Cosines::new();
    for &side in sides {
        let hist = block_means(source, side, if chroma { 6 } else { 60 }, every);
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
    // All divisors of the true step score too.
    accepted.iter().filter(|a| a.0 > 0.8 * best).map(|a| a.1).max()
}

/// Cosines of one turn in steps, fine enough for means over many blocks.
struct Cosines(Vec<f64>);

impl Cosines {
    const STEPS: usize = 4096;

    fn new() -> Self {
        Self((0..Self::STEPS).map(|i| ((i as f64 + 0.5) / Self::STEPS as f64 * TAU).cos()).collect())
    }

    /// Of so many turns.
    fn at(&self, turns: f64) -> f64 {
        let part = turns - turns.floor();
        self.0[((part * Self::STEPS as f64) as usize).min(Self::STEPS - 1)]
    }
}

/// How much more often small steps lie on the borders of 8×8 blocks than elsewhere: 1 for none.
pub(super) fn blockiness(source: &Source<'_>, strips: &[(usize, usize)]) -> f64 {
    let (w, h) = (source.width(), source.height());
    if w < 32 || h < 32 {
        return 1.0;
    }
    let (low, high) = ((0.6 * f64::from(UNIT)) as i16, 4 * UNIT as i16);
    let mut across = [0u32; 8];
    let mut down = [(0u64, 0u64); 8];
    let (mut line, mut next) = (vec![0i16; w], vec![0i16; w]);
    for &(y0, y1) in strips {
        source.fill(y0, &mut line);
        for y in y0..y1 - 1 {
            source.fill(y + 1, &mut next);
            rows::count_steps_across(source.level(), &mut across, &line, low, high);
            let down = &mut down[y % 8];
            down.0 += u64::from(rows::count_steps_down(source.level(), &line, &next, low, high));
            down.1 += 1;
            std::mem::swap(&mut line, &mut next);
        }
    }
    let across = across.map(f64::from);
    let down = down.map(|(n, rows)| n as f64 / (rows.max(1) * w as u64) as f64);
    let lines: usize = strips.iter().map(|(a, b)| b - a - 1).sum();
    let per_column = (w / 8) as f64 * lines as f64;
    // Chroma of half size changes at every other column; only those compare.
    let ratio = |share: [f64; 8]| share[7] / ((share[1] + share[3] + share[5]) / 3.0 + 1e-3);
    f64::midpoint(ratio(across.map(|n| n / per_column.max(1.0))), ratio(down))
}
