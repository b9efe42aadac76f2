//! `unband train`: launcher of the program `unband-train`.
//!
//! The trainer is separate, as its tensor library takes minutes to compile.

use std::ffi::OsString;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};

use clap::Args;
use tempfile::TempDir;

use crate::Outcome;
use crate::bar::Bar;
use crate::shipped::{self, TRAININGS};
use crate::talk::{Failure, Loudness, Talk};

const PROGRAM: &str = if cfg!(windows) { "unband-train.exe" } else { "unband-train" };
const INSTALL: &str = "install it: cargo install --path crates/unband-train";

/// Arguments of `unband train`.
#[derive(Debug, Args)]
#[command(disable_help_flag = true)]
pub struct TrainArgs {
    /// Recipe and options of unband-train (see `unband train --help`); `unband list trainings` shows built-in
    /// recipes
    #[arg(value_name = "RECIPE", trailing_var_arg = true, allow_hyphen_values = true)]
    pub arguments: Vec<OsString>,
}

/// Runs the trainer with the arguments as given; returns its exit code.
pub fn run(args: &TrainArgs) -> Outcome {
    let beside =
        std::env::current_exe().ok().map(|own| own.with_file_name(PROGRAM)).filter(|file| file.is_file());
    // If it is not next to this program, the system looks along PATH.
    let program = beside.unwrap_or_else(|| PathBuf::from(PROGRAM));
    let (arguments, _recipes) = match with_recipe(&args.arguments) {
        Ok(both) => both,
        Err(error) => {
            let failure =
                Failure::at("the recipe".into(), error.to_string(), Some("name a recipe or its file".into()));
            Talk { loudness: Loudness::Normal, bar: &Bar::none() }.failure(&failure);
            return Outcome::SomeFailed;
        }
    };
    match Command::new(&program).args(&arguments).status() {
        Ok(status) => outcome(status),
        Err(error) => {
            let failure = if error.kind() == ErrorKind::NotFound {
                Failure::usage(format!("{PROGRAM} not found next to unband or on PATH"), INSTALL)
            } else {
                Failure::at(program.display().to_string(), error.to_string(), Some(INSTALL.into()))
            };
            Talk { loudness: Loudness::Normal, bar: &Bar::none() }.failure(&failure);
            Outcome::Usage
        }
    }
}

/// The arguments, with the file of a built-in recipe in place of its name. Its folder holds all built-in
/// recipes, as `--small` needs, while it exists.
fn with_recipe(arguments: &[OsString]) -> std::io::Result<(Vec<OsString>, Option<TempDir>)> {
    let mut arguments = arguments.to_vec();
    let named = arguments.first_mut().and_then(|first| {
        let recipe = shipped::find(TRAININGS, Path::new(first))?;
        Some((recipe, first))
    });
    let Some((recipe, first)) = named else { return Ok((arguments, None)) };
    let folder = tempfile::Builder::new().prefix("unband-recipes-").tempdir()?;
    for shipped in TRAININGS {
        std::fs::write(folder.path().join(shipped.name).with_extension("toml"), shipped.text)?;
    }
    *first = folder.path().join(recipe.name).with_extension("toml").into_os_string();
    Ok((arguments, Some(folder)))
}

fn outcome(status: ExitStatus) -> Outcome {
    match status.code() {
        Some(0) => Outcome::Done,
        Some(2) => Outcome::Usage,
        Some(_) => Outcome::SomeFailed,
        // Ended by a signal.
        None => Outcome::Interrupted,
    }
}
