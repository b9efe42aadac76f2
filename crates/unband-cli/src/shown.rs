//! Test that every documented command parses and that its names exist.

use clap::Parser;
use std::fs;

use crate::cli::{Cli, Command};
use unband::recipes::{TABLES, find_unless_file};
use unband_skips::{root, tracked_in};

/// Commands that call the program: code in tables and text of the guides, lines of console blocks everywhere.
fn commands(page: &str, guide: bool) -> Vec<Vec<String>> {
    let mut found = Vec::new();
    for line in page.lines() {
        if let Some(typed) = line.strip_prefix("$ ") {
            found.push(typed);
        } else if guide {
            found.extend(line.split('`').skip(1).step_by(2));
        }
    }
    let words = |typed: &str| shlex::split(typed).unwrap_or_else(|| panic!("quotes of: {typed}"));
    let piped = |word: &String| !matches!(word.as_str(), "|" | ">" | "<" | "||" | "&&");
    found
        .into_iter()
        .filter(|typed| typed.starts_with("unband "))
        .map(|typed| words(typed).into_iter().take_while(piped).collect())
        .collect()
}

/// Options of the trainer, a separate program: fields of its arguments.
fn check_training(arguments: &[String]) {
    let trainer = fs::read_to_string(root().join("crates/unband-train/src/main.rs")).unwrap_or_default();
    let fields = trainer.split_once("struct Arguments").map_or("", |(_, rest)| rest);
    let fields = fields.split_once("\n}").map_or("", |(fields, _)| fields);
    for option in arguments.iter().filter_map(|word| word.strip_prefix("--")) {
        let field = format!("\n    {}: ", option.replace('-', "_"));
        assert!(option == "help" || fields.contains(&field), "unband train has no --{option}");
    }
}

/// Checks methods with their settings, and metrics.
fn check_names(words: &[String]) {
    for pair in words.windows(2) {
        match pair[0].as_str() {
            "--method" => check_method(&pair[1]),
            "--metrics" => {
                for name in pair[1].split(',') {
                    assert!(unband::metrics::find(name).is_some(), "there is no measure {name}: {words:?}");
                }
            }
            _ => {}
        }
    }
}

fn check_method(text: &str) {
    let parsed = unband::parse_method(text);
    // `compare` takes several methods between commas.
    if parsed.is_err() {
        assert!(text.contains(','), "{text}: {:?}", parsed.err());
        text.split(',').for_each(check_method);
    }
}

/// Checks the repository files that a command names.
fn check_files(words: &[String]) {
    for word in words.iter().filter(|word| word.starts_with("recipes/") || word.starts_with("examples/")) {
        assert!(word.contains('*') || root().join(word).exists(), "{word} is not there: {words:?}");
    }
}

fn check(words: &[String]) {
    let cli = Cli::try_parse_from(words).unwrap_or_else(|error| panic!("{}\n{error}", words.join(" ")));
    if let Some(Command::Train(_)) = &cli.command {
        check_training(&words[2..]);
    }
    if let Some(Command::Eval(eval)) = &cli.command
        && eval.table.extension().is_none()
    {
        assert!(
            find_unless_file(TABLES, &eval.table).is_some(),
            "there is no table {}",
            eval.table.display()
        );
    }
    check_names(words);
    check_files(words);
}

#[test]
fn every_command_of_the_documentation_is_one() {
    let mut count = 0;
    for folder in ["", "docs", "docs/guide", "docs/how"] {
        for path in tracked_in(folder) {
            if path.extension().is_some_and(|end| end == "md") {
                let page = fs::read_to_string(&path).expect("a page");
                // Example errors come from commands that are wrong on purpose.
                let commands = commands(&page, path.ends_with("from-the-papers.md"));
                for words in &commands {
                    check(words);
                }
                count += commands.len();
            }
        }
    }
    assert!(count > 60, "{count} commands");
}

#[test]
#[should_panic(expected = "has no --epochs")]
fn an_option_that_the_trainer_has_not_is_noticed() {
    check(&["unband", "train", "recipes/ggdbn.toml", "--epochs", "3"].map(str::to_owned));
}

#[test]
#[should_panic(expected = "there is no measure lpipps")]
fn an_unknown_metric_is_noticed() {
    check(&["unband", "compare", "a", "b", "--metrics", "psnr,lpipps"].map(str::to_owned));
}

#[test]
#[should_panic(expected = "dropout")]
fn a_setting_that_a_method_has_not_is_noticed() {
    check(&["unband", "a.png", "--method", "deepdeband-f:dropout=1"].map(str::to_owned));
}

#[test]
#[should_panic(expected = "is not there")]
fn a_recipe_that_is_not_there_is_noticed() {
    check(&["unband", "train", "recipes/none.toml"].map(str::to_owned));
}

#[test]
#[should_panic(expected = "unexpected argument")]
fn an_option_that_the_program_has_not_is_noticed() {
    check(&["unband", "sky.png", "--debander", "x"].map(str::to_owned));
}
