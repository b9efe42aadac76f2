//! Runner of the commands that measure or degrade images: start, all images, output files.

use std::fmt::Display;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use unband::batch::{self, Cost};
use unband::records::FailureRecord;
use unband::{Context, With};
use unband_report::Page;

use crate::args::MetricArgs;
use crate::bar::Bar;
use crate::budget::Budget;
use crate::interrupt;
use crate::outcome::Outcome;
use crate::reporter::{Failure, Loudness, Reporter, counted, pipe_note};

/// A job whose arguments are checked.
pub(crate) trait MetricJob {
    /// Number of images or pairs.
    fn count(&self) -> usize;
    /// Processes them on the threads of the context; reports the failures known in advance.
    fn run(&self, failures: &[Failure], reporter: &Reporter<'_>, ctx: &Context<'_>) -> Outcome;
}

/// Runs a job with a bar, or reports why it cannot start.
pub(crate) fn start<J: MetricJob>(
    args: &MetricArgs,
    job: Result<(J, Vec<Failure>), (Outcome, Failure)>,
) -> Outcome {
    let loudness = args.reporter.loudness();
    let (job, failures) = match job {
        Ok(ready) => ready,
        Err((outcome, failure)) => {
            failure.print();
            return outcome;
        }
    };
    let ctx = interrupt::context(args.resources.threads.count());
    let show = loudness > Loudness::Quiet;
    let bar = Bar::new(job.count(), show).with_lines(show);
    let outcome = job.run(&failures, &Reporter { loudness, bar: &bar }, &ctx);
    bar.finish();
    outcome
}

/// A work item: an image or a pair.
pub(crate) trait WorkItem: Sync {
    /// Its name in messages.
    fn name(&self) -> String;
    /// Its number of pixels.
    fn pixels(&self) -> u64;
    /// Number of threads that it gets among several, with that number of pixels.
    fn threads(&self, pixels: u64, all: usize) -> usize {
        batch::threads(pixels, all)
    }
}

/// Runs `one` for all items, with a context of its own threads and progress: small images in parallel, large
/// ones one after the other, as `deband` does. Passes the results to `then` in the order of the items and
/// reports failures. `None` when interrupted. Failures known in advance come first.
pub(crate) fn each<T: WorkItem, R: Send>(
    items: &[T],
    failures: &[Failure],
    reporter: &Reporter<'_>,
    one: &(dyn Fn(&T, &Context<'_>) -> Result<R, Failure> + Sync),
    then: &mut dyn FnMut(&mut R),
    ctx: &Context<'_>,
) -> Option<(Vec<R>, Vec<FailureRecord>)> {
    each_within(items, Budget::new(None, 1, 0), failures, reporter, one, then, ctx)
}

/// The same within a memory budget for all that run in parallel.
pub(crate) fn each_within<T: WorkItem, R: Send>(
    items: &[T],
    budget: Budget,
    failures: &[Failure],
    reporter: &Reporter<'_>,
    one: &(dyn Fn(&T, &Context<'_>) -> Result<R, Failure> + Sync),
    then: &mut dyn FnMut(&mut R),
    ctx: &Context<'_>,
) -> Option<(Vec<R>, Vec<FailureRecord>)> {
    let mut failed: Vec<FailureRecord> = failures.iter().map(Failure::record).collect();
    for failure in failures {
        reporter.failure(failure);
    }
    for note in items.iter().filter_map(|item| pipe_note(Path::new(&item.name()))) {
        reporter.note(&note);
    }
    let threads = ctx.threads;
    let cost = |item: &T| {
        let pixels = item.pixels();
        Cost { threads: item.threads(pixels, threads), memory: budget.cost(pixels) }
    };
    let costs: Vec<Cost> = match items {
        [_] => vec![Cost { threads, memory: 0 }],
        _ => items.iter().map(cost).collect(),
    };
    let limits = Cost { threads, memory: budget.memory() };
    let attempt = |i: usize| {
        reporter.bar.working(&items[i].name());
        let progress = reporter.bar.image();
        let ctx = (*ctx).but(|new| {
            new.threads = costs[i].threads;
            new.progress = &progress;
        });
        let attempt = catch_unwind(AssertUnwindSafe(|| one(&items[i], &ctx)));
        attempt.unwrap_or_else(|_| Err(Failure::of_program(items[i].name())))
    };
    let (mut all, mut finished) = (Vec::new(), 0);
    batch::run(&costs, limits, &|| ctx.cancelled(), &attempt, &mut |_, result| {
        match result {
            Ok(mut done) => {
                then(&mut done);
                all.push(done);
            }
            Err(failure) => {
                reporter.failure(&failure);
                failed.push(failure.record());
            }
        }
        finished += 1;
        reporter.bar.done(finished, items.len());
    });
    reporter.bar.finish();
    if ctx.cancelled() {
        reporter.note(&format!("interrupted: {finished} of {} done", items.len()));
        return None;
    }
    Some((all, failed))
}

/// Says how many images a page does not show.
pub(crate) fn note_omitted(page: &Page, path: &Path, reporter: &Reporter<'_>) {
    let (omitted, most) = (page.omitted() as u64, Page::MOST >> 20);
    if omitted > 0 {
        reporter.note(&format_args!(
            "{}: {} not shown, a page has at most {most} MiB; make one for each folder",
            path.display(),
            counted(omitted, "image")
        ));
    }
}

/// Writes the requested table and page; reports failures.
pub(crate) fn write_files<E: Display>(
    args: &MetricArgs,
    csv: impl FnOnce() -> Result<Vec<u8>, E>,
    page: Option<&Page>,
    reporter: &Reporter<'_>,
    ctx: &Context<'_>,
) -> Outcome {
    let table = args.csv.as_ref().map(|path| {
        let bytes = csv().map_err(|e| Failure::at(path.display().to_string(), e.to_string(), None))?;
        args.write(path, &bytes, ctx)
    });
    let report = args.report.as_ref().zip(page);
    if let Some((path, page)) = report {
        note_omitted(page, path, reporter);
    }
    let report = report.map(|(path, page)| args.write(path, page.html().as_bytes(), ctx));
    let mut outcome = Outcome::Done;
    if ctx.cancelled() {
        return Outcome::Interrupted;
    }
    for failure in [table, report].into_iter().flatten().filter_map(Result::err) {
        reporter.failure(&failure);
        outcome = Outcome::SomeFailed;
    }
    outcome
}
