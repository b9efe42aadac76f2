use super::*;
use crate::Level;

fn rows(n: usize) -> ([Vec<f32>; 3], [Vec<f32>; 3]) {
    let source = [7, 11, 13].map(|k| (0..n).map(|i| ((i * k * 5) % 256) as f32 / 255.0).collect::<Vec<_>>());
    let mut values = source.clone();
    for (c, row) in values.iter_mut().enumerate() {
        for (i, v) in row.iter_mut().enumerate() {
            *v += ((i * (c + 3)) % 23) as f32 * 0.004 - 0.044;
            if i % 41 == 5 {
                *v = [f32::NAN, f32::INFINITY, -7.0][c];
            }
        }
    }
    (source, values)
}

#[test]
fn every_level_gives_the_same_bits() {
    for n in [0, 1, 5, 64, 301] {
        let (source, values) = rows(n);
        let halves: Vec<f32> = (0..n).map(|i| (i % 5) as f32 * 0.001).collect();
        let run = |level| {
            let mut a = values.clone();
            keep_within(level, &mut a[0], &source[0], 0.002, 0.0, 1.0);
            keep_within_each(level, &mut a[1], &source[1], &halves, 0.0, 1.0);
            keep_near_levels(level, &mut a[2], &source[2], 1.0 / 63.0, 0.0, 0.4995 / 63.0, 0.0, 1.0);
            let mut b = values.clone();
            let [r, g, bl] = &mut b;
            let source = source.each_ref().map(Vec::as_slice);
            keep_within_yuv(level, [r, g, bl], source, (0.299, 0.114), [0.009, 0.004, 0.02], 0.0, 1.0);
            (a, b)
        };
        let scalar = run(Level::Scalar);
        for level in Level::all() {
            assert_eq!(run(level), scalar, "{level:?}, {n} samples");
        }
    }
}

#[test]
fn all_conditions_hold_at_once() {
    let (source, mut values) = rows(5000);
    let halves = [0.009, 0.004, 0.02];
    let [r, g, b] = &mut values;
    keep_within_yuv(
        Level::best(),
        [r, g, b],
        source.each_ref().map(Vec::as_slice),
        (0.299, 0.114),
        halves,
        0.0,
        1.0,
    );
    let mut moved = 0;
    for i in 0..5000 {
        let d = [0, 1, 2].map(|c| {
            assert!((0.0..=1.0).contains(&values[c][i]));
            f64::from(values[c][i]) - f64::from(source[c][i])
        });
        let y = 0.299 * d[0] + 0.587 * d[1] + 0.114 * d[2];
        let yuv = [y, (d[2] - y) / 1.772, (d[0] - y) / 1.402];
        for p in 0..3 {
            assert!(yuv[p].abs() <= f64::from(halves[p]) + 3e-7, "sample {i}, plane {p}: {yuv:?}");
        }
        moved += usize::from(d != [0.0; 3]);
    }
    assert!(moved > 4000, "only {moved} moved");
}

#[test]
fn what_is_inside_stays_as_it_is() {
    let source = [0.25, 0.5, 1.0];
    let mut values = [0.2505, 0.4995, 0.9993];
    keep_within(Level::best(), &mut values, &source, 0.001, 0.0, 1.0);
    assert_eq!(values, [0.2505, 0.4995, 0.9993]);
    let mut values = [0.26, f32::NAN, 1.1];
    keep_within(Level::best(), &mut values, &source, 0.001, 0.0, 1.0);
    assert_eq!(values, [0.251, 0.5, 1.0]);
}
