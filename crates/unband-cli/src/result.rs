//! Standard output: text, data and JSON.

use std::io::{ErrorKind, Write};

use serde::Serialize;

use crate::inputs::reason;
use crate::outcome::Outcome;
use crate::reporter::{Failure, printable};
use crate::streams::Output;

/// Prints text of several lines. Control characters that could affect the terminal are replaced; names that
/// may hold line breaks must be [`printable`] before.
pub(crate) fn print_text(text: &str) -> Outcome {
    let lines: Vec<String> = text.split('\n').map(printable).collect();
    print_data(lines.join("\n").as_bytes())
}

/// Prints data. A closed pipe (`| head`) is not a failure and is not reported.
pub(crate) fn print_data(data: &[u8]) -> Outcome {
    match write_data(data) {
        Ok(()) => Outcome::Done,
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Outcome::Done,
        Err(error) => {
            stdout_failure(&error).print();
            Outcome::SomeFailed
        }
    }
}

/// Writes and flushes.
pub(crate) fn write_data(data: &[u8]) -> std::io::Result<()> {
    Output.write_all(data)?;
    Output.flush()
}

/// Prints one JSON object on its own line.
pub(crate) fn print_json(record: &impl Serialize) -> Outcome {
    match serde_json::to_vec(record) {
        Ok(mut line) => {
            line.push(b'\n');
            print_data(&line)
        }
        // Records consist of numbers and text, which always serialise.
        Err(_) => Outcome::SomeFailed,
    }
}

/// A failure to write standard output.
pub(crate) fn stdout_failure(error: &std::io::Error) -> Failure {
    Failure {
        subject: Some("standard output".into()),
        message: reason(error),
        hint: Some("check that its reader is still running and that the disk has space".into()),
    }
}
