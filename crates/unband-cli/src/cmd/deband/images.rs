//! Debanding of images.

use std::path::{Path, PathBuf};

use unband::batch::{self, Cost};
use unband::faithful::Faithful;
use unband::files::{self, FileOptions, FileReport};
use unband::{Context, Depth};

use super::report::Report;
use crate::args::DebandArgs;
use crate::extras;
use crate::images::{self, ImageCommand};
use crate::inputs::{Gathered, Input};
use crate::outcome::Outcome;
use crate::outputs::Target;
use crate::reporter::{Failure, Reporter, grouped};
use crate::settings;
use unband::records::Schema;

/// Processes the images. `begins`: bytes already read from standard input.
pub(super) fn run(args: &DebandArgs, found: Gathered, begins: Vec<u8>, reporter: &Reporter<'_>) -> Outcome {
    let Ok(options) = reporter.or_usage(settings::file_options(args)) else { return Outcome::Usage };
    if args.method.is_none() && args.weights.is_none() && options.options.strength > 1.0 {
        reporter.note(&"`--strength` above 1 needs smooth, which replaces the built-in networks");
    }
    let report = args.report.as_deref().map(|path| Report::new(path, &args.images));
    let work = Deband { args, options, report };
    let outcome = images::run(&work, &args.images, found, begins, reporter);
    match work.report {
        Some(report) if !matches!(outcome, Outcome::Usage | Outcome::Interrupted) => {
            outcome.max(report.write(reporter))
        }
        _ => outcome,
    }
}

/// The debanding job.
struct Deband<'a> {
    args: &'a DebandArgs,
    options: FileOptions,
    report: Option<Report<'a>>,
}

impl ImageCommand for Deband<'_> {
    fn options(&self) -> &FileOptions {
        &self.options
    }

    fn stem(&self, input: &Path) -> PathBuf {
        files::output_stem(input)
    }

    fn check(&self, inputs: &[Input], targets: &[Target]) -> Result<(), Failure> {
        settings::check_extra_output(
            self.options.extra_output.as_ref(),
            inputs,
            self.args.images.output.as_deref(),
        )?;
        let extra_output = self.options.extra_output.as_ref().map(|extra_output| extra_output.path.as_path());
        for extra in self.args.report.as_deref().into_iter().chain(extra_output) {
            extras::not_a_result(extra, inputs, targets, self.options.naming())?;
        }
        self.report.as_ref().map_or(Ok(()), |report| report.check(inputs, &self.args.images))
    }

    fn cost(&self, path: &Path, ctx: &Context<'_>) -> Cost {
        batch::deband_cost(path, &self.options, ctx)
    }

    fn after(&self, input: &Input, done: &FileReport, ctx: &Context<'_>) {
        let (Some(page), Some(input)) = (&self.report, input.file()) else { return };
        let changed = done.report.as_ref().filter(|report| report.changed);
        if done.plan.frames.is_some() && changed.is_some() {
            return page.count_animation();
        }
        match (&done.plan.output, changed) {
            (Some(output), Some(report)) => page.draw(input, &report.findings, output, ctx),
            _ => page.list(input),
        }
    }

    fn schema(&self) -> Schema {
        Schema::default()
    }

    fn announce(&self, input: &str, done: &FileReport, reporter: &Reporter<'_>) -> Outcome {
        let plan = &done.plan;
        let (Some(report), Some(repair)) = (&done.report, &plan.repair) else { return Outcome::Done };
        if report.changed {
            reporter.detail(&format!(
                "{} samples changed by at most {:.2} codes, the mean by {:.3}; {}",
                report.samples_moved,
                report.max_change_codes,
                report.mean_shift_codes,
                kept(repair.faithful)
            ));
        }
        if report.samples_clipped > 0 {
            let why = if plan.depth == Depth::F32 {
                format!("{} does not support them; `smooth` keeps them", repair.method)
            } else {
                format!("{} bits cannot hold them; `--depth 32f` can", plan.depth.bits())
            };
            reporter.note(&format!(
                "{input}: {} samples beyond black or white were clipped: {why}",
                grouped(report.samples_clipped)
            ));
        }
        if let Some(path) = &done.extra_output {
            reporter.detail(&format!("extra output → {}", path.display()));
        }
        if let Some(proof) = done.proof.filter(|proof| !proof.holds()) {
            reporter.failure(&Failure {
                subject: Some(input.to_owned()),
                message: format!(
                    "{} of {} samples are outside their interval, the worst by {:.2} codes",
                    proof.outside, proof.samples, proof.worst_codes
                ),
                hint: Some(if repair.faithful.keeps() {
                    "this is a bug in unband; please report it".to_owned()
                } else {
                    format!("{} runs as its authors wrote it; `--faithful on` limits it", repair.method)
                }),
            });
            return Outcome::CheckFailed;
        }
        Outcome::Done
    }
}

/// The intervals of the samples, in words.
fn kept(faithful: Faithful) -> &'static str {
    match faithful {
        Faithful::No => "not kept within their intervals",
        Faithful::Grid => "kept within the intervals of the grid (`--faithful on`: of the file)",
        _ => "kept within their intervals",
    }
}
