use super::*;
use crate::{Level, io::jpeg_dct};

const STRIDE: usize = 29;

fn noise(n: usize, scale: f32) -> Vec<f32> {
    let mut state = 99u32;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) as f32 / (1 << 23) as f32 - 1.0
    };
    (0..n).map(|_| scale * next()).collect()
}

fn coefficients(rows: &[f32], block: usize) -> Vec<f32> {
    let mut block: Vec<f32> = (0..64).map(|i| rows[i / 8 * STRIDE + 8 * block + i % 8]).collect();
    jpeg_dct::forward(Level::Scalar, &mut block);
    block
}

#[test]
fn small_coefficients_go_and_few_kept_ones_weigh_more() {
    let mut limits = [40.0; 64];
    let rows = noise(8 * STRIDE, 50.0);
    let (mut sums, mut weights) = (vec![0.0; rows.len()], vec![0.0; rows.len()]);
    add_sparse_blocks(Level::best(), &mut sums, &mut weights, &rows, STRIDE, 9, &limits);
    for block in 0..3 {
        let before = coefficients(&rows, block);
        let kept = 1 + before[1..].iter().filter(|v| v.abs() > 40.0).count();
        let weight = weights[8 * block];
        assert!((weight * kept as f32 - 1.0).abs() < 1e-6, "{weight} {kept}");
        for (i, (after, before)) in coefficients(&sums, block).iter().zip(before).enumerate() {
            let wanted = if i == 0 || before.abs() > 40.0 { before * weight } else { 0.0 };
            assert!((after - wanted).abs() < 1e-3, "{i}: {after} {wanted}");
        }
    }
    // The fourth block would not fit.
    assert!(sums[24..STRIDE].iter().chain(&weights[24..STRIDE]).all(|&v| v == 0.0));
    limits[0] = 1e9;
    let (mut again, mut weight) = (vec![0.0; rows.len()], vec![0.0; rows.len()]);
    add_sparse_blocks(Level::best(), &mut again, &mut weight, &rows, STRIDE, 3, &limits);
    assert_eq!((again, weight), (sums, weights), "the mean always stays");
}

#[test]
fn coefficients_end_inside_their_reach_and_move_no_farther_than_needed() {
    let stored: Vec<i16> = noise(192, 3.0).iter().map(|v| *v as i16).collect();
    let steps: [f32; 64] = std::array::from_fn(|i| 5.0 + i as f32);
    let reach = [[0.3; 64], [0.1; 64]];
    let before = noise(8 * STRIDE, 60.0);
    let mut rows = before.clone();
    keep_near_coefficients(Level::best(), &mut rows, STRIDE, &stored, &steps, &reach, &[0, 7, 1]);
    for (block, part) in [(0, Some(0.3)), (1, None), (2, Some(0.1))] {
        let (was, is) = (coefficients(&before, block), coefficients(&rows, block));
        for i in 0..64 {
            let stored = f32::from(stored[64 * block + i]) * steps[i];
            let room = part.map_or(f32::INFINITY, |part: f32| part * steps[i]);
            let wanted = was[i].clamp(stored - room, stored + room);
            assert!((is[i] - wanted).abs() < 1e-3, "{block} {i}: {} {wanted}", is[i]);
        }
    }
}

#[test]
fn every_level_gives_the_same_bits() {
    for (stride, blocks) in [(0, 3), (7, 1), (8, 1), (STRIDE, 3), (64, 8)] {
        let mut rows = noise(8 * stride, 80.0);
        if stride == STRIDE {
            rows[3] = f32::INFINITY;
        }
        let limits: [f32; 64] = std::array::from_fn(|i| 20.0 + i as f32);
        let coefficients = vec![2; 64 * blocks];
        let run = |level| {
            let (mut sums, mut weights) = (vec![0.5; rows.len()], vec![0.25; rows.len()]);
            add_sparse_blocks(level, &mut sums, &mut weights, &rows, stride, blocks, &limits);
            let mut kept = rows.clone();
            keep_near_coefficients(
                level,
                &mut kept,
                stride,
                &coefficients,
                &limits,
                &[[0.4; 64]],
                &vec![0; blocks],
            );
            let bits = |v: Vec<f32>| -> Vec<u32> {
                // The bits of NaN are unspecified.
                v.into_iter().map(|v| if v.is_nan() { 0 } else { v.to_bits() }).collect()
            };
            [bits(sums), bits(weights), bits(kept)]
        };
        let scalar = run(Level::Scalar);
        for level in Level::all() {
            assert_eq!(run(level), scalar, "{level:?} {stride}");
        }
    }
}
