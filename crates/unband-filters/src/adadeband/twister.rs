//! The random numbers that MATLAB draws after `rng(seed)`.

const WORDS: usize = 624;
const AHEAD: usize = 397;

/// The Mersenne Twister MT19937.
///
/// Source: M. Matsumoto, T. Nishimura, "Mersenne Twister", ACM TOMACS 8(1), 1998; seeded by `init_genrand`, doubles of
/// 53 bits.
#[derive(Clone)]
pub(super) struct Twister {
    state: [u32; WORDS],
    at: usize,
}

impl Twister {
    pub(super) fn new(seed: u32) -> Self {
        let mut state = [seed; WORDS];
        let mut last = seed;
        for (i, word) in (0u32..).zip(&mut state).skip(1) {
            last = 1_812_433_253u32.wrapping_mul(last ^ last >> 30).wrapping_add(i);
            *word = last;
        }
        Self { state, at: WORDS }
    }

    fn twist(&mut self) {
        let mix = |far: u32, high: u32, low: u32| {
            let joined = (high & 0x8000_0000) | (low & 0x7fff_ffff);
            far ^ joined >> 1 ^ ((joined & 1).wrapping_neg() & 0x9908_b0df)
        };
        let s = &mut self.state;
        for i in 0..WORDS - AHEAD {
            s[i] = mix(s[i + AHEAD], s[i], s[i + 1]);
        }
        for i in WORDS - AHEAD..WORDS - 1 {
            s[i] = mix(s[i + AHEAD - WORDS], s[i], s[i + 1]);
        }
        s[WORDS - 1] = mix(s[AHEAD - 1], s[WORDS - 1], s[0]);
        self.at = 0;
    }

    fn word(&mut self) -> u32 {
        if self.at == WORDS {
            self.twist();
        }
        let mut y = self.state[self.at];
        self.at += 1;
        y ^= y >> 11;
        y ^= y << 7 & 0x9d2c_5680;
        y ^= y << 15 & 0xefc6_0000;
        y ^ y >> 18
    }

    /// The next number between 0 and 1.
    pub(super) fn draw(&mut self) -> f64 {
        let (high, low) = (self.word() >> 5, self.word() >> 6);
        (f64::from(high) * 67_108_864.0 + f64::from(low)) / 9_007_199_254_740_992.0
    }

    /// Passes over numbers.
    pub(super) fn skip(&mut self, draws: usize) {
        let mut words = 2 * draws;
        while words > 0 {
            if self.at == WORDS {
                self.twist();
            }
            let step = words.min(WORDS - self.at);
            self.at += step;
            words -= step;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_those_of_the_standard_generator() {
        // C++ standard, [rand.predef]: the 10000th word of mt19937 with its default seed.
        let mut twister = Twister::new(5489);
        let word = (0..10_000).map(|_| twister.word()).last();
        assert_eq!(word, Some(4_123_659_995));
    }

    #[test]
    fn skipping_is_drawing() {
        let mut drawn = Twister::new(1011);
        for skipped in [0, 1, 311, 312, 313, 5000] {
            let mut other = Twister::new(1011);
            other.skip(skipped);
            drawn = Twister::new(1011);
            (0..skipped).for_each(|_| _ = drawn.draw());
            assert_eq!(drawn.draw().to_bits(), other.draw().to_bits(), "{skipped}");
        }
        assert!((0..1000).all(|_| (0.0..1.0).contains(&drawn.draw())));
    }
}
