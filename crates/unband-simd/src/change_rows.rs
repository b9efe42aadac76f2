//! Rows before and after a change: how much moved.
// Bodies must melt into each level's function, and must not branch, to be vectorised for it.
#![allow(clippy::inline_always)]

use crate::dispatch;

/// Sums over a row count in parts of a code so small: whole numbers add up to the same in any order.
pub const PARTS: f32 = (1 << 20) as f32;

/// What [`count_changes`] finds.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Changes {
    /// Samples that differ.
    pub moved: u64,
    /// The largest difference, in 8-bit codes.
    pub largest: f32,
    /// The sum of all differences, in 1/[`PARTS`] 8-bit codes.
    pub sum: i64,
}

dispatch! {
    /// Compares `values` with `source`, of the same length, no more than ±1 apart.
    pub fn count_changes(level, values: &[f32], source: &[f32]) -> Changes = count_body;
}

#[inline(always)]
fn count_body(values: &[f32], source: &[f32]) -> Changes {
    let (mut moved, mut largest, mut sum) = (0u64, 0u32, 0i64);
    // Short pieces keep their own count small enough for quick integers.
    for (values, source) in values.chunks(256).zip(source.chunks(256)) {
        let mut m = 0u32;
        for (&v, &s) in values.iter().zip(source) {
            let codes = (v - s) * 255.0;
            m += u32::from(v.to_bits() != s.to_bits());
            // Bits of positive floats are ordered as the floats are.
            largest = largest.max(codes.abs().to_bits());
            sum += i64::from((codes * PARTS) as i32);
        }
        moved += u64::from(m);
    }
    Changes { moved, largest: f32::from_bits(largest), sum }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Level;
    use crate::test_numbers::{random, scaled};

    #[test]
    fn every_level_gives_the_same_bits() {
        for n in [0, 1, 7, 8, 63, 300, 1001] {
            let a: Vec<f32> = random(n, 1).iter().map(|v| 0.5 + 0.5 * v).collect();
            let near = |seed| -> Vec<f32> {
                a.iter().zip(scaled(n, seed, 0.01)).map(|(a, d)| if d < 0.0 { *a } else { a + d }).collect()
            };
            let now = near(3);
            let run = |level| count_changes(level, &now, &a);
            let scalar = run(Level::Scalar);
            for level in Level::all() {
                assert_eq!(run(level), scalar, "{level:?}, {n} samples");
            }
        }
    }

    #[test]
    fn changes_are_counted_in_codes() {
        let code = 1.0 / 255.0;
        let source = vec![0.25f32; 700];
        let mut values = source.clone();
        (values[3], values[690]) = (0.25 + code, 0.25 - 3.0 * code);
        let found = count_changes(Level::best(), &values, &source);
        assert_eq!(found.moved, 2);
        assert!((found.largest - 3.0).abs() < 1e-4, "{}", found.largest);
        assert!((found.sum as f32 / PARTS + 2.0).abs() < 1e-4, "{}", found.sum);
    }
}
