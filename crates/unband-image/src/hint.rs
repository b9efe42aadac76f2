//! Hints of errors.

use std::fmt::Display;

/// An error that may know the next action.
///
/// [`Display`] is the message: lower case, with path and values, no full stop.
pub trait Hint: Display {
    /// The next action for the user: the option to set, the command to run; same form as the message.
    fn hint(&self) -> Option<String>;
}

impl<E: Hint + ?Sized> Hint for &E {
    fn hint(&self) -> Option<String> {
        (**self).hint()
    }
}
