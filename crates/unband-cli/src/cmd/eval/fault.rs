//! Failures of tables, from the library's errors.

use unband::evaluate::EvaluateError;
use unband_image::Hint;

use crate::talk::Failure;

/// The failure, with its file.
pub fn failure(error: EvaluateError) -> Failure {
    let hint = error.hint();
    match error {
        EvaluateError::File { name, fault } => Failure::at(name, fault.to_string(), hint),
        error => Failure { subject: None, message: error.to_string(), hint },
    }
}
