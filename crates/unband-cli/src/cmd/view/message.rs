//! Messages between the page and the program: one line of JSON, then bytes.

use std::ops::Range;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use unband::calls::CallError;

/// Most bytes of its first line.
const LINE: usize = 1 << 20;

/// A call.
#[derive(Deserialize)]
pub(super) struct CallMessage {
    /// Its name.
    pub name: String,
    /// Its arguments.
    #[serde(default)]
    pub given: Value,
    /// Names and lengths of the parts that follow.
    #[serde(default)]
    sizes: Vec<(String, usize)>,
    #[serde(skip)]
    parts: Vec<(String, Range<usize>)>,
    /// The whole message.
    #[serde(skip)]
    bytes: Vec<u8>,
}

impl CallMessage {
    /// Reads a call.
    ///
    /// # Errors
    /// Anything else.
    pub(super) fn read(bytes: Vec<u8>) -> Result<Self, CallError> {
        let wrong =
            |text: &dyn std::fmt::Display| CallError::input(format!("not a call of the page: {text}"));
        let end = bytes.iter().take(LINE).position(|&byte| byte == b'\n').ok_or_else(|| wrong(&"no line"))?;
        let mut call: Self = serde_json::from_slice(&bytes[..end]).map_err(|error| wrong(&error))?;
        let mut at = end + 1;
        for (name, size) in std::mem::take(&mut call.sizes) {
            let part = at..at
                .checked_add(size)
                .filter(|end| *end <= bytes.len())
                .ok_or_else(|| wrong(&"too short"))?;
            at = part.end;
            call.parts.push((name, part));
        }
        Ok(Self { bytes, ..call })
    }

    /// The part of this name.
    pub(super) fn part(&self, name: &str) -> Option<&[u8]> {
        self.parts().find(|(known, _)| *known == name).map(|(_, bytes)| bytes)
    }

    /// All parts, with their names.
    pub(super) fn parts(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.parts.iter().map(|(name, part)| (&**name, &self.bytes[part.clone()]))
    }

    /// A text; empty without one.
    pub(super) fn text(&self, name: &str) -> &str {
        self.given[name].as_str().unwrap_or_default()
    }

    /// A whole number.
    ///
    /// # Errors
    /// None of that name.
    pub(super) fn number(&self, name: &str) -> Result<usize, CallError> {
        let number = self.given[name].as_u64().and_then(|number| usize::try_from(number).ok());
        number.ok_or_else(|| CallError::option(name, "a whole number", &self.given[name]))
    }
}

/// The answer to a call.
#[derive(Default)]
pub(super) struct Answer {
    /// As JSON.
    pub result: Value,
    /// Parts with their names.
    pub parts: Vec<(&'static str, Vec<u8>)>,
}

#[derive(Serialize)]
struct AnswerLine<'a> {
    result: &'a Value,
    sizes: Vec<(&'static str, usize)>,
}

#[derive(Serialize)]
struct ErrorLine<'a> {
    error: &'a CallError,
}

impl Answer {
    /// With a result alone.
    pub(super) fn new(result: Value) -> Self {
        Self { result, parts: Vec::new() }
    }

    /// Of a call on an image that is not open here.
    pub(super) fn stale() -> Self {
        Self::new(serde_json::json!({ "stale": true }))
    }

    /// With one part.
    pub(super) fn part(name: &'static str, bytes: Vec<u8>) -> Self {
        Self { result: Value::Null, parts: vec![(name, bytes)] }
    }

    /// The bytes of an answer, or of an error.
    pub(super) fn bytes(answer: Result<Self, CallError>) -> Vec<u8> {
        match answer {
            Err(error) => (unband::calls::json(&ErrorLine { error: &error }) + "\n").into_bytes(),
            Ok(Self { result, parts }) => {
                let sizes = parts.iter().map(|(name, bytes)| (*name, bytes.len())).collect();
                let line = unband::calls::json(&AnswerLine { result: &result, sizes }) + "\n";
                let mut all = line.into_bytes();
                for (_, bytes) in parts {
                    all.extend(bytes);
                }
                all
            }
        }
    }
}
