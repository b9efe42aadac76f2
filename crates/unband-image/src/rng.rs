//! Counter-based random numbers, a function of position and seed.

/// Counter-based generator: a value is a pure function of seed, frame, plane and position. Tiles, threads and
/// order cannot change a result.
///
/// Source: the finaliser is lowbias32 (Wellons, "Prospecting for Hash Functions", 2018).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rng {
    seed: u32,
}

impl Rng {
    /// A generator; equal seeds give equal numbers.
    pub fn new(seed: u64) -> Self {
        Self { seed: mix(seed as u32 ^ mix((seed >> 32) as u32)) }
    }

    /// 32 uniform bits for a sample of a frame.
    #[inline]
    pub fn at(self, frame: u32, plane: u32, x: u32, y: u32) -> u32 {
        let row = mix(self.seed ^ mix(frame.wrapping_mul(0x9e37_79b9) ^ plane.wrapping_mul(0x85eb_ca6b)));
        mix(mix(row ^ y).wrapping_add(x))
    }

    /// Uniform in `[0, 1)`, 24 bits.
    #[inline]
    pub fn unit_at(self, frame: u32, plane: u32, x: u32, y: u32) -> f32 {
        (self.at(frame, plane, x, y) >> 8) as f32 * (1.0 / 16_777_216.0)
    }

    /// An integer below `count`, which is at most 2^32; 0 for a count of 0. Probabilities differ by at most
    /// `count` in 2^32.
    ///
    /// Source: the product instead of a division is Lemire's (2019, arXiv 1805.10941), without his rejection.
    #[inline]
    pub fn below_at(self, count: usize, frame: u32, plane: u32, x: u32, y: u32) -> usize {
        ((u64::from(self.at(frame, plane, x, y)) * count as u64) >> 32) as usize
    }
}

#[inline]
fn mix(mut x: u32) -> u32 {
    x ^= x >> 16;
    x = x.wrapping_mul(0x7feb_352d);
    x ^= x >> 15;
    x = x.wrapping_mul(0x846c_a68b);
    x ^ (x >> 16)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_has_one_number_and_neighbours_differ() {
        let rng = Rng::new(7);
        assert_eq!(rng.at(1, 2, 3, 4), rng.at(1, 2, 3, 4));
        assert_ne!(rng.at(1, 2, 3, 4), rng.at(1, 2, 4, 3));
        assert_ne!(rng.at(1, 2, 3, 4), Rng::new(8).at(1, 2, 3, 4));
    }

    #[test]
    fn the_mean_is_a_half() {
        let rng = Rng::new(0);
        let sum: f64 = (0..100_000u32).map(|i| rng.unit_at(0, 0, i % 317, i / 317) as f64).sum();
        assert!((sum / 100_000.0 - 0.5).abs() < 0.005);
    }

    #[test]
    fn whole_numbers_below_a_limit_are_about_as_many_of_each() {
        let rng = Rng::new(3);
        let mut counts = [0u32; 7];
        for i in 0..70_000 {
            counts[rng.below_at(7, 0, 0, i, 0)] += 1;
        }
        // Five standard deviations of the binomial.
        assert!(counts.iter().all(|&n| n.abs_diff(10_000) < 470), "{counts:?}");
        assert_eq!((rng.below_at(0, 0, 0, 1, 2), rng.below_at(1, 0, 0, 1, 2)), (0, 0));
    }
}
