//! What `score` and `compare` do alike: begin, work on one after the other, write files.

use std::fmt::Display;
use std::panic::{AssertUnwindSafe, catch_unwind};

use unband::show::Page;

use super::options::MeasureArgs;
use super::record::FailureRecord;
use crate::Outcome;
use crate::bar::Bar;
use crate::interrupt;
use crate::talk::{Failure, Loudness, Talk};

/// A job of which everything was settled before the first picture is read.
pub trait Job {
    /// How many pictures or pairs there are.
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
    let bar = Bar::new(job.count(), loudness > Loudness::Quiet);
    let outcome = job.run(&failures, &Talk { loudness, bar: &bar });
    bar.finish();
    outcome
}

/// Works on one after the other and tells what failed; `None` when interrupted. The failures known already come first.
pub fn each<T, R>(
    items: &[T],
    failures: &[Failure],
    talk: &Talk<'_>,
    name: impl Fn(&T) -> String,
    mut one: impl FnMut(&T) -> Result<R, Failure>,
) -> Option<(Vec<R>, Vec<FailureRecord>)> {
    let mut failed: Vec<FailureRecord> = failures.iter().map(FailureRecord::new).collect();
    for failure in failures {
        talk.failure(failure);
    }
    let mut all = Vec::new();
    for (i, item) in items.iter().enumerate() {
        if interrupt::asked() {
            talk.note(&format!("interrupted: {i} of {} done", items.len()));
            return None;
        }
        let attempt = catch_unwind(AssertUnwindSafe(|| one(item)));
        match attempt.unwrap_or_else(|_| Err(Failure::of_program(name(item)))) {
            Ok(done) => all.push(done),
            Err(failure) => {
                talk.failure(&failure);
                failed.push(FailureRecord::new(&failure));
            }
        }
        talk.bar.done(i + 1, items.len());
    }
    talk.bar.finish();
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
