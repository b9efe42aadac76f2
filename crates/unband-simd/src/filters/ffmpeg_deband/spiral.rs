//! Sample offsets of ffmpeg's `deband`: angle and distance from one pseudo-random number per position.
//!
//! The last bits of `sinf` and `cosf` decide which sample is read, so they are computed as in Arm's optimized
//! routines, which glibc adopted: in 64-bit floats, reduced to a quarter turn, by two short polynomials.

// Bodies must be inlined into each level's function to be compiled for it.
#![allow(clippy::inline_always)]

use crate::dispatch;

dispatch! {
    /// Distances (across, down; without sign, as all sign pairs are used) for row `y` of a table.
    ///
    /// `range` is the maximum distance, or minus the only one; `direction` the maximum angle in radians, or
    /// minus the only one. Source: ffmpeg, `libavfilter/vf_deband.c`; sine and cosine as in Arm's
    /// optimized-routines.
    pub fn spiral_row(level, across: &mut [u32], down: &mut [u32], y: usize, range: i32,
        direction: f32) = spiral_row_body;
}

#[inline(always)]
fn spiral_row_body(across: &mut [u32], down: &mut [u32], y: usize, range: i32, direction: f32) {
    let row = y as f32 * 78.233;
    for (x, (across, down)) in across.iter_mut().zip(down.iter_mut()).enumerate() {
        let product = sine(x as u32 as f32 * 12.9898 + row, 0) * 43_758.547;
        let random = product - product.floor();
        let angle = if direction < 0.0 { -direction } else { random * direction };
        let distance = if range < 0 { range.wrapping_neg() } else { (random * range as f32) as i32 } as f32;
        *across = ((sine(angle, 1) * distance) as i32).unsigned_abs();
        *down = ((sine(angle, 0) * distance) as i32).unsigned_abs();
    }
}

/// `sinf(x + quarters * pi / 2)`, with the rounding of Arm's optimized routines and of glibc 2.36.
#[inline(always)]
fn sine(x: f32, quarters: u32) -> f32 {
    /// Adding it rounds to the nearest integer in the lowest bits.
    const ROUND: f64 = 6_755_399_441_055_744.0;
    let x = f64::from(x);
    let shifted = x * std::f64::consts::FRAC_2_PI + ROUND;
    let quadrant = (shifted.to_bits() as u32).wrapping_add(quarters);
    let n = shifted - ROUND;
    let r = (x - n * HALF_PI_HIGH) - n * HALF_PI_LOW;
    let x2 = r * r;
    let x3 = r * x2;
    let odd = (r + x3 * S[0]) + (x3 * x2) * (S[1] + x2 * S[2]);
    let x4 = x2 * x2;
    let even = ((1.0 + x2 * C[0]) + x4 * C[1]) + (x4 * x2) * (C[2] + x2 * C[3]);
    let value = if quadrant & 1 == 0 { odd } else { even };
    (if quadrant & 2 == 0 { value } else { -value }) as f32
}

/// `mantissa / 2^(52 + negative_exponent)`, with the leading 1 of a 64-bit float: an exact hexadecimal
/// constant.
const fn hex(negative: bool, mantissa: u64, exponent: i64) -> f64 {
    f64::from_bits(((negative as u64) << 63) | (((exponent + 1023) as u64) << 52) | mantissa)
}

const HALF_PI_HIGH: f64 = hex(false, 0x0009_21fb_5440_0000, 0);
const HALF_PI_LOW: f64 = hex(false, 0x0000_b461_1a62_6331, -34);
/// Polynomials of sine and cosine over a quarter turn.
///
/// Source: ARM-software/optimized-routines, `math/sincosf_data.c` (MIT); its notice is in `NOTICE.txt` of
/// this crate.
const S: [f64; 3] = [
    hex(true, 0x0005_5554_5995_a603, -3),
    hex(false, 0x0001_1076_0523_0bc4, -7),
    hex(true, 0x0009_94eb_3774_cf24, -13),
];
const C: [f64; 4] = [
    hex(true, 0x000f_ffff_fd0c_621c, -2),
    hex(false, 0x0005_5553_e106_8f19, -5),
    hex(true, 0x0006_c087_e89a_359d, -10),
    hex(false, 0x0009_9343_027b_f8c3, -16),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Level;

    #[test]
    fn sine_and_cosine_are_within_a_rounding_of_exact() {
        for i in 0..200_000u32 {
            let x = i as f32 * 1.37;
            let (exact_sin, exact_cos) = f64::from(x).sin_cos();
            assert!((f64::from(sine(x, 0)) - exact_sin).abs() < 6.1e-8, "sin {x}");
            assert!((f64::from(sine(x, 1)) - exact_cos).abs() < 6.1e-8, "cos {x}");
        }
    }

    #[test]
    fn all_levels_give_the_same_distances() {
        for (range, direction) in
            [(16, std::f32::consts::TAU), (-12, -0.785), (300, 3.0), (i32::MIN, 1.0), (0, 0.0)]
        {
            for count in [0, 1, 5, 16, 67] {
                let run = |level| {
                    let (mut across, mut down) = (vec![0; count], vec![0; count]);
                    spiral_row(level, &mut across, &mut down, 77, range, direction);
                    (across, down)
                };
                for level in Level::all() {
                    assert_eq!(run(level), run(Level::Scalar), "{level:?} {range} {direction} {count}");
                }
            }
        }
    }

    #[test]
    fn a_fixed_distance_and_direction_are_the_same_everywhere() {
        let (mut across, mut down) = (vec![0; 9], vec![0; 9]);
        spiral_row(Level::best(), &mut across, &mut down, 3, -10, -std::f32::consts::FRAC_PI_2);
        assert!(across.iter().all(|&d| d == 0) && down.iter().all(|&d| d == 10), "{across:?} {down:?}");
    }
}
