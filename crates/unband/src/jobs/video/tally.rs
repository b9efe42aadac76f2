//! Counts of processed frames, by segment or in total.

use serde_json::{Value, json};

use crate::frames::DoneFrame;
use crate::jobs::upscale::UpscaledBy;

/// Frames so far.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Tally {
    /// Changed frames.
    pub(super) changed: u64,
    /// Shot starts.
    pub(super) shots: u64,
    /// Methods that changed something, in order of first use.
    pub(super) methods: Vec<String>,
    /// Upscaled frames, and the sum of the network's shares in them.
    upscaled: (u64, f64),
}

impl Tally {
    /// Adds a frame, the method that changed it, and the way in which it was upscaled.
    pub(super) fn put(&mut self, done: DoneFrame, method: Option<&str>, by: Option<UpscaledBy>) {
        self.changed += u64::from(done.changed);
        self.shots += u64::from(done.begins_shot);
        if let Some(by) = by {
            self.upscaled.0 += 1;
            self.upscaled.1 += f64::from(by.network_share());
        }
        if let Some(method) = method.filter(|_| done.changed) {
            self.name(method);
        }
    }

    /// Adds the counts of another segment.
    pub(super) fn add(&mut self, other: &Self) {
        self.changed += other.changed;
        self.shots += other.shots;
        self.upscaled.0 += other.upscaled.0;
        self.upscaled.1 += other.upscaled.1;
        other.methods.iter().for_each(|method| self.name(method));
    }

    /// Mean share of the network in upscaled frames.
    pub(super) fn network_share(&self) -> Option<f32> {
        let (frames, sum) = self.upscaled;
        (frames > 0).then(|| (sum / frames as f64) as f32)
    }

    fn name(&mut self, method: &str) {
        if self.methods.iter().all(|known| known != method) {
            self.methods.push(method.to_owned());
        }
    }

    /// The text form, for resumed runs.
    pub(super) fn to_json(&self) -> Value {
        let upscaled = json!([self.upscaled.0, self.upscaled.1]);
        json!({"changed": self.changed, "shots": self.shots, "methods": self.methods, "upscaled": upscaled})
    }

    /// Parses the text form of an earlier run.
    pub(super) fn from_json(value: &Value) -> Option<Self> {
        let methods = value.get("methods")?.as_array()?.iter();
        let upscaled = value.get("upscaled")?;
        Some(Self {
            changed: value.get("changed")?.as_u64()?,
            shots: value.get("shots")?.as_u64()?,
            methods: methods.map(|name| name.as_str().map(str::to_owned)).collect::<Option<_>>()?,
            upscaled: (upscaled.get(0)?.as_u64()?, upscaled.get(1)?.as_f64()?),
        })
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn counts_of_segments_come_back_from_the_list_and_add_up() {
        let mut first = Tally::default();
        first.put(DoneFrame { begins_shot: true, changed: true }, Some("smooth"), None);
        first.put(DoneFrame { begins_shot: false, changed: false }, Some("gradfun"), None);
        let mut second = Tally::default();
        second.put(DoneFrame { begins_shot: true, changed: true }, Some("unband-lite"), None);
        let blend = |share| Some(UpscaledBy::Blend { share });
        second.put(DoneFrame { begins_shot: false, changed: true }, Some("smooth"), blend(0.25));
        second.put(DoneFrame { begins_shot: false, changed: true }, Some("smooth"), blend(0.75));
        let mut all = Tally::from_json(&first.to_json()).unwrap();
        assert_eq!(all, first);
        all.add(&second);
        assert_eq!((all.changed, all.shots), (4, 2));
        assert_eq!(all.network_share(), Some(0.5));
        assert_eq!(all.methods, ["smooth", "unband-lite"]);
        assert_eq!(
            Tally::from_json(&json!({"changed": 1, "shots": 1, "methods": [1], "upscaled": [0, 0.0]})),
            None
        );
        assert_eq!(
            Tally::from_json(&json!({"changed": -1, "shots": 1, "methods": [], "upscaled": [0, 0.0]})),
            None
        );
    }
}
