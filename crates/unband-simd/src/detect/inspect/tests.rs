use super::*;
use crate::Level;

fn codes(n: usize, seed: u32) -> Vec<u8> {
    (0..n as u32).map(|i| (i.wrapping_mul(2_654_435_761).wrapping_add(seed) >> 13) as u8).collect()
}

#[test]
fn every_level_gives_the_same_bits() {
    for n in [0usize, 1, 2, 3, 7, 8, 9, 63, 64, 65, 1001] {
        let (r, g, b) = (codes(n, 1), codes(n, 77), codes(n, 991));
        let mut v: Vec<f32> = r.iter().map(|&c| c as f32 / 200.0 - 0.1).collect();
        if n > 8 {
            v[3] = f32::NAN;
            v[4] = f32::INFINITY;
            v[5] = f32::NEG_INFINITY;
        }
        let run = |level| {
            let mut q = vec![0u8; n];
            quantise_row(level, &mut q, &v, 255.0, 0.0);
            let mut rows = Vec::new();
            for add in [512, 4096, 1 << 20] {
                let mut y = vec![0i16; n];
                weigh_row(level, &mut y, &r, &g, &b, [19595, 38470, 7471], add);
                rows.push(y);
            }
            let mut own = vec![0i16; n];
            sixty_fourths(level, &mut own, &r);
            let mut weighed = own.clone();
            weigh_row(level, &mut weighed, &r, &r, &r, [65536, 0, 0], 512);
            assert_eq!(own, weighed);
            rows.push(own);
            let mut sums = vec![0u16; n / 2];
            sum_blocks(level, &mut sums, &r, &g);
            let mut chroma = vec![0i16; n / 2];
            weigh_sums(level, &mut chroma, &sums, &sums, &sums, [-11056, -21712, 32768], 1 << 22);
            let (mut high, mut low, mut sum) = (vec![0i16; n], vec![0i16; n], vec![0i32; n]);
            columns3(level, &mut high, &mut low, &mut sum, &rows[0], &rows[1], &rows[2]);
            let mut columns = (vec![i16::MIN; n], vec![i16::MAX; n], vec![0i32; n]);
            for row in &rows[..3] {
                add_to_columns(level, &mut columns.0, &mut columns.1, &mut columns.2, row);
            }
            assert_eq!((&columns.0, &columns.1, &columns.2), (&high, &low, &sum), "{level:?}, {n} samples");
            let (mut range, mut mean) = (vec![0i16; n], vec![0i16; n]);
            windows3(level, &mut range, &mut mean, &high, &low, &sum);
            let mut counts = [0; 8];
            count_steps_across(level, &mut counts, &rows[0], 38, 2560);
            let down = count_steps_down(level, &rows[0], &rows[1], -1, 2);
            let mut smooth = rows[0].clone();
            mask_rough(level, &mut smooth, &rows[1], 9000, -16000);
            let mut any = vec![0u8; n.div_ceil(32)];
            any_steps(level, &mut any, &smooth, &rows[2], 3, 40);
            let (mut steps, mut fine) = (vec![0u8; n], vec![0u8; n]);
            steps_of_codes(level, &mut steps, &r, &g, 3);
            steps_of_sixty_fourths(level, &mut fine, &rows[0], &rows[1], 2);
            let mut largest = vec![0u8; n];
            largest3(level, &mut largest, &steps, &fine, &b);
            let (mut marks, mut first, mut second) = (vec![0u8; n], vec![0u8; n], vec![0u8; n]);
            mark_contours(level, &mut first, &mut second, &steps, &fine, &b, 200, 10, 90);
            mark_contours_across(level, &mut marks, &steps, &fine, &b, 200, 10, 90);
            let counts2 = count_contours(level, &steps, &fine, &b, 200, 10, 90);
            let mut wide = vec![0u8; 2 * n + 1];
            spread_marks(level, &mut wide, &marks);
            join_marks(level, &mut second, &marks);
            let count = count_marks(level, &wide);
            assert_eq!(count, wide.iter().map(|&m| u32::from(m)).sum::<u32>());
            (
                q,
                rows,
                chroma,
                range,
                mean,
                counts,
                down,
                [largest, marks, first, second],
                smooth,
                any,
                counts2,
            )
        };
        let scalar = run(Level::Scalar);
        for level in Level::all() {
            assert_eq!(run(level), scalar, "{level:?}, {n} samples");
        }
    }
}

#[test]
fn a_window_of_one_value_has_no_range_and_that_mean() {
    for value in [0i16, 1, 8191, 16320] {
        let row = vec![value; 20];
        let (mut high, mut low, mut sum) = (vec![0; 20], vec![0; 20], vec![0; 20]);
        columns3(Level::best(), &mut high, &mut low, &mut sum, &row, &row, &row);
        let (mut range, mut mean) = (vec![9; 18], vec![9; 18]);
        windows3(Level::best(), &mut range, &mut mean, &high, &low, &sum);
        assert_eq!((range[7], mean[7]), (0, value));
    }
}

#[test]
fn a_step_between_flats_is_marked_and_a_ramp_is_not() {
    let mark = |codes: &[u8]| {
        let n = codes.len() - 1;
        let (mut steps, mut flats) = (vec![0u8; n], vec![0u8; n - 2]);
        steps_of_codes(Level::best(), &mut steps, &codes[..n], &codes[1..], 4);
        largest3(Level::best(), &mut flats, &steps, &steps[1..], &steps[2..]);
        let mut marks = vec![0u8; codes.len()];
        mark_contours_across(Level::best(), &mut marks[3..], &flats, &steps[3..], &flats[4..], 0, 8, 24);
        marks
    };
    let step: Vec<u8> = (0..20).map(|x| if x < 10 { 40 } else { 41 }).collect();
    let ramp: Vec<u8> = (0..20).collect();
    assert_eq!(mark(&ramp), [0; 20]);
    let marks = mark(&step);
    assert_eq!(marks.iter().position(|&m| m == 1), Some(9));
    assert_eq!(count_marks(Level::best(), &marks), 2);
}

#[test]
fn not_a_number_and_infinities_become_codes() {
    let mut out = [9u8; 4];
    quantise_row(Level::best(), &mut out, &[f32::NAN, f32::INFINITY, f32::NEG_INFINITY, 0.5], 255.0, 0.0);
    assert_eq!(out, [0, 255, 0, 128]);
}
