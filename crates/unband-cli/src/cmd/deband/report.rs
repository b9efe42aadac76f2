//! `unband FILE… --report PAGE.html`: before-and-after page of the repaired images.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use unband::io::{Access, Saving};
use unband::metrics::Inspected;
use unband::verdict::Verdict;
use unband::{Context, Findings, NoProgress};
use unband_report::{HeatMap, Page, Section, SectionHtml, Side};

use crate::args::ImageArgs;
use crate::budget::Budget;
use crate::extras;
use crate::inputs::{Input, STDIO};
use crate::interrupt::Busy;
use crate::outcome::Outcome;
use crate::outputs::check_folder_of;
use crate::reporter::{Failure, Reporter, counted};

/// Collects the drawings of all images, from any thread.
pub struct Report<'a> {
    path: &'a Path,
    overwrite: bool,
    drawn: Mutex<BTreeMap<PathBuf, Result<SectionHtml, Failure>>>,
}

impl<'a> Report<'a> {
    /// A page at `path`.
    pub fn new(path: &'a Path, args: &ImageArgs) -> Self {
        Self { path, overwrite: args.overwrite, drawn: Mutex::default() }
    }

    /// Checks that the page can be written for these images.
    ///
    /// # Errors
    /// Standard input, an existing or conflicting file name, a missing folder.
    pub fn check(&self, inputs: &[Input], args: &ImageArgs) -> Result<(), Failure> {
        let name = self.path.display().to_string();
        let fault =
            |message: &str, hint: &str| Err(Failure::at(name.clone(), message.into(), Some(hint.into())));
        let piped = args.output.as_deref().is_some_and(|path| path.as_os_str() == STDIO);
        if piped || inputs.iter().any(Input::is_stdin) {
            return Err(Failure::usage(
                "`--report` reads images again, and standard input can be read only once",
                "name files",
            ));
        }
        if args.dry_run {
            return Err(Failure::usage("`--dry-run` makes no results for `--report`", "drop one of them"));
        }
        check_folder_of(self.path)?;
        extras::Inputs::of(inputs.iter().map(|input| &input.path)).keep_from(self.path)?;
        if self.path.is_file() && !self.overwrite {
            return fault("exists already", "add `--overwrite` to replace it");
        }
        Ok(())
    }

    /// Draws an image before and after, with its findings.
    pub fn draw(&self, input: &Path, findings: &Findings, output: &Path, ctx: &Context<'_>) {
        let drawn = section(input, findings, output, &Context { progress: &NoProgress, ..*ctx });
        self.drawn.lock().unwrap_or_else(PoisonError::into_inner).insert(input.to_path_buf(), drawn);
    }

    /// Writes the page, with images in the order of their names.
    pub fn write(self, reporter: &Reporter<'_>) -> Outcome {
        let drawn = self.drawn.into_inner().unwrap_or_else(PoisonError::into_inner);
        if drawn.is_empty() {
            reporter.note(&format_args!("nothing was repaired, {} was not written", self.path.display()));
            return Outcome::Done;
        }
        let (mut page, mut outcome, mut count) = (Page::new("Before and after"), Outcome::Done, 0);
        let access = Access::of(drawn.keys());
        for section in drawn.into_values() {
            match section {
                Ok(section) => {
                    page.put(&section);
                    count += 1;
                }
                Err(failure) => {
                    reporter.failure(&failure);
                    outcome = Outcome::SomeFailed;
                }
            }
        }
        let Some(_busy) = Busy::begin() else { return Outcome::Interrupted };
        let saving = Saving { access, ..self.overwrite.into() };
        match unband::io::write_bytes(page.html().as_bytes(), self.path, saving) {
            Ok(()) => {
                reporter.line(&format_args!(
                    "{} before and after → {}",
                    counted(count, "image"),
                    self.path.display()
                ));
                outcome
            }
            Err(error) => {
                reporter.failure(&Failure::of(self.path.display().to_string(), &error));
                Outcome::SomeFailed
            }
        }
    }
}

fn section(
    input: &Path,
    findings: &Findings,
    output: &Path,
    ctx: &Context<'_>,
) -> Result<SectionHtml, Failure> {
    let file = |path: &Path| Input { path: path.to_path_buf(), below: PathBuf::new() };
    let (stored, _) = file(input).read().map_err(|error| Failure::of(file(input).shown(), &error))?;
    let before = Inspected::with_findings(stored, findings.clone(), ctx)
        .map_err(|error| Failure::at(input.display().to_string(), error.to_string(), None))?;
    let (after, _) = Budget::new(None, 1, Budget::INSPECT).inspected(&file(output), Vec::new(), ctx)?;
    let maps = [&before, &after].map(|image| HeatMap::of(&image.findings));
    let name = input.display().to_string();
    let result = output.file_name().unwrap_or(output.as_os_str()).to_string_lossy();
    let verdicts = [&before, &after].map(|image| Verdict::new(&image.findings));
    let verdict = format!("{} → {}", verdicts[0].line, verdicts[1].grade);
    let section = Section {
        title: &name,
        input: Side { name: &name, image: &before.image, map: Some(&maps[0]) },
        results: &[Side { name: &result, image: &after.image, map: Some(&maps[1]) }],
        reference: None,
        verdict: &verdict,
        level: verdicts[0].grade,
        columns: &[],
        metrics: &[],
        line: None,
    };
    SectionHtml::new(&section, Page::LONGEST, ctx)
        .map_err(|error| Failure::at(name.clone(), error.to_string(), None))
}
