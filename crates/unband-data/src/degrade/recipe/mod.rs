//! Recipes: degradations drawn at random for each image.

mod choice;
mod end;
mod error;
mod parse;
mod shuffle;

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use choice::{Choice, Draws};
pub use error::DegradationRecipeError;

use super::entry::{Configured, DegradationEntry};
use super::record::{Applied, DegradationRecord};
use super::{DegradeError, Pair};
use unband_image::{Image, Rng, Window};
use unband_recipes::{DEGRADATION_RECIPES, find};

/// Random stream of patch positions, separate from all others.
const PLACE: u32 = 0x7063;

/// Steps with probabilities, as described by a TOML file; see `docs/guide/degrading.md`.
#[derive(Clone)]
pub struct DegradationRecipe {
    title: String,
    clean: Vec<Step>,
    degrade: Vec<Step>,
    depth: u8,
    /// Ratio of the clean side's size to the degraded side's.
    scale: u32,
    /// Samples around a patch, where the file gives them.
    room: Option<usize>,
}

/// A step with a probability.
#[derive(Clone, Debug)]
struct Step {
    name: Option<String>,
    probability: f64,
    what: StepKind,
    /// The scale that later steps use.
    then_scale: Option<f64>,
}

#[derive(Clone, Debug)]
enum StepKind {
    /// One degradation with its fixed settings, and the sources of the others.
    Use(&'static DegradationEntry, Arc<dyn Configured>, Vec<(String, Choice)>),
    /// All steps in this order, unless shuffled.
    All(Vec<Step>, Order),
    /// One of these steps, with weights.
    OneOf(Vec<(f64, Step)>),
}

/// The order of a group's steps.
#[derive(Clone, Debug, Default)]
struct Order {
    /// Probability of a shuffle. It includes the steps of shuffled groups inside this one.
    shuffle: f64,
    /// Names of steps whose relative order survives a shuffle.
    keep: Vec<String>,
}

/// The draw for one image.
struct Drawing {
    draws: Draws,
    /// Remaining downscale factor of the image.
    scale: f64,
    done: Vec<Applied>,
    names: Vec<String>,
}

impl std::fmt::Debug for DegradationEntry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name)
    }
}

/// Manifests and caches keep hashes of this text, so it keeps the type's first name.
impl fmt::Debug for DegradationRecipe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mix")
            .field("title", &self.title)
            .field("clean", &self.clean)
            .field("degrade", &self.degrade)
            .field("depth", &self.depth)
            .field("scale", &self.scale)
            .field("room", &self.room)
            .finish()
    }
}

impl DegradationRecipe {
    /// The built-in recipe with this name, or the one in this file.
    ///
    /// # Errors
    /// Neither a name nor a readable file; mistakes in the file.
    pub fn find(name_or_path: &str) -> Result<Self, DegradationRecipeError> {
        if let Some(shipped) = find(DEGRADATION_RECIPES, name_or_path) {
            return Self::parse(shipped.text, &format!("{}.toml", shipped.name));
        }
        let path = Path::new(name_or_path);
        let is_name = path.extension().is_none() && path.components().count() == 1;
        if is_name && !path.exists() {
            return Err(DegradationRecipeError::Unknown { name: name_or_path.to_owned() });
        }
        Self::load(path)
    }

    /// As [`Self::find`], for pairs whose sides have one size.
    ///
    /// # Errors
    /// As [`Self::find`], and a recipe with a scale.
    pub fn find_unscaled(name_or_path: &str) -> Result<Self, DegradationRecipeError> {
        let recipe = Self::find(name_or_path)?;
        if recipe.scale == 1 {
            return Ok(recipe);
        }
        Err(DegradationRecipeError::Scaled { name: name_or_path.to_owned(), scale: recipe.scale() })
    }

    /// A built-in recipe with other values of its keys.
    pub(super) fn changed(
        name: &str,
        change: impl FnOnce(&mut toml::Table),
    ) -> Result<Self, DegradationRecipeError> {
        let shipped = find(DEGRADATION_RECIPES, name)
            .ok_or_else(|| DegradationRecipeError::Unknown { name: name.to_owned() })?;
        let mut table = parse::table(shipped.text, name)?;
        change(&mut table);
        parse::from_table(table, name)
    }

    /// The recipe in a file.
    ///
    /// # Errors
    /// An unreadable file; mistakes in it, named by key.
    pub fn load(path: &Path) -> Result<Self, DegradationRecipeError> {
        let text = unband_io::read_text(path)
            .map_err(|source| DegradationRecipeError::Read { path: path.to_owned(), source })?;
        Self::parse(&text, &path.display().to_string())
    }

    /// Parses a recipe; `file` is its name in messages.
    ///
    /// # Errors
    /// Mistakes in the text, named by key.
    pub fn parse(text: &str, file: &str) -> Result<Self, DegradationRecipeError> {
        parse::recipe(text, file)
    }

    /// The title.
    pub fn title(&self) -> &str {
        &self.title
    }

    /// Ratio of the clean side's size to the degraded side's; 1 where both have one size.
    pub fn scale(&self) -> usize {
        self.scale as usize
    }

    /// Samples of the clean image needed on each side of a patch, so that the patch is degraded like part of
    /// a whole image. The value is `room` of the file, or else the sum of the reaches of its steps, ignoring
    /// changes of size. It is a multiple of 16 and of the scale.
    pub fn room(&self) -> usize {
        let room =
            self.room.unwrap_or_else(|| sum(&self.clean, &Step::room) + sum(&self.degrade, &Step::room));
        let scale = self.scale();
        room.next_multiple_of(if 16 % scale == 0 { 16 } else { 16 * scale })
    }

    /// Whether it may start programs, and is therefore meant for whole images.
    pub fn is_slow(&self) -> bool {
        self.clean.iter().chain(&self.degrade).any(Step::is_slow)
    }

    /// Draws all settings for an image without looking at it.
    ///
    /// # Errors
    /// None for parsed recipes: parsing tries every end of every range.
    pub fn draw(&self, rng: Rng) -> Result<DegradationRecord, DegradeError> {
        let scale = f64::from(self.scale);
        let mut drawing = Drawing { draws: Draws::new(rng), scale, done: Vec::new(), names: Vec::new() };
        let mut list = |steps: &[Step]| {
            steps.iter().try_for_each(|step| step.draw(&mut drawing))?;
            Ok::<_, DegradeError>(std::mem::take(&mut drawing.done))
        };
        let (clean, degrade) = (list(&self.clean)?, list(&self.degrade)?);
        Ok(DegradationRecord { names: drawing.names, clean, degrade, depth: self.depth, scale: self.scale })
    }

    /// Draws a record and applies it to a pair whose sides are the same clean image.
    ///
    /// # Errors
    /// As [`super::Degradation::apply`].
    pub fn apply(&self, pair: &mut Pair, rng: Rng) -> Result<DegradationRecord, DegradeError> {
        let record = self.draw(rng)?;
        record.apply(pair)?;
        Ok(record)
    }

    /// Degrades an image and cuts a square at a random position: `side` samples of the degraded side,
    /// [`Self::scale`] times as many of the clean one. Returns the record too.
    ///
    /// The image may be a window of a larger one. With [`Self::room`] more samples on each side than the
    /// patch needs, borders hardly show, at the cost of degrading them.
    ///
    /// # Errors
    /// An image that is too small for the patch; otherwise as [`super::Degradation::apply`].
    pub fn patch(
        &self,
        image: &Image,
        side: usize,
        rng: Rng,
    ) -> Result<(Pair, DegradationRecord), DegradeError> {
        let (scale, width, height) = (self.scale(), image.width(), image.height());
        let least = side * scale;
        if side == 0 || width < least || height < least {
            return Err(DegradeError::TooSmall { width, height, least_width: least, least_height: least });
        }
        let mut pair = Pair::from_clean(image.clone());
        let record = self.apply(&mut pair, rng)?;
        let place = |number: u32, size: usize| rng.below_at(size - side + 1, 0, PLACE, number, 0);
        let (x, y) = (place(0, pair.lq.width()), place(1, pair.lq.height()));
        let square = |factor: usize| Window {
            x0: x * factor,
            y0: y * factor,
            x1: (x + side) * factor,
            y1: (y + side) * factor,
        };
        Ok((Pair { lq: pair.lq.cut(square(1)), gt: pair.gt.cut(square(scale)) }, record))
    }
}

fn sum(steps: &[Step], of: &dyn Fn(&Step) -> usize) -> usize {
    steps.iter().map(of).sum()
}

impl Step {
    fn room(&self) -> usize {
        match &self.what {
            StepKind::Use(entry, ..) => entry.room,
            StepKind::All(steps, _) => sum(steps, &Self::room),
            StepKind::OneOf(steps) => steps.iter().map(|(_, step)| step.room()).max().unwrap_or(0),
        }
    }

    fn is_slow(&self) -> bool {
        match &self.what {
            StepKind::Use(entry, fixed, choices) => {
                let listed = choices.iter().flat_map(|(_, choice)| choice.listed());
                listed.chain([fixed]).any(|degradation| entry.is_slow(&**degradation))
            }
            StepKind::All(steps, _) => steps.iter().any(Self::is_slow),
            StepKind::OneOf(steps) => steps.iter().any(|(_, step)| step.is_slow()),
        }
    }

    fn draw(&self, drawing: &mut Drawing) -> Result<(), DegradeError> {
        if drawing.draws.unit() >= self.probability {
            return Ok(());
        }
        drawing.names.extend(self.name.clone());
        match &self.what {
            StepKind::Use(entry, fixed, choices) => {
                let seed = drawing.draws.bits();
                let mut degradation = fixed.duplicate();
                for (name, choice) in choices {
                    let drawn = choice.draw(&mut drawing.draws, drawing.scale);
                    if let Some(value) = drawn.value(name) {
                        degradation.set_value(entry.name, name, value)?;
                    }
                }
                drawing.done.push(Applied::new(entry, seed, degradation));
            }
            StepKind::All(steps, order) => {
                for step in order.drawn(steps, &mut drawing.draws) {
                    step.draw(drawing)?;
                }
            }
            StepKind::OneOf(steps) => {
                let total: f64 = steps.iter().map(|(weight, _)| weight).sum();
                let mut place = drawing.draws.unit() * total;
                let chosen = steps.iter().find(|(weight, _)| {
                    place -= weight;
                    place < 0.0
                });
                if let Some((_, step)) = chosen.or(steps.last()) {
                    step.draw(drawing)?;
                }
            }
        }
        drawing.scale = self.then_scale.unwrap_or(drawing.scale);
        Ok(())
    }
}
