#![allow(clippy::unwrap_used, clippy::float_cmp, clippy::cast_possible_wrap)]
use super::histogram::*;
use super::*;
use crate::Level;

const WIDTHS: [usize; 9] = [0, 1, 2, 7, 63, 64, 65, 130, 321];

struct Noise(u32);

impl Noise {
    fn below(&mut self, limit: u32) -> u32 {
        self.0 = self.0.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (self.0 >> 8) % limit
    }

    fn row(&mut self, n: usize, limit: u16) -> Vec<u16> {
        (0..n).map(|_| self.below(limit.into()) as u16).collect()
    }

    /// Runs of up to `longest` equal keys below `keys`, some of them [`NONE`].
    fn keys(&mut self, n: usize, keys: u16, longest: u32) -> Vec<u16> {
        let mut row = Vec::new();
        while row.len() < n {
            let key = self.below(u32::from(keys) + 1) as u16;
            let length = 1 + self.below(longest) as usize;
            row.extend(std::iter::repeat_n(if key == keys { NONE } else { key }, length));
        }
        row.truncate(n);
        row
    }
}

#[test]
fn flat_places_masks_and_modes_are_those_of_the_definition() {
    let mut noise = Noise(7);
    for n in WIDTHS {
        let [a, b, c] = [(); 3].map(|()| noise.row(n, 3));
        let sums: Vec<u8> = (0..n + 6).map(|_| noise.below(8) as u8).collect();
        for level in Level::all() {
            let mut flat = vec![9; n];
            flat_row(level, &mut flat, &a, &b);
            let mut mask = vec![9; n];
            mask_row(level, &mut mask, &sums, 24);
            let mut mode = vec![9; n];
            mode_row(level, &mut mode, &a, &b, &c);
            let mut mean = vec![9; n];
            average_row(level, &mut mean, &a, &b);
            let mut slid = sums.clone();
            slide_sums(level, &mut slid, &sums, &vec![1; n + 6]);
            for x in 0..n {
                let right = if x + 1 < n { a[x] == a[x + 1] } else { true };
                assert_eq!(flat[x] == 1, right && a[x] == b[x], "{level:?} {n} {x}");
                let sum: u32 = sums[x..x + 7].iter().map(|&v| u32::from(v)).sum();
                assert_eq!(mask[x] == 1, sum > 24, "{level:?} {n} {x}");
                let mut three = [a[x], b[x], c[x]];
                three.sort_unstable();
                let want = if three[1] == three[2] { three[1] } else { three[0] };
                assert_eq!(mode[x], want, "{level:?} {n} {x}");
                let want =
                    if x + 1 < n { (a[x] + a[x + 1] + b[x] + b[x + 1]) / 4 } else { a[x].midpoint(b[x]) };
                assert_eq!(mean[x], want, "{level:?} {n} {x}");
                assert_eq!(slid[x], (2 * sums[x]).wrapping_sub(1), "{level:?} {n} {x}");
            }
        }
    }
}

#[test]
fn keys_are_values_that_are_masked_and_count() {
    let mut noise = Noise(5);
    for n in [0, 1, 64, 2500] {
        let values = noise.row(n, 1024);
        let mask: Vec<u8> = (0..n).map(|_| noise.below(2) as u8).collect();
        for level in Level::all() {
            let mut keys = vec![9; n];
            let got = keys_row(level, &mut keys, &values, &mask, [100, 700, 150, 600]);
            let mut want = [0; 3];
            for x in 0..n {
                let (value, masked) = (values[x], mask[x] == 1);
                let counts = masked && (100..=700).contains(&value);
                assert_eq!(keys[x], if counts { value - 100 } else { NONE });
                want[0] += u64::from(masked);
                want[1] += u64::from(value);
                want[2] += u64::from(masked && (150..=600).contains(&value));
            }
            assert_eq!(got, want);
        }
    }
}

/// How often a key occurs in the window around `x` of some rows.
fn occurs(rows: &[Vec<u16>], key: i32, x: usize, radius: usize) -> u16 {
    let (from, to) = (x.saturating_sub(radius), x + radius + 1);
    let row = |row: &Vec<u16>| row[from..to.min(row.len())].iter().filter(|&&k| i32::from(k) == key).count();
    rows.iter().map(row).sum::<usize>() as u16
}

#[test]
fn bits_show_where_keys_are_and_where_they_change() {
    let mut noise = Noise(13);
    for words in [0, 1, 3] {
        let keys = noise.keys(64 * words, 5, 9);
        for level in Level::all() {
            let (mut present, mut fresh) = (vec![7; words], vec![7; words]);
            bits_row(level, &mut present, &mut fresh, &keys);
            for (x, &key) in keys.iter().enumerate() {
                let bit = |bits: &[u64]| bits[x / 64] >> (x % 64) & 1 == 1;
                assert_eq!(bit(&present), key != NONE);
                let before = if x == 0 { NONE } else { keys[x - 1] };
                assert!(key == NONE || bit(&fresh) == (key != before), "{x}");
            }
        }
    }
}

#[test]
fn contrasts_are_those_of_counting_in_every_window() {
    let mut noise = Noise(11);
    for (width, radius, reach, longest) in
        [(1, 2, 1, 3), (64, 4, 2, 9), (90, 16, 4, 30), (129, 3, 8, 1), (70, 63, 16, 80), (321, 7, 32, 12)]
    {
        let keys = 40u16;
        let shape = Shape::new(radius, reach, keys.into(), width);
        let rows: Vec<Vec<u16>> = (0..9).map(|_| noise.keys(width, keys, longest)).collect();
        let first: Vec<u8> =
            (0..keys).map(|key| (u8::try_from(key).unwrap() / 3).min(reach as u8 + 1)).collect();
        let seen = first.iter().filter(|&&first| usize::from(first) <= reach).count() as u16;
        // Rows with bits that start anywhere in a word.
        let (at, long) = (radius % 7, width.next_multiple_of(64));
        let words = (at + long).div_ceil(64) + 1;
        let wide = |row: &[u16]| {
            let mut keys = vec![NONE; 64 * words];
            keys[at..at + row.len()].copy_from_slice(row);
            let (mut present, mut fresh) = (vec![0; words], vec![0; words]);
            bits_row(Level::Scalar, &mut present, &mut fresh, &keys);
            (keys, present, fresh)
        };
        let shape = Shape { stride: Shape::new(radius, reach, keys.into(), long).stride, ..shape };
        let rows_wide: Vec<_> = rows.iter().map(|row| wide(row)).collect();
        let none_wide = wide(&[]);
        let part = |(keys, present, fresh): &'_ (Vec<u16>, Vec<u64>, Vec<u64>), from: usize, n: usize| {
            // Leaked, which is acceptable in a test.
            let keys: &'static [u16] = keys.clone().leak();
            Keys::new(keys, present.clone().leak(), fresh.clone().leak(), at + from, n)
        };
        let (row, none) = (|y: usize| part(&rows_wide[y], 0, long), part(&none_wide, 0, long));
        let mut results: Vec<(Vec<u32>, u64, u32)> = Vec::new();
        for level in Level::all() {
            let (mut histogram, mut found) = (vec![0; shape.len()], Stretches::new(long));
            for y in 0..8 {
                slide_histogram(level, &mut histogram, shape, row(y), none, &mut found);
            }
            // One row enters as another leaves; runs common to both are skipped.
            slide_histogram(level, &mut histogram, shape, row(8), row(0), &mut found);
            let from = width / 3;
            let centre = &rows[5][from..];
            let n = centre.len();
            let mut counts = vec![vec![77; n + PIECE]; groups(reach) + 1];
            let part = part(&rows_wide[5], from, n);
            peaks_row(level, &mut counts, &histogram, shape, part, from, &first, &mut found);
            let mut out = vec![-1.0; n];
            let (sum, most) = contrast_row(level, &mut out, &counts, centre, (0, seen - 1));
            for (i, &key) in centre.iter().enumerate() {
                let count = |key: i32| occurs(&rows[1..], key, from + i, radius);
                let scored = key < seen;
                let mut want = 0.0f32;
                for d in 1..=reach {
                    if !scored || d < usize::from(first[usize::from(key)]) {
                        continue;
                    }
                    let (key, d) = (i32::from(key), d as i32);
                    let (p, q) = (count(key), count(key + d).max(count(key - d)));
                    let weight = WEIGHTS.iter().find(|w| w.1 <= d as usize && d as usize <= w.2).unwrap().0;
                    let (p, q) = (f32::from(p), f32::from(q));
                    want = want.max(weight * p * q / (p + q));
                }
                assert_eq!(out[i], want, "{level:?}, {width} wide, reach {reach}, column {i}");
            }
            let total: f64 = out.iter().map(|&c| f64::from(c)).sum();
            assert!((sum - total).abs() <= 1e-9 * total.max(1.0));
            assert_eq!(most, out.iter().fold(0.0, |a: f32, b| a.max(*b)));
            results.push((out.iter().map(|c| c.to_bits()).collect(), sum.to_bits(), most.to_bits()));

            for y in 1..9 {
                slide_histogram(level, &mut histogram, shape, none, row(y), &mut found);
            }
            assert!(histogram.iter().all(|&count| count == 0), "{level:?}");
        }
        assert!(results.iter().all(|result| *result == results[0]));
    }
}

#[test]
fn luma_of_8_bit_codes_is_found_and_of_others_refused() {
    let mut noise = Noise(3);
    for n in WIDTHS {
        let codes = [(); 3].map(|()| noise.row(n, 256));
        let planes = codes.clone().map(|row| row.iter().map(|&c| f32::from(c) / 255.0).collect::<Vec<f32>>());
        for level in Level::all() {
            let mut out = vec![0; n];
            assert!(luma8_row(level, &mut out, &planes[0], &planes[1], &planes[2]));
            for x in 0..n {
                let [r, g, b] = [0, 1, 2].map(|p| u32::from(codes[p][x]));
                assert_eq!(u32::from(out[x]), ((47 * r + 157 * g + 16 * b + 128) >> 8) + 16);
            }
            for wrong in [f32::NAN, f32::INFINITY, -0.1, 1.1, 0.5] {
                let mut odd = planes[2].clone();
                let Some(last) = odd.last_mut() else { continue };
                *last = wrong;
                assert!(!luma8_row(level, &mut out, &planes[0], &planes[1], &odd), "{wrong}");
            }
        }
    }
}
