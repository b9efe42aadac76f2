//! The program `unband`, as one call.

use std::ffi::OsString;

use pyo3::prelude::*;

/// Runs the program with these arguments, without its own name, and returns the exit code. It prints and
/// handles signals as a program does: for processes that do nothing else.
#[pyfunction]
pub(crate) fn run_program(py: Python<'_>, arguments: Vec<OsString>) -> u8 {
    py.detach(|| unband_cli::run(std::iter::once(OsString::from("unband")).chain(arguments)))
}
