//! `unband models default`: the default model of a network.

use unband::models::{self, Shelf};
use unband::networks;

use super::{DefaultArgs, not_imported};
use crate::outcome::Outcome;
use crate::reporter::{Failure, Reporter};

pub(super) fn run(args: &DefaultArgs, reporter: &Reporter<'_>) -> Outcome {
    match choose(&args.name) {
        Ok(network) => {
            reporter.line(&format_args!("{} is now the default of `--method {network}`", args.name));
            Outcome::Done
        }
        Err(failure) => {
            reporter.failure(&failure);
            Outcome::Usage
        }
    }
}

/// The network whose default it became.
fn choose(name: &str) -> Result<String, Failure> {
    let mut shelf = models::folder().map(|folder| Shelf::open(&folder)).unwrap_or_default();
    let Some(model) = shelf.named(name) else {
        return Err(not_imported(name, &shelf));
    };
    let network = model.network.clone().filter(|network| models::is_network(network)).ok_or_else(|| {
        Failure::usage(
            format!("{name} is not a model of a method"),
            format!("use it with `--weights {name}`"),
        )
    })?;
    if networks::built_in(&network).is_some() {
        let message = format!("{network} has built-in weights, which are its default");
        return Err(Failure::usage(message, format!("use it with `--weights {name}`")));
    }
    shelf.make_default(&network, name)?;
    Ok(network)
}
