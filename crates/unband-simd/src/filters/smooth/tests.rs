//! Tests that every level gives the bits of the scalar body.

use super::*;
use crate::Level;

/// Irregular values, some of them NaN.
fn values(n: usize, seed: u32, hostile: bool) -> Vec<f32> {
    let mut state = seed.wrapping_mul(2_654_435_761).wrapping_add(1);
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        (state >> 8) as f32 / 8_388_608.0 - 1.0
    };
    (0..n)
        .map(|i| match (hostile, i % 37) {
            (true, 5) => f32::NAN,
            (true, 11) => f32::INFINITY,
            (true, 17) => -1e30,
            _ => next() * 4.0,
        })
        .collect()
}

fn bits(values: &[f32]) -> Vec<u32> {
    values.iter().map(|v| if v.is_nan() { u32::MAX } else { v.to_bits() }).collect()
}

/// Runs a kernel at every level on lengths around vector sizes, unaligned too, and compares the bits.
fn same(kernel: impl Fn(Level, &mut [f32], &[Vec<f32>])) {
    for n in [0, 1, 2, 7, 15, 16, 17, 31, 64, 100] {
        for hostile in [false, true] {
            let inputs: Vec<Vec<f32>> = (0..10).map(|i| values(2 * n + 4, i + 1, hostile)).collect();
            let run = |level| {
                let mut out = values(n + 1, 99, false);
                kernel(level, &mut out[1..], &inputs);
                bits(&out)
            };
            let meaning = run(Level::Scalar);
            for level in Level::all() {
                assert_eq!(run(level), meaning, "{level:?}, {n} values, hostile: {hostile}");
            }
        }
    }
}

#[test]
fn pyramid_rows_agree_at_every_level() {
    same(|level, out, i| halve_row(level, out, &i[0][..2 * out.len()], &i[1][..2 * out.len()]));
    same(|level, out, i| double_row(level, out, &i[0], &i[1]));
    same(|level, out, i| start_row(level, out, &i[0][1..]));
    same(|level, out, i| start_row_towards(level, out, &i[0][1..], &i[1][2..]));
}

#[test]
fn sweeps_agree_at_every_level() {
    same(|level, out, i| links_row(level, out, &i[0]));
    same(|level, out, i| links_between(level, out, &i[0], &i[1][1..]));
    same(|level, out, i| inverse_norm(level, out, &i[0], &i[1], &i[2]));
    same(|level, out, i| {
        sweep_row(level, out, &i[0], &i[1], &i[2], &i[3], &i[4], &i[5], &i[6], &i[7], 0.9);
    });
    same(|level, out, i| {
        sweep_row_towards(level, out, &i[0], &i[8], &i[1], &i[2], &i[3], &i[4], &i[5], &i[6], &i[7], 0.9);
    });
}

#[test]
fn sums_and_tables_agree_at_every_level() {
    let mut raster = Box::new([0.0f32; 4096]);
    raster.iter_mut().enumerate().for_each(|(i, v)| *v = i as f32);
    same(|level, out, i| look_up_row(level, out, &i[0], &i[1], &raster));
    same(|level, out, i| pull_row(level, out, &i[0], &i[1], &i[2], 0.7));
    same(|level, out, i| mix_row(level, out, &i[0], &i[1], &i[2], [0.3, 0.6, 0.1]));
    same(|level, out, i| add_mix_row(level, out, &i[0], &i[1], &i[2], [0.3, 0.6, 0.1]));
    same(|level, out, i| scale_row(level, out, &i[0], 0.5, 255.0));
    same(|level, out, i| compose_row(level, out, &i[0], &i[1], &i[2], 4.0));
    same(|level, out, i| compose_row_towards(level, out, &i[0], &i[1], &i[2], &i[3], 4.0));
    same(|level, out, i| weigh_row(level, out, &i[0], &i[1], 0.5, &i[2], -0.5));
    same(|level, out, i| add_held_row(level, out, &i[0], &i[1], 0.5, 0.01));
    same(|level, out, i| fade_row(level, out, &i[0]));
    same(|level, out, i| strength_row(level, out, &i[0], 0.6));
    same(|level, out, i| five_along(level, out, &i[0]));
    same(|level, out, i| five_down(level, out, [&i[0], &i[1], &i[2], &i[3], &i[4]], 0.04));
    same(|level, out, i| prefer_row(level, out, &i[0], &i[1], 1.0, 0.8, &raster));
    same(|level, out, i| {
        let mut changes = vec![0u16; out.len()];
        changes_row(level, &mut changes, &i[0], [&i[1], &i[3]], [&i[2], &i[4]], 1.5);
        out.iter_mut().zip(&changes).for_each(|(o, &c)| *o = f32::from(c));
    });
}

#[test]
fn a_box_sum_is_the_sum_of_its_columns() {
    for count in [1, 5, 9, 25] {
        for n in [0, 1, 3, 40] {
            let columns: Vec<u16> = (0..n + count).map(|i| (i * 7919 % 6000) as u16).collect();
            let scale = vec![0.5; n];
            for level in Level::all() {
                let mut out = vec![0.0; n];
                box_row(
                    level,
                    &mut out,
                    &columns[..n + count - 1],
                    count,
                    &scale,
                    2.0,
                    &mut Default::default(),
                );
                for (x, &o) in out.iter().enumerate() {
                    let sum: u32 = columns[x..x + count].iter().map(|&c| u32::from(c)).sum();
                    assert_eq!(o.to_bits(), (sum as f32).to_bits(), "{level:?}, {count} columns, {n} values");
                }
            }
        }
    }
}
