//! `unband train`: the program `unband-train`, which is built apart, as its tensor library takes minutes to compile.

use std::ffi::OsString;
use std::io::ErrorKind;
use std::path::PathBuf;
use std::process::{Command, ExitStatus};

use clap::Args;

use crate::Outcome;
use crate::bar::Bar;
use crate::talk::{Failure, Loudness, Talk};

const PROGRAM: &str = if cfg!(windows) { "unband-train.exe" } else { "unband-train" };
const INSTALL: &str = "install it: cargo install --path crates/unband-train";

/// What it takes.
#[derive(Debug, Args)]
#[command(disable_help_flag = true)]
pub struct TrainArgs {
    /// A recipe and its options; `unband train --help` lists them
    #[arg(value_name = "RECIPE.toml", trailing_var_arg = true, allow_hyphen_values = true)]
    pub arguments: Vec<OsString>,
}

/// Runs the trainer with the arguments as they are, and ends as it ends.
pub fn run(args: &TrainArgs) -> Outcome {
    let beside =
        std::env::current_exe().ok().map(|own| own.with_file_name(PROGRAM)).filter(|file| file.is_file());
    // Without one beside, the system looks along PATH.
    let program = beside.unwrap_or_else(|| PathBuf::from(PROGRAM));
    match Command::new(&program).args(&args.arguments).status() {
        Ok(status) => outcome(status),
        Err(error) => {
            let failure = if error.kind() == ErrorKind::NotFound {
                Failure::usage(format!("{PROGRAM} is neither beside this program nor on PATH"), INSTALL)
            } else {
                Failure::at(program.display().to_string(), error.to_string(), Some(INSTALL.into()))
            };
            Talk { loudness: Loudness::Normal, bar: &Bar::none() }.failure(&failure);
            Outcome::Usage
        }
    }
}

fn outcome(status: ExitStatus) -> Outcome {
    match status.code() {
        Some(0) => Outcome::Done,
        Some(2) => Outcome::Usage,
        Some(_) => Outcome::SomeFailed,
        // By a signal.
        None => Outcome::Interrupted,
    }
}
