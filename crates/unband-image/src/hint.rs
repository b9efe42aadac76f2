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

/// A hint with the program's options in another host's spelling: `spell` gets the name of each option without
/// its hyphens, and its value, where it has one.
///
/// ```
/// use unband_image::hint_with;
/// let spell = |name: &str, value: Option<&str>| format!("{name}={}", value.unwrap_or("1"));
/// let hint = hint_with("set `--depth 16` or `--alpha`", spell);
/// assert_eq!(hint, "set `depth=16` or `alpha=1`");
/// ```
pub fn hint_with(hint: &str, spell: impl Fn(&str, Option<&str>) -> String) -> String {
    let part = |(i, part): (usize, &str)| match part.strip_prefix("--").filter(|_| i % 2 == 1) {
        Some(option) => match option.split_once(' ') {
            Some((name, value)) => spell(name, Some(value)),
            None => spell(option, None),
        },
        None => part.to_owned(),
    };
    hint.split('`').enumerate().map(part).collect::<Vec<_>>().join("`")
}
