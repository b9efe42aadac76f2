//! `unband completions`: shell completion scripts.

use clap::Args;

use crate::outcome::Outcome;
use crate::result::print_data;

/// Arguments of `unband completions`.
#[derive(Debug, Args)]
pub(crate) struct CompletionsArgs {
    /// Shell
    pub shell: clap_complete::Shell,
}

/// Prints a completion script for the program's definition.
pub(crate) fn run(args: &CompletionsArgs, mut cli: clap::Command) -> Outcome {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut cli, "unband", &mut script);
    print_data(&script)
}
