//! Debanding of images.

use std::path::{Path, PathBuf};

use unband::batch::{self, Cost};
use unband::faithful::Faithful;
use unband::files::{self, FileOptions, FileReport, Naming, Output, Plan};
use unband::{Context, Depth, Error};

use super::report::Report;
use crate::args::DebandArgs;
use crate::extras;
use crate::images::{self, ImageCommand, announce_losses};
use crate::inputs::{Gathered, Input};
use crate::outcome::Outcome;
use crate::outputs::Target;
use crate::record::{self, FileRecord, Schema};
use crate::reporter::{Failure, Loudness, Reporter, grouped, printable};
use crate::settings;
use crate::summary::Became;

/// Processes the images. `begins`: bytes already read from standard input.
pub fn run(args: &DebandArgs, found: Gathered, begins: Vec<u8>, reporter: &Reporter<'_>) -> Outcome {
    match settings::file_options(args) {
        Ok(options) => {
            if args.method.is_none() && args.weights.is_none() && options.options.strength > 1.0 {
                reporter.note(&"`--strength` above 1 needs smooth, which replaces the network unband-lite");
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
        Err(failure) => {
            reporter.failure(&failure);
            Outcome::Usage
        }
    }
}

/// The debanding job.
struct Deband<'a> {
    args: &'a DebandArgs,
    options: FileOptions,
    report: Option<Report<'a>>,
}

impl ImageCommand for Deband<'_> {
    type Plan = Plan;
    type Report = FileReport;

    fn stem(&self, input: &Path) -> PathBuf {
        files::output_stem(input)
    }

    fn naming(&self) -> Naming {
        self.options.naming()
    }

    fn check(&self, inputs: &[Input], targets: &[Target]) -> Result<(), Failure> {
        settings::check_extra_output(
            self.options.extra_output.as_ref(),
            inputs,
            self.args.images.output.as_deref(),
        )?;
        let extra_output = self.options.extra_output.as_ref().map(|extra_output| extra_output.path.as_path());
        for extra in self.args.report.as_deref().into_iter().chain(extra_output) {
            extras::not_a_result(extra, inputs, targets, self.naming())?;
        }
        self.report.as_ref().map_or(Ok(()), |report| report.check(inputs, &self.args.images))
    }

    fn cost(&self, pixels: u64, threads: usize) -> Cost {
        batch::deband_cost(pixels, &self.options.options, threads)
    }

    fn plan(&self, input: files::Input<'_>, output: &Output<'_>, ctx: &Context<'_>) -> Result<Plan, Error> {
        files::plan_file(input, output, &self.options, ctx)
    }

    fn run(
        &self,
        input: files::Input<'_>,
        output: Output<'_>,
        ctx: &Context<'_>,
    ) -> Result<FileReport, Error> {
        let done = files::deband_file(input, output, &self.options, ctx)?;
        if let (Some(report), files::Input::File(input), Some(output)) =
            (&self.report, input, &done.plan.output)
            && done.report.changed
        {
            report.draw(input, &done.plan.findings, output, ctx);
        }
        Ok(done)
    }

    fn plan_text(&self, input: &str, plan: &Plan, to_stdout: bool, loudness: Loudness) -> String {
        let mut text = printable(&record::plan_line(input, plan, to_stdout)) + "\n";
        if loudness > Loudness::Normal {
            text.extend(["  ", plan.finding.as_str(), "\n"]);
        }
        text
    }

    fn schema(&self) -> Schema {
        Schema::default()
    }

    fn became(&self, report: &FileReport) -> Became {
        if report.report.changed { Became::Repaired } else { Became::Unchanged }
    }

    fn planned(&self, input: String, plan: &Plan) -> FileRecord {
        FileRecord::planned(input, plan)
    }

    fn announce(
        &self,
        input: &str,
        report: &FileReport,
        to_stdout: bool,
        reporter: &Reporter<'_>,
    ) -> Outcome {
        reporter.line(&record::line(input, report, to_stdout));
        let plan = &report.plan;
        reporter.detail(&plan.finding);
        if report.report.changed {
            reporter.detail(&format!(
                "{} samples changed by at most {:.2} codes, the mean by {:.3}; {}",
                report.report.samples_moved,
                report.report.max_change_codes,
                report.report.mean_shift_codes,
                kept(plan.faithful)
            ));
        }
        if report.report.samples_clipped > 0 {
            let why = if plan.depth == Depth::F32 {
                format!("{} does not support them; `smooth` keeps them", plan.method)
            } else {
                format!("{} bits cannot hold them; `--depth 32f` can", plan.depth.bits())
            };
            reporter.note(&format!(
                "{input}: {} samples beyond black or white were clipped: {why}",
                grouped(report.report.samples_clipped)
            ));
        }
        if let Some(path) = &report.extra_output {
            reporter.detail(&format!("extra output → {}", path.display()));
        }
        if !plan.copies {
            announce_losses(input, plan.format, &report.dropped, &self.args.images, reporter);
        }
        if let Some(proof) = report.proof.filter(|proof| !proof.holds()) {
            reporter.failure(&Failure {
                subject: Some(input.to_owned()),
                message: format!(
                    "{} of {} samples are outside their interval, the worst by {:.2} codes",
                    proof.outside, proof.samples, proof.worst_codes
                ),
                hint: Some(if plan.faithful.keeps() {
                    "this is a bug in unband; please report it".to_owned()
                } else {
                    format!("{} runs as its authors wrote it; `--faithful on` limits it", plan.method)
                }),
            });
            return Outcome::CheckFailed;
        }
        Outcome::Done
    }

    fn done(&self, input: String, report: &FileReport, to_stdout: bool) -> FileRecord {
        FileRecord::done(input, report, to_stdout)
    }
}

/// The intervals of the samples, in words.
fn kept(faithful: Faithful) -> &'static str {
    match faithful {
        Faithful::No => "not kept within their intervals",
        Faithful::Grid => "kept within the intervals of the grid (`--faithful on`: of the file)",
        Faithful::File => "kept within their intervals",
    }
}
