//! Groups whose steps come in an order that is drawn.

use super::choice::Draws;
use super::{Order, Step, What};

impl Order {
    /// A group's steps in an order that is drawn, or in their own.
    ///
    /// Where all are shuffled, those of inner groups that are shuffled anyway count as steps of this one.
    pub(super) fn drawn<'a>(&self, steps: &'a [Step], draws: &mut Draws) -> Vec<&'a Step> {
        let mut own: Vec<&Step> = steps.iter().collect();
        // Groups without a shuffle draw nothing, as they did before there was one.
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

    /// Steps whose order is kept share their places among them.
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

    /// The first name whose order is to be kept and that no step has.
    pub(super) fn missing(&self, steps: &[Step]) -> Option<&str> {
        let named = |name: &str| steps.iter().flat_map(Step::loose).any(|s| s.name.as_deref() == Some(name));
        self.keep.iter().map(String::as_str).find(|name| !named(name))
    }
}

impl Step {
    /// The step, or the steps of a group that is always done and always shuffled.
    fn loose(&self) -> Vec<&Self> {
        match &self.what {
            What::All(steps, order)
                if order.shuffle >= 1.0 && self.probability >= 1.0 && self.then_scale.is_none() =>
            {
                steps.iter().flat_map(Self::loose).collect()
            }
            _ => vec![self],
        }
    }
}
