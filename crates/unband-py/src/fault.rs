//! Errors on their way to Python: kind, message, hint, and the argument at fault.

use std::path::Path;

use pyo3::exceptions::PyRuntimeError;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::PyDict;
use unband::ErrorKind;
use unband::io::video::VideoError;
use unband::{FrameError, Hint, ParamError};

/// The class of `unband.errors`.
fn class(kind: ErrorKind) -> &'static str {
    match kind {
        ErrorKind::Option => "OptionError",
        ErrorKind::Input => "InputError",
        ErrorKind::Unsupported => "UnsupportedError",
        ErrorKind::Limit => "LimitError",
        ErrorKind::File => "FileError",
        _ => "UnbandError",
    }
}

/// An error with everything that its exception shows.
#[derive(Clone, Debug)]
pub struct Fault {
    kind: ErrorKind,
    message: String,
    hint: Option<String>,
    argument: Option<String>,
}

impl Fault {
    /// An error without a hint.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), hint: None, argument: None }
    }

    /// An option with a wrong value: "`name` must be `rule`, got `got`".
    pub fn option(name: &str, rule: &str, got: impl std::fmt::Display) -> Self {
        Self::new(ErrorKind::Option, format!("`{name}` must be {rule}, got {got}")).about(name)
    }

    /// From an error of the library.
    pub fn from_error(kind: ErrorKind, error: &dyn Hint) -> Self {
        Self { hint: error.hint().map(|hint| as_keywords(&hint)), ..Self::new(kind, error.to_string()) }
    }

    /// With the argument at fault.
    #[must_use]
    pub fn about(self, argument: &str) -> Self {
        Self { argument: Some(argument.to_owned()), ..self }
    }

    /// With the next action.
    #[must_use]
    pub fn hint(self, hint: impl Into<String>) -> Self {
        Self { hint: Some(hint.into()), ..self }
    }

    /// With the file that it is about.
    #[must_use]
    pub fn in_file(self, path: &Path) -> Self {
        let path = path.display().to_string();
        let message =
            if self.message.starts_with(&path) { self.message } else { format!("{path}: {}", self.message) };
        Self { message, ..self }
    }

    /// Did the caller cancel?
    pub fn is_cancelled(&self) -> bool {
        self.kind == ErrorKind::Cancelled
    }

    /// A panic of the library.
    pub fn panicked(payload: &(dyn std::any::Any + Send)) -> Self {
        let text = payload.downcast_ref::<&str>().map(ToString::to_string);
        let text = text.or_else(|| payload.downcast_ref::<String>().cloned()).unwrap_or_default();
        Self::new(ErrorKind::Other, format!("internal error: {text}"))
            .hint("this is a bug in unband; please report it")
    }

    fn exception(&self, py: Python<'_>) -> PyResult<PyErr> {
        let class = py.import(intern!(py, "unband.errors"))?.getattr(class(self.kind))?;
        let keywords = PyDict::new(py);
        keywords.set_item("hint", &self.hint)?;
        keywords.set_item("argument", &self.argument)?;
        Ok(PyErr::from_value(class.call((&self.message,), Some(&keywords))?))
    }
}

/// Options of the program as keywords of Python: `depth=16` for `--depth 16`.
fn as_keywords(hint: &str) -> String {
    unband::hint_with(hint, |name, value| format!("{}={}", name.replace('-', "_"), value.unwrap_or("True")))
}

impl From<Fault> for PyErr {
    fn from(fault: Fault) -> Self {
        Python::attach(|py| {
            fault.exception(py).unwrap_or_else(|_| PyRuntimeError::new_err(fault.message.clone()))
        })
    }
}

impl From<unband::Error> for Fault {
    fn from(error: unband::Error) -> Self {
        let fault =
            Self { argument: error.option().map(str::to_owned), ..Self::from_error(error.kind(), &error) };
        match error {
            unband::Error::Video(VideoError::Image { .. }) => {
                fault.about("input").hint("`deband_file` takes the files of images")
            }
            _ => fault,
        }
    }
}

impl From<unband::io::Error> for Fault {
    fn from(error: unband::io::Error) -> Self {
        unband::Error::from(error).into()
    }
}

impl From<FrameError> for Fault {
    fn from(error: FrameError) -> Self {
        unband::io::Error::from(error).into()
    }
}

impl From<ParamError> for Fault {
    fn from(error: ParamError) -> Self {
        unband::Error::from(error).into()
    }
}
