//! Failures of tables, from the library's errors.

use unband::Hint;
use unband::evaluate::EvaluateError;

use crate::reporter::Failure;

/// The failure, with its file.
pub(super) fn failure(error: &EvaluateError) -> Failure {
    match error {
        EvaluateError::File { name, fault } => Failure::from_error(name, &**fault),
        EvaluateError::Row { row, fault } => {
            let fault = failure(fault);
            Failure { message: format!("row `{row}`: {}", fault.message), ..fault }
        }
        error => Failure { subject: None, message: error.to_string(), hint: error.hint() },
    }
}
