//! Kernel that finds samples between the levels of a plane, and their distance from the median around them.
// Bodies must be inlined into each level's function, and must not branch, to be vectorised for it.
#![allow(clippy::inline_always)]

use crate::Bound;
use crate::dispatch;

/// Samples of one step of the kernel.
const BLOCK: usize = 16;

dispatch! {
    /// Median of the 3×3 square around each sample minus that sample. 0 where the sample is closer than `off`
    /// to an integer, counted from `offset`, and where the range of its square is more than `range`. The rows
    /// have one sample more than `out` at each end, and no NaN.
    pub fn from_medians(
        level, out: &mut [f32], above: &[f32], here: &[f32], below: &[f32], offset: f32, off: f32, range: f32,
    ) = medians_body;
}

#[inline(always)]
fn medians_body(
    out: &mut [f32],
    above: &[f32],
    here: &[f32],
    below: &[f32],
    offset: f32,
    off: f32,
    range: f32,
) {
    let n = out.len();
    let rows = [&above[..n + 2], &here[..n + 2], &below[..n + 2]];
    let (blocks, rest) = out.as_chunks_mut::<BLOCK>();
    for (block, out) in blocks.iter_mut().enumerate() {
        *out = medians(rows, BLOCK * block, offset, off, range);
    }
    // The rest of a row is copied, so that it is computed as all others.
    let (first, count) = (n - rest.len(), rest.len());
    let mut padded = [[0.0; BLOCK + 2]; 3];
    for (padded, row) in padded.iter_mut().zip(rows) {
        padded[..count + 2].copy_from_slice(&row[first..]);
    }
    let last = medians(padded.each_ref().map(|row| &row[..]), 0, offset, off, range);
    rest.copy_from_slice(&last[..count]);
}

#[inline(always)]
fn medians(rows: [&[f32]; 3], first: usize, offset: f32, off: f32, range: f32) -> [f32; BLOCK] {
    let mut v = [[0.0f32; BLOCK]; 9];
    for (i, v) in v.iter_mut().enumerate() {
        v.copy_from_slice(&rows[i / 3][first + i % 3..][..BLOCK]);
    }
    let here = v[4];
    // Exchanges that leave the median of nine in the middle (Smith, XILINX Xcell 23, 1996). The first nine
    // sort the rows, whose ends hold the minimum and maximum.
    for (a, b) in [(1, 2), (4, 5), (7, 8), (0, 1), (3, 4), (6, 7), (1, 2), (4, 5), (7, 8)] {
        exchange(&mut v, a, b);
    }
    let mut out = [0.0; BLOCK];
    let mut wide = [false; BLOCK];
    for i in 0..BLOCK {
        let low = v[0][i].at_most(v[3][i]).at_most(v[6][i]);
        let high = v[2][i].at_least(v[5][i]).at_least(v[8][i]);
        wide[i] = high - low > range;
    }
    for (a, b) in [(0, 3), (5, 8), (4, 7), (3, 6), (1, 4), (2, 5), (4, 7), (4, 2), (6, 4), (4, 2)] {
        exchange(&mut v, a, b);
    }
    for i in 0..BLOCK {
        let place = here[i] - offset;
        let on_level = (place - place.round_ties_even()).abs() < off;
        out[i] = if on_level | wide[i] { 0.0 } else { v[4][i] - here[i] };
    }
    out
}

/// Puts the smaller of two values first.
#[inline(always)]
#[allow(clippy::needless_range_loop)] // two rows at once
fn exchange(v: &mut [[f32; BLOCK]; 9], a: usize, b: usize) {
    let (mut low, mut high) = (v[a], v[b]);
    for (low, high) in low.iter_mut().zip(&mut high) {
        (*low, *high) = (low.at_most(*high), low.at_least(*high));
    }
    (v[a], v[b]) = (low, high);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Level;
    use crate::test_numbers::random;

    /// The definition, by sorting.
    fn sorted(rows: [&[f32]; 3], x: usize, offset: f32, off: f32, range: f32) -> f32 {
        let here = rows[1][x + 1];
        let mut values: Vec<f32> = rows.iter().flat_map(|row| row[x..x + 3].to_vec()).collect();
        values.sort_by(f32::total_cmp);
        let place = here - offset;
        let on_level = (place - place.round_ties_even()).abs() < off;
        if on_level || values[8] - values[0] > range { 0.0 } else { values[4] - here }
    }

    #[test]
    fn every_level_gives_the_median_by_sorting() {
        for n in [0, 1, 2, 15, 16, 17, 67] {
            let row = |y| random(n + 2, y).into_iter().map(|v| 9.0 + 0.9 * v).collect();
            let rows: [Vec<f32>; 3] = [1, 2, 3].map(row);
            let [above, here, below] = rows.each_ref().map(|row| &row[..]);
            let expected: Vec<f32> = (0..n).map(|x| sorted([above, here, below], x, 0.3, 0.1, 1.6)).collect();
            for level in Level::all() {
                let mut out = vec![9.0; n];
                from_medians(level, &mut out, above, here, below, 0.3, 0.1, 1.6);
                assert_eq!(out, expected, "{level:?}, {n} samples");
            }
            if n == 67 {
                assert!(expected.iter().any(|&v| v != 0.0) && expected.contains(&0.0));
            }
        }
    }
}
