//! Inputs of commands, with the program's failures.

use unband::Hint;
use unband::inputs::InputError;

pub(crate) use unband::inputs::{Gather, Gathered, Input, STDIO, SUFFIX, exact, is_pattern, readable};
pub(crate) use unband::io::reason;

use crate::reporter::Failure;

/// The failure of an argument.
pub(crate) fn failure(error: &InputError) -> Failure {
    Failure::at(error.name.clone(), error.fault.to_string(), error.hint())
}

/// The failures of arguments.
pub(crate) fn failures(errors: &[InputError]) -> Vec<Failure> {
    errors.iter().map(failure).collect()
}
