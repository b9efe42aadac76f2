//! `unband completions`: shell completion scripts.

use clap::{Args, CommandFactory};

use crate::args::Cli;
use crate::outcome::Outcome;
use crate::result::print_data;

/// Arguments of `unband completions`.
#[derive(Debug, Args)]
pub struct CompletionsArgs {
    /// Shell
    pub shell: clap_complete::Shell,
}

/// Prints a completion script.
pub fn run(args: &CompletionsArgs) -> Outcome {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "unband", &mut script);
    print_data(&script)
}
