//! `unband man`: manual pages.

use clap::Args;

use crate::outcome::Outcome;
use crate::reporter::Failure;
use crate::result::print_data;

/// Arguments of `unband man`.
#[derive(Debug, Args)]
pub(crate) struct ManArgs {
    /// Command whose page is printed [default: the program's page]
    pub command: Option<String>,
}

/// Prints a manual page of the program's definition, in roff: `unband man > unband.1`.
pub(crate) fn run(args: &ManArgs, mut cli: clap::Command) -> Outcome {
    // Adds the program's name to every command.
    cli.build();
    let command = match args.command.as_deref().map(|name| (name, cli.find_subcommand(name).cloned())) {
        None => cli,
        Some((_, Some(command))) => command,
        Some((name, None)) => {
            let names: Vec<&str> = cli.get_subcommands().map(clap::Command::get_name).collect();
            let hint = format!("the commands are {}", names.join(", "));
            let failure = Failure::usage(format!("there is no command `{name}`"), hint);
            failure.print();
            return Outcome::Usage;
        }
    };
    let mut page = Vec::new();
    // Writing to memory does not fail.
    let _ = clap_mangen::Man::new(command).render(&mut page);
    print_data(&page)
}
