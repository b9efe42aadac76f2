//! Messages on standard error: errors with hints, notes, result lines.

use std::fmt::{Display, Write as _};
use std::path::Path;

use anstyle::{AnsiColor, Style};
use unband::Hint;
pub(crate) use unband::inputs::printable;
use unband::records::{FailureRecord, FileRecord};

use crate::bar::Bar;
use crate::outcome::Outcome;
use crate::result::print_text;
use crate::streams;

const ERROR: Style = AnsiColor::Red.on_default().bold();
const HINT: Style = AnsiColor::Cyan.on_default().bold();
const NOTE: Style = AnsiColor::Yellow.on_default().bold();

/// Verbosity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Loudness {
    /// Errors only.
    Quiet,
    /// One line per file.
    Normal,
    /// Findings and decisions too.
    Verbose,
}

impl Loudness {
    /// From `-q` and `-v`.
    pub(crate) fn new(quiet: bool, verbose: bool) -> Self {
        match (quiet, verbose) {
            (true, _) => Self::Quiet,
            (_, true) => Self::Verbose,
            _ => Self::Normal,
        }
    }
}

/// A failure, as shown to the user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Failure {
    /// The file, unless there is none or the message names it.
    pub subject: Option<String>,
    /// The message; lower case, no full stop.
    pub message: String,
    /// The next action.
    pub hint: Option<String>,
}

impl Failure {
    /// A failure about a file.
    pub(crate) fn at(subject: String, message: String, hint: Option<String>) -> Self {
        Self { subject: Some(subject), message, hint }
    }

    /// An error about a file.
    pub(crate) fn from_error(subject: impl Into<String>, error: &dyn Hint) -> Self {
        Self::at(subject.into(), error.to_string(), error.hint())
    }

    /// A failure of the command line as a whole.
    pub(crate) fn usage(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { subject: None, message: message.into(), hint: Some(hint.into()) }
    }

    /// A bug in the program, which costs one image only.
    pub(crate) fn of_program(subject: String) -> Self {
        let hint = "this is a bug in unband; please report it, with the image if you can";
        Self::at(subject, "unband failed on this image".into(), Some(hint.into()))
    }

    /// Its record in a list of failures.
    pub(crate) fn record(&self) -> FailureRecord {
        FailureRecord {
            file: self.subject.clone().unwrap_or_default(),
            error: self.message.clone(),
            hint: self.hint.clone(),
        }
    }

    /// The record of the input that it is about.
    pub(crate) fn file_record(&self, input: String) -> FileRecord {
        FileRecord::failed(input, self.text(), self.hint.clone())
    }

    /// Prints it where no progress is shown.
    pub(crate) fn print(&self) {
        Reporter { loudness: Loudness::Normal, bar: &Bar::none() }.failure(self);
    }

    /// The message with its subject, without the system's error numbers.
    pub(crate) fn text(&self) -> String {
        let message = self.stripped();
        match self.named(&message) {
            Some(subject) => format!("{subject}: {message}"),
            None => message,
        }
    }

    /// As [`text`](Self::text), for a terminal. Lines of the message stay lines; those of a name do not.
    fn lines(&self) -> String {
        let message = self.stripped();
        let subject = self.subject.as_deref().unwrap_or_default();
        match (self.named(&message), message.strip_prefix(subject)) {
            (Some(subject), _) => format!("{}: {}", printable(subject), lines(&message)),
            (None, Some(rest)) => printable(subject) + &lines(rest),
            (None, None) => lines(&message),
        }
    }

    /// The subject, unless the message begins with it.
    fn named(&self, message: &str) -> Option<&str> {
        self.subject.as_deref().filter(|subject| !message.starts_with(subject))
    }

    fn stripped(&self) -> String {
        match self.message.split_once(" (os error ") {
            Some((before, after)) => {
                format!("{before}{}", after.split_once(')').map_or("", |(_, rest)| rest))
            }
            None => self.message.clone(),
        }
    }
}

impl<E: Hint> From<E> for Failure {
    /// An error whose message names its subject.
    fn from(error: E) -> Self {
        Self { subject: None, message: error.to_string(), hint: error.hint() }
    }
}

/// Prints to standard error, above the progress bar.
pub(crate) struct Reporter<'a> {
    /// Verbosity.
    pub loudness: Loudness,
    /// The bar, which is hidden while a line is written.
    pub bar: &'a Bar,
}

impl Reporter<'_> {
    /// Prints a failure with its hint.
    pub(crate) fn failure(&self, failure: &Failure) {
        let mut text = format!("{ERROR}error:{ERROR:#} {}\n", failure.lines());
        if let Some(hint) = &failure.hint {
            let _ = writeln!(text, "{HINT}hint:{HINT:#} {}", lines(hint));
        }
        self.write(&text);
    }

    /// The value, or the exit status after a failure because of which nothing was started.
    pub(crate) fn or_usage<T>(&self, value: Result<T, Failure>) -> Result<T, Outcome> {
        value.map_err(|failure| {
            self.failure(&failure);
            Outcome::Usage
        })
    }

    /// Prints a note.
    pub(crate) fn note(&self, text: &dyn Display) {
        if self.loudness > Loudness::Quiet {
            self.write(&format!("{NOTE}note:{NOTE:#} {}\n", printable(&text.to_string())));
        }
    }

    /// Prints a result line.
    pub(crate) fn line(&self, text: &dyn Display) {
        if self.loudness > Loudness::Quiet {
            self.write(&format!("{}\n", printable(&text.to_string())));
        }
    }

    /// Prints a detail, with `-v`.
    pub(crate) fn detail(&self, text: &dyn Display) {
        if self.loudness > Loudness::Normal {
            self.write(&format!("  {}\n", printable(&text.to_string())));
        }
    }

    /// Prints values for people on standard output, above the progress bar.
    pub(crate) fn values(&self, text: &str) -> Outcome {
        if self.loudness == Loudness::Quiet {
            Outcome::Done
        } else {
            self.bar.interrupting(|| print_text(text))
        }
    }

    fn write(&self, text: &str) {
        self.bar.interrupting(|| streams::error(text));
    }
}

/// A message of one or several lines, such as a parser's with the faulty line; those after the first are
/// indented, so that none can pass for a line of unband's.
fn lines(text: &str) -> String {
    let text = text.trim_end_matches(|c: char| c.is_control() || c.is_whitespace());
    let lines: Vec<String> = text.lines().map(printable).collect();
    lines.join("\n       ")
}

/// An integer with thousands separators: `16,697,987`.
pub(crate) fn grouped(number: u64) -> String {
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

/// A note on a named pipe, before it is waited for; `None` for everything else.
pub(crate) fn pipe_note(path: &Path) -> Option<String> {
    let name = || path.display().to_string();
    unband::io::is_named_pipe(path).then(|| format!("{}: a named pipe, waiting for its other end", name()))
}

/// "1 shot", "31 shots".
pub(crate) fn counted(number: u64, thing: &str) -> String {
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
    fn a_message_of_several_lines_stays_readable() {
        let message = "line 1, column 3\n  |\n1 | a\u{1b}\n  |  ^\nbad\n\0\n".to_owned();
        let failure = Failure { subject: Some("a\nb.toml".into()), message, hint: None };
        let shown =
            "a\u{fffd}b.toml: line 1, column 3\n         |\n       1 | a\u{fffd}\n         |  ^\n       bad";
        assert_eq!(failure.lines(), shown);
        let failure = Failure { subject: Some("a.png".into()), message: "expected 2\n".into(), hint: None };
        assert_eq!(failure.lines(), "a.png: expected 2");
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
