//! `unband dataset`: folders of pairs for training and tests, made and checked.

mod check;
mod make;
mod summary;

use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use clap::{Args, Subcommand, ValueEnum};
use unband_data::dataset::{PREPARATIONS, Preparation, Shares};
use unband_data::{CAUSES, Shipped};

use crate::Outcome;
use crate::args::{TalkArgs, bytes};
use crate::bar::Bar;
use crate::talk::{Failure, Loudness, Talk};

const AFTER: &str = "\
A folder of pairs holds train, val and test, in each of them lq (degraded) and gt (clean) with PNG of equal names, as \
`unband train` reads them, and manifest.jsonl, which says of each source image what was made of it. A run that was \
stopped goes on where it stopped when the same command is run again; a folder that holds anything else is refused.

Exit codes:
  0    done; of `check`: all is as the manifest says
  1    some image failed and was left out, the rest was done
  2    wrong usage, nothing was started
  3    of `check`: something is missing, changed or left over
  130  interrupted";

/// What it takes.
#[derive(Debug, Args)]
#[command(after_long_help = AFTER)]
pub struct DatasetArgs {
    /// What to do.
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Prepare the full-HD banding set of Kapoor et al. 2021 as papers do
    #[command(after_long_help = AFTER)]
    Kapoor(KapoorArgs),
    /// Make pairs of clean images, degraded by causes of banding or by a mix of degradations
    #[command(after_long_help = AFTER)]
    Pairs(Box<PairsArgs>),
    /// Prove a folder of pairs against its manifest
    #[command(after_long_help = AFTER)]
    Check(CheckArgs),
}

/// What `unband dataset kapoor` takes.
#[derive(Debug, Args)]
pub struct KapoorArgs {
    /// The folder into which the set was unpacked
    #[arg(value_name = "ROOT", value_hint = clap::ValueHint::DirPath)]
    root: PathBuf,
    /// Prepare it as this network's authors do
    #[arg(long = "as", value_name = "NETWORK", default_value = PREPARATIONS[0].name, value_parser = preparation())]
    preparation: &'static Preparation,
    /// With the faults of the authors' script, or without; only ggdbn's was published
    #[arg(long, value_name = "VARIANT", value_enum, default_value_t)]
    variant: VariantName,
    /// Keep frames of one video in one part; published splits are by image
    #[arg(long)]
    whole_films: bool,
    /// Seed of the split [default: the authors']
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// What all makers take.
    #[command(flatten)]
    make: MakeArgs,
}

/// Faults of published scripts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum VariantName {
    /// Windows that share a pixel with a box of banding become pairs
    #[default]
    Fixed,
    /// Rows and columns change places, and windows are as high as their step when they are compared with boxes
    Original,
}

/// What `unband dataset pairs` takes.
#[derive(Debug, Args)]
pub struct PairsArgs {
    /// A folder of clean images, best of 16 bits
    #[arg(value_name = "CLEAN", value_hint = clap::ValueHint::DirPath)]
    clean: PathBuf,
    /// Go into folders inside folders; `trip/b.png` is then called `trip-b`
    #[arg(short, long)]
    recursive: bool,
    /// Causes of banding; each image gets one of them
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
    /// Give each image each of the causes
    #[arg(long, conflicts_with = "recipe", help_heading = "Degradation")]
    every_cause: bool,
    /// Put each cause into a folder of its own: `unband eval` has a table for each, `unband train` does not look into them
    #[arg(long, requires = "every_cause", help_heading = "Degradation")]
    cause_folders: bool,
    /// A mix of degradations instead: its name or a TOML file
    #[arg(
        long,
        value_name = "NAME|FILE",
        conflicts_with = "causes",
        value_hint = clap::ValueHint::AnyPath,
        help_heading = "Degradation",
        long_help = recipes()
    )]
    recipe: Option<String>,
    /// Degrade each image so often, each time with another seed
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=10_000), help_heading = "Degradation")]
    draws: u32,
    /// Cut degraded images into squares of so many pixels a side; without it they stay whole
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(8..=16384), help_heading = "Parts")]
    patch: Option<u32>,
    /// Pixels from one square to the next [default: half a side]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=16384), requires = "patch", help_heading = "Parts")]
    step: Option<u32>,
    /// Percentages of images for train, val and test
    #[arg(long, value_name = "N,N,N", default_value = "60,20,20", value_parser = shares, help_heading = "Parts")]
    split: Shares,
    /// Seed of the split, of the causes that are drawn and of what they draw
    #[arg(long, value_name = "N", default_value_t = 0)]
    seed: u64,
    /// What all makers take.
    #[command(flatten)]
    make: MakeArgs,
}

/// What makers of pairs take.
#[derive(Debug, Args)]
pub struct MakeArgs {
    /// Write here: a new folder, or one where the same command was stopped
    #[arg(short, long, value_name = "DIR", value_hint = clap::ValueHint::DirPath, help_heading = "Output")]
    output: PathBuf,
    /// Say how much would be made, and write nothing
    #[arg(short = 'n', long, help_heading = "Output")]
    dry_run: bool,
    /// Threads to use [default: all processors]
    #[arg(short = 'j', long, value_name = "N", help_heading = "Machine")]
    threads: Option<NonZeroUsize>,
    /// Most memory to use, such as 800M or 2G
    #[arg(long, value_name = "SIZE", value_parser = bytes, default_value = "4G", help_heading = "Machine")]
    max_memory: u64,
    /// Print one JSON object about the folder on standard output
    #[arg(long, help_heading = "Messages")]
    json: bool,
    /// How much is said.
    #[command(flatten)]
    talk: TalkArgs,
}

/// What `unband dataset check` takes.
#[derive(Debug, Args)]
pub struct CheckArgs {
    /// A folder of pairs
    #[arg(value_name = "DIR", value_hint = clap::ValueHint::DirPath)]
    folder: PathBuf,
    /// Threads to use [default: all processors]
    #[arg(short = 'j', long, value_name = "N")]
    threads: Option<NonZeroUsize>,
    /// Print one JSON object on standard output
    #[arg(long)]
    json: bool,
    /// How much is said.
    #[command(flatten)]
    talk: TalkArgs,
}

/// Makes a folder, or checks one.
pub fn run(args: &DatasetArgs) -> Outcome {
    let result = match &args.what {
        What::Kapoor(args) => make::published(args),
        What::Pairs(args) => make::pairs(args),
        What::Check(args) => check::run(args),
    };
    result.unwrap_or_else(|(failure, outcome)| {
        Talk { loudness: Loudness::Quiet, bar: &Bar::none() }.failure(&failure);
        outcome
    })
}

/// What ends a command, and how.
type Fault = (Failure, Outcome);

fn preparation() -> impl TypedValueParser<Value = &'static Preparation> {
    let values = PREPARATIONS.iter().map(|p| PossibleValue::new(p.name).help(p.title));
    // The parser lets only these names through.
    PossibleValuesParser::new(values)
        .map(|name| PREPARATIONS.iter().find(|p| p.name == name).unwrap_or(&PREPARATIONS[0]))
}

fn cause() -> PossibleValuesParser {
    PossibleValuesParser::new(CAUSES.iter().map(|cause| cause.name))
}

fn causes() -> String {
    let lines = CAUSES.iter().map(|cause| format!("- {}: {}", cause.name, cause.title));
    let first = "Causes of banding, with commas between them; each image gets one of them:\n".to_owned();
    std::iter::once(first).chain(lines).collect::<Vec<_>>().join("\n")
}

fn recipes() -> String {
    format!("A mix of degradations instead: {}, or a TOML file", Shipped::names())
}

fn shares(text: &str) -> Result<Shares, String> {
    let wrong = || format!("`{text}` are no three percentages that are 100 together; write 60,20,20");
    let numbers: Result<Vec<u8>, _> = text.split(',').map(|number| number.trim().parse()).collect();
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
