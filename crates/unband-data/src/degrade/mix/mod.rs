//! Degradations with probabilities: what is done to a picture is drawn anew for each.

mod choice;
mod error;
mod parse;
mod shipped;

use std::path::Path;

use choice::{Choice, Draws};
pub use error::MixError;
pub use shipped::Shipped;

use super::entry::{DegradationEntry, Speed};
use super::record::{Applied, Record};
use super::{DegradeError, Pair};
use unband_image::Rng;

/// Steps with probabilities, as a TOML file describes them; `docs/degrading.md` says how.
#[derive(Clone, Debug)]
pub struct Mix {
    title: String,
    clean: Vec<Step>,
    degrade: Vec<Step>,
    depth: u8,
}

/// Something that is done with a probability.
#[derive(Clone, Debug)]
struct Step {
    name: Option<String>,
    probability: f64,
    what: What,
}

#[derive(Clone, Debug)]
enum What {
    /// One degradation and where its settings come from.
    Use(&'static DegradationEntry, Vec<(String, Choice)>),
    /// One after the other.
    All(Vec<Step>),
    /// One of these, with weights.
    OneOf(Vec<(f64, Step)>),
}

impl std::fmt::Debug for DegradationEntry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name)
    }
}

impl Mix {
    /// The mix of that name, or the one in that file.
    ///
    /// # Errors
    /// Neither a name nor a file that can be read; mistakes in the file.
    pub fn find(name_or_path: &str) -> Result<Self, MixError> {
        if let Some(shipped) = Shipped::find(name_or_path) {
            return Self::parse(shipped.text, &format!("{}.toml", shipped.name));
        }
        let path = Path::new(name_or_path);
        let is_name = path.extension().is_none() && path.components().count() == 1;
        if is_name && !path.exists() {
            return Err(MixError::Unknown { name: name_or_path.to_owned() });
        }
        Self::load(path)
    }

    /// The mix in a file.
    ///
    /// # Errors
    /// A file that cannot be read; mistakes in it, named by key.
    pub fn load(path: &Path) -> Result<Self, MixError> {
        let text = std::fs::read_to_string(path)
            .map_err(|source| MixError::Read { path: path.to_owned(), source })?;
        Self::parse(&text, &path.display().to_string())
    }

    /// A mix from its text; `file` is what messages call it.
    ///
    /// # Errors
    /// Mistakes in the text, named by key.
    pub fn parse(text: &str, file: &str) -> Result<Self, MixError> {
        parse::mix(text, file)
    }

    /// What it is for.
    pub fn title(&self) -> &str {
        &self.title
    }

    /// Samples of the picture that it wants around a patch, so that the patch is degraded like a part of a whole
    /// picture; a multiple of 16.
    pub fn room(&self) -> usize {
        (sum(&self.clean, &Step::room) + sum(&self.degrade, &Step::room)).next_multiple_of(16)
    }

    /// Can it start programs? Then it is meant for whole pictures.
    pub fn is_slow(&self) -> bool {
        self.clean.iter().chain(&self.degrade).any(Step::is_slow)
    }

    /// What is done to a picture, without looking at it.
    ///
    /// # Errors
    /// None for mixes that were read: every end of every range was tried then.
    pub fn draw(&self, rng: Rng) -> Result<Record, DegradeError> {
        let mut draws = Draws::new(rng);
        let mut names = Vec::new();
        let mut list = |steps: &[Step]| {
            let mut done = Vec::new();
            steps.iter().try_for_each(|step| step.draw(&mut draws, &mut done, &mut names))?;
            Ok::<_, DegradeError>(done)
        };
        let (clean, degrade) = (list(&self.clean)?, list(&self.degrade)?);
        Ok(Record { names, clean, degrade, depth: self.depth })
    }

    /// Draws, and does it to a pair of twice the same clean picture.
    ///
    /// # Errors
    /// As [`super::Degradation::apply`].
    pub fn apply(&self, pair: &mut Pair, rng: Rng) -> Result<Record, DegradeError> {
        let record = self.draw(rng)?;
        record.apply(pair)?;
        Ok(record)
    }
}

fn sum(steps: &[Step], of: &dyn Fn(&Step) -> usize) -> usize {
    steps.iter().map(of).sum()
}

impl Step {
    fn room(&self) -> usize {
        match &self.what {
            What::Use(entry, _) => entry.room,
            What::All(steps) => sum(steps, &Self::room),
            What::OneOf(steps) => steps.iter().map(|(_, step)| step.room()).max().unwrap_or(0),
        }
    }

    fn is_slow(&self) -> bool {
        match &self.what {
            What::Use(entry, choices) => {
                // Where a parameter says who does the work, only some of its words start a program.
                let coder = choices.iter().find(|(name, _)| name == super::entry::CODER);
                let starts =
                    coder.is_some_and(|(_, choice)| !choice.is_only(super::program::Coder::BuiltIn.word()));
                entry.speed == Speed::Slow || starts
            }
            What::All(steps) => steps.iter().any(Self::is_slow),
            What::OneOf(steps) => steps.iter().any(|(_, step)| step.is_slow()),
        }
    }

    fn draw(
        &self,
        draws: &mut Draws,
        done: &mut Vec<Applied>,
        names: &mut Vec<String>,
    ) -> Result<(), DegradeError> {
        if draws.unit() >= self.probability {
            return Ok(());
        }
        names.extend(self.name.clone());
        match &self.what {
            What::Use(entry, choices) => {
                let seed = draws.bits();
                let settings: Vec<(String, String)> =
                    choices.iter().map(|(name, choice)| (name.clone(), choice.draw(draws))).collect();
                done.push(Applied::new(entry.name, seed, &settings)?);
                Ok(())
            }
            What::All(steps) => steps.iter().try_for_each(|step| step.draw(draws, done, names)),
            What::OneOf(steps) => {
                let total: f64 = steps.iter().map(|(weight, _)| weight).sum();
                let mut place = draws.unit() * total;
                let chosen = steps.iter().find(|(weight, _)| {
                    place -= weight;
                    place < 0.0
                });
                chosen.or(steps.last()).map_or(Ok(()), |(_, step)| step.draw(draws, done, names))
            }
        }
    }
}
