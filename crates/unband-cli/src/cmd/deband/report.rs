//! `unband FILE… --report PAGE.html`: before-and-after page of the repaired images.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use unband::io::{Access, Saving};
use unband::metrics::Inspected;
use unband::verdict::Verdict;
use unband::{Context, Findings, NoProgress, With};
use unband_report::{HeatMap, Listing, ListingRow, Page, Section, SectionHtml, Side};

use crate::args::ImageArgs;
use crate::budget::Budget;
use crate::extras;
use crate::inputs::{Input, STDIO};
use crate::interrupt::Busy;
use crate::outcome::Outcome;
use crate::outputs::check_folder_of;
use crate::reporter::{Failure, Reporter, counted};
use crate::runner::note_omitted;

/// Names of unchanged images that a page lists.
const LISTED: usize = 1000;

/// Collects the drawings of all images, from any thread.
pub(super) struct Report<'a> {
    path: &'a Path,
    overwrite: bool,
    drawn: Mutex<Drawn>,
}

/// The drawings of a page, within its size.
#[derive(Default)]
struct Drawn {
    sections: BTreeMap<PathBuf, Result<SectionHtml, Failure>>,
    bytes: usize,
    /// Images from this name on are not shown.
    end: Option<PathBuf>,
    omitted: usize,
    /// Repaired animations, which are not shown.
    animations: u64,
    unchanged: BTreeSet<PathBuf>,
}

impl Drawn {
    /// Keeps the first images by name that fit on a page, whatever the order in which they are drawn.
    fn insert(&mut self, input: &Path, drawn: Result<SectionHtml, Failure>) {
        if self.end.as_deref().is_some_and(|end| input >= end) {
            self.omitted += 1;
            return;
        }
        self.bytes += drawn.as_ref().map_or(0, SectionHtml::bytes);
        self.sections.insert(input.to_path_buf(), drawn);
        while self.bytes > Page::MOST && self.sections.len() > 1 {
            let Some((last, drawn)) = self.sections.pop_last() else { break };
            self.bytes -= drawn.as_ref().map_or(0, SectionHtml::bytes);
            self.omitted += 1;
            self.end = Some(last);
        }
    }

    fn unchanged(&self) -> Option<Listing> {
        let count = self.unchanged.len();
        let names = self.unchanged.iter().take(LISTED);
        let row =
            |path: &PathBuf| ListingRow::Measured { name: path.display().to_string(), cells: Vec::new() };
        let more = (count > LISTED).then(|| format!("{} more are not listed.", count - LISTED));
        (count > 0).then(|| Listing {
            title: format!("{} unchanged", counted(count as u64, "image")),
            notes: more.into_iter().collect(),
            head: vec!["file".to_owned()],
            rows: names.map(row).collect(),
        })
    }
}

impl<'a> Report<'a> {
    /// A page at `path`.
    pub(super) fn new(path: &'a Path, args: &ImageArgs) -> Self {
        Self { path, overwrite: args.overwrite, drawn: Mutex::default() }
    }

    /// Checks that the page can be written for these images.
    ///
    /// # Errors
    /// Standard input, an existing or conflicting file name, a missing folder.
    pub(super) fn check(&self, inputs: &[Input], args: &ImageArgs) -> Result<(), Failure> {
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
        extras::Inputs::from_paths(inputs.iter().map(|input| &input.path)).keep_from(self.path)?;
        if self.path.is_file() && !self.overwrite {
            return fault("exists already", "add `--overwrite` to replace it");
        }
        Ok(())
    }

    /// Draws an image before and after, with its findings.
    pub(super) fn draw(&self, input: &Path, findings: &Findings, output: &Path, ctx: &Context<'_>) {
        let drawn = section(input, findings, output, &(*ctx).but(|new| new.progress = &NoProgress));
        self.lock().insert(input, drawn);
    }

    /// Lists an image in which nothing was repaired.
    pub(super) fn list(&self, input: &Path) {
        self.lock().unchanged.insert(input.to_path_buf());
    }

    /// Counts a repaired animation.
    pub(super) fn count_animation(&self) {
        self.lock().animations += 1;
    }

    fn lock(&self) -> MutexGuard<'_, Drawn> {
        self.drawn.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes the page, with images in the order of their names.
    pub(super) fn write(self, reporter: &Reporter<'_>) -> Outcome {
        let drawn = self.drawn.into_inner().unwrap_or_else(PoisonError::into_inner);
        if drawn.animations > 0 {
            let animations = counted(drawn.animations, "animation");
            reporter.note(&format_args!("{animations} repaired; `--report` shows still images alone"));
        } else if drawn.sections.is_empty() {
            reporter.note(&format_args!("nothing was repaired, {} was not written", self.path.display()));
        }
        if drawn.sections.is_empty() {
            return Outcome::Done;
        }
        let (mut page, mut outcome, mut count) = (Page::new("Before and after"), Outcome::Done, 0);
        let access = Access::from_paths(drawn.sections.keys().chain(&drawn.unchanged));
        let unchanged = drawn.unchanged();
        for section in drawn.sections.into_values() {
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
        page.omit(drawn.omitted);
        count -= (page.omitted() - drawn.omitted) as u64;
        if let Some(unchanged) = unchanged {
            page.list(&unchanged);
        }
        note_omitted(&page, self.path, reporter);
        let Some(_busy) = Busy::begin() else { return Outcome::Interrupted };
        let saving = Saving::from(self.overwrite).but(|new| new.access = access);
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
                reporter.failure(&Failure::from_error(self.path.display().to_string(), &error));
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
    let file = |path: &Path| Input::new(path.to_path_buf(), PathBuf::new());
    let (stored, _) = file(input).read().map_err(|error| Failure::from_error(file(input).shown(), &error))?;
    let before = Inspected::with_findings(stored, findings.clone(), ctx)
        .map_err(|error| Failure::at(input.display().to_string(), error.to_string(), None))?;
    let (after, _) = Budget::new(None, 1, Budget::INSPECT).inspected(&file(output), Vec::new(), ctx)?;
    let maps = [&before, &after].map(|image| HeatMap::from_findings(&image.findings));
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
