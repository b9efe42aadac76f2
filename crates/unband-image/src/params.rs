//! Declarative method parameters, shared by the command line, the documentation and the messages.

use crate::hint::Hint;
use std::any::Any;
use std::fmt;
use std::ops::RangeInclusive;
use std::path::PathBuf;

/// User-facing description of one parameter.
#[derive(Clone, Copy, Debug)]
pub struct ParamInfo {
    /// Name as written on the command line.
    pub name: &'static str,
    /// Effect, the direction of stronger, and where it stops helping.
    pub doc: &'static str,
    /// "number", "whole number", "switch", or the words allowed.
    pub kind: ParamKind,
    /// Default, as written in the source.
    pub default: &'static str,
    /// Allowed range, as written in the source; empty when every value of the kind is allowed.
    pub range: &'static str,
    /// Unit of the value, such as `samples` or `8-bit codes`; empty for shares, factors and words.
    pub unit: &'static str,
}

impl ParamInfo {
    /// The name as an identifier of most languages: digits at its start move to its end, `1thr` becomes
    /// `thr1`.
    pub fn identifier(&self) -> String {
        let word = self.name.trim_start_matches(|c: char| c.is_ascii_digit());
        let digits = &self.name[..self.name.len() - word.len()];
        format!("{word}{digits}").replace('-', "_")
    }
}

/// Value type of a parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ParamKind {
    /// Floating point.
    Number,
    /// Whole number.
    Whole,
    /// `true`/`false`, also 1/0, on/off, yes/no.
    Switch,
    /// One of these words.
    Word(&'static [&'static str]),
    /// Path of a file.
    File,
}

impl fmt::Display for ParamKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number => f.write_str("number"),
            Self::Whole => f.write_str("whole number"),
            Self::Switch => f.write_str("true or false"),
            Self::Word(words) => f.write_str(&words.join(", ")),
            Self::File => f.write_str("file"),
        }
    }
}

/// An unusable parameter setting.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ParamError {
    /// No parameter of that name.
    #[error("{method} has no parameter `{name}`")]
    Unknown {
        /// The method.
        method: &'static str,
        /// The name given.
        name: String,
        /// The valid names.
        known: Vec<&'static str>,
    },
    /// The text is not a value of the parameter's kind.
    #[error("`{name}` must be {}, got `{got}`", one(kind))]
    Malformed {
        /// The parameter.
        name: &'static str,
        /// Its kind in words.
        kind: String,
        /// The text given.
        got: String,
    },
    /// Outside the range.
    #[error("`{name}` must be {}, got {got}", spoken(range))]
    OutOfRange {
        /// The parameter.
        name: &'static str,
        /// The range.
        range: &'static str,
        /// The value given.
        got: String,
    },
    /// It has no default, and was not given.
    #[error("{method} needs `{name}`")]
    Required {
        /// The method.
        method: &'static str,
        /// The parameter.
        name: &'static str,
        /// Where a user gets it, and how it is passed.
        hint: String,
    },
    /// A file that the method cannot use.
    #[error("{path}: {what}")]
    File {
        /// The file.
        path: String,
        /// The defect.
        what: String,
        /// What to do about it.
        hint: Option<String>,
    },
    /// A value that this machine does not support.
    #[error("`{name}` cannot be {got}: {why}")]
    Unable {
        /// The parameter.
        name: &'static str,
        /// The value given.
        got: String,
        /// The missing feature.
        why: &'static str,
        /// What to do about it.
        hint: &'static str,
    },
}

impl ParamError {
    /// The parameter at fault; "weights" for files.
    pub fn parameter(&self) -> Option<&str> {
        match self {
            Self::Unknown { name, .. } => Some(name),
            Self::Malformed { name, .. }
            | Self::OutOfRange { name, .. }
            | Self::Required { name, .. }
            | Self::Unable { name, .. } => Some(name),
            Self::File { .. } => Some("weights"),
        }
    }
}

impl Hint for ParamError {
    fn hint(&self) -> Option<String> {
        match self {
            Self::Unknown { method, known, .. } if known.is_empty() => {
                Some(format!("{method} has no parameters"))
            }
            Self::Unknown { known, .. } => Some(format!("its parameters are {}", known.join(", "))),
            Self::Required { hint, .. } => Some(hint.clone()),
            Self::File { hint, .. } => hint.clone(),
            Self::Unable { hint, .. } => Some((*hint).to_owned()),
            _ => None,
        }
    }
}

/// A range in words: `0 to 4` for `0.0..=4.0`.
pub fn spoken(range: &str) -> String {
    let end = |text: &str| {
        let text = text.trim().replace('_', "");
        text.strip_suffix(".0").map_or(text.clone(), str::to_owned).replace("TAU", "2π")
    };
    range.split("..=").map(end).collect::<Vec<_>>().join(" to ")
}

/// "a number" for "number"; lists of allowed words stay as they are.
fn one(kind: &str) -> String {
    let noun =
        [ParamKind::Number, ParamKind::Whole, ParamKind::File].iter().any(|known| known.to_string() == kind);
    if noun { format!("a {kind}") } else { kind.to_owned() }
}

/// A type that a parameter can have.
pub trait ParamValue: Sized + Clone {
    /// Its name for users.
    const KIND: ParamKind;
    /// From text.
    fn parse(text: &str) -> Option<Self>;
    /// As text that `parse` maps back to the same value.
    fn show(&self) -> String;
    /// From a value of this type, or from an `f32` that is one of its whole numbers.
    fn of(value: &dyn Any) -> Option<Self>
    where
        Self: 'static,
    {
        value.downcast_ref().cloned()
    }
}

macro_rules! number {
    ($($ty:ty, $kind:ident;)*) => {$(
        impl ParamValue for $ty {
            const KIND: ParamKind = ParamKind::$kind;
            fn parse(text: &str) -> Option<Self> { text.trim().parse().ok() }
            fn show(&self) -> String { self.to_string() }
            fn of(value: &dyn Any) -> Option<Self> {
                let whole = |number: &f32| (number.fract() == 0.0).then_some(*number as $ty);
                value.downcast_ref().copied().or_else(|| value.downcast_ref().and_then(whole))
            }
        }
    )*};
}
number! { u32, Whole; i32, Whole; }

macro_rules! finite {
    ($($ty:ty),*) => {$(
        impl ParamValue for $ty {
            const KIND: ParamKind = ParamKind::Number;
            fn parse(text: &str) -> Option<Self> {
                text.trim().parse().ok().filter(|v: &$ty| v.is_finite())
            }
            fn show(&self) -> String {
                self.to_string()
            }
        }
    )*};
}
finite! { f32, f64 }

impl ParamValue for PathBuf {
    const KIND: ParamKind = ParamKind::File;
    fn parse(text: &str) -> Option<Self> {
        (!text.is_empty()).then(|| Self::from(text))
    }
    fn show(&self) -> String {
        self.display().to_string()
    }
}

impl ParamValue for bool {
    const KIND: ParamKind = ParamKind::Switch;
    fn parse(text: &str) -> Option<Self> {
        match text.trim().to_ascii_lowercase().as_str() {
            "1" | "true" | "on" | "yes" => Some(true),
            "0" | "false" | "off" | "no" => Some(false),
            _ => None,
        }
    }
    fn show(&self) -> String {
        self.to_string()
    }
}

/// Checks kind and range of a value; for use by the `params!` macro only.
#[doc(hidden)]
pub fn checked<T: ParamValue + PartialOrd>(
    name: &'static str,
    value: Option<T>,
    range: Option<RangeInclusive<T>>,
    range_text: &'static str,
    got: &str,
) -> Result<T, ParamError> {
    let malformed = || ParamError::Malformed { name, kind: T::KIND.to_string(), got: got.to_owned() };
    let value = value.ok_or_else(malformed)?;
    if range.is_some_and(|range| !range.contains(&value)) {
        return Err(ParamError::OutOfRange { name, range: range_text, got: got.to_owned() });
    }
    Ok(value)
}

/// The error for a name that a set does not have; for use by the `params!` macro only.
#[doc(hidden)]
pub fn unknown<P: Params>(method: &'static str, name: &str) -> ParamError {
    let known = P::INFO.iter().map(|info| info.name).collect();
    ParamError::Unknown { method, name: name.to_owned(), known }
}

/// A set of parameters declared with [`params!`](crate::params!).
pub trait Params: Default + Clone + Send + Sync {
    /// The settable parameters.
    const INFO: &'static [ParamInfo];

    /// Sets one parameter from text.
    ///
    /// # Errors
    /// Unknown name, malformed text, value out of range; `method` only names the owner in the message.
    fn set(&mut self, method: &'static str, name: &str, value: &str) -> Result<(), ParamError>;

    /// All parameters and their current values as text, in order of declaration. [`Self::set`] makes an equal
    /// set from them.
    fn settings(&self) -> Vec<(&'static str, String)>;

    /// Sets one parameter to a value of its own type.
    ///
    /// # Errors
    /// Unknown name, another type, value out of range.
    fn put(&mut self, method: &'static str, name: &str, value: &dyn Any) -> Result<(), ParamError>;

    /// The value of one parameter.
    fn field(&self, name: &str) -> Option<&dyn Any>;
}

/// A parameter set of any type.
pub trait AnyParams: Any + Send + Sync {
    /// As [`Params::set`].
    ///
    /// # Errors
    /// As there.
    fn set_text(&mut self, method: &'static str, name: &str, text: &str) -> Result<(), ParamError>;
    /// As [`Params::put`].
    ///
    /// # Errors
    /// As there.
    fn set_value(&mut self, method: &'static str, name: &str, value: &dyn Any) -> Result<(), ParamError>;
    /// As [`Params::field`].
    fn value(&self, name: &str) -> Option<&dyn Any>;
    /// As [`Params::settings`].
    fn texts(&self) -> Vec<(&'static str, String)>;
    /// A copy.
    fn copy(&self) -> Box<dyn AnyParams>;
    /// The set, to be cast to its type.
    fn as_any(&self) -> &dyn Any;
}

impl<P: Params + 'static> AnyParams for P {
    fn set_text(&mut self, method: &'static str, name: &str, text: &str) -> Result<(), ParamError> {
        self.set(method, name, text)
    }
    fn set_value(&mut self, method: &'static str, name: &str, value: &dyn Any) -> Result<(), ParamError> {
        self.put(method, name, value)
    }
    fn value(&self, name: &str) -> Option<&dyn Any> {
        self.field(name)
    }
    fn texts(&self) -> Vec<(&'static str, String)> {
        self.settings()
    }
    fn copy(&self) -> Box<dyn AnyParams> {
        Box::new(self.clone())
    }
    fn as_any(&self) -> &dyn Any {
        self
    }
}

/// Declares a parameter struct: fields with documentation, default and range, available to everything that
/// shows or reads parameters. A name that is not a Rust identifier follows `as`, the unit follows `in`.
///
/// ```
/// unband_image::params! {
///     /// Settings of an example.
///     pub struct Example {
///         /// Box half-width in samples. Higher bridges wider bands.
///         radius in "samples": u32 = 16, 4..=32;
///         /// Threshold of the first plane.
///         thr1 as "1thr": f32 = 0.02, 0.00003..=0.5;
///         /// Average first?
///         blur: bool = true;
///     }
/// }
/// use unband_image::Params;
/// let mut example = Example::default();
/// example.set("example", "1thr", "0.1").unwrap();
/// assert_eq!(example.set("example", "radius", "99").unwrap_err().to_string(),
///            "`radius` must be 4 to 32, got 99");
/// assert_eq!(example.settings()[1], ("1thr", "0.1".to_owned()));
/// assert_eq!(Example::INFO[0].unit, "samples");
/// ```
#[macro_export]
macro_rules! params {
    (
        $(#[$meta:meta])*
        $vis:vis struct $name:ident {
            $(
                $(#[doc = $doc:expr])*
                $field:ident $(as $ext:literal)? $(in $unit:literal)? : $ty:ty = $default:expr
                    $(, $range:expr)? ;
            )*
        }
    ) => {
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq)]
        $vis struct $name {
            $( $(#[doc = $doc])* $vis $field: $ty, )*
        }

        impl Default for $name {
            fn default() -> Self {
                Self { $( $field: $default, )* }
            }
        }

        impl $crate::Params for $name {
            const INFO: &'static [$crate::ParamInfo] = &[
                $( $crate::ParamInfo {
                    name: $crate::params!(@name $field $($ext)?),
                    doc: concat!($($doc),*),
                    kind: <$ty as $crate::ParamValue>::KIND,
                    default: stringify!($default),
                    range: concat!($(stringify!($range))?),
                    unit: concat!($($unit)?),
                }, )*
            ];

            fn set(
                &mut self,
                method: &'static str,
                name: &str,
                value: &str,
            ) -> Result<(), $crate::ParamError> {
                $(
                    if name == $crate::params!(@name $field $($ext)?) {
                        let parsed = <$ty as $crate::ParamValue>::parse(value);
                        self.$field = $crate::params!(@checked $field $($ext)?, $ty, $($range)?;
                            parsed, value);
                        return Ok(());
                    }
                )*
                Err($crate::params::unknown::<Self>(method, name))
            }

            fn put(
                &mut self,
                method: &'static str,
                name: &str,
                value: &dyn std::any::Any,
            ) -> Result<(), $crate::ParamError> {
                $(
                    if name == $crate::params!(@name $field $($ext)?) {
                        let own = <$ty as $crate::ParamValue>::of(value);
                        let shown = own.as_ref().map_or_else(
                            || "a value of another type".to_owned(),
                            <$ty as $crate::ParamValue>::show,
                        );
                        self.$field = $crate::params!(@checked $field $($ext)?, $ty, $($range)?; own, &shown);
                        return Ok(());
                    }
                )*
                Err($crate::params::unknown::<Self>(method, name))
            }

            fn field(&self, name: &str) -> Option<&dyn std::any::Any> {
                $(
                    if name == $crate::params!(@name $field $($ext)?) {
                        return Some(&self.$field);
                    }
                )*
                None
            }

            fn settings(&self) -> Vec<(&'static str, String)> {
                vec![$((
                    $crate::params!(@name $field $($ext)?),
                    <$ty as $crate::ParamValue>::show(&self.$field),
                ),)*]
            }
        }
    };
    (@checked $field:ident $($ext:literal)?, $ty:ty, $($range:expr)?; $value:expr, $shown:expr) => {{
        let range: Option<std::ops::RangeInclusive<$ty>> = $crate::params!(@range $($range)?);
        let name = $crate::params!(@name $field $($ext)?);
        $crate::params::checked(name, $value, range, concat!($(stringify!($range))?), $shown)?
    }};
    (@name $field:ident $ext:literal) => { $ext };
    (@name $field:ident) => { stringify!($field) };
    (@range $range:expr) => { Some($range) };
    (@range) => { None };
}

/// Declares an enumeration usable as a parameter: variants with the words that users write.
///
/// ```
/// unband_image::words! {
///     /// How an image is turned.
///     pub enum Turn { /// Not at all.
///         None = "none", /// A quarter.
///         Quarter = "quarter" }
/// }
/// ```
#[macro_export]
macro_rules! words {
    (
        $(#[$meta:meta])*
        $vis:vis enum $name:ident { $( $(#[$vmeta:meta])* $variant:ident = $word:literal ),* $(,)? }
    ) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        $vis enum $name { $( $(#[$vmeta])* $variant ),* }

        impl $name {
            /// All variants, in order.
            $vis const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// The word for it.
            $vis fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word),* }
            }
        }

        impl $crate::ParamValue for $name {
            const KIND: $crate::ParamKind = $crate::ParamKind::Word(&[$($word),*]);
            fn parse(text: &str) -> Option<Self> {
                match text.trim() { $($word => Some(Self::$variant),)* _ => None }
            }
            fn show(&self) -> String { self.as_str().to_owned() }
        }
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_and_kinds_read_as_text() {
        assert_eq!(spoken("0.0..=4.0"), "0 to 4");
        assert_eq!(spoken("0.00003 ..= 0.5"), "0.00003 to 0.5");
        assert_eq!(spoken("1..=10_000"), "1 to 10000");
        let wrong = ParamError::Malformed { name: "n", kind: "whole number".into(), got: "x".into() };
        assert_eq!(wrong.to_string(), "`n` must be a whole number, got `x`");
        let wrong = ParamError::Malformed { name: "n", kind: "on, off".into(), got: "x".into() };
        assert_eq!(wrong.to_string(), "`n` must be on, off, got `x`");
    }
}
