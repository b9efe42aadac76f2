//! Counts of processed frames, by segment or in total.

use serde_json::{Value, json};

use crate::frames::DoneFrame;

/// Frames so far.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Tally {
    /// Changed frames.
    pub(super) changed: u64,
    /// Shot starts.
    pub(super) shots: u64,
    /// Methods that changed something, in order of first use.
    pub(super) methods: Vec<String>,
}

impl Tally {
    /// Adds a frame, and the method that changed it.
    pub(super) fn put(&mut self, done: DoneFrame, method: Option<&str>) {
        self.changed += u64::from(done.changed);
        self.shots += u64::from(done.begins_shot);
        if let Some(method) = method.filter(|_| done.changed) {
            self.name(method);
        }
    }

    /// Adds the counts of another segment.
    pub(super) fn add(&mut self, other: &Self) {
        self.changed += other.changed;
        self.shots += other.shots;
        other.methods.iter().for_each(|method| self.name(method));
    }

    fn name(&mut self, method: &str) {
        if self.methods.iter().all(|known| known != method) {
            self.methods.push(method.to_owned());
        }
    }

    /// The text form, for resumed runs.
    pub(super) fn to_json(&self) -> Value {
        json!({"changed": self.changed, "shots": self.shots, "methods": self.methods})
    }

    /// Parses the text form of an earlier run.
    pub(super) fn from_json(value: &Value) -> Option<Self> {
        let methods = value.get("methods")?.as_array()?.iter();
        Some(Self {
            changed: value.get("changed")?.as_u64()?,
            shots: value.get("shots")?.as_u64()?,
            methods: methods.map(|name| name.as_str().map(str::to_owned)).collect::<Option<_>>()?,
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
        first.put(DoneFrame { begins_shot: true, changed: true }, Some("smooth"));
        first.put(DoneFrame { begins_shot: false, changed: false }, Some("gradfun"));
        let mut second = Tally::default();
        second.put(DoneFrame { begins_shot: true, changed: true }, Some("unband-lite"));
        second.put(DoneFrame { begins_shot: false, changed: true }, Some("smooth"));
        let mut all = Tally::from_json(&first.to_json()).unwrap();
        assert_eq!(all, first);
        all.add(&second);
        assert_eq!((all.changed, all.shots), (3, 2));
        assert_eq!(all.methods, ["smooth", "unband-lite"]);
        assert_eq!(Tally::from_json(&json!({"changed": 1, "shots": 1, "methods": [1]})), None);
        assert_eq!(Tally::from_json(&json!({"changed": -1, "shots": 1, "methods": []})), None);
    }
}
