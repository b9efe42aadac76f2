//! Records of skipped tests, and lists of tracked files.
//!
//! A test that lacks a requirement returns early, so it passes, and its output is swallowed. So each record
//! is also appended to the file named by `UNBAND_SKIPPED`, one line each: kind, test, missing requirement,
//! separated by tabs. `scripts/test` prints them at its end. Only tests depend on this crate.
#![forbid(unsafe_code)]
#![allow(clippy::print_stderr)]

use std::fmt::Display;
use std::fs::OpenOptions;
use std::io::Write;
use std::panic::Location;

mod tracked;

pub use tracked::{root, tracked_below, tracked_in};

/// Records that a program or a package is not installed. With `scripts/test --complete` that is a failure,
/// unless `scripts/test` tried to install `program` and could not.
#[track_caller]
pub fn program(program: impl Display) {
    note("program", &program.to_string());
}

/// Records that a file is missing that may not be shipped, or that only its authors' program can make.
#[track_caller]
pub fn file(what: impl Display) {
    note("file", &what.to_string());
}

/// Records that this machine or system lacks something.
#[track_caller]
pub fn machine(what: impl Display) {
    note("machine", &what.to_string());
}

#[track_caller]
fn note(kind: &str, what: &str) {
    eprintln!("skipped: {kind}: {what}");
    if let Some(path) = std::env::var_os("UNBAND_SKIPPED") {
        let line = line(kind, &test(Location::caller()), what);
        // A single call, so that lines of parallel tests do not mix.
        let written = OpenOptions::new()
            .append(true)
            .create(true)
            .open(path)
            .and_then(|mut f| f.write_all(line.as_bytes()));
        if let Err(error) = written {
            eprintln!("UNBAND_SKIPPED: {error}");
        }
    }
}

/// The running test: its crate and the name of its thread, or the source position if the thread has no name.
fn test(place: &Location<'_>) -> String {
    let package = std::env::var("CARGO_PKG_NAME").unwrap_or_default();
    let thread = std::thread::current();
    match thread.name() {
        Some(name) if name != "main" => format!("{package} {name}"),
        _ => format!("{package} {}:{}", place.file(), place.line()),
    }
}

fn line(kind: &str, test: &str, what: &str) -> String {
    let what: String = what.split_whitespace().collect::<Vec<_>>().join(" ");
    format!("{kind}\t{test}\t{what}\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_note_is_one_line_that_names_the_running_test() {
        let test = test(Location::caller());
        assert_eq!(test, "unband-skips tests::a_note_is_one_line_that_names_the_running_test");
        let line = line("program", &test, "not\tfound:\n  ffmpeg");
        assert_eq!(line, format!("program\t{test}\tnot found: ffmpeg\n"));
    }
}
