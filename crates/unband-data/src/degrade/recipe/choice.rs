//! Random choice of parameter values.

use std::any::Any;
use std::sync::Arc;

use unband_image::Rng;

use super::end::End;
use crate::degrade::entry::Configured;

/// Sequence of random numbers for one image.
pub(super) struct Draws {
    rng: Rng,
    next: u32,
}

impl Draws {
    pub(super) fn new(rng: Rng) -> Self {
        Self { rng, next: 0 }
    }

    /// 32 uniform bits.
    pub(super) fn bits(&mut self) -> u32 {
        self.next += 1;
        self.rng.at(0, 0x6d69, self.next, 0)
    }

    /// Uniform in `[0, 1)`, 32 bits.
    pub(super) fn unit(&mut self) -> f64 {
        f64::from(self.bits()) / 4_294_967_296.0
    }
}

/// A parameter's source: a list or a range.
#[derive(Clone, Debug)]
pub(super) enum Choice {
    /// A number that depends on the scale.
    Scaled(End),
    /// The parameter's value in one of these, with equal probability.
    OneOf(Vec<Arc<dyn Configured>>),
    /// Uniform between two numbers, or uniform in their logarithm.
    Range { from: End, to: End, log: bool },
    /// `from`, `from + step`, … up to `to`, with equal probability.
    Steps { from: End, to: End, step: f64 },
}

/// A drawn value.
pub(super) enum DrawnValue<'a> {
    /// A number, in the precision of parameters.
    Number(f32),
    /// The parameter's value in this.
    Listed(&'a dyn Configured),
}

impl DrawnValue<'_> {
    /// The value for a parameter.
    pub(super) fn value(&self, name: &str) -> Option<&dyn Any> {
        match self {
            Self::Number(number) => Some(number),
            Self::Listed(from) => from.value(name),
        }
    }
}

impl Choice {
    /// Draws a value at a scale.
    pub(super) fn draw(&self, draws: &mut Draws, scale: f64) -> DrawnValue<'_> {
        let number = match self {
            Self::Scaled(end) => end.at(scale),
            Self::OneOf(values) => {
                let drawn = (draws.unit() * values.len() as f64) as usize;
                return DrawnValue::Listed(&*values[drawn.min(values.len() - 1)]);
            }
            Self::Range { from, to, log } => {
                let (at, from, to) = (draws.unit(), from.at(scale), to.at(scale));
                if *log { from * (to / from).powf(at) } else { from + (to - from) * at }
            }
            Self::Steps { from, to, step } => {
                let (from, to) = (from.at(scale), to.at(scale));
                let count = ((to - from) / step + 1e-9).floor() + 1.0;
                (from + step * (draws.unit() * count).floor()).min(to)
            }
        };
        DrawnValue::Number(number as f32)
    }

    /// The extreme numbers at a scale: if these are valid, all are.
    pub(super) fn ends(&self, scale: f64) -> Vec<f32> {
        match self {
            Self::OneOf(_) => Vec::new(),
            Self::Scaled(end) => vec![end.at(scale) as f32],
            Self::Range { from, to, .. } | Self::Steps { from, to, .. } => {
                vec![from.at(scale) as f32, to.at(scale) as f32]
            }
        }
    }

    /// The values of a list.
    pub(super) fn listed(&self) -> &[Arc<dyn Configured>] {
        if let Self::OneOf(values) = self { values } else { &[] }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    fn drawn(choice: &Choice, count: u32) -> Vec<f64> {
        let mut draws = Draws::new(Rng::new(3));
        let number = |_| match choice.draw(&mut draws, 1.0) {
            DrawnValue::Number(number) => f64::from(number),
            DrawnValue::Listed(_) => f64::NAN,
        };
        (0..count).map(number).collect()
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
