//! Transforms of minimal filtering: taps and samples to frequencies, frequencies to samples.
// Bodies must be compiled into the functions that have the instructions.
#![allow(clippy::inline_always)]

use std::f64::consts::SQRT_2;

use super::{FREQUENCIES, LONGEST, TILE};
use crate::lanes::Lanes;

/// The interpolation points besides 0 and infinity: ± these. Their squares are powers of two and inverses of
/// each other, and the error of the sums is half that with 1 and 2, which Lavin & Gray use (Alam et al.,
/// "Winograd Convolution for Deep Neural Networks: Efficient Point Selection", 2022).
const FAR: f32 = std::f32::consts::SQRT_2;
const NEAR: f32 = std::f32::consts::FRAC_1_SQRT_2;

crate::dispatch! {
    /// Frequencies of nine taps, for adjacent outputs.
    pub(super) fn transform_three(level, made: &mut [[f32; LONGEST]; FREQUENCIES],
        taps: &[[f32; LONGEST]]) = transform_three_body;
    /// Frequencies of four taps, for adjacent outputs.
    pub(super) fn transform_two(level, made: &mut [[f32; LONGEST]; FREQUENCIES],
        taps: &[[f32; LONGEST]]) = transform_two_body;
}

#[inline(always)]
fn transform_three_body(made: &mut [[f32; LONGEST]; FREQUENCIES], taps: &[[f32; LONGEST]]) {
    // 1, x and x² of every point, divided by the product of its distances to the others.
    both_ways(made, taps, |w: [f64; 3]| {
        let (far, near) = ((w[0] + 2.0 * w[2]) / 6.0, (2.0 * w[0] + w[2]) / 3.0);
        let (odd, small) = (SQRT_2 * w[1] / 6.0, SQRT_2 * w[1] / 3.0);
        [w[0], far + odd, far - odd, -(near + small), small - near, w[2]]
    });
}

#[inline(always)]
fn transform_two_body(made: &mut [[f32; LONGEST]; FREQUENCIES], taps: &[[f32; LONGEST]]) {
    // The same of 1 and x.
    both_ways(made, taps, |w: [f64; 2]| {
        [w[0], (w[1] - w[0]) / 4.5, (w[0] + 0.5 * w[1]) / -1.125, (w[0] + 2.0 * w[1]) / 9.0, w[1]]
    });
}

/// Frequencies of `T` × `T` taps from those of a line of taps.
#[inline(always)]
fn both_ways<const T: usize, const S: usize>(
    made: &mut [[f32; LONGEST]; FREQUENCIES],
    taps: &[[f32; LONGEST]],
    line: impl Fn([f64; T]) -> [f64; S],
) {
    for o in 0..LONGEST {
        let row = |a: usize| line(std::array::from_fn(|b| f64::from(taps[T * a + b][o])));
        let rows: [[f64; S]; T] = std::array::from_fn(row);
        for x in 0..S {
            for (y, v) in line(std::array::from_fn(|a| rows[a][x])).into_iter().enumerate() {
                made[x * S + y][o] = v as f32;
            }
        }
    }
}

/// Samples to frequencies.
#[inline(always)]
pub(super) unsafe fn forth<V: Lanes, const S: usize>(d: [V; S]) -> [V; S] {
    // SAFETY: the caller has the instructions.
    unsafe {
        let k = |v: f32| V::splat(v);
        if S == 5 {
            let made = [
                k(-1.5).mul_add(d[1].add(d[2]), d[0].add(d[3])),
                k(-2.5).mul_add(d[2], d[1].add(d[3])),
                k(-2.0).mul_add(d[1], d[3].sub(d[2])),
                k(0.5).mul_add(d[2].sub(d[1]), d[3]),
                k(-1.5).mul_add(d[2].add(d[3]), d[1].add(d[4])),
            ];
            return std::array::from_fn(|i| made[i]);
        }
        let (even, odd) = (k(-0.5).mul_add(d[2], d[4]), k(-0.5).mul_add(d[1], d[3]));
        let (even2, odd2) = (k(-2.0).mul_add(d[2], d[4]), k(-2.0).mul_add(d[1], d[3]));
        let made = [
            k(-2.5).mul_add(d[2], d[4].add(d[0])),
            k(FAR).mul_add(odd, even),
            k(-FAR).mul_add(odd, even),
            k(NEAR).mul_add(odd2, even2),
            k(-NEAR).mul_add(odd2, even2),
            k(-2.5).mul_add(d[3], d[S - 1].add(d[1])),
        ];
        std::array::from_fn(|i| made[i])
    }
}

/// Frequencies to four samples.
#[inline(always)]
pub(super) unsafe fn back<V: Lanes, const S: usize>(q: [V; S]) -> [V; TILE] {
    // SAFETY: the caller has the instructions.
    unsafe {
        let k = |v: f32| V::splat(v);
        if S == 5 {
            return [
                q[0].add(q[1]).add(q[2].add(q[3])),
                k(2.0).mul_add(q[3], k(0.5).mul_add(q[2], k(0.0).sub(q[1]))),
                k(4.0).mul_add(q[3], k(0.25).mul_add(q[2], q[1])),
                k(8.0).mul_add(q[3], k(0.125).mul_add(q[2], q[4].sub(q[1]))),
            ];
        }
        let (a, b) = (q[1].add(q[2]), q[1].sub(q[2]));
        let (c, d) = (q[3].add(q[4]), q[3].sub(q[4]));
        let (b, d) = (k(FAR).mul_add(b, k(0.0)), k(NEAR).mul_add(d, k(0.0)));
        let last = q[S - 1];
        [q[0].add(a).add(c), b.add(d), k(0.5).mul_add(c, a.add(a)), k(0.5).mul_add(d, b.add(b).add(last))]
    }
}
