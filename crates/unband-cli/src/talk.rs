//! What is said on standard error: errors with hints, notes, one line per file.

use std::fmt::{Display, Write as _};
use std::io::Write as _;

use anstyle::{AnsiColor, Style};

use crate::bar::Bar;

const ERROR: Style = AnsiColor::Red.on_default().bold();
const HINT: Style = AnsiColor::Cyan.on_default().bold();
const NOTE: Style = AnsiColor::Yellow.on_default().bold();

/// How much is said.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Loudness {
    /// Errors only.
    Quiet,
    /// One line per file.
    Normal,
    /// What was found and decided, too.
    Verbose,
}

impl Loudness {
    /// From `-q` and `-v`.
    pub fn new(quiet: bool, verbose: bool) -> Self {
        match (quiet, verbose) {
            (true, _) => Self::Quiet,
            (_, true) => Self::Verbose,
            _ => Self::Normal,
        }
    }
}

/// Something that went wrong, as people are told it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The file, if one is concerned and the message does not name it.
    pub subject: Option<String>,
    /// What is wrong; lower case, no full stop.
    pub message: String,
    /// What to do next.
    pub hint: Option<String>,
}

impl Failure {
    /// Something about a file.
    pub fn at(subject: String, message: String, hint: Option<String>) -> Self {
        Self { subject: Some(subject), message, hint }
    }

    /// A fault of the command line as a whole.
    pub fn usage(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { subject: None, message: message.into(), hint: Some(hint.into()) }
    }

    /// A fault in the program itself, which costs one image only.
    pub fn of_program(subject: String) -> Self {
        let hint = "this is a fault of the program; please report it, with the image if you can";
        Self::at(subject, "the program failed on this image".into(), Some(hint.into()))
    }

    /// The message with its subject, without the system's error numbers.
    pub fn text(&self) -> String {
        let message = match self.message.split_once(" (os error ") {
            Some((before, after)) => {
                format!("{before}{}", after.split_once(')').map_or("", |(_, rest)| rest))
            }
            None => self.message.clone(),
        };
        match &self.subject {
            Some(subject) if !message.starts_with(subject) => format!("{subject}: {message}"),
            _ => message,
        }
    }
}

/// Speaks on standard error, around the progress bar.
pub struct Talk<'a> {
    /// How much.
    pub loudness: Loudness,
    /// Steps aside while a line is written.
    pub bar: &'a Bar,
}

impl Talk<'_> {
    /// Says what went wrong and what to do.
    pub fn failure(&self, failure: &Failure) {
        let mut text = format!("{ERROR}error:{ERROR:#} {}\n", printable(&failure.text()));
        if let Some(hint) = &failure.hint {
            let _ = writeln!(text, "{HINT}hint:{HINT:#} {}", printable(hint));
        }
        self.write(&text);
    }

    /// Says something that people should know.
    pub fn note(&self, text: &dyn Display) {
        if self.loudness > Loudness::Quiet {
            self.write(&format!("{NOTE}note:{NOTE:#} {}\n", printable(&text.to_string())));
        }
    }

    /// One line per file.
    pub fn line(&self, text: &dyn Display) {
        if self.loudness > Loudness::Quiet {
            self.write(&format!("{}\n", printable(&text.to_string())));
        }
    }

    /// Details, with `-v`.
    pub fn detail(&self, text: &dyn Display) {
        if self.loudness > Loudness::Normal {
            self.write(&format!("  {}\n", printable(&text.to_string())));
        }
    }

    fn write(&self, text: &str) {
        // A closed standard error leaves nobody to tell.
        self.bar.aside(|| {
            let _ = anstream::stderr().write_all(text.as_bytes());
        });
    }
}

/// File names may hold control characters, which shown raw could steer the terminal or forge lines, and others that turn the
/// direction of what follows.
pub fn printable(text: &str) -> String {
    let steers = |c: char| {
        c.is_control()
            || matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    text.chars().map(|c| if steers(c) { '\u{fffd}' } else { c }).collect()
}

/// Numbers as people read them: `16,697,987`.
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let first = digits.len() % 3;
    let mut out = digits[..first].to_owned();
    for group in digits.as_bytes()[first..].as_chunks::<3>().0 {
        if !out.is_empty() {
            out.push(',');
        }
        out.extend(group.iter().map(|&digit| char::from(digit)));
    }
    out
}

/// "1 shot", "31 shots".
pub fn counted(number: u64, thing: &str) -> String {
    format!("{number} {thing}{}", if number == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_subject_is_named_once() {
        let failure = |message: &str| {
            Failure { subject: Some("a.png".into()), message: message.into(), hint: None }.text()
        };
        assert_eq!(failure("cut short"), "a.png: cut short");
        assert_eq!(failure("a.png: cut short"), "a.png: cut short");
        assert_eq!(
            failure("cannot read: Is a directory (os error 21)"),
            "a.png: cannot read: Is a directory"
        );
    }

    #[test]
    fn long_numbers_are_grouped() {
        for (number, text) in [(0, "0"), (999, "999"), (1000, "1,000"), (16_697_987, "16,697,987")] {
            assert_eq!(grouped(number), text);
        }
    }

    #[test]
    fn control_characters_in_names_do_not_reach_the_terminal() {
        assert_eq!(printable("a\u{1b}[31m\n.png"), "a\u{fffd}[31m\u{fffd}.png");
        assert_eq!(printable("a\u{202e}gnp.exe\u{2066}ü"), "a\u{fffd}gnp.exe\u{fffd}ü");
    }
}
