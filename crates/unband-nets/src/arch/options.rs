//! Settings of a network as text: `width=8,depths=1 1 2`.

use std::cell::RefCell;

use crate::net::BuildError;

/// Largest number of a setting: files state settings too, and those of a foreign file may be any.
const LARGEST: usize = 4096;

/// Settings by name. A builder asks for those that it has; one that is not given has its default.
#[derive(Debug, Default)]
pub struct Options {
    given: Vec<(String, String)>,
    asked: RefCell<Vec<&'static str>>,
    fault: RefCell<Option<String>>,
}

/// A value of a setting. Of pairs, all numbers are listed.
pub trait Setting: Sized {
    /// The value that a text states.
    fn read(text: &str) -> Option<Self>;
}

impl Setting for usize {
    fn read(text: &str) -> Option<Self> {
        text.parse().ok().filter(|number| *number <= LARGEST)
    }
}

impl Setting for bool {
    fn read(text: &str) -> Option<Self> {
        text.parse().ok()
    }
}

impl Setting for Vec<usize> {
    fn read(text: &str) -> Option<Self> {
        text.split_whitespace().map(usize::read).collect()
    }
}

impl Setting for Vec<(usize, usize)> {
    fn read(text: &str) -> Option<Self> {
        let numbers = Vec::<usize>::read(text)?;
        numbers.len().is_multiple_of(2).then(|| numbers.chunks(2).map(|pair| (pair[0], pair[1])).collect())
    }
}

impl<T, const N: usize> Setting for [T; N]
where
    Vec<T>: Setting,
{
    fn read(text: &str) -> Option<Self> {
        Vec::read(text)?.try_into().ok()
    }
}

impl Options {
    /// From `KEY=VALUE` separated by commas; the last value of a key applies.
    pub(crate) fn from_text(text: &str) -> Self {
        let pair = |option: &str| {
            let (key, value) = option.split_once('=').unwrap_or((option, ""));
            (key.trim().to_owned(), value.trim().to_owned())
        };
        let given = text.split(',').filter(|option| !option.trim().is_empty()).map(pair).collect();
        Self { given, ..Self::default() }
    }

    /// The text of a key, if given.
    pub fn text(&self, key: &'static str) -> Option<&str> {
        self.asked.borrow_mut().push(key);
        self.given.iter().rev().find(|(name, _)| name == key).map(|(_, value)| value.as_str())
    }

    /// The value of a key. Several numbers are separated by spaces.
    pub fn get<T: Setting>(&self, key: &'static str, default: T) -> T {
        let expected = "numbers up to 4096, as many as by default, separated by spaces, or true or false";
        self.read(key, expected, default, T::read)
    }

    /// The value of a key by a reader, which returns `None` for anything but the `expected`.
    pub fn read<T>(
        &self,
        key: &'static str,
        expected: &str,
        default: T,
        read: impl FnOnce(&str) -> Option<T>,
    ) -> T {
        let Some(text) = self.text(key) else { return default };
        read(text).unwrap_or_else(|| {
            self.fault.borrow_mut().get_or_insert(format!("`{key}={text}`: expected {expected}"));
            default
        })
    }

    /// The result of a builder that has asked for all its settings.
    ///
    /// # Errors
    /// The first wrong value; a key that the builder did not ask for; its own error.
    pub fn checked<T>(&self, net: &str, built: Result<T, BuildError>) -> Result<T, BuildError> {
        let asked = self.asked.borrow();
        let unknown = self.given.iter().find(|(key, _)| !asked.contains(&key.as_str()));
        let expected = if asked.is_empty() { "none".to_owned() } else { asked.join(", ") };
        let unknown = unknown.map(|(key, _)| format!("no option `{key}`, expected one of {expected}"));
        match self.fault.borrow().clone().or(unknown) {
            Some(what) => Err(BuildError { net: net.to_owned(), at: "options".to_owned(), what }),
            None => built,
        }
    }
}

/// A method `with` of a configuration: its fields, each as given or as it is.
macro_rules! with_options {
    ($config:ident: $($field:ident),*) => {
        impl $config {
            fn with(self, options: &$crate::arch::Options) -> Self {
                Self { $($field: options.get(stringify!($field), self.$field),)* }
            }
        }
    };
}
pub(super) use with_options;
