//! `unband models remove`: removal of imported models.

use unband::models::{self, Shelf};

use super::{RemoveArgs, not_imported};
use crate::outcome::Outcome;
use crate::reporter::Reporter;

pub(super) fn run(args: &RemoveArgs, reporter: &Reporter<'_>) -> Outcome {
    let mut shelf = models::folder().map(|folder| Shelf::open(&folder)).unwrap_or_default();
    // All names are checked before the first file is removed.
    if let Some(name) = args.names.iter().find(|name| shelf.named(name).is_none()) {
        reporter.failure(&not_imported(name, &shelf));
        return Outcome::Usage;
    }
    let mut outcome = Outcome::Done;
    for name in &args.names {
        match shelf.remove(name) {
            Ok(file) => reporter.line(&format_args!("{} removed", file.display())),
            Err(error) => {
                reporter.failure(&error.into());
                outcome = Outcome::SomeFailed;
            }
        }
    }
    outcome
}
