//! Fields of `ffprobe`'s JSON, where numbers may be strings, and anything may be missing or "N/A".

use serde_json::Value;

/// A JSON value, or none if it is missing.
#[derive(Clone, Copy)]
pub(crate) struct Node<'a>(Option<&'a Value>);

impl<'a> Node<'a> {
    pub(crate) fn new(value: &'a Value) -> Self {
        Self(Some(value))
    }

    pub(crate) fn at(self, key: &str) -> Self {
        Self(self.0.and_then(|value| value.get(key)))
    }

    /// The objects of a list; empty if there is no list.
    pub(crate) fn list(self, key: &str) -> impl Iterator<Item = Self> + use<'a> {
        let items = self.at(key).0.and_then(Value::as_array);
        items.into_iter().flatten().map(Self::new)
    }

    pub(crate) fn text(self, key: &str) -> Option<&'a str> {
        let text = self.at(key).0?.as_str()?;
        (!text.is_empty() && text != "N/A").then_some(text)
    }

    /// A name; `None` also for `ffprobe`'s "unknown".
    pub(crate) fn name(self, key: &str) -> Option<String> {
        let text = self.text(key)?;
        (!matches!(text, "unknown" | "unspecified" | "reserved")).then(|| text.to_owned())
    }

    pub(crate) fn number(self, key: &str) -> Option<f64> {
        let value = self.at(key).0?;
        let number = value.as_f64().or_else(|| value.as_str()?.trim().parse().ok())?;
        number.is_finite().then_some(number)
    }

    pub(crate) fn whole(self, key: &str) -> Option<i64> {
        let value = self.at(key).0?;
        value.as_i64().or_else(|| value.as_str()?.trim().parse().ok())
    }

    pub(crate) fn size(self, key: &str) -> usize {
        self.whole(key).and_then(|size| size.try_into().ok()).unwrap_or(0)
    }

    pub(crate) fn flag(self, key: &str) -> bool {
        self.whole(key) == Some(1)
    }

    /// The keys of all flags that are set.
    pub(crate) fn flags(self) -> Vec<String> {
        let all = self.0.and_then(Value::as_object);
        all.into_iter().flatten().filter(|(key, _)| self.flag(key)).map(|(key, _)| key.clone()).collect()
    }

    /// "24000/1001" or "4:3", if neither number is 0.
    pub(crate) fn ratio(self, key: &str) -> Option<(u32, u32)> {
        let (n, d) = self.text(key)?.split_once(['/', ':'])?;
        let (n, d) = (n.parse().ok()?, d.parse().ok()?);
        (n > 0 && d > 0).then_some((n, d))
    }

    /// "34000/50000", or a plain number.
    pub(crate) fn fraction(self, key: &str) -> Option<f64> {
        let parts = self.text(key).and_then(|text| text.split_once('/'));
        let Some((n, d)) = parts else { return self.number(key) };
        let value = n.parse::<f64>().ok()? / d.parse::<f64>().ok()?;
        value.is_finite().then_some(value)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn numbers_come_as_numbers_as_texts_or_not_at_all() {
        let text = r#"{"a": 3, "b": "3", "c": "N/A", "d": null, "e": "24/1", "f": "0/0", "g": "4:3", "h": "1/0", "i": [1]}"#;
        let value: Value = serde_json::from_str(text).unwrap();
        let node = Node::new(&value);
        assert_eq!(
            ["a", "b", "c", "d", "z", "i"].map(|k| node.whole(k)),
            [Some(3), Some(3), None, None, None, None]
        );
        assert_eq!(["a", "b", "c", "e"].map(|k| node.number(k)), [Some(3.0), Some(3.0), None, None]);
        assert_eq!(["e", "f", "g", "a"].map(|k| node.ratio(k)), [Some((24, 1)), None, Some((4, 3)), None]);
        assert_eq!(
            ["a", "e", "f", "h", "c"].map(|k| node.fraction(k)),
            [Some(3.0), Some(24.0), None, None, None]
        );
        assert_eq!(node.at("z").at("y").text("x"), None);
        assert_eq!(node.list("a").count(), 0);
    }
}
