//! `unband dataset check`: verification of a folder against its manifest.

use serde::Serialize;
use unband::Context;
use unband::batch::{self, Cost};
use unband::degrade::dataset::{Check, Finding};

use super::summary::Summary;
use super::{CheckArgs, Fault};
use crate::bar::Bar;
use crate::interrupt::{self, Busy};
use crate::outcome::Outcome;
use crate::reporter::{Failure, Loudness, Reporter};
use crate::result::print_json;

/// Number of findings that are printed, unless `-v` or `--json` asks for all.
const SHOWN: usize = 20;

#[derive(Serialize)]
struct CheckRecord<'a> {
    schema: &'static str,
    folder: String,
    images: usize,
    files: usize,
    missing: Vec<&'a str>,
    changed: Vec<&'a str>,
    unreadable: Vec<&'a str>,
    left_over: Vec<&'a str>,
}

pub(super) fn run(args: &CheckArgs) -> Result<Outcome, Fault> {
    let ctx = interrupt::context(args.threads.count());
    let fault = |error: unband::degrade::dataset::DatasetError| (Failure::from(error), Outcome::SomeFailed);
    let check = Check::open(&args.folder).map_err(fault)?;
    let loudness = args.reporter.loudness();
    let bar = Bar::new(check.len(), loudness > Loudness::Quiet);
    let reporter = Reporter { loudness, bar: &bar };
    let Some(mut found) = compare(&check, &bar, &ctx) else {
        bar.finish();
        reporter.note(&"interrupted before all files were read");
        return Ok(Outcome::Interrupted);
    };
    bar.finish();
    found.extend(check.left_over().map_err(fault)?);
    let files: usize = check.manifest.entries.iter().map(|entry| 2 * entry.pairs.len()).sum();
    announce(args, &check, &found, files, &reporter);
    let printed = if args.json {
        let of = |kind: fn(&Finding) -> Option<&str>| found.iter().filter_map(kind).collect();
        print_json(&CheckRecord {
            schema: "unband-dataset-check/1",
            folder: args.folder.display().to_string(),
            images: check.len(),
            files,
            missing: of(|finding| if let Finding::Missing(file) = finding { Some(file) } else { None }),
            changed: of(|finding| if let Finding::Changed(file) = finding { Some(file) } else { None }),
            unreadable: of(
                |finding| if let Finding::Unreadable(file, _) = finding { Some(file) } else { None },
            ),
            left_over: of(|finding| if let Finding::LeftOver(file) = finding { Some(file) } else { None }),
        })
    } else {
        Outcome::Done
    };
    Ok(printed.max(if found.is_empty() { Outcome::Done } else { Outcome::CheckFailed }))
}

/// Reads all files; `None` when interrupted.
fn compare(check: &Check, bar: &Bar, ctx: &Context<'_>) -> Option<Vec<Finding>> {
    let threads = ctx.threads;
    let costs = vec![Cost { threads: 1, memory: 0 }; check.len()];
    let _busy = Busy::begin()?;
    let (mut found, mut done) = (Vec::new(), 0);
    let one = |index: usize| {
        let _share = bar.image();
        check.one(index)
    };
    batch::run(&costs, Cost { threads, memory: 0 }, &|| ctx.cancelled(), &one, &mut |_, findings| {
        found.extend(findings);
        done += 1;
        bar.done(done, check.len());
    });
    (done == check.len()).then_some(found)
}

fn announce(args: &CheckArgs, check: &Check, found: &[Finding], files: usize, reporter: &Reporter<'_>) {
    let shown = if args.reporter.verbose { found.len() } else { SHOWN };
    for finding in found.iter().take(shown) {
        reporter.failure(&Failure::at(args.folder.display().to_string(), finding.to_string(), None));
    }
    if found.len() > shown {
        reporter.note(&format!("{} more; `-v` or `--json` lists all", found.len() - shown));
    }
    let mut summary = Summary::default();
    check.manifest.entries.iter().for_each(|entry| summary.add(entry));
    let said = if found.is_empty() { "all match the manifest" } else { "some do not match the manifest" };
    reporter.line(&format!("{}: {files} files, {said}; {}", args.folder.display(), summary.text()));
}
