//! MATLAB's random numbers after `rng(seed)`.

use unband_simd::{Level, filters::bband};

const WORDS: usize = 624;

/// The Mersenne Twister MT19937, seeded by `init_genrand`, with 53-bit output.
#[derive(Clone)]
pub(super) struct Twister {
    state: [u32; WORDS],
    /// Number of used state words: always even.
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

    /// The unused words of this state, at least two and at most `most`.
    fn words(&mut self, level: Level, most: usize) -> &[u32] {
        if self.at == WORDS {
            bband::twist(level, &mut self.state);
            self.at = 0;
        }
        let start = self.at;
        self.at += most.min(WORDS - start);
        &self.state[start..self.at]
    }

    /// The next numbers between 0 and 1.
    pub(super) fn draw(&mut self, level: Level, mut out: &mut [f64]) {
        while !out.is_empty() {
            let words = self.words(level, 2 * out.len());
            let (now, later) = out.split_at_mut(words.len() / 2);
            bband::draw_row(level, now, words);
            out = later;
        }
    }

    /// Skips numbers.
    pub(super) fn skip(&mut self, level: Level, draws: usize) {
        let mut words = 2 * draws;
        while words > 0 {
            words -= self.words(level, words).len();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn skipping_is_drawing() {
        for level in Level::all() {
            for skipped in [0, 1, 311, 312, 313, 5000] {
                let (mut one, mut other) = (Twister::new(1011), Twister::new(1011));
                let mut all = vec![0.0; skipped + 400];
                one.draw(level, &mut all);
                other.skip(level, skipped);
                let mut rest = vec![0.0; 400];
                other.draw(level, &mut rest[..7]);
                other.draw(level, &mut rest[7..]);
                assert!(all[skipped..] == rest, "{skipped}");
                assert!(rest.iter().all(|u| (0.0..1.0).contains(u)));
            }
        }
    }
}
