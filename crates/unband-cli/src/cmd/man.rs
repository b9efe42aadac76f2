//! `unband man`.

use clap::CommandFactory;

use crate::Outcome;
use crate::args::Cli;
use crate::result::print_data;

/// Prints the manual page, in roff: `unband man > unband.1`.
pub fn run() -> Outcome {
    let mut page = Vec::new();
    // Writing to memory does not fail.
    let _ = clap_mangen::Man::new(Cli::command()).render(&mut page);
    print_data(&page)
}
