//! Errors of calls: kind, message, hint, and the option at fault.

use serde::{Serialize, Serializer};

use crate::{Error, ErrorKind, Hint, ImageError};

/// An error with everything that its object in JavaScript has.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct CallError {
    /// Its kind, as a word.
    #[serde(serialize_with = "as_word")]
    pub kind: ErrorKind,
    /// A sentence without a full stop.
    pub message: String,
    /// The next action.
    pub hint: Option<String>,
    /// The option at fault.
    pub option: Option<String>,
}

impl CallError {
    /// An option with a wrong value: "`name` must be `rule`, got `got`".
    pub fn option(name: &str, rule: &str, got: impl std::fmt::Display) -> Self {
        Self {
            kind: ErrorKind::Option,
            message: format!("`{name}` must be {rule}, got {got}"),
            hint: None,
            option: Some(name.to_owned()),
        }
    }

    /// From any error that has a hint.
    pub fn from_error(kind: ErrorKind, error: &dyn Hint) -> Self {
        Self {
            kind,
            message: error.to_string(),
            hint: error.hint().map(|hint| as_options(&hint)),
            option: None,
        }
    }

    /// With the option at fault.
    pub(super) fn about(self, option: &str) -> Self {
        Self { option: Some(option.to_owned()), ..self }
    }

    /// A message about an input.
    pub fn input(message: String) -> Self {
        Self { kind: ErrorKind::Input, message, hint: None, option: None }
    }

    /// The word for its kind.
    pub fn word(&self) -> &'static str {
        match self.kind {
            ErrorKind::Option => "option",
            ErrorKind::Input => "input",
            ErrorKind::Unsupported => "unsupported",
            ErrorKind::Limit => "limit",
            ErrorKind::Cancelled => "cancelled",
            _ => "other",
        }
    }
}

#[allow(clippy::trivially_copy_pass_by_ref)] // as the derive calls it
fn as_word<S: Serializer>(kind: &ErrorKind, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(CallError { kind: *kind, ..CallError::input(String::new()) }.word())
}

/// A name of the program or library in JavaScript's spelling: `band-step` and `band_step` are `bandStep`.
pub(super) fn camel(name: &str) -> String {
    let mut parts = name.split(['-', '_', ' ']);
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |text, part| {
        let mut letters = part.chars();
        text + &letters.next().map_or_else(String::new, |c| c.to_uppercase().collect()) + letters.as_str()
    })
}

/// Options of the program as properties: `depth: 16` for `--depth 16`, `alpha` for `--alpha`.
fn as_options(hint: &str) -> String {
    crate::hint_with(hint, |name, value| {
        value.map_or_else(|| camel(name), |value| format!("{}: {value}", camel(name)))
    })
}

impl From<Error> for CallError {
    fn from(error: Error) -> Self {
        let named = |name| if name == "bits" { "bandBits".to_owned() } else { camel(name) };
        Self { option: error.option().map(named), ..Self::from_error(error.kind(), &error) }
    }
}

impl From<crate::io::Error> for CallError {
    fn from(error: crate::io::Error) -> Self {
        Error::from(error).into()
    }
}

impl From<ImageError> for CallError {
    fn from(error: ImageError) -> Self {
        Self::input(error.to_string())
    }
}
