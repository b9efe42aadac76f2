//! Dataset creation: pairs written to a folder, image by image.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use unband::batch::{self, Cost};
use unband::degrade::DegradationRecipe;
use unband::degrade::dataset::{
    Clean, DatasetError, DatasetPlan, Degradations, Entry, Failed, Journal, Kapoor, Opened, Split, Tiling,
    Variant, clean, kapoor,
};
use unband::{Context, With};

use super::summary::{Summary, unpaired};
use super::{Fault, KapoorArgs, MakeArgs, PairsArgs, VariantName};
use crate::bar::Bar;
use crate::budget::Budget;
use crate::inputs::{self, Gather, failures, readable};
use crate::interrupt::{self, Busy};
use crate::outcome::Outcome;
use crate::reporter::{Failure, Loudness, Reporter, grouped};
use crate::result::print_json;

/// Bytes per pixel that an image and its pair need.
const BYTES_PER_PIXEL: u64 = Budget::DEGRADE;

/// Pairs of the published set.
pub(super) fn published(args: &KapoorArgs) -> Result<Outcome, Fault> {
    let variant = match args.variant {
        VariantName::Fixed => Variant::Fixed,
        VariantName::Original => Variant::Original,
    };
    let asked = Kapoor::new(args.preparation).but(|new| {
        new.variant = variant;
        new.seed = args.seed;
        new.whole_videos = args.whole_videos;
    });
    let plan = kapoor(&args.root, asked).map_err(|error| fault(&error))?;
    make(&plan, &args.make, &[])
}

/// Pairs of clean images.
pub(super) fn pairs(args: &PairsArgs) -> Result<Outcome, Fault> {
    if !args.clean.is_dir() {
        let message = format!("{}: not a folder", args.clean.display());
        return Err((Failure::usage(message, "name a folder of clean images"), Outcome::Usage));
    }
    // The parser accepts only known names.
    let causes = args.causes.iter().filter_map(|name| unband::degrade::find(name)).collect();
    let degradations = match &args.recipe {
        Some(name) => {
            let recipe = DegradationRecipe::find_unscaled(name).map_err(|error| {
                let failure = Failure::from(error);
                (failure, Outcome::Usage)
            })?;
            Degradations::Recipe { name: name.clone(), recipe: Arc::new(recipe) }
        }
        None if args.every_cause => Degradations::Each { causes, folders: args.cause_folders },
        None => Degradations::OneOf(causes),
    };
    let tiling = args.patch.map_or(Tiling::Whole, |side| Tiling::Patches {
        side: side as usize,
        step: args.step.unwrap_or(side / 2) as usize,
    });
    let gather = Gather::new(&readable).but(|new| {
        new.recursive = args.recursive;
        new.output_folder = Some(&args.make.output);
        new.results_too = true;
    });
    let found = gather.run(std::slice::from_ref(&args.clean));
    let files: Vec<PathBuf> = found.inputs.into_iter().map(|input| input.below).collect();
    if let (true, Some(error)) = (files.is_empty(), found.failures.first()) {
        return Err((inputs::failure(error), Outcome::SomeFailed));
    }
    let asked = Clean::new(degradations).but(|new| {
        new.draws = args.draws as usize;
        new.tiling = tiling;
        new.shares = args.split;
        new.seed = args.seed;
    });
    let plan = clean(&args.clean, &files, &asked).map_err(|error| fault(&error))?;
    make(&plan, &args.make, &failures(&found.failures))
}

/// A failure of the whole run.
fn fault(error: &DatasetError) -> Fault {
    let outcome = match error {
        DatasetError::NoOriginal { .. }
        | DatasetError::Twice { .. }
        | DatasetError::Occupied { .. }
        | DatasetError::Other { .. }
        | DatasetError::Empty => Outcome::Usage,
        _ => Outcome::SomeFailed,
    };
    (Failure::from(error), outcome)
}

fn make(plan: &DatasetPlan, args: &MakeArgs, failures: &[Failure]) -> Result<Outcome, Fault> {
    let ctx = interrupt::context(args.threads.count());
    let loudness = args.reporter.loudness();
    let silent = Bar::none();
    let reporter = Reporter { loudness, bar: &silent };
    for failure in failures {
        reporter.failure(failure);
    }
    if !plan.header.unpaired.is_empty() {
        reporter.note(&unpaired(&plan.header.unpaired));
    }
    if args.dry_run {
        return Ok(say_plan(plan, args, &reporter));
    }
    // From the first file to the end: an interrupted run finishes the current images and says how to resume.
    let Some(_busy) = Busy::begin() else { return Ok(Outcome::Interrupted) };
    let mut summary = Summary::default();
    let access = plan.access_of_all();
    let mut journal =
        match Journal::open_within(&args.output, &plan.header, access).map_err(|error| fault(&error))? {
            Opened::Complete(manifest) => {
                manifest.entries.iter().for_each(|entry| summary.add(entry));
                reporter.note(&format!("{}: already complete", args.output.display()));
                return Ok(finish(plan, args, &summary, &reporter, failures));
            }
            Opened::Open(journal) => journal,
        };
    let done = journal.before.len();
    if done > 0 {
        reporter.note(&format!(
            "resuming after {} of {} images",
            grouped(done as u64),
            grouped(plan.len() as u64)
        ));
    }
    journal.before.iter().for_each(|entry| summary.add(entry));
    let bar = Bar::new(plan.len() - done, loudness > Loudness::Quiet);
    let reporter = Reporter { loudness, bar: &bar };
    let finished = work(plan, args, &mut journal, &mut summary, &reporter, &ctx);
    bar.finish();
    finished.map_err(|error| fault(&error))?;
    if summary.images() < plan.len() {
        let (done, all) = (grouped(summary.images() as u64), grouped(plan.len() as u64));
        reporter
            .note(&format!("interrupted: {done} of {all} images are done; run the same command to resume"));
        return Ok(Outcome::Interrupted);
    }
    journal.finish().map_err(|error| fault(&error))?;
    Ok(finish(plan, args, &summary, &reporter, failures))
}

/// Makes the remaining pairs. Manifest lines are written in the order of the images; none follow a fatal
/// error.
fn work(
    plan: &DatasetPlan,
    args: &MakeArgs,
    journal: &mut Journal,
    summary: &mut Summary,
    reporter: &Reporter<'_>,
    ctx: &Context<'_>,
) -> Result<(), DatasetError> {
    let threads = ctx.threads;
    let first = journal.before.len();
    let cost = |index: usize| {
        let pixels = batch::declared_pixels(&plan.image(first + index));
        Cost { threads: 1, memory: pixels.saturating_mul(BYTES_PER_PIXEL) }
    };
    let costs: Vec<Cost> = (0..plan.len() - first).map(cost).collect();
    let broken = AtomicBool::new(false);
    let stop = || ctx.cancelled() || broken.load(Ordering::Relaxed);
    let one = |index: usize| {
        let _share = reporter.bar.image();
        let attempt = catch_unwind(AssertUnwindSafe(|| plan.make(first + index, &args.output)));
        let made = attempt.unwrap_or_else(|_| Ok(plan.failed(first + index)));
        broken.fetch_or(made.is_err(), Ordering::Relaxed);
        made
    };
    let mut result = Ok(());
    batch::run(&costs, Cost { threads, memory: args.max_memory }, &stop, &one, &mut |index, made| {
        if result.is_ok() {
            result = made.and_then(|entry| {
                journal.add(&entry)?;
                say(plan, &entry, reporter);
                summary.add(&entry);
                Ok(())
            });
            broken.fetch_or(result.is_err(), Ordering::Relaxed);
        }
        reporter.bar.done(index + 1, costs.len());
    });
    result
}

/// The message about an image: its error, or with `-v` the pairs made from it.
fn say(plan: &DatasetPlan, entry: &Entry, reporter: &Reporter<'_>) {
    if let Some(failed) = &entry.failed {
        return reporter.failure(&failure(&plan.root, failed));
    }
    let pairs = if entry.pairs.len() == 1 { "pair" } else { "pairs" };
    reporter.detail(&format!("{} → {}: {} {pairs}", entry.name, entry.split, entry.pairs.len()));
}

fn failure(root: &Path, failed: &Failed) -> Failure {
    let hint = "skipped; with an intact file, make the pairs again in a new folder";
    Failure::at(root.join(&failed.file).display().to_string(), failed.reason.clone(), Some(hint.into()))
}

/// The closing summary.
fn finish(
    plan: &DatasetPlan,
    args: &MakeArgs,
    summary: &Summary,
    reporter: &Reporter<'_>,
    failures: &[Failure],
) -> Outcome {
    reporter.line(&format!("{} → {}", summary.text(), args.output.display()));
    let printed = if args.json {
        print_json(&summary.record(&args.output, &plan.header.unpaired))
    } else {
        Outcome::Done
    };
    let sound = summary.failed.is_empty() && failures.is_empty();
    printed.max(if sound { Outcome::Done } else { Outcome::SomeFailed })
}

/// The output of `--dry-run`.
fn say_plan(plan: &DatasetPlan, args: &MakeArgs, reporter: &Reporter<'_>) -> Outcome {
    let mut summary = Summary::default();
    for failed in plan.failing() {
        reporter.failure(&failure(&plan.root, failed));
        summary.failed.push(failed.clone());
    }
    for split in Split::ALL {
        summary.expect(split, plan.expected(split));
    }
    reporter.line(&format!("{} → {} (nothing was written)", summary.text(), args.output.display()));
    let printed = if args.json {
        print_json(&summary.record(&args.output, &plan.header.unpaired))
    } else {
        Outcome::Done
    };
    printed.max(if summary.failed.is_empty() { Outcome::Done } else { Outcome::SomeFailed })
}
