//! Pairs from clean images: what is harmed how.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};
use unband_image::{Image, Rng};

use super::manifest::{Harm, Header, SCHEMA};
use super::patches::Tiling;
use super::plan::{Plan, Task, Work, shown, sum_of_sources};
use super::split::{Shares, fill};
use super::{DatasetError, SourceFault};
use crate::files::hexadecimal;
use crate::{Cause, Mix, Pair, Way};

/// How images are harmed.
#[derive(Clone)]
pub enum Harms {
    /// Causes of banding; each image gets one of them, drawn by the seed and its name.
    OneOf(Vec<&'static Cause>),
    /// Causes of banding; each image gets each of them.
    Each {
        /// The causes.
        causes: Vec<&'static Cause>,
        /// Does each have a folder of its own inside `lq` and `gt`? Tables have a part for each such folder; trainers do not look
        /// into them.
        folders: bool,
    },
    /// A mix draws anew for each image.
    Mix {
        /// Its name or file, for the manifest.
        name: String,
        /// The mix.
        mix: Arc<Mix>,
    },
}

/// What is asked for.
#[derive(Clone)]
pub struct Clean {
    /// How images are harmed.
    pub harms: Harms,
    /// How often that is done with each image, each time with another seed.
    pub draws: usize,
    /// What becomes of a degraded image.
    pub tiling: Tiling,
    /// Parts.
    pub shares: Shares,
    /// Decides the split, the causes that are drawn and what they and mixes draw.
    pub seed: u64,
}

/// One way of degrading one image.
#[derive(Clone)]
pub(crate) struct Draw {
    way: Way,
    seed: u32,
    /// What stands before the image's name: a folder with `/`, or nothing.
    pub prefix: String,
    /// What is added to the image's name, so that names differ.
    pub suffix: String,
}

impl std::fmt::Debug for Draw {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} of seed {}", self.way, self.seed)
    }
}

impl Draw {
    /// Degrades a clean RGB image and says how.
    pub fn apply(&self, clean: &Image) -> Result<(Pair, Harm), SourceFault> {
        let (mut pair, seed) = (Pair::of(clean.clone()), self.seed);
        let rng = Rng::new(u64::from(seed));
        let cause = match &self.way {
            Way::Cause(cause) => Some(cause.name.to_owned()),
            Way::Mix(_) => None,
        };
        match self.way.apply(&mut pair, rng) {
            Ok(drawn) => Ok((pair, Harm { seed, cause, drawn })),
            Err(source) => Err(SourceFault::Degrade { by: format!("{self:?}"), source }),
        }
    }
}

/// Settles what becomes of each of the images of a folder, which are named by their paths below it. What happens to an image
/// depends on its name and the seed, not on the others; only its part depends on how many there are.
///
/// # Errors
/// When there are no images or two would get the same name.
pub fn clean(root: &Path, files: &[PathBuf], asked: &Clean) -> Result<Plan, DatasetError> {
    let mut named: BTreeMap<String, &PathBuf> = BTreeMap::new();
    for file in files {
        let name = shown(&file.with_extension("")).replace('/', "-");
        // Some file systems do not tell letters by their case.
        if let Some(first) = named.insert(name.to_lowercase(), file) {
            return Err(DatasetError::Twice { first: first.clone(), second: file.clone(), name });
        }
    }
    if named.is_empty() || asked.harms.is_empty() || asked.draws == 0 {
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
                work: Work::Harm { draws, tiling: asked.tiling },
            }
        })
        .collect();
    let header = Header {
        schema: SCHEMA.to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        settings: settings(asked),
        pictures: tasks.len(),
        sources_sha256: sum_of_sources(root, named.into_values()),
        left_out: Vec::new(),
    };
    Ok(Plan { header, root: root.to_owned(), tasks })
}

impl Harms {
    fn is_empty(&self) -> bool {
        match self {
            Self::OneOf(causes) | Self::Each { causes, .. } => causes.is_empty(),
            Self::Mix { .. } => false,
        }
    }

    /// What a manifest says of them.
    fn settings(&self) -> [(&'static str, Value); 2] {
        let names = |causes: &[&Cause]| json!(causes.iter().map(|cause| cause.name).collect::<Vec<_>>());
        match self {
            Self::OneOf(causes) => [("causes", names(causes)), ("each", json!("one of them"))],
            Self::Each { causes, folders: false } => [("causes", names(causes)), ("each", json!("all"))],
            Self::Each { causes, folders: true } => {
                [("causes", names(causes)), ("each", json!("all, in folders"))]
            }
            // A file may change under its name.
            Self::Mix { name, mix } => {
                let sum = hexadecimal(&Sha256::digest(format!("{mix:?}")));
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
    settings.into_iter().chain(asked.harms.settings()).map(|(key, value)| (key.to_owned(), value)).collect()
}

fn draws(name: &str, asked: &Clean) -> Vec<Draw> {
    let mut draws = Vec::new();
    for turn in 1..=asked.draws {
        let turned = if asked.draws > 1 { format!("_{turn}") } else { String::new() };
        let number = |what: &str| number(asked.seed, name, turn, what);
        let one = |way, suffix| Draw { way, seed: number("seed"), prefix: String::new(), suffix };
        match &asked.harms {
            Harms::Each { causes, folders } => draws.extend(causes.iter().map(|cause| {
                let (prefix, suffix) = if *folders {
                    (format!("{}/", cause.name), turned.clone())
                } else {
                    (String::new(), format!("_{}{turned}", cause.name))
                };
                Draw { way: Way::Cause(cause), seed: number(cause.name), prefix, suffix }
            })),
            Harms::OneOf(causes) => {
                draws.push(one(Way::Cause(causes[number("cause") as usize % causes.len()]), turned));
            }
            Harms::Mix { mix, .. } => draws.push(one(Way::Mix(mix.clone()), turned)),
        }
    }
    draws
}

/// A number that depends on what is asked for and on nothing else. 32 bits, which every reader of JSON keeps.
pub(crate) fn number(seed: u64, name: &str, turn: usize, what: &str) -> u32 {
    let sum = Sha256::digest(format!("{seed}\0{name}\0{turn}\0{what}"));
    u32::from_le_bytes([sum[0], sum[1], sum[2], sum[3]])
}
