use super::*;
use crate::Level;
use std::f64::consts::PI;

fn noise(n: usize, scale: f32) -> Vec<f32> {
    let mut state = 12345u32;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) as f32 / (1 << 23) as f32 - 1.0
    };
    (0..n).map(|_| scale * next()).collect()
}

fn exact_inverse(block: &[f32]) -> Vec<f64> {
    let c = |k: usize| if k == 0 { 0.5f64.sqrt() } else { 1.0 };
    let wave = |x: usize, u: usize| c(u) / 2.0 * ((2 * x + 1) as f64 * u as f64 * PI / 16.0).cos();
    (0..64)
        .map(|i| (0..64).map(|k| f64::from(block[k]) * wave(i % 8, k % 8) * wave(i / 8, k / 8)).sum())
        .collect()
}

#[test]
fn the_inverse_is_the_sum_of_cosines() {
    let mut blocks = noise(64 * 5, 1000.0);
    blocks[64..128].fill(0.0);
    blocks[64] = 8.0;
    let exact: Vec<f64> = blocks.chunks(64).flat_map(exact_inverse).collect();
    inverse(Level::best(), &mut blocks);
    let worst = blocks.iter().zip(&exact).map(|(a, b)| (f64::from(*a) - b).abs()).fold(0.0, f64::max);
    // The norm of a block is about 4600.
    assert!(worst < 2e-3, "{worst}");
    assert!(blocks[64..128].iter().all(|v| (v - 1.0).abs() < 1e-6));
}

#[test]
fn forward_undoes_inverse_and_keeps_the_norm() {
    let before = noise(64 * 9, 255.0);
    let mut blocks = before.clone();
    let norm = |b: &[f32]| b.iter().map(|v| f64::from(*v).powi(2)).sum::<f64>();
    forward(Level::best(), &mut blocks);
    assert!((norm(&before) / norm(&blocks) - 1.0).abs() < 1e-6);
    inverse(Level::best(), &mut blocks);
    let worst = blocks.iter().zip(&before).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
    assert!(worst < 1e-3, "{worst}");
}

#[test]
fn every_level_gives_the_same_bits() {
    let bits = |v: &[f32]| v.iter().map(|v| v.to_bits()).collect::<Vec<_>>();
    for n in [0, 1, 63, 64, 65, 64 * 7 + 3] {
        let mut source = noise(n, 700.0);
        if n > 100 {
            source[70] = f32::MAX;
            source[200] = f32::INFINITY;
        }
        let run = |level| {
            let (mut there, mut back) = (source.clone(), source.clone());
            inverse(level, &mut there);
            forward(level, &mut back);
            // The bits of NaN are unspecified.
            let plain =
                |v: Vec<f32>| v.into_iter().map(|v| if v.is_nan() { 0.5 } else { v }).collect::<Vec<_>>();
            (bits(&plain(there)), bits(&plain(back)))
        };
        let scalar = run(Level::Scalar);
        for level in Level::all() {
            assert_eq!(run(level), scalar, "{level:?}, {n}");
        }
    }
}

#[test]
fn a_row_of_blocks_lands_where_its_samples_are() {
    let steps: [f32; 64] = std::array::from_fn(|i| (i % 13 + 1) as f32);
    let coefficients: Vec<i16> = noise(64 * 3, 20.0).iter().map(|v| *v as i16).collect();
    let mut blocks: Vec<f32> =
        coefficients.iter().enumerate().map(|(i, &k)| f32::from(k) * steps[i % 64]).collect();
    inverse(Level::Scalar, &mut blocks);
    for level in Level::all() {
        let stride = 27;
        let mut rows = vec![-7.0; 8 * stride];
        blocks_to_rows(level, &mut rows, stride, &coefficients, &steps, 128.0);
        for (i, row) in rows.chunks(stride).enumerate() {
            for x in 0..24 {
                let expected = blocks[64 * (x / 8) + 8 * i + x % 8] + 128.0;
                assert_eq!(row[x].to_bits(), expected.to_bits(), "{level:?} {x} {i}");
            }
            assert!(row[24..].iter().all(|&v| v.to_bits() == (-7.0f32).to_bits()));
        }
        // Too short slices do not panic.
        blocks_to_rows(level, &mut rows[..40], 8, &coefficients, &steps, 0.0);
        blocks_to_rows(level, &mut [], 0, &coefficients, &steps, 0.0);
    }
}
