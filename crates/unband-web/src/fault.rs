//! Errors on their way to JavaScript: kind, message, hint, and the option at fault.

use js_sys::Reflect;
use unband::{ErrorKind, Hint};
use wasm_bindgen::JsValue;

/// An error with everything that its object in JavaScript has.
#[derive(Debug)]
pub(crate) struct Fault {
    kind: ErrorKind,
    message: String,
    hint: Option<String>,
    option: Option<String>,
}

impl Fault {
    /// An option with a wrong value: "`name` must be `rule`, got `got`".
    pub(crate) fn option(name: &str, rule: &str, got: impl std::fmt::Display) -> Self {
        Self {
            kind: ErrorKind::Option,
            message: format!("`{name}` must be {rule}, got {got}"),
            hint: None,
            option: Some(name.to_owned()),
        }
    }

    /// From any error that has a hint.
    pub(crate) fn from_error(kind: ErrorKind, error: &dyn Hint) -> Self {
        Self {
            kind,
            message: error.to_string(),
            hint: error.hint().map(|hint| as_options(&hint)),
            option: None,
        }
    }

    /// With the option at fault.
    pub(crate) fn about(self, option: &str) -> Self {
        Self { option: Some(option.to_owned()), ..self }
    }

    /// A message about an input.
    pub(crate) fn input(message: String) -> Self {
        Self { kind: ErrorKind::Input, message, hint: None, option: None }
    }
}

/// A word for the kind.
fn word(kind: ErrorKind) -> &'static str {
    match kind {
        ErrorKind::Option => "option",
        ErrorKind::Input => "input",
        ErrorKind::Unsupported => "unsupported",
        ErrorKind::Limit => "limit",
        ErrorKind::Cancelled => "cancelled",
        _ => "other",
    }
}

/// A name of the program or library in JavaScript's spelling: `band-step` and `band_step` are `bandStep`.
pub(crate) fn camel(name: &str) -> String {
    let mut parts = name.split(['-', '_', ' ']);
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |text, part| {
        let mut letters = part.chars();
        text + &letters.next().map_or_else(String::new, |c| c.to_uppercase().collect()) + letters.as_str()
    })
}

/// Options of the program as properties: `depth: 16` for `--depth 16`, `alpha` for `--alpha`.
fn as_options(hint: &str) -> String {
    unband::hint_with(hint, |name, value| {
        value.map_or_else(|| camel(name), |value| format!("{}: {value}", camel(name)))
    })
}

impl From<unband::Error> for Fault {
    fn from(error: unband::Error) -> Self {
        let named = |name| if name == "bits" { "bandBits".to_owned() } else { camel(name) };
        Self { option: error.option().map(named), ..Self::from_error(error.kind(), &error) }
    }
}

impl From<unband::io::Error> for Fault {
    fn from(error: unband::io::Error) -> Self {
        unband::Error::from(error).into()
    }
}

impl From<unband::ImageError> for Fault {
    fn from(error: unband::ImageError) -> Self {
        Self::input(error.to_string())
    }
}

impl From<Fault> for JsValue {
    fn from(fault: Fault) -> Self {
        let error = JsValue::from(js_sys::Error::new(&fault.message));
        let set = |name: &str, value: Option<&str>| {
            let value = value.map_or(JsValue::UNDEFINED, JsValue::from_str);
            // A new object takes every property.
            let _ = Reflect::set(&error, &JsValue::from_str(name), &value);
        };
        set("name", Some("UnbandError"));
        set("kind", Some(word(fault.kind)));
        set("hint", fault.hint.as_deref());
        set("option", fault.option.as_deref());
        error
    }
}
