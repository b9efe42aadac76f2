//! What goes to standard output: data for people and machines.

use std::io::{ErrorKind, Write};

use serde::Serialize;

use crate::Outcome;
use crate::bar::Bar;
use crate::inputs::reason;
use crate::talk::{Failure, Loudness, Talk, printable};

/// Prints text of several lines. What in it could steer a terminal is replaced; names that may hold line breaks have to be
/// [`printable`] before.
pub fn print_text(text: &str) -> Outcome {
    let lines: Vec<String> = text.split('\n').map(printable).collect();
    print_data(lines.join("\n").as_bytes())
}

/// Prints data. A reader that went away (`| head`) is no fault and is not mentioned.
pub fn print_data(data: &[u8]) -> Outcome {
    match write_data(data) {
        Ok(()) => Outcome::Done,
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Outcome::Done,
        Err(error) => {
            Talk { loudness: Loudness::Normal, bar: &Bar::none() }.failure(&stdout_failure(&error));
            Outcome::SomeFailed
        }
    }
}

/// Writes and flushes.
pub fn write_data(data: &[u8]) -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    out.write_all(data)?;
    out.flush()
}

/// Prints one JSON object on a line of its own.
pub fn print_json(record: &impl Serialize) -> Outcome {
    match serde_json::to_vec(record) {
        Ok(mut line) => {
            line.push(b'\n');
            print_data(&line)
        }
        // Records are structs of numbers and text; serialising them has no way to fail.
        Err(_) => Outcome::SomeFailed,
    }
}

/// Standard output could not be written.
pub fn stdout_failure(error: &std::io::Error) -> Failure {
    Failure {
        subject: Some("standard output".into()),
        message: reason(error),
        hint: Some("check that what reads it is still there and that the disk has room".into()),
    }
}
