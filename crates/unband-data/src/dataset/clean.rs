//! Pairs made by degrading clean images.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};
use unband_image::{Image, Rng};

use super::manifest::{Header, ImageDegradation, SCHEMA};
use super::patches::Tiling;
use super::plan::{DatasetPlan, SourceWork, Task, shown, sum_of_sources};
use super::split::{Shares, fill};
use super::{DatasetError, SourceFault};
use crate::files::hexadecimal;
use crate::{DegradationRecipe, Degrader, FixedDegradation, Pair};

/// Degradations of a dataset.
#[derive(Clone)]
#[non_exhaustive]
pub enum Degradations {
    /// One degradation with fixed settings per image, drawn by the seed and the image's name.
    OneOf(Vec<&'static FixedDegradation>),
    /// Each of these degradations with fixed settings for each image.
    Each {
        /// The degradations.
        causes: Vec<&'static FixedDegradation>,
        /// Put each degradation into its own folder inside `lq` and `gt`. Tables show each such folder
        /// separately; trainers do not read them.
        folders: bool,
    },
    /// A recipe, which draws new settings for each image.
    Recipe {
        /// Its name or file, for the manifest.
        name: String,
        /// The recipe.
        recipe: Arc<DegradationRecipe>,
    },
}

/// Options of a dataset.
#[derive(Clone)]
#[non_exhaustive]
pub struct Clean {
    /// Degradations to apply.
    pub degradations: Degradations,
    /// Degraded versions per image, each with its own seed.
    pub draws: usize,
    /// Whole images or patches.
    pub tiling: Tiling,
    /// Shares of the parts.
    pub shares: Shares,
    /// Seed of the split, the drawn degradations and their settings.
    pub seed: u64,
}

impl Clean {
    /// One version of each whole image, with the published shares and seed 0.
    pub fn new(degradations: Degradations) -> Self {
        Self { degradations, draws: 1, tiling: Tiling::Whole, shares: Shares::PUBLISHED, seed: 0 }
    }
}

/// One degraded version of one image.
#[derive(Clone)]
pub(crate) struct Draw {
    degrader: Degrader,
    seed: u32,
    /// Folder with `/` in front of the image's name, or nothing.
    pub prefix: String,
    /// Suffix that makes names unique.
    pub suffix: String,
}

impl std::fmt::Debug for Draw {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} with seed {}", self.degrader, self.seed)
    }
}

impl Draw {
    /// Degrades a clean RGB image. Returns the pair and its manifest entry.
    pub(crate) fn apply(&self, clean: &Image) -> Result<(Pair, ImageDegradation), SourceFault> {
        let (mut pair, seed) = (Pair::from_clean(clean.clone()), self.seed);
        let rng = Rng::new(u64::from(seed));
        let cause = match &self.degrader {
            Degrader::Fixed(cause) => Some(cause.name.to_owned()),
            Degrader::Recipe(_) => None,
        };
        match self.degrader.apply(&mut pair, rng) {
            Ok(drawn) => Ok((pair, ImageDegradation { seed, cause, drawn })),
            Err(source) => Err(SourceFault::Degrade { by: format!("{self:?}"), source }),
        }
    }
}

/// Plans the pairs of a folder's images, which are named by their relative paths. Degradation of an image
/// depends only on its name and the seed; its part also depends on the number of images.
///
/// # Errors
/// When there are no images or two would get the same name.
pub fn clean(root: &Path, files: &[PathBuf], asked: &Clean) -> Result<DatasetPlan, DatasetError> {
    let mut named: BTreeMap<String, &PathBuf> = BTreeMap::new();
    for file in files {
        let name = shown(&file.with_extension("")).replace('/', "-");
        // Some file systems ignore case.
        if let Some(first) = named.insert(name.to_lowercase(), file) {
            return Err(DatasetError::Twice { first: first.clone(), second: file.clone(), name });
        }
    }
    if named.is_empty() || asked.degradations.is_empty() || asked.draws == 0 {
        return Err(DatasetError::Empty);
    }
    let splits = fill(&vec![1; named.len()], asked.shares, asked.seed);
    let tasks: Vec<Task> = named
        .values()
        .zip(splits)
        .map(|(file, split)| {
            let name = shown(&file.with_extension("")).replace('/', "-");
            let draws = draws(&name, asked);
            Task {
                name,
                split,
                sources: vec![(*file).clone()],
                work: SourceWork::Degrade { draws, tiling: asked.tiling },
            }
        })
        .collect();
    let header = Header {
        schema: SCHEMA.to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        settings: settings(asked),
        images: tasks.len(),
        sources_sha256: sum_of_sources(root, named.into_values()),
        unpaired: Vec::new(),
    };
    Ok(DatasetPlan { header, root: root.to_owned(), tasks })
}

impl Degradations {
    fn is_empty(&self) -> bool {
        match self {
            Self::OneOf(causes) | Self::Each { causes, .. } => causes.is_empty(),
            Self::Recipe { .. } => false,
        }
    }

    /// Settings for the manifest.
    fn settings(&self) -> [(&'static str, Value); 2] {
        let names =
            |causes: &[&FixedDegradation]| json!(causes.iter().map(|cause| cause.name).collect::<Vec<_>>());
        match self {
            Self::OneOf(causes) => [("causes", names(causes)), ("each", json!("one of them"))],
            Self::Each { causes, folders: false } => [("causes", names(causes)), ("each", json!("all"))],
            Self::Each { causes, folders: true } => {
                [("causes", names(causes)), ("each", json!("all, in folders"))]
            }
            // A file may change under the same name.
            Self::Recipe { name, recipe } => {
                let sum = hexadecimal(&Sha256::digest(format!("{recipe:?}")));
                [("recipe", json!(name)), ("recipe_sha256", json!(sum))]
            }
        }
    }
}

fn settings(asked: &Clean) -> Map<String, Value> {
    let (side, step) = match asked.tiling {
        Tiling::Whole => (json!(null), json!(null)),
        Tiling::Patches { side, step } => (json!(side), json!(step)),
    };
    let settings = [
        ("set", json!("clean")),
        ("draws", json!(asked.draws)),
        ("patch", side),
        ("step", step),
        ("split", json!(asked.shares)),
        ("seed", json!(asked.seed)),
    ];
    settings
        .into_iter()
        .chain(asked.degradations.settings())
        .map(|(key, value)| (key.to_owned(), value))
        .collect()
}

fn draws(name: &str, asked: &Clean) -> Vec<Draw> {
    let mut draws = Vec::new();
    for turn in 1..=asked.draws {
        let turned = if asked.draws > 1 { format!("_{turn}") } else { String::new() };
        let number = |what: &str| number(asked.seed, name, turn, what);
        let one = |degrader, suffix| Draw { degrader, seed: number("seed"), prefix: String::new(), suffix };
        match &asked.degradations {
            Degradations::Each { causes, folders } => draws.extend(causes.iter().map(|cause| {
                let (prefix, suffix) = if *folders {
                    (format!("{}/", cause.name), turned.clone())
                } else {
                    (String::new(), format!("_{}{turned}", cause.name))
                };
                Draw { degrader: Degrader::Fixed(cause), seed: number(cause.name), prefix, suffix }
            })),
            Degradations::OneOf(causes) => {
                draws.push(one(Degrader::Fixed(causes[number("cause") as usize % causes.len()]), turned));
            }
            Degradations::Recipe { recipe, .. } => draws.push(one(Degrader::Recipe(recipe.clone()), turned)),
        }
    }
    draws
}

/// A seed that depends only on the options. It has 32 bits, which every JSON reader preserves.
pub(crate) fn number(seed: u64, name: &str, turn: usize, what: &str) -> u32 {
    let sum = Sha256::digest(format!("{seed}\0{name}\0{turn}\0{what}"));
    u32::from_le_bytes([sum[0], sum[1], sum[2], sum[3]])
}
