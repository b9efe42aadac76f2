//! Texts from and to hosts: methods in, errors and panics out.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};

use unband::{Choice, Hint, models};

/// The message of a panic.
pub(crate) fn panicked(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    let text = text.or_else(|| panic.downcast_ref::<String>().cloned());
    format!("a fault of unband, please report it: {}", text.unwrap_or_default())
}

/// The result of work, or the message of its panic.
pub(crate) fn caught<T>(work: impl FnOnce() -> Result<T, String>) -> Result<T, String> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|panic| Err(panicked(&*panic)))
}

/// An error and its next action, in a line.
#[allow(clippy::needless_pass_by_value)] // for `map_err`
pub(crate) fn message(error: impl Hint) -> String {
    match error.hint() {
        Some(hint) => format!(
            "{error}; {}",
            unband::hint_with(&hint, |name, value| {
                let name = name.replace('-', "_");
                value.map_or_else(|| format!("{name}=1"), |value| format!("{name}={value}"))
            })
        ),
        None => error.to_string(),
    }
}

/// A method with its parameters, and the weights that it needs; `auto` is the default.
pub(crate) fn method(text: &str) -> Result<Choice, String> {
    if text == "auto" {
        return Ok(Choice::Auto);
    }
    let folder = unband_infer::models::folder();
    let mut method = models::parse_method(text, folder.as_deref()).map_err(message)?;
    models::resolve(&mut method, folder.as_deref()).map_err(message)?;
    Ok(Choice::Named(method))
}
