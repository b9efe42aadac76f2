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
            let rows = [0, 1, 2].map(|y| samples(3 * (count + 2), limits.step).split_off(y * (count + 2)));
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
                        all.filter(|&(y, x)| inside(y - 4, x - 4) && alike(y as usize, x as usize)).count()
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
    let exact: f64 =
        (0..9).flat_map(|y| (0..9).map(move |x| (y, x))).map(|(y, x)| plane[y * 200 + x + 50] as f64).sum();
    assert!((f64::from(whole[50]) - exact / 81.0).abs() < 1e-6);
    for level in Level::all() {
        for (from, count) in [(0, 0), (0, 192), (5, 1), (17, 100)] {
            assert_eq!(run(level, from, count), whole[from..from + count], "{level:?} {from}");
        }
    }
}
