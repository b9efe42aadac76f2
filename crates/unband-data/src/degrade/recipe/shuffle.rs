//! Random order of a group's steps.

use super::choice::Draws;
use super::{Order, Step, StepKind};

impl Order {
    /// The steps of a group in a random order, or in their own.
    ///
    /// If the group is shuffled, the steps of always-shuffled inner groups are shuffled together with its
    /// own.
    pub(super) fn drawn<'a>(&self, steps: &'a [Step], draws: &mut Draws) -> Vec<&'a Step> {
        let mut own: Vec<&Step> = steps.iter().collect();
        // Groups without a shuffle draw no random number, so that older recipes give the same results.
        if self.shuffle == 0.0 || (self.shuffle < 1.0 && draws.unit() >= self.shuffle) {
            return own;
        }
        own = steps.iter().flat_map(Step::loose).collect();
        // Fisher and Yates.
        for last in (1..own.len()).rev() {
            own.swap(last, ((draws.unit() * (last + 1) as f64) as usize).min(last));
        }
        self.kept(&mut own);
        own
    }

    /// Restores the relative order of the steps named in `keep`.
    fn kept(&self, steps: &mut [&Step]) {
        let rank = |step: &Step| {
            let name = step.name.as_ref()?;
            self.keep.iter().position(|kept| kept == name)
        };
        let places: Vec<usize> = (0..steps.len()).filter(|i| rank(steps[*i]).is_some()).collect();
        let mut ordered: Vec<&Step> = places.iter().map(|i| steps[*i]).collect();
        ordered.sort_by_key(|step| rank(step));
        for (place, step) in places.into_iter().zip(ordered) {
            steps[place] = step;
        }
    }

    /// The first name in `keep` that no step has.
    pub(super) fn missing(&self, steps: &[Step]) -> Option<&str> {
        let named = |name: &str| steps.iter().flat_map(Step::loose).any(|s| s.name.as_deref() == Some(name));
        self.keep.iter().map(String::as_str).find(|name| !named(name))
    }
}

impl Step {
    /// The step itself, or the steps of a group that is always applied and always shuffled.
    fn loose(&self) -> Vec<&Self> {
        match &self.what {
            StepKind::All(steps, order)
                if order.shuffle >= 1.0 && self.probability >= 1.0 && self.then_scale.is_none() =>
            {
                steps.iter().flat_map(Self::loose).collect()
            }
            _ => vec![self],
        }
    }
}
