//! `unband train`: launcher of the program `unband-train`.
//!
//! The trainer is separate, as its tensor library takes minutes to compile.

use std::ffi::OsString;
use std::io::ErrorKind;
use std::path::Path;
use std::process::{Command, ExitStatus};

use clap::Args;
use tempfile::TempDir;

use crate::bar::Bar;
use crate::outcome::Outcome;
use crate::reporter::{Failure, Loudness, Reporter};
use crate::result::print_text;
use unband::recipes::{TRAININGS, find_unless_file};

const PROGRAM: &str = "unband-train";
/// The trainer's help, for systems without it.
const HELP: &str = include_str!("train.txt");
const INSTALL: &str = "install it: cargo install --path crates/unband-train";

/// Arguments of `unband train`.
#[derive(Debug, Args)]
#[command(disable_help_flag = true)]
pub(crate) struct TrainArgs {
    /// Recipe and options of unband-train (see `unband train --help`); `unband list trainings` shows built-in
    /// recipes
    #[arg(value_name = "RECIPE", trailing_var_arg = true, allow_hyphen_values = true)]
    pub arguments: Vec<OsString>,
}

/// Runs the trainer with the arguments as given; returns its exit code.
pub(crate) fn run(args: &TrainArgs) -> Outcome {
    let program = unband::sibling(PROGRAM);
    let (arguments, _recipes) = match with_recipe(&args.arguments) {
        Ok(both) => both,
        Err(error) => {
            let failure =
                Failure::at("the recipe".into(), error.to_string(), Some("name a recipe or its file".into()));
            failure.print();
            return Outcome::SomeFailed;
        }
    };
    match Command::new(&program).args(&arguments).status() {
        Ok(status) => outcome(status),
        Err(error) if error.kind() == ErrorKind::NotFound && asks_for_help(&arguments) => {
            let printed = print_text(HELP);
            let reporter = Reporter { loudness: Loudness::Normal, bar: &Bar::none() };
            reporter.note(&format!("{PROGRAM} is not installed yet; {INSTALL}"));
            printed
        }
        Err(error) => {
            let failure = if error.kind() == ErrorKind::NotFound {
                Failure::usage(format!("{PROGRAM} not found next to unband or on PATH"), INSTALL)
            } else {
                Failure::at(program.display().to_string(), error.to_string(), Some(INSTALL.into()))
            };
            failure.print();
            Outcome::Usage
        }
    }
}

fn asks_for_help(arguments: &[OsString]) -> bool {
    arguments.iter().any(|argument| argument == "--help" || argument == "-h")
}

/// The arguments, with the file of a built-in recipe in place of its name. Its folder holds all built-in
/// recipes, as `--small` needs, while it exists.
fn with_recipe(arguments: &[OsString]) -> std::io::Result<(Vec<OsString>, Option<TempDir>)> {
    let mut arguments = arguments.to_vec();
    let named = arguments.first_mut().and_then(|first| {
        let recipe = find_unless_file(TRAININGS, Path::new(first))?;
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

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    /// The trainer takes minutes to compile, so its definitions are read as text.
    #[test]
    fn the_help_has_every_option_of_the_trainer_in_its_words() {
        let source = include_str!("../../../unband-train/src/main.rs");
        let arguments = source.split("struct Arguments {").nth(1).unwrap().split("\n}").next().unwrap();
        let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        let help = words(HELP);
        let (mut doc, mut options) = (String::new(), 0);
        for line in arguments.lines().map(str::trim) {
            if let Some(text) = line.strip_prefix("///") {
                doc += text;
            } else if let Some((name, _)) = line.split_once(": ").filter(|_| !line.starts_with('#')) {
                let name = if name == "recipe" {
                    "<RECIPE>".to_owned()
                } else {
                    format!("--{}", name.replace('_', "-"))
                };
                let what = words(doc.trim_end().trim_end_matches('.'));
                assert!(help.contains(&name) && help.contains(&what), "{name}: {what}");
                (doc, options) = (String::new(), options + 1);
            }
        }
        assert_eq!(
            HELP.matches("\n      --").count() + HELP.matches("\n  -").count(),
            options - 1 + 2,
            "no other"
        );
    }
}
