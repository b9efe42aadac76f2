//! `unband dataset`: creation and verification of training and test pairs.

mod check;
mod make;
mod summary;

use std::path::PathBuf;

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use clap::{Args, Subcommand, ValueEnum};
use unband::degrade::FIXED_DEGRADATIONS;
use unband::degrade::dataset::{PREPARATIONS, Preparation, Shares};

use crate::args::{ReporterArgs, ThreadArgs, bytes, within};
use crate::outcome::Outcome;
use crate::reporter::Failure;

const AFTER: &str = "\
A dataset is a folder with train, val and test, as `unband train` reads it. Each of them holds lq (degraded) and gt \
(clean) with PNG files of the same names. manifest.jsonl lists the pairs of each source image. The same command \
resumes an interrupted run; a folder with other contents is refused.

Exit codes:
  0    done; `check`: all files match the manifest
  1    some images failed, the others are done
  2    wrong usage, nothing was started
  3    `check`: files are missing, changed or not in the manifest
  130  interrupted";

/// Arguments of `unband dataset`.
#[derive(Debug, Args)]
#[command(after_long_help = AFTER)]
pub(crate) struct DatasetArgs {
    /// The subcommand.
    #[command(subcommand)]
    what: DatasetCommand,
}

#[derive(Debug, Subcommand)]
enum DatasetCommand {
    /// Prepare the full-HD banding set of Kapoor et al. 2021, as in the papers
    #[command(after_long_help = AFTER)]
    Kapoor(KapoorArgs),
    /// Make pairs from clean images with single degradations or a recipe
    #[command(after_long_help = AFTER)]
    Pairs(Box<PairsArgs>),
    /// Verify a dataset against its manifest
    #[command(after_long_help = AFTER)]
    Check(CheckArgs),
}

/// Arguments of `unband dataset kapoor`.
#[derive(Debug, Args)]
pub(crate) struct KapoorArgs {
    /// Folder of the unpacked set
    #[arg(value_name = "ROOT", value_hint = clap::ValueHint::DirPath)]
    root: PathBuf,
    /// Network whose authors' preparation is used
    #[arg(long = "as", value_name = "NETWORK", default_value = PREPARATIONS[0].name, value_parser = preparation())]
    preparation: &'static Preparation,
    /// With or without the bugs of the authors' script (published for ggdbn only)
    #[arg(long, value_name = "VARIANT", value_enum, default_value_t)]
    variant: VariantName,
    /// Keep frames of one video in one split; published splits are by image
    #[arg(long)]
    whole_videos: bool,
    /// Seed of the split [default: the authors']
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// Options of all subcommands that make pairs.
    #[command(flatten)]
    make: MakeArgs,
}

/// The bugs of published scripts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum VariantName {
    /// Windows that share a pixel with a banding box become pairs.
    #[default]
    Fixed,
    /// Bugs of the script: rows and columns are swapped, and the stride is taken for the window height when
    /// windows are compared with boxes.
    Original,
}

/// Arguments of `unband dataset pairs`.
#[derive(Debug, Args)]
pub(crate) struct PairsArgs {
    /// Folder of clean images, 16 bits preferred
    #[arg(value_name = "CLEAN", value_hint = clap::ValueHint::DirPath)]
    clean: PathBuf,
    /// Process subfolders too; `trip/b.png` is then named `trip-b`
    #[arg(short, long)]
    recursive: bool,
    /// Degradations; each image gets one of them
    #[arg(
        long = "cause",
        value_name = "NAME",
        value_delimiter = ',',
        value_parser = cause(),
        required_unless_present = "recipe",
        hide_possible_values = true,
        help_heading = "Degradation",
        long_help = causes()
    )]
    causes: Vec<String>,
    /// Apply every degradation to each image
    #[arg(long, conflicts_with = "recipe", help_heading = "Degradation")]
    every_cause: bool,
    /// Write one folder per degradation: tables for `unband eval`, not for `unband train`
    #[arg(long, requires = "every_cause", help_heading = "Degradation")]
    cause_folders: bool,
    /// Recipe instead: a name or a TOML file
    #[arg(
        long,
        value_name = "NAME|FILE",
        conflicts_with = "causes",
        value_hint = clap::ValueHint::AnyPath,
        help_heading = "Degradation",
        long_help = recipes()
    )]
    recipe: Option<String>,
    /// Variants of each image, each with another seed
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = within::<u32>(1..=10_000), help_heading = "Degradation")]
    draws: u32,
    /// Cut degraded images into N×N patches [default: whole images]
    #[arg(long, value_name = "N", value_parser = within::<u32>(8..=16384), help_heading = "Parts")]
    patch: Option<u32>,
    /// Stride of the patches in pixels [default: half a patch]
    #[arg(long, value_name = "N", value_parser = within::<u32>(1..=16384), requires = "patch", help_heading = "Parts")]
    step: Option<u32>,
    /// Percentages of images for train, val and test
    #[arg(long, value_name = "N,N,N", default_value = "60,20,20", value_parser = shares, help_heading = "Parts")]
    split: Shares,
    /// Seed of the split and of all degradations
    #[arg(long, value_name = "N", default_value_t = 0)]
    seed: u64,
    /// Options of all subcommands that make pairs.
    #[command(flatten)]
    make: MakeArgs,
}

/// Options of all subcommands that make pairs.
#[derive(Debug, Args)]
pub(crate) struct MakeArgs {
    /// Output: a new folder, or one with an interrupted run
    #[arg(short, long, value_name = "DIR", value_hint = clap::ValueHint::DirPath, help_heading = "Output")]
    output: PathBuf,
    /// Report how many pairs would be made, write nothing
    #[arg(short = 'n', long, help_heading = "Output")]
    dry_run: bool,
    /// Threads.
    #[command(flatten)]
    threads: ThreadArgs,
    /// Memory limit, such as 800M or 2G
    #[arg(long, value_name = "SIZE", value_parser = bytes, default_value = "4G", help_heading = "General")]
    max_memory: u64,
    /// Print one JSON object about the folder on standard output
    #[arg(long, help_heading = "General")]
    json: bool,
    /// Verbosity.
    #[command(flatten)]
    reporter: ReporterArgs,
}

/// Arguments of `unband dataset check`.
#[derive(Debug, Args)]
pub(crate) struct CheckArgs {
    /// Folder with a dataset
    #[arg(value_name = "DIR", value_hint = clap::ValueHint::DirPath)]
    folder: PathBuf,
    /// Threads.
    #[command(flatten)]
    threads: ThreadArgs,
    /// Print one JSON object on standard output
    #[arg(long)]
    json: bool,
    /// Verbosity.
    #[command(flatten)]
    reporter: ReporterArgs,
}

/// Makes or verifies a folder.
pub(crate) fn run(args: &DatasetArgs) -> Outcome {
    let result = match &args.what {
        DatasetCommand::Kapoor(args) => make::published(args),
        DatasetCommand::Pairs(args) => make::pairs(args),
        DatasetCommand::Check(args) => check::run(args),
    };
    result.unwrap_or_else(|(failure, outcome)| {
        failure.print();
        outcome
    })
}

/// A failure that ends the command, with its exit code.
type Fault = (Failure, Outcome);

fn preparation() -> impl TypedValueParser<Value = &'static Preparation> {
    let values = PREPARATIONS.iter().map(|p| PossibleValue::new(p.name).help(p.title));
    // The parser accepts only these names.
    PossibleValuesParser::new(values)
        .map(|name| PREPARATIONS.iter().find(|p| p.name == name).unwrap_or(&PREPARATIONS[0]))
}

fn cause() -> PossibleValuesParser {
    PossibleValuesParser::new(FIXED_DEGRADATIONS.iter().map(|cause| cause.name))
}

fn causes() -> String {
    let lines = FIXED_DEGRADATIONS.iter().map(|cause| format!("- {}: {}", cause.name, cause.title));
    let first = "Degradations, comma-separated; each image gets one of them:\n".to_owned();
    std::iter::once(first).chain(lines).collect::<Vec<_>>().join("\n")
}

fn recipes() -> String {
    format!(
        "Recipe instead: {}, or a TOML file",
        unband::recipes::names(unband::recipes::DEGRADATION_RECIPES)
    )
}

fn shares(text: &str) -> Result<Shares, String> {
    let wrong = || format!("`{text}` is not three percentages with the sum 100; write 60,20,20");
    let numbers: Result<Vec<u8>, _> = text.split(',').map(|number| number.trim().parse::<u8>()).collect();
    let numbers: [u8; 3] = numbers.ok().and_then(|numbers| numbers.try_into().ok()).ok_or_else(wrong)?;
    Shares::new(numbers).ok_or_else(wrong)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_three_percentages() {
        assert_eq!(shares("60,20,20"), Ok(Shares::PUBLISHED));
        assert_eq!(shares(" 100, 0,0"), Ok(Shares::new([100, 0, 0]).unwrap_or(Shares::PUBLISHED)));
        for wrong in ["", "60,20", "60,20,10,10", "60,20,21", "-1,50,51", "a,b,c"] {
            assert!(shares(wrong).is_err(), "{wrong}");
        }
    }
}
