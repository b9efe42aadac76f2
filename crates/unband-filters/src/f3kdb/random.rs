//! The original's random number generators, one draw at a time.

use unband_simd::filters::f3kdb::{Uniform, share, whole};

/// Distribution of numbers between -1 and 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Distribution {
    /// The algorithm of old versions.
    Old,
    /// A linear congruential generator.
    Uniform,
    /// Normal, with this deviation.
    Gaussian(f64),
}

impl Distribution {
    pub(super) fn new(number: u32, deviation: f64) -> Self {
        match number {
            0 => Self::Old,
            2 => Self::Gaussian(deviation),
            _ => Self::Uniform,
        }
    }
}

/// The state of all generators.
#[derive(Clone, Copy, Debug)]
pub(super) struct Random(pub u32);

impl Random {
    /// The initial state for a clip.
    pub(super) fn seeded(seed: i32, width: usize, height: usize, frames: u32) -> Self {
        let (width, height) = (width as u32, height as u32);
        let start = 0x92D6_8CA2u32.wrapping_sub(seed as u32);
        Self(start ^ (width << 16) ^ height ^ (frames << 16) ^ frames)
    }

    /// A random number from -1 to 1.
    fn draw(&mut self, kind: Distribution) -> f64 {
        match kind {
            Distribution::Old => {
                let s = self.0;
                let mixed = ((s << 13 ^ s) >> 17) ^ s << 13 ^ s;
                self.0 = mixed << 5 ^ mixed;
                share(self.0)
            }
            Distribution::Uniform => {
                let mut uniform = Uniform(self.0);
                let value = uniform.draw();
                self.0 = uniform.0;
                value
            }
            // The polar form of Box and Muller's method.
            Distribution::Gaussian(deviation) => loop {
                let (x, y) = (self.draw(Distribution::Uniform), self.draw(Distribution::Uniform));
                let r2 = x * x + y * y;
                if r2 > 1.0 || r2 == 0.0 {
                    continue;
                }
                let value = deviation * y * (-2.0 * r2.ln() / r2).sqrt();
                if value > -1.0 && value < 1.0 {
                    return value;
                }
            },
        }
    }

    /// A random integer from `-range` to `range`.
    pub(super) fn whole(&mut self, kind: Distribution, range: u16) -> i32 {
        whole(self.draw(kind), f64::from(range))
    }
}
