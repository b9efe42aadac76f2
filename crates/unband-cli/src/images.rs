//! Image pipeline of the commands that write images: parallel jobs within the memory limit.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::ErrorKind;
use std::num::NonZeroUsize;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use unband::batch::{self, Cost};
use unband::files::{self, FileOptions, FileReport, Plan};
use unband::io::Limits;
use unband::records::{FileRecord, Schema};
use unband::{Context, Error, Hint, With};

use crate::args::ImageArgs;
use crate::bar::Bar;
use crate::inputs::{Gathered, Input, failures, reason};
use crate::interrupt::{self, Busy};
use crate::outcome::Outcome;
use crate::outputs::{self, Target};
use crate::record;
use crate::reporter::{Failure, Loudness, Reporter, pipe_note, printable};
use crate::result::{print_json, print_text, stdout_failure, write_data};
use crate::settings;
use crate::streams;
use crate::summary::{Became, summary};

/// The operation on each image.
pub(crate) trait ImageCommand: Sync {
    /// Options of each file, with the task.
    fn options(&self) -> &FileOptions;

    /// Default result path of an input, without extension.
    fn stem(&self, input: &Path) -> PathBuf;

    /// Additional checks before the first image is read.
    ///
    /// # Errors
    /// Invalid combinations of options and inputs.
    fn check(&self, _inputs: &[Input], _targets: &[Target]) -> Result<(), Failure> {
        Ok(())
    }

    /// Threads and memory for the image of a file among several.
    fn cost(&self, path: &Path, ctx: &Context<'_>) -> Cost;

    /// Further work on a written result, in the thread of its image.
    fn after(&self, _input: &Input, _report: &FileReport, _ctx: &Context<'_>) {}

    /// The schema of `--json` lines.
    fn schema(&self) -> Schema;

    /// Prints details of the result below its line; returns the exit status.
    fn announce(&self, _input: &str, _report: &FileReport, _reporter: &Reporter<'_>) -> Outcome {
        Outcome::Done
    }
}

/// Processes the images. `begins`: bytes already read from standard input.
pub(crate) fn run(
    work: &impl ImageCommand,
    args: &ImageArgs,
    found: Gathered,
    begins: Vec<u8>,
    reporter: &Reporter<'_>,
) -> Outcome {
    if found.inputs.is_empty() && found.failures.is_empty() {
        // Only videos were named.
        found.notes.iter().for_each(|note| reporter.note(note));
        return Outcome::Done;
    }
    let loudness = reporter.loudness;
    let Ok(job) = reporter.or_usage(ImagesJob::new(work, args, found, begins)) else { return Outcome::Usage };
    for note in &job.notes {
        reporter.note(note);
    }
    let ctx = interrupt::context(args.resources.threads.count());
    let bar = Bar::new(job.inputs.len(), loudness > Loudness::Quiet);
    let reporter = Reporter { loudness, bar: &bar };
    let outcome = job.run(&reporter, &ctx);
    bar.finish();
    outcome
}

/// State determined before the first image is read.
struct ImagesJob<'a, W> {
    work: &'a W,
    args: &'a ImageArgs,
    /// Bytes already read from standard input.
    begins: Vec<u8>,
    inputs: Vec<Input>,
    targets: Vec<Target>,
    failures: Vec<Failure>,
    notes: Vec<String>,
    /// Is a folder or a pattern among the arguments? Then a summary ends the output.
    several: bool,
    /// Files of the folders that are not images.
    skipped: Vec<PathBuf>,
    /// Folders created for results, to be removed if they stay empty.
    made: Mutex<BTreeSet<PathBuf>>,
}

/// The outcome of one image.
enum ImageResult {
    Planned(Box<Plan>),
    Finished(Box<FileReport>, Vec<u8>),
    Skipped(PathBuf),
    Failed(Failure),
    Cancelled,
}

impl<'a, W: ImageCommand> ImagesJob<'a, W> {
    /// Checks everything that can be checked without reading an image.
    fn new(work: &'a W, args: &'a ImageArgs, found: Gathered, begins: Vec<u8>) -> Result<Self, Failure> {
        let naming = work.options().naming();
        let folder = outputs::folder_of(args.output.as_deref(), &args.inputs);
        // The result's name is not evidence for an input that does not exist.
        let there = found.inputs.iter().any(|input| input.is_stdin() || input.path.exists());
        if let (Some(path), None, true) = (&args.output, folder, there) {
            settings::check_output(path, naming, &found.inputs)
                .map_err(|failure| no_still(&found.inputs).unwrap_or(failure))?;
        }
        let suffix = args.suffix.as_deref();
        let stem = |input: &Path| match suffix {
            Some(suffix) => outputs::suffixed(input, suffix),
            None => work.stem(input),
        };
        let mut targets = outputs::targets(&found.inputs, args.output.as_deref(), folder, &stem, suffix)?;
        let mut notes = found.notes;
        notes.extend(outputs::distinguish(&found.inputs, &mut targets, naming, &stem));
        outputs::check(&found.inputs, &targets, naming, args.overwrite)?;
        work.check(&found.inputs, &targets)?;
        let files = targets.iter().filter_map(|target| match target {
            Target::File(path) => Some(path),
            Target::Stem(_) | Target::Stdout => None,
        });
        notes.extend(
            found.inputs.iter().map(|input| &input.path).chain(files).filter_map(|path| pipe_note(path)),
        );
        if args.json && targets.contains(&Target::Stdout) {
            let hint = "name a file with `-o`, or drop `--json`";
            return Err(Failure::usage("the image and `--json` cannot both go to standard output", hint));
        }
        Ok(Self {
            work,
            args,
            begins,
            inputs: found.inputs,
            targets,
            failures: failures(&found.failures),
            notes,
            several: found.several,
            skipped: found.others,
            made: Mutex::default(),
        })
    }

    fn run(&self, reporter: &Reporter<'_>, ctx: &Context<'_>) -> Outcome {
        let mut outcome = Outcome::Done;
        for failure in &self.failures {
            reporter.failure(failure);
            if self.args.json {
                self.json(reporter, failure.file_record(failure.subject.clone().unwrap_or_default()));
            }
            outcome = Outcome::SomeFailed;
        }
        let costs: Vec<Cost> = match self.inputs.as_slice() {
            [_] => vec![Cost { threads: ctx.threads, memory: 0 }],
            inputs => inputs.iter().map(|input| self.work.cost(&input.path, ctx)).collect(),
        };
        let limits = Cost { threads: ctx.threads, memory: self.memory() };
        let (mut finished, mut cancelled) = (0, false);
        let mut counts: BTreeMap<Became, usize> = BTreeMap::new();
        if !self.failures.is_empty() {
            counts.insert(Became::Failed, self.failures.len());
        }
        batch::run(
            &costs,
            limits,
            &|| ctx.cancelled(),
            &|i| self.one(i, reporter.bar, &(*ctx).but(|new| new.threads = costs[i].threads)),
            &mut |i, done| {
                cancelled |= matches!(done, ImageResult::Cancelled);
                finished += usize::from(!matches!(done, ImageResult::Cancelled));
                reporter.bar.done(finished, self.inputs.len());
                if let Some(became) = Self::became(&done) {
                    *counts.entry(became).or_default() += 1;
                }
                outcome = outcome.max(self.announce(i, done, reporter));
            },
        );
        self.remove_empty_folders();
        if cancelled || ctx.cancelled() && finished < self.inputs.len() {
            reporter.bar.finish();
            reporter.note(&format!("interrupted: {finished} of {} done", self.inputs.len()));
            return Outcome::Interrupted;
        }
        if self.several {
            reporter.bar.finish();
            reporter.line(&summary(&counts, &self.skipped));
        }
        outcome
    }

    /// `None` for an interrupted image.
    fn became(done: &ImageResult) -> Option<Became> {
        Some(match done {
            ImageResult::Planned(_) => Became::Planned,
            ImageResult::Finished(report, _) if report.plan.upscale.is_some() => Became::Upscaled,
            ImageResult::Finished(report, _)
                if report.report.as_ref().is_some_and(|report| report.changed) =>
            {
                Became::Repaired
            }
            ImageResult::Finished(..) => Became::Unchanged,
            ImageResult::Skipped(_) => Became::Skipped,
            ImageResult::Failed(_) => Became::Failed,
            ImageResult::Cancelled => return None,
        })
    }

    /// Memory limit for all images processed at the same time.
    fn memory(&self) -> u64 {
        self.args.resources.max_memory.map_or(u64::MAX, |allowed| allowed.saturating_sub(files::PROGRAM))
    }

    /// Processes one image. A panic costs this image only.
    fn one(&self, i: usize, bar: &Bar, ctx: &Context<'_>) -> ImageResult {
        let input = &self.inputs[i];
        catch_unwind(AssertUnwindSafe(|| self.attempt(i, bar, ctx)))
            .unwrap_or_else(|_| ImageResult::Failed(Failure::of_program(input.shown())))
    }

    fn attempt(&self, i: usize, bar: &Bar, ctx: &Context<'_>) -> ImageResult {
        let (input, target) = (&self.inputs[i], &self.targets[i]);
        bar.working(&input.shown());
        let progress = bar.image();
        // A dry run answers whatever exists.
        let existing =
            if self.args.dry_run && !self.args.skip_existing { None } else { self.existing(input, target) };
        if let Some(existing) = existing {
            return if self.args.skip_existing {
                ImageResult::Skipped(existing)
            } else {
                ImageResult::Failed(exists(&existing))
            };
        }
        let mut bytes = Vec::new();
        if input.is_stdin() {
            let limits = Limits::default();
            let most = self.args.resources.max_memory.unwrap_or(limits.max_bytes).min(limits.max_bytes);
            let limits = limits.but(|new| new.max_bytes = most);
            match unband::io::load_from(&mut streams::Input, self.begins.clone(), &limits) {
                Ok(loaded) => bytes = loaded.0,
                Err(error) => return self.failed(input, &error.into()),
            }
        }
        let Some(_busy) = Busy::begin() else { return ImageResult::Cancelled };
        let source =
            if input.is_stdin() { files::Input::Bytes(&bytes) } else { files::Input::File(&input.path) };
        let ctx = (*ctx).but(|new| new.progress = &progress);
        let mut sink = Vec::new();
        if self.args.dry_run {
            return match files::plan_file(source, &target.output(&mut sink), self.work.options(), &ctx) {
                Ok(plan) => ImageResult::Planned(Box::new(plan)),
                Err(error) => self.failed(input, &error),
            };
        }
        if let Err(failure) = self.make_folder(target) {
            return ImageResult::Failed(failure);
        }
        match files::run_file(source, target.output(&mut sink), self.work.options(), &ctx) {
            Ok(report) => {
                self.work.after(input, &report, &ctx);
                ImageResult::Finished(Box::new(report), sink)
            }
            Err(error) => self.failed(input, &error),
        }
    }

    /// Handles an existing result, if that decides before the image is read.
    fn existing(&self, input: &Input, target: &Target) -> Option<PathBuf> {
        if self.args.overwrite {
            return None;
        }
        let possible = target.possible(input, self.work.options().naming());
        let mut existing = possible.iter().filter(|path| path.is_file());
        if self.args.skip_existing {
            existing.next().cloned()
        } else {
            // The final name of the result is not known yet.
            (possible.len() == 1).then(|| existing.next().cloned()).flatten()
        }
    }

    fn make_folder(&self, target: &Target) -> Result<(), Failure> {
        let Some(folder) = target.folder().filter(|folder| !folder.is_dir()) else { return Ok(()) };
        let missing: Vec<PathBuf> = folder
            .ancestors()
            .take_while(|path| !path.as_os_str().is_empty() && !path.exists())
            .map(Path::to_path_buf)
            .collect();
        fs::create_dir_all(folder).map_err(|error| {
            let message = format!("cannot create the folder: {}", reason(&error));
            Failure::at(
                folder.display().to_string(),
                message,
                Some("check its spelling and permissions".into()),
            )
        })?;
        self.made.lock().unwrap_or_else(PoisonError::into_inner).extend(missing);
        Ok(())
    }

    fn remove_empty_folders(&self) {
        // Longer paths come later, so the reverse order removes the innermost first. Folders with files stay.
        for folder in self.made.lock().unwrap_or_else(PoisonError::into_inner).iter().rev() {
            let _ = fs::remove_dir(folder);
        }
    }

    fn failed(&self, input: &Input, error: &Error) -> ImageResult {
        match error {
            Error::Cancelled => ImageResult::Cancelled,
            Error::File(error) => {
                if let (unband::io::Error::File { path, .. }, unband::io::Error::Exists) =
                    (error, error.fault())
                {
                    return if self.args.skip_existing {
                        ImageResult::Skipped(path.clone())
                    } else {
                        ImageResult::Failed(exists(path))
                    };
                }
                let hint = match error.fault() {
                    unband::io::Error::Limit { .. } if self.args.resources.max_memory.is_some() => {
                        Some("raise `--max-memory`; if the size is wrong, the file is damaged".to_owned())
                    }
                    _ => error.hint(),
                };
                let named = matches!(error, unband::io::Error::File { .. });
                ImageResult::Failed(Failure {
                    subject: (!named).then(|| input.shown()),
                    message: error.to_string(),
                    hint,
                })
            }
            other => ImageResult::Failed(Failure::from_error(input.shown(), &other)),
        }
    }

    fn json(&self, reporter: &Reporter<'_>, record: FileRecord) -> Outcome {
        let record = FileRecord { schema: self.work.schema(), ..record };
        reporter.bar.interrupting(|| print_json(&record))
    }

    /// Reports the outcome of an image.
    fn announce(&self, i: usize, done: ImageResult, reporter: &Reporter<'_>) -> Outcome {
        let input = self.inputs[i].shown();
        let to_stdout = self.targets[i] == Target::Stdout;
        match done {
            ImageResult::Cancelled => Outcome::Interrupted,
            ImageResult::Failed(failure) => {
                reporter.failure(&failure);
                if self.args.json {
                    self.json(reporter, failure.file_record(input));
                }
                Outcome::SomeFailed
            }
            ImageResult::Skipped(path) => {
                reporter.line(&format!("{input}: skipped, {} exists", path.display()));
                if self.args.json {
                    self.json(reporter, FileRecord::skipped(input, &path))
                } else {
                    Outcome::Done
                }
            }
            ImageResult::Planned(plan) => {
                if self.args.json {
                    self.json(reporter, FileRecord::planned(input, &plan))
                } else {
                    let mut text = printable(&record::plan_line(&input, &plan, to_stdout)) + "\n";
                    if let (true, Some(repair)) = (reporter.loudness > Loudness::Normal, &plan.repair) {
                        text.extend(["  ", &repair.findings.sentence(), "\n"]);
                    }
                    let outcome = reporter.bar.interrupting(|| print_text(&text));
                    if let Some(path) = &plan.taken {
                        reporter.note(&refused(&input, path));
                    }
                    outcome
                }
            }
            ImageResult::Finished(report, sink) => {
                if to_stdout {
                    match write_data(&sink) {
                        Ok(()) => {}
                        // The reader has closed the pipe and needs no message, but the output is incomplete.
                        Err(error) if error.kind() == ErrorKind::BrokenPipe => return Outcome::SomeFailed,
                        Err(error) => {
                            reporter.failure(&stdout_failure(&error));
                            return Outcome::SomeFailed;
                        }
                    }
                }
                reporter.line(&record::line(&input, &report, to_stdout));
                if let Some(repair) = &report.plan.repair {
                    reporter.detail(&repair.findings.sentence());
                }
                let outcome = self.work.announce(&input, &report, reporter);
                if !report.plan.copies {
                    self.announce_losses(&input, &report, reporter);
                }
                if self.args.json {
                    outcome.max(self.json(reporter, FileRecord::done(input, &report, to_stdout)))
                } else {
                    outcome
                }
            }
        }
    }

    /// Reports metadata that was lost, and options without effect on the format.
    fn announce_losses(&self, input: &str, report: &FileReport, reporter: &Reporter<'_>) {
        let format = report.plan.format;
        let items = |never: bool| {
            let items = report.dropped.iter().filter(|dropped| dropped.item.never_kept() == never);
            items.map(ToString::to_string).collect::<Vec<_>>().join(", ")
        };
        let (unfit, lost) = (items(false), items(true));
        if !unfit.is_empty() {
            reporter.note(&format!("{input}: {} cannot hold its {unfit}", format.name));
        }
        if !lost.is_empty() {
            reporter.note(&format!("{input}: not kept: {lost}"));
        }
        let quality = self.args.quality.is_some();
        if quality && !settings::takes_quality(format) {
            reporter.note(&format!("{input}: `--quality` has no effect on {}", format.name));
        }
        if self.args.effort.is_some() && !settings::takes_effort(format, quality) {
            let without = if settings::takes_effort(format, true) { " without `--quality`" } else { "" };
            reporter.note(&format!("{input}: `--effort` has no effect on {}{without}", format.name));
        }
    }
}

/// The number of threads: as given, or all processors. Far more than there are processors would only wait for
/// each other, and use memory.
pub(crate) fn threads(asked: Option<NonZeroUsize>) -> usize {
    let processors = std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
    let most = address_space_left().map_or(usize::MAX, |bytes| {
        // Apart from the workers there is a thread for signals.
        usize::try_from(bytes.saturating_sub(LARGEST) / THREAD)
            .map_or(usize::MAX, |all| all.saturating_sub(1))
    });
    asked.map_or(processors, |asked| asked.get().min(4 * processors.max(4))).min(most.max(1))
}

/// Address space of a thread: its stack, and what both allocators reserve for it.
const THREAD: u64 = 100 << 20;
/// Address space that an allocator takes to align what it reserves for a thread.
const LARGEST: u64 = 128 << 20;

/// Address space that the allocator reserves at the start, if it can, and shares among all threads.
const SHARED: u64 = 1 << 30;

/// Address space for threads and images, if there is a limit.
fn address_space_left() -> Option<u64> {
    let (limit, taken) = unband::io::address_space()?;
    Some(limit.saturating_sub(taken.checked_sub(SHARED).unwrap_or(taken)))
}

/// The failure where the address space is too small for the program itself, for which there would be no
/// message later.
pub(crate) fn cramped() -> Option<Failure> {
    let left = address_space_left().filter(|&left| left < LARGEST + 5 * THREAD / 2)?;
    let what = format!(
        "a limit on the address space leaves {} of memory, unband needs more",
        unband::io::amount(left)
    );
    Some(Failure::usage(what, "raise the limit: `ulimit -v unlimited`"))
}

/// The fault of an input that is a video or of another type that is not read: it explains why a result was
/// named like a video.
fn no_still(inputs: &[Input]) -> Option<Failure> {
    let fault = |input: &Input| {
        let error = unband::io::read_file(&input.path, &Limits::default()).err()?;
        matches!(error.fault(), unband::io::Error::Foreign { .. }).then(|| Failure::from(error))
    };
    inputs.iter().filter(|input| !input.is_stdin()).find_map(fault)
}

/// The note of a dry run on a result that exists.
pub(crate) fn refused(input: &str, path: &Path) -> String {
    format!("{input}: {} exists; without `--overwrite` it is not replaced", path.display())
}

fn exists(path: &Path) -> Failure {
    let hint =
        "name another with `-o`, add `--overwrite` to replace it, or `--skip-existing` to skip such images";
    Failure::at(path.display().to_string(), "exists already".into(), Some(hint.into()))
}
