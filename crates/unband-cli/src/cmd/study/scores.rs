//! Statistics of the ratings.

use std::fmt::Write;
use std::path::Path;

use serde::Serialize;
use unband_report::study::{Estimate, RaterScore, Ratings, Scores, score};

use super::make::REFERENCE;
use super::{KEY_SCHEMA, Key, StudyArgs};
use crate::inputs::reason;
use crate::outcome::Outcome;
use crate::reporter::{Failure, Reporter, counted};
use crate::result::{print_json, print_text};

/// With fewer ratings of an image, none can be two standard deviations from their mean.
const SCREENABLE: usize = 6;
/// Minimum number of raters in BT.500.
const ENOUGH: usize = 15;

pub(super) fn run(args: &StudyArgs, reporter: &Reporter<'_>) -> Outcome {
    let mut ratings = Ratings::default();
    let mut failed = false;
    for path in &args.paths {
        if let Err(failure) = read(path, &mut ratings) {
            reporter.failure(&failure);
            failed = true;
        }
    }
    // Means of half the ratings would pass for means of all.
    if failed {
        return Outcome::SomeFailed;
    }
    let Some(study) = ratings.study().map(str::to_owned) else {
        reporter.failure(&Failure::usage("there are no ratings in these files", "rate some images first"));
        return Outcome::SomeFailed;
    };
    let reference = match args.key.as_deref().map(|path| key(path, &study)) {
        Some(Ok(key)) => {
            let names: Vec<_> = key.methods.into_iter().map(|method| (method.id, method.name)).collect();
            ratings.rename(&names);
            key.reference
        }
        Some(Err(failure)) => {
            reporter.failure(&failure);
            return Outcome::SomeFailed;
        }
        None => REFERENCE.to_owned(),
    };
    let scores = score(&ratings, Some(&reference));
    if args.key.is_none() && !scores.methods.iter().any(|method| method.name == reference) {
        reporter
            .note(&"without `--key study.json`, methods keep their identifiers and the reference is unknown");
    }
    let raters = scores.raters.len();
    if raters < SCREENABLE {
        reporter.note(&format!(
            "screening needs at least {SCREENABLE} raters, got {raters}: no rater can be rejected"
        ));
    } else if raters < ENOUGH {
        reporter.note(&format!("BT.500 requires at least {ENOUGH} raters, got {raters}"));
    }
    if args.json {
        print_json(&StudyRecord::new(&study, &reference, &scores))
    } else {
        print_text(&table(&scores))
    }
}

fn read(path: &Path, ratings: &mut Ratings) -> Result<(), Failure> {
    let shown = path.display().to_string();
    let text =
        unband::io::read_text(path).map_err(|error| Failure::at(shown.clone(), reason(&error), None))?;
    ratings.read(&shown, text.as_bytes()).map_err(Failure::from)
}

fn key(path: &Path, study: &str) -> Result<Key, Failure> {
    let at = |message: String, hint: Option<&str>| {
        Failure::at(path.display().to_string(), message, hint.map(str::to_owned))
    };
    let text = unband::io::read_text(path).map_err(|error| at(reason(&error), None))?;
    let hint = Some("name the .json file next to the page");
    let key: Key = serde_json::from_str(&text).map_err(|error| at(format!("not a key: {error}"), hint))?;
    if key.schema != KEY_SCHEMA {
        return Err(at(format!("schema `{}` instead of `{KEY_SCHEMA}`", key.schema), hint));
    }
    if key.study != study {
        return Err(at(format!("key of study `{}`, but the ratings belong to `{study}`", key.study), hint));
    }
    Ok(key)
}

fn interval(estimate: &Estimate) -> String {
    estimate.interval.map_or_else(String::new, |interval| format!("±{interval:.2}"))
}

fn table(scores: &Scores) -> String {
    let heads = ["opinion", "95 %", "against reference", "95 %", "ratings"];
    let rows: Vec<(String, [String; 5])> = scores
        .methods
        .iter()
        .map(|method| {
            let difference = method.difference.as_ref();
            let cells = [
                format!("{:.2}", method.opinion.mean),
                interval(&method.opinion),
                difference.map_or_else(String::new, |d| format!("{:+.2}", d.mean).replace('-', "−")),
                difference.map_or_else(String::new, interval),
                method.opinion.count.to_string(),
            ];
            (printable(&method.name), cells)
        })
        .collect();
    let first = rows.iter().map(|row| row.0.chars().count()).max().unwrap_or(0).max("method".len());
    let mut text = format!("{:first$}", "method");
    for head in heads {
        let _ = write!(text, "  {head:>width$}", width = width(head));
    }
    text.push('\n');
    for (name, cells) in rows {
        let _ = write!(text, "{name:first$}");
        for (head, cell) in heads.iter().zip(cells) {
            let _ = write!(text, "  {cell:>width$}", width = width(head));
        }
        text.push('\n');
    }
    let ratings: usize = scores.raters.iter().map(|rater| rater.ratings).sum();
    let _ = writeln!(
        text,
        "{}, {}",
        counted(scores.raters.len() as u64, "rater"),
        counted(ratings as u64, "rating")
    );
    for rater in scores.raters.iter().filter(|rater| rater.rejected) {
        let _ = writeln!(
            text,
            "rejected: {} ({} grades far above, {} far below, of {})",
            printable(&rater.name),
            rater.above,
            rater.below,
            rater.ratings
        );
    }
    text
}

fn width(head: &str) -> usize {
    head.len().max(5)
}

/// Names come from files; control characters in them could affect the terminal.
fn printable(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}

#[derive(Serialize)]
struct StudyRecord<'a> {
    schema: &'static str,
    study: &'a str,
    reference: Option<&'a str>,
    methods: Vec<MethodRecord<'a>>,
    images: Vec<ImageScoreRecord<'a>>,
    raters: Vec<RaterRecord<'a>>,
}

#[derive(Serialize)]
struct MethodRecord<'a> {
    method: &'a str,
    opinion: EstimateRecord,
    difference: Option<EstimateRecord>,
}

#[derive(Serialize)]
struct ImageScoreRecord<'a> {
    image: &'a str,
    method: &'a str,
    opinion: EstimateRecord,
}

#[derive(Serialize)]
struct EstimateRecord {
    mean: f64,
    interval: Option<f64>,
    count: usize,
}

#[derive(Serialize)]
struct RaterRecord<'a> {
    rater: &'a str,
    ratings: usize,
    above: usize,
    below: usize,
    rejected: bool,
}

impl<'a> StudyRecord<'a> {
    fn new(study: &'a str, reference: &'a str, scores: &'a Scores) -> Self {
        let known = scores.methods.iter().any(|method| method.name == reference);
        let rater = |rater: &'a RaterScore| RaterRecord {
            rater: &rater.name,
            ratings: rater.ratings,
            above: rater.above,
            below: rater.below,
            rejected: rater.rejected,
        };
        Self {
            schema: "unband-study/1",
            study,
            reference: known.then_some(reference),
            methods: scores
                .methods
                .iter()
                .map(|method| MethodRecord {
                    method: &method.name,
                    opinion: (&method.opinion).into(),
                    difference: method.difference.as_ref().map(Into::into),
                })
                .collect(),
            images: scores
                .images
                .iter()
                .map(|one| ImageScoreRecord {
                    image: &one.image,
                    method: &one.method,
                    opinion: (&one.opinion).into(),
                })
                .collect(),
            raters: scores.raters.iter().map(rater).collect(),
        }
    }
}

impl From<&Estimate> for EstimateRecord {
    fn from(from: &Estimate) -> Self {
        Self { mean: from.mean, interval: from.interval, count: from.count }
    }
}
