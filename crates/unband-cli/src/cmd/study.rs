//! `unband study DIR…`: viewing tests, and with `--score` the evaluation of their ratings.

mod make;
mod scores;

use std::path::PathBuf;

use clap::Args;
use serde::{Deserialize, Serialize};
use unband_report::study::Fit;

use crate::args::{ReporterArgs, bytes, within};
use crate::bar::Bar;
use crate::outcome::Outcome;
use crate::reporter::Reporter;

/// Arguments of `unband study`.
#[derive(Debug, Args)]
pub(crate) struct StudyArgs {
    /// Folders: first the references, then one per method; with `--score`, files of ratings
    ///
    /// Images are matched by their names without extension. A method is named after its folder.
    #[arg(value_name = "PATH", required = true, value_hint = clap::ValueHint::AnyPath)]
    pub paths: Vec<PathBuf>,

    /// Page to write; the key (which method is which) goes next to it as `.json`
    #[arg(
        short,
        long,
        value_name = "FILE",
        default_value = "study.html",
        conflicts_with = "score",
        value_hint = clap::ValueHint::FilePath,
        help_heading = "Page"
    )]
    pub output: PathBuf,
    /// Folder of the references; all others are methods
    #[arg(long, value_name = "DIR", conflicts_with = "score", value_hint = clap::ValueHint::DirPath, help_heading = "Page")]
    pub reference: Option<PathBuf>,
    /// Heading of the page, visible to raters
    #[arg(
        long,
        value_name = "TEXT",
        default_value = "Image study",
        conflicts_with = "score",
        help_heading = "Page"
    )]
    pub title: String,
    /// Show a crop at full size: `640x480` from the centre, or `640x480+100+20`
    #[arg(long, value_name = "PART", value_parser = crop, conflicts_with_all = ["score", "max_side"], help_heading = "Page")]
    pub crop: Option<Fit>,
    /// Reduce images to N pixels a side; this softens bands, a crop does not
    #[arg(
        long,
        value_name = "N",
        value_parser = within::<u32>(16..=16384),
        conflicts_with = "score",
        help_heading = "Page"
    )]
    pub max_side: Option<u32>,
    /// Size limit of the page, such as 64M; browsers get slow with more
    #[arg(
        long,
        value_name = "SIZE",
        value_parser = bytes,
        default_value = "128M",
        conflicts_with = "score",
        help_heading = "Page"
    )]
    pub max_size: u64,
    /// Replace an existing page and key
    #[arg(long, conflicts_with = "score", help_heading = "Page")]
    pub overwrite: bool,

    /// Evaluate files of ratings, as saved by the page
    #[arg(long, help_heading = "Scores")]
    pub score: bool,
    /// Key of the study; without it, methods keep their identifiers
    #[arg(long, value_name = "FILE", requires = "score", value_hint = clap::ValueHint::FilePath, help_heading = "Scores")]
    pub key: Option<PathBuf>,
    /// Print one JSON object
    #[arg(long, requires = "score", help_heading = "Scores")]
    pub json: bool,

    /// Verbosity.
    #[command(flatten)]
    pub reporter: ReporterArgs,
}

/// Makes a page, or evaluates ratings.
pub(crate) fn run(args: &StudyArgs) -> Outcome {
    let bar = Bar::none();
    let reporter = Reporter { loudness: args.reporter.loudness(), bar: &bar };
    if args.score { scores::run(args, &reporter) } else { make::run(args, &reporter) }
}

/// The key: which method is which.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Key {
    schema: String,
    study: String,
    /// Name of the hidden reference.
    reference: String,
    methods: Vec<KeyMethod>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct KeyMethod {
    id: String,
    name: String,
}

const KEY_SCHEMA: &str = "unband-study-key/1";

fn crop(text: &str) -> Result<Fit, String> {
    let wrong = || format!("`{text}` is not a crop; write 640x480 or 640x480+100+20");
    let mut parts = text.split('+');
    let (width, height) = parts.next().and_then(|size| size.split_once(['x', '×'])).ok_or_else(wrong)?;
    let number = |text: &str| text.parse::<u32>().map(|n| n as usize).map_err(|_| wrong());
    let (width, height) = (number(width)?, number(height)?);
    let at = match (parts.next(), parts.next(), parts.next()) {
        (None, ..) => None,
        (Some(x), Some(y), None) => Some((number(x)?, number(y)?)),
        _ => return Err(wrong()),
    };
    if width == 0 || height == 0 {
        return Err(wrong());
    }
    Ok(Fit::Crop { width, height, at })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_read_as_people_write_them() {
        assert_eq!(crop("640x480"), Ok(Fit::Crop { width: 640, height: 480, at: None }));
        assert_eq!(crop("64×48+7+0"), Ok(Fit::Crop { width: 64, height: 48, at: Some((7, 0)) }));
        for wrong in ["", "640", "0x5", "5x0", "5x5+1", "5x5+1+2+3", "5x5-1-2", "axb", "x"] {
            assert!(crop(wrong).is_err(), "{wrong}");
        }
    }
}
