//! Frame properties that change in the middle of a video, from the log of `ffmpeg`'s filter `showinfo`.
//!
//! `ffmpeg` silently converts frames of another format to that of the first. The filter comes before that
//! conversion and logs a line for each frame.

use std::sync::{Arc, OnceLock};

/// The filter; without checksums it costs nothing.
pub(super) const FILTER: &str = "showinfo=checksum=0";
/// Fields of a line, and their names for users.
const FIELDS: [(&str, &str); 3] = [("fmt:", "format"), ("s:", "size"), ("sar:", "pixel shape")];

/// The first change, once there is one.
#[derive(Clone, Debug, Default)]
pub(super) struct Change(Arc<OnceLock<String>>);

impl Change {
    /// The first change ("format yuv420p, then yuv420p10le").
    pub(super) fn found(&self) -> Option<&str> {
        self.0.get().map(String::as_str)
    }
}

/// Reads the lines of a log.
#[derive(Debug)]
pub(super) struct Watch {
    first: Option<[String; 3]>,
    change: Change,
}

impl Watch {
    pub(super) fn new(change: &Change) -> Self {
        Self { first: None, change: change.clone() }
    }

    /// Reads a line. Returns the message if it has the level of an error, without that level. Lines without a
    /// level are the rest of longer texts, such as the video's tags.
    pub(super) fn read(&mut self, line: &str) -> Option<String> {
        let (context, rest) = match line.split_once("] [") {
            Some((context, rest)) if context.starts_with('[') && context.contains(" @ ") => (context, rest),
            _ => ("", line.strip_prefix('[')?),
        };
        let (level, text) = rest.split_once(']')?;
        let text = text.trim_start();
        if matches!(level, "error" | "fatal" | "panic") {
            return Some(if context.is_empty() { text.to_owned() } else { format!("{context}] {text}") });
        }
        self.frame(text);
        None
    }

    fn frame(&mut self, text: &str) {
        if !text.starts_with("n:") || !text.contains("fmt:") {
            return;
        }
        let value = |field: &str| {
            let found = text.split_whitespace().find_map(|word| word.strip_prefix(field)).unwrap_or_default();
            if found == "0/1" { "1/1".to_owned() } else { found.to_owned() }
        };
        let now = FIELDS.map(|(field, _)| value(field));
        let Some(first) = &self.first else {
            self.first = Some(now);
            return;
        };
        let changed = (0..FIELDS.len()).find(|&i| first[i] != now[i]);
        if let Some(i) = changed {
            let _ = self.change.0.set(format!("{} {}, then {}", FIELDS[i].1, first[i], now[i]));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_that_change_are_found_in_the_log_and_errors_are_passed_on() {
        let frame = |format: &str, sar: &str| {
            format!(
                "[Parsed_showinfo_0 @ 0x5] [info] n:   0 pts:      1 pts_time:8e-07 pos:        0 fmt:{format} sar:{sar} s:160x96 i:P type:I "
            )
        };
        let change = Change::default();
        let mut watch = Watch::new(&change);
        for line in [&frame("yuv420p", "0/1")[..], "[info]", &frame("yuv420p", "1/1")] {
            assert_eq!(watch.read(line.trim()), None);
        }
        assert_eq!(change.found(), None);
        assert_eq!(watch.read("[h264 @ 0x5] [error] bad"), Some("[h264 @ 0x5] bad".to_owned()));
        assert_eq!(watch.read("[error] worse"), Some("worse".to_owned()));
        for other in ["[h264 @ 0x5] [warning] odd", "    : [error] in a tag", "", "[info]", "more"] {
            assert_eq!(watch.read(other), None);
        }
        assert_eq!(watch.read(&frame("yuv420p10le", "1/1")), None);
        assert_eq!(change.found(), Some("format yuv420p, then yuv420p10le"));
        let other = Change::default();
        let mut watch = Watch::new(&other);
        watch.read(&frame("yuv420p", "1/1"));
        watch.read(&frame("yuv420p", "4/3"));
        assert_eq!(other.found(), Some("pixel shape 1/1, then 4/3"));
    }
}
