//! Row kernels of FCDR: differences to opposite neighbours, and their similarity along strips.

// Bodies must be inlined into each level's function to be compiled for it; branches would prevent
// vectorisation.
#![allow(clippy::inline_always, clippy::needless_bitwise_bool)]

use crate::dispatch;

/// Half the side of the block around each pixel.
pub const REACH: usize = 4;

/// Thresholds; those of sums are in codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// A pixel is on a step when any of its sums reaches this.
    pub step: u16,
    /// It is texture or a sharp edge when any of its sums reaches this …
    pub edge: u16,
    /// … or all four together reach this.
    pub texture: u16,
    /// Two pixels are alike when their sums differ by less than this, all four together.
    pub alike: u16,
    /// Minimum number of similar pixels in the fullest of the block's four strips …
    pub fullest: u16,
    /// … and maximum number in the emptiest.
    pub emptiest: u16,
}

impl Limits {
    /// Sums are clipped to this: larger ones are edges, and similar only to edges. At most 16383, as four of
    /// them must fit.
    fn most(&self) -> u16 {
        self.edge.max(self.step).saturating_add(self.alike).min(16_383)
    }
}

dispatch! {
    /// For pixels in a row, the sums of the differences to two opposite neighbours: falling diagonal,
    /// vertical, rising diagonal, horizontal. `rows` are the row above, the row itself and the row below,
    /// each with one more sample on both sides.
    ///
    /// # Panics
    /// When a row has another length.
    pub fn sums_row(level, out: [&mut [u16]; 4], rows: [&[u16]; 3], limits: &Limits) = sums_body;
    /// Candidate pixels of a row: bit 0 on a step (FCDR's first map), bit 1 on a step and neither texture nor
    /// a sharp edge (its second). All slices have the same length.
    ///
    /// # Panics
    /// When a slice has another length.
    pub fn candidates_row(level, out: &mut [u8], sums: [&[u16]; 4], limits: &Limits) = candidates_body;
    /// Candidates (bit 1 of `maps`) that are part of a contour (FCDR's third map): sets their bit 2. `sums`
    /// hold rows of `stride`; the first pixel's sums are at `start`, and [`REACH`] columns and rows around
    /// the pixels are read.
    ///
    /// # Panics
    /// When `sums` are too short for that.
    pub fn contours_row(level, maps: &mut [u8], sums: [&[u16]; 4], stride: usize, start: usize, limits: &Limits) = contours_body;
    /// Sums of nine rows, each as long as `out`, from the first to the last.
    ///
    /// # Panics
    /// When a row has another length.
    pub fn sum_of_nine_rows(level, out: &mut [f32], rows: [&[f32]; 9]) = rows_body;
    /// Means of nine by nine samples from sums of nine rows: `out[i]` is the sum of `sums[i..i + 9]` divided
    /// by 81.
    ///
    /// # Panics
    /// When `sums` is not 8 longer than `out`.
    pub fn mean_of_nine_columns(level, out: &mut [f32], sums: &[f32]) = columns_body;
}

#[inline(always)]
fn sums_body(out: [&mut [u16]; 4], rows: [&[u16]; 3], limits: &Limits) {
    let [a, b, c, d] = out;
    let count = a.len();
    let most = u32::from(limits.most());
    let [above, own, below] = rows.map(|row| &row[..count + 2]);
    let (b, c, d) = (&mut b[..count], &mut c[..count], &mut d[..count]);
    for i in 0..count {
        let middle = own[i + 1];
        let sum = |one: u16, other: u16| {
            let sum = u32::from(middle.abs_diff(one)) + u32::from(middle.abs_diff(other));
            sum.min(most) as u16
        };
        a[i] = sum(above[i], below[i + 2]);
        b[i] = sum(above[i + 1], below[i + 1]);
        c[i] = sum(above[i + 2], below[i]);
        d[i] = sum(own[i], own[i + 2]);
    }
}

#[inline(always)]
fn candidates_body(out: &mut [u8], sums: [&[u16]; 4], limits: &Limits) {
    let count = out.len();
    let sums = sums.map(|row| &row[..count]);
    for (i, out) in out.iter_mut().enumerate() {
        let [a, b, c, d] = sums.map(|row| row[i]);
        let largest = a.max(b).max(c.max(d));
        let on_step = largest >= limits.step;
        let plain = (largest < limits.edge) & (a + b + c + d < limits.texture);
        *out = u8::from(on_step) | (u8::from(on_step & plain) << 1);
    }
}

/// Pixels per block.
const BLOCK: usize = 64;

#[inline(always)]
fn contours_body(maps: &mut [u8], sums: [&[u16]; 4], stride: usize, start: usize, limits: &Limits) {
    let alike = limits.alike;
    let first = start.checked_sub(REACH * stride + REACH);
    let Some(first) = first.filter(|_| !maps.is_empty()) else {
        assert!(maps.is_empty(), "{REACH} rows and columns before the pixels are read");
        return;
    };
    for (b, maps) in maps.chunks_mut(BLOCK).enumerate() {
        if !maps.iter().any(|map| map & 2 != 0) {
            continue;
        }
        let count = maps.len();
        let mut own = [[0u16; BLOCK]; 4];
        for (own, sums) in own.iter_mut().zip(sums) {
            own[..count].copy_from_slice(&sums[start + b * BLOCK..][..count]);
        }
        let mut strips = [[0u16; BLOCK]; 4];
        for dy in 0..=2 * REACH {
            for dx in 0..=2 * REACH {
                let [vertical, horizontal] = [dx, dy].map(|d| d.abs_diff(REACH) <= 1);
                let inside = [vertical, horizontal, dx.abs_diff(dy) <= 1, (dx + dy).abs_diff(2 * REACH) <= 1];
                if inside == [false; 4] {
                    continue;
                }
                let from = first + b * BLOCK + dy * stride + dx;
                let mut apart = [0u16; BLOCK];
                for (own, sums) in own.iter().zip(sums) {
                    let other = &sums[from..][..count];
                    for ((apart, &own), &other) in apart.iter_mut().zip(own).zip(other) {
                        *apart += own.abs_diff(other);
                    }
                }
                for (strip, _) in strips.iter_mut().zip(inside).filter(|&(_, inside)| inside) {
                    for (strip, &apart) in strip.iter_mut().zip(&apart) {
                        *strip += u16::from(apart < alike);
                    }
                }
            }
        }
        for (i, map) in maps.iter_mut().enumerate() {
            let [a, b, c, d] = [0, 1, 2, 3].map(|s: usize| strips[s][i]);
            let (fullest, emptiest) = (a.max(b).max(c.max(d)), a.min(b).min(c.min(d)));
            let contour = (fullest >= limits.fullest) & (emptiest <= limits.emptiest);
            *map |= (u8::from(contour) << 2) & ((*map & 2) << 1);
        }
    }
}

#[inline(always)]
fn rows_body(out: &mut [f32], rows: [&[f32]; 9]) {
    let count = out.len();
    let rows = rows.map(|row| &row[..count]);
    for (i, out) in out.iter_mut().enumerate() {
        let mut sum = 0.0;
        for row in rows {
            sum += row[i];
        }
        *out = sum;
    }
}

#[inline(always)]
fn columns_body(out: &mut [f32], sums: &[f32]) {
    let count = out.len();
    let sums = &sums[..count + 8];
    for (i, out) in out.iter_mut().enumerate() {
        let mut sum = 0.0;
        for k in 0..9 {
            sum += sums[i + k];
        }
        *out = sum / 81.0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Level;

    const LIMITS: [Limits; 2] = [
        Limits { step: 1, edge: 3, texture: 7, alike: 2, fullest: 10, emptiest: 6 },
        Limits { step: 257, edge: 771, texture: 1799, alike: 514, fullest: 12, emptiest: 5 },
    ];

    /// Slow waves with a little noise, in codes.
    fn samples(count: usize, step: u16) -> Vec<u16> {
        let mut state = 3u32;
        (0..count)
            .map(|i| {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                let noise = if state >> 29 == 0 { (state >> 8) as u16 & 3 } else { 0 };
                ((i / 7) as u16 % 5 + noise) * step + if state >> 22 == 0 { 40_000 } else { 0 }
            })
            .collect()
    }

    #[test]
    fn sums_and_candidates_are_those_of_the_definition() {
        for limits in LIMITS {
            for count in [0, 1, 31, 64, 131] {
                let rows =
                    [0, 1, 2].map(|y| samples(3 * (count + 2), limits.step).split_off(y * (count + 2)));
                let rows: [&[u16]; 3] = [0, 1, 2].map(|y: usize| &rows[y][..count + 2]);
                for level in Level::all() {
                    let mut out = [(); 4].map(|()| vec![9; count]);
                    let [a, b, c, d] = &mut out;
                    sums_row(level, [a, b, c, d], rows, &limits);
                    let mut maps = vec![9; count];
                    candidates_row(level, &mut maps, [&out[0], &out[1], &out[2], &out[3]], &limits);
                    for i in 0..count {
                        let apart = |y: usize, x: usize| u32::from(rows[1][i + 1].abs_diff(rows[y][i + x]));
                        let want = [
                            apart(0, 0) + apart(2, 2),
                            apart(0, 1) + apart(2, 1),
                            apart(0, 2) + apart(2, 0),
                            apart(1, 0) + apart(1, 2),
                        ];
                        let most = u32::from(limits.edge + limits.alike);
                        assert_eq!(
                            [0, 1, 2, 3].map(|s: usize| u32::from(out[s][i])),
                            want.map(|w| w.min(most)),
                            "{level:?} {count} {i}"
                        );
                        let first = want.iter().any(|&w| w >= u32::from(limits.step));
                        let second = first
                            && want.iter().all(|&w| w < u32::from(limits.edge))
                            && want.iter().sum::<u32>() < u32::from(limits.texture);
                        assert_eq!(maps[i], u8::from(first) | u8::from(second) << 1, "{level:?} {count} {i}");
                    }
                }
            }
        }
    }

    #[test]
    fn contours_are_those_of_the_definition() {
        for limits in LIMITS {
            for count in [0usize, 1, 63, 64, 150] {
                let stride = count + 11;
                let start = 5 * stride + 6;
                // Lines two pixels wide, upright in one half and slanted in the other, among specks.
                let specks = samples(11 * stride, limits.step);
                let line = |x: usize, y: usize| if x < 90 { x % 9 < 2 } else { (x + y) % 9 < 2 };
                let sums = [1, 0, 2, 1].map(|height| {
                    let at = |i: usize| u16::from(line(i % stride, i / stride)) * height * limits.step;
                    let most = limits.edge + limits.alike;
                    let all = specks.iter().enumerate();
                    all.map(|(i, &s)| if i % 29 == 0 { s.min(most) } else { at(i) }).collect::<Vec<_>>()
                });
                let sums = [0, 1, 2, 3].map(|p: usize| &sums[p][..]);
                let before: Vec<u8> = (0..count).map(|i| if i % 5 == 0 { 1 } else { 3 }).collect();
                let mut kept = 0;
                let want: Vec<u8> = (0..count)
                    .map(|i| {
                        let at = |dy: usize, dx: usize| start + i + dy * stride + dx - 4 * stride - 4;
                        let alike = |dy: usize, dx: usize| {
                            let apart = |s: &[u16]| u32::from(s[at(dy, dx)].abs_diff(s[start + i]));
                            sums.iter().map(|s| apart(s)).sum::<u32>() < u32::from(limits.alike)
                        };
                        let count = |inside: &dyn Fn(i32, i32) -> bool| {
                            let all = (0..9).flat_map(|y| (0..9).map(move |x| (y, x)));
                            all.filter(|&(y, x)| inside(y - 4, x - 4) && alike(y as usize, x as usize))
                                .count()
                        };
                        let strips = [
                            count(&|_, x| x.abs() <= 1),
                            count(&|y, _| y.abs() <= 1),
                            count(&|y, x| (y - x).abs() <= 1),
                            count(&|y, x| (y + x).abs() <= 1),
                        ];
                        let (most, least) = (strips.iter().max().unwrap(), strips.iter().min().unwrap());
                        let contour = before[i] & 2 != 0
                            && *most >= usize::from(limits.fullest)
                            && *least <= usize::from(limits.emptiest);
                        kept += usize::from(contour);
                        before[i] | u8::from(contour) << 2
                    })
                    .collect();
                assert!(count < 60 || (kept > 0 && kept < count));
                for level in Level::all() {
                    let mut maps = before.clone();
                    contours_row(level, &mut maps, sums, stride, start, &limits);
                    assert_eq!(maps, want, "{level:?} {count}");
                }
            }
        }
    }

    #[test]
    fn means_are_the_same_at_every_level_and_from_every_start() {
        let plane: Vec<f32> = (0..9 * 200).map(|i| ((i * 7919) % 251) as f32 / 251.0).collect();
        let run = |level, from: usize, count: usize| {
            let rows = std::array::from_fn(|y| &plane[y * 200 + from..][..count + 8]);
            let mut sums = vec![0.0; count + 8];
            sum_of_nine_rows(level, &mut sums, rows);
            let mut out = vec![0.0; count];
            mean_of_nine_columns(level, &mut out, &sums);
            out
        };
        let whole = run(Level::Scalar, 0, 192);
        let exact: f64 = (0..9)
            .flat_map(|y| (0..9).map(move |x| (y, x)))
            .map(|(y, x)| plane[y * 200 + x + 50] as f64)
            .sum();
        assert!((f64::from(whole[50]) - exact / 81.0).abs() < 1e-6);
        for level in Level::all() {
            for (from, count) in [(0, 0), (0, 192), (5, 1), (17, 100)] {
                assert_eq!(run(level, from, count), whole[from..from + count], "{level:?} {from}");
            }
        }
    }
}
