//! Inputs of commands, with the program's failures.

use unband::Hint;
use unband::inputs::InputError;

pub use unband::inputs::{Gather, Gathered, Input, STDIO, SUFFIX, exact, is_pattern, readable};
pub use unband::io::reason;

use crate::reporter::Failure;

/// The failure of an argument.
pub fn failure(error: &InputError) -> Failure {
    Failure::at(error.name.clone(), error.fault.to_string(), error.hint())
}

/// The failures of arguments.
pub fn failures(errors: &[InputError]) -> Vec<Failure> {
    errors.iter().map(failure).collect()
}
