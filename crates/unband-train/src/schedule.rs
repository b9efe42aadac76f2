//! Learning rate schedule.

use crate::recipe::Schedule;

impl Schedule {
    /// The learning rate of step `step` (from 0) of `steps`, for an optimiser that starts at `rate`.
    pub fn rate(&self, rate: f64, step: u64, steps: u64) -> f64 {
        let at = |updates: u64| {
            let place = step as f64 / steps.max(1) as f64;
            // A step that coincides with an update uses the new rate, whatever rounding the division has.
            if updates == 0 { place } else { (place * updates as f64 + 1e-9).floor() / updates as f64 }
        };
        match self {
            Self::Constant {} => rate,
            Self::Cosine { until, low, warmup, updates } => {
                let place = at(*updates);
                if place < *warmup {
                    return rate * (place / warmup).max(1.0 / steps.max(1) as f64);
                }
                let done = ((place - warmup) / (until - warmup).max(1e-12)).min(1.0);
                low + (rate - low) * 0.5 * (1.0 + (std::f64::consts::PI * done).cos())
            }
            Self::Step { every, factor } => rate * factor.powi((at(0) / every + 1e-9).floor() as i32),
            Self::Multistep { at: places, factor } => {
                let passed = places.iter().filter(|place| at(0) + 1e-9 >= **place);
                passed.fold(rate, |rate, _| rate * factor)
            }
            Self::Linear { from, low, updates } => {
                let done = ((at(*updates) - from) / (1.0 - from).max(1e-12)).clamp(0.0, 1.0);
                rate + (low - rate) * done
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near(got: f64, want: f64) {
        assert!((got - want).abs() <= 1e-12 * want.abs().max(1e-6), "{got} {want}");
    }

    #[test]
    fn a_cosine_by_epochs_is_that_of_pytorch() {
        // torch.optim.lr_scheduler.CosineAnnealingLR(T_max=50, eta_min=1e-6) from 1e-4, 70 epochs of 10
        // steps, then constant.
        let cosine = Schedule::Cosine { until: 50.0 / 70.0, low: 1e-6, warmup: 0.0, updates: 70 };
        near(cosine.rate(1e-4, 0, 700), 1e-4);
        near(cosine.rate(1e-4, 9, 700), 1e-4);
        let second = 1e-6 + 99e-6 * 0.5 * (1.0 + (std::f64::consts::PI / 50.0).cos());
        near(cosine.rate(1e-4, 10, 700), second);
        near(cosine.rate(1e-4, 250, 700), 50.5e-6);
        near(cosine.rate(1e-4, 500, 700), 1e-6);
        near(cosine.rate(1e-4, 699, 700), 1e-6);
    }

    #[test]
    fn steps_fall_where_they_are_said_to() {
        let step = Schedule::Step { every: 0.25, factor: 0.1 };
        near(step.rate(1.0, 24, 100), 1.0);
        near(step.rate(1.0, 25, 100), 0.1);
        near(step.rate(1.0, 75, 100), 1e-3);
        let many = Schedule::Multistep { at: vec![0.3, 0.6], factor: 0.5 };
        near(many.rate(1.0, 29, 100), 1.0);
        near(many.rate(1.0, 30, 100), 0.5);
        near(many.rate(1.0, 99, 100), 0.25);
        let line = Schedule::Linear { from: 0.5, low: 0.0, updates: 0 };
        near(line.rate(2.0, 50, 100), 2.0);
        near(line.rate(2.0, 75, 100), 1.0);
        near(line.rate(2.0, 99, 100), 0.04);
    }

    #[test]
    fn a_rate_first_rises() {
        let cosine = Schedule::Cosine { until: 1.0, low: 0.0, warmup: 0.1, updates: 0 };
        assert!(cosine.rate(1.0, 0, 100) > 0.0);
        near(cosine.rate(1.0, 5, 100), 0.5);
        near(cosine.rate(1.0, 10, 100), 1.0);
    }
}
