#![allow(clippy::unwrap_used, clippy::float_cmp, clippy::cast_possible_wrap)]
use super::*;
use crate::Level;

const WIDTHS: [usize; 8] = [0, 1, 7, 63, 64, 65, 130, 321];

struct Noise(u32);

impl Noise {
    fn next(&mut self) -> u32 {
        self.0 = self.0.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        self.0 >> 8
    }

    fn values(&mut self, n: usize) -> Vec<f32> {
        (0..n).map(|_| (self.next() % 256) as f32).collect()
    }

    /// A row of `n` random bits with one more word on each side; `of` of 8 bits are set.
    fn bits(&mut self, n: usize, of: u32) -> Vec<u64> {
        let mut row = vec![0; n.div_ceil(64) + 2];
        for x in 0..n {
            row[1 + x / 64] |= u64::from(self.next() % 8 < of) << (x % 64);
        }
        row
    }
}

/// Bit `x` of a row with one more word on each side.
fn bit(row: &[u64], x: i64) -> bool {
    let at = (x + 64) as usize;
    row[at / 64] >> (at % 64) & 1 == 1
}

/// The ring around `x` counter-clockwise from the right, and the bit itself.
fn ring(rows: &[Vec<u64>; 3], x: i64) -> ([bool; 8], bool) {
    let at = |dy: usize, dx: i64| bit(&rows[dy], x + dx);
    ([at(1, 1), at(0, 1), at(0, 0), at(0, -1), at(1, -1), at(2, -1), at(2, 0), at(2, 1)], at(1, 0))
}

fn borrowed<T>(rows: &[Vec<T>; 3]) -> [&[T]; 3] {
    [&rows[0], &rows[1], &rows[2]]
}

#[test]
fn gradients_and_classes_are_those_of_the_definition() {
    let mut noise = Noise(3);
    for n in WIDTHS {
        let rows = [(); 3].map(|()| noise.values(n + 2));
        let small = rows.clone().map(|row| row.iter().map(|v| v / 64.0).collect::<Vec<f32>>());
        for rows in [rows, small] {
            for level in Level::all() {
                let (mut gx, mut gy) = (vec![0.0; n], vec![0.0; n]);
                sobel_row(level, &mut gx, &mut gy, borrowed(&rows));
                let (mut calm, mut rough) = (vec![9; n.div_ceil(64)], vec![9; n.div_ceil(64)]);
                classes_row(level, &mut calm, &mut rough, &gx, &gy, [4.0, 144.0]);
                for x in 0..n {
                    let at = |dy: usize, dx: usize| f64::from(rows[dy][x + dx]);
                    let right = at(0, 2) + 2.0 * at(1, 2) + at(2, 2) - at(0, 0) - 2.0 * at(1, 0) - at(2, 0);
                    let down = at(2, 0) + 2.0 * at(2, 1) + at(2, 2) - at(0, 0) - 2.0 * at(0, 1) - at(0, 2);
                    assert_eq!((f64::from(gx[x]), f64::from(gy[x])), (right, down));
                    let square = gx[x] * gx[x] + gy[x] * gy[x];
                    assert_eq!(calm[x / 64] >> (x % 64) & 1 == 1, square < 4.0);
                    assert_eq!(rough[x / 64] >> (x % 64) & 1 == 1, square > 144.0);
                }
                if n % 64 != 0 {
                    assert_eq!((calm[n / 64] | rough[n / 64]) >> (n % 64), 0, "bits past the end");
                }
            }
        }
    }
}

#[test]
fn not_a_number_is_neither_calm_nor_rough() {
    for level in Level::all() {
        let (mut calm, mut rough) = ([1], [1]);
        classes_row(level, &mut calm, &mut rough, &[f32::NAN; 5], &[0.0; 5], [4.0, 144.0]);
        assert_eq!((calm, rough), ([0], [0]));
    }
}

#[test]
fn differences_are_found_bit_by_bit() {
    let mut noise = Noise(4);
    for n in WIDTHS {
        let a: Vec<u8> = (0..n).map(|_| (noise.next() % 3) as u8).collect();
        let b: Vec<u8> = (0..n).map(|_| (noise.next() % 3) as u8).collect();
        for level in Level::all() {
            let mut out = vec![7; n.div_ceil(64)];
            differs_row(level, &mut out, &a, &b);
            for x in 0..n.div_ceil(64) * 64 {
                assert_eq!(out[x / 64] >> (x % 64) & 1 == 1, x < n && a[x] != b[x]);
            }
        }
    }
}

#[test]
fn rows_of_bits_are_what_counting_neighbours_gives() {
    let mut noise = Noise(5);
    for n in WIDTHS {
        for of in [1, 3, 4, 6] {
            let rows = [(); 3].map(|()| noise.bits(n, of));
            let words = n.div_ceil(64);
            for level in Level::all() {
                let [mut majority, mut wide, mut first, mut second] = [(); 4].map(|()| vec![7u64; words]);
                let [mut ends, mut junctions, mut alone] = [(); 3].map(|()| vec![7u64; words]);
                majority_row(level, &mut majority, borrowed(&rows));
                widen_row(level, &mut wide, &rows[1]);
                let any_first = thin_row(level, &mut first, borrowed(&rows), false);
                let any_second = thin_row(level, &mut second, borrowed(&rows), true);
                shapes_row(level, &mut ends, &mut junctions, &mut alone, borrowed(&rows));
                let (mut deleted, mut deleted_second) = (false, false);
                for x in 0..n {
                    let of = |row: &[u64]| row[x / 64] >> (x % 64) & 1 == 1;
                    let (near, here) = ring(&rows, x as i64);
                    let around = near.iter().filter(|&&b| b).count();
                    assert_eq!(of(&majority), around + usize::from(here) >= 5);
                    assert_eq!(of(&wide), (-4..=4).any(|d| bit(&rows[1], x as i64 + d)));
                    let changes = (0..8).filter(|&i| near[i] != near[(i + 1) % 8]).count();
                    assert_eq!(of(&ends), here && changes == 2);
                    assert_eq!(of(&junctions), here && changes >= 6);
                    assert_eq!(of(&alone), here && around == 0);
                    // Guo and Hall's conditions, with neighbours numbered from 1.
                    let v = |i: usize| near[(i - 1) % 8];
                    let crossing =
                        (1..=4).filter(|&i| !v(2 * i - 1) && (v(2 * i) || v(2 * i + 1))).count() == 1;
                    let one = (1..=4).filter(|&k| v(2 * k - 1) || v(2 * k)).count();
                    let two = (1..=4).filter(|&k| v(2 * k) || v(2 * k + 1)).count();
                    let both = here && crossing && (2..=3).contains(&one.min(two));
                    let delete = both && !((v(2) || v(3) || !v(8)) && v(1));
                    let delete_second = both && !((v(6) || v(7) || !v(4)) && v(5));
                    assert_eq!(of(&first), here && !delete);
                    assert_eq!(of(&second), here && !delete_second);
                    deleted |= delete;
                    deleted_second |= delete_second;
                }
                assert_eq!((any_first, any_second), (deleted, deleted_second));
            }
        }
    }
}

#[test]
fn sums_over_rows_are_the_same_at_every_level() {
    let mut noise = Noise(6);
    let weights: [f64; 9] = std::array::from_fn(|k| 0.1 + k as f64 / 30.0);
    for n in WIDTHS {
        let rows: [Vec<f32>; 9] = std::array::from_fn(|_| noise.values(n));
        let rows: [&[f32]; 9] = std::array::from_fn(|k| &rows[k][..]);
        let long: Vec<f64> = noise.values(n + 8).iter().map(|&v| f64::from(v)).collect();
        let run = |level| {
            let [mut sum, mut square, mut along, mut contrast] = [(); 4].map(|()| vec![0.0; n]);
            weigh_down(level, &mut sum, &mut square, &rows, &weights);
            weigh_along(level, &mut along, &long, &weights);
            contrast_row(level, &mut contrast, rows[4], &sum, &square);
            (sum, square, along, contrast, magnitude_sums(level, rows[0], rows[1]))
        };
        let want = run(Level::Scalar);
        for x in 0..n {
            let down: f64 = (0..9).map(|k| weights[k] * f64::from(rows[k][x])).sum();
            let along: f64 = (0..9).map(|k| weights[k] * long[x + k]).sum();
            assert!((want.0[x] - down).abs() < 1e-9 && (want.2[x] - along).abs() < 1e-9);
        }
        let total: f64 = rows[0].iter().zip(rows[1]).map(|(a, b)| f64::from(a.hypot(*b))).sum();
        assert!((want.4[0] - total).abs() <= 1e-5 * total);
        for level in Level::all() {
            assert_eq!(run(level), want, "{level:?} {n}");
        }
    }
}

#[test]
fn windows_of_low_variance_are_distinguished() {
    // Two values that are 4 apart, in equal numbers, have a variance just above 4; a window has one more of
    // one of them.
    let (w, h) = (90usize, 40usize);
    let mut noise = Noise(7);
    let codes: Vec<u32> = (0..w * h)
        .map(|i| match i % w {
            0..30 => 100 + noise.next() % 8,
            30..60 => 20 + 4 * (noise.next() % 2),
            _ => 7 + noise.next() % 6,
        })
        .collect();
    let table = |square: bool| {
        let mut table = vec![0u32; (w + 1) * (h + 1)];
        for y in 0..h {
            let mut sum = 0u32;
            for x in 0..w {
                let code = codes[y * w + x];
                sum = sum.wrapping_add(if square { code * code } else { code });
                table[(y + 1) * (w + 1) + x + 1] = table[y * (w + 1) + x + 1].wrapping_add(sum);
            }
        }
        // Tables wrap modulo 2^32.
        table.into_iter().map(|v| v.wrapping_add(4_294_967_000)).collect::<Vec<_>>()
    };
    let (sums, squares) = (table(false), table(true));
    let (mut seen, mut ties) = ([0; 2], 0);
    for half in [2u8, 3, 7, 19] {
        let side = 2 * usize::from(half) + 1;
        for top in 0..=h - side {
            let n = w - side + 1;
            let rows = |t: &'static str| {
                let table = if t == "sums" { &sums } else { &squares };
                [&table[top * (w + 1)..][..=w], &table[(top + side) * (w + 1)..][..=w]]
            };
            for level in Level::all() {
                let mut out = vec![0; n];
                out[n / 2] = 77;
                let tied = even_row(level, &mut out, half, rows("sums"), rows("squares"));
                for x in 0..n {
                    let window =
                        (0..side * side).map(|i| u64::from(codes[(top + i / side) * w + x + i % side]));
                    let (sum, square) = window.fold((0, 0), |(s, q), v| (s + v, q + v * v));
                    let count = (side * side) as u64;
                    let want = match (count * square - sum * sum).cmp(&(4 * count * (count - 1))) {
                        _ if x == n / 2 => 77,
                        std::cmp::Ordering::Less => half,
                        std::cmp::Ordering::Equal => TIE,
                        std::cmp::Ordering::Greater => 0,
                    };
                    assert_eq!(out[x], want);
                    seen[usize::from(want == half)] += 1;
                    ties += usize::from(want == TIE);
                }
                assert_eq!(tied, out.contains(&TIE));
            }
        }
    }
    assert!(seen[0] > 100 && seen[1] > 100 && ties > 0, "{seen:?} {ties}");
}

#[test]
fn random_words_are_those_of_the_standard_generator() {
    let mut words = [5489u32; 624];
    for i in 1..624u32 {
        let last = words[i as usize - 1];
        words[i as usize] = 1_812_433_253u32.wrapping_mul(last ^ (last >> 30)).wrapping_add(i);
    }
    for level in Level::all() {
        let mut words = words;
        (0..=9_999 / 624).for_each(|_| twist(level, &mut words));
        // C++ standard, [rand.predef]: the 10000th number of mt19937 is 4123659995; it is the second of its
        // pair.
        let at = 9_999 % 624;
        let mut drawn = [0.0];
        draw_row(level, &mut drawn, &words[at - 1..=at]);
        let low = (drawn[0] * 9_007_199_254_740_992.0) as u64 & 0x3ff_ffff;
        assert_eq!(low, 4_123_659_995 >> 6, "{level:?}");
    }
}
