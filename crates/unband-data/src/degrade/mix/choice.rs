//! Random choice of parameter values.

use unband_image::Rng;

use super::end::End;

/// Sequence of random numbers for one image.
pub(super) struct Draws {
    rng: Rng,
    next: u32,
}

impl Draws {
    pub fn new(rng: Rng) -> Self {
        Self { rng, next: 0 }
    }

    /// 32 uniform bits.
    pub fn bits(&mut self) -> u32 {
        self.next += 1;
        self.rng.at(0, 0x6d69, self.next, 0)
    }

    /// Uniform in `[0, 1)`, 32 bits.
    pub fn unit(&mut self) -> f64 {
        f64::from(self.bits()) / 4_294_967_296.0
    }
}

/// A parameter's source: one value, a list or a range.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Choice {
    /// A fixed value.
    Fixed(String),
    /// A number that depends on the scale.
    Scaled(End),
    /// One of these, with equal probability.
    OneOf(Vec<String>),
    /// Uniform between two numbers, or uniform in their logarithm.
    Range { from: End, to: End, log: bool },
    /// `from`, `from + step`, … up to `to`, with equal probability.
    Steps { from: End, to: End, step: f64 },
}

impl Choice {
    /// Draws a value at a scale.
    pub fn draw(&self, draws: &mut Draws, scale: f64) -> String {
        match self {
            Self::Fixed(value) => value.clone(),
            Self::Scaled(end) => text(end.at(scale)),
            Self::OneOf(values) => {
                values[((draws.unit() * values.len() as f64) as usize).min(values.len() - 1)].clone()
            }
            Self::Range { from, to, log } => {
                let (at, from, to) = (draws.unit(), from.at(scale), to.at(scale));
                let value = if *log { from * (to / from).powf(at) } else { from + (to - from) * at };
                text(value)
            }
            Self::Steps { from, to, step } => {
                let (from, to) = (from.at(scale), to.at(scale));
                let count = ((to - from) / step + 1e-9).floor() + 1.0;
                text((from + step * (draws.unit() * count).floor()).min(to))
            }
        }
    }

    /// The extreme values at a scale: if these are valid, all are.
    pub fn ends(&self, scale: f64) -> Vec<String> {
        match self {
            Self::Fixed(value) => vec![value.clone()],
            Self::Scaled(end) => vec![text(end.at(scale))],
            Self::OneOf(values) => values.clone(),
            Self::Range { from, to, .. } | Self::Steps { from, to, .. } => {
                vec![text(from.at(scale)), text(to.at(scale))]
            }
        }
    }

    pub fn is_only(&self, value: &str) -> bool {
        self.ends(1.0).iter().all(|end| end == value)
    }
}

/// A number as text in single precision, the precision of parameters.
fn text(value: f64) -> String {
    (value as f32).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    fn drawn(choice: &Choice, count: u32) -> Vec<f64> {
        let mut draws = Draws::new(Rng::new(3));
        (0..count).map(|_| choice.draw(&mut draws, 1.0).parse().unwrap_or(f64::NAN)).collect()
    }

    #[test]
    fn ranges_are_filled_evenly() {
        let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
        let even = drawn(&Choice::Range { from: End::plain(2.0), to: End::plain(6.0), log: false }, 4000);
        assert!(even.iter().all(|v| (2.0..=6.0).contains(v)) && (mean(&even) - 4.0).abs() < 0.06);
        let log = drawn(&Choice::Range { from: End::plain(0.01), to: End::plain(100.0), log: true }, 4000);
        let below = log.iter().filter(|&&v| v < 1.0).count() as f64 / 4000.0;
        assert!((below - 0.5).abs() < 0.03, "{below}");
    }

    #[test]
    fn steps_hit_their_numbers_and_both_ends() {
        let choice = Choice::Steps { from: End::plain(1.0), to: End::plain(2.0), step: 0.25 };
        let found: BTreeSet<String> = drawn(&choice, 200).iter().map(f64::to_string).collect();
        assert_eq!(found.into_iter().collect::<Vec<_>>(), ["1", "1.25", "1.5", "1.75", "2"]);
    }
}
