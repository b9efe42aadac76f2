//! What `score` and `compare` do alike: begin, work through all images, write files.

use std::fmt::Display;
use std::panic::{AssertUnwindSafe, catch_unwind};

use unband::show::Page;

use super::options::MeasureArgs;
use super::record::FailureRecord;
use crate::Outcome;
use crate::bar::Bar;
use crate::batch::{self, Cost};
use crate::interrupt;
use crate::talk::{Failure, Loudness, Talk};

/// A job of which everything was settled before the first image is read.
pub trait Job {
    /// How many images or pairs there are.
    fn count(&self) -> usize;
    /// Works through them; the failures are those that are known already.
    fn run(&self, failures: &[Failure], talk: &Talk<'_>) -> Outcome;
}

/// Runs a job with a bar, or says why it cannot begin.
pub fn start<J: Job>(args: &MeasureArgs, job: Result<(J, Vec<Failure>), (Outcome, Failure)>) -> Outcome {
    let loudness = Loudness::new(args.talk.quiet, args.talk.verbose);
    let (job, failures) = match job {
        Ok(ready) => ready,
        Err((outcome, failure)) => {
            Talk { loudness, bar: &Bar::none() }.failure(&failure);
            return outcome;
        }
    };
    interrupt::listen();
    let show = loudness > Loudness::Quiet;
    let bar = Bar::new(job.count(), show).with_lines(show);
    let outcome = job.run(&failures, &Talk { loudness, bar: &bar });
    bar.finish();
    outcome
}

/// What is worked on: an image or a pair.
pub trait Item: Sync {
    /// What it is called in messages.
    fn name(&self) -> String;
    /// Threads that it gets of all when there are several.
    fn threads(&self, all: usize) -> usize;
}

/// Works on all with `one`, which is told its share of the threads: small images side by side, large ones one after the
/// other, as `deband` does. In the order of the items `then` gets what came out, and what failed is told. `None` when
/// interrupted. The failures known already come first.
pub fn each<T: Item, R: Send>(
    items: &[T],
    threads: usize,
    failures: &[Failure],
    talk: &Talk<'_>,
    one: &(dyn Fn(&T, usize) -> Result<R, Failure> + Sync),
    then: &mut dyn FnMut(&mut R),
) -> Option<(Vec<R>, Vec<FailureRecord>)> {
    let mut failed: Vec<FailureRecord> = failures.iter().map(FailureRecord::new).collect();
    for failure in failures {
        talk.failure(failure);
    }
    let share = |item: &T| match items {
        [_] => threads,
        _ => item.threads(threads),
    };
    let costs: Vec<Cost> = items.iter().map(|item| Cost { threads: share(item), memory: 0 }).collect();
    let limits = Cost { threads, memory: 0 };
    let attempt = |i: usize| {
        talk.bar.working(&items[i].name());
        let attempt = catch_unwind(AssertUnwindSafe(|| one(&items[i], costs[i].threads)));
        attempt.unwrap_or_else(|_| Err(Failure::of_program(items[i].name())))
    };
    let (mut all, mut finished) = (Vec::new(), 0);
    batch::run(&costs, limits, &interrupt::asked, &attempt, &mut |_, result| {
        match result {
            Ok(mut done) => {
                then(&mut done);
                all.push(done);
            }
            Err(failure) => {
                talk.failure(&failure);
                failed.push(FailureRecord::new(&failure));
            }
        }
        finished += 1;
        talk.bar.done(finished, items.len());
    });
    talk.bar.finish();
    if interrupt::asked() {
        talk.note(&format!("interrupted: {finished} of {} done", items.len()));
        return None;
    }
    Some((all, failed))
}

/// Writes the table and the page that were asked for, and tells what failed.
pub fn write_files<E: Display>(
    args: &MeasureArgs,
    csv: impl FnOnce() -> Result<Vec<u8>, E>,
    page: Option<&Page>,
    talk: &Talk<'_>,
) -> Outcome {
    let table = args.csv.as_ref().map(|path| {
        let bytes = csv().map_err(|e| Failure::at(path.display().to_string(), e.to_string(), None))?;
        args.write(path, &bytes)
    });
    let report = args.report.as_ref().zip(page);
    let report = report.map(|(path, page)| args.write(path, page.html().as_bytes()));
    let mut outcome = Outcome::Done;
    for failure in [table, report].into_iter().flatten().filter_map(Result::err) {
        talk.failure(&failure);
        outcome = Outcome::SomeFailed;
    }
    outcome
}
