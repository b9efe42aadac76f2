//! `unband completions SHELL`.

use clap::{Args, CommandFactory};

use crate::Outcome;
use crate::args::Cli;
use crate::result::print_data;

/// What it takes.
#[derive(Debug, Args)]
pub struct CompletionsArgs {
    /// The shell
    pub shell: clap_complete::Shell,
}

/// Prints a script that the shell reads.
pub fn run(args: &CompletionsArgs) -> Outcome {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "unband", &mut script);
    print_data(&script)
}
